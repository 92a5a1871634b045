using System.Threading.Channels;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Storage;

namespace CdrEngine.Host.Webhooks;

/// <summary>Sends to one endpoint, for as long as it is there and enabled.</summary>
/// <remarks>
/// closed ── <c>circuit.failures</c> failures in a row ──▶ open: nothing is sent for <c>circuit.pause</c>
/// open ── pause over ──▶ one attempt; arrived ──▶ closed, failed ──▶ open for twice as long
/// An event of a thing is sent when the one before it has arrived or was given up.
/// </remarks>
internal sealed class WebhookWorker
{
    private const int Gone = 410;
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(20);

    private readonly string _id;
    private readonly string _owner;
    private readonly WebhookSettings _settings;
    private readonly IWebhookStore _store;
    private readonly WebhookSender _sender;
    private readonly WebhookCounts _counts;
    private readonly Action<string> _tell;
    private readonly TimeProvider _time;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public WebhookWorker(
        string id, string owner, WebhookSettings settings, IWebhookStore store, WebhookSender sender, WebhookCounts counts, Action<string> tell, TimeProvider time, CancellationToken stop)
    {
        _id = id;
        _owner = owner;
        _settings = settings;
        _store = store;
        _sender = sender;
        _counts = counts;
        _tell = tell;
        _time = time;
        Ended = Task.Run(() => RunAsync(stop), CancellationToken.None);
    }

    /// <summary>Completed when it no longer sends.</summary>
    public Task Ended { get; }

    /// <summary>Something new waits.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    private Timestamp Now => Timestamp.From(_time.GetUtcNow());

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                stop.ThrowIfCancellationRequested();
                TimeSpan wait;
                try
                {
                    if (await StepAsync(stop) is not { } pause) return;
                    wait = pause;
                }
                catch (StoreException)
                {
                    _counts.Add(WebhookCounter.StoreFailures);
                    wait = TimeSpan.FromSeconds(1);
                }

                if (wait > TimeSpan.Zero) await PauseAsync(wait, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
        finally
        {
            Release();
        }
    }

    // Whoever comes next need not wait for the lease to be over, as after a crash.
    private void Release()
    {
        try
        {
            _store.Release(_id, _owner);
        }
        catch (StoreException)
        {
            _counts.Add(WebhookCounter.StoreFailures);
        }
    }

    // One round. How long to wait for the next; null where there is nothing more to do for this endpoint.
    private async Task<TimeSpan?> StepAsync(CancellationToken stop)
    {
        Timestamp now = Now;
        if (_store.Find(_id) is not { Endpoint: { IsEnabled: true } endpoint } status) return null;
        if (!_store.Hold(_id, _owner, now, now + Lease + _settings.Timeout)) return LongestWait;
        if (status.Health.OpenUntil is { } until && until > now) return Shorter(until - now);
        bool isProbe = status.Health.Failures >= _settings.CircuitFailures;
        IReadOnlyList<WebhookDelivery> due = _store.Due(_id, now, isProbe ? 1 : _settings.Parallel);
        if (due.Count == 0) return _store.NextDue(_id) is { } next ? Shorter(next - now) : LongestWait;
        WebhookAnswer[] answers = await Task.WhenAll(due.Select(delivery => _sender.SendAsync(endpoint, delivery, stop)));
        Settle(endpoint, status.Health, due, answers);
        return TimeSpan.Zero;
    }

    private static TimeSpan Shorter(TimeSpan wait) => wait < ShortestWait ? ShortestWait : wait < LongestWait ? wait : LongestWait;

    private void Settle(WebhookEndpoint endpoint, WebhookHealth health, IReadOnlyList<WebhookDelivery> due, WebhookAnswer[] answers)
    {
        Timestamp now = Now;
        var outcomes = new List<WebhookOutcome>(due.Count);
        for (int i = 0; i < due.Count; i++)
        {
            WebhookAnswer answer = answers[i];
            int failures = answer.Error is null ? 0 : health.Failures + 1;
            health = new WebhookHealth { Failures = failures, LastAt = now, LastStatus = answer.Status, LastError = answer.Error };
            bool isLast = answer.Error is null || answer.Status == Gone || due[i].Attempts + 1 >= _settings.Attempts;
            outcomes.Add(new WebhookOutcome(due[i].Id, isLast ? null : now + Pause(due[i].Attempts, answer.RetryAfter), answer.Error, answer.Status, now));
            _counts.Add(answer.Error is null ? WebhookCounter.Delivered : isLast ? WebhookCounter.Dead : WebhookCounter.Failed);
        }

        if (health.Failures >= _settings.CircuitFailures)
        {
            _counts.Add(WebhookCounter.CircuitOpened);
            health = health with { OpenUntil = now + Jittered(Doubled(_settings.CircuitPause, health.Failures - _settings.CircuitFailures)) };
        }

        _store.Settle(outcomes);
        if (Array.Exists(answers, static answer => answer.Status == Gone))
        {
            // Whoever answers so wants no more; what waits stays until somebody looks.
            _counts.Add(WebhookCounter.Gone);
            _tell($"webhooks: {endpoint.Id} answered 410 Gone and is switched off");
            _store.Put(endpoint with { IsEnabled = false });
        }

        _store.Note(_id, health);
    }

    private TimeSpan Pause(int attempts, TimeSpan? asked)
    {
        TimeSpan own = Jittered(Doubled(_settings.RetryFirst, attempts));
        TimeSpan other = asked is { } wait ? (wait < _settings.RetryMost ? wait : _settings.RetryMost) : TimeSpan.Zero;
        return own > other ? own : other;
    }

    private TimeSpan Doubled(TimeSpan first, int times)
    {
        double ticks = Math.Min(first.Ticks * Math.Pow(2, Math.Min(times, 60)), _settings.RetryMost.Ticks);
        return TimeSpan.FromTicks((long)ticks);
    }

    // So that endpoints which failed together do not come back together.
    private static TimeSpan Jittered(TimeSpan pause) => pause * (0.5 + (Random.Shared.NextDouble() / 2));

    private async Task PauseAsync(TimeSpan wait, CancellationToken stop)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(stop);
        until.CancelAfter(wait);
        try
        {
            await _wake.Reader.ReadAsync(until.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Nobody called.
        }
    }
}
