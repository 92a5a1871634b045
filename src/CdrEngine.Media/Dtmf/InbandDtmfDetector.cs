using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CdrEngine.Media.Dtmf;

/// <summary>Finds digits in sound: pairs of tones as ITU-T Q.23 has them, within the limits of Q.24.</summary>
/// <remarks>
/// <para>Every 5 ms the last 20 ms, under a Hann window, are compared with the eight frequencies (Goertzel). A step is a hit where one tone of
/// each group stands out, the two are alike enough in level, hardly anything else is there, and each is near enough its frequency: the turn of
/// its phase from step to step tells its true frequency to a few Hz, which no window of 20 ms could by its width. Hits that agree for long
/// enough make a digit.</para>
/// <para>Pure and cheap (some 0.02 % of a core for one call): no clock, no allocation but for the digits found. Sound of 8 kHz; anything given
/// in pieces gives the same as given at once.</para>
/// </remarks>
public sealed class InbandDtmfDetector
{
    /// <summary>Sample rate of the sound, Hz.</summary>
    public const int SampleRateHz = 8000;

    private const int Window = 160;
    private const int Step = 40;
    private const int Tones = 8;

    /// <summary>Samples after a window's start from which a tone shows in it, and that it may miss at the end.</summary>
    private const int Edge = 28;

    /// <summary>Standing out of its group, as a ratio of powers: 5 dB.</summary>
    private const double GroupRatio = 3.16;

    /// <summary>Full scale is +3.14 dBm0 (G.711 Table 1).</summary>
    private const double FullScaleDbm0 = 3.14;

    private const string Symbols = "123A456B789C*0#D";

    private static readonly double[] Frequencies = [697, 770, 852, 941, 1209, 1336, 1477, 1633];
    private static readonly double[] Hann = MakeWindow();
    private static readonly double[] Cosines = Array.ConvertAll(Frequencies, static f => Math.Cos(Turn(f, 1)));
    private static readonly double[] Sines = Array.ConvertAll(Frequencies, static f => Math.Sin(Turn(f, 1)));
    private static readonly double[] Coefficients = Array.ConvertAll(Cosines, static cosine => 2 * cosine);

    private readonly InbandDtmfOptions _options;
    private readonly double _leastPower;
    private readonly double _reverseTwist;
    private readonly double _forwardTwist;
    private readonly double[] _recent = new double[Window];
    private readonly double[] _windowed = new double[Window];
    private readonly Complex[] _now = new Complex[Tones];
    private readonly Complex[] _before = new Complex[Tones];
    private readonly List<InbandDigit> _digits = [];
    private int _filled;
    private int _fresh;
    private long _position;
    private bool _hasBefore;

    // The digit in the making.
    private char _candidate;
    private int _hits;
    private int _misses;
    private long _firstHit;
    private long _lastHit;

    /// <summary>A detector at the start of some sound.</summary>
    /// <param name="options">Limits; null for <see cref="InbandDtmfOptions.Default"/>.</param>
    public InbandDtmfDetector(InbandDtmfOptions? options = null)
    {
        _options = options ?? InbandDtmfOptions.Default;
        double amplitude = 32768 * Math.Pow(10, (_options.LeastLevelDbm0 - FullScaleDbm0) / 20);

        // Of a tone of amplitude A under a Hann window the sum is A N / 4.
        _leastPower = Math.Pow(amplitude * Window / 4, 2);
        _reverseTwist = Math.Pow(10, _options.MostReverseTwistDb / 10);
        _forwardTwist = Math.Pow(10, _options.MostForwardTwistDb / 10);
    }

    /// <summary>Digits that have ended, in order.</summary>
    public IReadOnlyList<InbandDigit> Digits => _digits;

    /// <summary>Digits over <see cref="InbandDtmfOptions.MostDigits"/>, not kept.</summary>
    public int DigitsOverLimit { get; private set; }

    /// <summary>Samples taken so far.</summary>
    public long Position => _position;

