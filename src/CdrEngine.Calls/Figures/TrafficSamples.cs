using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Figures;

/// <summary>What sums do not tell and records do: who calls most, and which calls sounded worst. Counted over the latest calls only, as many as may be read.</summary>
/// <param name="Talkers">Callers, the most calls first.</param>
/// <param name="Worst">Calls with the worst stream, the worst first.</param>
/// <param name="Calls">Calls that were counted.</param>
/// <param name="CountedFrom">Start of the earliest of them where there were more; null where all were counted.</param>
public sealed record TrafficSamples(IReadOnlyList<Talker> Talkers, IReadOnlyList<CallRecord> Worst, int Calls, Timestamp? CountedFrom)
{
    private const int Page = 500;

    /// <summary>Reads them.</summary>
    /// <param name="calls">The records.</param>
    /// <param name="query">Which calls; its order, limit and cursor do not matter.</param>
    /// <param name="top">Callers and calls to name.</param>
    /// <param name="most">Calls to read at most.</param>
    /// <param name="stop">Gives up.</param>
    public static TrafficSamples Read(ICallReader calls, CallQuery query, int top, int most, CancellationToken stop)
    {
        var talkers = new Dictionary<string, Talker>(StringComparer.Ordinal);
        var worst = new PriorityQueue<CallRecord, (double Mos, string Id)>(Comparer<(double Mos, string Id)>.Create(static (left, right) => right.CompareTo(left)));
        int read = 0;
        Timestamp earliest = Timestamp.MaxValue;
        query = query with { Sort = CallSort.StartedAt, Ascending = false, Limit = Page, Cursor = null, Start = null };
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            CallPage page = calls.List(query);
            foreach (CallRecord call in page.Calls)
            {
                read++;
                earliest = call.StartedAt;
                string caller = call.Caller.Number ?? "";
                Talker known = talkers.GetValueOrDefault(caller) ?? new Talker(caller, call.Caller.Identity?.Name ?? call.Caller.Name, 0, 0, TimeSpan.Zero);
                talkers[caller] = known with { Calls = known.Calls + 1, Answered = known.Answered + (call.Disposition == Disposition.Answered ? 1 : 0), Talk = known.Talk + call.BillableDuration };
                if (MosOf(call) is not { } mos) continue;
                worst.Enqueue(call, (mos, call.Id));
                if (worst.Count > top) worst.Dequeue();
            }

            if (page.NextCursor is null) return new TrafficSamples(Top(talkers, top), Drain(worst), read, null);
            if (read >= most) return new TrafficSamples(Top(talkers, top), Drain(worst), read, earliest);
            query = query with { Cursor = page.NextCursor };
        }
    }

    /// <summary>MOS of a call's worst stream; null without one.</summary>
    public static double? MosOf(CallRecord call)
    {
        double? worst = null;
        for (int i = 0; i < call.Streams.Count; i++)
        {
            if ((call.Streams[i].Mos ?? call.Streams[i].MosMin) is { } mos && !(worst <= mos)) worst = mos;
        }

        return worst;
    }

    private static Talker[] Top(Dictionary<string, Talker> talkers, int top) =>
        [.. talkers.Values.OrderByDescending(static talker => talker.Calls).ThenByDescending(static talker => talker.Talk).ThenBy(static talker => talker.Number, StringComparer.Ordinal).Take(top)];

    private static CallRecord[] Drain(PriorityQueue<CallRecord, (double Mos, string Id)> worst)
    {
        var calls = new CallRecord[worst.Count];
        for (int i = calls.Length - 1; i >= 0; i--) calls[i] = worst.Dequeue();
        return calls;
    }
}

/// <summary>A caller and what they called.</summary>
/// <param name="Number">Number; empty where the wire gave none.</param>
/// <param name="Name">Name; null where none is known.</param>
/// <param name="Calls">Calls.</param>
/// <param name="Answered">Of these answered.</param>
/// <param name="Talk">Billable time.</param>
public sealed record Talker(string Number, string? Name, long Calls, long Answered, TimeSpan Talk);
