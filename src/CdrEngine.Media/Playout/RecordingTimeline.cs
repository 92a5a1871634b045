using CdrEngine.Core;
using CdrEngine.Media.Mixing;

namespace CdrEngine.Media.Playout;

/// <summary>A stretch of time whose sound is taken out, as by a masking policy.</summary>
/// <param name="Side">Whose sound; null for both.</param>
/// <param name="From">First instant.</param>
/// <param name="To">Last instant.</param>
public readonly record struct MutedInterval(MediaSide? Side, Timestamp From, Timestamp To);

/// <summary>What recording a timeline makes.</summary>
public sealed record RecordingTimelineOptions
{
    /// <summary>First instant: the answer, or the start of early media.</summary>
    public required Timestamp Start { get; init; }

    /// <summary>Last instant: the end of the call. Before the start counts as the start.</summary>
    public required Timestamp End { get; init; }

    /// <summary>Samples a second: 8000, 16000 or 48000.</summary>
    public required int SampleRateHz { get; init; }

    /// <summary>True for one channel with both sides in it, false for the caller left and the callee right.</summary>
    public bool IsMono { get; init; }

    /// <summary>Whose sound is in it; the other side's is silence. Null for both.</summary>
    public MediaSide? OnlySide { get; init; }

    /// <summary>Stretches to silence, such as those with digits that a policy masks.</summary>
    public IReadOnlyList<MutedInterval> Muted { get; init; } = [];

    /// <summary>Samples of each channel: as long as the call, to the nearest sample.</summary>
    /// <param name="limits">For the longest recording.</param>
    public long Frames(PlayoutLimits limits)
    {
        long length = Math.Clamp(End.Microseconds - Start.Microseconds, 0, (long)limits.Length.TotalMicroseconds);
        return (long)((((Int128)length * SampleRateHz) + (Timestamp.MicrosecondsPerSecond / 2)) / Timestamp.MicrosecondsPerSecond);
    }
}

/// <summary>The second of the two readings of a call's packets: lays every packet's sound on one wall-clock timeline and gives it out in order.</summary>
/// <remarks>
/// What a listener at the capture point would have heard, without the network's jitter: each packet lies where its timestamp says, late ones are
/// put in, doubles are left out, holes up to <see cref="PlayoutLimits.ConcealedGap"/> are concealed, longer ones, hold and pauses are silence of
/// their own length. Exactly as many samples come out as the call was long. Holds some seconds of sound, however long the call. The sink is
/// opened with the first sound there is; without any it is never opened.
/// </remarks>
public sealed class RecordingTimeline : IDisposable
{
    private const int BlockFrames = 4096;
    private const long AheadMicroseconds = 2_000_000;

    private readonly RecordingPlan _plan;
    private readonly RecordingTimelineOptions _options;
    private readonly PcmSinkFactory _sinks;
    private readonly TimelineContext _context;
    private readonly TrackWindow[] _tracks;
    private readonly Dictionary<StreamKey, StreamPlayer> _byKey = [];
    private readonly List<StreamPlayer> _players = [];
    private readonly short[] _left = new short[BlockFrames];
    private readonly short[] _right = new short[BlockFrames];
    private readonly short[] _interleaved = new short[BlockFrames * 2];
    private readonly PcmFormat _format;
    private readonly long _lateSamples;
    private readonly int _flushSamples;
    private IPcmSink? _sink;
    private long _now = long.MinValue;
    private long _written;

    /// <summary>A timeline for one call.</summary>
    /// <param name="plan">Of a survey of the same packets.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="decoders">Makes decoders.</param>
    /// <param name="sinks">Opens the sink.</param>
    public RecordingTimeline(RecordingPlan plan, RecordingTimelineOptions options, AudioDecoderFactory decoders, PcmSinkFactory sinks)
    {
        _plan = plan;
        _options = options;
        _sinks = sinks;
        _context = new TimelineContext(plan.Limits, options, decoders);
        _format = new PcmFormat(options.SampleRateHz, options.IsMono ? 1 : 2, options.Frames(plan.Limits));
        _lateSamples = _context.Samples((long)plan.Limits.LateWindow.TotalMicroseconds);
        _flushSamples = (int)_context.Samples(500_000);
        int window = (int)(_lateSamples + _flushSamples + _context.Samples(AheadMicroseconds));
        _tracks = [new TrackWindow(window), new TrackWindow(window)];
    }

    /// <summary>What became of the packets.</summary>
    public Counters<PlayoutCounter> Counters => _context.Counters;

    /// <summary>What is made.</summary>
    public PcmFormat Format => _format;

    /// <summary>True where any sound was laid.</summary>
    public bool HasSound => _context.HasSound;

    /// <summary>Why nothing is made although there is sound: the sink's reason; else null.</summary>
    public string? SinkReason { get; private set; }

