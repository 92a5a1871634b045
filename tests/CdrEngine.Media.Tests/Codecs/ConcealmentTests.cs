using CdrEngine.Media.Codecs;
using CdrEngine.Protocols.Rtp;
using Xunit;
using Xunit.Abstractions;

namespace CdrEngine.Media.Tests.Codecs;

public sealed class ConcealmentTests(ITestOutputHelper output)
{
    private static readonly byte[] Tone = [.. Enumerable.Range(0, 160).Select(static i => (byte)(i % 20 < 10 ? 0x90 : 0x10))]; // 400 Hz, square

    [Fact]
    public void Gap_OfAToneAtItsPeriod_GoesOnInStepAndFadesToSilenceIn60Milliseconds()
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("PCMU", 8000));
        short[] heard = new short[160], filled = new short[960];
        Assert.Equal(160, decoder.Decode(Tone, heard));
        Assert.Equal(800, decoder.Conceal(800, filled));
        Assert.Equal(heard[..80], filled[..80]); // 10 ms in full
        Assert.InRange(ReferenceAudio.Correlate(filled.AsSpan(80, 160), heard), 0.9, 1);
        Assert.True(Math.Abs((int)filled[81]) > Math.Abs((int)filled[400]));
        Assert.Equal(0, ReferenceAudio.Effective(filled.AsSpan(480, 480)));
    }

    [Fact]
    public void Gap_InParts_IsTheGapAtOnce()
    {
        short[] whole = Concealed([480, 160]), parts = Concealed([1, 79, 160, 13, 300, 87]);
        Assert.Equal(whole, parts);
        Assert.NotEqual(0, whole[100]);
    }

    [Theory]
    [InlineData("PCMA", 8000, 1)]
    [InlineData("L16", 48_000, 2)]
    [InlineData("DVI4", 8000, 1)]
    public void Gap_BeforeAnyPacket_IsSilence(string name, int rate, int channels)
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of(name, rate, channels));
        short[] pcm = new short[400];
        pcm.AsSpan().Fill(77);
        Assert.Equal(160, decoder.Conceal(160, pcm));
        Assert.Equal(0, ReferenceAudio.Effective(pcm.AsSpan(0, 160 * channels)));
        Assert.Equal(77, pcm[160 * channels]);
        Assert.Equal(400 / channels, decoder.Conceal(int.MaxValue, pcm));
        Assert.Equal(0, decoder.Conceal(-5, pcm));
    }

    [Fact]
    public void Gap_AfterATinyPacket_StaysInBounds()
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("L16", 8000));
        short[] pcm = new short[480];
        Assert.Equal(1, decoder.Decode([0x10, 0x00], pcm));
        Assert.Equal(480, decoder.Conceal(480, pcm));
        Assert.Equal(0x1000, pcm[0]);
    }

    [CodecFact("libopus.so.0", Tool = "ffmpeg")]
    public void Opus_WithRedundancy_RecoversALostPacketBetterThanConcealmentDoes()
    {
        byte[][] packets = ReferenceAudio.Encode(48_000, "-c:a", "libopus", "-b:a", "32k", "-application", "voip", "-fec", "1", "-packet_loss", "20");
        var format = PayloadFormat.Of("opus", 48_000, 2);
        short[] clean = ReferenceAudio.Decode(format, null, packets);
        (double recovered, double concealed) = (Lossy(true), Lossy(false));
        output.WriteLine($"every fifth packet lost: {recovered:F4} recovered, {concealed:F4} concealed");
        Assert.InRange(recovered, 0.95, 1);
        Assert.InRange(concealed, 0.3, recovered - 0.02);

        double Lossy(bool isRecovering)
        {
            using var decoder = (IRecoveringDecoder)ReferenceAudio.Decoder(format);
            short[] sound = new short[clean.Length], pcm = new short[5760];
            int at = 0;
            for (int i = 0; i < packets.Length; i++)
            {
                if (i % 5 == 3 && i + 1 < packets.Length)
                {
                    Assert.Equal(960, isRecovering ? decoder.Recover(packets[i + 1], 960, pcm) : decoder.Conceal(960, pcm));
                }
                else
                {
                    Assert.Equal(960, decoder.Decode(packets[i], pcm));
                }

                pcm.AsSpan(0, 960).CopyTo(sound.AsSpan(at));
                at += 960;
            }

            Assert.Equal(clean.Length, at);
            return ReferenceAudio.Correlate(clean, sound);
        }
    }

    [CodecFact("libopus.so.0")]
    public void Opus_AloneFirstByte_IsDtxOfItsFrame()
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("opus", 48_000, 2));
        short[] pcm = new short[5760];
        Assert.Equal(960, decoder.Decode([0x78], pcm));
        Assert.Equal(2880, decoder.Decode([0x18], pcm));
        Assert.Equal(0, decoder.Decode([], pcm));
    }

    [CodecFact("libopus.so.0", "libbcg729.so.0", "libspeex.so.1", "libopencore-amrnb.so.0", "libopencore-amrwb.so.0", "libgsm.so.1", "libspandsp.so.2", Tool = "ffmpeg")]
    public void Gap_InSpeech_IsFilledWithSomethingLikeIt_AndEndsIn60Milliseconds()
    {
        short[] narrow = ReferenceAudio.Speech(8000);
        (PayloadFormat Format, byte[][] Packets)[] streams =
        [
            (PayloadFormat.Of("opus", 48_000, 2), ReferenceAudio.Encode(48_000, "-c:a", "libopus", "-b:a", "32k")),
            (PayloadFormat.Of("speex", 8000), ReferenceAudio.Encode(8000, "-c:a", "libspeex")),
            (PayloadFormat.Of("GSM", 8000), ReferenceAudio.Encode(8000, "-c:a", "libgsm")),
            (PayloadFormat.Of("G722", 8000), ReferenceAudio.Repacket(ReferenceAudio.Encode(16_000, "-c:a", "g722"), 160)),
            (PayloadFormat.Of("G729", 8000), ReferenceAudio.Repacket(Encoders.G729(narrow, false), 20)),
        ];
        foreach ((PayloadFormat format, byte[][] packets) in streams)
        {
            using IAudioDecoder decoder = ReferenceAudio.Decoder(format);
            short[] pcm = new short[AudioDecoders.MaxSamplesPerPacket];
            int loud = 0;
            double before = 0;
            for (; loud < packets.Length && before < 1500; loud++) before = ReferenceAudio.Effective(pcm.AsSpan(0, decoder.Decode(packets[loud], pcm)));
            Assert.True(before >= 1500, $"{format} is never loud");
            int twenty = decoder.SampleRateHz / 50;
            double[] levels = Enumerable.Range(0, 5).Select(_ =>
            {
                Assert.Equal(twenty, decoder.Conceal(twenty, pcm));
                return ReferenceAudio.Effective(pcm.AsSpan(0, twenty));
            }).ToArray();
            output.WriteLine($"{format}: {before:F0}, then {string.Join(", ", levels.Select(static level => $"{level:F0}"))}");
            Assert.InRange(levels[0], before / 4, before * 2);
            Assert.True(levels[2] < before);
            Assert.Equal((0, 0), (levels[3], levels[4]));
        }
    }

    private static short[] Concealed(int[] parts)
    {
        using IAudioDecoder decoder = ReferenceAudio.Decoder(PayloadFormat.Of("PCMU", 8000));
        short[] pcm = new short[640];
        Assert.Equal(160, decoder.Decode(Tone, pcm));
        var filled = new List<short>();
        foreach (int part in parts)
        {
            Assert.Equal(part, decoder.Conceal(part, pcm));
            filled.AddRange(pcm.AsSpan(0, part));
        }

        return [.. filled];
    }
}
