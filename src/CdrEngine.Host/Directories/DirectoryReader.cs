using System.Globalization;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Directories;

/// <summary>Reads <c>directory.conf</c> and the tables beside it into a draft. The one place that names its keys; <c>config/directory.sample.conf</c> explains them.</summary>
internal sealed class DirectoryReader(string path, List<DirectoryProblem> problems, Func<string, string?> readTable)
{
    private const string DigitCharacters = "0123456789";

    /// <summary>The name all stands under.</summary>
    public const string RootKey = "directory";

    private readonly DirectoryDraft _draft = new();

    /// <summary>Reads the whole.</summary>
    public DirectoryDraft Read(HoconValue tree)
    {
        foreach ((string key, HoconMember member) in tree.Members)
        {
            if (key != RootKey) problems.Add(new DirectoryProblem(member.KeyPosition.ToString(), $"unknown key '{key}'; all stands under '{RootKey}'"));
        }

        if (!tree.Members.TryGetValue(RootKey, out HoconMember root))
        {
            problems.Add(new DirectoryProblem(path, $"there is no '{RootKey} {{ … }}' in it"));
            return _draft;
        }

        DirectoryRow at = DirectoryRow.Of(root.Value, RootKey, root.KeyPosition, problems);
        _draft.DefaultTenant = at.Place("default-tenant");
        _draft.DefaultPlan = at.Place("default-plan");
        _draft.DefaultRates = at.Place("default-rates");
        foreach ((string name, DirectoryRow row) in at.Named("plans", "plan")) _draft.Plans.Add((row.Where, Plan(name, row)));
        foreach ((string name, DirectoryRow row) in at.Named("tenants", "tenant")) _draft.Tenants.Add(Tenant(name, row));
        foreach ((string name, DirectoryRow row) in at.Named("trunks", "trunk")) _draft.Trunks.Add(Trunk(name, row));
        AddEntries(at, "users", "a user", PartyKind.User);
        AddEntries(at, "contacts", "a contact", PartyKind.Contact);
        AddEntries(at, "numbers", "a number", null);
        foreach ((string name, DirectoryRow row) in at.Named("rates", "rate table")) _draft.Rates.Add(Rates(name, row));
        at.RefuseOthers();
        return _draft;
    }

    private static NumberPlan Plan(string name, DirectoryRow row)
    {
        var plan = new NumberPlan
        {
            Name = name,
            CountryCode = Digits(row, "country-code", 1, 3, row.Required("country-code").Text),
            NationalPrefix = Digits(row, "national-prefix", 0, 4),
            InternationalPrefixes = row.Has("international-prefixes")
                ? Texts(row.List("international-prefixes", static text => IsDigits(text) && text.Length is > 0 and <= 6, "prefix of 1 to 6 digits"))
                : ["00"],
            AreaCode = Digits(row, "area-code", 0, 6),
            OutsidePrefix = Digits(row, "outside-prefix", 0, 3),
            ExtensionLengths = [.. row.List("extension-lengths", static text => text is [>= '1' and <= '9'] or ['1', >= '0' and <= '5'], "length of 1 to 15").Select(static item => int.Parse(item.Text, CultureInfo.InvariantCulture))],
            Short = Texts(row.List("short-numbers", static text => IsDigits(text) && text.Length is > 0 and <= 15, "number of 1 to 15 digits")),
            Bare = row.Choice<BareNumber>("bare-numbers") ?? BareNumber.National,
        };
        int[] lengths = [.. row.List("national-lengths", static text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length is > 0 and <= 15, "length of 1 to 15")
            .Select(static item => int.Parse(item.Text, CultureInfo.InvariantCulture))];
        if (plan.Bare == BareNumber.Subscriber && plan.AreaCode.Length == 0) row.Say(row.Where, $"plan '{name}' reads bare numbers as the area's own and has no area-code");
        row.RefuseOthers();
        return lengths.Length == 0 ? plan : plan with { NationalLengthMin = lengths.Min(), NationalLengthMax = lengths.Max() };
    }

    private static TenantDraft Tenant(string name, DirectoryRow row)
    {
        var tenant = new TenantDraft
        {
            Where = row.Where,
            Name = name,
            Id = row.Integer("id", 1, int.MaxValue, 0),
            Title = row.Text("name"),
            Domains = row.List("domains"),
            Plan = row.Place("plan"),
            Account = row.Text("account"),
            Rates = row.Place("rates"),
            InboundRates = row.Place("inbound-rates"),
            Recording = row.Choice<RecordingWish>("recording"),
        };
        row.RefuseOthers();
        return tenant;
    }

