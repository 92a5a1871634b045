using System.CommandLine;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary><c>calls</c>: lists records as a table, as JSON lines or as CSV.</summary>
internal static class CallsCommand
{
    private const int PageSize = CallQuery.MaxLimit;

    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Option<string?> format = CommonFlags.Flag<string?>("--format", "table|json|csv", "table (default), json: one record a line, csv.");
        var filters = new CallFilters();
        var command = new Command("calls", "List calls, the newest first.") { format };
        filters.AddTo(command);
        command.SetAction(parsed =>
        {
            CallQuery query = filters.Query(parsed);
            long limit = filters.Count(parsed);
            Settings settings = flags.Settings(parsed);
            ICallWriter writer = Writer(parsed.GetValue(format) ?? "table", settings, context);
            using ICallArchive archive = context.Parts.Archive(settings);
            List(archive.Calls, query, limit, writer, context);
            return ExitCode.Success;
        });
        return command;
    }

    private static ICallWriter Writer(string format, Settings settings, CommandContext context) => format switch
    {
        "table" => new CallTable(context.Out, settings.Call.BillsecRounding, context.Colour),
        "json" => new CallJsonLines(context.Out, settings.Call.BillsecRounding),
        "csv" => new CallCsv(context.Out, settings.Call.BillsecRounding),
        _ => throw new CommandException($"--format: '{format}' is none of table, json, csv"),
    };

    private static void List(ICallReader calls, CallQuery query, long limit, ICallWriter writer, CommandContext context)
    {
        string? cursor = null;
        do
        {
            context.Stop.ThrowIfCancellationRequested();
            CallPage page = calls.List(query with { Limit = (int)Math.Min(limit, PageSize), Cursor = cursor });
            writer.Write(page.Calls);
            limit -= page.Calls.Count;
            cursor = page.NextCursor;
        }
        while (cursor is not null && limit > 0);
        writer.End();
    }
}

/// <summary>Writes pages of records in one form.</summary>
internal interface ICallWriter
{
    /// <summary>Writes a page.</summary>
    void Write(IReadOnlyList<CallRecord> calls);

    /// <summary>Writes what comes after the last.</summary>
    void End();
}
