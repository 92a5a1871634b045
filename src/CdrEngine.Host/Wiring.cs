using CdrEngine.Api.Statistics;
using CdrEngine.Host.Configuration;
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

    /// <inheritdoc />
    public IReadOnlyList<string> DemoCaptures => DemoFolder.Captures();

    /// <inheritdoc />
    public IImportRunner Importer(Settings settings) => DataFolder.Open(settings.DataDirectory, () => new ImportRunner(settings, _statistics, _recorders));

    /// <inheritdoc />
    public ILiveRunner Live(Settings settings) => DataFolder.Open(
        settings.DataDirectory,
        () => new LiveRunner(settings, _statistics, _recorders, static notice => Console.Error.WriteLine($"cdrengine: {WireText.Escape(notice)}")));

    /// <inheritdoc />
    public ICallArchive Archive(Settings settings) => DataFolder.Open(settings.DataDirectory, () => new CallArchive(settings));

    /// <inheritdoc />
    public IDeskArchive Desk(Settings settings) => DataFolder.Open(settings.DataDirectory, () => new DeskArchive(settings));

    /// <inheritdoc />
    public IApiServer Server(Settings settings) => DataFolder.Open(settings.DataDirectory, () => new ApiServer(settings, _statistics, _recorders));
}
