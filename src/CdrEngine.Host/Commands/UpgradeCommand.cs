using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.Storage;

namespace CdrEngine.Host.Commands;

/// <summary><c>upgrade</c>: brings the databases up to this program's schema, or tries it on copies first.</summary>
internal static class UpgradeCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        var attempt = new Option<bool>("--try") { Description = "Do it on copies, one after the other, and leave the data as it is." };
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("upgrade", "Bring the databases of the data folder up to this program. Any start does so too, file by file, when a file is first used.") { attempt, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format), tries = parsed.GetValue(attempt);
            Settings settings = flags.Settings(parsed);
            if (!Directory.Exists(settings.DataDirectory)) throw new CommandException($"{settings.DataDirectory}: there is no data folder");
            var steps = new List<Step>();
            foreach (string name in DatabaseFiles.List(settings.DataDirectory))
            {
                context.Stop.ThrowIfCancellationRequested();
                steps.Add(Take(settings.DataDirectory, name, tries));
            }

            if (json) UpkeepJson.Write(context.Out, writer => Write(writer, steps, tries));
            else Print(context.Out, steps, tries);
            List<Step> faults = steps.FindAll(static step => step.Fault is not null);
            foreach (Step step in faults) context.Error.WriteLine(WireText.Escape($"cdrengine: upgrade: {step.Fault}"));
            return faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static Step Take(string data, string name, bool tries)
    {
        try
        {
            DatabaseFile file = DatabaseFiles.Describe(data, name);
            if (file.Version == file.ProgramVersion) return new Step(file, TimeSpan.Zero, null);
            long began = Stopwatch.GetTimestamp();
            if (tries) TryOnCopy(data, name);
            else DatabaseFiles.Migrate(Path.Combine(data, name), name);
            return new Step(file, Stopwatch.GetElapsedTime(began), null);
        }
        catch (Exception e) when (e is StoreException or IOException or UnauthorizedAccessException)
        {
            return new Step(new DatabaseFile(name, null, 0, 0), TimeSpan.Zero, e.Message.ReplaceLineEndings(" "));
        }
    }

    // Beside the data, where there is as much room as the change itself will need; checked as a whole afterwards.
    private static void TryOnCopy(string data, string name)
    {
        string folder = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(data)) ?? "/", $".cdrengine-try-{Guid.NewGuid():n}");
        Directory.CreateDirectory(folder);
        try
        {
            string copy = Path.Combine(folder, Path.GetFileName(name));
            DatabaseFiles.Snapshot(Path.Combine(data, name), copy);
            DatabaseFiles.Migrate(copy, name);
            if (DatabaseFiles.Check(copy) is { } fault) throw new StoreException(fault);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Print(TextWriter to, List<Step> steps, bool tries)
    {
        List<Step> changed = steps.FindAll(static step => step.Fault is null && step.File.Version != step.File.ProgramVersion);
        foreach (Step step in changed)
        {
            to.WriteLine(WireText.Escape(string.Create(
                CultureInfo.InvariantCulture,
                $"{step.File.Name}  {step.File.Schema} {step.File.Version} -> {step.File.ProgramVersion}  {(tries ? "would be changed; tried" : "changed")} in {step.Elapsed.TotalSeconds:0.0} s")));
        }

        to.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{steps.Count} databases, {changed.Count} {(tries ? "to be changed" : "changed")}"));
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, List<Step> steps, bool tries)
    {
        writer.WriteBoolean("try", tries);
        writer.WriteStartArray("databases");
        foreach (Step step in steps)
        {
            writer.WriteStartObject();
            writer.WriteString("name", step.File.Name);
            writer.WriteString("schema", step.File.Schema);
            writer.WriteNumber("version", step.File.Version);
            writer.WriteNumber("program_version", step.File.ProgramVersion);
            writer.WriteNumber("elapsed_ms", (long)step.Elapsed.TotalMilliseconds);
            writer.WriteString("fault", step.Fault);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private sealed record Step(DatabaseFile File, TimeSpan Elapsed, string? Fault);
}
