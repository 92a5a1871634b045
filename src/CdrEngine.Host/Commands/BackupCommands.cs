using System.CommandLine;
using System.Globalization;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Upkeep;

namespace CdrEngine.Host.Commands;

/// <summary><c>backup</c> and <c>restore</c>.</summary>
internal static class BackupCommands
{
    public static Command Backup(CommandContext context, CommonFlags flags)
    {
        var to = new Argument<string>("FOLDER") { Description = "Where to: empty, or an earlier backup of the same data, which is brought up to date." };
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("backup", "Copy the data folder, while the engine is at work or not, so that the copy can be restored.") { to, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            Settings settings = flags.Settings(parsed);
            string target = parsed.GetRequiredValue(to);
            if (!Directory.Exists(settings.DataDirectory)) throw new CommandException($"{settings.DataDirectory}: there is no data folder");
            BackupReport report = DataFolder.Open(target, () =>
            {
                // What retention removes meanwhile would be missing.
                using FileStream held = RetentionCommand.Hold(settings);
                RetentionCommand.Audit(settings, context)("backup", null, null, target);
                return new Backup(settings, target).Run(ApiServer.Version(), context.Time.GetUtcNow(), context.Stop);
            });
            if (json)
            {
                UpkeepJson.Write(context.Out, writer =>
                {
                    writer.WriteNumber("files", report.Files);
                    writer.WriteNumber("copied", report.Copied);
                    writer.WriteNumber("copied_bytes", report.CopiedBytes);
                    writer.WriteNumber("removed", report.Removed);
                    writer.WriteNumber("open_calls", report.OpenCalls);
                });
            }
            else
            {
                context.Out.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{report.Files} files, {report.Copied} of them copied now ({report.CopiedBytes} bytes), {report.Removed} removed; {report.OpenCalls} calls in progress"));
            }

            return ExitCode.Success;
        });
        return command;
    }

    public static Command Restore(CommandContext context, CommonFlags flags)
    {
        var from = new Argument<string>("FOLDER") { Description = "The backup." };
        var check = new Option<bool>("--check") { Description = "Only check the backup." };
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("restore", "Check a backup and copy it into an empty data folder (--data).") { from, check, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            Settings settings = flags.Settings(parsed);
            string source = parsed.GetRequiredValue(from);
            BackupManifest manifest = BackupManifest.Open(source);
            List<string> faults = BackupRestore.Check(source, manifest, context.Stop);
            long bytes = 0;
            bool copies = faults.Count == 0 && !parsed.GetValue(check);
            if (copies) bytes = BackupRestore.Copy(source, manifest, settings.DataDirectory, context.Stop);
            if (json)
            {
                UpkeepJson.Write(context.Out, writer =>
                {
                    writer.WriteString("made_at", manifest.MadeAt);
                    writer.WriteString("version", manifest.Version);
                    writer.WriteNumber("files", manifest.Files.Count);
                    writer.WriteNumber("restored_bytes", bytes);
                    UpkeepJson.Texts(writer, "faults", faults);
                });
            }
            else if (faults.Count == 0)
            {
                string done = copies ? string.Create(CultureInfo.InvariantCulture, $"restored to {settings.DataDirectory} ({bytes} bytes)") : "whole";
                context.Out.WriteLine(WireText.Escape(string.Create(CultureInfo.InvariantCulture, $"{manifest.Files.Count} files of {manifest.MadeAt}: {done}")));
            }

            foreach (string fault in faults) context.Error.WriteLine(WireText.Escape($"cdrengine: restore: {fault}"));
            return faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }
}
