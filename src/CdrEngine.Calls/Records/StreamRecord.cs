using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>Figures of one RTP stream: one SSRC on one address pair, as seen at the capture point.</summary>
public sealed record StreamRecord
{
    /// <summary>Synchronisation source.</summary>
    public required uint Ssrc { get; init; }

    /// <summary>Sender.</summary>
    public required Endpoint Source { get; init; }

    /// <summary>Receiver.</summary>
    public required Endpoint Destination { get; init; }

    /// <summary>Position of its m-line, -1 where unknown.</summary>
    public int MediaIndex { get; init; } = -1;

    /// <summary>Which side sent it.</summary>
    public PartySide From { get; init; }

    /// <summary>Commonest payload type that is neither an event nor comfort noise.</summary>
    public required int PayloadType { get; init; }

    /// <summary>Codec of <see cref="PayloadType"/> as <c>PCMU/8000</c>; null where the SDP and the static table do not say.</summary>
    public string? Codec { get; init; }

    /// <summary>Packets, duplicates included, mirror duplicates not.</summary>
    public required long Packets { get; init; }

    /// <summary>RTP payload octets (RFC 3550 6.4.1: without header and padding).</summary>
    public required long Octets { get; init; }

    /// <summary>Packets that the sequence numbers say were sent.</summary>
    public required long Expected { get; init; }

    /// <summary>Sequence numbers never seen; 0 or more.</summary>
    public required long Lost { get; init; }

    /// <summary>Packets whose sequence number had been seen.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Packets that came after a later one.</summary>
    public required long OutOfOrder { get; init; }

    /// <summary>Mean of the smoothed interarrival jitter (RFC 3550 A.8), milliseconds; null with fewer than two packets or no clock rate.</summary>
    public double? JitterMillisecondsMean { get; init; }

    /// <summary>Greatest smoothed jitter, milliseconds.</summary>
    public double? JitterMillisecondsMax { get; init; }

    /// <summary>Greatest time between two packets, milliseconds.</summary>
    public double? DeltaMillisecondsMax { get; init; }

    /// <summary>Mean opinion score by the E-model, 1..4.5: mean of the ten-second intervals by their packets; null for an unknown codec.</summary>
    public double? Mos { get; init; }

    /// <summary>MOS of the worst ten-second window.</summary>
    public double? MosMin { get; init; }

    /// <summary>First packet.</summary>
    public required Timestamp StartedAt { get; init; }

    /// <summary>Last packet.</summary>
    public required Timestamp EndedAt { get; init; }

    /// <summary>On which scale and from what <see cref="Mos"/> was computed: <c>g107</c>, <c>g107.1</c> (wide band) or <c>g107.2</c> (full band),
    /// then <c>_listening</c> (no delay known) or <c>_conversational</c>, then <c>_estimated</c> where the codec's values are not in G.113.
    /// Null where there is no MOS.</summary>
    public string? MosBasis { get; init; }

    /// <summary>R factor that <see cref="Mos"/> comes from, on the scale of <see cref="MosBasis"/>; null where there is no MOS.</summary>
    public double? RFactor { get; init; }

    /// <summary>Packets with the marker bit: talkspurts of sound, frames of pictures.</summary>
    public long Markers { get; init; }

    /// <summary>Packets that came more than 60 ms after where an adaptive buffer would have played them.</summary>
    public long Late { get; init; }

    /// <summary>Packets whose sequence number was too far off to belong anywhere (RFC 3550 A.1).</summary>
    public long Strays { get; init; }

    /// <summary>Times the source started again with other sequence numbers, plus one.</summary>
    public int Segments { get; init; } = 1;

    /// <summary>Second copies made by the mirror, not in any other figure.</summary>
    public long MirrorDuplicates { get; init; }

    /// <summary>Runs of 1, 2, … 9 and 10 or more packets lost in a row; empty where nothing was lost.</summary>
    public IReadOnlyList<long> LossRuns { get; init; } = [];

    /// <summary>Packets whose delay exceeded the playout point by 50..70, 70..90, 90..120, 120..150, 150..200, 200..300 and over 300 ms; empty
    /// where none did.</summary>
    public IReadOnlyList<long> DelayVariation { get; init; } = [];

    /// <summary>Bursts and gaps (RFC 3611 4.7.2, Gmin 16); null where nothing was lost.</summary>
    public BurstRecord? Bursts { get; init; }

    /// <summary>Ten-second intervals that had packets or losses, in order.</summary>
    public IReadOnlyList<StreamIntervalRecord> Intervals { get; init; } = [];

    /// <summary>How much faster (positive) the sender's clock runs than the capture's, parts per million; null with less than a minute.</summary>
    public double? ClockDriftPpm { get; init; }

    /// <summary>Time between packets of one talkspurt, milliseconds; null where unknown.</summary>
    public double? PacketMilliseconds { get; init; }

    /// <summary>DSCP values seen, ascending.</summary>
    public IReadOnlyList<int> Dscp { get; init; } = [];

    /// <summary>Least time to live seen.</summary>
    public int TtlMin { get; init; }

    /// <summary>Greatest time to live seen.</summary>
    public int TtlMax { get; init; }

