using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>A load of the suite.</summary>
/// <param name="Name">Short name.</param>
/// <param name="Description">What it is.</param>
public sealed record SuiteLoad(string Name, string Description)
{
    /// <summary>How its calls are made; null where it has none.</summary>
    public LoadOptions? Calls { get; init; }

    /// <summary>How its registrations and messages are made; null where it has none of the desk's own.</summary>
    public DeskLoadOptions? Desk { get; init; }

    /// <summary>Bytes of the capture, roughly, where they are so many that the disk must be asked first; else 0.</summary>
    public long LargeBytes { get; init; }

    /// <summary>Whether recordings are made of it. An encoder takes fifty times as long as all else.</summary>
    public bool IsRecorded { get; init; }

    /// <summary>Whether the engine is measured layer upon layer with it, and on one processor and two.</summary>
    public bool IsTakenApart { get; init; }

    /// <summary>SIP messages it will have, roughly: ten for each call, twenty for each device.</summary>
    public long RoughSip => Desk is not null ? Desk.Devices * 20L : (long)(Calls!.Calls * (9.9 + (4 * Calls.RegistersPerCall)));

    /// <summary>Calls with RTP it will have, roughly: three calls in four of the usual mix are answered.</summary>
    public long RoughMedia => Calls is { Rtp: true } options ? (long)(options.Calls * (options.Mix.Count == 1 ? 1 : 0.74)) : 0;

    /// <summary>Packets it will have, roughly.</summary>
    public long RoughPackets => RoughMedia == 0 ? RoughSip : RoughSip + (long)(RoughMedia * Calls!.TalkSeconds * 2 / Calls.RtpInterval.TotalSeconds);
}

/// <summary>The loads of the suite.</summary>
public static class SuiteLoads
{
    private static readonly IReadOnlyDictionary<Scenario, double> Answered = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1 };

    /// <summary>All of them; <paramref name="quick"/> makes them a tenth in size, to try the suite.</summary>
    public static IReadOnlyList<SuiteLoad> All(bool quick)
    {
        int part = quick ? 10 : 1;
        return
        [
            new("S", "signalling only, every scenario") { Calls = new LoadOptions { Seed = 11, Calls = 20_000 / part, CallsPerSecond = 400, Rtp = false }, IsTakenApart = true },

            // Three calls in four are answered and talk for a minute, 100 packets a second.
            new("M", "RTP heavy: G.711 both ways, every scenario")
            {
                Calls = new LoadOptions { Seed = 12, Calls = 640 / part, CallsPerSecond = 20, TalkSeconds = 63 },
                IsRecorded = true,
                IsTakenApart = true,
            },
            new("L", "RTP heavy and long: as M, three times as many calls")
            {
                Calls = new LoadOptions { Seed = 15, Calls = 2140 / part, CallsPerSecond = 20, TalkSeconds = 64 },
                LargeBytes = 2_400_000_000 / part,
            },
            new("mixed", "half RTP by cost, half signalling, two registrations for each call")
            {
                Calls = new LoadOptions { Seed = 16, Calls = 3000 / part, CallsPerSecond = 50, TalkSeconds = 6, RegistersPerCall = 2 },
            },
            new("short", "many short calls: 2 s of talk, an RTP packet every 100 ms")
            {
                Calls = new LoadOptions { Seed = 17, Calls = 20_000 / part, CallsPerSecond = 500.0 / part, TalkSeconds = 2, RtpInterval = TimeSpan.FromMilliseconds(100) },
            },
            new("register", "devices that register, move, vanish and come back, and text messages; no calls")
            {
                Desk = new DeskLoadOptions { Seed = 18, Devices = 10_000 / part, Messages = 2000 / part, Span = TimeSpan.FromMinutes(10) },
            },
            new("loss", "RTP of which 5 % is lost, 3 % out of order and 1 % doubled; 5 % of SIP sent again; 1 % shown twice by the mirror")
            {
                Calls = new LoadOptions
                {
                    Seed = 19,
                    Calls = 320 / part,
                    CallsPerSecond = 20,
                    TalkSeconds = 40,
                    LossShare = 0.05,
                    ReorderShare = 0.03,
                    DuplicateShare = 0.01,
                    MirrorShare = 0.01,
                    RetransmissionShare = 0.05,
                },
            },

            // All begin within 20 s and none ends before the 40th: half of the mean talk time is the least.
            new("C", "20,000 calls open at once, an RTP packet every 2 s")
            {
                Calls = new LoadOptions { Seed = 13, Calls = 20_000 / part, CallsPerSecond = 1000.0 / part, TalkSeconds = 80, RtpInterval = TimeSpan.FromSeconds(2), Mix = Answered },
            },
            new("C100", "100,000 calls open at once, an RTP packet every 10 s") { Calls = AtOnce(100_000 / part, 20) },
        ];
    }

    /// <summary>One call, to know what the program takes before it does anything.</summary>
    public static SuiteLoad One { get; } = new("1", "one call")
    {
        Calls = new LoadOptions { Calls = 1, TalkSeconds = 2, RegistersPerCall = 0, Mix = Answered },
    };

    /// <summary>As many calls, all open at once: all begin within 50 s, and none ends before it has talked for 60.</summary>
    public static LoadOptions AtOnce(int calls, ulong seed) => new()
    {
        Seed = seed,
        Calls = calls,
        CallsPerSecond = calls / 50.0,
        TalkSeconds = 120,
        RtpInterval = TimeSpan.FromSeconds(10),
        ProxyShare = 0,
        Mix = Answered,
    };

    /// <summary>The loads that a user names: all where none is named, those that need too much disk left out and told to <paramref name="left"/>.</summary>
    /// <param name="names">Names, several with commas between; empty for all.</param>
    /// <param name="quick">See <see cref="All"/>.</param>
    /// <param name="freeBytes">Room on the disk.</param>
    /// <param name="left">Is told of each that is left out.</param>
    public static IReadOnlyList<SuiteLoad> Chosen(IReadOnlyList<string> names, bool quick, long freeBytes, Action<string> left)
    {
        IReadOnlyList<SuiteLoad> all = All(quick);
        string[] wanted = SuiteNames.Split(names);
        foreach (string name in wanted)
        {
            if (!all.Any(load => load.Name.Equals(name, StringComparison.OrdinalIgnoreCase)))
                throw new Commands.BenchException($"'{name}' is no load; there are {string.Join(", ", all.Select(static load => load.Name))}");
        }

        var chosen = new List<SuiteLoad>();
        foreach (SuiteLoad load in all)
        {
            bool isNamed = wanted.Contains(load.Name, StringComparer.OrdinalIgnoreCase);
            if (wanted.Length > 0 && !isNamed) continue;

            // The capture, and beside it a packet log or a copy, and what has not reached the disk yet.
            if (!isNamed && load.LargeBytes * 4 > freeBytes) left($"{load.Name}: left out, it wants {load.LargeBytes * 4 / 1e9:N0} GB of room in the temporary folder; --load {load.Name} does it all the same");
            else chosen.Add(load);
        }

        return chosen;
    }
}

/// <summary>Lists of names as options of the suite have them.</summary>
public static class SuiteNames
{
    /// <summary>All of them, where each item may hold several with commas between.</summary>
    public static string[] Split(IEnumerable<string> items) =>
        [.. items.SelectMany(static item => item.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
}
