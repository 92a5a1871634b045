using CdrEngine.Media.Mixing;
using Xunit;

namespace CdrEngine.Media.Tests.Mixing;

/// <summary>What the resampler claims of itself, measured.</summary>
public sealed class ResamplerTests
{
    public static TheoryData<int, int> Ratios => new()
    {
        { 8_000, 16_000 }, { 8_000, 48_000 }, { 16_000, 48_000 }, { 16_000, 8_000 }, { 48_000, 16_000 }, { 48_000, 8_000 }, { 44_100, 48_000 }, { 11_025, 8_000 },
        { 32_000, 48_000 }, { 12_345, 48_000 }, { 192_000, 8_000 },
    };

    [Theory]
    [MemberData(nameof(Ratios))]
    public void Tone_InTheBandOfTelephony_ComesOutWithoutDelayOrLoss(int from, int to)
    {
        foreach (double hertz in (double[])[300, 1000, 3000])
        {
            short[] output = Run(from, to, Tone(from, hertz, from));

            // Away from the ends, where the silence before and after comes in.
            int margin = to / 20;
            for (int i = margin; i < output.Length - margin; i++)
                Assert.InRange(output[i] - (10_000 * Math.Sin(2 * Math.PI * hertz * i / to)), -30, 30);
        }
    }

    [Theory]
    [InlineData(8_000, 48_000)]
    [InlineData(48_000, 8_000)]
    [InlineData(16_000, 8_000)]
    public void Tone_At3400Hz_LosesLessThanAQuarterDecibel(int from, int to) =>
        Assert.InRange(Decibels(Run(from, to, Tone(from, 3400, from)), to), -0.25, 0.25);

    [Theory]
    [InlineData(16_000, 8_000, 4_300)]
    [InlineData(16_000, 8_000, 6_000)]
    [InlineData(48_000, 8_000, 5_000)]
    [InlineData(48_000, 16_000, 9_000)]
    public void Tone_AboveTheBand_IsGone(int from, int to, double hertz) =>
        Assert.InRange(Decibels(Run(from, to, Tone(from, hertz, from)), to), double.NegativeInfinity, -60);

    [Theory]
    [MemberData(nameof(Ratios))]
    public void Length_IsThatOfTheRun_RoundedUp(int from, int to)
    {
        foreach (int samples in (int[])[1, 159, 160, 8001])
            Assert.Equal((int)(((long)samples * to + from - 1) / from), Run(from, to, new short[samples]).Length);
    }

    [Theory]
    [MemberData(nameof(Ratios))]
    public void Pieces_GiveWhatTheWholeGives(int from, int to)
    {
        short[] input = Tone(from, 700, 4000);
        short[] whole = Run(from, to, input);
        var resampler = new Resampler(from, to);
        var joined = new List<short>();
        uint state = 7;
        for (int at = 0; at < input.Length;)
        {
            state = (state * 1_664_525) + 1_013_904_223;
            int count = Math.Min(input.Length - at, (int)(state >> 24));
            var output = new short[resampler.MostOutput(count)];
            joined.AddRange(output.AsSpan(0, resampler.Process(input.AsSpan(at, count), output)));
            at += count;
        }

        var rest = new short[resampler.MostOutput(0)];
        joined.AddRange(rest.AsSpan(0, resampler.Flush(rest)));
        Assert.Equal(whole, joined);

        // The next run begins from silence.
        var second = new short[resampler.MostOutput(input.Length)];
        int written = resampler.Process(input, second);
        Assert.Equal(whole[..written], second[..written]);
    }

    [Fact]
    public void EqualRates_PassThrough()
    {
        short[] input = Tone(8000, 1000, 500);
        Assert.Equal(input, Run(8000, 8000, input));
    }

    private static short[] Run(int from, int to, short[] input)
    {
        var resampler = new Resampler(from, to);
        var output = new short[resampler.MostOutput(input.Length)];
        int written = resampler.Process(input, output);
        var rest = new short[resampler.MostOutput(0)];
        int tail = resampler.Flush(rest);
        return [.. output[..written], .. rest[..tail]];
    }

    private static short[] Tone(int rate, double hertz, int samples)
    {
        var tone = new short[samples];
        for (int i = 0; i < samples; i++) tone[i] = (short)Math.Round(10_000 * Math.Sin(2 * Math.PI * hertz * i / rate));
        return tone;
    }

    // Level of the middle against the tone that went in.
    private static double Decibels(short[] sound, int rate)
    {
        double sum = 0;
        int margin = rate / 10, count = sound.Length - (2 * margin);
        for (int i = margin; i < margin + count; i++) sum += (double)sound[i] * sound[i];
        return 10 * Math.Log10(Math.Max(sum / count, 1e-9) / (10_000.0 * 10_000 / 2));
    }
}