    /// <summary>All payload types seen, commonest first.</summary>
    public IReadOnlyList<PayloadUseRecord> PayloadTypes { get; init; } = [];

    /// <summary>What RTCP says of the stream; null where it says nothing.</summary>
    public RtcpRecord? Rtcp { get; init; }

    /// <summary>Times of five seconds and more without a packet, silence suppression left out. Evidence for the call's one-way audio, which is
    /// what is written; not in the JSON itself.</summary>
    public IReadOnlyList<StreamGap> Gaps { get; init; } = [];

    /// <summary>True where <see cref="LastSoundAt"/> tells all: G.711 throughout. Not in the JSON.</summary>
    public bool IsSoundKnown { get; init; }

    /// <summary>Last packet found with any sound in it, up to 200 ms before the last there was; null where there was none, or it is not known. Not in the JSON.</summary>
    public Timestamp? LastSoundAt { get; init; }
}

/// <summary>A time without packets inside a stream.</summary>
/// <param name="From">Last packet before.</param>
/// <param name="To">First packet after.</param>
public readonly record struct StreamGap(Timestamp From, Timestamp To);

/// <summary>One payload type within a stream.</summary>
/// <param name="PayloadType">0..127.</param>
/// <param name="Codec">As <c>PCMU/8000</c>; null where unknown.</param>
/// <param name="Packets">Packets of it.</param>
public sealed record PayloadUseRecord(int PayloadType, string? Codec, long Packets);

/// <summary>Bursts and gaps of loss (RFC 3611 4.7.2).</summary>
/// <param name="Count">Bursts.</param>
/// <param name="Packets">Packets, received and lost, within bursts.</param>
/// <param name="Lost">Lost within bursts.</param>
/// <param name="GapLost">Lost outside bursts.</param>
/// <param name="DensityPercent">Share lost within bursts, 0..100; 0 without bursts.</param>
/// <param name="GapDensityPercent">Share lost outside bursts, 0..100.</param>
/// <param name="MeanMilliseconds">Mean length of a burst; null without bursts or where the packet time is unknown.</param>
/// <param name="BurstR">G.107 BurstR: mean run of loss against that of random loss; 1 is random, more is bursty.</param>
public sealed record BurstRecord(
    long Count, long Packets, long Lost, long GapLost, double DensityPercent, double GapDensityPercent, double? MeanMilliseconds, double BurstR);

/// <summary>Ten seconds of a stream.</summary>
/// <param name="StartSecond">Start, seconds after the stream's first packet.</param>
/// <param name="Packets">Packets.</param>
/// <param name="Lost">Lost; a hole is shared out over the intervals it covers.</param>
/// <param name="Late">Beyond the 60 ms buffer.</param>
/// <param name="JitterMilliseconds">Mean of the smoothed jitter; null without packets or clock.</param>
/// <param name="Mos">MOS; null for an unknown codec.</param>
public sealed record StreamIntervalRecord(long StartSecond, long Packets, long Lost, long Late, double? JitterMilliseconds, double? Mos);

/// <summary>RTCP's own view of a stream: what its receiver and its sender said, as it passed the capture point.</summary>
public sealed record RtcpRecord
{
    /// <summary>Report blocks about the stream.</summary>
    public long Reports { get; init; }

    /// <summary>Loss since the report before, as the last report has it, 0..100; null without reports.</summary>
    public double? LossPercentLast { get; init; }

    /// <summary>Greatest such loss, 0..100; null without reports.</summary>
    public double? LossPercentMax { get; init; }

    /// <summary>Packets lost since the start by the last report, may be negative; null without reports.</summary>
    public long? CumulativeLost { get; init; }

    /// <summary>Jitter at the receiver by the last report, milliseconds; null without reports or clock.</summary>
    public double? JitterMilliseconds { get; init; }

    /// <summary>Greatest jitter reported, milliseconds; null without reports or clock.</summary>
    public double? JitterMillisecondsMax { get; init; }

    /// <summary>Round trip from the capture point to the receiver and back (LSR, DLSR), milliseconds, last; null where unknown.</summary>
    public double? RoundTripToReceiverMilliseconds { get; init; }

    /// <summary>Round trip from the capture point to the sender and back, milliseconds, last; null where unknown.</summary>
    public double? RoundTripToSenderMilliseconds { get; init; }

    /// <summary>Both halves together: round trip between the ends; null where one is unknown.</summary>
    public double? RoundTripMilliseconds => RoundTripToReceiverMilliseconds + RoundTripToSenderMilliseconds;

    /// <summary>Packets the sender says it sent; null without a sender report.</summary>
    public long? SenderPackets { get; init; }

    /// <summary>Octets the sender says it sent; null without a sender report.</summary>
    public long? SenderOctets { get; init; }

    /// <summary>Canonical name of the sender (SDES), as on the wire; null without.</summary>
    public string? CanonicalName { get; init; }

    /// <summary>Goodbye of the source; null without.</summary>
    public Timestamp? ByeAt { get; init; }

    /// <summary>VoIP metrics of the last extended report about the stream; null without.</summary>
    public Protocols.Rtcp.VoipMetrics? Voip { get; init; }
}
