using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using CdrEngine.Api.Statistics;
using CdrEngine.Capture.Hep;
using CdrEngine.Capture.Interfaces;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Alerts;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Parts;
using CdrEngine.Host.Service;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>Reads interfaces and HEP through the engine into the data folder, until stopped.</summary>
internal sealed class LiveRunner : EngineRunner, ILiveRunner
{
    // Of interfaces and of HEP.
    private static readonly string KernelDroppedName = SnakeCaseName.Of(nameof(InterfaceCounter.KernelDropped));

    private static readonly string PacketsName = SnakeCaseName.Of(nameof(InterfaceCounter.Packets));
    private static readonly string MessagesName = SnakeCaseName.Of(nameof(HepCounter.Messages));

    private readonly LiveReader _reader;
    private readonly IAlertDatabase? _alertStore;
    private readonly Action<string> _tell;
    private readonly StatisticsBoard _board;
    private readonly Settings _settings;
    private readonly Retention _retention;

    // What waits in the sources is not older. A timer that runs out while the past is read must not end a call whose BYE waits there.
    private readonly Timestamp _openedAt = Timestamp.From(DateTimeOffset.UtcNow);

    public LiveRunner(
        Settings settings, StatisticsBoard statistics, RecorderShare recorders, Action<string> tell, DirectoryHolder? directory, LiveHub live)
        : base(settings, statistics, recorders, "live", directory, live, EngineSetup.Resume(settings), isLive: true, tell)
    {
        _tell = tell;
        _board = statistics;
        _settings = settings;
        _retention = new Retention(settings, tell, statistics);
        var sources = new List<ILiveSource>();
        try
        {
            Open(settings, sources);
        }
        catch (CommandException)
        {
            foreach (ILiveSource source in sources) source.Dispose();
            Dispose(true);
            throw;
        }

        _reader = new LiveReader(sources);
        if (!settings.Alerts.IsEnabled) return;
        _alertStore = Stores.Alerts(settings);
        Alerts = new AlertPart(settings.Alerts, _alertStore, live, AlertMail(settings, tell), tell) { Captured = Captured };
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Sources => [.. _reader.Sources.Select(static source => source.Name).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc />
    public LiveSummary Run(LiveService service, CancellationToken stop)
    {
        long began = Stopwatch.GetTimestamp();
        CaptureEngine engine = NewEngine();

        // The engine's threads are there by now and keep nothing; the threads of rings begin with the first look, and get what this one keeps.
        Rights.GiveUp(service.User, _settings.DataDirectory);
        var failures = new ConcurrentQueue<string>();
        using IDisposable subscription = engine.Events.Subscribe(happened =>
        {
            // The first tell what is wrong; a flood of them would only fill memory.
            if (failures.Count >= 100) return;
            string text = happened.ToString() ?? "";
            failures.Enqueue(text);
            _tell($"engine: {text}");
        });
        foreach (string line in Findings.Lines) _tell(line);
        GoOn(engine);
        var loop = new LiveLoop(_reader, engine, _tell) { Alive = service.Alive };
        using (Posting(engine))
        using (Retaining())
        using (MakingRoom()) loop.Run(stop);
        Suspend(engine);
        return new LiveSummary
        {
            Sources = Sources,
            Packets = engine.Packets,
            Lost = _reader.Losses + engine.Statistics().Where(static counter => counter.Area == CaptureEngine.LossArea).Sum(static counter => counter.Value),
            Elapsed = Stopwatch.GetElapsedTime(began),
            Calls = Outcomes,
            Faults = [.. Faults(engine, failures)],
            Counters = Counters(engine),
        };
    }

    /// <inheritdoc />
    protected override bool StoreWaits => false;

    /// <summary>The wire does not wait for a database: what finds no room in memory goes to the outbox.</summary>
    protected override void Store(BatchedCallWriter writer, StoredCall call) => writer.TryWrite(call);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Alerts?.Dispose();
            _alertStore?.Dispose();
            _reader?.Dispose();
        }

        base.Dispose(disposing);
    }

    private static AlertMailer? AlertMail(Settings settings, Action<string> tell) =>
        settings.Mail.Host.Length == 0 || settings.Alerts.MailTo.Count == 0 ? null : new AlertMailer(new ReportMailer(settings.Mail), settings.Alerts, tell, new MailOutbox(DataFolder.AlertMails(settings.DataDirectory)));

    // Interfaces and HEP count by names of their own.
    private IEnumerable<(string Source, long Packets, long Lost)> Captured() => _reader.Sources
        .GroupBy(static source => source.Name, StringComparer.Ordinal)
        .Select(static rings => (rings.Key, rings.Sum(static ring => Counted(ring, PacketsName) + Counted(ring, MessagesName)), rings.Sum(static ring => Counted(ring, KernelDroppedName))));

