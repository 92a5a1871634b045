using CdrEngine.Media.Codecs;
using CdrEngine.Media.Mixing;

namespace CdrEngine.Media.Playout;

/// <summary>Plays one stream onto its side's track: puts packets in order, decodes them, lays the sound where its timestamp says.</summary>
internal sealed class StreamPlayer : IDisposable
{
    // The first packets of a stream may be swapped too: so many are waited for before the first counts as the first.
    private const int FirstPackets = 3;
    private const long FirstMicroseconds = 100_000;

    // Two samples' worth of rounding is no gap; nor is a sender's timestamp that is off by a millisecond or two.
    private const int ToleranceMicroseconds = 2_000;

    private readonly StreamSurvey _survey;
    private readonly TimelineContext _context;
    private readonly TrackWindow _track;
    private readonly ReorderQueue _queue;
    private readonly DecoderShelf _decoders;
    private readonly long _reorderMicroseconds;
    private readonly short _silencePeak;
    private StreamTracker? _tracker;
    private long _next = -1;
    private int _epoch;
    private bool _isMissing;

    private int _segment = -1;
    private long _line;
    private long _lineAt;
    private long _wantedSince = long.MaxValue;
    private bool _wasSilent = true;

    private bool _isRunning;
    private long _runStart;
    private long _runInput;
    private long _runOutput;
    private IAudioDecoder? _decoder;
    private Resampler? _resampler;

    public StreamPlayer(StreamSurvey survey, TimelineContext context, TrackWindow track)
    {
        _survey = survey;
        _context = context;
        _track = track;
        _decoders = new DecoderShelf(context);
        _queue = new ReorderQueue(context.SpareHeld);
        _reorderMicroseconds = (long)context.Limits.ReorderWindow.TotalMicroseconds;
        _silencePeak = (short)Math.Clamp(context.Limits.SilencePeak, 0, short.MaxValue);
    }

    /// <summary>Takes the next packet of the stream.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="isPlain">False where it could not be decrypted: its time passes, its sound does not.</param>
    public void Add(in RecordingPacket packet, bool isPlain) => Add(packet, (_tracker ??= new StreamTracker(_context.Limits)).Take(packet), isPlain);

    /// <summary>Takes the next packet of the stream, whose place is known.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="place">What a tracker said of it that was told all packets before it.</param>
    /// <param name="isPlain">As above.</param>
    public void Add(in RecordingPacket packet, TrackedPacket place, bool isPlain)
    {
        if (place.Kind is TrackedKind.Duplicate or TrackedKind.Stray)
        {
            _context.Counters.Increment(place.Kind == TrackedKind.Duplicate ? PlayoutCounter.Duplicate : PlayoutCounter.Stray);
            return;
        }

        if (!Stretches.Contain(_survey.Heard, packet.At.Microseconds))
        {
            _context.Counters.Increment(PlayoutCounter.NotHeard);
            return;
        }

        if (!isPlain) place = place with { Kind = TrackedKind.Other };
        var placed = new PlacedPacket
        {
            Place = place,
            Format = packet.Format,
            Fmtp = packet.Fmtp,
            Marker = packet.Marker,
            At = packet.At.Microseconds,
            Payload = place.Kind == TrackedKind.Sound ? packet.Payload : default,
        };

        // 1. The usual case: the one that is next.
        if (_next >= 0 && _queue.Count == 0 && place.Sequence == _next && place.Epoch == _epoch)
        {
            _next++;
            Play(placed);
            return;
        }

        // 2. Behind what was played already.
        if (_next >= 0 && place.Sequence < _next)
        {
            _context.Counters.Increment(PlayoutCounter.TooLate);
            return;
        }

        // 3. Ahead of one that is missing, or the missing one.
        if (_queue.Count > 0 && place.Sequence < _queue.HeadSequence) _context.Counters.Increment(PlayoutCounter.Inserted);
        _queue.Add(placed);
        Release(placed.At);
    }

    /// <summary>Packet time goes on: what waits too long is played.</summary>
    /// <param name="now">Capture time.</param>
    /// <param name="settled">First sample that may still change from now on: a run that ended before it is closed.</param>
    public void Advance(long now, long settled)
    {
        if (_queue.Count > 0) Release(now);

        // The end of a run lies in the resampler until it is told that nothing follows; told in time to be laid.
        if (_isRunning && RunEnd < settled + _context.SettleSamples) CloseRun();
    }

    /// <summary>Nothing more will come.</summary>
    public void Complete()
    {
        Release(long.MaxValue);
        if (_isRunning) CloseRun();
    }

    public void Dispose() => _decoders.Dispose();

    private long RunEnd => _runStart + (_resampler switch
    {
        null => 0,
        { } resampler when resampler.FromHz == resampler.ToHz => _runInput,
        { } resampler => _runInput * resampler.ToHz / resampler.FromHz,
    });

    private void Release(long now)
    {
        while (_queue.Count > 0)
        {
            bool isLost = false;
            if (_next < 0)
            {
                if (_queue.Count < FirstPackets && now - _queue.OldestAt < FirstMicroseconds) return;
            }
            else if (_queue.HeadEpoch == _epoch && _queue.HeadSequence != _next)
            {
                if (_queue.Count < _context.Limits.ReorderPackets && now - _queue.OldestAt < _reorderMicroseconds) return;
                isLost = true;
            }

            if (isLost)
            {
                _context.Counters.Add(PlayoutCounter.Lost, _queue.HeadSequence - _next);
                _isMissing = true;
            }

            _epoch = _queue.HeadEpoch;
            _next = _queue.HeadSequence + 1;
            Play(_queue.Head);
            _queue.RemoveHead();
        }
    }

