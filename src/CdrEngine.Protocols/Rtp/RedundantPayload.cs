using System.Buffers.Binary;

namespace CdrEngine.Protocols.Rtp;

/// <summary>One block of a payload with redundancy.</summary>
/// <param name="PayloadType">What it is.</param>
/// <param name="TimestampOffset">Timestamp units that it is earlier than its packet; 0 for the primary one.</param>
/// <param name="Start">First octet within the payload.</param>
/// <param name="Length">Octets; 0 and more.</param>
public readonly record struct RedundantBlock(byte PayloadType, int TimestampOffset, int Start, int Length);

/// <summary>Payloads that hold earlier ones again (RFC 2198, <c>red</c>).</summary>
public static class RedundantPayload
{
    /// <summary>Blocks read; the RFC sets no bound, programs send one to three.</summary>
    public const int MaxBlocks = 8;

    private const int HeaderBytes = 4;

    /// <summary>Reads the blocks: the earlier ones as they stand, oldest first by custom, then the primary one.</summary>
    /// <param name="payload">RTP payload.</param>
    /// <param name="blocks">Room for <see cref="MaxBlocks"/>.</param>
    /// <param name="count">Blocks read, 1 and more.</param>
    /// <returns>False where the lengths do not come out even, or there are too many.</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, Span<RedundantBlock> blocks, out int count)
    {
        // 1. Headers: four octets each, the last one octet with its first bit clear.
        count = 0;
        int at = 0, octets = 0;
        while (true)
        {
            if (at >= payload.Length || count >= Math.Min(MaxBlocks, blocks.Length)) return false;
            byte first = payload[at];
            if ((first & 0x80) == 0) break;
            if (payload.Length - at < HeaderBytes) return false;
            uint header = BinaryPrimitives.ReadUInt32BigEndian(payload[at..]);
            int length = (int)(header & 0x3FF);
            blocks[count++] = new RedundantBlock((byte)(first & 0x7F), (int)(header >> 10) & 0x3FFF, octets, length);
            octets += length;
            at += HeaderBytes;
        }

        // 2. Data in the same order; what is left is the primary block.
        byte primary = payload[at++];
        if (octets > payload.Length - at) return false;
        for (int i = 0; i < count; i++) blocks[i] = blocks[i] with { Start = at + blocks[i].Start };
        blocks[count++] = new RedundantBlock(primary, 0, at + octets, payload.Length - at - octets);
        return true;
    }

    /// <summary>The first payload type of a format's parameters (RFC 2198 5: <c>0/5</c>), which is the primary one; -1 where there is none.</summary>
    public static int PrimaryOf(string? fmtp)
    {
        ReadOnlySpan<char> text = fmtp.AsSpan().Trim();
        int end = text.IndexOf('/');
        return int.TryParse(end < 0 ? text : text[..end], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int type) && type < 128
            ? type
            : -1;
    }
}
