using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;

namespace CdrEngine.Calls.Quality;

/// <summary>MOS of a stream from its ten-second intervals.</summary>
internal readonly struct StreamQuality
{
    /// <summary>A last interval shorter than this is judged together with the one before: two packets, one lost, are no half-lost call.</summary>
    private const double ShortestTailSeconds = 5;

    private readonly CodecImpairment? _codec;
    private readonly double _burstR;
    private readonly double _delay;

    /// <summary>The conditions shared by all intervals.</summary>
    /// <param name="codec">Codec figures; null gives no MOS at all.</param>
    /// <param name="burstR">BurstR of the whole stream: ten seconds have too few losses to tell.</param>
    /// <param name="oneWayDelayMilliseconds">Mouth to ear delay; null for listening only.</param>
    public StreamQuality(CodecImpairment? codec, double burstR, double? oneWayDelayMilliseconds)
    {
        _codec = codec;
        _burstR = burstR;
        _delay = oneWayDelayMilliseconds ?? 0;
        Basis = codec is { } known
            ? string.Concat(
                known.Scale switch { RatingScale.Wideband => "g107.1", RatingScale.Fullband => "g107.2", _ => "g107" },
                oneWayDelayMilliseconds is null ? "_listening" : "_conversational",
                known.IsEstimated ? "_estimated" : "")
            : null;
    }

    /// <summary>See <see cref="StreamRecord.MosBasis"/>.</summary>
    public string? Basis { get; }

    /// <summary>R of some packets; null without codec figures or packets.</summary>
    public double? Rating(long packets, long lost, long late)
    {
        long expected = packets + lost;
        if (_codec is not { } codec || expected <= 0) return null;
        return EModel.Rating(codec, 100.0 * (lost + late) / expected, _burstR, _delay);
    }

    /// <summary>MOS of some packets; null without codec figures or packets.</summary>
    public double? Mos(long packets, long lost, long late) =>
        Rating(packets, lost, late) is { } rating ? EModel.Mos(rating, _codec!.Value.Scale) : null;

    /// <summary>MOS of each interval, their mean weighted by packets sent, and the worst.</summary>
    /// <param name="intervals">Intervals in order.</param>
    /// <param name="lastSeconds">How much of the last interval the stream filled.</param>
    public (double? Mean, double? RatingMean, double? Worst) Score(ReadOnlySpan<StreamInterval> intervals, double lastSeconds)
    {
        double sum = 0, ratings = 0, weight = 0;
        double? worst = null;
        for (int i = 0; i < intervals.Length; i++)
        {
            ref readonly StreamInterval interval = ref intervals[i];
            if (Mos(interval.Packets, interval.Lost, interval.Late) is not { } mos) continue;
            double sent = (double)interval.Packets + interval.Lost;
            sum += mos * sent;
            ratings += Rating(interval.Packets, interval.Lost, interval.Late)!.Value * sent;
            weight += sent;
            if (i == intervals.Length - 1 && i > 0 && lastSeconds < ShortestTailSeconds)
            {
                ref readonly StreamInterval before = ref intervals[i - 1];
                mos = Mos((long)interval.Packets + before.Packets, (long)interval.Lost + before.Lost, (long)interval.Late + before.Late) ?? mos;
            }

            worst = Math.Min(worst ?? mos, mos);
        }

        return weight > 0 ? (sum / weight, ratings / weight, worst) : (null, null, null);
    }
}
