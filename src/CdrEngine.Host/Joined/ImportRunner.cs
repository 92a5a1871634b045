using System.Diagnostics;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Recording;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Reads capture files through the engine into the data folder.</summary>
internal sealed class ImportRunner : IImportRunner, IRecordOutput
{
    /// <summary>Packets between two looks at the clock and the stop button.</summary>
    private const int PacketsBetweenLooks = 8192;

    private static readonly TimeSpan BetweenPosts = TimeSpan.FromSeconds(1);

    private readonly Settings _settings;
    private readonly StatisticsBoard _statistics;
    private readonly SqliteCallStore _store;
    private readonly RecordOutbox _outbox;
    private readonly BatchedCallWriter _writer;
    private readonly PacketLogFolder? _log;
    private readonly RecorderShare _recorders;
    private readonly RecorderPart _recorder;
    private readonly long[] _outcomes = new long[Enum.GetValues<Disposition>().Length];
    private ImportProgress _progress = new();
    private long _postedAt;

    /// <summary>Opens the data folder.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="statistics">Where its counters are shown.</param>
    /// <param name="recorders">The recorders of this process; null for its own.</param>
    public ImportRunner(Settings settings, StatisticsBoard statistics, RecorderShare? recorders = null)
    {
        _settings = settings;
        _statistics = statistics;
        string data = settings.DataDirectory;
        _recorders = recorders ?? new RecorderShare();
        _recorder = _recorders.Acquire(settings);
        _store = SqliteCallStore.Open(DataFolder.Records(data));
        _outbox = RecordOutbox.Open(DataFolder.Outbox(data), settings.Storage.OutboxSize);
        _writer = new BatchedCallWriter(_store, _outbox, new BatchedCallWriterOptions
        {
            BatchSize = settings.Storage.Batch,
            BatchDelay = settings.Storage.BatchDelay,
            QueueLimit = settings.Storage.Queue,
            OnWritten = OnWritten,
        });
        _log = settings.PacketLog.Enabled ? PacketLogFolder.Open(DataFolder.Packets(data), EngineSetup.PacketLog(settings.PacketLog)) : null;
    }

    /// <inheritdoc />
    public ImportProgress Progress => Volatile.Read(ref _progress);

    /// <inheritdoc />
    public ImportSummary Run(IReadOnlyList<string> paths, CancellationToken stop)
    {
        long began = Stopwatch.GetTimestamp();
        CaptureFileList list = CaptureFolder.Expand(paths);
        var faults = list.Errors.Select(Unreadable).ToList();
        var state = new ReadState { Total = list.Files.Sum(SizeOf), Faults = faults };
        var engine = new CaptureEngine(EngineSetup.Options(_settings), this, _log);
        using IDisposable failures = engine.Events.Subscribe(happened => state.Failures.Enqueue(happened.ToString()));
        foreach (string file in list.Files)
        {
            if (stop.IsCancellationRequested) break;
            Read(engine, file, state, stop);
        }

        engine.CompleteAsync().GetAwaiter().GetResult();
        _writer.Flush();
        IReadOnlyDictionary<RecordingState, long> recordings = Recordings(stop);
        _statistics.Post("import", Statistics(engine));
        faults.AddRange(state.Failures.Select(static failure => new FileFault("engine", failure, IsUnreadable: false)));
        if (engine.LogFault is { } logFault) faults.Add(new FileFault("packet log", logFault, IsUnreadable: false));
        if (_writer.Fault is { } fault) faults.Add(new FileFault("database", fault, IsUnreadable: false));
        return new ImportSummary
        {
            Files = list.Files.Count,
            Bytes = state.Done,
            Packets = engine.Packets,
            FirstPacketAt = state.First,
            LastPacketAt = state.Last,
            Elapsed = Stopwatch.GetElapsedTime(began),
            Calls = Enum.GetValues<Disposition>().ToDictionary(static disposition => disposition, disposition => _outcomes[(int)disposition]),
            KnownCalls = _writer.Counters[StorageCounter.Unchanged],
            Recordings = recordings,
            Stopped = stop.IsCancellationRequested,
            Faults = faults,
            Counters = Counters(engine),
        };
    }

    /// <inheritdoc />
    public void Emit(in RecordEmission emission)
    {
        if (emission.Revision == RecordRevision.Final) Interlocked.Increment(ref _outcomes[(int)emission.Record.Disposition]);
        _writer.Write(new StoredCall(_recorder.Marked(RecordMask.Apply(emission.Record, _settings.Dtmf.Mask)), emission.Revision, emission.Chunks));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _writer.Dispose();
        _recorders.Release();
        _outbox.Dispose();
        _store.Dispose();
        _log?.Dispose();
    }

    private void OnWritten(StoredCall call)
    {
        if (call.Record.Recording.State == RecordingState.Pending) _recorder.Pool.Enqueue(call.Record.Id);
    }

    // Every call that is to be recorded is, before the import is over; whoever stops it leaves the rest for later.
    private Dictionary<RecordingState, long> Recordings(CancellationToken stop)
    {
        var states = new Dictionary<RecordingState, long>();
        if (!_recorder.RecordsAll) return states;
        try
        {
            _recorder.Pool.DrainAsync(stop).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // What waits stays pending in the store.
        }

        Counters<RecorderCounter> counters = _recorder.Pool.Counters;
        states[RecordingState.Available] = counters[RecorderCounter.Made];
        states[RecordingState.None] = counters[RecorderCounter.Nothing];
        states[RecordingState.Failed] = counters[RecorderCounter.Failed];
        return states;
    }

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

        // Describing hundreds of counters takes its time; here is the thread that may.
        if (_postedAt != 0 && Stopwatch.GetElapsedTime(_postedAt) < BetweenPosts) return;
        _postedAt = Stopwatch.GetTimestamp();
        _statistics.Post("import", Statistics(engine));
    }

    private List<CounterGroup> Counters(CaptureEngine engine) =>
    [
        .. Statistics(engine)
            .Concat(_recorder.Statistics())
            .GroupBy(static counter => counter.Area)
            .Select(static area => new CounterGroup(area.Key, [.. area.Select(static counter => (counter.Name, counter.Value, counter.Description))])),
    ];

    private List<(string Area, string Name, long Value, string Description)> Statistics(CaptureEngine engine) =>
    [
        .. engine.Statistics(),
        .. _writer.Counters.Describe().Select(static counter => ("storage", counter.Name, counter.Value, counter.Description)),
    ];

    private static FileFault Unreadable(string error)
    {
        int colon = error.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0 ? new FileFault(error, "cannot be read", IsUnreadable: true) : new FileFault(error[..colon], error[(colon + 2)..], IsUnreadable: true);
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

        public required List<FileFault> Faults { get; init; }

        /// <summary>Bytes of all files; negative (unknown) where standard input is among them.</summary>
        public required long Total { get => _total; init => _total = Math.Max(value, -1); }

        public System.Collections.Concurrent.ConcurrentQueue<string> Failures { get; } = new();

        public long Done { get; set; }

        public Timestamp? First { get; private set; }

        public Timestamp? Last { get; private set; }

        public void Note(Timestamp at)
        {
            if (First is null || at < First) First = at;
            if (Last is null || at > Last) Last = at;
        }
    }
}
