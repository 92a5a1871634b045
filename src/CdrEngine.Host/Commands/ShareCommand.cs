using System.CommandLine;
using System.Globalization;
using CdrEngine.Api.Access.Shares;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Hocon;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;
using CdrEngine.Host.Parts;

namespace CdrEngine.Host.Commands;

/// <summary><c>share create</c>, <c>list</c> and <c>revoke</c>: links by which somebody without a token hears one recording. A server that runs sees a change at once.</summary>
internal static class ShareCommand
{
    public static Command Make(CommandContext context, CommonFlags flags) => new("share", "Make, list and withdraw links to single recordings.")
    {
        Create(context, flags),
        List(context, flags),
        Revoke(context, flags),
    };

    private static Command Create(CommandContext context, CommonFlags flags)
    {
        Argument<string> id = OneCall.Argument();
        Option<string?> expires = CommonFlags.Flag<string?>("--expires", "TIME", "Opens nothing from then on: 2027-01-01. Seven days where left out.");
        Option<int?> uses = CommonFlags.Flag<int?>("--uses", "N", "May be opened this often; any number of times where left out.");
        Option<string?> passphrase = CommonFlags.Flag<string?>("--passphrase-file", "FILE", "Ask for the passphrase that is the first line of this file; - is standard input.");
        Option<string?> name = CommonFlags.Flag<string?>("--name", "TEXT", "What it is for, shown to whoever opens it.");
        var ladder = new Option<bool>("--ladder") { Description = "Show the picture of the call's SIP messages too." };
        var command = new Command("create", "Make a link and print what opens it, this once.") { id, expires, uses, passphrase, name, ladder };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            if (!settings.Api.Share.Enabled) throw new CommandException("links are switched off (setting api.share.enabled)");
            using ICallArchive archive = context.Parts.Archive(settings);
            CallRecord call = OneCall.Find(archive.Calls, parsed.GetRequiredValue(id));
            DateTimeOffset now = context.Time.GetUtcNow();
            DateTimeOffset end = CallFilters.Time(parsed, expires) is { } at ? new DateTimeOffset(at.ToDateTime(), TimeSpan.Zero) : now + (settings.Api.Share.Longest < TimeSpan.FromDays(7) ? settings.Api.Share.Longest : TimeSpan.FromDays(7));
            if (end <= now) throw new CommandException("--expires: it lies in the past");
            if (end - now > settings.Api.Share.Longest) throw new CommandException($"--expires: it is further off than links may last (setting api.share.longest)");
            if (parsed.GetValue(uses) is < 1 or > 10_000) throw new CommandException("--uses: 1 to 10000 may be");
            if (parsed.GetValue(name) is { Length: > 128 }) throw new CommandException("--name: it is longer than 128 characters");
            var wish = new ShareWish(call.Id, call.Tenant, CommandAudit.Who(context), end)
            {
                Name = parsed.GetValue(name) ?? "",
                MostUses = parsed.GetValue(uses),
                Passphrase = parsed.GetValue(passphrase) is { } file ? Secret(file) : null,
                Ladder = parsed.GetValue(ladder),
            };
            CommandAudit.Write(settings, context, "create_share", call.Id, call.Tenant, wish.Terms());
            if (Store(settings, context).Create(wish) is not { } made) throw new CommandException("there are as many links as may be (setting api.share.most); withdraw one first");
            context.Out.WriteLine($"{(settings.Api.Tls is null ? "http" : "https")}://{settings.Api.Listen}/share/{made.Text}");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command List(CommandContext context, CommonFlags flags)
    {
        var command = new Command("list", "List links, those that ended in the last month included; what opens them is kept nowhere.");
        command.SetAction(parsed =>
        {
            foreach (ShareLink link in Store(flags.Settings(parsed), context).List())
            {
                string state = link.Revoked is not null ? "withdrawn" : !link.IsInForce(context.Time.GetUtcNow()) ? "expired" : link.IsUsedUp ? "used up" : "in force";
                context.Out.WriteLine(WireText.Escape(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{link.Id}  {state,-9}  {link.CallId}  until {link.Expires.UtcDateTime:yyyy-MM-dd HH:mm}  {link.Uses}{(link.MostUses is { } most ? $" of {most}" : "")} uses  {(link.Passphrase is null ? "" : "passphrase  ")}{link.CreatedBy}  {link.Name}")));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command Revoke(CommandContext context, CommonFlags flags)
    {
        var id = new Argument<string>("ID") { Description = "Its id, as share list shows it." };
        var command = new Command("revoke", "Withdraw a link.") { id };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            ShareStore shares = Store(settings, context);
            if (shares.Get(parsed.GetRequiredValue(id)) is not { } link) throw new CommandException($"there is no link '{parsed.GetRequiredValue(id)}'");
            CommandAudit.Write(settings, context, "revoke_share", link.CallId, link.Tenant, $"share:{link.Id}");
            shares.Revoke(link.Id);
            return ExitCode.Success;
        });
        return command;
    }

    private static ShareStore Store(Settings settings, CommandContext context) => new(DataFolder.Access(settings.DataDirectory), context.Time, settings.Api.Share.Most);

    private static string Secret(string file)
    {
        string? line;
        try
        {
            using TextReader reader = file == "-" ? Console.In : new StreamReader(file);
            line = reader.ReadLine();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--passphrase-file: {HoconFiles.OneLine(e)}");
        }

        return line is { Length: >= 6 and <= 128 } ? line : throw new CommandException("--passphrase-file: a passphrase has 6 to 128 characters");
    }
}
