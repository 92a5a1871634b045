namespace CdrEngine.Core;

/// <summary>One packet as it was captured: time, link type and bytes, borrowed from its reader until the next read.</summary>
public readonly ref struct CapturedPacket
{
    /// <summary>Capture time, cut to the microsecond.</summary>
    public required Timestamp CapturedAt { get; init; }

    /// <summary>What was cut from <see cref="CapturedAt"/>: 0..999 nanoseconds; 0 for a microsecond capture.</summary>
    public ushort NanosecondRemainder { get; init; }

    /// <summary>What <see cref="Bytes"/> starts with.</summary>
    public required LinkType LinkType { get; init; }

    /// <summary>Which interface of its source it came from, from 0.</summary>
    public int InterfaceId { get; init; }

    /// <summary>Place in the order of capture: numbered from 1 by whoever reads the sources, so that packets held for a while (fragments, TCP
    /// segments, early media) can still be told in order; 0 where nobody numbered it.</summary>
    public long Sequence { get; init; }

    /// <summary>Length on the wire, in bytes; larger than <see cref="Bytes"/> where the snap length cut it.</summary>
    public required int OriginalLength { get; init; }

    /// <summary>The captured bytes, from the link layer on.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>True where the capture kept less than was on the wire.</summary>
    public bool IsTruncated => OriginalLength > Bytes.Length;
}
