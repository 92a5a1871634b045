using System.Net;
using System.Net.Sockets;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Access.Shares;
using CdrEngine.Api.Access.Tls;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Dialects;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Pages;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Sessions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CdrEngine.Api;

/// <summary>What the API needs of media beside the calls.</summary>
/// <param name="Sessions">Media sessions.</param>
/// <param name="Recordings">Recordings, made where they are not there.</param>
/// <param name="States">States of recordings.</param>
public sealed record ApiMedia(IMediaSessionReader Sessions, IRecordings Recordings, IRecordingStore States)
{
    /// <summary>Makes the pages of faxes; null where nobody does.</summary>
    public IFaxMaker? Faxes { get; init; }

    /// <summary>Makes the sound of conversations; null where none is made.</summary>
    public ISessionRecordings? SessionSounds { get; init; }

    /// <summary>Opens the files of sound.</summary>
    public IRecordingReader Files { get; init; } = new PlainRecordingReader();

    /// <summary>Legal holds; null where there are none to be placed.</summary>
    public ILegalHolds? Holds { get; init; }
}

/// <summary>What the API needs to speak the APIs of other telephone systems.</summary>
/// <param name="Calls">Calls by page and by integer id.</param>
/// <param name="Eraser">Deletion.</param>
/// <param name="Directory">Accounts and extensions; <see cref="NoDirectory"/> where there is none.</param>
/// <param name="MakesRecordings">Whether a recording that is not there yet is made when it is asked for, so that calls with sound count as recorded.</param>
public sealed record ApiDialects(ICallPager Calls, ICallEraser Eraser, IApiDirectory Directory, bool MakesRecordings = true)
{
    /// <summary>What acts on the telephone system; null where nothing does.</summary>
    public ICallControl? Control { get; init; }

    /// <summary>Where what clients write about calls is kept; unless set nowhere.</summary>
    public ICallRemarks Remarks { get; init; } = new NoRemarks();

    /// <summary>Reports and their results; null keeps none.</summary>
    public IReportStore? Reports { get; init; }

    /// <summary>Sends reports; null mails nothing.</summary>
    public IReportMailer? Mailer { get; init; }

    /// <summary>How long results of reports are kept. Default 90 days.</summary>
    public TimeSpan ReportAge { get; init; } = TimeSpan.FromDays(90);
}

/// <summary>What the API needs of the live state.</summary>
/// <param name="Calls">The calls in progress.</param>
/// <param name="Feed">What happens to them.</param>
public sealed record ApiLive(ILiveCalls Calls, ILiveFeed Feed);

/// <summary>The REST server: Kestrel with the routes of <c>/api/v1</c> and the health resources. Started once.</summary>
/// <remarks>It sees the rest of the engine only through its ports. It is built without any configuration of its own (files, environment), so that
/// it listens on the address given and on no other.</remarks>
public sealed class ApiHost : IAsyncDisposable
{
    private readonly ApiOptions _options;
    private readonly ICallReader _calls;
    private readonly ICallPackets _packets;
    private readonly IStatisticsSource _statistics;
    private readonly ApiMedia _media;
    private readonly ApiDialects? _dialects;
    private readonly ApiLive _live;
    private readonly ApiDesk? _desk;
    private readonly ApiCounters _counters = new();
    private readonly AuditTrail _trail;
    private readonly CancellationTokenSource _stopping = new();
    private Func<Task>? _work;
    private Task _working = Task.CompletedTask;
    private WebApplication? _server;
    private TlsKeeper? _tls;
    private TokenStore? _tokens;

