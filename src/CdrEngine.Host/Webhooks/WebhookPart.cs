using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Storage;

namespace CdrEngine.Host.Webhooks;

/// <summary>Sends events to endpoints: one pump puts them in line on disk, one worker for each endpoint sends them.</summary>
/// <remarks>The pump is one more reader of the feed, which waits for nobody: where it is too slow, events are missed and counted, and no call is. Each endpoint is
/// served by one process at a time, whoever holds it in the store.</remarks>
internal sealed class WebhookPart : IAsyncDisposable
{
    private const int Batch = 500;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StorePause = TimeSpan.FromSeconds(1);

    private readonly WebhookSettings _settings;
    private readonly IWebhookStore _store;
    private readonly ILiveFeed _feed;
    private readonly BillsecRounding _rounding;
    private readonly Action<string> _tell;
    private readonly TimeProvider _time;
    private readonly WebhookSender _sender;
    private readonly string _owner;
    private readonly WebhookCounts _counts = new();
    private readonly ConcurrentDictionary<string, WebhookWorker> _workers = new(StringComparer.Ordinal);
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private Task _pump = Task.CompletedTask;
    private Task<bool>? _more;
    private long _last;
    private string? _fault;
    private Timestamp _purgedAt = Timestamp.MinValue;

    /// <summary>Puts it together; nothing is sent yet.</summary>
    public WebhookPart(WebhookSettings settings, IWebhookStore store, ILiveFeed feed, WebhookSender sender, BillsecRounding rounding, Action<string> tell, string owner, TimeProvider? time = null)
    {
        _settings = settings;
        _store = store;
        _feed = feed;
        _sender = sender;
        _rounding = rounding;
        _tell = tell;
        _owner = owner;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Begins.</summary>
    public void Start() => _pump = Task.Run(PumpAsync);

    /// <summary>Endpoints or what waits for them changed: looks at once.</summary>
    public void Changed()
    {
        _changed.Writer.TryWrite(true);
        foreach (WebhookWorker worker in _workers.Values) worker.Wake();
    }

    public IEnumerable<Statistic> Statistics() => _counts.Statistics("webhooks");

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _pump;
        await Task.WhenAll(_workers.Values.Select(static worker => worker.Ended));
        _sender.Dispose();
        _stop.Dispose();
    }

