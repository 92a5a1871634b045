using CdrEngine.Calls.Records;

namespace CdrEngine.Load;

/// <summary>Compares the records an engine made with those a load must give: each call once, every compared member equal, no call more.</summary>
/// <remarks>Records may come from several threads, those of one call in order; a later revision replaces the earlier one.</remarks>
public sealed class ExpectedRecords
{
    private readonly Dictionary<string, ExpectedCall> _expected = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dictionary<string, CallRecord>> _records = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Takes what must come.</summary>
    public ExpectedRecords(IEnumerable<ExpectedCall> expected)
    {
        foreach (ExpectedCall call in expected) _expected.Add(call.SipCallId, call);
    }

    /// <summary>Calls that must come.</summary>
    public int Calls => _expected.Count;

    /// <summary>Reads what <see cref="LoadGenerator.WriteFiles"/> wrote beside the capture. Throws <see cref="IOException"/> where there is none,
    /// <see cref="FormatException"/> or <see cref="System.Text.Json.JsonException"/> where it is damaged.</summary>
    public static ExpectedRecords OfCapture(string pcap) => new(File.ReadLines(pcap + ".expected.jsonl").Select(ExpectedCall.FromJson));

    /// <summary>Takes a record the engine made.</summary>
    public void Take(CallRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        lock (_lock)
        {
            if (!_records.TryGetValue(record.SipCallId, out Dictionary<string, CallRecord>? ofCall))
                _records.Add(record.SipCallId, ofCall = new Dictionary<string, CallRecord>(StringComparer.Ordinal));
            ofCall[record.Id] = record;
        }
    }

    /// <summary>One line for each call that is not as expected, ordered by Call-ID; empty where all are right.</summary>
    public IReadOnlyList<string> Differences()
    {
        lock (_lock)
        {
            var lines = new List<string>();
            foreach ((string id, ExpectedCall call) in _expected)
            {
                if (!_records.TryGetValue(id, out Dictionary<string, CallRecord>? records)) lines.Add($"{id} ({call.Scenario}): no record");
                else if (records.Count > 1) lines.Add($"{id} ({call.Scenario}): {records.Count} records");
                else if (call.Differences(records.Values.Single()) is { Count: > 0 } differences) lines.Add($"{id} ({call.Scenario}): {string.Join("; ", differences)}");
            }

            foreach (string id in _records.Keys)
            {
                if (!_expected.ContainsKey(id)) lines.Add($"{id}: a record of a call that never was");
            }

            lines.Sort(StringComparer.Ordinal);
            return lines;
        }
    }
}
