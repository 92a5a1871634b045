using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;
using CdrEngine.Storage;

namespace CdrEngine.Host.Upkeep;

/// <summary>What a repair did, or would do.</summary>
internal sealed class RepairReport
{
    /// <summary>Segments that a crash had left open, and were finished.</summary>
    public int FinishedSegments { get; set; }

    /// <summary>Bytes of torn tails that were cut.</summary>
    public long TornBytes { get; set; }

    /// <summary>Databases that could not be read and were put aside; nothing of them is removed.</summary>
    public List<string> PutAside { get; } = [];

    /// <summary>Records made anew.</summary>
    public int Records { get; set; }

    /// <summary>Records that are told anew where their packets lie.</summary>
    public int Indexes { get; set; }

    /// <summary>A line for each thing that could not be done.</summary>
    public List<string> Faults { get; } = [];
}

/// <summary>Makes a data folder whole again from its packets: torn segments are cut, what a database says wrongly of where packets lie is told anew, records that are missing are made
/// anew. What cannot be made anew is put aside, never removed; a record that is there is never replaced.</summary>
internal sealed class Repairing(Settings settings, bool acts)
{
    private readonly string _packets = DataFolder.Packets(settings.DataDirectory);
    private readonly KeyRing? _keys = SealingKeys.Of(settings);
    private readonly RepairReport _report = new();

