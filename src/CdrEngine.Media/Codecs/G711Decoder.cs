namespace CdrEngine.Media.Codecs;

/// <summary>G.711 µ-law and A-law (RFC 3551 4.5.14): a byte a sample, channels interleaved.</summary>
internal sealed class G711Decoder(bool isMuLaw, int sampleRateHz, int channels) : AudioDecoder(sampleRateHz, channels)
{
    /// <summary>The 256 values of µ-law (G.711 table 2), 14 bits scaled to 16.</summary>
    public static readonly short[] MuLaw = Table(static code =>
    {
        int bits = ~code, segment = (bits >> 4) & 7, mantissa = bits & 15;
        int magnitude = (((mantissa << 3) + 0x84) << segment) - 0x84;
        return (bits & 0x80) != 0 ? -magnitude : magnitude;
    });

    /// <summary>The 256 values of A-law (G.711 table 1), 13 bits scaled to 16.</summary>
    public static readonly short[] ALaw = Table(static code =>
    {
        int bits = code ^ 0x55, segment = (bits >> 4) & 7, mantissa = bits & 15;
        int magnitude = segment == 0 ? (mantissa << 4) + 8 : ((mantissa << 4) + 0x108) << (segment - 1);
        return (bits & 0x80) != 0 ? magnitude : -magnitude;
    });

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) => payload.Length % Channels == 0 ? payload.Length / Channels : -1;

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        if (isMuLaw) G711.ExpandMuLaw(payload, pcm);
        else G711.ExpandALaw(payload, pcm);
        return payload.Length / Channels;
    }

    private static short[] Table(Func<int, int> expand)
    {
        short[] values = new short[256];
        for (int code = 0; code < values.Length; code++) values[code] = (short)expand(code);
        return values;
    }
}
