using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Host.Configuration;
using CdrEngine.Media.Playout;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>What makes recordings over the data folder.</summary>
internal sealed class RecorderPart : IDisposable
{
    /// <summary>Its writes are single rows: they need no pages kept.</summary>
    private const int WriterCacheKibibytes = 2 * 1024;

    private readonly SqliteCallStore _store;
    private readonly Lazy<RecorderActorPool> _pool;

    public RecorderPart(Settings settings)
    {
        string data = settings.DataDirectory;
        RecorderOptions options = Options(settings.Recording);
        _store = SqliteCallStore.Open(DataFolder.Records(data), new SqliteStoreLimits { WriterCacheKibibytes = WriterCacheKibibytes, BusyTimeout = TimeSpan.FromSeconds(10) });
        var packets = new StoredCallPackets(_store, DataFolder.Packets(data));
        var calls = new CallRecorder(new CallRecorderOptions { Call = EngineSetup.Call(settings), Muted = record => Muted(record, settings.Dtmf.Mask) });
        Workshop = new RecordingWorkshop(
            _store,
            packets,
            _store,
            calls,
            RecordingFiles.Open(DataFolder.Recordings(data), options.CacheBytes),
            options);
        Sessions = new SessionRecordings(new SessionRecorder(calls, Workshop.Files.Parts), packets, Workshop.Files, options);
        _pool = new Lazy<RecorderActorPool>(() => new RecorderActorPool(Workshop));
    }

    /// <summary>Finds and makes recordings on the caller's thread.</summary>
    public RecordingWorkshop Workshop { get; }

    /// <summary>Finds and makes recordings of sessions on the caller's thread.</summary>
    public SessionRecordings Sessions { get; }

    /// <summary>Has them made by recorders; started when it is first asked for.</summary>
    public RecorderActorPool Pool => _pool.Value;

    /// <summary>Whether every answered call is recorded.</summary>
    public bool RecordsAll => Workshop.Options.Policy == RecordingPolicy.Always;

    /// <summary>The record as it is stored: pending where it is to be recorded.</summary>
    public CallRecord Marked(CallRecord record) => RecordsAll && record.AnsweredAt is not null
        ? record with { Recording = new RecordingInfo { State = RecordingState.Pending } }
        : record;

    /// <summary>What the recorders counted.</summary>
    public IReadOnlyList<(string Area, string Name, long Value, string Description)> Statistics() => _pool.IsValueCreated
        ? [.. Pool.Counters.Describe().Select(static counter => ("recorder", counter.Name, counter.Value, counter.Description))]
        : [];

    /// <inheritdoc />
    public void Dispose()
    {
        if (_pool.IsValueCreated) Pool.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Sessions.Dispose();
        _store.Dispose();
    }

    private static IReadOnlyList<MutedInterval> Muted(CallRecord record, DtmfMask mask) =>
    [
        .. RecordMask.Muted(record.Dtmf, mask).Select(static interval => new MutedInterval(
            interval.From switch
            {
                PartySide.Caller => MediaSide.Caller,
                PartySide.Callee => MediaSide.Callee,
                _ => (MediaSide?)null,
            },
            interval.Start,
            interval.End)),
    ];

    private static RecorderOptions Options(RecordingSettings settings) => new()
    {
        Policy = settings.Policy,
        Sides = settings.Sides,
        From = settings.From,
        Workers = settings.Workers,
        Queue = settings.Queue,
        Attempts = settings.Retry.Attempts,
        RetryFirst = settings.Retry.First,
        RetryMost = settings.Retry.Most,
        CacheBytes = settings.CacheSize,
    };
}

/// <summary>Lets the import and the API of one process share the recorders, so that none is made twice.</summary>
internal sealed class RecorderShare
{
    private readonly Lock _lock = new();
    private RecorderPart? _part;
    private int _users;

    /// <summary>The recorders; give them back with <see cref="Release"/>.</summary>
    public RecorderPart Acquire(Settings settings)
    {
        lock (_lock)
        {
            _part ??= new RecorderPart(settings);
            _users++;
            return _part;
        }
    }

    /// <summary>Ends them with the last user.</summary>
    public void Release()
    {
        RecorderPart? last = null;
        lock (_lock)
        {
            if (--_users == 0) (last, _part) = (_part, null);
        }

        last?.Dispose();
    }
}
