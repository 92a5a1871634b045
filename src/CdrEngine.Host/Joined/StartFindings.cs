using System.Globalization;
using CdrEngine.Calls.Ports;
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

    /// <summary>A stored call is looked for as far back as this before the one told now.</summary>
    private static readonly TimeSpan LongestCall = TimeSpan.FromDays(2);

    /// <summary>How long after the end of a call something of it may still be on the wire: 64·T1 (RFC 3261 17.1.2.2).</summary>
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(32);

    /// <summary>How long a database that did not answer is not asked.</summary>
    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromSeconds(30);

    private readonly RecoveryReport? _log;
    private readonly RecordOutbox _outbox;
    private readonly ILookup<string, WaitingRecord> _waiting;
    private long _journalBytes;
    private long _lostCalls;
    private long _keptRecords;
    private long _askAgainAt;

    /// <summary>Records told under another id than the stored one: as many as calls were gone on with, at most.</summary>
    private readonly HashSet<string> _leftOut = new(StringComparer.Ordinal);

    /// <summary>Takes what opening the parts found.</summary>
    /// <param name="log">Of the packet log; null where none is kept.</param>
    /// <param name="outbox">The outbox.</param>
    public StartFindings(RecoveryReport? log, RecordOutbox outbox)
    {
        _log = log;
        _outbox = outbox;
        _waiting = outbox.Found.ToLookup(static found => found.SipCallId, StringComparer.Ordinal);
    }

    /// <summary>Calls that began before this have packets of an earlier run; nothing where none is gone on with.</summary>
    public Timestamp? ResumedBefore { get; private set; }

    private bool IsTorn => (_log is { } log && (log.TornBytes > 0 || log.DamagedChunks > 0 || log.UnreadableSegments > 0)) || Interlocked.Read(ref _journalBytes) > 0;

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

    /// <summary>Whether a record told now is of a call that had ended and been recorded, and is told once more with less: without its last packets, or without its first ones, which gives it another id.</summary>
    /// <param name="record">The record told now.</param>
    /// <param name="revision">Whether it is the first that this run tells of its call.</param>
    /// <param name="stored">What is stored, and what waits to be.</param>
    public bool KnowsLess(CallRecord record, RecordRevision revision, ICallReader stored)
    {
        if (ResumedBefore is not { } before || record.StartedAt >= before) return false;
        lock (_leftOut)
        {
            if (revision != RecordRevision.Final && _leftOut.Contains(record.Id)) return true;
        }

        if (revision != RecordRevision.Final || Environment.TickCount64 < Interlocked.Read(ref _askAgainAt)) return false;
        try
        {
            if (Known(record, stored) is not { } known) return false;
            if (known.Id == record.Id && (!record.Flags.HasFlag(CallFlags.Gap) || known.Flags.HasFlag(CallFlags.Gap))) return false;
            if (known.Id != record.Id)
            {
                lock (_leftOut) _leftOut.Add(record.Id);
            }
        }
        catch (StoreException)
        {
            // It cannot be looked at now; the record is kept. A shard does not wait for a database that is away once for each call.
            Interlocked.Exchange(ref _askAgainAt, Environment.TickCount64 + (long)BetweenQuestions.TotalMilliseconds);
            return false;
        }

        Interlocked.Increment(ref _keptRecords);
        return true;
    }

    /// <summary>The counters.</summary>
    public IEnumerable<Statistic> Statistics()
    {
        yield return new Statistic(Area, "torn_bytes", _log?.TornBytes ?? 0, "Bytes of torn tails cut from segments of the packet log at the start");
        yield return new Statistic(Area, "torn_segments", (_log?.TornSegments ?? 0) + (_log?.UnreadableSegments ?? 0), "Segments of the packet log with a torn tail or without a header at the start");
        yield return new Statistic(Area, "damaged_chunks", _log?.DamagedChunks ?? 0, "Damaged chunks of the packet log passed over at the start");
        yield return new Statistic(Area, "outbox_bytes", _outbox.TornBytes, "Bytes of a torn tail cut from the outbox at the start");
        yield return new Statistic(Area, "outbox_records", _outbox.DamagedEntries, "Damaged records of the outbox passed over at the start");
        yield return new Statistic(Area, "journal_bytes", Interlocked.Read(ref _journalBytes), "Bytes of the journal of open calls that could not be read at the start");
        yield return new Statistic(Area, "calls_lost", Interlocked.Read(ref _lostCalls), "Calls of the journal that cannot be gone on with: their packets are gone, or had not been written");
        yield return new Statistic(Area, "records_kept", Interlocked.Read(ref _keptRecords), "Records told once more with less than the stored ones say, and left out");
    }

    // What is stored of the call, or waits in the outbox: under its id, else under that of a call with the same Call-ID that went on when this one is said to have begun.
    private WaitingRecord? Known(CallRecord record, ICallReader stored)
    {
        foreach (WaitingRecord waiting in _waiting[record.SipCallId])
        {
            if (waiting.Id == record.Id || IsWithin(record, waiting)) return waiting;
        }

        if (stored.Get(record.Id) is { } same) return Of(same);

        // Only where something of it was not there to be told does it come to begin elsewhere. A start with thousands of open calls does not ask twice for each.
        if (!record.Flags.HasFlag(CallFlags.MissingInvite) && !IsTorn) return null;
        foreach (CallRecord other in stored.List(new CallQuery { SipCallId = record.SipCallId, From = record.StartedAt - LongestCall, To = record.StartedAt, Limit = 20 }).Calls)
        {
            if (IsWithin(record, Of(other))) return Of(other);
        }

        return null;
    }

    private static WaitingRecord Of(CallRecord record) => new(record.Id, record.SipCallId, record.StartedAt, record.EndedAt, record.Flags);

    private static bool IsWithin(CallRecord record, WaitingRecord other) =>
        other.EndedAt is { } ended && other.StartedAt <= record.StartedAt && record.StartedAt <= ended && (record.EndedAt ?? record.StartedAt) <= ended + Late;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
