using CdrEngine.Media.Codecs.Native;

namespace CdrEngine.Media.Codecs;

/// <summary>G.722 at 64 kbit/s (RFC 3551 4.5.2): a byte is two samples at 16 kHz, while the RTP clock counts 8000 a second.</summary>
internal sealed class G722Decoder(G722Handle state) : AudioDecoder(16_000, 1)
{
    private const int BitRate = 64_000;

    /// <summary>A decoder, or null where the library refuses.</summary>
    public static G722Decoder? Create()
    {
        G722Handle state = SpandspNative.CreateG722(0, BitRate, 0);
        return state.IsInvalid ? null : new G722Decoder(state);
    }

    /// <inheritdoc />
    public override void Dispose() => state.Dispose();

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) => payload.Length * 2;

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm) => SpandspNative.DecodeG722(state, pcm, payload, payload.Length);
}
