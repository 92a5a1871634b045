using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using CdrEngine.Calls.Quality;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Streams;

/// <summary>Figures of one RTP stream, folded packet by packet (RFC 3550 6.4, A.1, A.3, A.8). No allocation per packet; some growth every ten
/// seconds.</summary>
/// <remarks>
/// Loss comes from the sequence numbers alone, so that silence (DTX, hold) is none. Jitter is taken over packets of media in order of arrival,
/// duplicates left out; telephone-event and comfort noise do not take part, nor does the first packet after a change of payload type, of
/// clock, of the source's sequence (a restart), or a jump of its timestamp or of the capture's clock by more than ten seconds, which no network
/// makes.
/// Delay is measured against an adaptive playout point: it falls at once to the least transit and creeps up to a lasting rise within some
/// seconds, as an adaptive jitter buffer does.
/// </remarks>
public sealed partial class StreamMeter
{
    /// <summary>Playout tolerance of the MOS estimate (semantics: late beyond a 60 ms adaptive buffer).</summary>
    public const double BufferMilliseconds = 60;

    private const double LateMicroseconds = BufferMilliseconds * 1000;
    private const double JumpMicroseconds = 10_000_000;
    private const long ClockStepMicroseconds = 3_600_000_000;
    private const double FirstBandMicroseconds = 50_000;
    private const int Bands = 7;
    private const double PlayoutCreep = 1 / 256.0;
    private const int MostPayloadUses = 16;
    private const long GapMicroseconds = 5_000_000;

    private readonly RtpFlow _flow;
    private PayloadFormat _format;
    private PayloadFormat? _mediaFormat;
    private StreamIntervals? _intervals;
    private PayloadUse[] _uses = new PayloadUse[1];
    private int _useCount;
    private long _payloadRunStartPackets;
    private long _payloadRunStartOctets;
    private uint _markers;
    private uint _late;
    private BandCounts _bands;

    // What every packet touches lies together: of forty thousand streams each packet finds another one cold.
    private Totals _totals;
    private MediaClock _media;
    private SequenceTracker _sequence;
    private MirrorRing _mirror;

    internal StreamMeter(RtpFlow flow, in RtpPacketView packet, in RtpHeader header, PayloadFormat format)
    {
        _flow = flow;
        _totals.Ssrc = header.Ssrc;
        _totals.StartedAt = packet.At.Microseconds;
        _format = format;
        _totals.EndedAt = packet.At.Microseconds;
        _totals.TtlMin = packet.Ttl;
        _totals.TtlMax = packet.Ttl;
        _totals.PayloadType = header.PayloadType;
        _totals.Sound.Use(format);
        _media.LeastTransit = double.PositiveInfinity;
        if (format.Kind == PayloadKind.Video) _mirror.Widen();
        ushort sequence = header.SequenceNumber;
        _sequence = new SequenceTracker(sequence);
        _mirror.Remember(sequence, MirrorRing.KeyOf(sequence, header.Timestamp, packet), packet.At);
        Count(packet, header, header.Timestamp, format, SequenceVerdict.Forward, step: 0);
    }

    /// <summary>Synchronisation source.</summary>
    public uint Ssrc => _totals.Ssrc;

    /// <summary>First packet.</summary>
    public Timestamp StartedAt => new(_totals.StartedAt);

    /// <summary>Last packet, mirror duplicates left out.</summary>
    public Timestamp EndedAt => new(_totals.EndedAt);

    /// <summary>Packets, duplicates included, mirror duplicates not.</summary>
    public long Packets => _totals.Packets;

    /// <summary>RTP payload octets, without headers and padding; those cut by the capture included.</summary>
    public long Octets => _totals.Octets;

    /// <summary>Packets with the marker bit.</summary>
    public long Markers => _markers;

    /// <summary>Second copies made by the mirror.</summary>
    public long MirrorDuplicates { get; private set; }

    /// <summary>Packets that the sequence numbers say were sent.</summary>
    public long Expected => _sequence.Expected;

