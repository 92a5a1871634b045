using System.Collections.Concurrent;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Load;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Pcap;
using CdrEngine.Storage;

namespace CdrEngine.Benchmarks.Live;

/// <summary>What a long run is made of.</summary>
public sealed record SoakOptions
{
    /// <summary>Minutes of simulated time. Default 60.</summary>
    public int Minutes { get; init; } = 60;

    /// <summary>Calls at once. Default 2,000.</summary>
    public int Concurrent { get; init; } = 2000;

    /// <summary>Seconds a call talks on average. Default 60.</summary>
    public double TalkSeconds { get; init; } = 60;

    /// <summary>Time between two packets of a stream. Default 20 ms; longer ones make a machine that is too small do with fewer packets.</summary>
    public TimeSpan RtpInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Bytes of the packet log kept on disk; 0 keeps no packets. Default 1 GiB.</summary>
    public long LogBytes { get; init; } = 1L << 30;
}

/// <summary>The process at one moment of a long run.</summary>
/// <param name="Minute">Simulated minute.</param>
/// <param name="ResidentBytes">Memory of the process.</param>
/// <param name="HeapBytes">Managed memory in use after a collection.</param>
/// <param name="Handles">Open file descriptors.</param>
/// <param name="OpenCalls">Calls open.</param>
public sealed record SoakSample(int Minute, long ResidentBytes, long HeapBytes, int Handles, int OpenCalls);

/// <summary>What a long run showed.</summary>
public sealed record SoakResult
{
    /// <summary>Packets taken.</summary>
    public required long Packets { get; init; }

    /// <summary>Calls that were scripted.</summary>
    public required long Scripted { get; init; }

    /// <summary>Calls whose record was as scripted.</summary>
    public required long Exact { get; init; }

    /// <summary>The first differences, missing and surplus records among them.</summary>
    public required IReadOnlyList<string> Differences { get; init; }

    /// <summary>Counters of drops that are not zero, and faults.</summary>
    public required IReadOnlyList<string> Drops { get; init; }

    /// <summary>One for each simulated minute.</summary>
    public required IReadOnlyList<SoakSample> Samples { get; init; }

    /// <summary>By how much a figure grew with each simulated minute, by least squares over all but the first quarter.</summary>
    public double Slope(Func<SoakSample, double> figure)
    {
        SoakSample[] samples = [.. Samples.Skip(Samples.Count / 4)];
        if (samples.Length < 2) return 0;
        double middle = samples.Average(static sample => sample.Minute);
        double mean = samples.Average(figure);
        return samples.Sum(sample => (sample.Minute - middle) * (figure(sample) - mean)) / samples.Sum(sample => (sample.Minute - middle) * (sample.Minute - middle));
    }
}

/// <summary>Runs generated calls through the whole engine for a long simulated time, with packet log, retention and database, and looks at the process once a
/// simulated minute.</summary>
public sealed class Soak : IRecordOutput
{
    private static readonly HashSet<string> DropCounters = new(StringComparer.Ordinal)
    {
        "losses.queue", "losses.queue_payload", "losses.disk", "packets.calls_evicted", "packets.media_unclaimed", "packets.media_hold_refused", "packets.flow_limit",
        "packets.endpoint_limit", "packets.sdp_malformed", "packets.sip_malformed", "packets.sip_incomplete", "packets.doubted_timestamps", "packets.gaps",
        "shard.calls_failed", "shard.sip_refused", "log.dropped_chunks", "log.unpaged_frames", "log.oversized_frames", "log.failed_writes", "storage.dropped",
    };

    private readonly ConcurrentDictionary<string, ExpectedCall> _expected = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, CallRecord> _early = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _differences = new();
    private readonly BatchedCallWriter _writer;
    private long _exact;
    private long _scripted;

    private Soak(BatchedCallWriter writer) => _writer = writer;

