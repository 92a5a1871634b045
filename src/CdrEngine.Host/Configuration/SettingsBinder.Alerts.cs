using System.Net;
using System.Net.Mail;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Configuration;

// Rules, and who is told of what happens.
internal static partial class SettingsBinder
{
    private static AlertSettings Alerts(SettingsReader at)
    {
        SettingsReader mail = at.Section("mail"), every = at.Section("every"), kinds = at.Section("kinds"), own = at.Section("rules");
        string zoneName = at.Text("time-zone");
        TimeZoneInfo? zone = TimeZoneInfo.Utc;

        // Any other reads the system's table of zones.
        if (zoneName != zone.Id && !TimeZoneInfo.TryFindSystemTimeZoneById(zoneName, out zone)) throw at.Fail("time-zone", $"'{zoneName}' is no time zone known here; write for example UTC or Europe/Berlin");
        IReadOnlyList<string> to = mail.TextList("to", 50);
        string? stranger = to.FirstOrDefault(static address => !MailAddress.TryCreate(address, out _));
        if (stranger is not null) throw mail.Fail("to", $"'{stranger}' is no address such as noc@example.com");
        Every(every, zone);
        var rules = new List<AlertRule>();
        foreach ((AlertKind kind, string name) in Kinds) rules.Add(Rule(kinds.Section(name, every), name, kind, zone));
        foreach (string name in own.Names)
        {
            SettingsReader written = own.Section(name);
            if (name.Length > 64 || !name.All(IsNameCharacter)) throw written.FailHere("a rule's name has up to 64 letters, digits, hyphens and underscores");
            if (rules.Exists(rule => rule.Name == name)) throw written.FailHere($"there is a rule of this name; change it under alerts.kinds.{name}");
            if (!written.Has("kind")) throw written.FailHere($"its kind is missing: one of {string.Join(", ", Kinds.Select(static kind => kind.Name))}");
            AlertKind kind = written.Choice<AlertKind>("kind");
            rules.Add(Rule(own.Section(name, every, kinds.Section(Kinds.First(pair => pair.Kind == kind).Name)), name, kind, zone));
        }

        return new AlertSettings(
            at.Switch("enabled"),
            at.Duration("settle", TimeSpan.Zero, Hour),
            at.Integer("max-groups", 10, 1_000_000),
            at.Duration("keep", Hour, Century),
            to,
            mail.Choice<AlertSeverity>("severity"),
            rules);
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_';

    private static readonly KindName[] Kinds = MakeKinds();

    private static KindName[] MakeKinds()
    {
        // In a loop over values: tuples with values of ours are code that nobody compiles ahead (docs/decisions/0038).
        AlertKind[] kinds = Enum.GetValues<AlertKind>();
        var names = new KindName[kinds.Length];
        for (int i = 0; i < kinds.Length; i++) names[i] = new KindName(kinds[i], EnumNames<AlertKind>.Of(kinds[i]).Replace('_', '-'));
        return names;
    }

    private sealed record KindName(AlertKind Kind, string Name);

    // What every rule has unless it says otherwise; read by itself, so that a mistake is told once and where it stands.
    private static void Every(SettingsReader at, TimeZoneInfo zone)
    {
        _ = at.Duration("clear-after", TimeSpan.Zero, Day);
        _ = at.Duration("remind", TimeSpan.Zero, Day * 31);
        Quiet(at, zone);
        _ = at.TextList("tenants", 1000);
        _ = at.TextList("trunks", 1000);
    }

    private static QuietTimes Quiet(SettingsReader at, TimeZoneInfo zone) => QuietTimes.Parse(at.TextList("quiet", 100), zone, out string? problem) ?? throw at.Fail("quiet", problem!);

    private static AlertRule Rule(SettingsReader at, string name, AlertKind kind, TimeZoneInfo zone)
    {
        var rule = new AlertRule
        {
            Name = name,
            Kind = kind,
            IsEnabled = at.Switch("enabled"),
            Severity = at.Choice<AlertSeverity>("severity"),
            By = Scope(at),
            Threshold = at.Number("threshold", 0, 1e9),
            Clear = at.Number("clear", 0, 1e9),
            Limit = at.Number("limit", 0, 1e9),
            Sample = at.Integer("sample", 0, int.MaxValue),
            AtLeast = at.Integer("at-least", 0, int.MaxValue),
            Window = at.Duration("window", Second, Day * 31),
            Prefixes = Prefixes(at),
            ClearAfter = at.Duration("clear-after", TimeSpan.Zero, Day),
            Remind = at.Duration("remind", TimeSpan.Zero, Day * 31),
            Quiet = Quiet(at, zone),
            Tenants = at.TextList("tenants", 1000),
            Trunks = at.TextList("trunks", 1000),
        };
        if (rule.Fault() is not { } fault) return rule;
        string key = fault[..fault.IndexOf(':', StringComparison.Ordinal)];
        return at.Has(key) ? throw at.Fail(key, fault[(key.Length + 2)..]) : throw at.FailHere(fault);
    }

    private static AlertScope Scope(SettingsReader at)
    {
        var scope = AlertScope.None;
        foreach (string name in at.TextList("by", 10))
        {
            if (!EnumNames<AlertScope>.TryParse(name, out AlertScope one) || one == AlertScope.None)
                throw at.Fail("by", $"'{name}' is none of {string.Join(", ", EnumNames<AlertScope>.All.Select(static pair => pair.Name).Skip(1))}{EditDistance.DidYouMean(name, EnumNames<AlertScope>.All.Select(static pair => pair.Name))}");
            scope |= one;
        }

        return scope;
    }

    private static string[] Prefixes(SettingsReader at)
    {
        IReadOnlyList<string> texts = at.TextList("prefixes", 10_000);
        string[] digits = [.. texts.Select(static text => text.StartsWith('+') ? text[1..] : text)];
        string? stranger = texts.Zip(digits).FirstOrDefault(static pair => pair.Second.Length is 0 or > 15 || !pair.Second.All(char.IsAsciiDigit)).First;
        return stranger is null ? digits : throw at.Fail("prefixes", $"'{stranger}' is no beginning of a number in full; write +882 or 882");
    }

    private static WebhookSettings Webhooks(SettingsReader at)
    {
        SettingsReader retry = at.Section("retry"), circuit = at.Section("circuit"), endpoints = at.Section("endpoints");
        bool http = at.Switch("allow-http");
        IReadOnlyList<string> texts = at.TextList("allowed-networks", 1000);
        var networks = new IPNetwork[texts.Count];
        for (int i = 0; i < networks.Length; i++)
            networks[i] = IPNetwork.TryParse(texts[i], out IPNetwork network) ? network : throw at.Fail("allowed-networks", $"'{texts[i]}' is no network such as 10.0.0.0/8 or fd00::/8");
        return new WebhookSettings
        {
            Endpoints = [.. endpoints.Names.Select(name => Endpoint(endpoints.Section(name), name, http))],
            AllowHttp = http,
            AllowedNetworks = networks,
            Timeout = at.Duration("timeout", Second, Minute * 5),
            Parallel = at.Integer("parallel", 1, 64),
            RetryFirst = retry.Duration("first", Millisecond * 10, Hour),
            RetryMost = retry.Duration("most", Millisecond * 10, Day),
            Attempts = retry.Integer("attempts", 1, 1000),
            CircuitFailures = circuit.Integer("failures", 1, 1000),
            CircuitPause = circuit.Duration("pause", Millisecond * 10, Day),
            Queue = at.Integer("queue", 1, 10_000_000),
            DeadLetters = at.Integer("dead-letters", 0, 10_000_000),
            KeepDeadLetters = at.Duration("keep-dead-letters", Minute, Century),
        };
    }

    private static WebhookEndpoint Endpoint(SettingsReader at, string name, bool allowHttp)
    {
        if (name.Length > 64 || !name.All(IsNameCharacter)) throw at.FailHere("an endpoint's name has up to 64 letters, digits, hyphens and underscores");
        foreach (string key in (ReadOnlySpan<string>)["url", "secret", "events"])
        {
            if (!at.Has(key)) throw at.FailHere($"its {key} is missing");
        }

        var endpoint = new WebhookEndpoint
        {
            Id = name,
            Url = at.Text("url"),
            Secret = at.Text("secret"),
            Events = at.TextList("events", 100),
            Tenant = at.Has("tenant") ? at.Text("tenant") : null,
            IsEnabled = !at.Has("enabled") || at.Switch("enabled"),
            IsFromSettings = true,
        };
        if (WebhookCheck.Fault(endpoint, allowHttp) is not { } fault) return endpoint;
        throw at.Fail(fault.Key, fault.Problem);
    }
}
