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

    /// <summary>Mean opinion score by the E-model, 1..4.5; null for an unknown codec.</summary>
    public double? Mos { get; init; }

    /// <summary>MOS of the worst ten-second window.</summary>
    public double? MosMin { get; init; }

    /// <summary>First packet.</summary>
    public required Timestamp StartedAt { get; init; }

    /// <summary>Last packet.</summary>
    public required Timestamp EndedAt { get; init; }
}
