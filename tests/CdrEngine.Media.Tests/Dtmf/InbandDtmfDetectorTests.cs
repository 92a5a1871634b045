using CdrEngine.Media.Dtmf;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Dtmf;

/// <summary>Each limit of ITU-T Q.24 as a row, and the sounds that must give no digit.</summary>
public sealed class InbandDtmfDetectorTests
{
    private delegate ToneMaker Sound(ToneMaker maker);

    public static TheoryData<double, double> Levels => new()
    {
        { 0, 0 }, { -3, -3 }, { -10, -10 }, { -20, -20 }, { -25, -25 }, { -28, -28 },
        { -8, -16 }, { -12, -8 }, { -17, -25 }, { -25, -21 },
    };

    [Theory]
    [MemberData(nameof(Levels))]
    public void AllSixteenDigits_AtALevelWithinQ24_AreHeard(double low, double high) =>
        Assert.Equal(ToneMaker.Digits, Heard(maker => All(maker, digit => maker.Digit(digit, 50, low, high).Pause(50))));

    [Theory]
    [InlineData(40, 40)]
    [InlineData(41.7, 43.3)]
    [InlineData(40, 93)]
    [InlineData(500, 40)]
    public void ShortestToneAndPause_AtAnyAlignment_AreHeard(double tone, double pause)
    {
        for (int shift = 0; shift < 5; shift++)
        {
            double lead = shift * 1.1;
            Assert.Equal(ToneMaker.Digits, Heard(maker => All(maker.Pause(lead), digit => maker.Digit(digit, tone).Pause(pause + (lead / 10)))));
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(15)]
    [InlineData(20)]
    public void ToneTooShort_AtAnyAlignment_IsNone(double tone)
    {
        for (int shift = 0; shift < 5; shift++)
        {
            double lead = shift * 1.1;
            Assert.Equal("", Heard(maker => All(maker.Pause(lead), digit => maker.Digit(digit, tone).Pause(60 + lead))));
        }
    }

    [Theory]
    [InlineData(0.015, 0.015)]
    [InlineData(-0.015, -0.015)]
    [InlineData(0.015, -0.015)]
    [InlineData(-0.015, 0.015)]
    public void Frequency_OffByOneAndAHalfPercent_IsHeard(double low, double high) =>
        Assert.Equal(ToneMaker.Digits, Heard(maker => All(maker, digit => maker.Digit(digit, 50, lowOff: low, highOff: high).Pause(50))));

    [Theory]
    [InlineData(0.035, 0)]
    [InlineData(-0.035, 0)]
    [InlineData(0, 0.035)]
    [InlineData(0, -0.035)]
    [InlineData(0.035, 0.035)]
    public void Frequency_OffByThreeAndAHalfPercent_IsNone(double low, double high) =>
        Assert.Equal("", Heard(maker => All(maker, digit => maker.Digit(digit, 100, lowOff: low, highOff: high).Pause(50))));

    [Theory]
    [InlineData(-5, -17)]
    [InlineData(-15, -7)]
    public void Twist_BeyondTheLimit_IsNone(double low, double high) =>
        Assert.Equal("", Heard(maker => All(maker, digit => maker.Digit(digit, 100, low, high).Pause(50))));

    [Fact]
    public void Level_FarBelowTheLeast_IsNone() =>
        Assert.Equal("", Heard(maker => All(maker, digit => maker.Digit(digit, 100, -40, -40).Pause(50))));

    [Theory]
    [InlineData(-15)]
    [InlineData(-24)]
    public void Noise_BelowTheDigits_HidesNone(double relative)
    {
        for (int seed = 0; seed < 10; seed++)
            Assert.Equal(ToneMaker.Digits, Heard(maker => All(maker, digit => maker.Digit(digit, 50).Pause(50)).WithNoise(-10 + relative, seed)));
    }

    [Theory]
    [InlineData(-40)]
    [InlineData(-20)]
    [InlineData(-5)]
    public void Noise_Alone_IsNone(double dbm0)
    {
        for (int seed = 0; seed < 5; seed++) Assert.Equal("", Heard(maker => maker.Pause(20_000).WithNoise(dbm0, seed)));
    }

    [Theory]
    [InlineData(697)]
    [InlineData(1209)]
    [InlineData(440)]
    [InlineData(425)]
    [InlineData(1004)]
    public void SingleTone_IsNone(double frequency) => Assert.Equal("", Heard(maker => maker.Tone(frequency, 2000, -6)));

    [Fact]
    public void Break_OfTenMilliseconds_DoesNotDoubleADigit() =>
        Assert.Equal("5", Heard(static maker => maker.Digit('5', 50).Pause(9).Digit('5', 50).Pause(50)));

    [Fact]
    public void Digit_TellsWhenAndHowLong()
    {
        var detector = new InbandDtmfDetector();
        detector.Add(new ToneMaker().Pause(1000).Digit('7', 100).Pause(200).Digit('#', 65).Samples);
        detector.Complete();
        Assert.Equal("7#", new string([.. detector.Digits.Select(static digit => digit.Digit)]));
        Assert.InRange(detector.Digits[0].Start.TotalMilliseconds, 994, 1006);
        Assert.InRange(detector.Digits[0].Duration.TotalMilliseconds, 90, 110);
        Assert.InRange(detector.Digits[1].Start.TotalMilliseconds, 1294, 1306);
        Assert.InRange(detector.Digits[1].Duration.TotalMilliseconds, 55, 75);
    }

    [Fact]
    public void Sound_GivenInPieces_GivesTheSame()
    {
        short[] sound = All(new ToneMaker(), (maker, digit) => maker.Digit(digit, 50).Pause(45)).WithNoise(-40, 1).Samples;
        var whole = new InbandDtmfDetector();
        whole.Add(sound);
        whole.Complete();
        Assert.Equal(16, whole.Digits.Count);
        for (int seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var pieces = new InbandDtmfDetector();
            for (int at = 0; at < sound.Length;)
            {
                int length = Math.Min(random.Next(0, 400), sound.Length - at);
                pieces.Add(sound.AsSpan(at, length));
                at += length;
            }

            pieces.Complete();
            Assert.Equal(whole.Digits, pieces.Digits);
        }
    }

    [Fact]
    public void Skip_IsSilence_AndMovesTheTime()
    {
        var detector = new InbandDtmfDetector();
        detector.Add(new ToneMaker().Digit('1', 60).Samples);
        detector.Skip(80_000);
        detector.Add(new ToneMaker().Digit('1', 60).Samples);
        detector.Complete();
        Assert.Equal(2, detector.Digits.Count);
        Assert.InRange(detector.Digits[1].Start.TotalMilliseconds, 10_054, 10_066);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(60)]
    public void Loss_WithinADigit_DoesNotDoubleIt(int lost)
    {
        short[] sound = new ToneMaker().Pause(50).Digit('8', 240).Pause(100).Digit('8', 80).Pause(50).Samples;
        var detector = new InbandDtmfDetector();
        detector.Add(sound.AsSpan(0, 1200));
        detector.Lose(lost * 8);
        detector.Add(sound.AsSpan(1200 + (lost * 8)));
        detector.Complete();
        Assert.Equal(2, detector.Digits.Count);
        Assert.InRange(detector.Digits[0].Duration.TotalMilliseconds, 230, 250);
        Assert.InRange(detector.Digits[1].Start.TotalMilliseconds, 384, 396);
    }

    [Fact]
    public void Digit_StillSounding_CanBeSeen()
    {
        var detector = new InbandDtmfDetector();
        detector.Add(new ToneMaker().Pause(100).Digit('4', 20).Samples);
        Assert.False(detector.TryPeek(out _));
        detector.Add(new ToneMaker().Digit('4', 100, phase: 1).Samples);
        Assert.True(detector.TryPeek(out InbandDigit digit));
        Assert.Equal('4', digit.Digit);
        Assert.Empty(detector.Digits);
    }

    [Fact]
    public void Digits_OverTheLimit_AreCounted()
    {
        var detector = new InbandDtmfDetector(new InbandDtmfOptions { MostDigits = 3 });
        detector.Add(All(new ToneMaker(), static (maker, digit) => maker.Digit(digit, 50).Pause(50)).Samples);
        Assert.Equal((3, 13), (detector.Digits.Count, detector.DigitsOverLimit));
    }

    [SharedFact]
    public void Speech_IsNone()
    {
        string[] files = Directory.GetFiles(SharedFolder.Path("lab", "audio"), "*.wav");
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            short[] speech = Wav(file);
            Assert.InRange(speech.Length, 8000, int.MaxValue);

            // As it is, louder, softer, and through each offset of the steps.
            foreach (double gain in (double[])[1, 3, 0.3])
            {
                for (int shift = 0; shift < 40; shift += 13)
                {
                    short[] scaled = Array.ConvertAll(speech[shift..], sample => (short)Math.Clamp(sample * gain, short.MinValue, short.MaxValue));
                    Assert.Equal("", Heard(scaled));
                }
            }
        }
    }

    private static ToneMaker All(ToneMaker maker, Action<char> each)
    {
        foreach (char digit in ToneMaker.Digits) each(digit);
        return maker;
    }

    private static ToneMaker All(ToneMaker maker, Action<ToneMaker, char> each) => All(maker, digit => each(maker, digit));

    private static string Heard(Sound sound) => Heard(sound(new ToneMaker()).Samples);

    private static string Heard(short[] sound)
    {
        var detector = new InbandDtmfDetector();
        detector.Add(sound);
        detector.Complete();
        return new string([.. detector.Digits.Select(static digit => digit.Digit)]);
    }

    private static short[] Wav(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        int data = bytes.AsSpan().IndexOf("data"u8);
        return [.. System.Runtime.InteropServices.MemoryMarshal.Cast<byte, short>(bytes.AsSpan(data + 8)[..^(bytes.Length % 2)])];
    }
}
