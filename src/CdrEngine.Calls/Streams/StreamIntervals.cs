using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Streams;

/// <summary>Ten seconds of a stream, counted from its first packet. 28 bytes: thousands are kept.</summary>
internal struct StreamInterval
{
    /// <summary>Start, seconds after the stream's first packet; a multiple of ten.</summary>
    public uint StartSecond;

    /// <summary>Packets received, duplicates included.</summary>
    public uint Packets;

    /// <summary>Packets lost, those between two packets far apart shared out over the time between.</summary>
    public uint Lost;

    /// <summary>Packets beyond the buffer.</summary>
    public uint Late;

    /// <summary>Mean of the smoothed jitter, ms; NaN without a clock or packets.</summary>
    public float JitterMilliseconds;

    /// <summary>Least transit against the stream's anchor, ms; NaN without a clock or packets.</summary>
    public float LeastTransitMilliseconds;

    /// <summary>Which anchor <see cref="LeastTransitMilliseconds"/> refers to.</summary>
    public ushort Anchor;

    /// <summary>Payload type in force.</summary>
    public byte PayloadType;
}

/// <summary>The intervals of one stream and what is needed to close the open one. Touched once in ten seconds.</summary>
internal sealed class StreamIntervals
{
    /// <summary>Length of an interval.</summary>
    public const long Microseconds = 10_000_000;

    /// <summary>Loss over a hole longer than this is put where the stream goes on: a share for every ten seconds of a hole that may be years
    /// (a broken clock) is no information.</summary>
    private const long LongestSharedHole = 600 * Timestamp.MicrosecondsPerSecond;

    private StreamInterval[] _items = new StreamInterval[4];
    private List<StreamGap>? _gaps;
    private long _sharedLoss;

    /// <summary>Intervals closed.</summary>
    public int Count { get; private set; }

    /// <summary>Figures of the stream at the start of the open interval.</summary>
    public Snapshot Opened { get; set; }

    /// <summary>The closed intervals.</summary>
    public ReadOnlySpan<StreamInterval> Items => _items.AsSpan(0, Count);

    /// <summary>Times without packets, in order.</summary>
    public IReadOnlyList<StreamGap> Gaps => (IReadOnlyList<StreamGap>?)_gaps?.ToArray() ?? [];

    /// <summary>What the stream's totals are at one moment.</summary>
    public readonly record struct Snapshot(long Packets, long Expected, long Unique, long Late, double JitterSum, long JitterSamples);

    /// <summary>Notes a time without packets; over the limit the last one grows.</summary>
    public void NoteGap(Timestamp from, Timestamp to, int limit)
    {
        _gaps ??= [];
        if (_gaps.Count < limit) _gaps.Add(new StreamGap(from, to));
        else if (_gaps.Count > 0) _gaps[^1] = _gaps[^1] with { To = to };
    }

    /// <summary>Closes the open interval and, for a hole with loss in it, those inside the hole.</summary>
    /// <param name="start">Start of the open interval, µs after the first packet.</param>
    /// <param name="now">The stream's totals before the packet that ends the interval.</param>
    /// <param name="missing">Packets missing between the last packet and this one.</param>
    /// <param name="holeStart">Last packet, µs after the first.</param>
    /// <param name="holeEnd">This packet, µs after the first.</param>
    /// <param name="leastTransit">Least transit, ms, or NaN.</param>
    /// <param name="anchor">Its anchor.</param>
    /// <param name="payloadType">Payload type in force.</param>
    /// <param name="limit">Intervals that may be kept.</param>
    public void Close(
        long start, in Snapshot now, int missing, long holeStart, long holeEnd, float leastTransit, ushort anchor, byte payloadType, int limit)
    {
        StreamInterval interval = Measure(start, now, leastTransit, anchor, payloadType, out long filled);
        if (Count > 0) Fill(ref _items[Count - 1], filled);
        long hole = holeEnd - holeStart;
        bool share = missing > 0 && hole > 0 && hole <= LongestSharedHole;
        long given = 0;
        if (share) interval.Lost += (uint)(given = ShareUntil(start + Microseconds, holeStart, hole, missing));
        Append(interval, limit);
        for (long next = start + Microseconds; share && next + Microseconds <= holeEnd; next += Microseconds)
        {
            long until = ShareUntil(next + Microseconds, holeStart, hole, missing);
            interval = new StreamInterval
            {
                StartSecond = (uint)(next / Timestamp.MicrosecondsPerSecond),
                Lost = (uint)(until - given),
                JitterMilliseconds = float.NaN,
                LeastTransitMilliseconds = float.NaN,
                Anchor = anchor,
                PayloadType = payloadType,
            };
            given = until;
            if (interval.Lost > 0) Append(interval, limit);
        }

        _sharedLoss = given;
        Opened = now;
    }

    /// <summary>All intervals, the open one last, as they stand; this object goes on unchanged.</summary>
    public StreamInterval[] SoFar(long start, in Snapshot now, float leastTransit, ushort anchor, byte payloadType)
    {
        var all = new StreamInterval[Count + 1];
        Items.CopyTo(all);
        all[Count] = Measure(start, now, leastTransit, anchor, payloadType, out long filled);
        if (Count > 0) Fill(ref all[Count - 1], filled);
        return all;
    }

    private StreamInterval Measure(long start, in Snapshot now, float leastTransit, ushort anchor, byte payloadType, out long filled)
    {
        Snapshot opened = Opened;
        long lost = now.Expected - opened.Expected - (now.Unique - opened.Unique) - _sharedLoss;
        long samples = now.JitterSamples - opened.JitterSamples;
        filled = Math.Max(-lost, 0);
        return new StreamInterval
        {
            StartSecond = (uint)(start / Timestamp.MicrosecondsPerSecond),
            Packets = (uint)(now.Packets - opened.Packets),
            Lost = (uint)Math.Max(lost, 0),
            Late = (uint)(now.Late - opened.Late),
            JitterMilliseconds = samples > 0 ? (float)((now.JitterSum - opened.JitterSum) / samples / 1000) : float.NaN,
            LeastTransitMilliseconds = leastTransit,
            Anchor = anchor,
            PayloadType = payloadType,
        };
    }

    /// <summary>Late packets of the interval before came in this one: they are not lost there after all.</summary>
    private static void Fill(ref StreamInterval before, long filled) => before.Lost -= (uint)Math.Min(before.Lost, filled);

    private static long ShareUntil(long until, long holeStart, long hole, int missing) =>
        Math.Clamp((until - holeStart) * missing / hole, 0, missing);

    private void Append(StreamInterval interval, int limit)
    {
        if (Count >= limit) return;
        if (Count == _items.Length) Array.Resize(ref _items, _items.Length * 2);
        _items[Count++] = interval;
    }
}
