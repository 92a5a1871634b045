namespace CdrEngine.Api.Access;

/// <summary>A token as it is kept: everything but the secret.</summary>
public sealed record AccessToken
{
    /// <summary>Twelve hexadecimal digits; the part of the token between the underscores, and its name in the audit.</summary>
    public required string Id { get; init; }

    /// <summary>What it is for, in the words of who made it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 of the secret, hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>What it allows; see <see cref="ApiScopes"/>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Tenant whose calls it shows; null for everybody's.</summary>
    public string? Tenant { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it is no longer taken; null for never.</summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>When it was withdrawn; null while it is not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>True where the token opens what asks for <paramref name="scope"/>; an administrator's opens everything.</summary>
    public bool Allows(string scope) => Scopes.Contains(scope, StringComparer.Ordinal) || Scopes.Contains(ApiScopes.Admin, StringComparer.Ordinal);

    /// <summary>True where it is neither withdrawn nor expired.</summary>
    public bool IsInForce(DateTimeOffset now) => Revoked is null && (Expires is not { } expires || now < expires);
}

/// <summary>What a token may allow.</summary>
public static class ApiScopes
{
    /// <summary>Call records and ladders.</summary>
    public const string CallsRead = "calls:read";

    /// <summary>Packets and SIP traces, which hold what people said and typed.</summary>
    public const string PacketsRead = "packets:read";

    /// <summary>Recordings and their states.</summary>
    public const string RecordingsRead = "recordings:read";

    /// <summary>Counters.</summary>
    public const string StatsRead = "stats:read";

    /// <summary>Changing what is kept of calls beside what was captured: notes, folders, transcripts, report definitions.</summary>
    public const string CallsWrite = "calls:write";

    /// <summary>Deleting single calls, recordings and messages.</summary>
    public const string CallsDelete = "calls:delete";

    /// <summary>Deleting everything the token's tenant may see at once.</summary>
    public const string DeleteAll = "delete:all";

    /// <summary>Controlling the telephone system through the adapter, where there is one.</summary>
    public const string CallsControl = "calls:control";

    /// <summary>Making and withdrawing links by which others hear a recording without a token.</summary>
    public const string RecordingsShare = "recordings:share";

    /// <summary>Everything.</summary>
    public const string Admin = "admin";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [CallsRead, PacketsRead, RecordingsRead, StatsRead, CallsWrite, CallsDelete, DeleteAll, CallsControl, RecordingsShare, Admin];
}
