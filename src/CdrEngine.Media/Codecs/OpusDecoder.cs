using CdrEngine.Media.Codecs.Native;

namespace CdrEngine.Media.Codecs;

/// <summary>Opus (RFC 6716, RFC 7587), decoded at 48 kHz. A packet of the first byte alone is DTX: the codec's own noise fills it.</summary>
internal sealed class OpusDecoder(OpusHandle state, int channels) : AudioDecoder(Rate, channels, ConcealFrameSamples), IRecoveringDecoder
{
    private const int Rate = 48_000;
    private const int ConcealFrameSamples = 480;  // 10 ms
    private const int LongestFrameSamples = 2880; // 60 ms

    private readonly short[] _recovered = new short[LongestFrameSamples * channels];

    /// <summary>A decoder, or null where the library refuses.</summary>
    /// <param name="channels">1 or 2; a packet of the other kind is mixed or doubled by the codec.</param>
    public static OpusDecoder? Create(int channels)
    {
        OpusHandle state = OpusNative.Create(Rate, channels, out int error);
        return state.IsInvalid || error != 0 ? null : new OpusDecoder(state, channels);
    }

    /// <inheritdoc />
    public int Recover(ReadOnlySpan<byte> nextPayload, int samples, Span<short> pcm)
    {
        if (nextPayload.IsEmpty) return Conceal(samples, pcm);
        if (OpusPacket.Measure(nextPayload) < 0) return -1;
        Span<short> wanted = Wanted(samples, pcm);
        int frame = OpusPacket.FrameSamples(nextPayload[0]);
        int last = Math.Min(wanted.Length / Channels, frame);
        if (last == 0) return 0;

        // The copy is of the frame just before the packet; what is missing before that frame is concealed first, so that states follow in order.
        int before = (wanted.Length / Channels) - last;
        Conceal(before, wanted);
        Span<short> recovered = _recovered.AsSpan(0, frame * Channels);
        if (OpusNative.Decode(state, nextPayload, nextPayload.Length, recovered, frame, 1) != frame) return -1;
        recovered[^(last * Channels)..].CopyTo(wanted[(before * Channels)..]);
        return wanted.Length / Channels;
    }

    /// <inheritdoc />
    public override void Dispose() => state.Dispose();

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) => OpusPacket.Measure(payload);

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm) =>
        OpusNative.Decode(state, payload, payload.Length, pcm, pcm.Length / Channels, 0);

    /// <inheritdoc />
    protected override void ConcealFrame(Span<short> frame)
    {
        if (OpusNative.Conceal(state, 0, 0, frame, frame.Length / Channels, 0) < 0) frame.Clear();
    }
}
