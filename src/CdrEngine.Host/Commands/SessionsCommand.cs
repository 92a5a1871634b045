using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary><c>sessions</c>: lists conversations, as a table or as JSON lines.</summary>
internal static class SessionsCommand
{
    private const int PageSize = 100;

    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Option<string?> format = CommonFlags.Flag<string?>("--format", "table|json", "table (default), json: one session a line.");
        Option<string?> from = CommonFlags.Flag<string?>("--from", "TIME", "Started at or after: 2026-11-20, 2026-11-20T10:00, 2026-11-20T10:00:00+01:00 (else UTC).");
        Option<string?> to = CommonFlags.Flag<string?>("--to", "TIME", "Started before.");
        Option<string?> number = CommonFlags.Flag<string?>("--number", "NUMBER", "Number of anyone in any of its calls; 49* is a prefix.");
        Option<string?> kind = CommonFlags.Flag<string?>("--kind", "KIND", $"Kind: {string.Join(", ", EnumNames<SessionKind>.All.Select(static item => item.Name))}.");
        Option<string?> limit = CommonFlags.Flag<string?>("--limit", "N", "At most this many; all where left out.");
        var command = new Command("sessions", "List conversations, the newest first.") { format, from, to, number, kind, limit };
        command.SetAction(parsed =>
        {
            var query = new SessionQuery
            {
                From = Time("--from", parsed.GetValue(from)),
                To = Time("--to", parsed.GetValue(to)),
                Number = parsed.GetValue(number),
                Kind = Kind(parsed.GetValue(kind)),
            };
            long most = Count(parsed.GetValue(limit));
            bool isJson = parsed.GetValue(format) switch
            {
                null or "table" => false,
                "json" => true,
                string other => throw new CommandException($"--format: '{other}' is none of table, json"),
            };
            Settings settings = flags.Settings(parsed);
            using ICallArchive archive = context.Parts.Archive(settings);
            string? cursor = null;
            do
            {
                context.Stop.ThrowIfCancellationRequested();
                SessionPage page = archive.Sessions.ListSessions(query with { Limit = (int)Math.Min(most, PageSize), Cursor = cursor });
                foreach (SessionRecord session in page.Sessions) context.Out.WriteLine(isJson ? Json(session, settings) : SessionText.Line(session));
                most -= page.Sessions.Count;
                cursor = page.NextCursor;
            }
            while (cursor is not null && most > 0);
            return ExitCode.Success;
        });
        return command;
    }

    private static string Json(SessionRecord session, Settings settings)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer)) SessionRecordJson.Write(session, writer, settings.Call.BillsecRounding, withCalls: false);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static SessionKind? Kind(string? text)
    {
        if (text is null) return null;
        return EnumNames<SessionKind>.TryParse(text, out SessionKind kind)
            ? kind
            : throw new CommandException($"--kind: '{text}' is none of {string.Join(", ", EnumNames<SessionKind>.All.Select(static item => item.Name))}");
    }

    private static Timestamp? Time(string flag, string? text) => text is null ? null : CallFilters.TryReadTime(text) ?? throw new CommandException($"{flag}: '{text}' is no time");

    private static long Count(string? text)
    {
        if (text is null) return long.MaxValue;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? count : throw new CommandException($"--limit: '{text}' is no count");
    }
}
