using CdrEngine.Api.Access.Audit;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;

namespace CdrEngine.Host.Commands;

/// <summary>Notes in the audit what commands give out or change.</summary>
internal static class CommandAudit
{
    /// <summary>Writes the entry. Where that cannot be written the command ends there, with nothing given out or changed.</summary>
    public static void Write(Settings settings, CommandContext context, string action, string? about, string? tenant = null, string? detail = null)
    {
        try
        {
            new AuditTrail(DataFolder.Access(settings.DataDirectory), context.Time)
                .Write(new AuditEntry(action) { Who = Who(context), Via = AuditVia.Command, Object = about, Tenant = tenant, Detail = detail });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"the audit cannot be written, so nothing is done: {e.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Who types the command; who became another user by sudo is told too.</summary>
    public static string Who(CommandContext context) =>
        context.Environment("SUDO_USER") is { Length: > 0 } before ? $"user:{Environment.UserName} (sudo of {before})" : $"user:{Environment.UserName}";
}
