using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Outcomes;

/// <summary>Whether nobody took a call: neither a person nor a voice mailbox answered it, nor anybody to whom a machine passed it on.</summary>
public static class MissedCall
{
    // Machines pass on to machines; calls of one conversation that are looked at for it at most.
    private const int MostLookedAt = 32;

    /// <summary>True for a call that is over and that nobody answered, or a machine alone (a menu, a queue). Where it is not known what answered, somebody did.</summary>
    /// <param name="record">The call.</param>
    /// <param name="find">Finds a call by its id; null where there is none, and then nobody answered it.</param>
    public static bool Is(CallRecord record, Func<string, CallRecord?> find)
    {
        if (record.State != CallState.Ended) return false;
        if (IsTaken(record)) return false;
        if (record.AnsweredAt is null) return true;
        var seen = new HashSet<string>(StringComparer.Ordinal) { record.Id };
        var machines = new Queue<CallRecord>([record]);
        while (machines.TryDequeue(out CallRecord? machine))
        {
            // Where a call was sent on to one that was not seen, nobody knows who took it.
            if (machine.Transfer is { Role: TransferRole.Original, CallId: null, Outcome: not TransferOutcome.Failed }) return false;
            foreach (string id in Behind(machine))
            {
                if (seen.Count > MostLookedAt) return false;
                if (!seen.Add(id) || find(id) is not { } other) continue;
                if (IsTaken(other)) return false;
                if (other.AnsweredAt is not null) machines.Enqueue(other);
            }
        }

        return true;
    }

    /// <summary>The ids of the calls that a call was passed on to.</summary>
    public static IEnumerable<string> Behind(CallRecord record)
    {
        IEnumerable<string> made = record.Links.Where(static link => Bridge.LeadsOn(link) || link.Relation == LinkRelation.TransferredTo).Select(static link => link.CallId);
        return record.Transfer is { Role: TransferRole.Original, CallId: { } target } ? made.Append(target) : made;
    }

    private static bool IsTaken(CallRecord record) => record.AnsweredAt is not null && (Answerer.IsPerson(record) != false || Voicemail.Answered(record));
}
