using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>What a start found of a run that had not stopped in good order: what was lost is named, in lines and in counters. Any thread.</summary>
internal sealed class StartFindings
{
    /// <summary>Area of its counters.</summary>
    public const string Area = "recovery";

    private readonly RecoveryReport? _log;
    private readonly RecordOutbox _outbox;
    private long _journalBytes;
    private long _lostCalls;
    private long _keptRecords;

    /// <summary>Takes what opening the parts found.</summary>
    /// <param name="log">Of the packet log; null where none is kept.</param>
    /// <param name="outbox">The outbox.</param>
    public StartFindings(RecoveryReport? log, RecordOutbox outbox)
    {
        _log = log;
        _outbox = outbox;
    }

    /// <summary>Calls that began before this have packets of an earlier run; nothing where none is gone on with.</summary>
    public Timestamp? ResumedBefore { get; private set; }

    /// <summary>Lines for an operator, one for each kind of loss; empty where there was none.</summary>
    public IEnumerable<string> Lines
    {
        get
        {
            if (_log is { } log)
            {
                if (log.TornBytes > 0 || log.DamagedChunks > 0)
                    yield return Text($"packet log: {log.TornBytes} bytes of torn tails cut in {log.TornSegments + log.UnreadableSegments} segments, {log.DamagedChunks} damaged chunks passed over");
                foreach (string line in log.Lines.Where(static line => line.Contains("not repaired", StringComparison.Ordinal))) yield return $"packet log: {line}";
            }

            if (_outbox.TornBytes > 0 || _outbox.DamagedEntries > 0) yield return Text($"outbox: {_outbox.TornBytes} bytes of a torn tail cut, {_outbox.DamagedEntries} damaged records passed over");
        }
    }

    /// <summary>Notes what reading the journals of open calls found; gives a line where something was lost.</summary>
    public string? Resumed(long damagedBytes, int lostCalls, Timestamp before)
    {
        ResumedBefore = before;
        Interlocked.Add(ref _journalBytes, damagedBytes);
        Interlocked.Add(ref _lostCalls, lostCalls);
        return damagedBytes == 0 ? null : Text($"journal of open calls: {damagedBytes} bytes were not whole and are passed over");
    }

    /// <summary>Whether a record told now knows less than the stored one of the same call: a call that had ended and been recorded, told once more without its last packets.</summary>
    public bool KnowsLess(CallRecord record, Func<string, CallRecord?> stored)
    {
        if (ResumedBefore is not { } before || record.StartedAt >= before || !record.Flags.HasFlag(CallFlags.Gap)) return false;
        try
        {
            if (stored(record.Id) is not { } known || known.Flags.HasFlag(CallFlags.Gap)) return false;
        }
        catch (StoreException)
        {
            // It cannot be looked at now; the record is kept.
            return false;
        }

        Interlocked.Increment(ref _keptRecords);
        return true;
    }

    /// <summary>The counters.</summary>
    public IEnumerable<(string Area, string Name, long Value, string Description)> Statistics()
    {
        yield return (Area, "torn_bytes", _log?.TornBytes ?? 0, "Bytes of torn tails cut from segments of the packet log at the start");
        yield return (Area, "torn_segments", (_log?.TornSegments ?? 0) + (_log?.UnreadableSegments ?? 0), "Segments of the packet log with a torn tail or without a header at the start");
        yield return (Area, "damaged_chunks", _log?.DamagedChunks ?? 0, "Damaged chunks of the packet log passed over at the start");
        yield return (Area, "outbox_bytes", _outbox.TornBytes, "Bytes of a torn tail cut from the outbox at the start");
        yield return (Area, "outbox_records", _outbox.DamagedEntries, "Damaged records of the outbox passed over at the start");
        yield return (Area, "journal_bytes", Interlocked.Read(ref _journalBytes), "Bytes of the journal of open calls that could not be read at the start");
        yield return (Area, "calls_lost", Interlocked.Read(ref _lostCalls), "Calls of the journal that cannot be gone on with: their packets are gone, or had not been written");
        yield return (Area, "records_kept", Interlocked.Read(ref _keptRecords), "Records told once more with less than the stored ones say, and left out");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
