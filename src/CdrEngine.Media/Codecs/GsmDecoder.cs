using CdrEngine.Media.Codecs.Native;

namespace CdrEngine.Media.Codecs;

/// <summary>GSM 06.10 full rate (RFC 3551 4.5.8): frames of 33 bytes and 20 ms, each begun by the signature 0xD.</summary>
internal sealed class GsmDecoder(GsmHandle state) : AudioDecoder(8_000, 1)
{
    private const int FrameBytes = 33;
    private const int FrameSamples = 160;
    private const int Signature = 0xD;

    /// <summary>A decoder, or null where the library refuses.</summary>
    public static GsmDecoder? Create()
    {
        GsmHandle state = GsmNative.Create();
        return state.IsInvalid ? null : new GsmDecoder(state);
    }

    /// <inheritdoc />
    public override void Dispose() => state.Dispose();

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload)
    {
        if (payload.Length % FrameBytes != 0) return -1;
        for (int at = 0; at < payload.Length; at += FrameBytes)
        {
            if (payload[at] >> 4 != Signature) return -1;
        }

        return payload.Length / FrameBytes * FrameSamples;
    }

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        int frames = payload.Length / FrameBytes;
        for (int frame = 0; frame < frames; frame++)
        {
            if (GsmNative.Decode(state, payload.Slice(frame * FrameBytes, FrameBytes), pcm.Slice(frame * FrameSamples, FrameSamples)) != 0) return -1;
        }

        return frames * FrameSamples;
    }
}