    /// <summary>Puts it together; nothing is opened yet.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="calls">The records; asked by several threads at once.</param>
    /// <param name="packets">The packets; asked by several threads at once.</param>
    /// <param name="media">Media sessions and recordings; asked by several threads at once.</param>
    /// <param name="statistics">Counters of the other parts.</param>
    /// <param name="dialects">What the dialects need; null to speak none.</param>
    /// <param name="live">The calls in progress; asked by several threads at once. Null where nothing is captured in this process.</param>
    /// <param name="desk">Registrations, messages and peers; null serves none.</param>
    public ApiHost(
        ApiOptions options, ICallReader calls, ICallPackets packets, ApiMedia media, IStatisticsSource statistics, ApiDialects? dialects = null,
        ApiLive? live = null, ApiDesk? desk = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PageSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.PageSize, CallQuery.MaxLimit);
        _options = options;
        _trail = new AuditTrail(options.AccessFolder, options.Time, options.Limits.AuditFileBytes);
        _calls = calls;
        _packets = packets;
        _media = media;
        _statistics = statistics;
        _dialects = dialects;
        _live = live ?? new ApiLive(NoLive.Instance, NoLive.Instance);
        _desk = desk;
    }

    /// <summary>Where what requests do is noted.</summary>
    public AuditTrail Audit => _trail;

    /// <summary>Alerts; null serves none.</summary>
    public ApiAlerts? Alerts { get; init; }

    /// <summary>Webhooks; null serves none.</summary>
    public ApiWebhooks? Webhooks { get; init; }

    /// <summary>Figures of stored calls by hour; null serves none.</summary>
    public ITrafficReader? Traffic { get; init; }

    /// <summary>Adds up calls; null where nothing does, and then there is no such resource.</summary>
    public ICallTotals? Totals { get; init; }

    /// <summary>Pages for people on the same listener; null for none.</summary>
    public ApiPages? Pages { get; init; }

    /// <summary>The API's own counters.</summary>
    internal ApiCounters Counters => _counters;

    /// <summary>Opens the tokens (the very first start makes one) and listens.</summary>
    /// <exception cref="IOException">The address cannot be used, or the access folder, or the certificate; the message is one line that says which and why.</exception>
    public async Task<ApiStarted> StartAsync(CancellationToken stop = default)
    {
        if (_server is not null) throw new InvalidOperationException("an ApiHost starts once");
        if (_options.Tls is { } options) _tls = new TlsKeeper(options, _options.Time, _options.OnFault);
        else if (!IPAddress.IsLoopback(_options.Listen.Address)) _options.OnFault?.Invoke($"warning: {_options.Listen} is not of this machine only and there is no TLS: tokens and voices cross the network in clear. Set api.tls.certificate, or let a proxy with TLS stand before it");
        TokenStore.MakeFolder(_options.AccessFolder);
        TokenStore? tokens = _options.Auth ? TokenStore.OpenServing(_options.AccessFolder, _options.Time) : null;
        _tokens = tokens;
        if (tokens is { IsUnread: true }) _options.OnFault?.Invoke($"tokens: {tokens.Fault}. Until then the API lets nobody in; everything else goes on");
        WebApplication server = Build(tokens);
        try
        {
            await server.StartAsync(stop);
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            await server.DisposeAsync();
            string reason = (e.InnerException?.InnerException ?? e.InnerException ?? e).Message.ReplaceLineEndings(" ");
            throw new IOException($"cannot listen on {_options.Listen}: {reason}", e);
        }

        _server = server;
        if (_work is { } work) _working = Task.Run(work, CancellationToken.None);

        // Only once it listens: a start that fails must not swallow the one chance to see the token.
        string? token = tokens?.EnsureAdmin();
        return new ApiStarted(server.Urls.First().TrimEnd('/'), token);
    }

    /// <summary>Stops listening and gives requests under way a few seconds to end. Harmless before a start and a second time.</summary>
    public async Task StopAsync()
    {
        // Streams of events have no end of their own.
        await _stopping.CancelAsync();
        if (_server is { } server) await server.StopAsync();
        await _working;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_stopping.IsCancellationRequested) await _stopping.CancelAsync();
        if (_server is { } server) await server.DisposeAsync();
        _server = null;
        await _working;
        _stopping.Dispose();
    }

    private WebApplication Build(TokenStore? tokens)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(ApiHost).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(Configure);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));

        // The program listens to the signals, and says when to stop.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        WebApplication app = builder.Build();
        Map(app, tokens);
        return app;
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Listen(_options.Listen, Open);

        // Most requests have no body and short lines; what is longer is no client of ours. The rates keep a slow client from holding a place for ever.
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = _options.Limits.Connections;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.MaxRequestBodySize = Math.Min(16 * 1024, _options.Limits.RequestBodyBytes);
        limits.MaxRequestBufferSize = Math.Max(limits.MaxRequestBufferSize ?? 0, Math.Max(_options.Limits.RequestLineBytes, _options.Limits.HeaderBytes));
        limits.MaxRequestLineSize = _options.Limits.RequestLineBytes;
        limits.MaxRequestHeaderCount = _options.Limits.HeaderCount;
        limits.MaxRequestHeadersTotalSize = _options.Limits.HeaderBytes;
        limits.RequestHeadersTimeout = _options.Limits.HeadersTimeout;
        limits.KeepAliveTimeout = _options.Limits.KeepAlive;
        var slowest = new MinDataRate(_options.Limits.LeastBytesPerSecond, gracePeriod: TimeSpan.FromSeconds(10));
        limits.MinResponseDataRate = slowest;
        limits.MinRequestBodyDataRate = slowest;
    }

    private void Open(ListenOptions listen)
    {
        var door = new Door(_options, _counters);
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(next => connection => door.CountAsync(connection, next));
        if (_tls is not { } tls) return;
        listen.Use(next => connection => door.SortAsync(connection, next, _options.Tls!.PlainHttp));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = _options.Limits.HeadersTimeout,
            OnConnection = _ => ValueTask.FromResult(tls.Handshake()),
        });
    }

    // What everybody may read: when the certificate ends is seen in it anyway.
    private IReadOnlyList<string> Notes() => [.. _options.ReadyNotes?.Invoke() ?? [], .. _tls?.Notices() ?? [], .. _tokens?.LookIsUnread() == true ? ["tokens.json cannot be read: the API lets nobody in"] : (string[])[]];

    private void Map(WebApplication app, TokenStore? tokens)
    {
        var dialects = new DialectMap(_dialects is null ? [] : DialectTable.All());
        var pipeline = new ApiPipeline(_options, _counters, path => dialects.Of(path) ?? Pages?.FormOf(path));
        var audit = new RequestAudit(_trail, _options, _counters);
        var gate = new AccessGate(_options, tokens, _counters, audit) { SignedIn = Pages is null ? null : Pages.SignedIn };
        var calls = new CallEndpoints(_calls, _options, _counters) { Holds = _media.Holds };
        var downloads = new Downloads(_packets, audit, _options, _counters);
        var packets = new PacketEndpoints(calls, downloads, _options);
        var media = new MediaEndpoints(_calls, _media.Sessions, downloads, _options, _counters);
        var faxes = new FaxEndpoints(calls, _media.Faxes, downloads);
        var recordings = new RecordingEndpoints(calls, _media, downloads, _options, _counters);
        var archive = new SessionArchive(_calls);
        var sessions = new SessionEndpoints(archive, _media, downloads, _options, _counters);
        var service = new ServiceEndpoints(_options with { ReadyNotes = Notes }, _calls, _counters, _statistics) { Live = _live.Calls };
        var live = new LiveEndpoints(_live.Calls, _options, _counters);
        var events = new EventEndpoints(_live.Feed, _options, _stopping.Token);
        ShareStore? shares = _options.Shares.Enabled ? new ShareStore(_options.AccessFolder, _options.Time, _options.Shares.Most) : null;
        IReadOnlyList<ApiRoute> routes = [
            .. ApiRoutes.All(calls, packets, media, recordings, faxes, sessions, service), .. LiveRoutes.All(live, events),
            .. AccessRoutes.All(new AuditEndpoints(new AuditReader(_options.AccessFolder), _options, _counters), shares is null ? null : new ShareEndpoints(shares, _calls, audit, _options)),
            .. _media.Holds is { } holds ? new HoldEndpoints(holds, _calls, archive, audit, _options).Routes() : [],
        ];
        if (Totals is { } totals) routes = [.. routes, .. new TotalsEndpoints(totals, _options, _counters).Routes];
        if (_desk is { } desk)
        {
            var registrationDownloads = new Downloads(desk.RegistrationPackets, audit, _options, _counters);
            var messageDownloads = new Downloads(desk.MessagePackets, audit, _options, _counters);
            routes = [.. routes, .. DeskRoutes.All(new DeskEndpoints(desk, _calls, registrationDownloads, messageDownloads, _options, _counters))];
        }

        if (Alerts is { } alerts) routes = [.. routes, .. AlertRoutes.Alerts(new AlertEndpoints(alerts, _calls, audit, _options, _counters))];
        if (Webhooks is { } webhooks) routes = [.. routes, .. AlertRoutes.Webhooks(new WebhookEndpoints(webhooks, audit, _options))];
        if (Traffic is { } traffic) routes = [.. routes, FigureEndpoints.Route(new FigureEndpoints(traffic, _calls, _desk?.Registrations, _options, _counters))];
        service.Document = ApiDocument.Make(routes, _options);

        app.Use((HttpContext context, RequestDelegate next) => pipeline.RunAsync(context, next));
        app.UseRouting();
        app.Use((HttpContext context, RequestDelegate next) => gate.PassAsync(context, next));
        foreach (ApiRoute route in routes)
        {
            IEndpointConventionBuilder endpoint = app
                .MapMethods(route.Pattern, HttpMethods.IsGet(route.Method) ? [HttpMethods.Get, HttpMethods.Head] : [route.Method], ApiRoutes.Checked(route, _options.Limits.ParameterLength))
                .WithDisplayName(route.OperationId);
            if (route.Scope is { } scope) endpoint.WithMetadata(new RequiredScope(scope));
        }

        Pages?.Map(app, new PageDesk
        {
            Alerts = Alerts,
            Traffic = Traffic,
            Options = _options,
            Tokens = tokens,
            Gate = gate,
            Audit = audit,
            Counters = _counters,
            Calls = _calls,
            Downloads = downloads,
            Media = _media,
            Sessions = archive,
            Live = _live,
            Outside = _desk,
            Remarks = _dialects?.Remarks ?? new NoRemarks(),
            Statistics = _statistics,
            Totals = Totals,
            Stopping = _stopping.Token,
        });
        if (shares is not null) new SharePages(shares, _calls, recordings, packets, audit, _options, _counters).Map(app);
        if (_dialects is null) return;
        var dialectDesk = new DialectDesk
        {
            Options = _options,
            Calls = _dialects.Calls,
            Reader = _calls,
            Eraser = _dialects.Eraser,
            Remarks = _dialects.Remarks,
            Media = _media,
            Directory = _dialects.Directory,
            Reports = _dialects.Reports,
            Mailer = _dialects.Mailer,
            ReportAge = _dialects.ReportAge,
            Live = _live.Calls,
            Outside = _desk,
            Control = _dialects.Control,
            Sessions = archive,
            MakesRecordings = _dialects.MakesRecordings,
            Recordings = recordings,
            Packets = packets,
            MediaCuts = media,
            Audit = audit,
            Lists = new Seats(_options.Limits.Lists, _options.Limits.LongestWait, _counters),
            Tokens = tokens,
            Gate = gate,
        };
        dialects.Map(app, dialectDesk);
        _work = () => dialects.WorkAsync(dialectDesk, _stopping.Token);
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
