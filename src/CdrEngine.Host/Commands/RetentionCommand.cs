using System.CommandLine;
using System.Globalization;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Upkeep;
using CdrEngine.Storage;

namespace CdrEngine.Host.Commands;

/// <summary><c>retention</c>: removes, or says, what has to go by age and size; <c>purge</c>: removes single calls for good.</summary>
internal static class RetentionCommand
{
    public static Command Make(CommandContext context, CommonFlags flags)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would go." };
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("retention", "Remove what is older or more than the settings allow. May run beside a capture.") { dryRun, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format), acts = !parsed.GetValue(dryRun);
            Settings settings = flags.Settings(parsed);
            RetentionSummary summary = DataFolder.Open(settings.DataDirectory, () =>
            {
                using FileStream held = Hold(settings);
                using var stores = new UpkeepStores(settings);
                return new RetentionPass(stores, Audit(settings, context), acts).Run(Timestamp.From(context.Time.GetUtcNow()), context.Stop);
            });
            if (json) UpkeepJson.Write(context.Out, writer => Write(writer, summary, acts));
            else Print(context.Out, summary, acts);
            foreach (string fault in summary.Faults) context.Error.WriteLine(WireText.Escape($"cdrengine: retention: {fault}"));
            return summary.Faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    public static Command Purge(CommandContext context, CommonFlags flags)
    {
        var ids = new Argument<string[]>("ID") { Description = "Ids of records.", Arity = ArgumentArity.OneOrMore };
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("purge", "Remove calls for good: records, packets, recordings. Nothing of them is left. What is under a legal hold is refused.") { ids, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            Settings settings = flags.Settings(parsed);
            string[] asked = [.. parsed.GetRequiredValue(ids).Distinct(StringComparer.Ordinal)];
            (int calls, long bytes, IReadOnlyList<string> faults) = DataFolder.Open(settings.DataDirectory, () => PurgeAll(settings, context, asked));
            if (json)
            {
                UpkeepJson.Write(context.Out, writer =>
                {
                    writer.WriteNumber("calls", calls);
                    writer.WriteNumber("packet_bytes", bytes);
                    UpkeepJson.Texts(writer, "faults", faults);
                });
            }
            else
            {
                context.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{calls} calls purged, {bytes} bytes of packets overwritten"));
            }

            foreach (string fault in faults) context.Error.WriteLine(WireText.Escape($"cdrengine: purge: {fault}"));
            return faults.Count > 0 ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    /// <summary>The audit of commands.</summary>
    public static UpkeepAudit Audit(Settings settings, CommandContext context) => Retention.AuditOf(settings, AuditVia.Command, CommandAudit.Who(context));

    /// <summary>Keeps other retention out, and ends the command where another is at work.</summary>
    public static FileStream Hold(Settings settings) =>
        Retention.TryHold(settings.DataDirectory) ?? throw new CommandException($"{settings.DataDirectory}: retention, a backup or a repair is at work there; try again when it is done");

    private static (int Calls, long Bytes, IReadOnlyList<string> Faults) PurgeAll(Settings settings, CommandContext context, string[] ids)
    {
        using FileStream held = Hold(settings);
        using var stores = new UpkeepStores(settings);
        var faults = new List<string>();
        var calls = new List<KeptCall>();
        IReadOnlySet<string> holds = stores.Holds.Held();
        foreach (string id in ids)
        {
            if (stores.Calls.GetKept(id) is not { } call) faults.Add($"there is no call '{id}'");
            else if (holds.Contains(id)) faults.Add($"{id} is under a legal hold (cdrengine hold list)");
            else calls.Add(call);
        }

        var purge = new CallPurge(stores, Audit(settings, context));
        int purged = 0;
        long bytes = 0;
        foreach (IGrouping<string, KeptCall> day in calls.GroupBy(static call => call.Id[..8]))
        {
            (int count, long overwritten) = purge.Purge(DateOnly.ParseExact(day.Key, "yyyyMMdd", CultureInfo.InvariantCulture), [.. day], "command");
            purged += count;
            bytes += overwritten;
        }

        faults.AddRange(stores.Calls.Scrub());
        faults.AddRange(stores.Messages?.Scrub() ?? []);
        return (purged, bytes, faults);
    }

    private static void Print(TextWriter to, RetentionSummary summary, bool acts)
    {
        if (summary.Items.Count == 0) to.WriteLine("nothing has to go");
        foreach (RetentionItem item in summary.Items)
        {
            string what = item.Reason == "copied" ? (acts ? "copied" : "would be copied") : acts ? "removed" : "would go";
            to.WriteLine(WireText.Escape(string.Create(
                CultureInfo.InvariantCulture, $"{item.Class,-14} {item.Items,8}  {item.Bytes,14} bytes  {what} ({item.Reason}{(item.Tenant is null ? "" : $", tenant {item.Tenant}")})")));
        }
    }

    private static void Write(System.Text.Json.Utf8JsonWriter writer, RetentionSummary summary, bool acts)
    {
        writer.WriteBoolean("dry_run", !acts);
        writer.WriteStartArray("items");
        foreach (RetentionItem item in summary.Items)
        {
            writer.WriteStartObject();
            writer.WriteString("class", item.Class);
            writer.WriteString("reason", item.Reason);
            writer.WriteString("tenant", item.Tenant);
            writer.WriteNumber("items", item.Items);
            writer.WriteNumber("bytes", item.Bytes);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        UpkeepJson.Texts(writer, "faults", summary.Faults);
    }
}