    /// <summary>Runs it.</summary>
    /// <param name="options">How long and how much.</param>
    /// <param name="look">Sees every sample as it is taken; may be null.</param>
    /// <param name="stop">Ends it early.</param>
    public static SoakResult Run(SoakOptions options, Action<SoakSample>? look, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-soak-").FullName;
        try
        {
            using SqliteCallStore store = SqliteCallStore.Open(Path.Combine(folder, "records"));
            using RecordOutbox outbox = RecordOutbox.Open(Path.Combine(folder, "outbox"), 1L << 30);
            using var writer = new BatchedCallWriter(store, outbox, new BatchedCallWriterOptions());
            string packets = Path.Combine(folder, "packets");
            using PacketLogFolder? log = options.LogBytes > 0 ? PacketLogFolder.Open(packets) : null;
            var soak = new Soak(writer);
            var engine = new CaptureEngine(new EngineOptions(), soak, log);
            var faults = new ConcurrentQueue<string>();
            using IDisposable failures = engine.Events.Subscribe(happened => faults.Enqueue(happened.ToString() ?? ""));
            List<SoakSample> samples = soak.Feed(engine, options, () => Retain(packets, options.LogBytes), look, stop);
            engine.CompleteAsync().GetAwaiter().GetResult();
            writer.Flush();
            return soak.Result(engine, samples, faults, writer);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <inheritdoc />
    public void Emit(in RecordEmission emission)
    {
        _writer.Write(new StoredCall(emission.Record, emission.Revision, emission.Chunks));
        if (emission.Revision != RecordRevision.Final) return;
        if (_expected.TryRemove(emission.Record.SipCallId, out ExpectedCall? expected)) Compare(expected, emission.Record);
        else if (!_early.TryAdd(emission.Record.SipCallId, emission.Record)) Note($"{emission.Record.SipCallId}: two records");
    }

    private static void Retain(string packets, long bytes)
    {
        if (bytes == 0) return;
        var policy = new PacketLogRetentionPolicy { TotalBytes = bytes };
        PacketLogRetention.Execute(PacketLogRetention.Plan(SegmentFile.List(packets), policy, new Timestamp(0)));
    }

    private static SoakSample Look(CaptureEngine engine, int minute)
    {
        long heap = GC.GetTotalMemory(forceFullCollection: true);
        string[] pages = File.ReadAllText("/proc/self/statm").Split(' ');
        return new SoakSample(
            minute, long.Parse(pages[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize, heap, Directory.GetFiles("/proc/self/fd").Length, engine.OpenCalls);
    }

    private List<SoakSample> Feed(CaptureEngine engine, SoakOptions options, Action retain, Action<SoakSample>? look, CancellationToken stop)
    {
        double callsPerSecond = options.Concurrent / (options.TalkSeconds + 5);
        var load = new LoadOptions
        {
            Seed = 11,
            Calls = (int)(callsPerSecond * options.Minutes * 60),
            CallsPerSecond = callsPerSecond,
            TalkSeconds = options.TalkSeconds,
            RtpInterval = options.RtpInterval,
        };
        using var pipe = new BlockPipe();
        Task generating = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    LoadGenerator.Write(load, pipe.Input, Expect);
                }
                catch (OperationCanceledException)
                {
                    // The reader has had enough.
                }
                finally
                {
                    pipe.Complete();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var samples = new List<SoakSample>();
        using (CaptureFileSource source = CaptureFileSource.FromStream("load", pipe.Output, CaptureReaderLimits.Default))
        {
            engine.BeginSource("load");
            Timestamp next = load.Start + TimeSpan.FromMinutes(1);
            while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
            {
                engine.Process(packet);
                if (packet.CapturedAt < next) continue;
                next += TimeSpan.FromMinutes(1);
                retain();
                SoakSample sample = Look(engine, samples.Count + 1);
                samples.Add(sample);
                look?.Invoke(sample);
                if (stop.IsCancellationRequested) break;
            }
        }

        pipe.Abandon();
        generating.GetAwaiter().GetResult();
        return samples;
    }

    private void Expect(ExpectedCall call)
    {
        Interlocked.Increment(ref _scripted);
        if (_early.TryRemove(call.SipCallId, out CallRecord? record)) Compare(call, record);
        else _expected[call.SipCallId] = call;

        // The record may have come between the two looks.
        if (_early.TryRemove(call.SipCallId, out record) && _expected.TryRemove(call.SipCallId, out _)) Compare(call, record);
    }

    private void Compare(ExpectedCall expected, CallRecord record)
    {
        IReadOnlyList<string> differences = expected.Differences(record);
        if (differences.Count == 0) Interlocked.Increment(ref _exact);
        else Note($"{expected.SipCallId}: {string.Join("; ", differences)}");
    }

    private void Note(string difference)
    {
        if (_differences.Count < 100) _differences.Enqueue(difference);
    }

    private SoakResult Result(CaptureEngine engine, List<SoakSample> samples, ConcurrentQueue<string> faults, BatchedCallWriter writer)
    {
        foreach (string missing in _expected.Keys) Note($"{missing}: no record");
        foreach (string surplus in _early.Keys) Note($"{surplus}: nobody scripted it");
        string[] drops =
        [
            .. engine.Statistics().Where(static counter => counter.Value != 0 && DropCounters.Contains($"{counter.Area}.{counter.Name}"))
                .Select(static counter => $"{counter.Area} {counter.Name}: {counter.Value}"),
            .. faults.Take(20),
            .. writer.Fault is { } fault ? new[] { fault } : [],
            .. engine.LogFault is { } logFault ? new[] { logFault } : [],
        ];
        return new SoakResult
        {
            Packets = engine.Packets,
            Scripted = _scripted,
            Exact = _exact,
            Differences = [.. _differences],
            Drops = drops,
            Samples = samples,
        };
    }
}
