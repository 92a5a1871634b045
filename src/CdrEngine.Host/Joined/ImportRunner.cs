using System.Diagnostics;
using System.Runtime.CompilerServices;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Recording;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Reads capture files through the engine into the data folder.</summary>
internal sealed class ImportRunner(Settings settings, StatisticsBoard statistics, RecorderShare? recorders = null, DirectoryHolder? directory = null, LiveHub? live = null, Action<string>? tell = null)
    : EngineRunner(settings, statistics, recorders ?? new RecorderShare(), "import", directory, live, resume: null, isLive: false, tellOfLog: tell), IImportRunner
{
    /// <summary>Packets between two looks at the clock and the stop button.</summary>
    private const int PacketsBetweenLooks = 8192;

    private static readonly TimeSpan BetweenPosts = TimeSpan.FromSeconds(1);

    private readonly ImportHeap _heap = new();
    private ImportProgress _progress = new();
    private long _postedAt;

    /// <inheritdoc />
    public ImportProgress Progress => Volatile.Read(ref _progress);

    /// <inheritdoc />
    public ImportSummary Run(IReadOnlyList<string> paths, CancellationToken stop, bool again = false)
    {
        long began = Stopwatch.GetTimestamp();
        CaptureFileList list = CaptureFolder.Expand(paths);
        var faults = list.Errors.Select(Unreadable).ToList();
        var ledger = new ImportLedger(Settings);
        if (!again && ledger.IsKnown(list.Files, StoredDays))
            return new ImportSummary { Files = list.Files.Count, KnownFiles = list.Files.Count, Bytes = SizeOf(list.Files), Elapsed = Stopwatch.GetElapsedTime(began), Faults = faults };
        int known = ledger.CountKnown(list.Files);
        var state = new ReadState { Total = SizeOf(list.Files), Faults = faults };
        var engine = NewEngine();
        using IDisposable failures = engine.Events.Subscribe(happened => state.Failures.Enqueue(happened.ToString()));
        foreach (string file in list.Files)
        {
            if (stop.IsCancellationRequested) break;
            (long packets, long calls) = (engine.Packets, engine.Calls);
            Read(engine, file, state, stop);
            state.Read.Add(new ReadFile(file, engine.Packets - packets, engine.Calls - calls));
        }

        _heap.LookAtEnd();
        bool stored = Complete(engine);
        EnumCounts<RecordingState> recordings = Recordings(stop);
        int? alerts = Settings.Alerts.OfImports && !stop.IsCancellationRequested ? Raise(stop) : null;
        List<FileFault> failed = [.. Faults(engine, state.Failures)];
        bool isWhole = stored && failed.Count == 0 && state.Read.Count == list.Files.Count && !stop.IsCancellationRequested;
        faults.AddRange(failed);
        if (isWhole && list.Files.Count > 0) ledger.Remember(state.Read, PacketRun, RecordDays);
        return new ImportSummary
        {
            Files = list.Files.Count,
            KnownFiles = again ? 0 : known,
            Bytes = state.Done,
            Packets = engine.Packets,
            FirstPacketAt = state.First,
            LastPacketAt = state.Last,
            Elapsed = Stopwatch.GetElapsedTime(began),
            Calls = Outcomes,
            KnownCalls = KnownCalls,
            Alerts = alerts,
            Recordings = recordings,
            Stopped = stop.IsCancellationRequested,
            Faults = faults,
            Counters = Counters(engine),
        };
    }

    // Rules over the days that were read, the calls of the same days that were there before included: as if all had been captured live.
    private int Raise(CancellationToken stop)
    {
        if (RecordDays.Count == 0) return 0;
        using IAlertDatabase store = Stores.Alerts(Settings);
        Timestamp from = StartOf(RecordDays[0]), to = StartOf(RecordDays[^1].AddDays(1));
        StoredAlertReport report = StoredAlerts.Run(StoredCalls, new AlertEvaluator(Settings.Alerts.Rules.Where(static rule => rule.IsOverCalls), new AlertLimits { Groups = Settings.Alerts.Groups }), from, to, stop: stop);
        store.Write(report.Alerts);
        return report.Alerts.Count;
    }

    private static Timestamp StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));

    // Every call that is to be recorded is, before the import is over; whoever stops it leaves the rest for later.
    private EnumCounts<RecordingState> Recordings(CancellationToken stop)
    {
        if (!Recorder.RecordsUnasked) return new EnumCounts<RecordingState>();
        try
        {
            Recorder.Pool.DrainAsync(stop).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // What waits stays pending in the store.
        }

        Counters<RecorderCounter> counters = Recorder.Pool.Counters;
        long[] states = new long[EnumNames<RecordingState>.All.Count];
        states[(int)RecordingState.Available] = counters[RecorderCounter.Made];
        states[(int)RecordingState.None] = counters[RecorderCounter.Nothing];
        states[(int)RecordingState.Failed] = counters[RecorderCounter.Failed];
        return new EnumCounts<RecordingState>(states);
    }

    /// <inheritdoc />
    protected override bool StoreWaits => true;

    /// <summary>Nothing is lost by reading a file more slowly.</summary>
    protected override void Store(BatchedCallWriter writer, StoredCall call) => writer.Write(call);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Read(CaptureEngine engine, string file, ReadState state, CancellationToken stop)
    {
        using CaptureFileSource source = CaptureFileSource.Open(file);
        engine.BeginSource(file == CaptureFileSource.StandardInput ? "stdin" : Path.GetFileName(file));
        Report(engine, file, source, state);
        int untilLook = PacketsBetweenLooks;
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            state.Note(packet.CapturedAt);
            engine.Process(packet);
            if (--untilLook > 0) continue;
            untilLook = PacketsBetweenLooks;
            _heap.Look();
            Report(engine, file, source, state);
            if (stop.IsCancellationRequested) break;
        }

        state.Done += Math.Max(source.Position, 0);
        if (source.Fault is { } fault) state.Faults.Add(new FileFault(file, fault, IsUnreadable: !source.IsOpen));
        Volatile.Write(ref _progress, Progress with { Bytes = state.Done, Packets = engine.Packets, Calls = engine.Calls, CurrentFile = null, Faults = state.Faults.Count });
    }

    private void Report(CaptureEngine engine, string file, CaptureFileSource source, ReadState state)
    {
        Volatile.Write(ref _progress, new ImportProgress
        {
            Bytes = state.Done + source.Position,
            TotalBytes = state.Total,
            Packets = engine.Packets,
            Calls = engine.Calls,
            CurrentFile = file,
            Faults = state.Faults.Count,
        });

        // Describing hundreds of counters takes its time; here is the thread that may. An import that is over sooner posts them at its end.
        if (_postedAt == 0) _postedAt = Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(_postedAt) < BetweenPosts) return;
        _postedAt = Stopwatch.GetTimestamp();
        Post(engine);
    }

    private static FileFault Unreadable(string error)
    {
        int colon = error.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0 ? new FileFault(error, "cannot be read", IsUnreadable: true) : new FileFault(error[..colon], error[(colon + 2)..], IsUnreadable: true);
    }

    private static long SizeOf(IReadOnlyList<string> files)
    {
        long size = 0;
        foreach (string file in files) size += SizeOf(file);
        return size;
    }

    private static long SizeOf(string path)
    {
        try
        {
            return path == CaptureFileSource.StandardInput ? -1_000_000_000_000_000 : new FileInfo(path).Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>What the reading thread knows.</summary>
    private sealed class ReadState
    {
        private readonly long _total;
        private long _first = long.MaxValue;
        private long _last = long.MinValue;

        public required List<FileFault> Faults { get; init; }

        /// <summary>Bytes of all files; negative (unknown) where standard input is among them.</summary>
        public required long Total { get => _total; init => _total = Math.Max(value, -1); }

        /// <summary>Files read so far, with packets and calls of each.</summary>
        public List<ReadFile> Read { get; } = [];

        public System.Collections.Concurrent.ConcurrentQueue<string> Failures { get; } = new();

        public long Done { get; set; }

        public Timestamp? First => _first > _last ? null : new Timestamp(_first);

        public Timestamp? Last => _first > _last ? null : new Timestamp(_last);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Note(Timestamp at)
        {
            if (at.Microseconds < _first) _first = at.Microseconds;
            if (at.Microseconds > _last) _last = at.Microseconds;
        }
    }
}
