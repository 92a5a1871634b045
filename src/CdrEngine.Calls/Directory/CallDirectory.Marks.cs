using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Directory;

// What follows from the directory for a call. Everything here is a function of the record and the directory and of nothing else.
public sealed partial class CallDirectory
{
    // Where a party is.
    private enum Place
    {
        Unknown,
        Inside,
        Outside,
    }

    /// <summary>The record with everything the directory says of it: direction, parties, tenant, context, trunk, account, charge. What it carried of an
    /// earlier directory is replaced.</summary>
    public CallRecord Mark(CallRecord record)
    {
        // 1. The ways it came and went, and whose domains stand in it.
        Trunk? from = FromTrunk(record), to = ToTrunk(record);
        Tenant? callerDomain = TenantOfUri(record.Caller.Uri), calleeDomain = TenantOfUri(record.Callee.Uri);
        Tenant? hint = callerDomain ?? calleeDomain ?? from?.Tenant ?? to?.Tenant ?? DefaultTenant;

        // 2. Who they are. Numbers are written as where the call came in; where all that was seen is the way out, as they are written there.
        Found caller = Resolve(record.Caller.Number, WrittenOn(record, from, to), from is { Side: TrunkSide.Carrier }, from?.Tenant ?? callerDomain ?? hint);
        Tenant? calleeTenant = to?.Tenant ?? calleeDomain ?? caller.Entry?.Tenant ?? hint;
        Found callee = Resolve(record.Callee.Number, WrittenOn(record, from, to), to is { Side: TrunkSide.Carrier }, calleeTenant);
        Found dialled = record.Dialled == record.Callee.Number && (to is not { Side: TrunkSide.Carrier } || (from is null && record.Hops.Count <= 1))
            ? callee
            : Dialled(record, from, to, calleeTenant);
        if (callee.Entry is null && dialled.Entry is not null) callee = dialled;
        if (callee.E164 is null && callee.Entry is null && dialled.E164 is not null) callee = callee with { E164 = dialled.E164, Kind = dialled.Kind };

        // 3. Where they are, and so which way the call went.
        Place callerAt = PlaceOf(caller, from, to, record.Caller, callerDomain);
        Place calleeAt = PlaceOf(callee, to, from, record.Callee, calleeDomain);
        CallDirection? direction = DirectionOf(callerAt, calleeAt);

        // 4. Whose it is, what it was, and what it costs.
        Tenant? tenant = TenantOf(direction, caller, callee, from, to, callerDomain, calleeDomain);
        (string? account, CallCharge? charge) = Rated(record, direction, tenant, caller.Entry, callee.Entry, dialled.E164 ?? callee.E164, from, to);
        CallContext? context = ContextOf(record, direction, dialled.Entry, callee.Entry, calleeAt, tenant);
        Trunk? trunk = direction is CallDirection.Inbound or CallDirection.Internal ? from ?? to : to ?? from;
        return record with
        {
            Direction = direction,
            Caller = Identified(record.Caller, caller),
            Callee = Identified(record.Callee, callee),
            Marks = MarksOf(tenant?.Name, context, trunk?.Name, account, charge),
        };
    }

    /// <summary>The record with account and charge worked out anew and all else as it is: for records marked before, when prices have changed.</summary>
    public CallRecord Rerate(CallRecord record)
    {
        Trunk? from = FromTrunk(record), to = ToTrunk(record);
        Tenant? tenant = Tenant(record.Tenant);
        Found dialled = Dialled(record, from, to, to?.Tenant ?? tenant);
        (string? account, CallCharge? charge) = Rated(record, record.Direction, tenant, EntryOf(record.Caller), EntryOf(record.Callee), dialled.E164 ?? record.Callee.E164, from, to);
        CallMarks? rated = MarksOf(record.Tenant, record.Marks?.Context, record.Marks?.Trunk, account, charge);
        return rated == record.Marks ? record : record with { Marks = rated };
    }