    /// <summary>Takes the next samples, any number of them.</summary>
    public void Add(ReadOnlySpan<short> pcm)
    {
        while (!pcm.IsEmpty)
        {
            int taken = Math.Min(pcm.Length, Math.Min(Window - _filled, Step - _fresh));
            for (int i = 0; i < taken; i++) _recent[_filled + i] = pcm[i];
            pcm = pcm[taken..];
            _filled += taken;
            _fresh += taken;
            _position += taken;
            if (_fresh < Step) continue;
            _fresh = 0;
            if (_filled < Window) continue;
            OnStep();
            _recent.AsSpan(Step, Window - Step).CopyTo(_recent);
            _filled = Window - Step;
        }
    }

    /// <summary>Says that there is no sound for so many samples (a gap, hold): as silence, without its cost.</summary>
    /// <param name="samples">Samples of 8 kHz; 0 or less does nothing.</param>
    public void Skip(long samples)
    {
        if (samples <= 0) return;
        Span<short> silence = stackalloc short[Step];
        silence.Clear();
        long audible = Math.Min(samples, Window + ((_options.PauseSteps + 1) * Step));
        for (long given = 0; given < audible; given += Step) Add(silence[..(int)Math.Min(Step, audible - given)]);
        _position += samples - audible;
    }

    /// <summary>Says that so many samples were lost: time goes by, and a digit that is there before and after is one.</summary>
    /// <param name="samples">Samples of 8 kHz; 0 or less does nothing.</param>
    public void Lose(long samples)
    {
        if (samples <= 0) return;
        _position += samples;
        _filled = 0;
        _fresh = 0;
        _hasBefore = false;
    }

    /// <summary>The digit that has not ended yet, with its length so far; false where there is none that is long enough.</summary>
    public bool TryPeek(out InbandDigit digit)
    {
        digit = _hits >= _options.LeastSteps ? Candidate() : default;
        return _hits >= _options.LeastSteps;
    }

    /// <summary>The sound is over: a digit still going on is ended.</summary>
    public void Complete()
    {
        EndCandidate();
        _filled = 0;
        _fresh = 0;
        _hasBefore = false;
    }

    private void OnStep()
    {
        long start = _position - Window;
        char digit = Classify();
        if (digit != '\0' && digit == _candidate)
        {
            _hits++;
            _misses = 0;
            _lastHit = start;
            return;
        }

        if (_candidate != '\0')
        {
            // Too short to be one: another may begin at once.
            bool isOver = ++_misses >= _options.PauseSteps || (digit != '\0' && _hits < _options.LeastSteps);
            if (!isOver) return;
            EndCandidate();
        }

        if (digit == '\0') return;
        _candidate = digit;
        _hits = 1;
        _misses = 0;
        _firstHit = _lastHit = start;
    }

    private void EndCandidate()
    {
        if (_candidate != '\0' && _hits >= _options.LeastSteps)
        {
            if (_digits.Count >= _options.MostDigits) DigitsOverLimit++;
            else _digits.Add(Candidate());
        }

        _candidate = '\0';
        _hits = 0;
        _misses = 0;
    }

    private InbandDigit Candidate() => new(_candidate, _firstHit + Edge, (int)Math.Min(_lastHit - _firstHit + Window - (2 * Edge), int.MaxValue));

    /// <summary>The digit in the window, or NUL.</summary>
    private char Classify()
    {
        bool hasBefore = _hasBefore;
        _now.CopyTo(_before, 0);

        // 1. Loud enough to look at all.
        double energy = Energy();
        _hasBefore = energy * Window / 3 >= _leastPower;
        if (!_hasBefore) return '\0';

        // 2. The eight tones.
        Measure();
        int low = Strongest(0), high = Strongest(4);
        double lowPower = _now[low].Power, highPower = _now[high].Power;
        if (!hasBefore || lowPower < _leastPower / 2 || highPower < _leastPower / 2) return '\0';
        if (!StandsOut(low, 0) || !StandsOut(high, 4)) return '\0';

        // 3. Their true frequencies, and their power as it is there.
        double lowOff = OffFrequency(low), highOff = OffFrequency(high);
        if (Math.Abs(lowOff) > Frequencies[low] * _options.MostDeviation || Math.Abs(highOff) > Frequencies[high] * _options.MostDeviation) return '\0';
        lowPower /= Response(lowOff);
        highPower /= Response(highOff);
        if (lowPower < _leastPower || highPower < _leastPower) return '\0';
        if (highPower > lowPower * _forwardTwist || lowPower > highPower * _reverseTwist) return '\0';

        // 4. Nothing else there. A tone of power P in these units has the windowed energy P * 3 / N.
        double tones = (lowPower + highPower) * 3 / Window;
        return tones >= energy * _options.LeastPurity ? Symbols[(low * 4) + high - 4] : '\0';
    }

