namespace CdrEngine.Media.Playout;

/// <summary>Bounds and thresholds of the timeline of a recording.</summary>
public sealed record PlayoutLimits
{
    /// <summary>Streams (one SSRC on one address pair) of a call. Default 64; packets of further ones are left out and counted.</summary>
    public int StreamsPerCall { get; init; } = 64;

    /// <summary>Segments of one stream: stretches with one payload format and an unbroken timestamp. Default 16384, a sender that breaks its
    /// timestamp with each talkspurt for ten hours; later packets stay in the last one.</summary>
    public int SegmentsPerStream { get; init; } = 16_384;

    /// <summary>Stretches of sending of one stream, parted by pauses of more than a second. Default 16384; a later one extends the last.</summary>
    public int StretchesPerStream { get; init; } = 16_384;

    /// <summary>Longest recording. Default 24 h; what comes later is cut off.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a missing packet is waited for before it counts as lost. Default 2 s of packet time: the recording is not live.</summary>
    public TimeSpan ReorderWindow { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Packets of one stream held while one is missing. Default 256: more than two seconds at 10 ms a packet.</summary>
    public int ReorderPackets { get; init; } = 256;

    /// <summary>How far behind its capture sound may still be inserted. Default 6 s; what is later is left out and counted.</summary>
    public TimeSpan LateWindow { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>Longest hole that is concealed. Default 60 ms; a longer one is silence.</summary>
    public TimeSpan ConcealedGap { get; init; } = TimeSpan.FromMilliseconds(60);

    /// <summary>How far the line from RTP time to wall time may stray before it is drawn anew. Default 40 ms.</summary>
    public TimeSpan Drift { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>How long a correction waits for a silent moment. Default 5 s of sound, then it is done all the same.</summary>
    public TimeSpan CorrectionPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Largest sample that counts as silence. Default 330, that is -40 dB of full scale.</summary>
    public int SilencePeak { get; init; } = 330;
}
