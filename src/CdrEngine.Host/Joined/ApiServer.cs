using System.Reflection;
using CdrEngine.Api;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Control;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using CdrEngine.Host.Webhooks;
using CdrEngine.Page;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>The API over the data folder.</summary>
internal sealed class ApiServer : IApiServer
{
    // Threads of the pool that may wait at once for a database before another has to be waited for.
    private const int WaitingThreads = 32;

    private readonly ICallStore _store;
    private readonly ApiHost _api;
    private readonly RecorderShare _recorders;
    private readonly CancellationTokenSource _stop = new();
    private readonly IHeldCalls _holds;
    private Task _sealing = Task.CompletedTask;
    private readonly DeskArchive _desk;
    private readonly IRemarkDatabase _remarks;
    private readonly IReportDatabase _reports;
    private readonly IAlertDatabase _alerts;
    private readonly IWebhookDatabase _webhookStore;
    private readonly WebhookPart? _webhooks;

    /// <summary>Opens the data folder.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="statistics">Counters of the other parts.</param>
    /// <param name="recorders">The recorders of this process; null for its own.</param>
    /// <param name="directory">The directory of this process; null where it has none to show.</param>
    /// <param name="live">The calls in progress of this process; null for none.</param>
    public ApiServer(Settings settings, StatisticsBoard statistics, RecorderShare? recorders = null, DirectoryHolder? directory = null, LiveHub? live = null)
    {
        string data = settings.DataDirectory;
        _recorders = recorders ?? new RecorderShare();
        if (Stores.FilesNote(settings) is { } files) Console.Error.WriteLine($"cdrengine: {files}");
        _store = Stores.Calls(settings, StoreUse.Api);
        _desk = new DeskArchive(settings);
        _remarks = Stores.Remarks(settings);
        _reports = Stores.Reports(settings);
        _alerts = Stores.Alerts(settings);
        _webhookStore = Stores.Webhooks(settings);
        _webhooks = Webhooks(settings, live);
        _holds = Stores.Holds(settings);
        RecorderPart recorder = _recorders.Acquire(settings, RecordingPolicies.Of(settings, directory));
        _api = new ApiHost(
            new ApiOptions
            {
                Listen = settings.Api.Listen,
                AccessFolder = DataFolder.Access(data),
                CallLogFolder = DataFolder.CallLogs(data),
                Auth = settings.Api.Auth,
                Tls = settings.Api.Tls,
                Shares = settings.Api.Share,
                Limits = settings.Api.Limits,
                PageSize = settings.Api.PageSize,
                Rounding = settings.Call.BillsecRounding,
                Version = Version(),
                ReadyNotes = () => [.. new[] { directory?.State(), statistics.Note }.OfType<string>()],
                Unready = () => statistics.Unready,
                OnFault = static fault => Console.Error.WriteLine($"cdrengine: api: {WireText.Escape(fault)}"),
            },
            live is null ? _store : new LiveCallReader(live.Board, _store),
            ShownPackets.Of(_store, settings, live),
            new ApiMedia(_store, recorder.Pool, _store) { Faxes = recorder.Faxes, SessionSounds = recorder.Sessions, Files = recorder.Workshop.Files, Holds = _holds },
            new RecorderStatistics(statistics, recorder, live, _webhooks),
            new ApiDialects(_store, _store, directory is null ? NoDirectory.Instance : new ApiDirectory(directory), RecordingPolicies.Of(settings, directory).MayRecord)
            {
                Control = AmiControl.Of(settings.Control),
                Remarks = _remarks,
                Reports = _reports,
                Mailer = settings.Mail.Host.Length == 0 ? null : new ReportMailer(settings.Mail),
                ReportAge = settings.Reports.Keep,
            },
            live is null ? null : new ApiLive(live.Board, live.Feed),
            new ApiDesk(_desk.Registrations, _desk.RegistrationPackets, _desk.Messages, _desk.MessagePackets))
        {
            Alerts = new ApiAlerts(_alerts, settings.Alerts.Rules) { Acknowledged = live is null ? null : alert => Acknowledged(live, alert) },
            Traffic = _store,
            Webhooks = new ApiWebhooks(_webhookStore, settings.Webhooks.AllowHttp, () => _webhooks?.Changed()),
            Totals = _store as ICallTotals,
            Pages = settings.Page.Enabled ? new PageSite(new PageOptions { SessionIdle = settings.Page.SessionIdle, SessionLife = settings.Page.SessionLife }) : null,
        };
    }