    private static TrunkDraft Trunk(string name, DirectoryRow row)
    {
        var addresses = new List<(string Where, AddressRange Range)>();
        foreach (Placed item in row.List("addresses"))
        {
            if (AddressRange.TryRead(item.Text, out AddressRange range) is { } problem) row.Say(item.Where, $"'{item.Text}' of trunk '{name}': {problem}");
            else addresses.Add((item.Where, range));
        }

        var trunk = new TrunkDraft
        {
            Where = row.Where,
            Name = name,
            Side = row.Choice<TrunkSide>("side") ?? TrunkSide.Carrier,
            Addresses = addresses,
            Tenant = row.Place("tenant"),
            Plan = row.Place("plan"),
            Strip = Texts(row.List("strip", static text => text.Length is > 0 and <= 15 && !text.AsSpan().ContainsAnyExcept("0123456789*#+"), "prefix of 1 to 15 digits, *, # and +")),
            Account = row.Text("account"),
            Rates = row.Place("rates"),
            Recording = row.Choice<RecordingWish>("recording"),
        };
        row.RefuseOthers();
        return trunk;
    }

    private void AddEntries(DirectoryRow at, string key, string what, PartyKind? kind)
    {
        foreach (DirectoryRow row in at.Objects(key, what)) AddEntry(row, kind);
        foreach (DirectoryRow row in Table(at, $"{key}-file", what)) AddEntry(row, kind);
    }

    private void AddEntry(DirectoryRow row, PartyKind? kind)
    {
        if (kind is null)
        {
            Placed named = row.Required("class");
            PartyKind? asked = named.Text.Length > 0 ? row.Choice<PartyKind>("class") : null;
            if (asked is PartyKind.User or PartyKind.Contact) row.Say(named.Where, "users and contacts have lists of their own");
            kind = asked ?? PartyKind.Number;
        }

        bool isUser = kind == PartyKind.User;
        var ranges = new List<(Placed First, Placed Last)>();
        if (kind is not (PartyKind.User or PartyKind.Contact))
        {
            Placed? first = row.Place("first"), last = row.Place("last");
            if (first is { } from && last is { } to) ranges.Add((from, to));
            else if ((first ?? last) is { } alone) row.Say(alone.Where, "a range needs 'first' and 'last'");
        }

        _draft.Entries.Add(new EntryDraft
        {
            Where = row.Where,
            Kind = kind.Value,
            Id = row.Integer("id", 1, int.MaxValue, 0),
            Name = row.Text("name") ?? "",
            Tenant = row.Place("tenant"),
            Extensions = kind == PartyKind.Contact ? [] : row.List("extensions"),
            Numbers = row.List("numbers"),
            Usernames = kind is PartyKind.User or PartyKind.Contact || row.Has("usernames") ? row.List("usernames") : [],
            Prefixes = isUser || kind == PartyKind.Contact ? [] : row.List("prefixes"),
            Ranges = ranges,
            Email = isUser ? row.Text("email") : null,
            Devices = isUser ? Devices(row) : [],
            Department = isUser ? row.Text("department") : null,
            Account = kind == PartyKind.Contact ? null : row.Text("account"),
            Recording = row.Choice<RecordingWish>("recording"),
            Members = kind is PartyKind.User or PartyKind.Contact ? [] : row.List("members"),
        });
        row.RefuseOthers();
    }

    private static List<Placed> Devices(DirectoryRow row)
    {
        var devices = new List<Placed>();
        foreach (Placed device in row.List("devices"))
        {
            string digits = string.Concat(device.Text.Where(static c => c is not (':' or '-' or '.'))).ToLowerInvariant();
            if (digits.Length == 12 && digits.All(char.IsAsciiHexDigit)) devices.Add(new Placed(device.Where, digits));
            else row.Say(device.Where, $"'{device.Text}' is no hardware address such as 00:15:65:aa:bb:cc");
        }

        return devices;
    }

    private RateTableDraft Rates(string name, DirectoryRow row)
    {
        TimeZoneInfo zone = Zone(row);
        var table = new RateTableDraft
        {
            Where = row.Where,
            Name = name,
            Currency = row.Required("currency"),
            Scale = (int)row.Integer("scale", 0, 10, 4),
            Rounding = row.Choice<ChargeRounding>("rounding") ?? ChargeRounding.HalfUp,
            Duration = row.Choice<ChargedDuration>("duration") ?? ChargedDuration.Billsec,
            Zone = zone,
        };
        foreach (DirectoryRow entry in row.Objects("entries", "a rate").Concat(Table(row, "entries-file", "a rate"))) AddRate(table, entry, zone);
        row.RefuseOthers();
        return table;
    }

