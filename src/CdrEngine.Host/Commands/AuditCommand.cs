using System.Buffers;
using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;

namespace CdrEngine.Host.Commands;

/// <summary><c>audit</c>: who did what; <c>audit verify</c>: whether nothing of it was changed.</summary>
internal static class AuditCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        Option<string?> format = CommonFlags.Flag<string?>("--format", "table|json", "table (default), json: one entry a line.");
        Option<string?> from = CommonFlags.Flag<string?>("--from", "TIME", "At or after: 2026-11-20, 2026-11-20T10:00, 2026-11-20T10:00:00+01:00 (else UTC).");
        Option<string?> to = CommonFlags.Flag<string?>("--to", "TIME", "Before.");
        Option<string?> action = CommonFlags.Flag<string?>("--action", "ACTION", "What was done; download_* is a prefix.");
        Option<string?> who = CommonFlags.Flag<string?>("--who", "WHO", "Who did it: token:ID, share:ID, user:NAME; a prefix with *.");
        Option<string?> about = CommonFlags.Flag<string?>("--object", "ID", "What it was done to; a prefix with *.");
        Option<string?> tenant = CommonFlags.Flag<string?>("--tenant", "NAME", "Whose record it was.");
        Option<string?> result = CommonFlags.Flag<string?>("--result", "RESULT", $"How it came out: {string.Join(", ", AuditResult.All)}.");
        Option<int?> limit = CommonFlags.Flag<int?>("--limit", "N", "At most this many; 100 where left out.");
        var command = new Command("audit", "List who did what, when and from where, the latest first.") { format, from, to, action, who, about, tenant, result, limit };
        command.Add(Verify(context, flags));
        command.SetAction(parsed =>
        {
            bool isJson = parsed.GetValue(format) switch
            {
                null or "table" => false,
                "json" => true,
                string other => throw new CommandException($"--format: '{other}' is none of table, json"),
            };
            if (parsed.GetValue(result) is { } asked && !AuditResult.All.Contains(asked, StringComparer.Ordinal)) throw new CommandException($"--result: '{asked}' is none of {string.Join(", ", AuditResult.All)}");
            int left = parsed.GetValue(limit) ?? 100;
            if (left < 1) throw new CommandException($"--limit: {left} is less than 1");
            var query = new AuditQuery
            {
                From = CallFilters.Time(parsed, from),
                To = CallFilters.Time(parsed, to),
                Action = parsed.GetValue(action),
                Who = parsed.GetValue(who),
                Object = parsed.GetValue(about),
                Tenant = parsed.GetValue(tenant),
                Result = parsed.GetValue(result),
            };
            var reader = new AuditReader(Folder(flags.Settings(parsed)));
            string? cursor = null;
            do
            {
                context.Stop.ThrowIfCancellationRequested();
                AuditPage page = reader.List(query with { Limit = Math.Min(left, 1000), Cursor = cursor });
                foreach (AuditRow row in page.Entries) context.Out.WriteLine(isJson ? Json(row) : Line(row));
                left -= page.Entries.Count;
                cursor = page.NextCursor;
            }
            while (cursor is not null && left > 0);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command Verify(CommandContext context, CommonFlags flags)
    {
        Option<string?> known = CommonFlags.Flag<string?>("--known", "HASH", "Hash of an entry that was noted elsewhere and has to be there still.");
        var command = new Command("verify", "Check that no entry was changed, taken out or put in; exit 1 where one was.") { known };
        command.SetAction(parsed =>
        {
            AuditVerdict verdict = AuditVerifier.Verify(Folder(flags.Settings(parsed)), parsed.GetValue(known));
            foreach (string fault in verdict.Faults) context.Out.WriteLine(WireText.Escape(fault));
            if (verdict.Unchained > 0) context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{verdict.Unchained} lines are from before entries were chained"));
            if (verdict.First > 1) context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"entries before {verdict.First} are not here"));
            context.Out.WriteLine(verdict.Entries == 0
                ? "there are no entries"
                : string.Create(CultureInfo.InvariantCulture, $"{verdict.Entries} entries in {verdict.Files} files, {verdict.First} to {verdict.Last}; the last has the hash {verdict.Head}"));
            if (verdict.IsSound) return ExitCode.Success;
            throw new CommandException("the audit is not as it was written");
        });
        return command;
    }

    private static string Folder(Settings settings) => DataFolder.Access(settings.DataDirectory);

    private static string Line(AuditRow row) => WireText.Escape(string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Time}  {row.Entry.Result,-6}  {row.Entry.Action,-20}  {row.Entry.Object ?? "-"}  by {row.Entry.Who ?? "nobody known"}  {row.Entry.Via}{(row.Entry.Remote is { } remote ? $" from {remote}" : "")}{(row.Entry.Tenant is { } tenant ? $"  of {tenant}" : "")}{(row.Entry.Detail is { } detail ? $"  ({detail})" : "")}"));

    private static string Json(AuditRow row)
    {
        var line = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(line)) AuditRowJson.Write(row, writer);
        return Encoding.UTF8.GetString(line.WrittenSpan);
    }
}
