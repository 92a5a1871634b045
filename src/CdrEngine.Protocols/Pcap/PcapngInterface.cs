using CdrEngine.Core;

namespace CdrEngine.Protocols.Pcap;

/// <summary>One interface description of a pcapng section, and how its time stamps are read.</summary>
internal struct PcapngInterface(LinkType linkType, uint snapLength)
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;
    private const long MinSeconds = -62_135_596_800; // 0001-01-01, the earliest that a Timestamp shows
    private const long MaxSeconds = 253_402_300_799; // 9999-12-31T23:59:59

    public LinkType LinkType { get; } = linkType;

    /// <summary>Most bytes captured of a packet; 0 for no limit.</summary>
    public uint SnapLength { get; } = snapLength;

    /// <summary>Ticks in a second (if_tsresol); a million unless said otherwise.</summary>
    public ulong TicksPerSecond { get; private set; } = 1_000_000;

    /// <summary>Seconds to add (if_tsoffset).</summary>
    public long OffsetSeconds { get; set; }

    /// <summary>The reader has remarked on its link type.</summary>
    public bool IsRemarkedOn { get; set; }

    /// <summary>Takes an if_tsresol value: a negative power of ten, or of two where the top bit is set. False where the resolution is finer
    /// than a 64-bit second can hold.</summary>
    public bool TrySetResolution(byte value)
    {
        int exponent = value & 0x7F;
        if (value >= 0x80)
        {
            if (exponent > 63) return false;
            TicksPerSecond = 1UL << exponent;
            return true;
        }

        if (exponent > 19) return false;
        ulong ticks = 1;
        for (int i = 0; i < exponent; i++) ticks *= 10;
        TicksPerSecond = ticks;
        return true;
    }

    /// <summary>The instant of a tick count: microseconds and the nanoseconds left over, both cut. Times outside the years 1..9999 are set
    /// to the nearer end.</summary>
    public readonly Timestamp ToTimestamp(ulong ticks, out ushort nanosecondRemainder)
    {
        (ulong seconds, ulong fraction) = Math.DivRem(ticks, TicksPerSecond);
        ulong nanoseconds = TicksPerSecond switch
        {
            1_000_000 => fraction * 1000,
            NanosecondsPerSecond => fraction,
            _ => (ulong)((UInt128)fraction * NanosecondsPerSecond / TicksPerSecond),
        };
        Int128 at = (Int128)seconds + OffsetSeconds;
        nanosecondRemainder = 0;
        if (at < MinSeconds) return Timestamp.FromUnix(MinSeconds, 0);
        if (at > MaxSeconds) return Timestamp.FromUnix(MaxSeconds, 0);
        nanosecondRemainder = (ushort)(nanoseconds % 1000);
        return Timestamp.FromUnix((long)at, (long)(nanoseconds / 1000));
    }
}
