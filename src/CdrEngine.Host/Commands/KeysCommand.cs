using System.CommandLine;
using System.Globalization;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Upkeep;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Host.Commands;

/// <summary><c>keys new</c>, <c>list</c> and <c>rewrap</c>: the keys that packets and recordings are sealed with.</summary>
internal static class KeysCommand
{
    public static Command Make(CommandContext context, CommonFlags flags) => new("keys", "Make and change the keys that packets and recordings are sealed with on disk.")
    {
        New(context, flags),
        List(context, flags),
        Rewrap(context, flags),
    };

    private static Command New(CommandContext context, CommonFlags flags)
    {
        var command = new Command("new", "Put a new key in front of the others in encryption.key-file; without one print a key. A capture takes it at its next start.");
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            string key = KeyRing.NewKey(), path = settings.Encryption.KeyFile;
            if (path.Length == 0)
            {
                context.Out.WriteLine(key);
                return ExitCode.Success;
            }

            string before = File.Exists(path) ? File.ReadAllText(path) : "";
            if (before.Length > 0 && KeyRing.TryParse(before, out string? fault) is null) throw new CommandException($"{path}: {fault}");
            string remark = context.Time.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            KeyFile.Replace(path, $"{key} # {remark}\n{before}");
            context.Out.WriteLine($"{KeyRing.Show(KeyRing.TryParse(key, out _)!.Current)}  is the key for new files; keep a copy of {WireText.Escape(path)} where the data is not");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command List(CommandContext context, CommonFlags flags)
    {
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("list", "Say which keys there are, and how many files each seals. The keys themselves are not shown.") { format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            Settings settings = flags.Settings(parsed);
            KeyRing? keys = SealingKeys.Of(settings);
            SealedFiles files = SealedFiles.Count(settings.DataDirectory);
            List<ulong> ids = [.. (keys?.Ids ?? []).Concat(files.ByKey.Keys).Distinct()];
            if (json)
            {
                UpkeepJson.Write(context.Out, writer =>
                {
                    writer.WriteStartArray("keys");
                    foreach (ulong id in ids)
                    {
                        writer.WriteStartObject();
                        writer.WriteString("id", KeyRing.Show(id));
                        writer.WriteString("state", State(keys, id));
                        writer.WriteNumber("files", files.ByKey.GetValueOrDefault(id));
                        writer.WriteEndObject();
                    }

                    writer.WriteEndArray();
                    writer.WriteNumber("files_in_the_clear", files.Clear);
                });
            }
            else
            {
                foreach (ulong id in ids) context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{KeyRing.Show(id)}  {State(keys, id),-8} {files.ByKey.GetValueOrDefault(id),8} files"));
                context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"in the clear               {files.Clear,8} files"));
            }

            return ids.Any(id => keys?.Has(id) != true) ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static Command Rewrap(CommandContext context, CommonFlags flags)
    {
        var clear = new Option<bool>("--seal-clear") { Description = "Also seal recordings that lie in the clear; packets in the clear age out." };
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("rewrap", "Bring all sealed files under the first key of encryption.key-file, so that older ones can be taken away. May run beside a capture and be repeated.") { clear, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            Settings settings = flags.Settings(parsed);
            KeyRing keys = SealingKeys.Of(settings) ?? throw new CommandException("there is no key: set encryption.key-file (cdrengine keys new makes one)");
            using FileStream held = RetentionCommand.Hold(settings);
            RewrapReport report = Rewrapping.Run(settings.DataDirectory, keys, parsed.GetValue(clear), context.Stop);
            RetentionCommand.Audit(settings, context)("keys_rewrap", null, null, $"{KeyRing.Show(keys.Current)}: {report.Rewrapped} files rewrapped, {report.Sealed} sealed");
            if (json)
            {
                UpkeepJson.Write(context.Out, writer =>
                {
                    writer.WriteNumber("rewrapped", report.Rewrapped);
                    writer.WriteNumber("sealed", report.Sealed);
                    writer.WriteNumber("current_before", report.Current);
                    UpkeepJson.Texts(writer, "faults", report.Faults);
                });
            }
            else
            {
                context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Rewrapped} files rewrapped, {report.Sealed} sealed, {report.Current} were under the current key"));
            }

            foreach (string fault in report.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: keys: {fault}"));
            return report.Faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static string State(KeyRing? keys, ulong id) => keys is null || !keys.Has(id) ? "missing" : id == keys.Current ? "current" : "older";
}
