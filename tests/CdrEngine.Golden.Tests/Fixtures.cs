using CdrEngine.Load;
using CdrEngine.TestKit;

namespace CdrEngine.Golden.Tests;

/// <summary>The captures whose records are kept as text.</summary>
internal static class Fixtures
{
    /// <summary>Set to 1 to write the generated captures and the golden texts anew instead of comparing them.</summary>
    public const string UpdateSwitch = "CDRENGINE_UPDATE_GOLDEN";

    private static readonly LoadOptions Small = new()
    {
        Calls = 12,
        CallsPerSecond = 4,
        TalkSeconds = 0.5,
        RegistersPerCall = 0,
        LossShare = 0.05,
        ReorderShare = 0.03,
        DuplicateShare = 0.03,
        MirrorShare = 0.03,
        RetransmissionShare = 0.1,
        IPv6Share = 0,
        TcpShare = 0,
        VlanShare = 0,
        FragmentShare = 0,
    };

    public static bool Updates => Environment.GetEnvironmentVariable(UpdateSwitch) == "1";

    /// <summary>Recipes of the generated captures: fixtures/pcap/load/NAME.pcap.</summary>
    public static IReadOnlyDictionary<string, LoadOptions> Recipes { get; } = new SortedDictionary<string, LoadOptions>(StringComparer.Ordinal)
    {
        ["answered"] = Small with { Seed = 1, Calls = 5, Mix = Only(Scenario.CallerHangsUp, Scenario.CalleeHangsUp), ProxyShare = 0.5 },
        ["early-media"] = Small with { Seed = 2, Calls = 3, Mix = Only(Scenario.EarlyMedia), Rtp = false, ProxyShare = 0.5 },
        ["forked"] = Small with { Seed = 3, Calls = 3, Mix = Only(Scenario.Forked), Rtp = false },
        ["fragments-in-vlans"] = Small with { Seed = 4, Calls = 4, FragmentShare = 1, VlanShare = 1, Rtp = false, Mix = Only(Scenario.CallerHangsUp, Scenario.Authenticated) },
        ["held"] = Small with { Seed = 5, Calls = 2, Mix = Only(Scenario.Held), TalkSeconds = 1 },
        ["ipv6-tcp"] = Small with { Seed = 16, Calls = 5, IPv6Share = 1, TcpShare = 1, Rtp = false, Mix = Only(Scenario.CalleeHangsUp, Scenario.Busy, Scenario.Cancelled) },
        ["unanswered"] = Small with { Seed = 17, Calls = 14, Mix = Only(Scenario.Busy, Scenario.NoAnswer, Scenario.Cancelled, Scenario.NotFound, Scenario.Declined, Scenario.NoResponse) },
    };

    /// <summary>Every capture, as its path below the checkout.</summary>
    public static IEnumerable<string> Captures =>
        Recipes.Keys.Select(static name => Path.Combine("tests", "fixtures", "pcap", "load", name + ".pcap"))
            .Concat(Below("tests", "fixtures", "pcap", "lab"))
            .Concat(Below("demo"));

    public static string GoldenOf(string capture) =>
        Checkout.Fixture("golden", Path.GetFileName(Path.GetDirectoryName(capture))!, Path.GetFileNameWithoutExtension(capture) + ".json");

    private static IEnumerable<string> Below(params string[] folder) =>
        Directory.EnumerateFiles(Checkout.Path(folder), "*.pcap").Order(StringComparer.Ordinal).Select(static file => Path.GetRelativePath(Checkout.Root, file));

    private static Dictionary<Scenario, double> Only(params Scenario[] scenarios) => scenarios.ToDictionary(static scenario => scenario, static _ => 1.0);
}
