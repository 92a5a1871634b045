namespace CdrEngine.TestKit;

/// <summary>Sound for tests: pairs of tones, noise, pauses, one after another.</summary>
public sealed class ToneMaker
{
    /// <summary>All sixteen.</summary>
    public const string Digits = "1234567890*#ABCD";
    private const string Layout = "123A456B789C*0#D";
    private static readonly double[] Low = [697, 770, 852, 941];
    private static readonly double[] High = [1209, 1336, 1477, 1633];
    private readonly List<short> _samples = [];

    /// <summary>All so far, 8 kHz.</summary>
    public short[] Samples => [.. _samples];

    /// <summary>All so far by the mu-law (ITU-T G.711).</summary>
    public byte[] MuLaw => [.. _samples.Select(static sample => MuLawOf(sample))];

    /// <summary>Frequencies of a digit (ITU-T Q.23).</summary>
    public static (double Low, double High) Of(char digit)
    {
        int place = Layout.IndexOf(digit, StringComparison.Ordinal);
        return (Low[place / 4], High[place % 4]);
    }

    /// <summary>A digit; levels in dBm0 for each tone, deviation as a fraction of the frequency.</summary>
    public ToneMaker Digit(char digit, double milliseconds, double lowDbm0 = -10, double highDbm0 = -10, double lowOff = 0, double highOff = 0, double phase = 0.3)
    {
        (double low, double high) = Of(digit);
        double first = Amplitude(lowDbm0), second = Amplitude(highDbm0);
        int count = (int)(milliseconds * 8);
        for (int i = 0; i < count; i++)
        {
            double t = i / 8000.0;
            Add((first * Math.Sin((2 * Math.PI * low * (1 + lowOff) * t) + phase)) + (second * Math.Sin((2 * Math.PI * high * (1 + highOff) * t) + (phase * 2))));
        }

        return this;
    }

    /// <summary>A single tone.</summary>
    public ToneMaker Tone(double frequency, double milliseconds, double dbm0)
    {
        int count = (int)(milliseconds * 8);
        for (int i = 0; i < count; i++) Add(Amplitude(dbm0) * Math.Sin(2 * Math.PI * frequency * i / 8000));
        return this;
    }

    /// <summary>Silence.</summary>
    public ToneMaker Pause(double milliseconds)
    {
        for (int i = 0; i < (int)(milliseconds * 8); i++) _samples.Add(0);
        return this;
    }

    /// <summary>Lays white noise of that power over all that is there.</summary>
    public ToneMaker WithNoise(double dbm0, int seed)
    {
        var random = new Random(seed);
        double rms = Amplitude(dbm0) / Math.Sqrt(2);
        for (int i = 0; i < _samples.Count; i++)
        {
            double gauss = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            _samples[i] = Clip(_samples[i] + (rms * gauss));
        }

        return this;
    }

    /// <summary>Amplitude of a sine of that level: full scale is +3.14 dBm0.</summary>
    private static double Amplitude(double dbm0) => 32768 * Math.Pow(10, (dbm0 - 3.14) / 20);

    private static byte MuLawOf(short sample)
    {
        int magnitude = Math.Min(Math.Abs((int)sample), 32_635) + 0x84;
        int segment = System.Numerics.BitOperations.Log2((uint)magnitude) - 7;
        int code = (sample < 0 ? 0x80 : 0) | (segment << 4) | ((magnitude >> (segment + 3)) & 15);
        return (byte)~code;
    }

    private void Add(double value) => _samples.Add(Clip(value));

    private static short Clip(double value) => (short)Math.Clamp(Math.Round(value), short.MinValue, short.MaxValue);
}
