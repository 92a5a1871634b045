using CdrEngine.Load;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>A load of the suite.</summary>
/// <param name="Name">Short name.</param>
/// <param name="Description">What it is.</param>
/// <param name="Options">How it is made.</param>
internal sealed record SuiteLoad(string Name, string Description, LoadOptions Options);

/// <summary>The loads of the suite.</summary>
internal static class SuiteLoads
{
    /// <summary>S, M and C; <paramref name="quick"/> makes them a tenth in size, to try the suite.</summary>
    public static IReadOnlyList<SuiteLoad> All(bool quick)
    {
        int part = quick ? 10 : 1;
        return
        [
            new("S", "signalling only, every scenario", new LoadOptions { Seed = 11, Calls = 20_000 / part, CallsPerSecond = 400, Rtp = false }),

            // Three calls in four are answered and talk for a minute, 100 packets a second.
            new("M", "signalling and G.711, every scenario", new LoadOptions { Seed = 12, Calls = 640 / part, CallsPerSecond = 20, TalkSeconds = 63 }),

            // All begin within 20 s and none ends before the 40th: half of the mean talk time is the least.
            new("C", "all calls open at once, an RTP packet every 2 s", new LoadOptions
            {
                Seed = 13,
                Calls = 20_000 / part,
                CallsPerSecond = 1000.0 / part,
                TalkSeconds = 80,
                RtpInterval = TimeSpan.FromSeconds(2),
                Mix = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1 },
            }),
        ];
    }

    /// <summary>One call, to know what the program takes before it does anything.</summary>
    public static SuiteLoad One { get; } = new("1", "one call", new LoadOptions
    {
        Calls = 1,
        TalkSeconds = 2,
        RegistersPerCall = 0,
        Mix = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1 },
    });

    /// <summary>The same load <paramref name="factor"/> times as long: as many calls at once, so only the file grows. Once is longer than any
    /// window in which an ended call is remembered (call.retry-kept, 3 min), else memory would still be filling. RTP is sparse for that.</summary>
    public static LoadOptions Grown(int factor, bool quick) => new()
    {
        Seed = 14,
        Calls = (quick ? 500 : 10_000) * factor,
        CallsPerSecond = 40,
        TalkSeconds = 8,
        RtpInterval = TimeSpan.FromMilliseconds(200),
    };
}