    private async Task PumpAsync()
    {
        ILiveSubscription? subscription = null;
        bool isLaid = false;
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    if (!isLaid) LaySettings();
                    isLaid = true;
                    WebhookEndpoint[] endpoints = [.. _store.Endpoints().Select(static status => status.Endpoint).Where(static endpoint => endpoint.IsEnabled)];
                    Mended();
                    Serve(endpoints);
                    Purge();
                    if (endpoints.Length == 0)
                    {
                        // The feed makes events only while somebody listens.
                        subscription?.Dispose();
                        subscription = null;
                        await WaitAsync(null);
                        continue;
                    }

                    subscription ??= Subscribe();
                    if (subscription is null) await WaitAsync(null);
                    else if (!await TakeAsync(subscription, endpoints))
                    {
                        _counts.Add(WebhookCounter.Missed);
                        subscription.Dispose();
                        subscription = null;
                    }
                }
                catch (StoreException e)
                {
                    Failed(e);
                    await Task.Delay(StorePause, _time, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
        finally
        {
            subscription?.Dispose();
        }
    }

    // Endpoints of the settings are kept with the others, so that what waits for them outlives a stop; those that stand there no more go.
    private void LaySettings()
    {
        foreach (WebhookStatus known in _store.Endpoints())
        {
            if (known.Endpoint.IsFromSettings && !_settings.Endpoints.Any(endpoint => endpoint.Id == known.Endpoint.Id)) _store.Remove(known.Endpoint.Id);
        }

        Timestamp now = Now;
        foreach (WebhookEndpoint endpoint in _settings.Endpoints)
        {
            if (!_store.Put(endpoint with { CreatedAt = _store.Find(endpoint.Id)?.Endpoint.CreatedAt ?? now })) _tell($"webhooks: there is no room for the endpoint {endpoint.Id}");
        }
    }

    private void Serve(WebhookEndpoint[] endpoints)
    {
        foreach (WebhookEndpoint endpoint in endpoints)
        {
            if (_workers.TryGetValue(endpoint.Id, out WebhookWorker? worker) && !worker.Ended.IsCompleted) continue;
            _workers[endpoint.Id] = new WebhookWorker(endpoint.Id, _owner, _settings, _store, _sender, _counts, _tell, _time, _stop.Token);
        }

        foreach ((string id, WebhookWorker worker) in _workers)
        {
            if (worker.Ended.IsCompleted) _workers.TryRemove(id, out _);
        }
    }

    private ILiveSubscription? Subscribe()
    {
        _more = null;
        ILiveSubscription? subscription = _feed.Subscribe(new LiveFilter { Capacity = 65_536, After = _last == 0 ? null : _last });
        if (subscription is { HasMissed: true }) _counts.Add(WebhookCounter.Missed);
        return subscription;
    }

    // True where the subscription still holds. The endpoints are looked at again after each few seconds.
    private async Task<bool> TakeAsync(ILiveSubscription subscription, WebhookEndpoint[] endpoints)
    {
        Timestamp until = Now + Look;
        while (Now < until)
        {
            // One question at a time: a quiet night must not leave one for each look.
            Task<bool> more = _more ??= subscription.Events.WaitToReadAsync(_stop.Token).AsTask();
            if (!await WaitAsync(more)) return true;
            _more = null;
            if (!await more) return false;
            var deliveries = new List<WebhookDelivery>();
            while (deliveries.Count < Batch && subscription.Events.TryRead(out LiveEvent? what))
            {
                Add(deliveries, what, endpoints);
                _last = Math.Max(_last, what.Id);
            }

            if (deliveries.Count == 0) continue;
            await QueueAsync(deliveries);
        }

        return true;
    }

    // What the store does not take now is held on to until it does; meanwhile the subscription fills.
    private async Task QueueAsync(List<WebhookDelivery> deliveries)
    {
        while (true)
        {
            try
            {
                int dropped = _store.Add(deliveries);
                Mended();
                _counts.Add(WebhookCounter.Queued, deliveries.Count - dropped);
                if (dropped > 0) _counts.Add(WebhookCounter.Dropped, dropped);
                foreach (string id in deliveries.Select(static delivery => delivery.Endpoint).Distinct(StringComparer.Ordinal))
                {
                    if (_workers.TryGetValue(id, out WebhookWorker? worker)) worker.Wake();
                }

                return;
            }
            catch (StoreException e)
            {
                Failed(e);
                await Task.Delay(StorePause, _time, _stop.Token);
            }
        }
    }

    private void Add(List<WebhookDelivery> deliveries, LiveEvent what, WebhookEndpoint[] endpoints)
    {
        // In quiet times nobody is told; what still goes on when they are over is told then.
        if (what.Alert is { IsQuiet: true }) return;
        string name = LiveEventNames.Of(what.Kind);
        byte[]? body = null;
        foreach (WebhookEndpoint endpoint in endpoints)
        {
            if (!endpoint.Wants(name) || (endpoint.Tenant is { } tenant && what.Tenant != tenant)) continue;
            deliveries.Add(new WebhookDelivery { Endpoint = endpoint.Id, Thing = ThingOf(what), Event = name, CreatedAt = Now, Body = body ??= BodyOf(what) });
        }
    }

    private static string ThingOf(LiveEvent what) => what.Alert?.Id ?? what.Call?.Record.Id ?? what.Registration?.Id ?? what.Message?.Id ?? what.Peer?.Id ?? "";

    private byte[] BodyOf(LiveEvent what)
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text)) LiveCallJson.Write(what, writer, _rounding);
        return text.ToArray();
    }

    // True where there is something to read; false after a while, or because something changed.
    private async Task<bool> WaitAsync(Task<bool>? more)
    {
        using var look = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task changed = _changed.Reader.WaitToReadAsync(look.Token).AsTask(), pause = Task.Delay(Look, _time, look.Token);
        Task first = more is null ? await Task.WhenAny(changed, pause) : await Task.WhenAny(more, changed, pause);
        await look.CancelAsync();
        _stop.Token.ThrowIfCancellationRequested();
        _changed.Reader.TryRead(out _);
        return first == more;
    }

    private void Purge()
    {
        Timestamp now = Now;
        if (now - _purgedAt < TimeSpan.FromHours(1)) return;
        _purgedAt = now;
        _store.Purge(now - _settings.KeepDeadLetters);
    }

    private Timestamp Now => Timestamp.From(_time.GetUtcNow());

    private void Failed(StoreException e)
    {
        _counts.Add(WebhookCounter.StoreFailures);
        if (Interlocked.Exchange(ref _fault, e.Message) is null) _tell($"webhooks: {e.Message}");
    }

    private void Mended()
    {
        if (Interlocked.Exchange(ref _fault, null) is not null) _tell("webhooks: the store is back");
    }
}

/// <summary>Counters that several threads count.</summary>
internal sealed class WebhookCounts
{
    private readonly Counters<WebhookCounter> _counters = new();
    private readonly Lock _lock = new();

    public long this[WebhookCounter counter] => _counters[counter];

    public void Add(WebhookCounter counter, long amount = 1)
    {
        lock (_lock) _counters.Add(counter, amount);
    }

    public IEnumerable<Statistic> Statistics(string area) => [.. _counters.Statistics(area)];
}
