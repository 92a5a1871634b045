using System.Diagnostics;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Live;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Link;
using CdrEngine.Storage;

namespace CdrEngine.Replay;

/// <summary>The whole engine in this process, from capture files to records, with its cost.</summary>
public static class EngineReplay
{
    private const string PeakResetFile = "/proc/self/clear_refs";

    /// <summary>Replays <paramref name="files"/> in order as one capture. Packet log and records go to a temporary folder that is removed.</summary>
    /// <param name="files">Capture files.</param>
    /// <param name="options">What to do with packets and records.</param>
    /// <param name="emitted">Sees every record, on the threads of the shards; may be null.</param>
    public static ReplayFigures Run(IReadOnlyList<string> files, ReplayOptions options, Action<RecordEmission>? emitted = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(options);
        string folder = Directory.CreateTempSubdirectory("cdrengine-replay-").FullName;
        try
        {
            return Measure(files, options, folder, emitted);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ReplayFigures Measure(IReadOnlyList<string> files, ReplayOptions options, string folder, Action<RecordEmission>? emitted)
    {
        GC.Collect();
        ResetPeak();
        (int Gen0, int Gen1, int Gen2) collections = Collections();
        TimeSpan paused = GC.GetTotalPauseDuration();
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long began = Stopwatch.GetTimestamp();

        Work done = options.Depth == ReplayDepth.Engine ? RunEngine(files, options, folder, emitted) : ReadOnly(files, options.Depth == ReplayDepth.Decode);

        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        TimeSpan spent = Environment.CpuUsage.TotalTime - cpu;
        (int Gen0, int Gen1, int Gen2) now = Collections();
        return new ReplayFigures
        {
            Packets = done.Packets,
            SipMessages = done.SipMessages,
            MediaPackets = done.MediaPackets,
            Calls = done.Calls,
            Records = done.Records,
            Elapsed = elapsed,
            Cpu = spent,
            AllocatedBytes = GC.GetTotalAllocatedBytes(precise: true) - allocated,
            Collections = (now.Gen0 - collections.Gen0, now.Gen1 - collections.Gen1, now.Gen2 - collections.Gen2),
            Paused = GC.GetTotalPauseDuration() - paused,
            PeakWorkingSetBytes = Peak(),
            Faults = done.Faults,
        };
    }

    private static Work RunEngine(IReadOnlyList<string> files, ReplayOptions options, string folder, Action<RecordEmission>? emitted)
    {
        var faults = new List<string>();
        using PacketLogFolder? log = options.Log ? PacketLogFolder.Open(Path.Combine(folder, "packets")) : null;
        using var sink = new Sink(options.Records ? folder : null, emitted);
        EngineOptions engineOptions = options.Shards > 0 ? new EngineOptions { Shards = options.Shards } : new EngineOptions();
        LiveHub? live = options.Live || options.Events ? new LiveHub() : null;
        using Calls.Ports.ILiveSubscription? events = options.Events ? live!.Feed.Subscribe(new Calls.Ports.LiveFilter { Capacity = 1 << 24 }) : null;
        var engine = new CaptureEngine(engineOptions with { Live = live, Sessions = engineOptions.Sessions with { Enabled = options.Sessions } }, sink, log);
        using (engine.Events.Subscribe(happened => AddLocked(faults, happened.ToString() ?? "a failure without a name")))
        {
            foreach (string file in files) Read(engine, file, faults);
            engine.CompleteAsync().GetAwaiter().GetResult();
            sink.Complete(faults);
            live?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        if (engine.LogFault is { } fault) AddLocked(faults, fault);
        Dictionary<string, long> counters = engine.Statistics()
            .Where(static counter => counter.Area == "packets")
            .ToDictionary(static counter => counter.Name, static counter => counter.Value, StringComparer.Ordinal);
        return new Work(engine.Packets, counters["sip_messages"], counters["media_packets"], engine.Calls, sink.Count, faults);
    }

    private static Work ReadOnly(IReadOnlyList<string> files, bool decode)
    {
        var faults = new List<string>();
        var decoder = new PacketDecoder();
        long packets = 0;
        foreach (string file in files)
        {
            using CaptureFileSource source = CaptureFileSource.Open(file);
            while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
            {
                packets++;
                if (decode) decoder.Decode(packet, out _);
            }

            if (source.Fault is { } fault) AddLocked(faults, $"{file}: {fault}");
        }

        return new Work(packets, 0, 0, 0, 0, faults);
    }

    private static void Read(CaptureEngine engine, string file, List<string> faults)
    {
        using CaptureFileSource source = CaptureFileSource.Open(file);
        engine.BeginSource(Path.GetFileName(file));
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet) engine.Process(packet);
        if (source.Fault is { } fault) AddLocked(faults, $"{file}: {fault}");
    }

    // Events come from the shards' threads.
    private static void AddLocked(List<string> faults, string fault)
    {
        lock (faults) faults.Add(fault);
    }

    private static (int Gen0, int Gen1, int Gen2) Collections() => (GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2));

    // proc(5): writing 5 to clear_refs sets the peak resident set back to what is resident now.
    private static void ResetPeak()
    {
        try
        {
            File.WriteAllText(PeakResetFile, "5");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Not Linux, or not allowed: the peak is then that of the process.
        }
    }

    private static long Peak()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    private sealed record Work(long Packets, long SipMessages, long MediaPackets, long Calls, long Records, IReadOnlyList<string> Faults);

    /// <summary>Takes records: shows them to the caller, writes them where asked, counts them.</summary>
    private sealed class Sink : IRecordOutput, IDisposable
    {
        private readonly Action<RecordEmission>? _emitted;
        private readonly SqliteCallStore? _store;
        private readonly RecordOutbox? _outbox;
        private readonly BatchedCallWriter? _writer;
        private long _count;

        public Sink(string? folder, Action<RecordEmission>? emitted)
        {
            _emitted = emitted;
            if (folder is null) return;
            _store = SqliteCallStore.Open(Path.Combine(folder, "records"));
            _outbox = RecordOutbox.Open(Path.Combine(folder, "outbox"), 1L << 30);
            _writer = new BatchedCallWriter(_store, _outbox);
        }

        public long Count => Interlocked.Read(ref _count);

        public void Emit(in RecordEmission emission)
        {
            Interlocked.Increment(ref _count);
            _emitted?.Invoke(emission);
            _writer?.Write(new StoredCall(emission.Record, emission.Revision, emission.Chunks));
        }

        public void Complete(List<string> faults)
        {
            _writer?.Flush();
            if (_writer?.Fault is { } fault) AddLocked(faults, fault);
        }

        public void Dispose()
        {
            _writer?.Dispose();
            _outbox?.Dispose();
            _store?.Dispose();
        }
    }
}