    private WebhookPart? Webhooks(Settings settings, LiveHub? live) => live is null ? null : new WebhookPart(
        settings.Webhooks, _webhookStore, live.Feed, new WebhookSender(settings.Webhooks, Version()), settings.Call.BillsecRounding,
        static notice => Console.Error.WriteLine($"cdrengine: {WireText.Escape(notice)}"), $"{Environment.MachineName}-{Environment.ProcessId}-{Guid.NewGuid():N}");

    // A question holds a thread while another waits for the server, whose driver wants one more where it sends much. The pool begins as many at once as there are processors, two on a small machine, and then one
    // each half second: an answer beside work in the background took seconds. Threads are begun when they are wanted.
    private static void LetThreadsWait()
    {
        ThreadPool.GetMinThreads(out int workers, out int ports);
        if (workers < WaitingThreads) ThreadPool.SetMinThreads(WaitingThreads, ports);
    }

    private static void Acknowledged(LiveHub live, Alert alert) =>
        live.Feed.Tell(new LiveEvent { Kind = LiveEventKind.AlertAcknowledged, At = alert.AcknowledgedAt ?? alert.UpdatedAt, Alert = alert with { IsQuiet = false } });

    /// <inheritdoc />
    public async Task<ApiStart> StartAsync(CancellationToken stop)
    {
        try
        {
            LetThreadsWait();
            ApiStarted started = await _api.StartAsync(stop);
            _webhooks?.Start();
            _sealing = Task.Run(SealAsync, CancellationToken.None);
            return new ApiStart(started.Url, started.NewAdminToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(e.Message.ReplaceLineEndings(" "));
        }
    }

    /// <inheritdoc />
    public Task StopAsync() => _api.StopAsync();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _api.DisposeAsync();
        await _stop.CancelAsync();
        await _sealing;
        _stop.Dispose();
        if (_webhooks is not null) await _webhooks.DisposeAsync();
        _webhookStore.Dispose();
        _alerts.Dispose();
        _recorders.Release();
        _store.Dispose();
        _desk.Dispose();
        _holds.Dispose();
        _remarks.Dispose();
        _reports.Dispose();
    }

    // Days that are over get their further indexes: those there are at the start, and from time to time those that have ended; the day that is written to, the texts of what came.
    private async Task SealAsync()
    {
        using var often = new PeriodicTimer(TimeSpan.FromMinutes(10));
        try
        {
            do
            {
                try
                {
                    // The day before may still get calls that began before midnight.
                    DateOnly over = DateOnly.FromDateTime(DateTime.UtcNow).AddDays(-1);
                    _store.Seal(over, _stop.Token);
                    _desk.SealMessages(over, _stop.Token);

                    // What was written about calls that are gone goes after them.
                    if (_store.Days() is { Count: > 0 } days) _remarks.RemoveBefore(days[0]);
                }
                catch (StoreException e)
                {
                    Console.Error.WriteLine($"cdrengine: indexes of days that are over: {WireText.Escape(e.Message)}");
                }
            }
            while (await often.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    // As the project file has it; what the compiler adds of the source's state is for developers.
    internal static string Version() =>
        typeof(ApiServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>The board, and what the recorders count beside it.</summary>
    private sealed class RecorderStatistics(StatisticsBoard board, RecorderPart recorder, LiveHub? live, WebhookPart? webhooks) : IStatisticsSource
    {
        public IEnumerable<Statistic> Read() =>
            board.Read().Concat(recorder.Statistics()).Concat(live?.Statistics() ?? []).Concat(webhooks?.Statistics() ?? []);
    }
}
