using System.Globalization;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Resume;
using CdrEngine.Host.Alerts;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
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
    private readonly ICallStore _store;
    private readonly RecordOutbox _outbox;
    private readonly BatchedCallWriter _writer;
    private readonly PacketLogFolder? _log;
    private readonly RecorderShare _recorders;
    private readonly DirectoryHolder _directory;
    private readonly LiveHub? _live;
    private readonly ResumeLimits? _resume;
    private readonly DeskPart _desk;
    private readonly HashSet<int> _days = [];
    private long _refused;
    private string _lastDay = "";
    private readonly long[] _outcomes = new long[Enum.GetValues<Disposition>().Length];

    /// <summary>Opens the data folder.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="statistics">Where its counters are shown.</param>
    /// <param name="recorders">The recorders of this process.</param>
    /// <param name="part">Name of its counters on the board.</param>
    /// <param name="directory">The directory of this process, which its owner disposes of; null to open one.</param>
    /// <param name="live">Where its calls in progress are shown; null shows them nowhere.</param>
    /// <param name="resume">How open calls are written down; null writes down nothing.</param>
    /// <param name="isLive">Whether packets come whether or not they are waited for: what cannot be done in time is let go and counted then. A file waits.</param>
    /// <param name="tell">The operator's log; null for none.</param>
    /// <param name="tellOfLog">The same for what the packet log has to tell; null is <paramref name="tell"/>.</param>
    protected EngineRunner(
        Settings settings, StatisticsBoard statistics, RecorderShare recorders, string part, DirectoryHolder? directory, LiveHub? live, ResumeLimits? resume, bool isLive, Action<string>? tell = null, Action<string>? tellOfLog = null)
    {
        _live = live;
        _resume = resume;
        Watch = new TroubleWatch(tell ?? (static _ => { }));

        // First, since it is what people write by hand: a mistake in it is told before anything is opened.
        _directory = directory ?? DirectoryHolder.Open(settings);
        _part = part;
        _isLive = isLive;
        _settings = settings;
        _statistics = statistics;
        string data = settings.DataDirectory;
        _recorders = recorders;
        Recorder = recorders.Acquire(settings, RecordingPolicies.Of(settings, _directory));
        _store = Stores.Calls(settings, StoreUse.Engine);
        _outbox = RecordOutbox.Open(DataFolder.Outbox(data), settings.Storage.OutboxSize);
        _writer = new BatchedCallWriter(_store, _outbox, new BatchedCallWriterOptions
        {
            BatchSize = settings.Storage.Batch,
            BatchDelay = settings.Storage.BatchDelay,

            // Who waits for the store has nothing of a long queue but its memory.
            QueueLimit = isLive ? settings.Storage.Queue : Math.Min(settings.Storage.Queue, settings.Storage.Batch),
            OnWritten = OnWritten,
        });
        _desk = new DeskPart(settings, new DeskMarks(() => _directory.Current), () => StoreWaits, tell) { Told = Told(live is null ? null : new LiveNews(live.Feed)) };
        _log = settings.PacketLog.Enabled ? PacketLogFolder.Open(DataFolder.Packets(data), EngineSetup.PacketLog(settings, isLive, resume is not null), SealingKeys.Of(settings), tellOfLog ?? tell) : null;
        Findings = new StartFindings(_log?.Recovery, _outbox);
    }

    /// <summary>What the start found of a run that had crashed.</summary>
    protected StartFindings Findings { get; }

    /// <summary>Call records made so far, by outcome.</summary>
    protected EnumCounts<Disposition> Outcomes
    {
        get
        {
            long[] counts = new long[_outcomes.Length];
            for (int i = 0; i < counts.Length; i++) counts[i] = Volatile.Read(ref _outcomes[i]);
            return new EnumCounts<Disposition>(counts);
        }
    }

    /// <summary>Whether the engine waits for the store: an import may, a wire does not.</summary>
    protected abstract bool StoreWaits { get; }

    /// <summary>Tells of storage that fails.</summary>
    protected TroubleWatch Watch { get; }

    /// <summary>What makes recordings.</summary>
    protected RecorderPart Recorder { get; }

    /// <summary>The settings.</summary>
    protected Settings Settings => _settings;

    /// <summary>Holds rules against what is captured; null where nobody does. Its owner disposes of it.</summary>
    protected AlertPart? Alerts { get; set; }

    /// <summary>Days that have records of this run, in order.</summary>
    protected IReadOnlyList<DateOnly> RecordDays
    {
        get
        {
            // By their numbers: sets and sorts of days are twenty methods that nobody compiles ahead (docs/decisions/0053), for one day as a rule.
            int[] numbers;
            lock (_days)
            {
                numbers = new int[_days.Count];
                _days.CopyTo(numbers);
            }

            Array.Sort(numbers);
            var days = new DateOnly[numbers.Length];
            for (int i = 0; i < days.Length; i++) days[i] = DateOnly.FromDayNumber(numbers[i]);
            return days;
        }
    }

    /// <summary>The records that are stored.</summary>
    protected ICallReader StoredCalls => _store;

    /// <summary>Days that have records of any.</summary>
    protected IReadOnlyList<DateOnly> StoredDays => _store.Days();

    /// <summary>Number of this run in the packet log; 0 where no packets are kept.</summary>
    protected uint PacketRun => _log?.Run ?? 0;

    /// <summary>Records that were in the store before and did not change.</summary>
    protected long KnownCalls => _writer.Counters[StorageCounter.Unchanged];

    /// <inheritdoc />
    public void Emit(in RecordEmission emission)
    {
        if (Findings.KnowsLess(emission.Record, emission.Revision, _store)) return;
        if (emission.Revision == RecordRevision.Final) Interlocked.Increment(ref _outcomes[(int)emission.Record.Disposition]);
        LiveMarked marked = Mark(emission.Record);
        if (emission.Revision == RecordRevision.Final) Alerts?.Take(marked.Record);
        Store(_writer, new StoredCall(Recorder.Marked(marked.Record), emission.Revision, emission.Chunks, marked.Tenant));
    }

    /// <inheritdoc />
    public long Taken => _writer.Accepted;

    /// <inheritdoc />
    public bool IsKept(long taken) => _writer.IsSettled(taken);

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
        _desk.Dispose();
        _recorders.Release();
        _outbox.Dispose();
        _store.Dispose();
        _log?.Dispose();
    }

    /// <summary>Starts an engine that writes to the data folder.</summary>
    protected CaptureEngine NewEngine() =>
        new(EngineSetup.Options(_settings) with { Live = _live, LiveMark = Mark, Resume = _resume, LetsMediaGo = _isLive }, this, _log, _desk, _desk.Start());

    /// <summary>Goes on with what an earlier run left open; null where nothing is written down.</summary>
    /// <param name="engine">The engine, before its first packet.</param>
    /// <param name="now">Engine time to go on from: before the first packet that may be waiting.</param>
    /// <param name="tell">Told what of the journals was lost.</param>
    protected ResumeReport? Resume(CaptureEngine engine, Timestamp now, Action<string> tell)
    {
        if (_resume is null || _log is null) return null;
        ResumePlan plan = ResumePlan.Take(_resume.Folder, _log);
        foreach (ulong key in plan.MissingKeys) SealingKeys.TellMissing("open calls of the last run", key);
        string? line = Findings.Resumed(plan.DamagedBytes, 0, now);
        ResumeReport report = engine.Resume(plan, now);
        Findings.Resumed(0, report.Lost, now);
        if (line is not null) tell(line);
        return report;
    }

    /// <summary>Stops the capture without ending what is open, where the next start can go on with it; returns when all records are written.</summary>
    protected void Suspend(CaptureEngine engine)
    {
        engine.SuspendAsync().GetAwaiter().GetResult();
        _writer.Flush();
        _desk.Flush();
        Post(engine);
    }

    /// <summary>Ends the capture; returns when all its records are written. True where they are in the database, none in the outbox.</summary>
    protected bool Complete(CaptureEngine engine)
    {
        engine.CompleteAsync().GetAwaiter().GetResult();
        bool stored = _writer.Flush();
        _desk.Flush();
        Post(engine);
        return stored;
    }

    /// <summary>Pins all counters on the board. One thread at a time.</summary>
    protected void Post(CaptureEngine engine) => _statistics.Post(_part, Statistics(engine));

    /// <summary>What went wrong behind the engine.</summary>
    protected IEnumerable<FileFault> Faults(CaptureEngine engine, IEnumerable<string> failures)
    {
        foreach (string failure in failures) yield return new FileFault("engine", failure, IsUnreadable: false);
        if (engine.LogFault is { } logFault) yield return new FileFault("packet log", logFault, IsUnreadable: false);
        if (engine.JournalFault is { } journalFault) yield return new FileFault("journal of open calls", journalFault, IsUnreadable: false);
        if (_writer.Fault is { } fault) yield return new FileFault("database", fault, IsUnreadable: false);
        if (_desk.Fault is { } deskFault) yield return new FileFault("database", deskFault, IsUnreadable: false);
    }

    /// <summary>How each part of the storage is now.</summary>
    protected StoragePart[] Storage(CaptureEngine engine)
    {
        bool isFull = _writer.Counters[StorageCounter.Refused] is var refused && refused > _refused;
        _refused = _writer.Counters[StorageCounter.Refused];
        return
        [
            new StoragePart("records", _writer.Fault, "The database of the records cannot be written.", "they wait in the outbox"),
            new StoragePart("outbox", isFull ? "it is full, or its disk is" : null, "Records are lost.", "the database and the outbox refuse them"),
            new StoragePart("desk", _desk.Fault, "The database of registrations and messages cannot be written.", "they wait in memory"),
            new StoragePart("packets", engine.LogFault, "The packet log cannot be written.", "packets are lost, records are not"),
            new StoragePart("journal", engine.JournalFault, "The journal of open calls cannot be written.", "a crash now would lose calls that are open"),
        ];
    }

    /// <summary>All counters, by part.</summary>
    protected List<CounterGroup> Counters(CaptureEngine engine)
    {
        var groups = new List<CounterGroup>();
        var values = new Dictionary<string, List<CounterValue>>(StringComparer.Ordinal);
        List<Statistic> counters = Statistics(engine);
        counters.AddRange(Recorder.Statistics());
        foreach ((string area, string name, long value, string description) in counters)
        {
            if (!values.TryGetValue(area, out List<CounterValue>? group))
            {
                values.Add(area, group = []);
                groups.Add(new CounterGroup(area, group));
            }

            group.Add(new CounterValue(name, value, description));
        }

        return groups;
    }

    /// <summary>Counters of the sources.</summary>
    protected virtual IEnumerable<Statistic> SourceCounters() => [];

    // Whoever is told what the desk tells.
    private Action<DeskChanges> Told(LiveNews? news) => changes =>
    {
        news?.Take(changes);
        Alerts?.Take(changes);
    };

    // What policies and the directory say of every record, whether it goes to the store or is looked at while the call goes on. Any thread.
    private LiveMarked Mark(CallRecord record)
    {
        // By the directory first: what is masked and whether it is recorded may depend on whose call it is.
        CallRecord marked = RecordMask.Apply(_directory.Mark(record), _settings.Dtmf.Mask);
        return new LiveMarked(marked, marked.Tenant);
    }

    private void OnWritten(StoredCall call)
    {
        NoteDay(call.Record.Id);
        if (call.Record.Recording.State == RecordingState.Pending) Recorder.Pool.Enqueue(call.Record.Id);
    }

    // An id begins with the day whose file has the record. Told by the writer's thread, thousands for one day.
    private void NoteDay(string id)
    {
        ReadOnlySpan<char> day = id.AsSpan(0, 8);
        if (day.SequenceEqual(_lastDay)) return;
        _lastDay = day.ToString();
        if (!DateOnly.TryParseExact(day, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly noted)) return;
        lock (_days) _days.Add(noted.DayNumber);
    }

    private List<Statistic> Statistics(CaptureEngine engine) =>
    [
        .. SourceCounters(),
        .. engine.Statistics(),
        .. Findings.Statistics(),
        .. _directory.Statistics(),
        .. _writer.Counters.Statistics("storage"),
        .. _desk.Statistics(),
        .. Alerts?.Statistics() ?? [],
        new("storage", "outbox_records", _outbox.Count, "Records that wait in the outbox now"),
        new("storage", "outbox_bytes", _outbox.Length, "Bytes of the outbox now"),
        .. Watch.Statistics(),
    ];
}