    /// <summary>Packets never seen, 0 or more.</summary>
    public long Lost => _sequence.Lost;

    /// <summary>Packets seen before.</summary>
    public long Duplicates => _sequence.Duplicates;

    /// <summary>Packets that came after a later one.</summary>
    public long OutOfOrder => _sequence.OutOfOrder;

    /// <summary>Packets whose sequence number was too far off.</summary>
    public long Strays => _sequence.Strays;

    /// <summary>Times the source started, 1 or more.</summary>
    public int Segments => _sequence.Segments;

    /// <summary>Packets later than the buffer of <see cref="BufferMilliseconds"/>.</summary>
    public long Late => _late;

    /// <summary>Format in force: that of the last packet.</summary>
    public PayloadFormat Format => _format;

    /// <summary>Smoothed interarrival jitter (RFC 3550 6.4.1, A.8) of now.</summary>
    /// <remarks>Unit: ticks of the media's clock. 0 until two packets of media came. Measured at the capture point: the path up to it, nothing
    /// after.</remarks>
    public double JitterTimestampUnits => _media.MicrosecondsPerTick > 0 ? _media.Jitter / _media.MicrosecondsPerTick : 0;

    /// <summary>The same in milliseconds.</summary>
    public double JitterMilliseconds => _media.Jitter / 1000;

    /// <summary>Digits of the stream; null where it never had an event.</summary>
    public DtmfDetector? Dtmf { get; private set; }

    /// <summary>Listens for digits in its sound; null where nobody does.</summary>
    internal IDigitListener? Listener { get; set; }

    /// <summary>Says that a packet of this stream comes soon: what it will touch is brought near, without waiting for it. Of tens of thousands of streams each packet
    /// finds its own far away, and whoever knows the next packets need not wait.</summary>
    public unsafe void Prefetch()
    {
        if (!Sse.IsSupported) return;

        // A prefetch never faults, and where the object moves meanwhile nothing but its use is lost.
        Sse.Prefetch0(Unsafe.AsPointer(ref _totals));
        Sse.Prefetch0(Unsafe.AsPointer(ref _media));
        Sse.Prefetch0(Unsafe.AsPointer(ref _media.LeastTransit));
        Sse.Prefetch0(Unsafe.AsPointer(ref _sequence));
        Sse.Prefetch0(Unsafe.AsPointer(ref _mirror));
    }