    /// <summary>Repairs.</summary>
    public RepairReport Run(CancellationToken stop)
    {
        RepairPackets();
        PutAsideDamaged();
        List<SegmentFile> all = SegmentFile.List(_packets);
        using ICallStore store = Stores.Calls(settings, StoreUse.Command);
        using ICallKeeping keeping = Stores.Keeping(settings);
        using DirectoryHolder directory = DirectoryHolder.Open(settings);
        var rebuild = new RecordRebuild(settings, directory, _keys);
        DateOnly[] days = [.. all.Select(static file => DateOnly.FromDateTime(file.Id.Start.ToDateTime())).Concat(keeping.Days()).Distinct().Order()];
        foreach (DateOnly day in days)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                RepairDay(store, keeping, rebuild, all, day, stop);
            }
            catch (Exception e) when (e is StoreException or IOException)
            {
                _report.Faults.Add($"{CallPurge.Show(day)}: {e.Message}");
            }
        }

        return _report;
    }

    private void RepairPackets()
    {
        if (!Directory.Exists(_packets)) return;
        if (!acts)
        {
            _report.FinishedSegments = SegmentFile.List(_packets).Count(static file => file.IsOpen);
            return;
        }

        using PacketLogFolder log = PacketLogFolder.Open(_packets, keys: _keys);
        _report.FinishedSegments = log.Recovery.Segments.Count;
        _report.TornBytes = log.Recovery.TornBytes;
    }

    // Only days are made of packets; any other database stays where it is, for someone to decide.
    private void PutAsideDamaged()
    {
        foreach (string name in DatabaseFiles.List(settings.DataDirectory))
        {
            string path = Path.Combine(settings.DataDirectory, name);
            if (DatabaseFiles.Check(path) is not { } fault) continue;
            bool isDay = Path.GetDirectoryName(name) == "records" && DateOnly.TryParseExact(Path.GetFileNameWithoutExtension(name), "yyyy-MM-dd", out _);
            if (!isDay)
            {
                _report.Faults.Add($"{fault} (it is not made of packets: restore it from a backup)");
                continue;
            }

            _report.PutAside.Add(name);
            if (!acts) continue;
            string aside = string.Create(CultureInfo.InvariantCulture, $"{path}.damaged-{DateTimeOffset.UtcNow:yyyyMMddTHHmmss}");
            foreach (string ending in (ReadOnlySpan<string>)["", "-wal", "-shm"])
            {
                if (File.Exists(path + ending)) File.Move(path + ending, aside + ending);
            }
        }
    }

    private void RepairDay(ICallStore store, ICallKeeping keeping, RecordRebuild rebuild, List<SegmentFile> all, DateOnly day, CancellationToken stop)
    {
        // 1. What lies on this day and on the next, into which calls go on.
        List<SegmentFile> near = all.FindAll(file => DateOnly.FromDateTime(file.Id.Start.ToDateTime()) is var its && (its == day || its == day.AddDays(1)));
        if (near.Count == 0) return;
        Dictionary<CallKey, List<ChunkLocator>> chunks = PacketIndex.Scan(near);

        // 2. Where packets lie, for records that say it wrongly.
        var index = new PacketIndex(_packets, _keys);
        var sources = new Dictionary<CallKey, string>();
        var ignored = new List<string>();
        for (KeptCall? after = null; ;)
        {
            IReadOnlyList<KeptCall> page = keeping.ListKept(new KeptQuery(day) { After = after });
            foreach (KeptCall call in page)
            {
                CallRecord? record = store.Get(call.Id);
                if (index.KeyOf(call) is not { } key) continue;
                if (record?.CaptureSource is { } source) sources[key] = source;
                ignored.Clear();
                index.Check(call, ignored);
                if (record is null || (ignored.Count == 0 && call.Chunks.Length > 0) || !chunks.TryGetValue(key, out List<ChunkLocator>? its)) continue;
                byte[] list = ListOf(its, record);
                if (list.Length == 0 || list.AsSpan().SequenceEqual(call.Chunks)) continue;
                _report.Indexes++;
                if (acts) keeping.SetChunks(call.Id, list);
            }

            if (page.Count < 1000) break;
            after = page[^1];
        }

        // 3. Records that are missing.
        string prefix = day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        IReadOnlyDictionary<string, CallRecord> rebuilt = rebuild.Run(near.Where(static file => file.Id.Kind is PacketKind.Sip or PacketKind.Rtp).Select(static file => file.Id), sources, stop);
        var missing = new List<StoredCall>();
        foreach (CallRecord record in rebuilt.Values.Where(record => record.Id.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(static record => record.Id, StringComparer.Ordinal))
        {
            if (record.Flags.HasFlag(CallFlags.MissingInvite) && IsTailOfAnother(keeping, record)) continue;
            if (keeping.GetKept(record.Id) is not null) continue;
            if (!CallIdText.TryGetBytes(record.SipCallId, out byte[] callId))
            {
                _report.Faults.Add($"{record.Id}: its Call-ID is no text or too long, so its packets cannot be told from others'; its record is not made anew");
                continue;
            }

            if (!chunks.TryGetValue(CallKey.Of(callId), out List<ChunkLocator>? its)) continue;
            missing.Add(new StoredCall(record, RecordRevision.Final, ListOf(its, record), record.Tenant));
        }

        _report.Records += missing.Count;
        if (!acts || missing.Count == 0) return;
        foreach (StoredCall[] part in missing.Chunk(1000))
        {
            WriteReport written = store.Write(part);
            if (written.Fault is { } fault) _report.Faults.Add(fault);
        }
    }

    // The end of a call that began the day before is no call of its own.
    private static bool IsTailOfAnother(ICallKeeping keeping, CallRecord record)
    {
        DateOnly day = DateOnly.ParseExact(record.Id.AsSpan(0, 8), "yyyyMMdd", CultureInfo.InvariantCulture);
        return keeping.Days().Contains(day.AddDays(-1)) || keeping.Days().Contains(day);
    }

    // Of calls with the same Call-ID each has the chunks of its own time.
    private static byte[] ListOf(List<ChunkLocator> chunks, CallRecord record)
    {
        Timestamp from = record.StartedAt - TimeSpan.FromSeconds(60), to = (record.EndedAt ?? record.StartedAt) + TimeSpan.FromSeconds(60);
        using var list = new ChunkList();
        foreach (ChunkLocator chunk in chunks.Where(chunk => chunk.Last >= from && chunk.First <= to).OrderBy(static chunk => chunk.Segment.Run).ThenBy(static chunk => chunk.FirstSequence)) list.Add(chunk);
        return list.ToArray();
    }
}
