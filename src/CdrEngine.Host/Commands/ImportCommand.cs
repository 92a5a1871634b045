using System.CommandLine;
using System.Runtime;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using CdrEngine.Host.Progress;

namespace CdrEngine.Host.Commands;

/// <summary><c>import PATH…</c>: reads captures, shows how far it is, prints what it found.</summary>
internal static class ImportCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        var paths = new Argument<string[]>("PATH")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "Capture files (pcap, pcapng, either gzipped) or folders of them; - is standard input.",
        };
        var again = new Option<bool>("--again") { Description = "Read what was imported before once more: its packets are kept a second time, its records are replaced where they differ." };
        var alerts = new Option<bool>("--alerts") { Description = "Hold the rules (settings alerts) against the calls read, as if they had been captured live; nobody is told by mail or webhook." };
        var command = new Command("import", "Read captures into the data folder. Exit code 2 where a file is no capture; the others are read.")
        {
            paths,
            again,
            alerts,
        };
        command.SetAction(parsed => Import(parsed.GetRequiredValue(paths), WithAlerts(flags.Settings(parsed), parsed.GetValue(alerts)), context, parsed.GetValue(again)));
        return command;
    }

    private static Settings WithAlerts(Settings settings, bool asked) => settings with { Alerts = settings.Alerts with { OfImports = asked } };

    /// <summary>Imports, reports, and gives the exit code.</summary>
    public static int Import(IReadOnlyList<string> paths, Settings settings, CommandContext context, bool again = false)
    {
        using IImportRunner runner = context.Parts.Importer(settings);
        Task<ImportSummary> import = Task.Factory.StartNew(
            () => runner.Run(paths, context.Stop, again), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        ImportSummary summary = Follow(runner, import, context);
        foreach (FileFault fault in summary.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: {fault.Path}: {fault.Problem}"));
        foreach (string line in ImportSummaryText.Lines(summary)) context.Out.WriteLine(line);
        context.Out.Flush();
        return summary.Faults.Any(static fault => fault.IsUnreadable) ? ExitCode.UnreadableFile : ExitCode.Success;
    }

    // A file can wait while the collector works. Collecting beside the work, for short pauses, takes more of the processor in all.
    private static ImportSummary Follow(IImportRunner runner, Task<ImportSummary> import, CommandContext context)
    {
        GCLatencyMode before = GCSettings.LatencyMode;
        GCSettings.LatencyMode = GCLatencyMode.Batch;
        try
        {
            ProgressDisplay.Follow(runner, import, context);
            return import.GetAwaiter().GetResult();
        }
        finally
        {
            GCSettings.LatencyMode = before;
        }
    }
}
