using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Media.Playout;

/// <summary>What a packet is to its stream.</summary>
internal enum TrackedKind : byte
{
    /// <summary>Sound, with a place.</summary>
    Sound,

    /// <summary>Digits or comfort noise: in the sequence, not in the sound.</summary>
    Other,

    /// <summary>Its sequence number had been seen.</summary>
    Duplicate,

    /// <summary>Belongs nowhere (RFC 3550 A.1): too far off, alone.</summary>
    Stray,
}

/// <summary>Where a packet belongs in its stream.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Sequence">Extended sequence number; only grows over restarts.</param>
/// <param name="Epoch">How often the sequence had started again.</param>
/// <param name="Segment">Number of the segment, from 0; -1 where it is no sound.</param>
/// <param name="Ticks">Timestamp units since the first packet of the segment.</param>
internal readonly record struct TrackedPacket(TrackedKind Kind, long Sequence, int Epoch, int Segment, long Ticks);

/// <summary>Follows sequence numbers and timestamps of one stream and cuts it in segments: within one, sound lies where its timestamp says.</summary>
/// <remarks>Looks at headers and capture times only. The survey and the timeline each run one over the same packets and so agree on every segment.</remarks>
internal sealed class StreamTracker(PlayoutLimits limits)
{
    // RFC 3550 A.1. Misordering is wider than there: nobody waits for a recording.
    private const int MaxDropout = 3000;
    private const int MaxMisorder = 1000;
    private const int SeenBits = 8192;
    private const long DefaultPacketMicroseconds = 20_000;
    private const long MostPacketMicroseconds = 200_000;
    private const long PauseMicroseconds = 200_000;
    private const long JumpMicroseconds = 60_000;

    private readonly ulong[] _seen = new ulong[SeenBits / 64];
    private readonly long _driftMicroseconds = (long)limits.Drift.TotalMicroseconds;
    private bool _isStarted;
    private long _highest;
    private int _epoch;
    private int _restart = -1;
    private long _packetMicroseconds = DefaultPacketMicroseconds;
    private Segment _current = Segment.None;
    private Segment _previous = Segment.None;
    private long _lastSequence;
    private uint _lastTimestamp;
    private long _lastAt;

    /// <summary>Segments so far.</summary>
    public int Segments { get; private set; }

    /// <summary>Timestamp units from the first packet of the segment before to that of the newest one, where both have the same clock; else null.</summary>
    public long? TicksFromPrevious { get; private set; }

    /// <summary>Takes one packet, in order of capture.</summary>
    public TrackedPacket Take(in RecordingPacket packet)
    {
        // 1. Its place in the sequence.
        if (!_isStarted)
        {
            _isStarted = true;
            _highest = 65536L + packet.SequenceNumber - 1;
        }

        int step = (short)(packet.SequenceNumber - (ushort)_highest);
        if (step is > MaxDropout or < -MaxMisorder)
        {
            if (_restart != packet.SequenceNumber)
            {
                _restart = (ushort)(packet.SequenceNumber + 1);
                return new TrackedPacket(TrackedKind.Stray, 0, _epoch, -1, 0);
            }

            _epoch++;
            _highest = (_highest & ~0xFFFFL) + 131_072 + packet.SequenceNumber - 1;
            Array.Clear(_seen);
            EndSegment();
            step = 1;
        }

        _restart = -1;
        long sequence = _highest + step;
        if (step > 0)
        {
            for (long skipped = _highest + 1; skipped <= sequence; skipped++) _seen[Word(skipped)] &= ~Bit(skipped);
            _highest = sequence;
        }
        else if ((_seen[Word(sequence)] & Bit(sequence)) != 0)
        {
            return new TrackedPacket(TrackedKind.Duplicate, sequence, _epoch, -1, 0);
        }

        _seen[Word(sequence)] |= Bit(sequence);
        if (packet.Format.Kind is PayloadKind.TelephoneEvent or PayloadKind.ComfortNoise or PayloadKind.Repair)
            return new TrackedPacket(TrackedKind.Other, sequence, _epoch, -1, 0);

        // 2. Its segment.
        if (step <= 0 && _current.Number >= 0)
        {
            // Late: of the segment before where it is from before the newest one, unless only the newest has its format.
            if (_previous.Takes(packet) && (sequence < _current.FirstSequence || !_current.Takes(packet)))
                return new TrackedPacket(TrackedKind.Sound, sequence, _epoch, _previous.Number, _previous.TicksOf(packet.RtpTimestamp));
            if (!_current.Takes(packet)) return new TrackedPacket(TrackedKind.Stray, sequence, _epoch, -1, 0);
        }

        bool isForward = step > 0 || _current.Number < 0;
        if (isForward && StartsSegment(packet, sequence)) BeginSegment(packet, sequence);
        long ticks = _current.TicksOf(packet.RtpTimestamp);
        if (isForward)
        {
            _current.Latest = packet.RtpTimestamp;
            _current.LatestTicks = ticks;
            _lastSequence = sequence;
            _lastTimestamp = packet.RtpTimestamp;
            _lastAt = packet.At.Microseconds;
        }

        return new TrackedPacket(TrackedKind.Sound, sequence, _epoch, _current.Number, ticks);
    }

