namespace CdrEngine.Media.Codecs;

/// <summary>Comfort noise (RFC 3389). A packet gives the level and colour of the noise and no length, so <see cref="Decode"/> keeps them and
/// writes nothing; <see cref="Conceal"/> writes as much noise as is asked for, without end. The noise is the same for the same packets and calls.</summary>
internal sealed class ComfortNoiseDecoder(int sampleRateHz) : IAudioDecoder
{
    private const int MaxOrder = 32;         // RFC 3389 sets none; senders use ten or so
    private const int LevelMask = 0x7F;      // the high bit is reserved
    private const double OneDecibel = 0.8912509381337456; // 10^(-1/20)
    private const double MostReflection = 0.98; // what a cut or hostile byte may do to the filter's stability
    private const uint Seed = 0x2545F491;

    private readonly double[] _reflection = new double[MaxOrder];
    private readonly double[] _backward = new double[MaxOrder + 1];
    private int _order;
    private double _gain;
    private uint _state = Seed;

    /// <inheritdoc />
    public int SampleRateHz { get; } = sampleRateHz;

    /// <inheritdoc />
    public int Channels => 1;

    /// <inheritdoc />
    public int Decode(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        if (payload.IsEmpty) return 0;
        if (payload.Length > MaxOrder + 1) return -1;

        // 3.1: 0 dBov is the level of a square wave as loud as can be; the figure is what it is below that. Noise of equal probability
        // between -1 and 1 has the effective value 1/sqrt 3.
        double gain = 32_767 * Math.Sqrt(3);
        for (int decibels = payload[0] & LevelMask; decibels > 0; decibels--) gain *= OneDecibel;
        int order = payload.Length - 1;
        for (int i = 0; i < order; i++)
        {
            // 3.2: N = 127 (k + 1). The excitation is made weaker by what the filter makes louder.
            double k = Math.Clamp((payload[i + 1] / 127.0) - 1, -MostReflection, MostReflection);
            _reflection[i] = k;
            gain *= Math.Sqrt(1 - (k * k));
        }

        if (order != _order) Array.Clear(_backward);
        _order = order;
        _gain = gain;
        return 0;
    }

    /// <inheritdoc />
    public int Conceal(int samples, Span<short> pcm)
    {
        int count = Math.Min(Math.Max(samples, 0), pcm.Length);
        for (int i = 0; i < count; i++) pcm[i] = (short)Math.Clamp(Next(), short.MinValue, short.MaxValue);
        return count;
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    // White noise through the all-pole lattice of the reflection coefficients.
    private double Next()
    {
        // xorshift32 (Marsaglia 2003): no more than even noise is asked of it.
        _state ^= _state << 13;
        _state ^= _state >> 17;
        _state ^= _state << 5;
        double forward = _gain * ((int)_state / 2_147_483_648.0);
        for (int i = _order - 1; i >= 0; i--)
        {
            forward -= _reflection[i] * _backward[i];
            _backward[i + 1] = _backward[i] + (_reflection[i] * forward);
        }

        _backward[0] = forward;
        return forward;
    }
}
