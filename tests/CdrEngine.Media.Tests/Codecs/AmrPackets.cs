namespace CdrEngine.Media.Tests.Codecs;

/// <summary>Writes RFC 4867 payloads, slowly: a list of bits.</summary>
internal static class AmrPackets
{
    private static readonly int[] NarrowBits = [95, 103, 118, 134, 148, 159, 204, 244, 39, 0, 0, 0, 0, 0, 0, 0];
    private static readonly int[] WideBits = [132, 177, 253, 285, 317, 365, 397, 461, 477, 40, 0, 0, 0, 0, 0, 0];

    /// <summary>The frames of an AMR file (5.1, 5.3), without its magic.</summary>
    public static byte[][] FileFrames(ReadOnlySpan<byte> file, bool isWide)
    {
        file = file[(isWide ? "#!AMR-WB\n" : "#!AMR\n").Length..];
        var frames = new List<byte[]>();
        while (!file.IsEmpty)
        {
            int bytes = 1 + ((Bits(isWide, file[0]) + 7) / 8);
            frames.Add(file[..bytes].ToArray());
            file = file[bytes..];
        }

        return [.. frames];
    }

    /// <summary>One payload of file frames.</summary>
    public static byte[] Payload(byte[][] frames, bool isWide, bool isOctetAligned, bool hasChecksums = false)
    {
        var bits = new List<bool>();
        Append(bits, 15, 4); // no mode request
        if (isOctetAligned) Append(bits, 0, 4);
        for (int i = 0; i < frames.Length; i++)
        {
            Append(bits, i < frames.Length - 1 ? 1 : 0, 1);
            Append(bits, (frames[i][0] >> 3) & 15, 4);
            Append(bits, (frames[i][0] >> 2) & 1, 1);
            if (isOctetAligned) Append(bits, 0, 2);
        }

        if (hasChecksums)
        {
            foreach (byte[] frame in frames.Where(frame => Bits(isWide, frame[0]) > 0)) Append(bits, 0xA5, 8);
        }

        foreach (byte[] frame in frames)
        {
            int count = Bits(isWide, frame[0]);
            for (int i = 0; i < count; i++) bits.Add((frame[1 + (i / 8)] & (0x80 >> (i % 8))) != 0);
            while (isOctetAligned && bits.Count % 8 != 0) bits.Add(false);
        }

        byte[] payload = new byte[(bits.Count + 7) / 8];
        for (int i = 0; i < bits.Count; i++)
        {
            if (bits[i]) payload[i / 8] |= (byte)(0x80 >> (i % 8));
        }

        return payload;
    }

    private static int Bits(bool isWide, byte header) => (isWide ? WideBits : NarrowBits)[(header >> 3) & 15];

    private static void Append(List<bool> bits, int value, int count)
    {
        for (int bit = count - 1; bit >= 0; bit--) bits.Add(((value >> bit) & 1) != 0);
    }
}
