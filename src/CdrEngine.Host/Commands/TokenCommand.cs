using System.CommandLine;
using System.Globalization;
using CdrEngine.Api.Access;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Output;

namespace CdrEngine.Host.Commands;

/// <summary><c>token create</c>, <c>list</c> and <c>revoke</c>: who may ask the API. A server that runs sees a change within a second.</summary>
internal static class TokenCommand
{
    public static Command Make(CommandContext context, CommonFlags flags) => new("token", "Make, list and withdraw tokens of the API.")
    {
        Create(context, flags),
        List(context, flags),
        Revoke(context, flags),
    };

    private static Command Create(CommandContext context, CommonFlags flags)
    {
        var name = new Argument<string>("NAME") { Description = "What it is for." };
        Option<string[]> scopes = CommonFlags.Flag<string[]>("--scope", "SCOPE", $"What it allows: {string.Join(", ", ApiScopes.All)}. May be given again.");
        Option<string?> tenant = CommonFlags.Flag<string?>("--tenant", "NAME", "Show calls of this tenant of the directory only; without it those of all.");
        Option<string?> expires = CommonFlags.Flag<string?>("--expires", "TIME", "Not taken from then on: 2027-01-01.");
        var command = new Command("create", "Make a token and print it, this once.") { name, scopes, tenant, expires };
        command.SetAction(parsed =>
        {
            string[] asked = parsed.GetValue(scopes) ?? [];
            if (asked.Length == 0) throw new CommandException($"--scope: say what the token allows, of {string.Join(", ", ApiScopes.All)}");
            if (asked.FirstOrDefault(static scope => !ApiScopes.All.Contains(scope, StringComparer.Ordinal)) is { } stranger)
                throw new CommandException($"--scope: '{stranger}' is none of {string.Join(", ", ApiScopes.All)}");
            DateTimeOffset? end = CallFilters.Time(parsed, expires) is { } at ? new DateTimeOffset(at.ToDateTime(), TimeSpan.Zero) : null;
            if (parsed.GetValue(tenant) is { Length: 0 }) throw new CommandException("--tenant: a tenant has a name");
            Settings settings = flags.Settings(parsed);
            TokenStore tokens = Open(settings, context);
            string made = tokens.Create(parsed.GetRequiredValue(name), asked, end, parsed.GetValue(tenant));
            Account(settings, context, tokens, "create_token", made.Split('_')[1], parsed.GetValue(tenant), $"{string.Join(',', asked)}{(end is null ? "" : string.Create(CultureInfo.InvariantCulture, $" until {end:yyyy-MM-dd'T'HH:mm:ss'Z'}"))}");
            context.Out.WriteLine(made);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command List(CommandContext context, CommonFlags flags)
    {
        var command = new Command("list", "List tokens, withdrawn and expired ones included; their secrets are kept nowhere.");
        command.SetAction(parsed =>
        {
            foreach (AccessToken token in Open(flags.Settings(parsed), context).List())
            {
                string state = token.Revoked is not null ? "withdrawn" : token.IsInForce(context.Time.GetUtcNow()) ? "in force" : "expired";
                context.Out.WriteLine(WireText.Escape(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{token.Id}  {state,-9}  {token.Tenant ?? "all tenants"}  {string.Join(',', token.Scopes)}  {token.Created:yyyy-MM-dd}  {token.Name}")));
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static Command Revoke(CommandContext context, CommonFlags flags)
    {
        var id = new Argument<string>("ID") { Description = "Its id, as token list shows it." };
        var command = new Command("revoke", "Withdraw a token.") { id };
        command.SetAction(parsed =>
        {
            Settings settings = flags.Settings(parsed);
            TokenStore tokens = Open(settings, context);
            string asked = parsed.GetRequiredValue(id);
            if (tokens.List().FirstOrDefault(token => token.Id == asked) is not { } found || !tokens.Revoke(asked)) throw new CommandException($"there is no token '{asked}'");
            CommandAudit.Write(settings, context, "revoke_token", $"token:{asked}", found.Tenant);
            return ExitCode.Success;
        });
        return command;
    }

    // One that cannot be accounted for is withdrawn before anybody has seen it.
    private static void Account(Settings settings, CommandContext context, TokenStore tokens, string action, string id, string? tenant, string detail)
    {
        try
        {
            CommandAudit.Write(settings, context, action, $"token:{id}", tenant, detail);
        }
        catch (CommandException)
        {
            tokens.Revoke(id);
            throw;
        }
    }

    private static TokenStore Open(Settings settings, CommandContext context) => TokenStore.Open(DataFolder.Access(settings.DataDirectory), context.Time);
}
