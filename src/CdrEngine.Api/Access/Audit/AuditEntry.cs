namespace CdrEngine.Api.Access.Audit;

/// <summary>One thing that somebody did: what is handed to the audit.</summary>
/// <param name="Action">What was done, snake case: <c>download_pcap_all</c>, <c>sign_in</c>, <c>purge</c> …</param>
public sealed record AuditEntry(string Action)
{
    /// <summary>Who: <c>token:ID</c>, <c>share:ID</c>, <c>user:NAME</c> of the system, <c>engine</c>; null where nobody is known.</summary>
    public string? Who { get; init; }

    /// <summary>By which way: <c>api</c>, a dialect's name, <c>page</c>, <c>share</c>, <c>command</c>, <c>engine</c>.</summary>
    public string Via { get; init; } = AuditVia.Api;

    /// <summary>Address it came from; null where it came from none.</summary>
    public string? Remote { get; init; }

    /// <summary>What it was done to: mostly the id of a record; null where it is about none.</summary>
    public string? Object { get; init; }

    /// <summary>Tenant whose record it is, else that of who did it; null for none. Tokens of this tenant may read the entry.</summary>
    public string? Tenant { get; init; }

    /// <summary>How it came out: <see cref="AuditResult"/>.</summary>
    public string Result { get; init; } = AuditResult.Ok;

    /// <summary>More about it, for people; null for nothing.</summary>
    public string? Detail { get; init; }
}

/// <summary>How something came out.</summary>
public static class AuditResult
{
    /// <summary>Done, or about to be: the entry stands before the first byte goes out.</summary>
    public const string Ok = "ok";

    /// <summary>Refused: a wrong credential, or one that does not allow it.</summary>
    public const string Denied = "denied";

    /// <summary>Tried and not done.</summary>
    public const string Failed = "failed";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Ok, Denied, Failed];
}

/// <summary>By which way something was done. Dialects have their names.</summary>
public static class AuditVia
{
    /// <summary>The native API.</summary>
    public const string Api = "api";

    /// <summary>The web page.</summary>
    public const string Page = "page";

    /// <summary>A share link.</summary>
    public const string Share = "share";

    /// <summary>The command line.</summary>
    public const string Command = "command";

    /// <summary>The engine by itself.</summary>
    public const string Engine = "engine";
}

/// <summary>An entry as it is kept.</summary>
/// <param name="Sequence">Its number, from 1, without gaps.</param>
/// <param name="Time">When, RFC 3339 with six decimals.</param>
/// <param name="Entry">What it tells.</param>
/// <param name="Hash">SHA-256 over it and the entry before, hexadecimal.</param>
public sealed record AuditRow(long Sequence, string Time, AuditEntry Entry, string Hash);
