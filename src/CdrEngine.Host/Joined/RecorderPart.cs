using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Recording;
using CdrEngine.Host.Configuration;
using CdrEngine.Media.Codecs;
using CdrEngine.Media.Playout;
using CdrEngine.PacketLog.Sealing;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>What makes recordings over the data folder.</summary>
internal sealed class RecorderPart : IDisposable
{
    private readonly ICallStore _store;
    private readonly Lazy<RecorderActorPool> _pool;
    private readonly KeyLogFile? _keyLog;

    /// <summary>Opens the data folder.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="policy">Of which calls recordings are made; null for what the settings say for all.</param>
    public RecorderPart(Settings settings, IRecordingPolicy? policy = null)
    {
        string data = settings.DataDirectory;
        RecorderOptions options = Options(settings.Recording, policy ?? RecordingPolicies.Of(settings));
        _store = Stores.Calls(settings, StoreUse.Recorder);
        _keyLog = settings.Recording.KeyLog.Length == 0 ? null : new KeyLogFile(settings.Recording.KeyLog);
        var calls = new CallRecorderOptions
        {
            Call = EngineSetup.Call(settings),
            Decoders = AudioDecoders.Without(settings.Recording.CodecsOff),
            Decryptors = _ => new KeyringDecryptor(_keyLog?.Refresh()),
            Muted = record => Muted(record, settings.Dtmf.Mask),
        };
        KeyRing? keys = SealingKeys.Of(settings);
        Packets = new StoredCallPackets(_store.GetChunks, DataFolder.Packets(data), keys);
        Faxes = new FaxMaker(calls.Call, options.Policy);
        var recorder = new CallRecorder(calls);
        Workshop = new RecordingWorkshop(
            _store,
            Packets,
            _store,
            recorder,
            RecordingFiles.Open(DataFolder.Recordings(data), options.CacheBytes, keys),
            options);
        Sessions = new SessionRecordings(new SessionRecorder(recorder, Workshop.Files.CreateScratch), Packets, Workshop.Files, options);
        _pool = new Lazy<RecorderActorPool>(() => new RecorderActorPool(Workshop));
    }

    /// <summary>Finds and makes recordings on the caller's thread.</summary>
    public RecordingWorkshop Workshop { get; }

    /// <summary>Makes the pages of faxes.</summary>
    public FaxMaker Faxes { get; }

    /// <summary>The packets as they were captured, digits and all.</summary>
    public ICallPackets Packets { get; }

    /// <summary>Finds and makes recordings of sessions on the caller's thread.</summary>
    public SessionRecordings Sessions { get; }

    /// <summary>Has them made by recorders; started when it is first asked for.</summary>
    public RecorderActorPool Pool => _pool.Value;

    /// <summary>Whether some calls are recorded without being asked for.</summary>
    public bool RecordsUnasked => Workshop.Options.Policy.MayRecordUnasked;

    /// <summary>The record as it is stored: pending where it is to be recorded, with the reason where it must not be.</summary>
    /// <param name="record">The record with everything that a policy may look at: marks of the directory, digits masked.</param>
    public CallRecord Marked(CallRecord record)
    {
        if (record.AnsweredAt is null) return record;
        return Workshop.Options.Policy.For(record).Policy switch
        {
            RecordingPolicy.Always => record with { Recording = new RecordingInfo { State = RecordingState.Pending } },
            RecordingPolicy.Never => record with { Recording = new RecordingInfo { State = RecordingState.None, Reason = RecordingWorkshop.PolicyReason } },
            _ => record,
        };
    }

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
        _keyLog?.Dispose();
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

    private static RecorderOptions Options(RecordingSettings settings, IRecordingPolicy policy) => new()
    {
        Policy = policy,
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
    /// <param name="settings">Settings.</param>
    /// <param name="policy">Of which calls recordings are made, for whoever is the first; null for what the settings say for all.</param>
    public RecorderPart Acquire(Settings settings, IRecordingPolicy? policy = null)
    {
        lock (_lock)
        {
            _part ??= new RecorderPart(settings, policy);
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
