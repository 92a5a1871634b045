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

    public ApiServer(Settings settings, StatisticsBoard statistics)
    {
        string data = settings.DataDirectory;
        _store = SqliteCallStore.Open(DataFolder.Records(data));
        _api = new ApiHost(
            new ApiOptions
            {
                Listen = settings.Api.Listen,
                AccessFolder = DataFolder.Access(data),
                Auth = settings.Api.Auth,
                PageSize = settings.Api.PageSize,
                Rounding = settings.Call.BillsecRounding,
                Version = Version(),
                OnFault = static fault => Console.Error.WriteLine($"cdrengine: api: {WireText.Escape(fault)}"),
            },
            _store,
            new StoredCallPackets(_store, DataFolder.Packets(data)),
            statistics);
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
        _store.Dispose();
    }

    // As the project file has it; what the compiler adds of the source's state is for developers.
    private static string Version() =>
        typeof(ApiServer).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
