using System.Threading.Channels;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Configuration;
using CdrEngine.Storage;

namespace CdrEngine.Host.Alerts;

/// <summary>Holds the rules against what is captured live, on a thread of its own: whoever tells it something never waits.</summary>
/// <remarks>What cannot be written to the store waits in memory, one state of each alert, and is written when the store is back; what the evaluation goes on with
/// is written down from time to time and at the end.</remarks>
internal sealed class AlertPart : IDisposable
{
    private const int QueuedFacts = 200_000;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenStates = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenPurges = TimeSpan.FromHours(1);
    private static readonly TimeSpan BetweenCounts = TimeSpan.FromSeconds(10);

    private readonly AlertSettings _settings;
    private readonly IAlertStore _store;
    private readonly LiveHub? _live;
    private readonly AlertMailer? _mail;
    private readonly Action<string> _tell;
    private readonly TimeProvider _time;
    private readonly AlertEvaluator _evaluator;
    private readonly FactOrder _order = new();
    private readonly Channel<AlertFact> _facts = Channel.CreateBounded<AlertFact>(new BoundedChannelOptions(QueuedFacts) { SingleReader = true });
    private readonly Dictionary<string, Alert> _unwritten = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (long Packets, long Lost)> _captured = new(StringComparer.Ordinal);
    private readonly HashSet<(AlertScope Scope, string? Tenant, string? Trunk)> _loads = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly AlertScope[] _loadScopes;
    private readonly Task _work;
    private long _dropped;
    private long _storeFailures;
    private string? _fault;
    private Timestamp _savedAt = Timestamp.MinValue;
    private Timestamp _purgedAt = Timestamp.MinValue;
    private Timestamp _countedAt = Timestamp.MinValue;

    /// <summary>Goes on with what the store says, and begins.</summary>
    /// <param name="settings">Rules and bounds.</param>
    /// <param name="store">Where alerts are kept; its owner disposes of it after this.</param>
    /// <param name="live">Whom news are told, and which calls go on; null for nobody and none.</param>
    /// <param name="mail">Sends mail; null sends none.</param>
    /// <param name="tell">Is told one line of a store that fails, and one of its end.</param>
    /// <param name="time">Clock.</param>
    public AlertPart(AlertSettings settings, IAlertStore store, LiveHub? live, AlertMailer? mail, Action<string> tell, TimeProvider? time = null)
    {
        _settings = settings;
        _store = store;
        _live = live;
        _mail = mail;
        _tell = tell;
        _time = time ?? TimeProvider.System;
        _evaluator = new AlertEvaluator(settings.Rules, new AlertLimits { Groups = settings.Groups });
        _loadScopes = [.. _evaluator.Rules.Where(static rule => rule.Kind == AlertKind.ConcurrentCalls).Select(static rule => rule.By).Distinct()];
        _work = Task.Run(WorkAsync);
    }

    /// <summary>Says what each source captured and lost so far; null where nothing is.</summary>
    public Func<IEnumerable<(string Source, long Packets, long Lost)>>? Captured { get; set; }

    /// <summary>Why alerts cannot be kept now; null where they can.</summary>
    public string? Fault => Volatile.Read(ref _fault);

    /// <summary>A call has a final record. Any thread.</summary>
    public void Take(CallRecord record) => Take(CallOver.Of(record));

    /// <summary>Something happened outside calls. Any thread.</summary>
    public void Take(DeskChanges changes)
    {
        foreach (StoredRegistration stored in changes.Registrations)
        {
            foreach (RegistrationEvent happened in stored.Events) Take(RegistrationFact.Of(stored.Record, happened));
        }
    }

    /// <summary>Takes a fact; never waits. Any thread.</summary>
    public void Take(AlertFact fact)
    {
        if (!_facts.Writer.TryWrite(fact)) Interlocked.Increment(ref _dropped);
    }

    /// <summary>Every counter, for <c>stats</c>.</summary>
    public IEnumerable<Statistic> Statistics() =>
    [
        .. _evaluator.Counters.Statistics("alerts"),
        new("alerts", "dropped", Interlocked.Read(ref _dropped), "facts that no rule saw because the evaluation was too far behind"),
        new("alerts", "store_failures", Interlocked.Read(ref _storeFailures), "times alerts could not be written; they are kept in memory meanwhile"),
        .. _mail?.Statistics() ?? [],
    ];

    /// <summary>Counts what waits, writes down what is known, and ends.</summary>
    public void Dispose()
    {
        if (_stop.IsCancellationRequested) return;
        _stop.Cancel();
        _work.GetAwaiter().GetResult();
        _mail?.Dispose();
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        var changes = new List<AlertChange>();
        while (!Begin(changes))
        {
            if (await PauseAsync().ConfigureAwait(false)) return;
        }

        bool stopped = false;
        while (!stopped)
        {
            stopped = await PauseAsync().ConfigureAwait(false);
            Timestamp now = Timestamp.From(_time.GetUtcNow());
            await SampleAsync(now).ConfigureAwait(false);
            while (_facts.Reader.TryRead(out AlertFact? fact))
            {
                if (_order.Add(fact) is { } early) _evaluator.Take(early, changes);
            }

            // At the end nothing else comes: what is there counts.
            Timestamp settled = stopped ? now : now - _settings.Settle;
            while (_order.TryTake(settled, out AlertFact next)) _evaluator.Take(next, changes);
            _evaluator.Advance(settled, changes);
            Carry(changes, now);
            Keep(now, stopped);
        }
    }

