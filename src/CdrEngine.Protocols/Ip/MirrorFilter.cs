using System.Buffers.Binary;
using System.ComponentModel;
using System.Numerics;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;

namespace CdrEngine.Protocols.Ip;

/// <summary>What <see cref="MirrorFilter"/> counts.</summary>
public enum MirrorCounter
{
    /// <summary>Packets found to be second sights.</summary>
    [Description("packets the mirror showed twice")]
    Duplicate,

    /// <summary>Packets forgotten before their time because their place in the table was needed.</summary>
    [Description("packets forgotten early because the table of recent packets was full")]
    Displaced,
}

/// <summary>Bounds of <see cref="MirrorFilter"/>.</summary>
public sealed record MirrorLimits
{
    /// <summary>The defaults.</summary>
    public static MirrorLimits Default { get; } = new();

    /// <summary>Packets remembered; rounded up to a power of two, at least 16. Default 65,536 (1 MiB): 50 ms of 1.3 million packets/s.</summary>
    public int Entries { get; init; } = 65_536;

    /// <summary>Most time between the two sights, in packet time. Default 50 ms; a SIP retransmission comes after 500 ms (RFC 3261 17.1.1.1).</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMilliseconds(50);
}

/// <summary>Finds packets that the mirror showed twice: same addresses, ports, protocol, IP identification and bytes within the window.</summary>
/// <remarks>Time to live and everything below IP take no part, so that a packet seen on two VLANs, or on both sides of a router, is
/// recognised; the transport checksum takes part only where the payload is cut, for a capture host may see it before offload fills it in. Bytes are compared by a
/// 64-bit hash. The table has a fixed size and forgets the oldest in a neighbourhood of eight when that is full. Used by one thread.</remarks>
public sealed class MirrorFilter
{
    private const int Neighbourhood = 8;
    private const ulong Odd1 = 0x9E37_79B9_7F4A_7C15;
    private const ulong Odd2 = 0xC2B2_AE3D_27D4_EB4F;
    private const ulong Odd3 = 0x1656_67B1_9E37_79F9;

    private readonly Entry[] _entries;
    private readonly long _windowMicroseconds;

    /// <summary>An empty filter.</summary>
    public MirrorFilter(MirrorLimits limits)
    {
        _entries = new Entry[BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(limits.Entries, 16, 1 << 26))];
        Array.Fill(_entries, new Entry(0, long.MinValue));
        _windowMicroseconds = limits.Window.Ticks / TimeSpan.TicksPerMicrosecond;
    }

    /// <summary>An empty filter with the default limits.</summary>
    public MirrorFilter()
        : this(MirrorLimits.Default)
    {
    }

    /// <summary>Duplicates, and packets forgotten early.</summary>
    public Counters<MirrorCounter> Counters { get; } = new();

    /// <summary>True where the same packet was seen within the window before <paramref name="at"/> (or after it, where capture times of
    /// two interfaces cross). Remembers it otherwise.</summary>
    public bool IsDuplicate(in DecodedPacket p, Timestamp at)
    {
        ulong print = Fingerprint(p);
        int mask = _entries.Length - 1;
        int first = (int)(print >> 32) & mask;
        int place = first;
        long oldest = long.MaxValue;
        for (int i = 0; i < Neighbourhood; i++)
        {
            ref Entry entry = ref _entries[(first + i) & mask];
            if (entry.Print == print && entry.Microseconds != long.MinValue)
            {
                if (IsWithinWindow(entry.Microseconds, at))
                {
                    Counters.Increment(MirrorCounter.Duplicate);
                    return true;
                }

                entry = new Entry(print, at.Microseconds);
                return false;
            }

            if (entry.Microseconds >= oldest) continue;
            oldest = entry.Microseconds;
            place = (first + i) & mask;
        }

        if (oldest != long.MinValue && IsWithinWindow(oldest, at)) Counters.Increment(MirrorCounter.Displaced);
        _entries[place] = new Entry(print, at.Microseconds);
        return false;
    }

    private bool IsWithinWindow(long microseconds, Timestamp at)
    {
        long apart = at.Microseconds - microseconds;
        return apart <= _windowMicroseconds && apart >= -_windowMicroseconds;
    }

    /// <summary>All that makes two packets the same, in 64 bits; the same in every run.</summary>
    private static ulong Fingerprint(in DecodedPacket p)
    {
        ulong hash = Mix(p.Source.Hash64() ^ Odd1, p.Destination.Hash64() ^ Odd2);
        hash = Mix(hash ^ (((ulong)p.IpIdentification << 32) | ((ulong)p.TcpFlags << 16) | ((ulong)p.Protocol << 8) | (p.IsTruncated ? 1u : 0u)), Odd3);
        hash = Mix(hash ^ (((ulong)p.TcpSequence << 32) | p.TcpAcknowledgement), Odd1);
        if (p.IsTruncated) hash = Mix(hash ^ p.TransportChecksum, Odd2); // all that is left of the bytes that were cut
        return HashBytes(p.Payload, hash);
    }

    private static ulong HashBytes(ReadOnlySpan<byte> bytes, ulong seed)
    {
        ulong left = seed;
        ulong right = seed ^ Odd3;
        ulong length = (ulong)bytes.Length;
        for (; bytes.Length >= 32; bytes = bytes[32..])
        {
            left = Mix(BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ Odd1, BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) ^ left);
            right = Mix(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]) ^ Odd2, BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]) ^ right);
        }

        for (; bytes.Length >= 8; bytes = bytes[8..]) left = Mix(BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ Odd1, left ^ Odd2);
        ulong tail = 0;
        for (int i = 0; i < bytes.Length; i++) tail |= (ulong)bytes[i] << (8 * i);
        return Mix(left ^ tail ^ Odd1, right ^ length ^ Odd3);
    }

    /// <summary>The two halves of the 128-bit product, folded: every input bit reaches every output bit.</summary>
    private static ulong Mix(ulong a, ulong b)
    {
        ulong high = Math.BigMul(a, b, out ulong low);
        return high ^ low;
    }

    private readonly record struct Entry(ulong Print, long Microseconds);
}
