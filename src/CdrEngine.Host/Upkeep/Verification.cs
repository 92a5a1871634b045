using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Recording;
using CdrEngine.Engine.Resume;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>What a verification saw, and what is wrong.</summary>
internal sealed class VerificationReport
{
    /// <summary>Segments and chunks whose checksums were checked.</summary>
    public VerifyReport? Packets { get; set; }

    /// <summary>Database files checked.</summary>
    public int Databases { get; set; }

    /// <summary>Recordings checked.</summary>
    public int Recordings { get; set; }

    /// <summary>Records of the range.</summary>
    public long Records { get; set; }

    /// <summary>Of them made once more from their packets, and the same.</summary>
    public long Same { get; set; }

    /// <summary>Made once more, and not the same.</summary>
    public long Different { get; set; }

    /// <summary>Packets are gone (retention), were never all there (<c>gap</c>), or do not say how far a clock was set back: not compared.</summary>
    public long WithoutPackets { get; set; }

    /// <summary>Came over TCP, WebSocket or SCTP, of whose streams only what the call sent is kept: compared as far as that goes, differences are not counted.</summary>
    public long Inexact { get; set; }

    /// <summary>A line for each fault.</summary>
    public List<string> Faults { get; } = [];
}

/// <summary>Checks a data folder without changing anything: checksums, databases, recordings, where records say packets lie, and the records themselves against their packets.</summary>
internal sealed class Verification(Settings settings)
{
    // What became of its recording is told by what happened later; what it has to do with calls that are not all there, by those.
    private static readonly HashSet<string> NotCompared = new(StringComparer.Ordinal) { "recording" };
    private static readonly HashSet<string> NotComparedOfSessions = new(StringComparer.Ordinal) { "recording", "session_id", "links", "transfer", "flags" };

    private const int LooksAtOpen = 3;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly string _packets = DataFolder.Packets(settings.DataDirectory);
    private readonly KeyRing? _keys = SealingKeys.Of(settings);
    private readonly VerificationReport _report = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>Checks everything; records and packets of calls that started in a range only, where one is given.</summary>
    public VerificationReport Run(Timestamp? from, Timestamp? to, CancellationToken stop)
    {
        bool whole = from is null && to is null;
        uint first = SegmentId.MinuteOf(from ?? Timestamp.MinValue), last = SegmentId.MinuteOf(to ?? Timestamp.MaxValue);
        _report.Packets = PacketLogVerifier.Verify(_packets, _keys, whole ? null : id => id.Minute >= first && id.Minute <= last);
        _report.Faults.AddRange(_report.Packets.Lines);
        foreach (ulong key in _report.Packets.MissingKeys) _report.Faults.Add($"{_packets}: segments sealed by key {KeyRing.Show(key)}, which is not there: only their checksums were checked");
        CheckDatabases(stop);
        CheckRecords(from ?? Timestamp.MinValue, to ?? Timestamp.MaxValue, stop);
        return _report;
    }

    private void CheckDatabases(CancellationToken stop)
    {
        foreach (string name in DatabaseFiles.List(settings.DataDirectory))
        {
            stop.ThrowIfCancellationRequested();
            _report.Databases++;
            if (DatabaseFiles.Check(Path.Combine(settings.DataDirectory, name)) is { } fault) _report.Faults.Add(fault);
        }
    }

    private void CheckRecords(Timestamp from, Timestamp to, CancellationToken stop)
    {
        using ICallStore store = Stores.Calls(settings, StoreUse.Command);
        using ICallKeeping keeping = Stores.Keeping(settings);
        using DirectoryHolder directory = DirectoryHolder.Open(settings);
        RecordingFiles recordings = RecordingFiles.Open(DataFolder.Recordings(settings.DataDirectory), settings.Recording.CacheSize, _keys);
        var rebuild = new RecordRebuild(settings, directory, _keys);
        foreach (DateOnly day in keeping.Days())
        {
            Timestamp start = Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
            if (start >= to || start + TimeSpan.FromDays(1) <= from) continue;
            try
            {
                CheckDay(store, keeping, recordings, rebuild, day, from, to, stop);
            }
            catch (StoreException e)
            {
                _report.Faults.Add(e.Message);
            }
        }
    }

