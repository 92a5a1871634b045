using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>What came of saying anew what the directory says of stored calls.</summary>
internal sealed record RemarkSummary
{
    /// <summary>Calls looked at.</summary>
    public required long Seen { get; init; }

    /// <summary>Calls that changed, or would.</summary>
    public required long Changed { get; init; }

    /// <summary>Sum of charges and calls with one, by currency, as stored.</summary>
    public required IReadOnlyDictionary<string, (decimal Sum, long Calls)> Before { get; init; }

    /// <summary>The same, afterwards.</summary>
    public required IReadOnlyDictionary<string, (decimal Sum, long Calls)> After { get; init; }

    /// <summary>Days that could not be done, a line each.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>True where it was stopped before the end.</summary>
    public bool Stopped { get; init; }
}

/// <summary>Goes through stored calls, a part of a day at a time.</summary>
internal static class Remarking
{
    /// <summary>Records of one transaction. It holds the day's write lock for some ten milliseconds, and whoever writes waits for two seconds.</summary>
    private const int PartSize = 500;

    /// <summary>Looks at every call of a time and writes back those that change.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="remark">What becomes of a record.</param>
    /// <param name="from">Calls that started at or after.</param>
    /// <param name="to">Calls that started before.</param>
    /// <param name="write">False to only look.</param>
    /// <param name="stop">Ends it after the part at hand.</param>
    public static RemarkSummary Run(Settings settings, Func<CallRecord, CallRecord> remark, Timestamp? from, Timestamp? to, bool write, CancellationToken stop)
    {
        using ICallStore store = Stores.Calls(settings, StoreUse.Command);
        var sums = new Sums();
        long seen = 0, changed = 0;
        var faults = new List<string>();
        foreach (DateOnly day in store.Days())
        {
            var midnight = new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero);
            if ((from is { } first && Timestamp.From(midnight.AddDays(1)) <= first) || (to is { } last && Timestamp.From(midnight) >= last)) continue;
            RemarkPosition? after = null;
            do
            {
                if (stop.IsCancellationRequested) return Summary(stopped: true);
                sums.Begin();
                try
                {
                    RemarkReport report = store.Remark(day, from, to, after, PartSize, write, record => sums.Note(record, remark(record)));
                    seen += report.Seen;
                    changed += report.Changed;
                    after = report.Next;
                    sums.Keep();
                }
                catch (StoreException e)
                {
                    faults.Add($"{e.Message.ReplaceLineEndings(" ")}{(e.IsTransient ? "; run it again" : "")}");
                    after = null;
                }
            }
            while (after is not null);
        }

        return Summary(stopped: false);

        RemarkSummary Summary(bool stopped) => new()
        {
            Seen = seen,
            Changed = changed,
            Before = sums.Before,
            After = sums.After,
            Faults = faults,
            Stopped = stopped,
        };
    }

    /// <summary>Sums of charges; those of a part count only once it is written.</summary>
    private sealed class Sums
    {
        private readonly List<(CallCharge? Before, CallCharge? After)> _part = [];

        public Dictionary<string, (decimal Sum, long Calls)> Before { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, (decimal Sum, long Calls)> After { get; } = new(StringComparer.Ordinal);

        public void Begin() => _part.Clear();

        public CallRecord Note(CallRecord before, CallRecord after)
        {
            _part.Add((before.Marks?.Charge, after.Marks?.Charge));
            return after;
        }

        public void Keep()
        {
            foreach ((CallCharge? before, CallCharge? after) in _part)
            {
                Add(Before, before);
                Add(After, after);
            }
        }

        private static void Add(Dictionary<string, (decimal Sum, long Calls)> sums, CallCharge? charge)
        {
            if (charge is null) return;
            (decimal sum, long calls) = sums.GetValueOrDefault(charge.Currency);
            sums[charge.Currency] = (sum + charge.Amount, calls + 1);
        }
    }
}
