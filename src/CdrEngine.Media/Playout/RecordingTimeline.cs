using System.Buffers;
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
    /// <summary>What is handed to the sink at once: 128 KiB of two sides. A system takes few large writes for less than many small ones.</summary>
    private const int BlockFrames = 32_768;
    private const long AheadMicroseconds = 2_000_000;

    private readonly RecordingPlan _plan;
    private readonly RecordingTimelineOptions _options;
    private readonly PcmSinkFactory _sinks;
    private readonly TimelineContext _context;
    private readonly TrackWindow[] _tracks;
    private readonly Dictionary<StreamKey, StreamPlayer> _byKey = [];
    private readonly StreamPlayer?[] _byNumber;
    private readonly List<StreamPlayer> _players = [];
    private readonly PcmFormat _format;
    private readonly int _blockSamples;
    private readonly long _lateSamples;
    private readonly int _flushSamples;
    private short[] _block;
    private int _filled;
    private IPcmSink? _sink;
    private long _now = long.MinValue;
    private long _advanceAt = long.MinValue;
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
        _byNumber = new StreamPlayer?[plan.Streams];
        _blockSamples = (int)Math.Min(BlockFrames, Math.Max(1, _format.Frames)) * _format.Channels;
        _block = ArrayPool<short>.Shared.Rent(_blockSamples);
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
        if (!Take(packet)) return;
        var key = new StreamKey(packet.Side, packet.Flow, packet.Ssrc);
        if (!_byKey.TryGetValue(key, out StreamPlayer? player))
        {
            player = Play(_plan.Find(key));
            if (player is null) return;
            _byKey.Add(key, player);
        }

        player.Add(packet, isPlain);
    }

    /// <summary>Takes one packet together with what the survey said of it, so that it need not be found out once more. Of one timeline all packets are added so, or none.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="place">What <see cref="RecordingSurvey.Note"/> gave for it.</param>
    public void Add(in RecordingPacket packet, in SurveyedPlace place)
    {
        if (place.Stream == SurveyedPlace.NoSound || SinkReason is not null) return;
        if (!Take(packet)) return;
        StreamPlayer? player = place.Stream < 0 ? null : _byNumber[place.Stream];
        if (player is null)
        {
            player = Play(place.Stream < 0 ? null : _plan.Find(place.Stream));
            if (player is null) return;
            _byNumber[place.Stream] = player;
        }

        player.Add(packet, place.Place, isPlain: true);
    }

    /// <summary>All packets were added: the rest is given out, to the exact length, and the sink completed.</summary>
    /// <returns>True where there is a recording.</returns>
    public bool Complete()
    {
        // In steps, because the window does not hold the rest of a call in which only one side went on.
        foreach (StreamPlayer player in _players) player.Complete();
        GiveOut(_format.Frames);
        if (_sink is null) return false;
        HandOn();
        _sink.Complete();
        return true;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (StreamPlayer player in _players) player.Dispose();
        foreach (TrackWindow track in _tracks) track.Dispose();
        _context.Dispose();
        if (_block.Length > 0) ArrayPool<short>.Shared.Return(_block);
        _block = [];
    }

    // Time goes on; false where the packet's side is not wanted.
    private bool Take(in RecordingPacket packet)
    {
        if (packet.At.Microseconds > _now)
        {
            _now = packet.At.Microseconds;
            if (_now >= _advanceAt) Advance();
        }

        return _options.OnlySide is not { } only || only == packet.Side;
    }

    private StreamPlayer? Play(StreamSurvey? survey)
    {
        if (survey is null)
        {
            _context.Counters.Increment(PlayoutCounter.NotHeard);
            return null;
        }

        var player = new StreamPlayer(survey, _context, _tracks[(int)survey.Key.Side]);
        _players.Add(player);
        return player;
    }

    private void Advance()
    {
        long settled = _context.SampleAt(_now) - _lateSamples;
        if (settled >= _written + _flushSamples)
        {
            // What waits for a lost packet, and the ends of runs, before the track is given away under them.
            foreach (StreamPlayer player in _players) player.Advance(_now, Math.Max(_written, settled));
            GiveOut(Math.Min(settled, _format.Frames));
        }

        _advanceAt = _context.NotBefore(_written + _flushSamples + _lateSamples);
    }

    private void GiveOut(long until)
    {
        while (_written < until && SinkReason is null)
        {
            if (_sink is null && _context.HasSound && !Open(_written)) return;

            // Both rings are as long and move on together.
            int frames = (int)Math.Min((_blockSamples - _filled) / _format.Channels, until - _written);
            Span<short> left = _tracks[0].Oldest(frames), right = _tracks[1].Oldest(frames);
            frames = left.Length;
            if (_sink is not null)
            {
                foreach (MutedInterval muted in _options.Muted) Mute(muted, _written, left, right);
                Span<short> output = _block.AsSpan(_filled, frames * _format.Channels);
                if (_format.Channels == 1) SideMixer.Mix(left, right, output);
                else SideMixer.Interleave(left, right, output);
                _filled += output.Length;
                if (_filled == _blockSamples) HandOn();
            }

            _tracks[0].Pass(frames);
            _tracks[1].Pass(frames);
            _written += frames;
        }
    }

    private void HandOn()
    {
        if (_filled > 0) _sink!.Write(_block.AsSpan(0, _filled));
        _filled = 0;
    }

    private bool Open(long silentFrames)
    {
        if (!_sinks(_format, out _sink, out string? reason))
        {
            SinkReason = reason;
            return false;
        }

        _block.AsSpan(0, _blockSamples).Clear();
        for (long samples = silentFrames * _format.Channels; samples > 0; samples -= _filled)
        {
            if (_filled > 0) HandOn();
            _filled = (int)Math.Min(_blockSamples, samples);
        }

        if (_filled == _blockSamples) HandOn();
        return true;
    }

    private void Mute(in MutedInterval muted, long first, Span<short> left, Span<short> right)
    {
        int from = (int)Math.Clamp(_context.SampleAt(muted.From.Microseconds) - first, 0, left.Length);
        int to = (int)Math.Clamp(_context.SampleAt(muted.To.Microseconds) - first, from, left.Length);
        if (muted.Side is null or MediaSide.Caller) left[from..to].Clear();
        if (muted.Side is null or MediaSide.Callee) right[from..to].Clear();
    }
}
