using System.Reflection;
using CdrEngine.Api;
using CdrEngine.Api.Statistics;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;

namespace CdrEngine.Host.Joined;

/// <summary>The API over the data folder.</summary>
internal sealed class ApiServer : IApiServer
{
    private readonly SqliteCallStore _store;
    private readonly ApiHost _api;
    private readonly RecorderShare _recorders;

    /// <summary>Opens the data folder.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="statistics">Counters of the other parts.</param>
    /// <param name="recorders">The recorders of this process; null for its own.</param>
    public ApiServer(Settings settings, StatisticsBoard statistics, RecorderShare? recorders = null)
    {
        string data = settings.DataDirectory;
        _recorders = recorders ?? new RecorderShare();
        _store = SqliteCallStore.Open(DataFolder.Records(data));
        RecorderPart recorder = _recorders.Acquire(settings);
        _api = new ApiHost(
            new ApiOptions
            {
                Listen = settings.Api.Listen,
                AccessFolder = DataFolder.Access(data),
                Auth = settings.Api.Auth,
                PageSize = settings.Api.PageSize,
                Rounding = settings.Call.BillsecRounding,
                Version = Version(),
                Unready = () => statistics.Unready,
                OnFault = static fault => Console.Error.WriteLine($"cdrengine: api: {WireText.Escape(fault)}"),
            },
            _store,
            ShownPackets.Of(_store, settings),
            new ApiMedia(_store, recorder.Pool, _store),
            new RecorderStatistics(statistics, recorder));
    }

    /// <inheritdoc />
    public async Task<ApiStart> StartAsync(CancellationToken stop)
    {
        try
        {
            ApiStarted started = await _api.StartAsync(stop);
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
        _recorders.Release();
        _store.Dispose();
    }

    // As the project file has it; what the compiler adds of the source's state is for developers.
    private static string Version() =>
        typeof(ApiServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>The board, and what the recorders count beside it.</summary>
    private sealed class RecorderStatistics(StatisticsBoard board, RecorderPart recorder) : IStatisticsSource
    {
        public IEnumerable<(string Area, string Name, long Value, string Description)> Read() => board.Read().Concat(recorder.Statistics());
    }
}
