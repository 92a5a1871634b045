using System.CommandLine;
using System.Globalization;
using CdrEngine.Calls.Directory;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;

namespace CdrEngine.Host.Commands;

/// <summary><c>rate</c>: works out what stored calls cost by the directory as it is now.</summary>
internal static class RateCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Option<string?> from = CommonFlags.Flag<string?>("--from", "TIME", "Calls that started at or after.");
        Option<string?> to = CommonFlags.Flag<string?>("--to", "TIME", "Calls that started before.");
        Option<string?> file = CommonFlags.Flag<string?>("--directory", "FILE", "Directory file; without it the one that is in force.");
        var remark = new Option<bool>("--remark") { Description = "Also work out anew direction, tenant, context, trunk and who the parties are." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would change." };
        var command = new Command("rate", "Work out anew what stored calls cost. May run beside a capture, be stopped at any time and be run again.") { from, to, file, remark, dryRun };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            using DirectoryHolder holder = DirectoryCommand.Open(settings, parsed.GetValue(file), context);
            CallDirectory directory = holder.Current!;
            bool write = !parsed.GetValue(dryRun);
            RemarkSummary summary = DataFolder.Open(settings.DataDirectory, () => Remarking.Run(
                settings,
                parsed.GetValue(remark) ? directory.Mark : directory.Rerate,
                CallFilters.Time(parsed, from),
                CallFilters.Time(parsed, to),
                write,
                context.Stop));
            foreach (string line in Lines(summary, write)) context.Out.WriteLine(line);
            foreach (string fault in summary.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: {fault}"));
            return summary.Faults.Count > 0 || summary.Stopped ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static IEnumerable<string> Lines(RemarkSummary summary, bool write)
    {
        string stopped = summary.Stopped ? "; stopped, run it again for the rest" : "";
        yield return string.Create(CultureInfo.InvariantCulture, $"{summary.Seen} calls, {summary.Changed} {(write ? "changed" : "would change")}{stopped}");
        foreach (string currency in summary.Before.Keys.Union(summary.After.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            (decimal before, long ratedBefore) = summary.Before.GetValueOrDefault(currency);
            (decimal after, long ratedAfter) = summary.After.GetValueOrDefault(currency);
            yield return string.Create(CultureInfo.InvariantCulture, $"{currency}  before {before} of {ratedBefore} calls, after {after} of {ratedAfter} calls");
        }
    }
}
