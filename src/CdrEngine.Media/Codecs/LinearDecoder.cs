using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace CdrEngine.Media.Codecs;

/// <summary>L16 (RFC 3551 4.5.11): 16-bit samples in network order, channels interleaved.</summary>
internal sealed class LinearDecoder(int sampleRateHz, int channels) : AudioDecoder(sampleRateHz, channels)
{
    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) => payload.Length % (2 * Channels) == 0 ? payload.Length / (2 * Channels) : -1;

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        ReadOnlySpan<short> samples = MemoryMarshal.Cast<byte, short>(payload);
        if (BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(samples, pcm);
        else samples.CopyTo(pcm);
        return pcm.Length / Channels;
    }
}
