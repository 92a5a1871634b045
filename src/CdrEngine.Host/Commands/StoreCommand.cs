using System.CommandLine;
using System.Globalization;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;

namespace CdrEngine.Host.Commands;

/// <summary><c>store</c>: the database as a whole.</summary>
internal static class StoreCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        var copy = new Command("copy", "Copy the records, messages, registrations, remarks and reports of the data folder's SQLite files into the PostgreSQL server of the settings, and compare. "
            + "May be stopped and run again, also beside an engine that already uses the server.");
        copy.SetAction(parsed => Copy(context, flags.Settings(parsed)));
        return new Command("store", "Look after the database.") { copy };
    }

    private static int Copy(CommandContext context, Settings settings)
    {
        PostgresOptions server = Stores.Server(settings) ?? throw new CommandException("no server to copy to: set storage.backend = postgresql and storage.postgresql.url");
        string data = settings.DataDirectory;
        if (!Directory.Exists(data)) throw new CommandException($"{data}: there is no such folder");
        context.Out.WriteLine(WireText.Escape(PostgresStores.Probe(server)));
        var work = new StoreCopy(data, DataFolder.Records(data), DataFolder.Messages(data), DataFolder.Identity(data), server);
        long rows = 0, written = 0, unreadable = 0;
        int faults = 0;
        foreach (StoreCopyStep step in work.Run(context.Stop))
        {
            rows += step.Rows;
            written += step.Written;
            unreadable += step.Unreadable;
            context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{step.Part}: {step.Rows} rows, {step.Written} new{(step.Fault is null ? ", the same on both sides" : "")}"));
            if (step.Unreadable > 0) context.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cdrengine: {step.Part}: {step.Unreadable} documents cannot be read and are not copied"));
            if (step.Fault is not { } fault) continue;
            faults++;
            context.Error.WriteLine(WireText.Escape($"cdrengine: {step.Part}: {fault}"));
        }

        context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rows} rows, {written} new, {unreadable} unreadable, {faults} parts that differ"));
        return faults > 0 ? ExitCode.Failure : ExitCode.Success;
    }
}