    /// <summary>What the directory wishes for the recording of a marked record; null where it leaves it to the settings.</summary>
    /// <remarks>The most specific wish counts: that of the users and numbers of both sides, then the trunk's, then the tenant's. Where both sides wish, never goes
    /// before one voice only, that before always, and that before on demand; one wish for the caller's and one for the callee's voice are never.</remarks>
    public RecordingWish? WishFor(CallRecord record)
    {
        RecordingWish? caller = EntryOf(record.Caller)?.Recording, callee = EntryOf(record.Callee)?.Recording;
        return (caller is { } one && callee is { } other ? Stricter(one, other) : caller ?? callee)
            ?? Trunk(record.Marks?.Trunk)?.Recording
            ?? Tenant(record.Tenant)?.Recording;
    }

    private static RecordingWish Stricter(RecordingWish one, RecordingWish other)
    {
        if (one == other) return one;
        if (one == RecordingWish.Never || other == RecordingWish.Never) return RecordingWish.Never;
        bool oneVoice = one is RecordingWish.Caller or RecordingWish.Callee, otherVoice = other is RecordingWish.Caller or RecordingWish.Callee;
        if (oneVoice && otherVoice) return RecordingWish.Never;
        if (oneVoice || otherVoice) return oneVoice ? one : other;
        return RecordingWish.Always;
    }

    private static Trunk? WrittenOn(CallRecord record, Trunk? from, Trunk? to) => from ?? (record.Hops.Count <= 1 ? to : null);

    private Found Dialled(CallRecord record, Trunk? from, Trunk? to, Tenant? tenant)
    {
        Trunk? writtenOn = WrittenOn(record, from, to);
        return Resolve(record.Dialled, writtenOn, writtenOn is { Side: TrunkSide.Carrier } && ReferenceEquals(writtenOn, to), tenant);
    }

    private static Party Identified(Party party, Found found) =>
        party.E164 == found.E164 && party.Identity == found.Entry?.Identity ? party : party with { E164 = found.E164, Identity = found.Entry?.Identity };

    private static CallDirection? DirectionOf(Place caller, Place callee) => (caller, callee) switch
    {
        (Place.Outside, Place.Inside) => CallDirection.Inbound,
        (Place.Inside, Place.Outside) => CallDirection.Outbound,
        (Place.Inside, Place.Inside) => CallDirection.Internal,
        (Place.Outside, Place.Outside) => CallDirection.Transit,
        _ => null,
    };

    private Trunk? FromTrunk(CallRecord record) => _addresses.Find(record.Caller.Address) ?? (record.Hops.Count > 0 ? _addresses.Find(record.Hops[0].Source) : null);

    private Trunk? ToTrunk(CallRecord record) => _addresses.Find(record.Callee.Address) ?? (record.Hops.Count > 0 ? _addresses.Find(record.Hops[^1].Destination) : null);

    private DirectoryEntry? EntryOf(Party party) => party.Identity is { } identity ? Entry(identity.Kind, identity.Id) : null;

    // Its own way first, then who it is, then that the other one came over a carrier and this one did not, then what its number looks like.
    private Place PlaceOf(Found found, Trunk? own, Trunk? other, Party party, Tenant? domain)
    {
        if (own is not null) return own.Side == TrunkSide.Carrier ? Place.Outside : Place.Inside;
        if (found.Entry is { } entry) return entry.Kind is PartyKind.Contact or PartyKind.Emergency ? Place.Outside : Place.Inside;
        if (_hasCarriers && other is { Side: TrunkSide.Carrier } && party.Address is not null) return Place.Inside;
        return found.Kind switch
        {
            NumberKind.Extension or NumberKind.Code => Place.Inside,
            NumberKind.E164 or NumberKind.Short => Place.Outside,
            NumberKind.Name when domain is not null => Place.Inside,
            _ => Place.Unknown,
        };
    }

