using System.Globalization;

namespace CdrEngine.Api.Access.Shares;

/// <summary>A link by which somebody without a token hears one recording: as it is kept, everything but the secret.</summary>
public sealed record ShareLink
{
    /// <summary>Twelve hexadecimal digits; its name in lists and in the audit.</summary>
    public required string Id { get; init; }

    /// <summary>SHA-256 of the secret, hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>Id of the call.</summary>
    public required string CallId { get; init; }

    /// <summary>Tenant of the call when the link was made; null for none. A call that has become another's is not shown by it.</summary>
    public string? Tenant { get; init; }

    /// <summary>What it is for, shown to whoever opens it; empty for nothing.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether the picture of the call's SIP messages is shown too.</summary>
    public bool Ladder { get; init; }

    /// <summary>Who made it, as the audit writes it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>From when on it opens nothing.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>How often it may be opened; null for any number.</summary>
    public int? MostUses { get; init; }

    /// <summary>How often it was.</summary>
    public int Uses { get; init; }

    /// <summary>When it was opened last; null where it was not.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>Derived of the passphrase, with its salt; null where none is asked for.</summary>
    public string? Passphrase { get; init; }

    /// <summary>When it was withdrawn; null while it is not.</summary>
    public DateTimeOffset? Revoked { get; init; }

    /// <summary>Whether it may still be opened.</summary>
    public bool IsInForce(DateTimeOffset now) => Revoked is null && now < Expires;

    /// <summary>Whether it was opened as often as it may be.</summary>
    public bool IsUsedUp => Uses >= MostUses;
}

/// <summary>What is asked for with a new link.</summary>
/// <param name="CallId">Id of the call.</param>
/// <param name="Tenant">Its tenant; null for none.</param>
/// <param name="CreatedBy">Who asks, as the audit writes it.</param>
/// <param name="Expires">From when on it opens nothing.</param>
public sealed record ShareWish(string CallId, string? Tenant, string CreatedBy, DateTimeOffset Expires)
{
    /// <summary>What it is for.</summary>
    public string Name { get; init; } = "";

    /// <summary>How often it may be opened; null for any number.</summary>
    public int? MostUses { get; init; }

    /// <summary>Asked of who opens it; null for nothing.</summary>
    public string? Passphrase { get; init; }

    /// <summary>Whether the picture of the call's SIP messages is shown too.</summary>
    public bool Ladder { get; init; }

    /// <summary>What it allows, in a line for the audit.</summary>
    public string Terms() => string.Create(
        CultureInfo.InvariantCulture,
        $"until {Expires.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}, {(MostUses is { } uses ? $"{uses} uses" : "any number of uses")}, {(Passphrase is null ? "no passphrase" : "a passphrase")}{(Ladder ? ", with the ladder" : "")}");
}