    private void CheckDay(
        ICallStore store, ICallKeeping keeping, RecordingFiles recordings, RecordRebuild rebuild, DateOnly day, Timestamp from, Timestamp to, CancellationToken stop)
    {
        var index = new PacketIndex(_packets, _keys);
        var calls = new List<(KeptCall Call, CallRecord Record, bool HasAll)>();
        var sources = new Dictionary<CallKey, string>();
        var segments = new SortedSet<SegmentId>();
        for (KeptCall? after = null; ;)
        {
            IReadOnlyList<KeptCall> page = keeping.ListKept(new KeptQuery(day) { After = after, StartedBefore = to == Timestamp.MaxValue ? null : to });
            foreach (KeptCall call in page.Where(call => call.StartedAt >= from))
            {
                stop.ThrowIfCancellationRequested();
                if (store.Get(call.Id) is not { } record)
                {
                    // Deleted, and not purged yet; or its row is damaged.
                    if (store.Json(call.Id) is not null) _report.Faults.Add($"{call.Id}: the record cannot be read");
                    continue;
                }

                _report.Records++;
                bool hasAll = index.Check(call, _report.Faults) && call.Chunks.Length > 0;
                CheckRecording(store, recordings, record);
                calls.Add((call, record, hasAll));
                if (index.KeyOf(call) is { } key) sources[key] = record.CaptureSource ?? "";
                segments.UnionWith(PacketIndex.SegmentsOf(call.Chunks));
            }

            if (page.Count < 1000) break;
            after = page[^1];
        }

        if (calls.Count == 0) return;
        IReadOnlyDictionary<string, CallRecord> rebuilt = rebuild.Run(segments, sources, stop);
        HashSet<string> present = [.. calls.Where(static call => call.HasAll).Select(static call => call.Record.Id)];
        foreach ((_, CallRecord record, bool hasAll) in calls) Compare(record, hasAll, rebuilt.GetValueOrDefault(record.Id), rebuild, present);
        HashSet<string> stored = [.. calls.Select(static call => call.Record.Id)];
        string prefix = day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

        // Of calls that began before the range only their ends were read.
        List<CallRecord> missing = [.. rebuilt.Values.Where(record =>
            !stored.Contains(record.Id) && record.StartedAt >= from && record.StartedAt < to && record.Id.StartsWith(prefix, StringComparison.Ordinal) && !record.Flags.HasFlag(CallFlags.MissingInvite))];
        foreach (CallRecord record in WithoutOpen(missing, keeping, stop).OrderBy(static record => record.Id, StringComparer.Ordinal))
            _report.Faults.Add($"{record.Id}: its packets tell of it, and there is no record (cdrengine repair)");
    }

    // A call in progress has packets and no record yet; a journal names it a moment after its first packet, and its record comes a moment after its end.
    private List<CallRecord> WithoutOpen(List<CallRecord> missing, ICallKeeping keeping, CancellationToken stop)
    {
        for (int look = 0; missing.Count > 0; look++)
        {
            IReadOnlySet<string> open = OpenCallsCopy.CallIds(DataFolder.OpenCalls(settings.DataDirectory), _keys);
            missing.RemoveAll(record => open.Contains(record.SipCallId) || keeping.GetKept(record.Id) is not null);
            if (look == LooksAtOpen || missing.Count == 0 || stop.WaitHandle.WaitOne(BetweenLooks)) break;
        }

        return missing;
    }

    private void Compare(CallRecord record, bool hasAll, CallRecord? rebuilt, RecordRebuild rebuild, HashSet<string> present)
    {
        if (!hasAll || (record.Flags & (CallFlags.Gap | CallFlags.ClockSet)) != 0)
        {
            _report.WithoutPackets++;
            return;
        }

        // Calls it was linked to began on another day, were purged, or have no packets any more.
        bool isSessionWhole = !record.Flags.HasFlag(CallFlags.Linked) || (record.Links.Count > 0 && record.Links.All(link => present.Contains(link.CallId)));
        List<string> lines = rebuilt is null
            ? ["its packets make no record"]
            : RecordDifference.Of(CallRecordJson.ToUtf8(rebuild.Shown(record)), CallRecordJson.ToUtf8(rebuilt), isSessionWhole ? NotCompared : NotComparedOfSessions);
        if (lines.Count == 0) _report.Same++;
        else if (record.Transport is not Transport.Udp) _report.Inexact++;
        else
        {
            _report.Different++;
            foreach (string line in lines.Take(20)) _report.Faults.Add($"{record.Id}: {line}");
        }
    }

    private void CheckRecording(ICallStore store, RecordingFiles recordings, CallRecord record)
    {
        if (record.Recording.State != RecordingState.Available || store.GetRecording(record.Id) is not { } entry) return;
        _report.Recordings++;
        OpenedRecording opened = recordings.Open(recordings.PathOf(record.Id));
        if (opened.Stream is null)
        {
            // The same missing key is told once.
            string fault = opened.Fault ?? $"{record.Id}: its recording is gone";
            if (opened.Fault is null || _told.Add(fault[(fault.LastIndexOf(": ", StringComparison.Ordinal) + 2)..])) _report.Faults.Add(fault);
            return;
        }

        using (opened.Stream)
        {
            try
            {
                opened.Stream.CopyTo(Stream.Null);
                if (opened.Stream.Length != entry.Bytes) _report.Faults.Add(string.Create(CultureInfo.InvariantCulture, $"{record.Id}: its recording has {opened.Stream.Length} bytes, {entry.Bytes} were written"));
            }
            catch (IOException e)
            {
                _report.Faults.Add(e.Message);
            }
        }
    }
}
