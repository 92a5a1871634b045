using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Outcomes;

/// <summary>What lists ask of a call that is yes or no. All of it follows from the record. The values are stored: they only ever grow.</summary>
[Flags]
public enum CallTraits
{
    /// <summary>Nothing of it.</summary>
    None = 0,

    /// <summary>It rang (18x).</summary>
    Rang = 1 << 0,

    /// <summary>It was answered.</summary>
    Answered = 1 << 1,

    /// <summary>It is over.</summary>
    Ended = 1 << 2,

    /// <summary>A person answered, as far as is known.</summary>
    ByPerson = 1 << 3,

    /// <summary>A machine answered: a mailbox, menu, queue.</summary>
    ByMachine = 1 << 4,

    /// <summary>A voice mailbox answered (<see cref="Outcomes.Voicemail"/>).</summary>
    Voicemail = 1 << 5,

    /// <summary>It ended while on hold.</summary>
    EndedHeld = 1 << 6,

    /// <summary>It was transferred, or a machine made another call of it.</summary>
    PassedOn = 1 << 7,

    /// <summary>It came by WebSocket from nobody whom the directory has as a user.</summary>
    FromWeb = 1 << 8,

    /// <summary>It has a price.</summary>
    Rated = 1 << 9,

    /// <summary>A session is named after it: it stands alone, or is the first of those that do not.</summary>
    SessionStart = 1 << 10,

    /// <summary>RTP of it was seen.</summary>
    Heard = 1 << 11,

    /// <summary>It took part in a transfer that makes a transfer of its conversation (<see cref="Sessions.SessionKind.Transfer"/>).</summary>
    Transferred = 1 << 12,

    /// <summary>It was sent on before it was answered (<see cref="TransferKind.Forward"/>).</summary>
    Forwarded = 1 << 13,

    /// <summary>It was answered by another phone than the one that rang (<see cref="TransferKind.Pickup"/>).</summary>
    PickedUp = 1 << 14,

    /// <summary>It was parked or held and taken over elsewhere (<see cref="TransferKind.Retrieval"/>).</summary>
    Retrieved = 1 << 15,

    /// <summary>Several calls were made of it.</summary>
    Forked = 1 << 16,

    /// <summary>All that makes a conversation other than a call, or one through a machine.</summary>
    MakesKind = Transferred | Forwarded | PickedUp | Retrieved | Forked,
}

/// <summary>Reads the traits of a record.</summary>
public static class CallTraitsReader
{
    /// <summary>All that a record has.</summary>
    public static CallTraits Of(CallRecord record) => Of(record, Voicemail.Answered(record));

    /// <summary>All that a record has, where it is known already whether a voice mailbox answered.</summary>
    public static CallTraits Of(CallRecord record, bool isVoicemail)
    {
        CallTraits traits = CallTraits.None;
        if (record.RangAt is not null) traits |= CallTraits.Rang;
        if (record.State == CallState.Ended) traits |= CallTraits.Ended;
        if (record.AnsweredAt is not null)
        {
            traits |= CallTraits.Answered;
            traits |= Answerer.IsPerson(record) switch { true => CallTraits.ByPerson, false => CallTraits.ByMachine, null => CallTraits.None };
            if (isVoicemail) traits |= CallTraits.Voicemail;
        }

        if (EndedHeld(record)) traits |= CallTraits.EndedHeld;
        if (record.Transfer is not null || IsPassedOn(record)) traits |= CallTraits.PassedOn;
        if (record.Transport is Transport.Ws or Transport.Wss && record.Caller.Identity?.Kind != PartyKind.User) traits |= CallTraits.FromWeb;
        if (record.Marks?.Charge is not null) traits |= CallTraits.Rated;
        if (record.SessionId == record.Id) traits |= CallTraits.SessionStart;
        if (IsHeard(record)) traits |= CallTraits.Heard;
        return traits | KindOf(record);
    }

