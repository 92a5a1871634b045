using System.CommandLine;
using System.Globalization;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Upkeep;

namespace CdrEngine.Host.Commands;

/// <summary><c>verify</c> and <c>repair</c>.</summary>
internal static class CheckCommands
{
    public static Command Verify(CommandContext context, CommonFlags flags)
    {
        Option<string?> from = CommonFlags.Flag<string?>("--from", "TIME", "Records and packets of calls that started at or after; all where left out.");
        Option<string?> to = CommonFlags.Flag<string?>("--to", "TIME", "Started before.");
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("verify", "Check the data folder and change nothing: checksums, databases, recordings, and records against their packets.") { from, to, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            Settings settings = Existing(flags.Settings(parsed));
            VerificationReport report = DataFolder.Open(settings.DataDirectory, () => new Verification(settings).Run(CallFilters.Time(parsed, from), CallFilters.Time(parsed, to), context.Stop));
            if (json) UpkeepJson.Write(context.Out, writer => Write(writer, report));
            else Print(context.Out, report);
            foreach (string fault in report.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: verify: {fault}"));
            return report.Faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    public static Command Repair(CommandContext context, CommonFlags flags)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would be done." };
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("repair", "Make the data folder whole from its packets: cut torn segments, tell anew where packets lie, make missing records anew. Stop the engine first.") { dryRun, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format), acts = !parsed.GetValue(dryRun);
            Settings settings = Existing(flags.Settings(parsed));
            RepairReport report = DataFolder.Open(settings.DataDirectory, () =>
            {
                using FileStream held = RetentionCommand.Hold(settings);
                if (acts) RetentionCommand.Audit(settings, context)("repair", null, null, null);
                return new Repairing(settings, acts).Run(context.Stop);
            });
            if (json) UpkeepJson.Write(context.Out, writer => Write(writer, report, acts));
            else Print(context.Out, report, acts);
            foreach (string fault in report.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: repair: {fault}"));
            return report.Faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static Settings Existing(Settings settings) =>
        Directory.Exists(settings.DataDirectory) ? settings : throw new CommandException($"{settings.DataDirectory}: there is no data folder");

    private static void Print(TextWriter to, VerificationReport report)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        to.WriteLine(string.Create(plain, $"packets    {report.Packets!.Segments} segments, {report.Packets.Chunks} chunks, {report.Packets.Frames} packets, {report.Packets.PurgedChunks} chunks purged"));
        to.WriteLine(string.Create(plain, $"databases  {report.Databases}"));
        to.WriteLine(string.Create(plain, $"recordings {report.Recordings}"));
        to.WriteLine(string.Create(
            plain, $"records    {report.Records}: {report.Same} the same from their packets, {report.Different} different, {report.WithoutPackets} without all of their packets, {report.Inexact} of streams"));
        to.WriteLine(report.Faults.Count == 0 ? "all of it is whole" : string.Create(plain, $"{report.Faults.Count} faults"));
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, VerificationReport report)
    {
        writer.WriteNumber("segments", report.Packets!.Segments);
        writer.WriteNumber("chunks", report.Packets.Chunks);
        writer.WriteNumber("packets", report.Packets.Frames);
        writer.WriteNumber("damaged_chunks", report.Packets.DamagedChunks);
        writer.WriteNumber("purged_chunks", report.Packets.PurgedChunks);
        writer.WriteNumber("databases", report.Databases);
        writer.WriteNumber("recordings", report.Recordings);
        writer.WriteNumber("records", report.Records);
        writer.WriteNumber("same", report.Same);
        writer.WriteNumber("different", report.Different);
        writer.WriteNumber("without_packets", report.WithoutPackets);
        writer.WriteNumber("inexact", report.Inexact);
        UpkeepJson.Texts(writer, "faults", report.Faults);
    }

    private static void Print(TextWriter to, RepairReport report, bool acts)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        string would = acts ? "" : " would be";
        to.WriteLine(string.Create(plain, $"{report.FinishedSegments} segments{would} finished, {report.TornBytes} bytes cut"));
        foreach (string name in report.PutAside) to.WriteLine(WireText.Escape($"{name}{would} put aside"));
        to.WriteLine(string.Create(plain, $"{report.Records} records{would} made anew, {report.Indexes}{would} told anew where their packets lie"));
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, RepairReport report, bool acts)
    {
        writer.WriteBoolean("dry_run", !acts);
        writer.WriteNumber("finished_segments", report.FinishedSegments);
        writer.WriteNumber("torn_bytes", report.TornBytes);
        writer.WriteNumber("records", report.Records);
        writer.WriteNumber("indexes", report.Indexes);
        UpkeepJson.Texts(writer, "put_aside", report.PutAside);
        UpkeepJson.Texts(writer, "faults", report.Faults);
    }
}
