using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Media.Tests.Codecs;

public sealed class G711Tests
{
    [Fact]
    public void MuLaw_EachOfThe256Codes_IsTheValueOfTheRecommendation()
    {
        // G.711 table 2: all bits are inverted on the wire; segment s and step m give (2m + 33) 2^s - 33 in 14 bits.
        Assert.Equal(Codes().Select(static code =>
        {
            int plain = 255 - code, s = plain / 16 % 8, m = plain % 16;
            int value = (((2 * m) + 33) * (int)Math.Pow(2, s)) - 33;
            return (short)(4 * (plain >= 128 ? -value : value));
        }), Decode("PCMU"));
    }

    [Fact]
    public void ALaw_EachOfThe256Codes_IsTheValueOfTheRecommendation()
    {
        // G.711 table 1: even bits are inverted on the wire; 2m + 1 in segment 0, (2m + 33) 2^(s-1) above, in 13 bits.
        Assert.Equal(Codes().Select(static code =>
        {
            int plain = code ^ 0b0101_0101, s = plain / 16 % 8, m = plain % 16;
            int value = s == 0 ? (2 * m) + 1 : ((2 * m) + 33) * (int)Math.Pow(2, s - 1);
            return (short)(8 * (plain >= 128 ? value : -value));
        }), Decode("PCMA"));
    }

    [Fact]
    public void KnownCodes_HaveTheirKnownValues()
    {
        short[] mu = Decode("PCMU"), a = Decode("PCMA");
        Assert.Equal((-32_124, 32_124, 0, 0), (mu[0x00], mu[0x80], mu[0x7F], mu[0xFF]));
        Assert.Equal((8, -8, 32_256, -32_256), (a[0xD5], a[0x55], a[0xAA], a[0x2A]));
    }

    [Fact]
    public void EachLength_OfAnyCodes_IsAsTheTable()
    {
        var random = new Random(5);
        byte[] codes = new byte[64];
        for (int length = 0; length <= codes.Length; length++)
        {
            random.NextBytes(codes);
            foreach (int room in (int[])[length, length / 2])
            {
                short[] mu = new short[room + 1], a = new short[room + 1];
                mu[room] = a[room] = 77;
                G711.ExpandMuLaw(codes.AsSpan(0, length), mu.AsSpan(0, room));
                G711.ExpandALaw(codes.AsSpan(0, length), a.AsSpan(0, room));
                Assert.Equal([.. codes.Take(room).Select(static code => G711Decoder.MuLaw[code]), (short)77], mu);
                Assert.Equal([.. codes.Take(room).Select(static code => G711Decoder.ALaw[code]), (short)77], a);
            }
        }
    }

    [Fact]
    public void TwoChannels_AreInterleaved_AndAHalfPairIsMalformed()
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("PCMU", 16_000, 2));
        short[] pcm = new short[8];
        Assert.Equal((16_000, 2), (decoder.SampleRateHz, decoder.Channels));
        Assert.Equal(2, decoder.Decode([0x00, 0x80, 0xFF, 0x00], pcm));
        Assert.Equal([-32_124, 32_124, 0, -32_124], pcm[..4]);
        Assert.Equal(-1, decoder.Decode([0x00, 0x80, 0xFF], pcm));
    }

    [Fact]
    public void Linear_IsReadInNetworkOrder()
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("L16", 11_025, 2));
        short[] pcm = new short[4];
        Assert.Equal(1, decoder.Decode([0x12, 0x34, 0xFF, 0xFE], pcm));
        Assert.Equal([0x1234, -2], pcm[..2]);
        Assert.Equal(-1, decoder.Decode([0x12, 0x34, 0xFF], pcm));
    }

    private static IEnumerable<int> Codes() => Enumerable.Range(0, 256);

    private static short[] Decode(string name) => ReferenceAudio.Decode(PayloadFormat.Of(name, 8000), null, [[.. Codes().Select(static code => (byte)code)]]);
}
