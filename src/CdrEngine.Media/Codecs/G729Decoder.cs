using CdrEngine.Media.Codecs.Native;

namespace CdrEngine.Media.Codecs;

/// <summary>G.729, Annexes A and B (RFC 3551 4.5.6): frames of 10 bytes and 10 ms, at the end perhaps a silence descriptor of 2 bytes, which
/// gives 10 ms of noise.</summary>
internal sealed class G729Decoder(Bcg729Handle state) : AudioDecoder(8_000, 1, FrameSamples)
{
    private const int FrameBytes = 10;
    private const int DescriptorBytes = 2;
    private const int FrameSamples = 80;

    private static ReadOnlySpan<byte> Nothing => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>A decoder, or null where the library refuses.</summary>
    public static G729Decoder? Create()
    {
        Bcg729Handle state = Bcg729Native.Create();
        return state.IsInvalid ? null : new G729Decoder(state);
    }

    /// <inheritdoc />
    public override void Dispose() => state.Dispose();

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) => (payload.Length % FrameBytes) switch
    {
        0 => payload.Length / FrameBytes * FrameSamples,
        DescriptorBytes => ((payload.Length / FrameBytes) + 1) * FrameSamples,
        _ => -1,
    };

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        int written = 0;
        while (!payload.IsEmpty)
        {
            int bytes = Math.Min(payload.Length, FrameBytes);
            byte isDescriptor = bytes == DescriptorBytes ? (byte)1 : (byte)0;
            Bcg729Native.Decode(state, payload[..bytes], (byte)bytes, 0, isDescriptor, 0, pcm.Slice(written, FrameSamples));
            payload = payload[bytes..];
            written += FrameSamples;
        }

        return written;
    }

    /// <inheritdoc />
    protected override void ConcealFrame(Span<short> frame) => Bcg729Native.Decode(state, Nothing, 0, 1, 0, 0, frame);
}
