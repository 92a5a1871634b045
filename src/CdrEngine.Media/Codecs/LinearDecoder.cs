using System.Buffers.Binary;

namespace CdrEngine.Media.Codecs;

/// <summary>L16 (RFC 3551 4.5.11): 16-bit samples in network order, channels interleaved.</summary>
internal sealed class LinearDecoder(int sampleRateHz, int channels) : AudioDecoder(sampleRateHz, channels)
{
    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) => payload.Length % (2 * Channels) == 0 ? payload.Length / (2 * Channels) : -1;

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        for (int i = 0; i < pcm.Length; i++) pcm[i] = BinaryPrimitives.ReadInt16BigEndian(payload[(2 * i)..]);
        return pcm.Length / Channels;
    }
}
