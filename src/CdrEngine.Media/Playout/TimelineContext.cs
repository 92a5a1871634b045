using System.Buffers;
using CdrEngine.Core;
using CdrEngine.Media.Codecs;

namespace CdrEngine.Media.Playout;

/// <summary>What all players of a recording share.</summary>
internal sealed class TimelineContext : IDisposable
{
    private readonly long _start;
    private short[] _resampled = [];

    public TimelineContext(PlayoutLimits limits, RecordingTimelineOptions options, AudioDecoderFactory decoders)
    {
        Limits = limits;
        Decoders = decoders;
        RateHz = options.SampleRateHz;
        _start = options.Start.Microseconds;
        ConcealSamples = Samples((long)limits.ConcealedGap.TotalMicroseconds) + Samples(2_000);
        PatienceMicroseconds = (long)limits.CorrectionPatience.TotalMicroseconds;
        SettleSamples = Samples(1_000_000);
    }

    public PlayoutLimits Limits { get; }

    public AudioDecoderFactory Decoders { get; }

    public int RateHz { get; }

    /// <summary>Longest hole to conceal, with the tolerance of a timestamp.</summary>
    public long ConcealSamples { get; }

    public long PatienceMicroseconds { get; }

    /// <summary>How long before it is settled the end of a run is laid.</summary>
    public long SettleSamples { get; }

    public Counters<PlayoutCounter> Counters { get; } = new();

    /// <summary>Room for one packet's sound: <see cref="AudioDecoders.MaxSamplesPerPacket"/>.</summary>
    public short[] Decoded { get; private set; } = ArrayPool<short>.Shared.Rent(AudioDecoders.MaxSamplesPerPacket);

    /// <summary>Room for packets that wait for an earlier one.</summary>
    public Stack<HeldPacket> SpareHeld { get; } = new();

    /// <summary>True once any sound was laid.</summary>
    public bool HasSound { get; set; }

    /// <summary>Why the first codec without a decoder has none.</summary>
    public string? DecoderReason { get; set; }

    public Span<short> Resampled(int samples)
    {
        if (_resampled.Length < samples) _resampled = new short[Math.Max(samples, 4096)];
        return _resampled;
    }

    /// <summary>Samples of so many microseconds.</summary>
    public long Samples(long microseconds) => (long)((Int128)microseconds * RateHz / Timestamp.MicrosecondsPerSecond);

    /// <summary>The sample at an instant; negative before the start.</summary>
    public long SampleAt(long microseconds)
    {
        long since = microseconds - _start;
        long seconds = Math.DivRem(since, Timestamp.MicrosecondsPerSecond, out long rest);
        return (seconds * RateHz) + (long)Math.Round(rest * (double)RateHz / Timestamp.MicrosecondsPerSecond);
    }

    /// <summary>An instant before which <see cref="SampleAt"/> gives less than a sample; at most two samples early.</summary>
    public long NotBefore(long sample)
    {
        (long seconds, long rest) = Math.DivRem(sample - 1, RateHz);
        return _start + (seconds * Timestamp.MicrosecondsPerSecond) + (rest * Timestamp.MicrosecondsPerSecond / RateHz) - 1;
    }

    public void Dispose()
    {
        if (Decoded.Length > 0) ArrayPool<short>.Shared.Return(Decoded);
        Decoded = [];
    }
}
