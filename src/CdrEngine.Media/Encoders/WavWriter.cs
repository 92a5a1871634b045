using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CdrEngine.Media.Mixing;

namespace CdrEngine.Media.Encoders;

/// <summary>Writes RIFF WAVE, 16-bit linear, little-endian. The length is known beforehand, so the stream need not seek.</summary>
/// <remarks>Beyond 4 GiB, where the format's fields end, they hold their largest value, as other writers do.</remarks>
public sealed class WavWriter : IPcmSink
{
    /// <summary>Bytes before the samples.</summary>
    public const int HeaderBytes = 44;

    private readonly Stream _output;

    /// <summary>Writes the header.</summary>
    /// <param name="output">Where it goes; left open.</param>
    /// <param name="format">What will come.</param>
    public WavWriter(Stream output, PcmFormat format)
    {
        _output = output;
        Span<byte> header = stackalloc byte[HeaderBytes];
        int frameBytes = format.Channels * sizeof(short);
        uint data = (uint)Math.Clamp(format.Frames * frameBytes, 0, uint.MaxValue - HeaderBytes);
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], data + HeaderBytes - 8);
        "WAVEfmt "u8.CopyTo(header[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt16LittleEndian(header[22..], (ushort)format.Channels);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], (uint)format.SampleRateHz);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], (uint)(format.SampleRateHz * frameBytes));
        BinaryPrimitives.WriteUInt16LittleEndian(header[32..], (ushort)frameBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[34..], 16);
        "data"u8.CopyTo(header[36..]);
        BinaryPrimitives.WriteUInt32LittleEndian(header[40..], data);
        output.Write(header);
    }

    /// <inheritdoc />
    public void Write(ReadOnlySpan<short> interleaved)
    {
        if (BitConverter.IsLittleEndian)
        {
            _output.Write(MemoryMarshal.AsBytes(interleaved));
            return;
        }

        Span<byte> swapped = stackalloc byte[2];
        foreach (short sample in interleaved)
        {
            BinaryPrimitives.WriteInt16LittleEndian(swapped, sample);
            _output.Write(swapped);
        }
    }

    /// <inheritdoc />
    public void Complete() => _output.Flush();
}