    /// <summary>Why the first codec without a decoder has none; null where all have one.</summary>
    public string? DecoderReason => _context.DecoderReason;

    /// <summary>True where the sound of a packet is wanted: ask before work is spent on decrypting it. The packet must be added all the same.</summary>
    public bool Wants(in RecordingPacket packet) =>
        SinkReason is null && (_options.OnlySide is not { } only || only == packet.Side)
        && _plan.Find(new StreamKey(packet.Side, packet.Flow, packet.Ssrc)) is { } stream && Stretches.Contain(stream.Heard, packet.At.Microseconds);

    /// <summary>Takes one packet, in order of capture; the same packets that the survey saw.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="isPlain">False where its payload could not be decrypted.</param>
    public void Add(in RecordingPacket packet, bool isPlain = true)
    {
        if (!RecordingSurvey.IsSound(packet.Format) || SinkReason is not null) return;
        if (packet.At.Microseconds > _now)
        {
            _now = packet.At.Microseconds;
            Advance();
        }

        if (_options.OnlySide is { } only && only != packet.Side) return;
        var key = new StreamKey(packet.Side, packet.Flow, packet.Ssrc);
        if (!_byKey.TryGetValue(key, out StreamPlayer? player))
        {
            if (_plan.Find(key) is not { } survey)
            {
                _context.Counters.Increment(PlayoutCounter.NotHeard);
                return;
            }

            player = new StreamPlayer(survey, _context, _tracks[(int)key.Side]);
            _byKey.Add(key, player);
            _players.Add(player);
        }

        player.Add(packet, isPlain);
    }

    /// <summary>All packets were added: the rest is given out, to the exact length, and the sink completed.</summary>
    /// <returns>True where there is a recording.</returns>
    public bool Complete()
    {
        // In steps, because the window does not hold the rest of a call in which only one side went on.
        foreach (StreamPlayer player in _players) player.Complete();
        GiveOut(_format.Frames);
        if (_sink is null) return false;
        _sink.Complete();
        return true;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (StreamPlayer player in _players) player.Dispose();
    }

    private void Advance()
    {
        long settled = _context.SampleAt(_now) - _lateSamples;
        if (settled < _written + _flushSamples) return;

        // What waits for a lost packet, and the ends of runs, before the track is given away under them.
        foreach (StreamPlayer player in _players) player.Advance(_now, Math.Max(_written, settled));
        GiveOut(Math.Min(settled, _format.Frames));
    }

    private void GiveOut(long until)
    {
        while (_written < until && SinkReason is null)
        {
            int frames = (int)Math.Min(BlockFrames, until - _written);
            Span<short> left = _left.AsSpan(0, frames), right = _right.AsSpan(0, frames);
            _tracks[0].Take(left);
            _tracks[1].Take(right);
            long first = _written;
            _written += frames;
            if (_sink is null && !_context.HasSound) continue;
            if (_sink is null && !Open(first)) return;
            foreach (MutedInterval muted in _options.Muted) Mute(muted, first, left, right);
            _sink!.Write(Lay(left, right));
        }
    }

    private bool Open(long silentFrames)
    {
        if (!_sinks(_format, out _sink, out string? reason))
        {
            SinkReason = reason;
            return false;
        }

        _interleaved.AsSpan().Clear();
        while (silentFrames > 0)
        {
            int frames = (int)Math.Min(BlockFrames, silentFrames);
            _sink.Write(_interleaved.AsSpan(0, frames * _format.Channels));
            silentFrames -= frames;
        }

        return true;
    }

    private void Mute(in MutedInterval muted, long first, Span<short> left, Span<short> right)
    {
        int from = (int)Math.Clamp(_context.SampleAt(muted.From.Microseconds) - first, 0, left.Length);
        int to = (int)Math.Clamp(_context.SampleAt(muted.To.Microseconds) - first, from, left.Length);
        if (muted.Side is null or MediaSide.Caller) left[from..to].Clear();
        if (muted.Side is null or MediaSide.Callee) right[from..to].Clear();
    }

    private ReadOnlySpan<short> Lay(ReadOnlySpan<short> left, ReadOnlySpan<short> right)
    {
        Span<short> output = _interleaved.AsSpan(0, left.Length * _format.Channels);
        if (_format.Channels == 1)
        {
            // Two people seldom speak at once, so the sum keeps each as loud as it was; where they do, it is limited.
            for (int i = 0; i < left.Length; i++) output[i] = (short)Math.Clamp(left[i] + right[i], short.MinValue, short.MaxValue);
            return output;
        }

        for (int i = 0; i < left.Length; i++)
        {
            output[2 * i] = left[i];
            output[(2 * i) + 1] = right[i];
        }

        return output;
    }
}
