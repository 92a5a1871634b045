using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>Everything that stands on a page of record.</summary>
internal sealed record SuiteOutcome
{
    /// <summary>Loads with what each tool did.</summary>
    public required IReadOnlyList<LoadResult> Loads { get; init; }

    /// <summary>Our program over a capture of one call; null where ours was not measured.</summary>
    public ToolResult? Start { get; init; }

    /// <summary>Share of libmp3lame in what MP3 adds; null where it was not measured.</summary>
    public double? EncoderShare { get; init; }

    /// <summary>Layers as tables, by load.</summary>
    public IReadOnlyList<(string Load, string Table)> Layers { get; init; } = [];

    /// <summary>What threads took.</summary>
    public IReadOnlyList<ScalingRun> Scaling { get; init; } = [];

    /// <summary>Why bars are not met.</summary>
    public IReadOnlyDictionary<string, string> Reasons { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether loads were a tenth in size.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Load average before.</summary>
    public string LoadBefore { get; init; } = "";

    /// <summary>Page with the charts of growth, as a link from the page has it; null where there is none.</summary>
    public string? Growth { get; init; }

    /// <summary>Rounds asked for.</summary>
    public int Rounds { get; init; }

    /// <summary>How long tools might take.</summary>
    public SuitePatience Patience { get; init; } = SuitePatience.Default;
}

/// <summary>Writes a page of record.</summary>
internal static class SuiteText
{
    /// <summary>Heading of the layers of a load.</summary>
    public const string LayersHeading = "### Layers of ";

    /// <summary>The page.</summary>
    public static string Of(SuiteOutcome outcome)
    {
        var page = new StringBuilder();
        page.Append(string.Create(CultureInfo.InvariantCulture, $"# Measured on {DateTime.UtcNow:yyyy-MM-dd}{(outcome.IsQuick ? ", a quick run: proves nothing" : "")}\n\n"));
        page.Append("Made by `./cdrengine bench suite`; `docs/benchmarks.md` says how to read it. Times are those of this machine on this day;\n");
        page.Append("what is claimed are the ratios between programs of the same run, and `bench suite --against` compares nothing else.\n\n");
        page.Append($"- machine: {Texts.Processor()}, {Texts.Memory()}; load average before {outcome.LoadBefore}, after {Texts.LoadAverage()}\n");
        page.Append($"- system: {RuntimeInformation.OSDescription}; .NET {Environment.Version}; SQLite {SqliteLibrary.EnsureLoaded()}\n");
        page.Append($"- commit: {Texts.Commit()}\n");
        page.Append(CultureInfo.InvariantCulture, $"- medians of {outcome.Rounds} rounds in turn; a peer that took more than {outcome.Patience.OnceAfter.TotalSeconds:N0} s is asked once, and stopped after {outcome.Patience.Limit.TotalSeconds:N0}\n");
        foreach (string peer in SuiteTools.Describe()) page.Append($"- {peer}\n");
        IReadOnlyList<Bar> bars = SuiteBars.Of(outcome.Loads, outcome.Start, outcome.EncoderShare);
        page.Append($"\n## Bars\n{SuiteBars.Table(bars, outcome.Start, outcome.Reasons)}\n## Against others\n");
        foreach (LoadResult load in outcome.Loads) page.Append($"{SuiteTable.Of(load, SuiteTools.Reference)}\n");
        if (outcome.Layers.Count > 0) page.Append("## Layer upon layer\nIn one warm process, each layer on top of those above it.\n\n");
        foreach ((string load, string table) in outcome.Layers) page.Append($"{LayersHeading}{load}\n{table}\n");
        if (outcome.Scaling.Count > 0) page.Append($"## Over processors\nProcessor time of each thread in a warm process, seconds, with records and packet log.\n\n{Scaling.Describe(outcome.Scaling)}{Bound(outcome.Loads)}");
        page.Append(outcome.Growth is { } growth ? $"\n## How cost grows\n[Time and memory against packets, calls and calls at once]({growth}), with charts.\n" : "");
        return page.ToString();
    }

    private static string Bound(IReadOnlyList<LoadResult> loads)
    {
        var text = new StringBuilder();
        foreach (LoadResult load in loads)
        {
            if (load.Of(SuiteTools.OnOneProcessor) is not { } one || load.Of(SuiteTools.WithPackets) is not { WallSeconds: > 0 } all) continue;
            text.Append(CultureInfo.InvariantCulture, $"{load.Name}, the whole program from start to end: {one.WallSeconds:N2} s on one processor, {all.WallSeconds:N2} s on {Environment.ProcessorCount}, ");
            text.Append(CultureInfo.InvariantCulture, $"{one.WallSeconds / all.WallSeconds:N2} times as fast. Its start is serial.\n\n");
        }

        return text.ToString();
    }
}
