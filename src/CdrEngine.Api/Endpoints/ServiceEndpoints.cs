using System.Buffers;
using System.Text;
using System.Text.Json;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>The engine about itself: counters, health, the description of the API.</summary>
internal sealed class ServiceEndpoints
{
    /// <summary>A well-formed id that no call has: enough to see whether the store answers.</summary>
    private const string NoCall = "19700101-000000000000000000000000";

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly ApiOptions _options;
    private readonly IStatisticsSource[] _sources;
    private readonly ICallReader _calls;
    private readonly DateTimeOffset _startedAt;
    private readonly long _started;
    private readonly Lock _looking = new();
    private long _lookedAt;
    private bool _looked;
    private string? _unready;

    public ServiceEndpoints(ApiOptions options, ICallReader calls, params IStatisticsSource[] sources)
    {
        _options = options;
        _calls = calls;
        _sources = sources;
        _startedAt = options.Time.GetUtcNow();
        _started = options.Time.GetTimestamp();
    }

    /// <summary>Whose numbers are gauges of <c>metrics</c>.</summary>
    public ILiveCalls Live { get; init; } = NoLive.Instance;

    /// <summary>The OpenAPI document, once it is made.</summary>
    public ReadOnlyMemory<byte> Document { get; set; }

    /// <summary><c>GET stats</c>.</summary>
    public Task StatsAsync(HttpContext context)
    {
        if (Negotiation.Choose(context.Request, CallEndpoints.JsonType) is null) return Negotiation.RefuseAsync(context, CallEndpoints.JsonType);
        var body = new ArrayBufferWriter<byte>(32 * 1024);
        using (var writer = new Utf8JsonWriter(body)) Report().WriteJson(writer);
        return Body.WriteAsync(context, CallEndpoints.JsonType, body.WrittenMemory);
    }

    /// <summary><c>GET /metrics</c>. Whatever Accept says: scrapers ask for forms of which this is the one all of them take.</summary>
    public Task MetricsAsync(HttpContext context) =>
        Body.WriteAsync(context, StatisticsReport.PrometheusType, Encoding.UTF8.GetBytes(Report().Prometheus() + LiveGauges.Prometheus(Live.Totals())));

    /// <summary><c>GET openapi.json</c>.</summary>
    public Task DocumentAsync(HttpContext context) => Body.WriteAsync(context, CallEndpoints.JsonType, Document);

    /// <summary><c>GET /healthz</c>: the process answers.</summary>
    public static Task HealthAsync(HttpContext context) => Body.WriteAsync(context, "text/plain; charset=utf-8", "ok\n"u8.ToArray());

    /// <summary><c>GET /readyz</c>: the store answers too, and what should be captured is. Looked at once a second, since everybody may ask.</summary>
    public Task ReadyAsync(HttpContext context)
    {
        string? reason = Unready() is null ? _options.Unready?.Invoke() : "The store of the records does not answer.";
        return reason is null
            ? Body.WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(string.Concat((_options.ReadyNotes?.Invoke() ?? []).Prepend("ready").Select(static line => line + "\n"))))
            : Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, reason);
    }

    private StatisticsReport Report() => StatisticsReport.Of(_sources, _options.Version, _startedAt, _options.Time.GetElapsedTime(_started));

    private string? Unready()
    {
        // A store that hangs must not take a thread for each who asks: one looks, the others get what was seen last.
        if (!_looking.TryEnter()) return _unready;
        try
        {
            if (_looked && _options.Time.GetElapsedTime(_lookedAt) < BetweenLooks) return _unready;
            _looked = true;
            _lookedAt = _options.Time.GetTimestamp();
            try
            {
                _calls.Get(NoCall);
                if (_unready is not null) _options.OnFault?.Invoke("store: it answers again");
                _unready = null;
            }
            catch (Exception e)
            {
                // Any exception of any store means the same here.
                string fault = e.Message.ReplaceLineEndings(" ");
                if (_unready is null) _options.OnFault?.Invoke($"store: {fault}");
                _unready = fault;
            }

            return _unready;
        }
        finally
        {
            _looking.Exit();
        }
    }
}