    private static int Word(long sequence) => (int)((sequence & (SeenBits - 1)) >> 6);

    private static ulong Bit(long sequence) => 1UL << (int)(sequence & 63);

    private bool StartsSegment(in RecordingPacket packet, long sequence)
    {
        if (_current.Number < 0) return true;
        if (Segments >= limits.SegmentsPerStream) return false;
        if (!_current.Takes(packet)) return true;
        int ticks = (int)(packet.RtpTimestamp - _lastTimestamp);
        if (ticks < 0) return true;
        long media = (long)(ticks * packet.Format.MicrosecondsPerTick);
        long steps = sequence - _lastSequence;
        if (steps == 1 && ticks > 0 && media <= MostPacketMicroseconds && media <= 2 * _packetMicroseconds) _packetMicroseconds = media;

        // The timestamp went on as time did: loss, DTX and hold by those who count through it.
        long elapsed = packet.At.Microseconds - _lastAt;
        if (Math.Abs(media - elapsed) <= _driftMicroseconds) return false;

        // Not as time did: a jump where the sequence does not explain it, or where the sender paused. Else the network was late.
        long unexplained = Math.Abs(media - (steps * _packetMicroseconds));
        return unexplained > JumpMicroseconds || elapsed > PauseMicroseconds;
    }

    private void BeginSegment(in RecordingPacket packet, long sequence)
    {
        bool isSameClock = _current.Number >= 0 && _current.ClockRateHz == packet.Format.ClockRateHz;
        TicksFromPrevious = isSameClock ? _current.TicksOf(packet.RtpTimestamp) : null;
        _previous = _current;
        _current = new Segment(Segments++, packet, sequence);
    }

    private void EndSegment()
    {
        _previous = _current = Segment.None;
        TicksFromPrevious = null;
    }

    /// <summary>A stretch with one format and an unbroken timestamp.</summary>
    private struct Segment
    {
        public static readonly Segment None = new() { Number = -1 };

        private PayloadFormat? _format;
        private string? _fmtp;

        public Segment(int number, in RecordingPacket packet, long firstSequence)
        {
            Number = number;
            FirstSequence = firstSequence;
            Latest = packet.RtpTimestamp;
            _format = packet.Format;
            _fmtp = packet.Fmtp;
        }

        public int Number { get; private set; }

        public long FirstSequence { get; }

        public uint Latest { get; set; }

        public long LatestTicks { get; set; }

        public readonly int ClockRateHz => _format?.ClockRateHz ?? 0;

        public readonly bool Takes(in RecordingPacket packet) => ReferenceEquals(_format, packet.Format) && _fmtp == packet.Fmtp;

        public readonly long TicksOf(uint timestamp) => LatestTicks + (int)(timestamp - Latest);
    }
}