    /// <summary>Takes a packet of this SSRC.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal RtpOutcome Add(in RtpPacketView packet, in RtpHeader header, PayloadFormat format)
    {
        ushort sequence = header.SequenceNumber;
        uint timestamp = header.Timestamp;
        uint key = MirrorRing.KeyOf(sequence, timestamp, packet);
        ushort ahead = (ushort)(sequence - _sequence.Max);

        // Only what is not ahead can be a second copy.
        bool isAhead = (ushort)(ahead - 1) < SequenceTracker.MaxDropout - 1;
        if (!isAhead && _mirror.IsCopy(sequence, key, packet.At))
        {
            MirrorDuplicates++;
            return RtpOutcome.MirrorDuplicate;
        }

        _mirror.Remember(sequence, key, packet.At);
        long offset = packet.At.Microseconds - StartedAt.Microseconds;
        if ((ulong)(offset - _totals.IntervalStart) >= (ulong)StreamIntervals.Microseconds) ChangeInterval(offset, isAhead ? ahead - 1 : 0);
        SequenceVerdict verdict = _sequence.Add(sequence, out int step);
        Count(packet, header, timestamp, format, verdict, step);
        return RtpOutcome.Counted;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Count(in RtpPacketView packet, in RtpHeader header, uint timestamp, PayloadFormat format, SequenceVerdict verdict, int step)
    {
        ref Totals totals = ref _totals;
        long at = packet.At.Microseconds;
        byte payloadType = header.PayloadType;
        if (payloadType != totals.PayloadType || !ReferenceEquals(format, _format)) ChangePayload(payloadType, format);
        totals.Packets++;
        totals.Octets += packet.Length - header.HeaderBytes - header.PaddingBytes + packet.CutBytes;
        bool marker = header.Marker;
        if (marker) _markers++;
        totals.DscpSeen |= 1UL << (packet.Dscp & 63);
        if (packet.Ttl < totals.TtlMin) totals.TtlMin = packet.Ttl;
        if (packet.Ttl > totals.TtlMax) totals.TtlMax = packet.Ttl;
        long delta = at - totals.EndedAt;
        if (delta > totals.DeltaMax && delta < ClockStepMicroseconds) totals.DeltaMax = delta;
        if (delta >= GapMicroseconds) NoteGap(at, delta, timestamp, format, step, marker);
        totals.EndedAt = at;
        totals.Sound.Add(at, packet.Payload, header.HeaderBytes);
        if (verdict == SequenceVerdict.Forward && format.IsMedia) Measure(at, timestamp, format, payloadType, step, marker);
        else CountOther(packet, header, format, verdict);
    }

    /// <summary>A source that says nothing while there is nothing to say goes on with the next number, marked as the start of a talkspurt, and
    /// its timestamp has moved with the time (RFC 3551 4.1): that is no gap.</summary>
    private void NoteGap(long at, long delta, uint timestamp, PayloadFormat format, int step, bool marker)
    {
        double silence = (int)(timestamp - _media.Timestamp) * format.MicrosecondsPerTick;
        bool isSuppressed = step == 1 && marker && format.IsMedia && Math.Abs(silence - delta) < delta * 0.1;
        if (isSuppressed) return;
        _intervals ??= new StreamIntervals();
        _intervals.NoteGap(new Timestamp(at - delta), new Timestamp(at), _flow.Limits.GapsPerStream);
    }

    private void CountOther(in RtpPacketView packet, in RtpHeader header, PayloadFormat format, SequenceVerdict verdict)
    {
        if (verdict is SequenceVerdict.Duplicate or SequenceVerdict.Stray) return;
        if (verdict == SequenceVerdict.Restart) _mediaFormat = null;
        if (format.IsMedia)
        {
            Measure(packet.At.Microseconds, header.Timestamp, format, header.PayloadType, step: 0, header.Marker);
        }
        else if (format.Kind == PayloadKind.TelephoneEvent)
        {
            Dtmf ??= new DtmfDetector(_flow.Limits);
            Dtmf.Add(packet.At, header.Timestamp, header.Marker, header.Payload, format.ClockRateHz);
        }
    }

    /// <summary>Jitter and delay of one packet of media.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Measure(long at, uint timestamp, PayloadFormat format, byte payloadType, int step, bool marker)
    {
        ref MediaClock media = ref _media;
        int ticks = (int)(timestamp - media.Timestamp);
        double difference = (at - media.At) - (ticks * media.MicrosecondsPerTick);
        if (!ReferenceEquals(format, _mediaFormat) || payloadType != media.PayloadType || !(Math.Abs(difference) < JumpMicroseconds))
        {
            Anchor(at, timestamp, format, payloadType);
            return;
        }

        media.At = at;
        media.Timestamp = timestamp;
        if (media.MicrosecondsPerTick == 0) return;
        if (step == 1 && media.WasAhead && !marker) VoteForPacketTime(ref media, ticks);
        media.WasAhead = step > 0;
        FoldDelay(ref media, difference);
    }

    private void Anchor(long at, uint timestamp, PayloadFormat format, byte payloadType)
    {
        _mediaFormat = format;
        _media.PayloadType = payloadType;
        _media.MicrosecondsPerTick = format.MicrosecondsPerTick;
        _media.At = at;
        _media.Timestamp = timestamp;
        _media.WasAhead = true;
        _media.Transit = 0;
        _media.Playout = 0;
        _media.LeastTransit = 0;
        _media.Anchor++;
    }

    /// <summary>The commonest step between neighbours, by majority vote (Boyer and Moore): one odd step does not win.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void VoteForPacketTime(ref MediaClock media, int ticks)
    {
        if (ticks == media.PacketTicks)
        {
            media.PacketTicksVotes++;
        }
        else if (--media.PacketTicksVotes < 0)
        {
            media.PacketTicks = ticks;
            media.PacketTicksVotes = 1;
        }
    }

    private void CountDelay(double excess)
    {
        if (excess >= LateMicroseconds) _late++;
        int band = excess switch
        {
            < 70_000 => 0,
            < 90_000 => 1,
            < 120_000 => 2,
            < 150_000 => 3,
            < 200_000 => 4,
            < 300_000 => 5,
            _ => 6,
        };
        _bands[band]++;
    }

    private void ChangeInterval(long offset, int missing)
    {
        // A packet a little before the interval's start belongs to it all the same: sources with several queues are not quite in order.
        if (offset < _totals.IntervalStart && _totals.IntervalStart - offset <= StreamIntervals.Microseconds) return;
        _intervals ??= new StreamIntervals();
        _intervals.Close(
            _totals.IntervalStart, Now(), missing, EndedAt.Microseconds - StartedAt.Microseconds, offset, LeastTransitMilliseconds(), _media.Anchor,
            _media.PayloadType, _flow.Limits.IntervalsPerStream);
        _totals.IntervalStart = Math.Max(offset, 0) / StreamIntervals.Microseconds * StreamIntervals.Microseconds;
        _media.LeastTransit = double.PositiveInfinity;
    }

    private StreamIntervals.Snapshot Now() =>
        new(Packets - _sequence.Duplicates, _sequence.Expected, _sequence.Unique, _late, _media.JitterSum, _media.JitterSamples);

    private float LeastTransitMilliseconds() =>
        double.IsPositiveInfinity(_media.LeastTransit) || _media.MicrosecondsPerTick == 0 ? float.NaN : (float)(_media.LeastTransit / 1000);

    private void ChangePayload(byte payloadType, PayloadFormat format)
    {
        EndPayloadRun();
        if (!ReferenceEquals(format, PayloadFormat.Unknown)) NameEarlierUse(payloadType, format);
        _totals.PayloadType = payloadType;
        _format = format;
        _totals.Sound.Use(format);
        if (format.Kind == PayloadKind.Video) _mirror.Widen();
    }

    /// <summary>Packets that came before the SDP named their payload type are of the type it names: RTP may precede its answer.</summary>
    private void NameEarlierUse(byte payloadType, PayloadFormat format)
    {
        for (int i = 0; i < _useCount; i++)
        {
            if (_uses[i].PayloadType != payloadType || !ReferenceEquals(_uses[i].Format, PayloadFormat.Unknown)) continue;
            bool isNew = true;
            for (int known = 0; known < _useCount && isNew; known++)
            {
                isNew = _uses[known].PayloadType != payloadType || !ReferenceEquals(_uses[known].Format, format);
            }

            if (isNew) _uses[i].Format = format;
            return;
        }
    }

    private void EndPayloadRun()
    {
        long packets = Packets - _payloadRunStartPackets;
        if (packets == 0) return;
        int i = 0;
        while (i < _useCount && (_uses[i].PayloadType != _totals.PayloadType || !ReferenceEquals(_uses[i].Format, _format))) i++;
        if (i == _useCount)
        {
            if (_useCount == MostPayloadUses)
            {
                i--;
            }
            else
            {
                if (_useCount == _uses.Length) Array.Resize(ref _uses, _uses.Length * 2);
                _uses[_useCount++] = new PayloadUse { PayloadType = _totals.PayloadType, Format = _format };
            }
        }

        _uses[i].Packets += packets;
        _uses[i].Octets += Octets - _payloadRunStartOctets;
        _payloadRunStartPackets = Packets;
        _payloadRunStartOctets = Octets;
    }

    /// <summary>The figures up to now; the meter goes on.</summary>
    public StreamRecord ToRecord()
    {
        // 1. The payload type that counts: the commonest that is media, else the commonest of all.
        EndPayloadRun();
        PayloadUse use = CommonestUse();
        double packetMilliseconds = _media.PacketTicks > 0 ? _media.PacketTicks * _media.MicrosecondsPerTick / 1000 : 0;

        // 2. Loss, as if the stream ended here.
        LossRuns runs = _sequence.RunsSoFar();
        double burstR = EModel.BurstRatio(runs.LostInRuns, runs.RunCount, Expected);

        // 3. Intervals with their quality.
        RtcpRecord? rtcp = _flow.Rtcp?.ToRecord(Ssrc, _flow.Source.Address, _flow.Destination.Address, use.Format.MicrosecondsPerTick);
        double? jitterMean = _media.JitterSamples > 0 ? _media.JitterSum / _media.JitterSamples / 1000 : null;
        var codecs = new CodecImpairment?[PayloadTypeMap.Count];
        Array.Fill(codecs, ImpairmentOf(use, packetMilliseconds)); // a type never seen stands for "no media yet"
        for (int i = 0; i < _useCount; i++) codecs[_uses[i].PayloadType] = ImpairmentOf(_uses[i], packetMilliseconds);
        codecs[use.PayloadType] = ImpairmentOf(use, packetMilliseconds);
        var quality = new StreamQuality(codecs, use.PayloadType, burstR, OneWayDelay(rtcp, packetMilliseconds, jitterMean ?? 0));
        StreamInterval[] intervals = (_intervals ?? new StreamIntervals()).SoFar(
            _totals.IntervalStart, Now(), LeastTransitMilliseconds(), _media.Anchor, _media.PayloadType);
        double lastSeconds = (EndedAt.Microseconds - StartedAt.Microseconds - _totals.IntervalStart) / (double)Timestamp.MicrosecondsPerSecond;
        (double? mos, double? rating, double? worst) = quality.Score(intervals, lastSeconds);

        return new StreamRecord
        {
            Ssrc = Ssrc,
            Source = _flow.Source,
            Destination = _flow.Destination,
            MediaIndex = _flow.MediaIndex,
            From = _flow.From,
            PayloadType = use.PayloadType,
            Codec = use.Format.Codec,
            Packets = Packets,
            Octets = Octets,
            Expected = Expected,
            Lost = Lost,
            Duplicates = Duplicates,
            OutOfOrder = OutOfOrder,
            JitterMillisecondsMean = jitterMean,
            JitterMillisecondsMax = _media.JitterSamples > 0 ? _media.JitterMax / 1000 : null,
            DeltaMillisecondsMax = Packets > 1 ? _totals.DeltaMax / 1000.0 : null,
            Mos = mos,
            MosMin = worst,
            MosBasis = mos is null ? null : quality.Basis,
            RFactor = rating,
            StartedAt = StartedAt,
            EndedAt = EndedAt,
            Markers = Markers,
            Late = Late,
            Strays = Strays,
            Segments = Segments,
            MirrorDuplicates = MirrorDuplicates,
            LossRuns = runs.RunCount == 0 ? [] : RunsByLength(runs),
            DelayVariation = DelayBands(),
            Bursts = runs.RunCount == 0 ? null : Bursts(runs, burstR, packetMilliseconds),
            Intervals = Array.ConvertAll(intervals, interval => ToRecord(interval, quality)),
            ClockDriftPpm = ClockDrift.PartsPerMillion(intervals),
            PacketMilliseconds = packetMilliseconds > 0 ? packetMilliseconds : null,
            Dscp = BitsOf(_totals.DscpSeen),
            TtlMin = _totals.TtlMin,
            TtlMax = _totals.TtlMax,
            PayloadTypes = PayloadUses(),
            Rtcp = rtcp,
            Gaps = _intervals?.Gaps ?? [],
            IsSoundKnown = _totals.Sound.KnowsAll && use.Format.IsMedia,
            LastSoundAt = _totals.Sound.LastAt(EndedAt),
        };
    }

    private static CodecImpairment? ImpairmentOf(PayloadUse use, double packetMilliseconds) => use.Format.Kind == PayloadKind.Audio
        ? CodecImpairments.Find(use.Format, (double)use.Octets / use.Packets, packetMilliseconds)
        : null;

    private PayloadUse CommonestUse()
    {
        PayloadUse best = _uses[0];
        for (int i = 1; i < _useCount; i++)
        {
            ref readonly PayloadUse use = ref _uses[i];
            bool isBetterKind = use.Format.IsMedia && !best.Format.IsMedia;
            bool isWorseKind = !use.Format.IsMedia && best.Format.IsMedia;
            if (isBetterKind || (!isWorseKind && use.Packets > best.Packets)) best = use;
        }

        return best;
    }

    /// <summary>Half the round trip between the ends, the buffer and one packet (semantics, MOS); null where RTCP gave no round trip.</summary>
    private static double? OneWayDelay(RtcpRecord? rtcp, double packetMilliseconds, double jitterMilliseconds)
    {
        if (rtcp?.RoundTripMilliseconds is not { } roundTrip) return null;
        // An adaptive buffer holds about twice the jitter, a packet at least and its maximum at most.
        double buffer = Math.Min(BufferMilliseconds, Math.Max(2 * jitterMilliseconds, packetMilliseconds));
        return (roundTrip / 2) + buffer + packetMilliseconds;
    }

    private long[] DelayBands()
    {
        var bands = new long[Bands];
        long sum = 0;
        for (int i = 0; i < Bands; i++) sum += bands[i] = _bands[i];
        return sum == 0 ? [] : bands;
    }

    private BurstRecord Bursts(LossRuns runs, double burstR, double packetMilliseconds)
    {
        double burstPackets = runs.BurstPackets;
        double gapPackets = Math.Max(Expected - runs.BurstPackets, 1);
        return new BurstRecord(
            runs.BurstCount,
            runs.BurstPackets,
            runs.BurstLost,
            runs.GapLost,
            runs.BurstCount == 0 ? 0 : 100.0 * runs.BurstLost / burstPackets,
            100.0 * runs.GapLost / gapPackets,
            runs.BurstCount == 0 || packetMilliseconds == 0 ? null : burstPackets / runs.BurstCount * packetMilliseconds,
            burstR);
    }

    private static StreamIntervalRecord ToRecord(StreamInterval interval, StreamQuality quality) => new(
        interval.StartSecond,
        interval.Packets,
        interval.Lost,
        interval.Late,
        float.IsNaN(interval.JitterMilliseconds) ? null : interval.JitterMilliseconds,
        quality.Mos(interval));

    private struct Totals
    {
        public long Packets;
        public long Octets;
        public long EndedAt;
        public long DeltaMax;
        public long IntervalStart;
        public ulong DscpSeen;
        public SoundProbe Sound;
        public byte PayloadType;
        public byte TtlMin;
        public byte TtlMax;

        /// <summary>See <see cref="GoesStraight"/>.</summary>
        public bool GoesStraight;

        /// <summary>See <see cref="HasNews"/>.</summary>
        public bool HasNews;
        public uint Ssrc;
        public long StartedAt;
    }

    /// <summary>Jitter and delay of the media, in microseconds.</summary>
    private struct MediaClock
    {
        public long At;
        public double MicrosecondsPerTick;
        public double Jitter;
        public double JitterSum;
        public double JitterMax;
        public long JitterSamples;
        public double Transit;
        public double Playout;
        public double LeastTransit;
        public uint Timestamp;
        public int PacketTicks;
        public int PacketTicksVotes;
        public ushort Anchor;
        public byte PayloadType;
        public bool WasAhead;
    }

    private struct PayloadUse
    {
        public byte PayloadType;
        public PayloadFormat Format;
        public long Packets;
        public long Octets;
    }

    [InlineArray(Bands)]
    private struct BandCounts
    {
        private uint _first;
    }
}