    /// <summary>Those of <see cref="CallTraits.MakesKind"/> that a record has.</summary>
    public static CallTraits KindOf(CallRecord record)
    {
        CallTraits traits = record.Transfer?.Kind switch
        {
            null => CallTraits.None,
            TransferKind.Forward => CallTraits.Forwarded,
            TransferKind.Pickup => CallTraits.PickedUp,
            TransferKind.Retrieval => CallTraits.Retrieved,
            _ => CallTraits.Transferred,
        };
        int made = 0;
        for (int i = 0; i < record.Links.Count; i++)
        {
            if (record.Links[i].Relation == LinkRelation.Downstream) made++;
        }

        return made > 1 ? traits | CallTraits.Forked : traits;
    }

    private static bool EndedHeld(CallRecord record)
    {
        for (int i = 0; i < record.Held.Count; i++)
        {
            if (record.Held[i].To is not { } to || to >= record.EndedAt) return true;
        }

        return false;
    }

    private static bool IsPassedOn(CallRecord record)
    {
        for (int i = 0; i < record.Links.Count; i++)
        {
            if (record.Links[i].Relation is LinkRelation.Downstream or LinkRelation.Joined or LinkRelation.TransferredTo) return true;
        }

        return false;
    }

    private static bool IsHeard(CallRecord record)
    {
        for (int i = 0; i < record.Streams.Count; i++)
        {
            if (record.Streams[i].Packets > 0) return true;
        }

        return false;
    }
}

/// <summary>Traits that are to be there, and others that are not to.</summary>
/// <param name="Has">All of these.</param>
/// <param name="Lacks">None of these.</param>
/// <param name="Ways">A bit for each direction that it holds for, 1 &lt;&lt; <see cref="CallDirection"/>; 0 for all and none.</param>
public readonly record struct TraitMatch(CallTraits Has, CallTraits Lacks = CallTraits.None, int Ways = 0)
{
    /// <summary>Calls of some directions, whatever their traits.</summary>
    public static TraitMatch Of(IEnumerable<CallDirection> directions) => new(CallTraits.None, CallTraits.None, directions.Aggregate(0, static (ways, way) => ways | (1 << (int)way)));

    /// <summary>The directions it holds for; empty for all and none.</summary>
    public IEnumerable<CallDirection> Directions
    {
        get
        {
            int ways = Ways;
            return EnumNames<CallDirection>.All.Select(static pair => pair.Value).Where(way => (ways & (1 << (int)way)) != 0);
        }
    }

    /// <summary>Whether a call of these traits and this direction meets it.</summary>
    public bool Meets(CallTraits traits, CallDirection? direction) =>
        (traits & Has) == Has && (traits & Lacks) == 0 && (Ways == 0 || (direction is { } way && (Ways & (1 << (int)way)) != 0));

    /// <summary>What does not have all of some traits.</summary>
    public static IReadOnlyList<TraitMatch> NotAll(CallTraits traits)
    {
        var without = new List<TraitMatch>();
        CallTraits before = CallTraits.None;
        for (int bit = 1; bit <= (int)traits; bit <<= 1)
        {
            var trait = (CallTraits)bit;
            if ((traits & trait) == 0) continue;
            without.Add(new TraitMatch(before, trait));
            before |= trait;
        }

        return without;
    }

    /// <summary>What meets one of both lists: of each pair both; what cannot be met is left out, so an empty answer means nothing does. An empty list asks for
    /// nothing.</summary>
    public static IReadOnlyList<TraitMatch> Both(IReadOnlyList<TraitMatch> one, IReadOnlyList<TraitMatch> other)
    {
        if (one.Count == 0) return other;
        if (other.Count == 0) return one;
        return [.. one.SelectMany(_ => other, static (left, right) => (Match: new TraitMatch(left.Has | right.Has, left.Lacks | right.Lacks, left.Ways == 0 ? right.Ways : right.Ways == 0 ? left.Ways : left.Ways & right.Ways),
                IsNoWay: left.Ways != 0 && right.Ways != 0 && (left.Ways & right.Ways) == 0))
            .Where(static both => !both.IsNoWay && (both.Match.Has & both.Match.Lacks) == 0).Select(static both => both.Match).Distinct()];
    }
}
