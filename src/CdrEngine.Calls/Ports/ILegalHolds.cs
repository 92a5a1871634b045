using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>A legal hold: some calls are kept whatever retention says, until it is released.</summary>
/// <param name="Id">Its number.</param>
/// <param name="What">What it was placed on, in words.</param>
/// <param name="Reason">Why.</param>
/// <param name="PlacedBy">Who placed it.</param>
/// <param name="PlacedAt">When.</param>
/// <param name="Calls">Calls it holds.</param>
public sealed record LegalHold(long Id, string What, string Reason, string PlacedBy, Timestamp PlacedAt, long Calls)
{
    /// <summary>Tenant whose token placed it; null for one who sees all.</summary>
    public string? Tenant { get; init; }
}

/// <summary>Places, shows and releases legal holds. Any thread.</summary>
public interface ILegalHolds
{
    /// <summary>Calls that one hold may be placed on.</summary>
    const int MaxCalls = 100_000;

    /// <summary>Longest reason, in characters.</summary>
    const int MaxReason = 1_000;

    /// <summary>Places a hold on calls and gives it with its number.</summary>
    /// <param name="calls">Ids of records, at most <see cref="MaxCalls"/>.</param>
    /// <param name="what">What it is placed on, in words.</param>
    /// <param name="reason">Why.</param>
    /// <param name="by">Who.</param>
    /// <param name="tenant">Tenant of who places it; null for one who sees all.</param>
    /// <param name="at">When.</param>
    LegalHold Place(IReadOnlyCollection<string> calls, string what, string reason, string by, string? tenant, Timestamp at);

    /// <summary>Releases a hold; false where there is none of that number (or it is another tenant's).</summary>
    bool Release(long id, string? tenant);

    /// <summary>All holds that a tenant may see (null for all), the oldest first.</summary>
    IReadOnlyList<LegalHold> List(string? tenant);

    /// <summary>The holds on one call, the oldest first; empty where it is not held.</summary>
    IReadOnlyList<LegalHold> Of(string callId);
}

/// <summary>What retention needs of the holds.</summary>
public interface IHeldCalls : ILegalHolds, IDisposable
{
    /// <summary>Ids of all calls under any hold.</summary>
    IReadOnlySet<string> Held();

    /// <summary>Calls whose packets lie in segments of their own, with the run that has them.</summary>
    IReadOnlyDictionary<string, uint> Copied();

    /// <summary>Notes where a call's packets were copied to.</summary>
    void SetCopied(string callId, uint run);

    /// <summary>Forgets copies of calls that no hold is on any more.</summary>
    void ForgetReleased();
}
