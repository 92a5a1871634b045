using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>One call in which the person who stays in a session talked.</summary>
/// <param name="Call">The call.</param>
/// <param name="IsCaller">Whether they are its caller.</param>
/// <param name="From">When the talk began.</param>
/// <param name="To">When it ended.</param>
public sealed record SessionTalk(CallRecord Call, bool IsCaller, Timestamp From, Timestamp To)
{
    /// <summary>The talks of whoever is longest in a session, in order of time; empty where nobody answered.</summary>
    /// <remarks>Of the two ends of a chain through a machine, the one whose own call goes on while the machine changes the other: so their call has
    /// all of it. Where both stay equally long it is who began.</remarks>
    public static IReadOnlyList<SessionTalk> Of(SessionRecord session)
    {
        var byPerson = new List<(string Person, List<SessionTalk> Talks)>();
        foreach (CallRecord call in session.Calls)
        {
            if (call.AnsweredAt is not { } answered || call.EndedAt is not { } ended || ended <= answered) continue;

            // The machine's ends are nobody.
            if (!call.Links.Any(static link => link.Relation == LinkRelation.Upstream)) Add(call.Caller, call.Caller.Number, new SessionTalk(call, true, answered, ended));
            if (!call.Links.Any(static link => link.Relation == LinkRelation.Downstream)) Add(call.Callee, call.Callee.Number ?? call.Dialled, new SessionTalk(call, false, answered, ended));
        }

        List<SessionTalk>? longest = null;
        TimeSpan most = TimeSpan.Zero;
        foreach ((_, List<SessionTalk> talks) in byPerson)
        {
            TimeSpan covered = Covered(talks);

            // A second more or less is the time a BYE takes through the machines.
            if (longest is not null && covered <= most + TimeSpan.FromSeconds(1)) continue;
            longest = talks;
            most = covered;
        }

        return longest is null ? [] : [.. longest.OrderBy(static talk => talk.From)];

        void Add(Party party, string? number, SessionTalk talk)
        {
            string person = number ?? party.Address?.ToString() ?? party.Uri ?? "";
            int index = byPerson.FindIndex(known => known.Person == person);
            if (index < 0) byPerson.Add((person, [talk]));
            else byPerson[index].Talks.Add(talk);
        }
    }

    private static TimeSpan Covered(List<SessionTalk> talks)
    {
        TimeSpan sum = TimeSpan.Zero;
        Timestamp until = Timestamp.MinValue;
        foreach (SessionTalk talk in talks.OrderBy(static talk => talk.From))
        {
            Timestamp from = Timestamp.Max(talk.From, until);
            if (talk.To > from) sum += talk.To - from;
            until = Timestamp.Max(until, talk.To);
        }

        return sum;
    }
}
