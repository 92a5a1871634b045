namespace CdrEngine.Media.Codecs;

/// <summary>Concealment for codecs that have none: the last pitch period of the last 20 ms again and again, fading out. The idea is that of
/// G.711 Appendix I: a gap of some packets is heard least when the voice seems to go on.</summary>
internal sealed class GapFiller
{
    private const int HistoryMilliseconds = 20;
    private const int TemplateMilliseconds = 5;
    private const int LongestPeriodMilliseconds = 15; // 67 Hz, a deep voice
    private const int ShortestPeriodTenths = 25;      // 400 Hz; tenths of a millisecond
    private const int FullMilliseconds = 10;          // before the fade begins, as in Appendix I

    private readonly int _rate;
    private readonly int _channels;
    private readonly short[] _history;
    private int _remembered;
    private int _period;
    private int _at;

    public GapFiller(int sampleRateHz, int channels)
    {
        _rate = sampleRateHz;
        _channels = channels;
        _history = new short[sampleRateHz * HistoryMilliseconds / 1000 * channels];
    }

    /// <summary>Keeps the end of what was decoded.</summary>
    public void Remember(ReadOnlySpan<short> sound)
    {
        _period = 0;
        Span<short> history = _history;
        if (sound.Length >= history.Length)
        {
            sound[^history.Length..].CopyTo(history);
            _remembered = history.Length;
            return;
        }

        history[sound.Length..].CopyTo(history);
        sound.CopyTo(history[^sound.Length..]);
        _remembered = Math.Min(history.Length, _remembered + sound.Length);
    }

    /// <summary>Fills a part of a gap.</summary>
    /// <param name="sound">Where to, whole samples of all channels.</param>
    /// <param name="before">Samples of each channel filled before in this gap.</param>
    /// <param name="most">Samples of each channel after which there is silence.</param>
    public void Fill(Span<short> sound, int before, int most)
    {
        if (_period == 0)
        {
            _period = Period() * _channels;
            _at = _history.Length - _period;
        }

        int full = _rate * FullMilliseconds / 1000;
        for (int i = 0; i < sound.Length; i++)
        {
            int sample = before + (i / _channels);
            int gain = sample < full ? 32_768 : (int)(32_768L * Math.Max(most - sample, 0) / Math.Max(most - full, 1));
            sound[i] = (short)((_history[_at] * gain) >> 15);
            if (++_at == _history.Length) _at -= _period;
        }
    }

    // The lag at which the end of the sound is most like what was before it, by the first channel.
    private int Period()
    {
        int length = _remembered / _channels, all = _history.Length / _channels;
        int template = _rate * TemplateMilliseconds / 1000;
        int shortest = Math.Max(1, _rate * ShortestPeriodTenths / 10_000);
        int longest = Math.Min(_rate * LongestPeriodMilliseconds / 1000, length - template);
        int best = Math.Max(1, Math.Min(length, _rate * LongestPeriodMilliseconds / 1000));
        double bestLikeness = 0;
        for (int lag = shortest; lag <= longest; lag++)
        {
            long product = 0, energy = 0;
            for (int i = all - template; i < all; i++)
            {
                long past = _history[(i - lag) * _channels];
                product += past * _history[i * _channels];
                energy += past * past;
            }

            if (product <= 0) continue;
            double likeness = (double)product * product / energy;
            if (likeness <= bestLikeness) continue;
            bestLikeness = likeness;
            best = lag;
        }

        return best;
    }
}
