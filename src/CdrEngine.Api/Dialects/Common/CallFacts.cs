using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>What mappings need of a call that its packets do not show. Every member is null where nothing tells: mappings then give null, never a guess.
/// <see cref="Of"/> is the one place that takes it from a record.</summary>
internal sealed record CallFacts
{
    /// <summary>Nothing is known.</summary>
    public static readonly CallFacts None = new();

    /// <summary>Who called.</summary>
    public PartyFacts? Caller { get; init; }

    /// <summary>Who answered, else who was called.</summary>
    public PartyFacts? Callee { get; init; }

    /// <summary>Whether a person answered (true), or a machine such as a voice mailbox, menu or queue (false); null where nobody did or nothing tells.</summary>
    public bool? AnsweredByPerson { get; init; }

    /// <summary>The connection to a person behind the machine that answered; null where there was none. A call that a person answered itself needs none.</summary>
    public BridgeFacts? Bridge { get; init; }

    /// <summary>Name of the trunk.</summary>
    public string? Trunk { get; init; }

    /// <summary>What the call was by the number dialled, snake case: <c>pstn_call</c>, <c>user_local</c>, <c>ivr</c> …</summary>
    public string? Context { get; init; }

    /// <summary>Account that pays.</summary>
    public string? BilledAccount { get; init; }

    /// <summary>Price of a minute.</summary>
    public decimal? Rate { get; init; }

    /// <summary>Price of the call.</summary>
    public decimal? Amount { get; init; }

    /// <summary>The facts that a record holds.</summary>
    public static CallFacts Of(CallRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return None;
    }
}

/// <summary>Who a party is.</summary>
/// <param name="Kind">What it is, snake case: <c>user</c>, <c>contact</c>, <c>queue</c> …</param>
/// <param name="Id">Numeric id within its kind; null where it has none.</param>
/// <param name="Name">Name.</param>
internal sealed record PartyFacts(string Kind, long? Id, string? Name);

/// <summary>A second connection.</summary>
/// <param name="Number">Who it led to.</param>
/// <param name="Domain">Domain of that number.</param>
/// <param name="At">When it stood.</param>
/// <param name="Ended">When it ended; null while it stands.</param>
internal sealed record BridgeFacts(string? Number, string? Domain, Core.Timestamp At, Core.Timestamp? Ended);
