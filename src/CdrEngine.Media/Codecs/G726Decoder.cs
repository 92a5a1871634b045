using CdrEngine.Media.Codecs.Native;

namespace CdrEngine.Media.Codecs;

/// <summary>G.726 at 16, 24, 32 and 40 kbit/s: codes of 2 to 5 bits, in the order of RFC 3551 4.5.4 or of ITU-T I.366.2 (AAL2).</summary>
internal sealed class G726Decoder(G726Handle state, int codeBits) : AudioDecoder(8_000, 1)
{
    /// <summary>A decoder, or null where the library refuses.</summary>
    /// <param name="codeBits">Bits of a code, 2..5.</param>
    /// <param name="isAal2">True for AAL2-G726: the first code is in the high bits.</param>
    public static G726Decoder? Create(int codeBits, bool isAal2)
    {
        G726Handle state = SpandspNative.CreateG726(
            0, codeBits * 8_000, SpandspNative.EncodingLinear, isAal2 ? SpandspNative.PackingLeft : SpandspNative.PackingRight);
        return state.IsInvalid ? null : new G726Decoder(state, codeBits);
    }

    /// <inheritdoc />
    public override void Dispose() => state.Dispose();

    // RFC 3551 4.5.4: packets hold whole codes, so that each begins at a byte: eight codes of 3 or 5 bits together.
    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) =>
        (codeBits & 1) != 0 && payload.Length % codeBits != 0 ? -1 : payload.Length * 8 / codeBits;

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm) => SpandspNative.DecodeG726(state, pcm, payload, payload.Length);
}