    private Tenant? TenantOf(CallDirection? direction, Found caller, Found callee, Trunk? from, Trunk? to, Tenant? callerDomain, Tenant? calleeDomain) => direction switch
    {
        CallDirection.Inbound => callee.Entry?.Tenant ?? to?.Tenant ?? from?.Tenant ?? calleeDomain ?? DefaultTenant,
        CallDirection.Outbound => caller.Entry?.Tenant ?? callerDomain ?? from?.Tenant ?? to?.Tenant ?? DefaultTenant,
        CallDirection.Internal => caller.Entry?.Tenant ?? callee.Entry?.Tenant ?? callerDomain ?? calleeDomain ?? from?.Tenant ?? to?.Tenant ?? DefaultTenant,
        _ => from?.Tenant ?? to?.Tenant ?? caller.Entry?.Tenant ?? callee.Entry?.Tenant ?? callerDomain ?? calleeDomain ?? DefaultTenant,
    };

    private CallContext? ContextOf(CallRecord record, CallDirection? direction, DirectoryEntry? dialled, DirectoryEntry? callee, Place calleeAt, Tenant? tenant)
    {
        CallContext? special = ContextOf(dialled?.Kind) ?? ContextOf(callee?.Kind);
        if (special is not null) return special;
        if (calleeAt == Place.Outside && IsSentOn(record, tenant)) return CallContext.FollowMe;
        return direction switch
        {
            CallDirection.Internal => CallContext.UserLocal,
            null => null,
            _ => CallContext.PstnCall,
        };
    }

    private static CallContext? ContextOf(PartyKind? kind) => kind switch
    {
        PartyKind.Voicemail => CallContext.Voicemail,
        PartyKind.Ivr => CallContext.Ivr,
        PartyKind.Queue => CallContext.Queue,
        PartyKind.RingGroup => CallContext.RingGroup,
        PartyKind.Conference => CallContext.Conference,
        PartyKind.Tracking => CallContext.Tracking,
        PartyKind.Freephone => CallContext.Freephone,
        PartyKind.Test => CallContext.TestCall,
        PartyKind.Emergency => CallContext.Emergency,
        PartyKind.Feature => CallContext.Feature,
        PartyKind.Fax => CallContext.Fax,
        _ => null,
    };

    // Whether a user of the directory stands in Diversion (RFC 5806) or History-Info (RFC 7044). The text of a header may name several; the last
    // Diversion is the first who sent on.
    private bool IsSentOn(CallRecord record, Tenant? tenant)
    {
        foreach ((string name, string value) in record.Headers)
        {
            if (name is not ("diversion" or "history-info")) continue;
            foreach (string part in value.Split(','))
            {
                int close = part.IndexOf('>');
                string uri = close < 0 ? part : part[..(close + 1)];
                if (Resolve(uri, null, isOutside: false, TenantOfUri(uri) ?? tenant).Entry is { Kind: PartyKind.User }) return true;
            }
        }

        return false;
    }

    private static CallMarks? MarksOf(string? tenant, CallContext? context, string? trunk, string? account, CallCharge? charge) =>
        tenant is null && context is null && trunk is null && account is null && charge is null
            ? null
            : new CallMarks { Tenant = tenant, Context = context, Trunk = trunk, BilledAccount = account, Charge = charge };

    // Who pays and how much: calls to the outside by the number called, calls from the outside where the tenant has a table for them.
    private (string? Account, CallCharge? Charge) Rated(
        CallRecord record, CallDirection? direction, Tenant? tenant, DirectoryEntry? caller, DirectoryEntry? callee, string? number, Trunk? from, Trunk? to)
    {
        switch (direction)
        {
            case CallDirection.Outbound or CallDirection.Transit:
                return (caller?.Account ?? from?.Account ?? tenant?.Account, Charged(record, from?.Rates ?? tenant?.Rates ?? to?.Rates ?? DefaultRates, number));
            case CallDirection.Inbound when Charged(record, tenant?.InboundRates, number) is { } charge:
                return (callee?.Account ?? tenant?.Account, charge);
            default:
                return default;
        }
    }

    private CallCharge? Charged(CallRecord record, RateTable? rates, string? number) => record.AnsweredAt is null || record.EndedAt is null || number is null
        ? null
        : rates?.Charge(number, record.StartedAt, record.BillableDuration, _rounding);
}
