using System.CommandLine;
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
        var command = new Command("import", "Read captures into the data folder. Exit code 2 where a file is no capture; the others are read.")
        {
            paths,
        };
        command.SetAction(parsed => Import(parsed.GetRequiredValue(paths), flags.Settings(parsed), context));
        return command;
    }

    /// <summary>Imports, reports, and gives the exit code.</summary>
    public static int Import(IReadOnlyList<string> paths, Settings settings, CommandContext context)
    {
        using IImportRunner runner = context.Parts.Importer(settings);
        Task<ImportSummary> import = Task.Factory.StartNew(
            () => runner.Run(paths, context.Stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        ProgressDisplay.Follow(runner, import, context);
        ImportSummary summary = import.GetAwaiter().GetResult();
        foreach (FileFault fault in summary.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: {fault.Path}: {fault.Problem}"));
        foreach (string line in ImportSummaryText.Lines(summary)) context.Out.WriteLine(line);
        context.Out.Flush();
        return summary.Faults.Any(static fault => fault.IsUnreadable) ? ExitCode.UnreadableFile : ExitCode.Success;
    }
}
