using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Outcomes;

/// <summary>What answered a call: a person or a machine.</summary>
public static class Answerer
{
    /// <summary>What the directory takes the callee for, else the number that was dialled; null where nobody answered or nothing tells.</summary>
    public static PartyKind? KindOf(CallRecord record) => record.AnsweredAt is null ? null : record.Callee.Identity?.Kind ?? record.Marks?.Context switch
    {
        CallContext.Ivr => PartyKind.Ivr,
        CallContext.Queue => PartyKind.Queue,
        CallContext.RingGroup => PartyKind.RingGroup,
        CallContext.Voicemail => PartyKind.Voicemail,
        CallContext.Conference => PartyKind.Conference,
        CallContext.TestCall => PartyKind.Test,
        CallContext.Tracking => PartyKind.Tracking,
        CallContext.Freephone => PartyKind.Freephone,
        CallContext.Emergency => PartyKind.Emergency,
        CallContext.Feature => PartyKind.Feature,
        CallContext.Fax => PartyKind.Fax,
        _ => null,
    };

    /// <summary>Whether a person answered (true), or a machine such as a voice mailbox, menu or queue (false); null where nobody did or nothing tells.</summary>
    /// <remarks>Where the directory knows no class, calls of the public network and between users are from person to person as far as is known.</remarks>
    public static bool? IsPerson(CallRecord record)
    {
        if (record.AnsweredAt is null) return null;
        if (KindOf(record) is { } kind) return IsPerson(kind);
        return record.Marks?.Context is CallContext.PstnCall or CallContext.UserLocal or CallContext.FollowMe ? true : null;
    }

    /// <summary>Whether what answers is a person (true) or a machine (false). At a ring group persons answer; a number of which no more is known is taken for
    /// a person's.</summary>
    public static bool IsPerson(PartyKind kind) => kind is PartyKind.User or PartyKind.Contact or PartyKind.Number or PartyKind.RingGroup or PartyKind.Tracking or PartyKind.Freephone or PartyKind.Emergency;
}