    // Where the store cannot be read, what it would say is waited for: an evaluation begun without it would raise again what goes on.
    private bool Begin(List<AlertChange> changes)
    {
        try
        {
            byte[] state = _store.LoadState();
            if (!_evaluator.Restore(state, _store.Open(), changes)) _tell("alerts: what the rules knew of the last run cannot be read; they begin anew");
            Mended();
            return true;
        }
        catch (StoreException e)
        {
            Failed(e);
            return false;
        }
    }

    private async Task<bool> PauseAsync()
    {
        try
        {
            await Task.Delay(Tick, _time, _stop.Token).ConfigureAwait(false);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    private void Carry(List<AlertChange> changes, Timestamp now)
    {
        var told = new List<AlertChange>();
        foreach (AlertChange change in changes)
        {
            _unwritten[change.Alert.Id] = change.Alert;
            if (change.Step == AlertStep.Updated) continue;
            Alert alert = change.Alert;
            if (change.Step != AlertStep.Raised && Acknowledged(alert.Id) is { } known)
            {
                alert = alert with { AcknowledgedAt = known.AcknowledgedAt, AcknowledgedBy = known.AcknowledgedBy, Note = known.Note };

                // Whoever has taken it need not be told again.
                if (change.Step == AlertStep.Reminded) continue;
            }

            told.Add(change with { Alert = alert });
        }

        changes.Clear();
        Write();

        // Whoever is told may look it up.
        foreach (AlertChange change in told)
        {
            _live?.Feed.Tell(new LiveEvent { Kind = KindOf(change.Step), At = change.At, Alert = change.Alert });
            if (!change.Alert.IsQuiet) _mail?.Take(change, now);
        }
    }

    private void Write()
    {
        if (_unwritten.Count == 0) return;
        try
        {
            _store.Write([.. _unwritten.Values]);
            _unwritten.Clear();
            Mended();
        }
        catch (StoreException e)
        {
            Failed(e);
        }
    }

    private Alert? Acknowledged(string id)
    {
        try
        {
            return _store.Find(id) is { AcknowledgedAt: not null } alert ? alert : null;
        }
        catch (StoreException)
        {
            return null;
        }
    }

    private static LiveEventKind KindOf(AlertStep step) => step switch
    {
        AlertStep.Raised => LiveEventKind.AlertRaised,
        AlertStep.Reminded => LiveEventKind.AlertReminded,
        _ => LiveEventKind.AlertCleared,
    };

    private void Keep(Timestamp now, bool isLast)
    {
        try
        {
            if (isLast || now - _savedAt >= BetweenStates)
            {
                // Nothing learnt is nothing to keep: a data folder without rules that apply stays as it is.
                if (_evaluator.Counters[AlertCounter.Facts] > 0) _store.SaveState(_evaluator.Save());
                _savedAt = now;
            }

            if (now - _purgedAt < BetweenPurges) return;
            _purgedAt = now;
            _store.Purge(now - _settings.Keep);
        }
        catch (StoreException e)
        {
            Failed(e);
        }
    }

    private void Failed(StoreException e)
    {
        Interlocked.Increment(ref _storeFailures);
        if (Interlocked.Exchange(ref _fault, e.Message) is null) _tell($"alerts cannot be kept: {e.Message}");
    }

    private void Mended()
    {
        if (Interlocked.Exchange(ref _fault, null) is not null) _tell("alerts can be kept again");
    }

    private async Task SampleAsync(Timestamp now)
    {
        foreach ((string source, long packets, long lost) in Captured?.Invoke() ?? [])
        {
            (long knownPackets, long knownLost) = _captured.GetValueOrDefault(source);
            _captured[source] = (packets, lost);
            if (packets > knownPackets || lost > knownLost) Take(new CaptureFact(now, source, Math.Max(0, packets - knownPackets), Math.Max(0, lost - knownLost)));
        }

        if (_live is null || _loadScopes.Length == 0) return;
        if (_loadScopes.Contains(AlertScope.None)) Take(new CallLoad(now, null, null, _live.Board.Totals().Calls, AlertScope.None));
        if (_loadScopes.All(static scope => scope == AlertScope.None) || now - _countedAt < BetweenCounts) return;
        _countedAt = now;
        try
        {
            Count(now, await _live.Board.CountAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    private void Count(Timestamp now, IReadOnlyDictionary<(string? Tenant, string? Trunk), int> counts)
    {
        foreach (AlertScope scope in _loadScopes.Where(static scope => scope != AlertScope.None))
        {
            var grouped = counts
                .GroupBy(pair => (Tenant: scope.HasFlag(AlertScope.Tenant) ? pair.Key.Tenant : null, Trunk: scope.HasFlag(AlertScope.Trunk) ? pair.Key.Trunk : null))
                .ToDictionary(static group => group.Key, static group => (long)group.Sum(static pair => pair.Value));
            foreach (var gone in _loads.Where(load => load.Scope == scope && !grouped.ContainsKey((load.Tenant, load.Trunk))).ToArray())
            {
                _loads.Remove(gone);
                Take(new CallLoad(now, gone.Tenant, gone.Trunk, 0, scope));
            }

            foreach (((string? tenant, string? trunk), long calls) in grouped)
            {
                _loads.Add((scope, tenant, trunk));
                Take(new CallLoad(now, tenant, trunk, calls, scope));
            }
        }
    }
}
