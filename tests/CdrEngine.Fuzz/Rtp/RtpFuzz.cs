using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Fuzz.Rtp;

/// <summary>Fuzz target: any bytes through the RTP reader, against a slow reading of RFC 3550 5.1.</summary>
public static class RtpFuzz
{
    /// <summary>One input; throws where the reader and the slow reading differ.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        bool read = RtpHeader.TryRead(input, out RtpHeader header);
        (int Header, int Payload)? slow = ReadSlowly(input.ToArray());
        if (read != slow is not null) throw new InvalidOperationException($"read {read}, slowly {slow}: {Convert.ToHexString(input)}");
        MediaPacketKind kind = MediaClassifier.Classify(input);
        if (read && kind != MediaPacketKind.Rtp) throw new InvalidOperationException($"RTP classified as {kind}: {Convert.ToHexString(input)}");
        bool looksLike = RtpHeuristics.LooksLikeRtp(input);
        if (looksLike && !read) throw new InvalidOperationException($"looks like RTP but is none: {Convert.ToHexString(input)}");
        if (!read) return;
        if (header.HeaderBytes != slow!.Value.Header || header.Payload.Length != slow.Value.Payload)
        {
            throw new InvalidOperationException($"header {header.HeaderBytes}, payload {header.Payload.Length}, slowly {slow}: {Convert.ToHexString(input)}");
        }

        uint sum = header.Ssrc + header.Timestamp + header.SequenceNumber + header.ExtensionProfile + (uint)header.Extension.Length;
        for (int i = 0; i < header.CsrcCount; i++) sum += header.Csrc(i);
        RtpHeuristics.LooksLikeTelephoneEvent(header.Payload);
        GC.KeepAlive(sum);
    }

    private static (int Header, int Payload)? ReadSlowly(byte[] bytes)
    {
        if (bytes.Length < 12 || bytes[0] / 64 != 2 || bytes[1] is >= 192 and <= 223) return null;
        int at = 12;
        for (int sources = bytes[0] % 16; sources > 0; sources--) at += 4;
        if ((bytes[0] & 16) != 0)
        {
            if (at + 4 > bytes.Length) return null;
            at += 4 + (((bytes[at + 2] * 256) + bytes[at + 3]) * 4);
        }

        if (at > bytes.Length) return null;
        int rest = bytes.Length - at;
        if ((bytes[0] & 32) == 0) return (at, rest);
        int padding = bytes[bytes.Length - 1];
        return padding == 0 || padding > rest ? null : (at, rest - padding);
    }
}