    private static void AddRate(RateTableDraft table, DirectoryRow row, TimeZoneInfo zone)
    {
        if (!row.Has("prefix")) row.Say(row.Where, "a rate needs 'prefix'; \"*\" is any number");
        string prefix = row.Text("prefix") ?? "";
        if (prefix.StartsWith('+')) prefix = prefix[1..];
        if (prefix == "*") prefix = "";
        else if (row.Has("prefix") && (prefix.Length is 0 or > NumberPlan.MaxDigits || !IsDigits(prefix))) row.Say(row.Place("prefix")!.Value.Where, $"'{row.Text("prefix")}' is no prefix: the first digits of international numbers, or *");
        (int first, int next) = Increments(row);
        (int from, int until) = (Minute(row, "from", 0), Minute(row, "until", RateEntry.MinutesOfDay));
        table.Entries.Add((row.Where, new RateEntry
        {
            Prefix = prefix,
            Name = row.Required("name").Text,
            PerMinute = row.Money("rate", isRequired: true),
            Connection = row.Money("connection"),
            FirstIncrement = first,
            NextIncrement = next,
            Minimum = row.Money("minimum"),
            FreeSeconds = (int)row.Integer("free-seconds", 0, 86_400, 0),
            ValidFrom = Instant(row, "valid-from", zone),
            ValidUntil = Instant(row, "valid-until", zone),
            Days = Days(row),
            FromMinute = from,
            UntilMinute = until,
        }));
        RateEntry made = table.Entries[^1].Entry;
        if (made.ValidFrom is { } begin && made.ValidUntil is { } end && begin >= end) row.Say(row.Where, "'valid-until' is not after 'valid-from'");
        row.RefuseOthers();
    }

    private static (int First, int Next) Increments(DirectoryRow row)
    {
        if (row.Place("increments") is not { } text) return (1, 1);
        string[] parts = text.Text.Split('/');
        if (parts.Length == 2 && Step(parts[0], out int first) && Step(parts[1], out int next)) return (first, next);
        row.Say(text.Where, $"'{text.Text}' are no increments such as 60/60, 30/6 or 1/1: seconds, 1 to 3600");
        return (1, 1);

        static bool Step(string part, out int seconds) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds is > 0 and <= 3600;
    }

    private static int Minute(DirectoryRow row, string key, int preset)
    {
        if (row.Place(key) is not { } text) return preset;
        if (text.Text == "24:00") return RateEntry.MinutesOfDay;
        if (TimeOnly.TryParseExact(text.Text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out TimeOnly time)) return (time.Hour * 60) + time.Minute;
        row.Say(text.Where, $"'{text.Text}' is no time of the day such as 08:00");
        return preset;
    }

    // mon-fri, sat;sun
    private static byte Days(DirectoryRow row)
    {
        string[] names = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
        int days = 0;
        foreach (Placed item in row.List("days"))
        {
            string[] ends = item.Text.ToLowerInvariant().Split('-');
            int first = Array.IndexOf(names, ends[0]), last = Array.IndexOf(names, ends[^1]);
            if (first < 0 || last < 0 || ends.Length > 2)
            {
                row.Say(item.Where, $"'{item.Text}' is no day such as mon, or days such as mon-fri");
                continue;
            }

            for (int day = first; ; day = (day + 1) % 7)
            {
                days |= 1 << day;
                if (day == last) break;
            }
        }

        return (byte)days;
    }

    // A day begins at its midnight in the table's zone; a time with an offset is what it says.
    private static Timestamp? Instant(DirectoryRow row, string key, TimeZoneInfo zone)
    {
        if (row.Place(key) is not { } text) return null;
        if (DateTime.TryParseExact(text.Text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime local))
            return Timestamp.From(new DateTimeOffset(local, zone.GetUtcOffset(local)));
        if (DateTimeOffset.TryParseExact(text.Text, ["yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK"], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset instant))
            return Timestamp.From(instant);
        row.Say(text.Where, $"'{text.Text}' is no day such as 2026-01-01");
        return null;
    }

    private static TimeZoneInfo Zone(DirectoryRow row)
    {
        if (row.Place("time-zone") is not { } text) return TimeZoneInfo.Utc;
        if (TimeZoneInfo.TryFindSystemTimeZoneById(text.Text, out TimeZoneInfo? zone)) return zone;
        row.Say(text.Where, $"'{text.Text}' is no time zone that this system knows, such as Europe/Berlin");
        return TimeZoneInfo.Utc;
    }

    private IEnumerable<DirectoryRow> Table(DirectoryRow at, string key, string what)
    {
        if (at.Place(key) is not { } named) return [];
        string file = Path.IsPathRooted(named.Text) ? named.Text : Path.Combine(Path.GetDirectoryName(path) ?? "", named.Text);
        string? text;
        try
        {
            text = readTable(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            at.Say(named.Where, $"'{file}' cannot be read: {HoconFiles.OneLine(e)}");
            return [];
        }

        if (text is null)
        {
            at.Say(named.Where, $"'{file}' is not there");
            return [];
        }

        return DirectoryTable.Read(text, file, what, problems);
    }

    private static string Digits(DirectoryRow row, string key, int least, int most, string? given = null)
    {
        if (given is null && !row.Has(key)) return "";
        string text = given ?? row.Text(key) ?? "";
        if (text.Length >= least && text.Length <= most && IsDigits(text)) return text;
        if (text.Length > 0 || least == 0) row.Say(row.Place(key)?.Where ?? row.Where, $"'{key}': '{text}' is no number of {least} to {most} digits");
        return "";
    }

    private static bool IsDigits(string text) => !text.AsSpan().ContainsAnyExcept(DigitCharacters);

    private static List<string> Texts(IReadOnlyList<Placed> items) => [.. items.Select(static item => item.Text)];
}
