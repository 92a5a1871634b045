using System.Collections.Concurrent;

namespace CdrEngine.Media.Mixing;

/// <summary>The filter bank of one ratio of rates: a windowed sinc cut in phases.</summary>
/// <remarks>
/// Kaiser window, beta 8 (stop band some 80 dB down), 64 taps a phase at the lower of the two rates. The pass band reaches to 0.43 of the
/// lower rate: 3.4 kHz at 8 kHz, the band of telephony; images and aliases lie below the stop band from 0.51 on. Linear phase.
/// </remarks>
internal sealed class ResamplerFilter
{
    private const int TapsAtLowerRate = 64;
    private const int MostTaps = 64 * 24;
    private const int MostPhases = 512;
    private const double Cutoff = 0.47;
    private const double Beta = 8;
    private const int MostKept = 32;

    private static readonly ConcurrentDictionary<(int Up, int Down), ResamplerFilter> Kept = new();

    private readonly float[] _taps;

    private ResamplerFilter(int up, int down)
    {
        Up = up;
        Down = down;
        double ratio = Math.Min(1.0, (double)up / down);
        Taps = Math.Min(MostTaps, (int)Math.Ceiling(TapsAtLowerRate / ratio / 8) * 8);
        Phases = Math.Min(up, MostPhases);
        _taps = new float[Phases * Taps];
        Span<double> row = new double[Taps];
        for (int phase = 0; phase < Phases; phase++)
        {
            double sum = 0;
            for (int tap = 0; tap < Taps; tap++)
            {
                double distance = tap - ((Taps / 2) - 1) - ((double)phase / Phases);
                row[tap] = Sinc(2 * Cutoff * ratio * distance) * Kaiser(distance / (Taps / 2.0));
                sum += row[tap];
            }

            // Each phase has unit gain for a constant, or a tone would beat with the ratio.
            for (int tap = 0; tap < Taps; tap++) _taps[(phase * Taps) + tap] = (float)(row[tap] / sum);
        }
    }

    /// <summary>Output samples of one period of the ratio.</summary>
    public int Up { get; }

    /// <summary>Input samples of one period.</summary>
    public int Down { get; }

    /// <summary>Taps of a phase; a multiple of eight.</summary>
    public int Taps { get; }

    private int Phases { get; }

    /// <summary>The filter from one rate to another.</summary>
    public static ResamplerFilter Of(int fromHz, int toHz)
    {
        int divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(fromHz, toHz);
        (int Up, int Down) key = (toHz / divisor, fromHz / divisor);
        if (Kept.TryGetValue(key, out ResamplerFilter? known)) return known;
        var filter = new ResamplerFilter(key.Up, key.Down);

        // Rates may come from the wire (L16): the usual ones are shared, the strange ones made anew.
        return Kept.Count >= MostKept ? filter : Kept.GetOrAdd(key, filter);
    }

    /// <summary>The taps for an output sample that lies <paramref name="phase"/>/<see cref="Up"/> behind an input sample.</summary>
    public ReadOnlySpan<float> Phase(int phase) => _taps.AsSpan((int)((long)phase * Phases / Up) * Taps, Taps);

    private static double Sinc(double x) => Math.Abs(x) < 1e-12 ? 1 : Math.Sin(Math.PI * x) / (Math.PI * x);

    private static double Kaiser(double x) => Math.Abs(x) >= 1 ? 0 : Bessel(Beta * Math.Sqrt(1 - (x * x))) / Bessel(Beta);

    // Modified Bessel function of the first kind, order zero, by its series.
    private static double Bessel(double x)
    {
        double sum = 1, term = 1;
        for (int k = 1; term > sum * 1e-15; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }

        return sum;
    }
}
