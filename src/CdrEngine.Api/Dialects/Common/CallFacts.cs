using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>What mappings need of a call that its packets do not show. Every member is null where nothing tells: mappings then give null, never a guess.
/// <see cref="Of"/> is the one place that takes it from a record.</summary>
internal sealed record CallFacts
{
    /// <summary>Nothing is known.</summary>
    public static readonly CallFacts None = new();

    // What made a call of another, the nearest first: a machine that joins both says more than a transfer long before.
    private static readonly LinkRelation[] Origins = [LinkRelation.Upstream, LinkRelation.TransferredFrom, LinkRelation.RedirectedFrom, LinkRelation.Replaced, LinkRelation.RetryOf];

    /// <summary>Who called.</summary>
    public PartyFacts? Caller { get; init; }

    /// <summary>Who answered, else who was called.</summary>
    public PartyFacts? Callee { get; init; }

    /// <summary>What answered: what the directory takes the callee for, or the number that was dialled; null where nobody answered or nothing tells.</summary>
    public PartyKind? AnsweredBy { get; init; }

    /// <summary>Whether a person answered (true), or a machine such as a voice mailbox, menu or queue (false); null where nobody did or nothing tells.</summary>
    public bool? AnsweredByPerson { get; init; }

    /// <summary>The connection to a person behind the machine that answered; null where there was none. A call that a person answered itself needs none.</summary>
    public BridgeFacts? Bridge { get; init; }

    /// <summary>Whether nobody took the call, a person or a mailbox, as far as the client may see who was behind a machine (<see cref="MissedCall"/>); null where that was not looked at.</summary>
    public bool? IsMissed { get; init; }

    /// <summary>Tenant whose call it is.</summary>
    public string? Tenant { get; init; }

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

    /// <summary>Currency of both, ISO 4217.</summary>
    public string? Currency { get; init; }

    /// <summary>Where it went, as the rate table names it.</summary>
    public string? Destination { get; init; }

    /// <summary>Native id of the call that this one came of: the leg before a machine, the call that was transferred or redirected.</summary>
    public string? ParentId { get; init; }

    /// <summary>Native id of the first call of the conversation; null where that is this call.</summary>
    public string? RootId { get; init; }

    /// <summary>The facts that a record holds.</summary>
    /// <param name="record">The record.</param>
    /// <param name="find">Finds a call by its native id, for what stands in the records of linked calls: who was behind a machine. Null leaves that out.</param>
    public static CallFacts Of(CallRecord record, Func<string, CallRecord?>? find = null)
    {
        ArgumentNullException.ThrowIfNull(record);
        PartyKind? answeredBy = Answerer.KindOf(record);
        bool? person = Answerer.IsPerson(record);
        return new CallFacts
        {
            Caller = PartyFacts.Of(record.Caller.Identity),
            Callee = PartyFacts.Of(record.Callee.Identity),
            AnsweredBy = answeredBy,
            AnsweredByPerson = person,
            Bridge = find is not null && Calls.Outcomes.Bridge.Of(record, find) is { } bridge ? new BridgeFacts(bridge.Behind.Callee.Number, SipUriText.Host(bridge.Behind.Callee.Uri), bridge.At, bridge.Ended) : null,
            IsMissed = find is null ? null : MissedCall.Is(record, find),
            Tenant = record.Tenant,
            Trunk = record.Marks?.Trunk,
            Context = record.Marks?.Context is { } context ? EnumNames<CallContext>.Of(context) : null,
            BilledAccount = record.Marks?.BilledAccount,
            Rate = record.Marks?.Charge?.Rate,
            Amount = record.Marks?.Charge?.Amount,
            Currency = record.Marks?.Charge?.Currency,
            Destination = record.Marks?.Charge?.Destination,
            ParentId = ParentOf(record),
            RootId = record.SessionId.Length > 0 && record.SessionId != record.Id ? record.SessionId : null,
        };
    }

    private static string? ParentOf(CallRecord record)
    {
        foreach (LinkRelation origin in Origins)
        {
            CallLink? best = null;
            foreach (CallLink link in record.Links)
            {
                if (link.Relation == origin && (best is null || link.Score > best.Score)) best = link;
            }

            if (best is not null) return best.CallId;
        }

        return record.Transfer is { Role: TransferRole.Target } transfer ? transfer.CallId : null;
    }
}

/// <summary>Who a party is.</summary>
/// <param name="Kind">What it is, snake case: <c>user</c>, <c>contact</c>, <c>queue</c> …</param>
/// <param name="Id">Numeric id within its kind; null where it has none.</param>
/// <param name="Name">Name.</param>
internal sealed record PartyFacts(string Kind, long? Id, string? Name)
{
    /// <summary>Who the directory says it is; null for nobody.</summary>
    public static PartyFacts? Of(PartyIdentity? identity) =>
        identity is null ? null : new PartyFacts(EnumNames<PartyKind>.Of(identity.Kind), identity.Id == 0 ? null : identity.Id, identity.Name.Length == 0 ? null : identity.Name);
}

/// <summary>A second connection.</summary>
/// <param name="Number">Who it led to.</param>
/// <param name="Domain">Domain of that number.</param>
/// <param name="At">When it stood.</param>
/// <param name="Ended">When it ended; null while it stands.</param>
internal sealed record BridgeFacts(string? Number, string? Domain, Timestamp At, Timestamp? Ended);