    private static long Counted(ILiveSource source, string name) => source.Describe().Where(counter => counter.Name == name).Sum(static counter => counter.Value);

    protected override IEnumerable<Statistic> SourceCounters() =>
        _reader.Sources.SelectMany(static source => source.Describe().Select(counter => Statistic.Of($"source {source.Name}", counter)))
            .GroupBy(static counter => (counter.Area, counter.Name))
            .Select(static rings => new Statistic(rings.Key.Area, rings.Key.Name, rings.Sum(static ring => ring.Value), rings.First().Description))
            .Append(new Statistic(CaptureEngine.LossArea, "kernel", KernelDrops(), "packets the kernel dropped before they could be read"));

    private long KernelDrops() =>
        _reader.Sources.SelectMany(static source => source.Describe()).Where(static counter => counter.Name == KernelDroppedName).Sum(static counter => counter.Value);

    // The sources are open already: what comes meanwhile waits in their rings.
    private void GoOn(CaptureEngine engine)
    {
        try
        {
            if (Resume(engine, _openedAt, _tell) is not { Calls: var calls, Lost: var lost } report || calls + lost == 0) return;
            string how = report.WasStopped ? "of the last run" : "of a run that did not stop in good order";
            _tell(string.Create(CultureInfo.InvariantCulture, $"going on with {calls} calls {how}; {report.Packets} packets read back in {report.Elapsed.TotalSeconds:0.0} s"));
            if (lost > 0) _tell(string.Create(CultureInfo.InvariantCulture, $"{lost} calls cannot be gone on with: their packets are gone, or had not been written"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _tell($"open calls of the last run: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    // Describing hundreds of counters takes a millisecond or two, which the reading thread has not got.
    private Repeated Posting(CaptureEngine engine) => new(TimeSpan.FromSeconds(1), () =>
    {
        Watch.Look(Storage(engine));
        Post(engine);
        _board.Unready = Unready();
    });

    // Anybody may ask: which interface it is stands on standard error.
    private string? Unready() => _reader.Sources.All(static source => source.Fault is not null) ? "No interface can be read." : Watch.Unready ?? _retention.Unready;

    private Repeated Retaining() => new(_settings.Retention.Every, () => _retention.CarryOut(Timestamp.From(DateTimeOffset.UtcNow)));

    // A disk fills in seconds; to look costs a system call.
    private Repeated MakingRoom() => new(TimeSpan.FromSeconds(1), () =>
    {
        _retention.MakeRoom();
        _board.Note = _retention.Note;
    });

    private void Open(Settings settings, List<ILiveSource> sources)
    {
        foreach (string name in settings.Capture.Interfaces.Distinct(StringComparer.Ordinal))
        {
            var options = new InterfaceOptions
            {
                RingBytes = settings.Capture.Ring,
                BlockBytes = settings.Capture.Block,
                SnapLength = settings.Capture.SnapLength,
                IsPromiscuous = settings.Capture.Promiscuous,
                Filter = settings.Capture.Filter,
                WantsAdapterStamps = settings.Capture.Timestamps == StampClock.Adapter,
                OnNotice = notice => _tell($"{name}: {notice}"),
            };
            var set = new InterfaceSetOptions
            {
                Threads = settings.Capture.Threads,
                Mode = settings.Capture.Fanout,
                SignallingRingBytes = settings.Capture.SignallingRing,
            };
            sources.AddRange(InterfaceSet.Open(name, options, set, out string? problem) ?? throw new CommandException($"{name}: {problem} (see cdrengine doctor)"));
        }

        if (settings.Hep.Listen is not { } listen) return;
        var hep = new HepOptions
        {
            Listen = listen,
            AuthKey = settings.Hep.AuthKey,
            MaxSkew = settings.Hep.MaxSkew,
            ReceiveBufferBytes = settings.Hep.ReceiveBuffer,
            MaxConnections = settings.Hep.MaxConnections,
            MaxAgents = settings.Hep.MaxAgents,
        };
        sources.Add(HepSource.Open(hep, out string? fault) ?? throw new CommandException($"hep {listen}: {fault}"));
    }

    /// <summary>Does something again and again on a thread of the pool, never twice at a time.</summary>
    private sealed class Repeated : IDisposable
    {
        private readonly Timer _timer;
        private readonly Lock _busy = new();

        public Repeated(TimeSpan every, Action act) => _timer = new Timer(
            _ =>
            {
                if (!_busy.TryEnter()) return;
                try
                {
                    act();
                }
                finally
                {
                    _busy.Exit();
                }
            },
            null,
            every,
            every);

        public void Dispose()
        {
            using var ended = new ManualResetEvent(false);
            if (_timer.Dispose(ended)) ended.WaitOne();
        }
    }
}
