using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Tests.Directory;

/// <summary>A directory with one of everything: two tenants with the same extensions, a carrier, a tenant's own telephone system.</summary>
internal static class TestDirectory
{
    public static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));

    public static DirectoryDraft Draft()
    {
        var draft = new DirectoryDraft { DefaultPlan = At("de") };
        draft.Plans.Add(("plans", new NumberPlan { Name = "de", CountryCode = "49", NationalPrefix = "0", AreaCode = "30", ExtensionLengths = [3, 4], Short = ["110", "112"], Bare = BareNumber.Subscriber }));
        draft.Plans.Add(("plans", new NumberPlan { Name = "carrier", CountryCode = "49", Bare = BareNumber.International }));
        var rates = new RateTableDraft { Where = "rates", Name = "standard", Currency = At("EUR") };
        rates.Entries.Add(("rates", new RateEntry { Prefix = "49", Name = "Germany", PerMinute = 0.06m }));
        rates.Entries.Add(("rates", new RateEntry { Prefix = "44", Name = "UK", PerMinute = 0.12m }));
        draft.Rates.Add(rates);
        var wholesale = new RateTableDraft { Where = "rates", Name = "wholesale", Currency = At("USD") };
        wholesale.Entries.Add(("rates", new RateEntry { Prefix = "44", Name = "UK transit", PerMinute = 0.01m }));
        draft.Rates.Add(wholesale);
        var freephone = new RateTableDraft { Where = "rates", Name = "freephone", Currency = At("EUR") };
        freephone.Entries.Add(("rates", new RateEntry { Prefix = "49800", Name = "Freephone", PerMinute = 0.6m }));
        draft.Rates.Add(freephone);
        draft.Tenants.Add(new TenantDraft { Where = "acme", Name = "acme", Id = 1, Domains = [At("acme.example"), At("10.0.0.1")], Account = "ACME-1", Rates = At("standard"), InboundRates = At("freephone"), Recording = RecordingWish.Never });
        draft.Tenants.Add(new TenantDraft { Where = "beta", Name = "beta", Id = 2, Domains = [At("beta.example"), At("2001:db8::1")], Rates = At("standard") });
        draft.Trunks.Add(Trunk("telco", TrunkSide.Carrier, null, "carrier", ["192.0.2.0/24"]));
        draft.Trunks.Add(Trunk("other", TrunkSide.Carrier, null, "carrier", ["198.51.100.0/24"]) with { Rates = At("wholesale"), Account = "OTHER-9" });
        draft.Trunks.Add(Trunk("tech", TrunkSide.Carrier, "acme", "carrier", ["192.0.2.99"]) with { Strip = ["9901"] });
        draft.Trunks.Add(Trunk("beta-pbx", TrunkSide.Pbx, "beta", null, ["203.0.113.20:5060"]) with { Recording = RecordingWish.Caller });
        draft.Entries.AddRange(
        [
            User(1, "acme", "Alice", "1001", "+49305551001", "alice") with { Recording = RecordingWish.Always },
            User(2, "acme", "Adam", "1002", "+49305551002") with { Account = "ACME-SALES" },
            User(3, "beta", "Bob", "1001", "+49305661001", "bob"),
            User(4, "acme", "Mobile", "1004", "+491705550004"),
            Number(PartyKind.Contact, 7, "acme", "Plumber", "+49305559900"),
            Number(PartyKind.Contact, 8, null, "Clock", "+491804100100"),
            Number(PartyKind.Number, 0, "acme", "Block") with { Prefixes = [At("+4930555")] },
            Number(PartyKind.Tracking, 1, "acme", "Poster") with { Ranges = [(At("+49305557000"), At("+49305557049"))] },
            Number(PartyKind.Ivr, 1, "acme", "Menu", "+4930555100", "100"),
            Number(PartyKind.Queue, 1, "acme", "Support", "+4930555800", "800") with { Members = [At("1"), At("ring_group:1")], Recording = RecordingWish.OnDemand },
            Number(PartyKind.RingGroup, 1, "acme", "All", null, "801") with { Members = [At("user:2")] },
            Number(PartyKind.Voicemail, 1, "acme", "Mailbox", null, "*98") with { Prefixes = [At("*98")] },
            Number(PartyKind.Conference, 1, "acme", "Room", null, "850"),
            Number(PartyKind.Freephone, 1, "acme", "Orders", "+498005550123"),
            Number(PartyKind.Fax, 1, "acme", "Fax", "+49305551099"),
            Number(PartyKind.Test, 1, null, "Echo", null, "*43"),
            Number(PartyKind.Emergency, 1, null, "Emergency", null, "112"),
            Number(PartyKind.Feature, 1, "acme", "Forward") with { Prefixes = [At("*21")] },
        ]);
        return draft;
    }

    public static CallDirectory Build(DirectoryDraft? draft = null)
    {
        CallDirectory? directory = CallDirectory.TryBuild(draft ?? Draft(), BillsecRounding.Nearest, out IReadOnlyList<DirectoryProblem> problems);
        Assert.Empty(problems);
        return directory!;
    }

    /// <summary>A call that was answered for a minute. Parties are <c>user@host</c> or a user alone; addresses are empty where unknown.</summary>
    public static CallRecord Call(string caller, string callee, string from = "", string to = "", string? dialled = null, bool answered = true, (string Name, string Value)[]? headers = null)
    {
        Endpoint? fromAt = Address(from), toAt = Address(to);
        return new CallRecord
        {
            Id = CallId.Derive("c", "t", Start),
            SessionId = CallId.Derive("c", "t", Start),
            SipCallId = "c",
            State = CallState.Ended,
            Disposition = answered ? Disposition.Answered : Disposition.Busy,
            Dialled = dialled ?? callee.Split('@')[0],
            Caller = Party(caller, fromAt),
            Callee = Party(callee, toAt),
            StartedAt = Start,
            AnsweredAt = answered ? Start + TimeSpan.FromSeconds(5) : null,
            EndedAt = Start + TimeSpan.FromSeconds(65),
            Hops = fromAt is { } source && toAt is { } destination ? [new Hop(source, destination, Transport.Udp, Start, 7)] : [],
            Headers = [.. (headers ?? []).Select(static header => KeyValuePair.Create(header.Name, header.Value))],
        };
    }

    public static Placed At(string text) => new("test", text);

    public static EntryDraft User(long id, string? tenant, string name, string? extension, string? number, string? username = null) => new()
    {
        Where = $"user {id}",
        Kind = PartyKind.User,
        Id = id,
        Name = name,
        Tenant = tenant is null ? null : At(tenant),
        Extensions = extension is null ? [] : [At(extension)],
        Numbers = number is null ? [] : [At(number)],
        Usernames = username is null ? [] : [At(username)],
    };

    public static EntryDraft Number(PartyKind kind, long id, string? tenant, string name, string? number = null, string? extension = null) => new()
    {
        Where = $"{kind} {id}",
        Kind = kind,
        Id = id,
        Name = name,
        Tenant = tenant is null ? null : At(tenant),
        Numbers = number is null ? [] : [At(number)],
        Extensions = extension is null ? [] : [At(extension)],
    };

    public static TrunkDraft Trunk(string name, TrunkSide side, string? tenant, string? plan, string[] addresses) => new()
    {
        Where = name,
        Name = name,
        Side = side,
        Tenant = tenant is null ? null : At(tenant),
        Plan = plan is null ? null : At(plan),
        Addresses = [.. addresses.Select(text => (name, AddressRange.TryRead(text, out AddressRange range) is null ? range : default))],
    };

    private static Endpoint? Address(string text) => text.Length == 0 ? null : new Endpoint(IpAddress.TryParse(text, out IpAddress ip) ? ip : default, 5060);

    private static Party Party(string text, Endpoint? address)
    {
        string user = text.Split('@')[0];
        return new Party { Number = user.Length == 0 ? null : user, Uri = text.Contains('@') ? $"sip:{text}" : $"sip:{text}@unknown.invalid", Address = address };
    }
}
