using System.Runtime.InteropServices;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Playout;

/// <summary>Names a stream: whose, where on the wire, which source.</summary>
internal readonly record struct StreamKey(MediaSide Side, int Flow, uint Ssrc);

/// <summary>What the survey learns of one stream, then what is played of it.</summary>
internal sealed class StreamSurvey(int number, StreamKey key, int rank, PlayoutLimits limits)
{
    // A talker pauses; a stream that is silent for longer may leave the floor to another one of its side.
    private const long PauseMicroseconds = 1_000_000;
    private const int MostFormats = 16;

    private readonly StreamTracker _tracker = new(limits);
    private readonly List<SegmentSurvey> _segments = [];
    private readonly List<Stretch> _stretches = new(4);
    private readonly List<(PayloadFormat Format, string? Fmtp, long Packets)> _formats = new(1);

    /// <summary>Number among the streams of the survey, from 0.</summary>
    public int Number => number;

    public StreamKey Key => key;

    /// <summary>The least of those its packets had.</summary>
    public int Rank { get; private set; } = rank;

    /// <summary>Packets of sound, duplicates left out.</summary>
    public long Packets { get; private set; }

    /// <summary>When it sent.</summary>
    public IReadOnlyList<Stretch> Sending => _stretches;

    /// <summary>When it is heard.</summary>
    public List<Stretch> Heard { get; set; } = [];

    /// <summary>Segments with their lines.</summary>
    public IReadOnlyList<SegmentSurvey> Segments => _segments;

    public IReadOnlyList<(PayloadFormat Format, string? Fmtp, long Packets)> Formats => _formats;

    public TrackedPacket Note(in RecordingPacket packet)
    {
        Rank = Math.Min(Rank, packet.Rank);
        TrackedPacket tracked = _tracker.Take(packet);
        if (tracked.Kind is TrackedKind.Duplicate or TrackedKind.Stray) return tracked;
        Extend(packet.At.Microseconds);
        if (tracked.Kind != TrackedKind.Sound) return tracked;
        Packets++;
        Count(packet.Format, packet.Fmtp);
        if (tracked.Segment == _segments.Count) _segments.Add(new SegmentSurvey(_tracker.TicksFromPrevious, packet.Format.MicrosecondsPerTick));
        _segments[tracked.Segment].Note(packet.At.Microseconds, tracked.Ticks);
        return tracked;
    }

    public void Draw()
    {
        SegmentSurvey? previous = null;
        foreach (SegmentSurvey segment in _segments)
        {
            segment.Draw(previous, (long)limits.Drift.TotalMicroseconds);
            previous = segment;
        }
    }

    private void Extend(long at)
    {
        Span<Stretch> stretches = CollectionsMarshal.AsSpan(_stretches);
        if (stretches.Length > 0 && (at - stretches[^1].To <= PauseMicroseconds || stretches.Length >= limits.StretchesPerStream))
            stretches[^1] = stretches[^1] with { To = Math.Max(at, stretches[^1].To) };
        else _stretches.Add(new Stretch(at, at));
    }

    private void Count(PayloadFormat format, string? fmtp)
    {
        Span<(PayloadFormat Format, string? Fmtp, long Packets)> formats = CollectionsMarshal.AsSpan(_formats);
        foreach (ref (PayloadFormat Format, string? Fmtp, long Packets) known in formats)
        {
            if (!ReferenceEquals(known.Format, format) || known.Fmtp != fmtp) continue;
            known.Packets++;
            return;
        }

        if (_formats.Count < MostFormats) _formats.Add((format, fmtp, 1));
    }
}
