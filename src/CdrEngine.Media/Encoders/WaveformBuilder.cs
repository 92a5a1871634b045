using System.Text.Json;
using CdrEngine.Media.Mixing;

namespace CdrEngine.Media.Encoders;

/// <summary>The outline of a recording for a page to draw: the peak of each side in each interval.</summary>
/// <remarks>Bounded: where there would be more points than asked for, neighbours are joined and the interval doubles.</remarks>
public sealed class WaveformBuilder : IPcmSink
{
    /// <summary>Interval of a short recording.</summary>
    public const int DefaultIntervalMilliseconds = 20;

    /// <summary>Points of a side at most.</summary>
    public const int DefaultMostPoints = 4000;

    private readonly PcmFormat _format;
    private readonly byte[][] _peaks;
    private readonly int[] _current;
    private long _pointFrames;
    private long _inPoint;

    /// <summary>A builder.</summary>
    /// <param name="format">What will come.</param>
    /// <param name="intervalMilliseconds">Time of a point, 1 or more, before any joining.</param>
    /// <param name="mostPoints">Points of a side at most, 2 or more.</param>
    public WaveformBuilder(PcmFormat format, int intervalMilliseconds = DefaultIntervalMilliseconds, int mostPoints = DefaultMostPoints)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(intervalMilliseconds, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostPoints, 2);
        _format = format;
        IntervalMilliseconds = intervalMilliseconds;
        _pointFrames = Math.Max(1, (long)format.SampleRateHz * intervalMilliseconds / 1000);
        _peaks = new byte[format.Channels][];
        for (int channel = 0; channel < _peaks.Length; channel++) _peaks[channel] = new byte[mostPoints & ~1];
        _current = new int[format.Channels];
    }

    /// <summary>Time of a point, milliseconds; the last may be shorter.</summary>
    public int IntervalMilliseconds { get; private set; }

    /// <summary>Points of each side so far.</summary>
    public int Points { get; private set; }

    /// <summary>Peaks of one channel, 0 (silence) to 255 (full scale).</summary>
    public ReadOnlySpan<byte> Peaks(int channel) => _peaks[channel].AsSpan(0, Points);

    /// <inheritdoc />
    public void Write(ReadOnlySpan<short> interleaved)
    {
        int channels = _format.Channels;
        for (int i = 0; i + channels <= interleaved.Length; i += channels)
        {
            for (int channel = 0; channel < channels; channel++) _current[channel] = Math.Max(_current[channel], Math.Abs((int)interleaved[i + channel]));
            if (++_inPoint == _pointFrames) EndPoint();
        }
    }

    /// <inheritdoc />
    public void Complete()
    {
        if (_inPoint > 0) EndPoint();
    }

    /// <summary>Writes the outline: version, rates, duration, interval, and an array of peaks (0..255) for each channel: <c>caller</c> and
    /// <c>callee</c>, or <c>mix</c> where there is one.</summary>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("version"u8, 1);
        json.WriteNumber("sample_rate"u8, _format.SampleRateHz);
        json.WriteNumber("duration_ms"u8, (long)_format.Duration.TotalMilliseconds);
        json.WriteNumber("interval_ms"u8, IntervalMilliseconds);
        json.WriteNumber("points"u8, Points);
        json.WriteStartObject("peaks"u8);
        for (int channel = 0; channel < _format.Channels; channel++)
        {
            json.WriteStartArray(_format.Channels == 1 ? "mix"u8 : channel == 0 ? "caller"u8 : "callee"u8);
            foreach (byte peak in Peaks(channel)) json.WriteNumberValue(peak);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void EndPoint()
    {
        for (int channel = 0; channel < _current.Length; channel++)
        {
            _peaks[channel][Points] = (byte)(Math.Min(_current[channel], short.MaxValue) >> 7);
            _current[channel] = 0;
        }

        _inPoint = 0;
        if (++Points == _peaks[0].Length) Halve();
    }

    private void Halve()
    {
        foreach (byte[] peaks in _peaks)
        {
            for (int i = 0; i < peaks.Length / 2; i++) peaks[i] = Math.Max(peaks[2 * i], peaks[(2 * i) + 1]);
        }

        Points /= 2;
        _pointFrames *= 2;
        IntervalMilliseconds *= 2;
    }
}