    // Four lanes everywhere, so that the sum is the same on every machine, whatever its vectors are.
    private double Energy()
    {
        Vector256<double> energy = Vector256<double>.Zero;
        for (int i = 0; i < Window; i += Vector256<double>.Count)
        {
            Vector256<double> sample = Vector256.LoadUnsafe(ref _recent[i]) * Vector256.LoadUnsafe(ref Hann[i]);
            sample.StoreUnsafe(ref _windowed[i]);
            energy += sample * sample;
        }

        return Vector256.Sum(energy);
    }

    // The four low tones in one vector, the four high ones in another.
    private void Measure()
    {
        Vector256<double> lowTurn = Vector256.LoadUnsafe(ref Coefficients[0]), highTurn = Vector256.LoadUnsafe(ref Coefficients[4]);
        Vector256<double> low = Vector256<double>.Zero, lowBefore = low, high = low, highBefore = low;
        foreach (double value in _windowed)
        {
            Vector256<double> sample = Vector256.Create(value);
            Vector256<double> next = sample + (lowTurn * low) - lowBefore;
            lowBefore = low;
            low = next;
            next = sample + (highTurn * high) - highBefore;
            highBefore = high;
            high = next;
        }

        for (int tone = 0; tone < Tones; tone++)
        {
            double first = tone < 4 ? low[tone] : high[tone - 4], second = tone < 4 ? lowBefore[tone] : highBefore[tone - 4];
            _now[tone] = new Complex((first * Cosines[tone]) - second, first * Sines[tone]);
        }
    }

    private int Strongest(int group)
    {
        int best = group;
        for (int i = group + 1; i < group + 4; i++)
        {
            if (_now[i].Power > _now[best].Power) best = i;
        }

        return best;
    }

    private bool StandsOut(int tone, int group)
    {
        for (int i = group; i < group + 4; i++)
        {
            if (i != tone && _now[i].Power * GroupRatio > _now[tone].Power) return false;
        }

        return true;
    }

    /// <summary>Hz that the tone in the window is above its nominal frequency, by how far its phase turned since the step before.</summary>
    private double OffFrequency(int tone)
    {
        Complex now = _now[tone], before = _before[tone];
        double turned = Math.Atan2(
            (now.Imaginary * before.Real) - (now.Real * before.Imaginary), (now.Real * before.Real) + (now.Imaginary * before.Imaginary));
        double off = turned - Turn(Frequencies[tone], Step);
        return Math.IEEERemainder(off, 2 * Math.PI) * SampleRateHz / (2 * Math.PI * Step);
    }

    /// <summary>Share of a tone's power that a Hann window shows so many Hz beside it.</summary>
    private static double Response(double off)
    {
        double bins = off * Window / SampleRateHz;
        if (Math.Abs(bins) < 1e-6) return 1;
        double x = Math.PI * bins;
        double amplitude = Math.Sin(x) / (x * (1 - (bins * bins)));
        return Math.Max(amplitude * amplitude, 0.1);
    }

    private static double Turn(double frequency, int samples) => 2 * Math.PI * frequency * samples / SampleRateHz;

    private static double[] MakeWindow()
    {
        var window = new double[Window];
        for (int i = 0; i < Window; i++) window[i] = 0.5 - (0.5 * Math.Cos(2 * Math.PI * (i + 0.5) / Window));
        return window;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Complex(double Real, double Imaginary)
    {
        public double Power => (Real * Real) + (Imaginary * Imaginary);
    }
}
