using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Media.Tests.Codecs;

public sealed class ComfortNoiseTests
{
    [Theory]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(64)]
    public void Noise_HasItsLevelBelowOverload(int level)
    {
        double decibels = 20 * Math.Log10(ReferenceAudio.Effective(Noise([(byte)level], 40_000)) / 32_767);
        Assert.InRange(decibels, -level - 0.3, -level + 0.3);
    }

    [Theory]
    [InlineData(40, 0.685)]   // k = 40/127 - 1: low-pass
    [InlineData(214, -0.685)] // high-pass
    public void Noise_HasItsColour_AndItsLevelAllTheSame(byte coefficient, double expected)
    {
        short[] noise = Noise([40, coefficient], 40_000);
        Assert.InRange(ReferenceAudio.Correlate(noise.AsSpan(1), noise.AsSpan(0, noise.Length - 1)), expected - 0.03, expected + 0.03);
        Assert.InRange(20 * Math.Log10(ReferenceAudio.Effective(noise) / 32_767), -40.5, -39.5);
    }

    [Fact]
    public void Noise_OfHostileCoefficients_StaysFinite()
    {
        foreach (byte coefficient in new byte[] { 0, 1, 127, 254, 255 })
        {
            short[] noise = Noise([0, .. Enumerable.Repeat(coefficient, 32)], 8_000);
            Assert.Equal(8_000, noise.Length);
            Assert.True(ReferenceAudio.Effective(noise) > 1);
        }
    }

    [Fact]
    public void Noise_IsTheSameForTheSamePackets_AndSilentBeforeTheFirst()
    {
        Assert.Equal(Noise([40, 100, 120], 500), Noise([40, 100, 120], 500));
        Assert.Equal(0, ReferenceAudio.Effective(Noise([], 500)));
        Assert.Equal(0, ReferenceAudio.Effective(Noise([127], 500)));
    }

    [Fact]
    public void Packet_WithMoreCoefficientsThanAnybodySends_IsMalformed()
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("CN", 8000));
        Assert.Equal(-1, decoder.Decode(new byte[34], new short[10]));
        Assert.Equal(0, decoder.Decode(new byte[33], new short[10]));
    }

    private static short[] Noise(byte[] packet, int samples)
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("CN", 8000));
        short[] pcm = new short[samples];
        Assert.Equal(0, decoder.Decode(packet, pcm));
        Assert.Equal(samples, decoder.Conceal(samples, pcm));
        return pcm;
    }
}
