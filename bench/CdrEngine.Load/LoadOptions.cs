using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>What a generated capture holds. The same options give the same bytes.</summary>
public sealed record LoadOptions
{
    /// <summary>Seed of every choice.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Calls.</summary>
    public int Calls { get; init; } = 1000;

    /// <summary>Calls begun each second.</summary>
    public double CallsPerSecond { get; init; } = 50;

    /// <summary>Mean talk time in seconds; single calls lie between half and one and a half of it.</summary>
    public double TalkSeconds { get; init; } = 20;

    /// <summary>Time stamp of the first packet.</summary>
    public Timestamp Start { get; init; } = Timestamp.FromUnix(1_795_000_000, 0);

    /// <summary>Whether answered calls carry RTP (G.711, both ways).</summary>
    public bool Rtp { get; init; } = true;

    /// <summary>Time between the RTP packets of a stream. 20 ms is a telephone's; much more makes calls that are open together without making
    /// many packets (their payload stays that of 20 ms).</summary>
    public TimeSpan RtpInterval { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Share of scenarios, by name; those left out do not happen.</summary>
    public IReadOnlyDictionary<Scenario, double> Mix { get; init; } = DefaultMix;

    /// <summary>Share of calls whose SIP goes over TCP.</summary>
    public double TcpShare { get; init; } = 0.05;

    /// <summary>Share of calls over IPv6.</summary>
    public double IPv6Share { get; init; } = 0.05;

    /// <summary>Share of calls in a VLAN.</summary>
    public double VlanShare { get; init; } = 0.1;

    /// <summary>Share of calls whose INVITE is so long that it comes in fragments.</summary>
    public double FragmentShare { get; init; } = 0.02;

    /// <summary>Share of calls that go through a proxy, so that each message is seen twice.</summary>
    public double ProxyShare { get; init; } = 0.3;

    /// <summary>Share of RTP packets lost before the capture point.</summary>
    public double LossShare { get; init; } = 0.005;

    /// <summary>Share of RTP packets that come after their successor.</summary>
    public double ReorderShare { get; init; } = 0.002;

    /// <summary>Share of RTP packets sent twice by the network.</summary>
    public double DuplicateShare { get; init; } = 0.001;

    /// <summary>Share of RTP and SIP packets that the mirror shows twice.</summary>
    public double MirrorShare { get; init; } = 0.001;

    /// <summary>Share of SIP messages sent again 500 ms later although they arrived (UDP only).</summary>
    public double RetransmissionShare { get; init; } = 0.02;

    /// <summary>REGISTER transactions for each call.</summary>
    public double RegistersPerCall { get; init; } = 0.2;

    /// <summary>A bit of everything.</summary>
    public static IReadOnlyDictionary<Scenario, double> DefaultMix { get; } = new Dictionary<Scenario, double>
    {
        [Scenario.CallerHangsUp] = 40,
        [Scenario.CalleeHangsUp] = 20,
        [Scenario.Busy] = 6,
        [Scenario.NoAnswer] = 5,
        [Scenario.Cancelled] = 7,
        [Scenario.Authenticated] = 8,
        [Scenario.NotFound] = 4,
        [Scenario.Declined] = 3,
        [Scenario.Forked] = 3,
        [Scenario.Held] = 2,
        [Scenario.NoResponse] = 1,
        [Scenario.EarlyMedia] = 1,
    };
}

/// <summary>What happens in a call.</summary>
public enum Scenario
{
    /// <summary>Answered; the caller sends BYE.</summary>
    CallerHangsUp = 0,

    /// <summary>Answered; the callee sends BYE.</summary>
    CalleeHangsUp = 1,

    /// <summary>486.</summary>
    Busy = 2,

    /// <summary>408 after ringing.</summary>
    NoAnswer = 3,

    /// <summary>CANCEL, 487.</summary>
    Cancelled = 4,

    /// <summary>407, then answered; the caller sends BYE.</summary>
    Authenticated = 5,

    /// <summary>404.</summary>
    NotFound = 6,

    /// <summary>603.</summary>
    Declined = 7,

    /// <summary>Two phones ring, the second answers, the first is cancelled.</summary>
    Forked = 8,

    /// <summary>Answered, held, resumed; the caller sends BYE.</summary>
    Held = 9,

    /// <summary>INVITE sent seven times into the void.</summary>
    NoResponse = 10,

    /// <summary>183 with SDP and RTP before the answer; the callee sends BYE.</summary>
    EarlyMedia = 11,
}
