using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;

namespace CdrEngine.Calls.Quality;

/// <summary>MOS of a stream from its ten-second intervals.</summary>
/// <remarks>An interval in which another codec was in force has that codec's MOS if it is on the same scale as the stream's own, else none:
/// scales are not to be mixed in one mean.</remarks>
internal sealed class StreamQuality
{
    /// <summary>A last interval shorter than this is judged together with the one before: two packets, one lost, are no half-lost call.</summary>
    private const double ShortestTailSeconds = 5;

    private readonly CodecImpairment?[] _codecs;
    private readonly CodecImpairment? _own;
    private readonly double _burstR;
    private readonly double _delay;

    /// <summary>The conditions shared by all intervals.</summary>
    /// <param name="codecs">Codec figures by payload type, 128 of them; null where there are none.</param>
    /// <param name="payloadType">The stream's own.</param>
    /// <param name="burstR">BurstR of the whole stream: ten seconds have too few losses to tell.</param>
    /// <param name="oneWayDelayMilliseconds">Mouth to ear delay; null for listening only.</param>
    public StreamQuality(CodecImpairment?[] codecs, int payloadType, double burstR, double? oneWayDelayMilliseconds)
    {
        _codecs = codecs;
        _own = codecs[payloadType];
        _burstR = burstR;
        _delay = oneWayDelayMilliseconds ?? 0;
        Basis = _own is { } known
            ? string.Concat(
                known.Scale switch { RatingScale.Wideband => "g107.1", RatingScale.Fullband => "g107.2", _ => "g107" },
                oneWayDelayMilliseconds is null ? "_listening" : "_conversational",
                known.IsEstimated ? "_estimated" : "")
            : null;
    }

    /// <summary>See <see cref="StreamRecord.MosBasis"/>.</summary>
    public string? Basis { get; }

    /// <summary>MOS of an interval; null without codec figures or packets.</summary>
    public double? Mos(StreamInterval interval) => Mos(Rating(interval.PayloadType, interval.Packets, interval.Lost, interval.Late));

    /// <summary>MOS and R: means of the intervals weighted by packets sent, and the worst MOS.</summary>
    /// <param name="intervals">Intervals in order.</param>
    /// <param name="lastSeconds">How much of the last interval the stream filled.</param>
    public (double? Mean, double? RatingMean, double? Worst) Score(ReadOnlySpan<StreamInterval> intervals, double lastSeconds)
    {
        double sum = 0, ratings = 0, weight = 0;
        double? worst = null;
        for (int i = 0; i < intervals.Length; i++)
        {
            StreamInterval interval = intervals[i];
            if (Rating(interval.PayloadType, interval.Packets, interval.Lost, interval.Late) is not { } rating) continue;
            double mos = Mos(rating)!.Value;
            double sent = (double)interval.Packets + interval.Lost;
            sum += mos * sent;
            ratings += rating * sent;
            weight += sent;
            if (i == intervals.Length - 1 && i > 0 && lastSeconds < ShortestTailSeconds)
            {
                StreamInterval before = intervals[i - 1];
                mos = Mos(Rating(
                    interval.PayloadType, (long)interval.Packets + before.Packets, (long)interval.Lost + before.Lost, (long)interval.Late + before.Late)) ?? mos;
            }

            worst = Math.Min(worst ?? mos, mos);
        }

        return weight > 0 ? (sum / weight, ratings / weight, worst) : (null, null, null);
    }

    private double? Rating(byte payloadType, long packets, long lost, long late)
    {
        long expected = packets + lost;
        if (_own is not { } own || _codecs[payloadType] is not { } codec || expected <= 0) return null;
        return codec.Scale == own.Scale ? EModel.Rating(codec, 100.0 * (lost + late) / expected, _burstR, _delay) : null;
    }

    private double? Mos(double? rating) => rating is { } known ? EModel.Mos(known, _own!.Value.Scale) : null;
}
