using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host;

/// <summary>The one place where the parts of the engine are joined.</summary>
internal sealed class Wiring : IParts
{
    /// <inheritdoc />
    public IReadOnlyList<string> DemoCaptures => throw Absent("demo captures");

    /// <inheritdoc />
    public IImportRunner Importer(Settings settings) => throw Absent("importer");

    /// <inheritdoc />
    public ICallArchive Archive(Settings settings) => throw Absent("archive");

    /// <inheritdoc />
    public IApiServer Server(Settings settings) => throw Absent("server");

    private static CommandException Absent(string part) => new($"this build has no {part}");
}
