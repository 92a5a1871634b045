using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;
using CdrEngine.PacketLog;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>What an import and a live capture have in common: the engine before the data folder.</summary>
internal abstract class EngineRunner : IRecordOutput, IDisposable
{
    private readonly string _part;
    private readonly bool _isLive;
    private readonly Settings _settings;
    private readonly StatisticsBoard _statistics;
    private readonly SqliteCallStore _store;
    private readonly RecordOutbox _outbox;
    private readonly BatchedCallWriter _writer;
    private readonly PacketLogFolder? _log;
    private readonly RecorderShare _recorders;
    private readonly long[] _outcomes = new long[Enum.GetValues<Disposition>().Length];

    /// <summary>Opens the data folder.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="statistics">Where its counters are shown.</param>
    /// <param name="recorders">The recorders of this process.</param>
    /// <param name="part">Name of its counters on the board.</param>
    /// <param name="isLive">Whether packets come whether or not they are waited for: what cannot be done in time is let go and counted then. A file waits.</param>
    protected EngineRunner(Settings settings, StatisticsBoard statistics, RecorderShare recorders, string part, bool isLive)
    {
        _part = part;
        _isLive = isLive;
        _settings = settings;
        _statistics = statistics;
        string data = settings.DataDirectory;
        _recorders = recorders;
        Recorder = recorders.Acquire(settings);
        _store = SqliteCallStore.Open(DataFolder.Records(data));
        _outbox = RecordOutbox.Open(DataFolder.Outbox(data), settings.Storage.OutboxSize);
        _writer = new BatchedCallWriter(_store, _outbox, new BatchedCallWriterOptions
        {
            BatchSize = settings.Storage.Batch,
            BatchDelay = settings.Storage.BatchDelay,
            QueueLimit = settings.Storage.Queue,
            OnWritten = OnWritten,
        });
        _log = settings.PacketLog.Enabled ? PacketLogFolder.Open(DataFolder.Packets(data), EngineSetup.PacketLog(settings.PacketLog, isLive)) : null;
    }

    /// <summary>Call records made so far, by outcome.</summary>
    protected IReadOnlyDictionary<Disposition, long> Outcomes =>
        Enum.GetValues<Disposition>().ToDictionary(static disposition => disposition, disposition => Volatile.Read(ref _outcomes[(int)disposition]));

    /// <summary>What makes recordings.</summary>
    protected RecorderPart Recorder { get; }

    /// <summary>Records that were in the store before and did not change.</summary>
    protected long KnownCalls => _writer.Counters[StorageCounter.Unchanged];

    /// <inheritdoc />
    public void Emit(in RecordEmission emission)
    {
        if (emission.Revision == RecordRevision.Final) Interlocked.Increment(ref _outcomes[(int)emission.Record.Disposition]);
        Store(_writer, new StoredCall(Recorder.Marked(RecordMask.Apply(emission.Record, _settings.Dtmf.Mask)), emission.Revision, emission.Chunks));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Hands a record to its writer.</summary>
    protected abstract void Store(BatchedCallWriter writer, StoredCall call);

    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        _writer.Dispose();
        _recorders.Release();
        _outbox.Dispose();
        _store.Dispose();
        _log?.Dispose();
    }

    /// <summary>Starts an engine that writes to the data folder.</summary>
    protected CaptureEngine NewEngine() => new(EngineSetup.Options(_settings) with { LetsMediaGo = _isLive }, this, _log);

    /// <summary>Ends the capture; returns when all its records are written.</summary>
    protected void Complete(CaptureEngine engine)
    {
        engine.CompleteAsync().GetAwaiter().GetResult();
        _writer.Flush();
        Post(engine);
    }

    /// <summary>Pins all counters on the board. One thread at a time.</summary>
    protected void Post(CaptureEngine engine) => _statistics.Post(_part, Statistics(engine));

    /// <summary>What went wrong behind the engine.</summary>
    protected IEnumerable<FileFault> Faults(CaptureEngine engine, IEnumerable<string> failures)
    {
        foreach (string failure in failures) yield return new FileFault("engine", failure, IsUnreadable: false);
        if (engine.LogFault is { } logFault) yield return new FileFault("packet log", logFault, IsUnreadable: false);
        if (_writer.Fault is { } fault) yield return new FileFault("database", fault, IsUnreadable: false);
    }

    /// <summary>All counters, by part.</summary>
    protected List<CounterGroup> Counters(CaptureEngine engine) =>
    [
        .. Statistics(engine)
            .Concat(Recorder.Statistics())
            .GroupBy(static counter => counter.Area)
            .Select(static area => new CounterGroup(area.Key, [.. area.Select(static counter => (counter.Name, counter.Value, counter.Description))])),
    ];

    /// <summary>Counters of the sources.</summary>
    protected virtual IEnumerable<(string Area, string Name, long Value, string Description)> SourceCounters() => [];

    private void OnWritten(StoredCall call)
    {
        if (call.Record.Recording.State == RecordingState.Pending) Recorder.Pool.Enqueue(call.Record.Id);
    }

    private List<(string Area, string Name, long Value, string Description)> Statistics(CaptureEngine engine) =>
    [
        .. SourceCounters(),
        .. engine.Statistics(),
        .. _writer.Counters.Describe().Select(static counter => ("storage", counter.Name, counter.Value, counter.Description)),
    ];
}
