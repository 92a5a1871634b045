namespace CdrEngine.Media.Codecs;

/// <summary>The framing of an Opus packet (RFC 6716 3): configuration, number and lengths of its frames.</summary>
internal static class OpusPacket
{
    private const int MaxFrameBytes = 1275;       // R2
    private const int MaxSamples = 5760;          // R5: 120 ms at 48 kHz

    // Samples of a frame at 48 kHz by the low bits of the configuration (table 2).
    private static ReadOnlySpan<short> Silk => [480, 960, 1920, 2880];

    private static ReadOnlySpan<short> Hybrid => [480, 960];

    private static ReadOnlySpan<short> Celt => [120, 240, 480, 960];

    /// <summary>Samples of each channel at 48 kHz that the packet holds; -1 where one of the rules R1 to R7 is broken.</summary>
    public static int Measure(ReadOnlySpan<byte> packet)
    {
        if (packet.IsEmpty) return -1;
        int frame = FrameSamples(packet[0]);
        ReadOnlySpan<byte> rest = packet[1..];
        switch (packet[0] & 3)
        {
            case 0:
                return rest.Length <= MaxFrameBytes ? frame : -1;
            case 1:
                return rest.Length % 2 == 0 && rest.Length / 2 <= MaxFrameBytes ? 2 * frame : -1;
            case 2:
                return TryLength(ref rest, out int first) && first <= rest.Length && rest.Length - first <= MaxFrameBytes ? 2 * frame : -1;
            default:
                return MeasureMany(rest, frame);
        }
    }

    /// <summary>Samples at 48 kHz of one frame of a packet that begins with this byte (table 2).</summary>
    public static int FrameSamples(byte first)
    {
        int configuration = first >> 3;
        return configuration < 12 ? Silk[configuration & 3] : configuration < 16 ? Hybrid[configuration & 1] : Celt[configuration & 3];
    }

    // 3.2.5: a count, padding, then frames of equal length or with their lengths before them.
    private static int MeasureMany(ReadOnlySpan<byte> rest, int frame)
    {
        if (rest.IsEmpty) return -1;
        int head = rest[0], count = head & 63;
        rest = rest[1..];
        if (count == 0 || count * frame > MaxSamples) return -1;
        if ((head & 0x40) != 0)
        {
            int padding = 0, part;
            do
            {
                if (rest.IsEmpty) return -1;
                part = rest[0];
                rest = rest[1..];
                padding += part == 255 ? 254 : part;
            }
            while (part == 255);
            if (padding > rest.Length) return -1;
            rest = rest[..^padding];
        }

        if ((head & 0x80) == 0) return rest.Length % count == 0 && rest.Length / count <= MaxFrameBytes ? count * frame : -1;
        int told = 0;
        for (int i = 0; i < count - 1; i++)
        {
            if (!TryLength(ref rest, out int length)) return -1;
            told += length;
        }

        return told <= rest.Length && rest.Length - told <= MaxFrameBytes ? count * frame : -1;
    }

    // 3.2.1: one byte up to 251, else two.
    private static bool TryLength(ref ReadOnlySpan<byte> rest, out int length)
    {
        length = 0;
        if (rest.IsEmpty) return false;
        int first = rest[0];
        if (first < 252)
        {
            length = first;
            rest = rest[1..];
            return true;
        }

        if (rest.Length < 2) return false;
        length = (rest[1] * 4) + first;
        rest = rest[2..];
        return true;
    }
}
