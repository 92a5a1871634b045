using CdrEngine.Api.Statistics;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Alerts;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host;

/// <summary>The one place where the parts of the engine are joined.</summary>
internal sealed class Wiring : IParts
{
    // What an import counts is read by the API of the same process.
    private readonly StatisticsBoard _statistics = new();
    private readonly RecorderShare _recorders = new();
    private readonly DirectoryShare _directories = new();
    private readonly Lock _lock = new();
    private LiveHub? _live;

    /// <inheritdoc />
    public IReadOnlyList<string> DemoCaptures => DemoFolder.Captures();

    /// <inheritdoc />
    public string DemoDirectory => DemoFolder.Directory();

    /// <inheritdoc />
    public IImportRunner Importer(Settings settings) =>
        DataFolder.Open(settings.DataDirectory, () => new ImportRunner(settings, _statistics, _recorders, _directories.Of(settings, Tell), _live, Tell));

    /// <inheritdoc />
    public ILiveRunner Live(Settings settings) =>
        DataFolder.Open(
            settings.DataDirectory, () => new LiveRunner(settings, _statistics, _recorders, Tell, _directories.Watched(settings, Tell), LiveOf(settings)));

    /// <inheritdoc />
    public ICallArchive Archive(Settings settings) => DataFolder.Open(settings.DataDirectory, () => new CallArchive(settings));

    /// <inheritdoc />
    public IDeskArchive Desk(Settings settings) => DataFolder.Open(settings.DataDirectory, () => new DeskArchive(settings));

    /// <inheritdoc />
    public IAlertArchive Alerts(Settings settings) => DataFolder.Open(settings.DataDirectory, () => new AlertArchive(settings));

    /// <inheritdoc />
    public IApiServer Server(Settings settings) =>
        DataFolder.Open(
            settings.DataDirectory, () => new ApiServer(settings, _statistics, _recorders, _directories.Watched(settings, Tell), LiveOf(settings)));

    // An import that nobody can look at has no live state: it is made with the server.
    private LiveHub LiveOf(Settings settings)
    {
        lock (_lock) return _live ??= new LiveHub(EngineSetup.Live(settings.Live));
    }

    private static void Tell(string notice) => Console.Error.WriteLine($"cdrengine: {WireText.Escape(notice)}");
}