    private void Play(in PlacedPacket packet)
    {
        if (packet.Place.Kind != TrackedKind.Sound)
        {
            _context.Counters.Increment(PlayoutCounter.NoSound);
            return;
        }

        // 1. Where.
        if (packet.Place.Segment >= _survey.Segments.Count || _survey.Segments[packet.Place.Segment].Anchors.Length == 0) return;
        IAudioDecoder? decoder = _decoders.Find(packet.Format, packet.Fmtp);
        if (decoder is null)
        {
            _context.Counters.Increment(PlayoutCounter.Unsupported);
            return;
        }

        long position = PositionOf(packet);

        // 2. What lies between it and the last: nothing, a hole to fill, or silence.
        if (_isRunning && decoder == _decoder)
        {
            long gap = position - RunEnd;
            if (Math.Abs(gap) > _context.Samples(ToleranceMicroseconds))
            {
                if (gap > 0 && _isMissing && gap <= _context.ConcealSamples) Conceal(gap, packet.Payload);
                else CloseRun();
            }
        }
        else if (_isRunning)
        {
            CloseRun();
        }

        if (!_isRunning) BeginRun(decoder, position);

        // 3. Its sound.
        _isMissing = false;
        int samples = decoder.Decode(packet.Payload, _context.Decoded);
        if (samples < 0)
        {
            _context.Counters.Increment(PlayoutCounter.Malformed);
            _isMissing = true;
            return;
        }

        _context.Counters.Increment(PlayoutCounter.Decoded);
        Feed(samples);
    }

    private long PositionOf(in PlacedPacket packet)
    {
        Anchor[] anchors = _survey.Segments[packet.Place.Segment].Anchors;
        int index = anchors.Length - 1;
        while (index > 0 && anchors[index].From > packet.At) index--;
        long wanted = anchors[index].WallMicroseconds;
        if (packet.Place.Segment != _segment)
        {
            _segment = packet.Place.Segment;
            SetLine(wanted);
        }
        else if (wanted != _line)
        {
            // A correction waits for a moment in which it is not heard.
            if (_wantedSince == long.MaxValue) _wantedSince = packet.At;
            if (_wasSilent || packet.Marker || packet.At - _wantedSince >= _context.PatienceMicroseconds)
            {
                SetLine(wanted);
                _context.Counters.Increment(PlayoutCounter.Corrected);
            }
        }

        // Ticks first and exactly: neighbours must meet to the sample.
        long clock = Math.Max(1, packet.Format.ClockRateHz);
        long ticks = packet.Place.Ticks;
        if (clock == _context.RateHz) return _lineAt + ticks;
        (long whole, long part) = Math.DivRem(ticks, clock);
        return _lineAt + (whole * _context.RateHz) + (part * _context.RateHz / clock);
    }

    private void SetLine(long line)
    {
        _line = line;
        _lineAt = _context.SampleAt(line);
        _wantedSince = long.MaxValue;
    }

    private void BeginRun(IAudioDecoder decoder, long position)
    {
        _decoder = decoder;
        if (_resampler?.FromHz != decoder.SampleRateHz) _resampler = new Resampler(decoder.SampleRateHz, _context.RateHz);
        _resampler.Reset();
        _isRunning = true;
        _runStart = position;
        _runInput = _runOutput = 0;
    }

    private void CloseRun()
    {
        int most = _resampler!.MostOutput(0);
        Span<short> output = _context.Resampled(most);
        Lay(output[.._resampler.Flush(output)]);
        _isRunning = false;
    }

    private void Conceal(long gap, ReadOnlySpan<byte> next)
    {
        int samples = (int)(gap * _decoder!.SampleRateHz / _context.RateHz);
        int room = _context.Decoded.Length / _decoder.Channels;
        samples = Math.Min(samples, room);
        int filled = _decoder is IRecoveringDecoder recovering ? recovering.Recover(next, samples, _context.Decoded) : -1;
        if (filled < 0) filled = _decoder.Conceal(samples, _context.Decoded);
        _context.Counters.Increment(PlayoutCounter.Concealed);
        Feed(Math.Max(0, filled), isConcealed: true);
    }

    private void Feed(int samples, bool isConcealed = false)
    {
        Span<short> sound = _context.Decoded;
        if (_decoder!.Channels > 1) Downmix(sound, samples, _decoder.Channels);
        sound = sound[..samples];
        if (!isConcealed) _wasSilent = sound.IndexOfAnyExceptInRange((short)-_silencePeak, _silencePeak) < 0;
        _runInput += samples;
        if (_resampler!.FromHz == _resampler.ToHz)
        {
            Lay(sound);
            return;
        }

        Span<short> output = _context.Resampled(_resampler.MostOutput(samples));
        Lay(output[.._resampler.Process(sound, output)]);
    }

    private void Lay(ReadOnlySpan<short> sound)
    {
        if (_track.Lay(_runStart + _runOutput, sound) > 0) _context.HasSound = true;
        _runOutput += sound.Length;
    }

    private static void Downmix(Span<short> sound, int samples, int channels)
    {
        for (int i = 0; i < samples; i++)
        {
            int sum = 0;
            for (int channel = 0; channel < channels; channel++) sum += sound[(i * channels) + channel];
            sound[i] = (short)(sum / channels);
        }
    }
}
