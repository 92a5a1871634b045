using System.CommandLine;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;
using CdrEngine.Host.Upkeep;

namespace CdrEngine.Host.Commands;

/// <summary><c>hold place</c>, <c>list</c> and <c>release</c>: legal holds.</summary>
internal static class HoldCommand
{
    public static Command Make(CommandContext context, CommonFlags flags) => new("hold", "Keep calls whatever retention says: place, list and release legal holds.")
    {
        Place(context, flags),
        List(context, flags),
        Release(context, flags),
    };

    private static Command Place(CommandContext context, CommonFlags flags)
    {
        var ids = new Argument<string[]>("ID") { Description = "Ids of records; or give filters as calls takes them.", Arity = ArgumentArity.ZeroOrMore };
        Option<string?> reason = CommonFlags.Flag<string?>("--reason", "TEXT", "Why: a case, a letter. Needed.");
        Option<string?> format = UpkeepJson.Flag();
        var filters = new CallFilters();
        var command = new Command("place", "Hold calls: those named, or those stored now that filters match (--session ID for a session).") { ids, reason, format };
        filters.AddTo(command);
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            string why = parsed.GetValue(reason)?.Trim() ?? "";
            if (why.Length is 0 or > ILegalHolds.MaxReason) throw new CommandException($"--reason: say why, in 1 to {ILegalHolds.MaxReason} characters");
            Settings settings = flags.Settings(parsed);
            string[] named = [.. parsed.GetRequiredValue(ids).Distinct(StringComparer.Ordinal)];
            CallQuery query = filters.Query(parsed);
            if (named.Length == 0 && query == new CallQuery { Sort = query.Sort, Ascending = query.Ascending, Dispositions = query.Dispositions } && query.Dispositions.Count == 0)
                throw new CommandException("which calls? Give ids, or filters such as --session ID or --number NUMBER --from TIME");
            LegalHold hold = DataFolder.Open(settings.DataDirectory, () => PlaceOn(settings, context, named, query, why));
            if (json) UpkeepJson.Write(context.Out, writer => Write(writer, hold));
            else context.Out.WriteLine(Line(hold));
            return ExitCode.Success;
        });
        return command;
    }

    private static LegalHold PlaceOn(Settings settings, CommandContext context, string[] named, CallQuery query, string why)
    {
        // Not while retention is at it: what it removes just now would be held, and gone.
        using FileStream held = RetentionCommand.Hold(settings);
        using var stores = new UpkeepStores(settings);
        string what;
        List<string> calls;
        if (named.Length > 0)
        {
            if (Array.Find(named, id => stores.Calls.GetKept(id) is null) is { } stranger) throw new CommandException($"there is no call '{stranger}'");
            calls = [.. named];
            what = named.Length == 1 ? $"call {named[0]}" : $"{named.Length} calls by id";
        }
        else
        {
            using ICallArchive archive = context.Parts.Archive(settings);
            calls = Matching(archive.Calls, query);
            if (calls.Count == 0) throw new CommandException("no call matches");
            what = query.SessionId is { } session ? $"session {session}" : $"query of {calls.Count} calls";
        }

        if (calls.Count > ILegalHolds.MaxCalls) throw new CommandException($"{calls.Count} calls are more than a hold takes ({ILegalHolds.MaxCalls}): narrow the filters");
        RetentionCommand.Audit(settings, context)("hold_place", calls.Count == 1 ? calls[0] : null, null, $"{what}: {why}");
        return stores.Holds.Place(calls, what, why, CommandAudit.Who(context), null, Timestamp.From(context.Time.GetUtcNow()));
    }

    private static List<string> Matching(ICallReader reader, CallQuery query)
    {
        var calls = new List<string>();
        string? cursor = null;
        do
        {
            CallPage page = reader.List(query with { Limit = CallQuery.MaxLimit, Cursor = cursor });
            calls.AddRange(page.Calls.Select(static call => call.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null && calls.Count <= ILegalHolds.MaxCalls);
        return calls;
    }

    private static Command List(CommandContext context, CommonFlags flags)
    {
        Option<string?> call = CommonFlags.Flag<string?>("--call", "ID", "Only the holds on this call.");
        Option<string?> format = UpkeepJson.Flag();
        var command = new Command("list", "List holds: number, calls, when, who, on what, why.") { call, format };
        command.SetAction(parsed =>
        {
            bool json = UpkeepJson.IsAsked(parsed, format);
            Settings settings = flags.Settings(parsed);
            using IHeldCalls holds = Open(settings);
            IReadOnlyList<LegalHold> list = parsed.GetValue(call) is { } id ? holds.Of(id) : holds.List(null);
            if (json)
            {
                UpkeepJson.Write(context.Out, writer =>
                {
                    writer.WriteStartArray("holds");
                    foreach (LegalHold hold in list)
                    {
                        writer.WriteStartObject();
                        Write(writer, hold);
                        writer.WriteEndObject();
                    }

                    writer.WriteEndArray();
                });
            }
            else
            {
                foreach (LegalHold hold in list) context.Out.WriteLine(Line(hold));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command Release(CommandContext context, CommonFlags flags)
    {
        var number = new Argument<long>("NUMBER") { Description = "Number of the hold, as hold list shows it." };
        var command = new Command("release", "Release a hold: retention takes its calls as any others.") { number };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            long id = parsed.GetRequiredValue(number);
            using IHeldCalls holds = Open(settings);
            if (!holds.List(null).Any(hold => hold.Id == id)) throw new CommandException($"there is no hold {id}");
            RetentionCommand.Audit(settings, context)("hold_release", null, null, id.ToString(CultureInfo.InvariantCulture));
            holds.Release(id, null);
            return ExitCode.Success;
        });
        return command;
    }

    private static IHeldCalls Open(Settings settings) => DataFolder.Open(settings.DataDirectory, () => Stores.Holds(settings));

    private static string Line(LegalHold hold) =>
        WireText.Escape(string.Create(CultureInfo.InvariantCulture, $"{hold.Id,4}  {hold.Calls,6} calls  {hold.PlacedAt}  {hold.PlacedBy}  {hold.What}: {hold.Reason}"));

    private static void Write(System.Text.Json.Utf8JsonWriter writer, LegalHold hold)
    {
        writer.WriteNumber("id", hold.Id);
        writer.WriteNumber("calls", hold.Calls);
        writer.WriteString("placed_at", hold.PlacedAt.ToString());
        writer.WriteString("placed_by", hold.PlacedBy);
        writer.WriteString("what", hold.What);
        writer.WriteString("reason", hold.Reason);
        writer.WriteString("tenant", hold.Tenant);
    }
}
