using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
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
    private readonly Settings _settings;
    private readonly RecorderOptions _options;
    private readonly Lazy<Shop> _shop;
    private readonly Lazy<RecorderActorPool> _pool;

    /// <summary>Opens the data folder when something is first to be recorded, found or played: an import that records nothing never does.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="policy">Of which calls recordings are made; null for what the settings say for all.</param>
    public RecorderPart(Settings settings, IRecordingPolicy? policy = null)
    {
        _settings = settings;
        _options = Options(settings.Recording, policy ?? RecordingPolicies.Of(settings));
        _shop = new Lazy<Shop>(() => new Shop(_settings, _options));
        _pool = new Lazy<RecorderActorPool>(() => new RecorderActorPool(Workshop));
        if (RecordsUnasked) _ = _shop.Value;
    }

    /// <summary>Finds and makes recordings on the caller's thread.</summary>
    public RecordingWorkshop Workshop => _shop.Value.Workshop;

    /// <summary>Makes the pages of faxes.</summary>
    public FaxMaker Faxes => _shop.Value.Faxes;

    /// <summary>The packets as they were captured, digits and all.</summary>
    public ICallPackets Packets => _shop.Value.Packets;

    /// <summary>Finds and makes recordings of sessions on the caller's thread.</summary>
    public SessionRecordings Sessions => _shop.Value.Sessions;

    /// <summary>Has them made by recorders; started when it is first asked for.</summary>
    public RecorderActorPool Pool => _pool.Value;

    /// <summary>Whether some calls are recorded without being asked for.</summary>
    public bool RecordsUnasked => _options.Policy.MayRecordUnasked;

    /// <summary>The record as it is stored: pending where it is to be recorded, with the reason where it must not be.</summary>
    /// <param name="record">The record with everything that a policy may look at: marks of the directory, digits masked.</param>
    public CallRecord Marked(CallRecord record)
    {
        if (record.AnsweredAt is null) return record;
        return _options.Policy.For(record).Policy switch
        {
            RecordingPolicy.Always => record with { Recording = new RecordingInfo { State = RecordingState.Pending } },
            RecordingPolicy.Never => record with { Recording = new RecordingInfo { State = RecordingState.None, Reason = RecordingWorkshop.PolicyReason } },
            _ => record,
        };
    }

    /// <summary>What the recorders counted.</summary>
    public IReadOnlyList<Statistic> Statistics() => _pool.IsValueCreated
        ? [.. Pool.Counters.Statistics("recorder")]
        : [];

    /// <inheritdoc />
    public void Dispose()
    {
        if (_pool.IsValueCreated) Pool.DisposeAsync().AsTask().GetAwaiter().GetResult();
        if (_shop.IsValueCreated) _shop.Value.Dispose();
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

    /// <summary>What works on the data folder.</summary>
    private sealed class Shop : IDisposable
    {
        private readonly ICallStore _store;
        private readonly KeyLogFile? _keyLog;

        public Shop(Settings settings, RecorderOptions options)
        {
            string data = settings.DataDirectory;
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
            Workshop = new RecordingWorkshop(_store, Packets, _store, recorder, RecordingFiles.Open(DataFolder.Recordings(data), options.CacheBytes, keys), options);
            Sessions = new SessionRecordings(new SessionRecorder(recorder, Workshop.Files.CreateScratch), Packets, Workshop.Files, options);
        }

        public RecordingWorkshop Workshop { get; }

        public FaxMaker Faxes { get; }

        public ICallPackets Packets { get; }

        public SessionRecordings Sessions { get; }

        public void Dispose()
        {
            Sessions.Dispose();
            _store.Dispose();
            _keyLog?.Dispose();
        }
    }
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
