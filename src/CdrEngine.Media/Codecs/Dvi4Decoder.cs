using System.Buffers.Binary;

namespace CdrEngine.Media.Codecs;

/// <summary>DVI4, the IMA ADPCM of RTP (RFC 3551 4.5.1): each packet begins with its predictor state, then four bits a sample, the high ones first.</summary>
internal sealed class Dvi4Decoder(int sampleRateHz) : AudioDecoder(sampleRateHz, 1)
{
    private const int HeaderBytes = 4;

    // The IMA step sizes: each about 1.1 times the one before.
    private static ReadOnlySpan<short> Steps =>
    [
        7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173,
        190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066,
        2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818,
        18500, 20350, 22385, 24623, 27086, 29794, 32767,
    ];

    private static ReadOnlySpan<sbyte> IndexChange => [-1, -1, -1, -1, 2, 4, 6, 8];

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) =>
        payload.Length >= HeaderBytes && payload[2] < Steps.Length ? (payload.Length - HeaderBytes) * 2 : -1;

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        int predicted = BinaryPrimitives.ReadInt16BigEndian(payload), index = payload[2];
        for (int i = 0; i < pcm.Length; i++)
        {
            int both = payload[HeaderBytes + (i >> 1)];
            int code = (i & 1) == 0 ? both >> 4 : both & 15;
            int step = Steps[index], change = step >> 3;
            if ((code & 4) != 0) change += step;
            if ((code & 2) != 0) change += step >> 1;
            if ((code & 1) != 0) change += step >> 2;
            predicted = Math.Clamp((code & 8) != 0 ? predicted - change : predicted + change, short.MinValue, short.MaxValue);
            index = Math.Clamp(index + IndexChange[code & 7], 0, Steps.Length - 1);
            pcm[i] = (short)predicted;
        }

        return pcm.Length;
    }
}
