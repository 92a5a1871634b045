using System.Runtime.CompilerServices;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Streams;

// The straight way: nearly every packet of a stream is the next one of the same sound, and all that it does to the figures is done here in one go.
public sealed partial class StreamMeter
{
    /// <summary>True while packets went straight (<see cref="TryAddStraight"/>) that nobody has been told of (<see cref="RtpFlow.TakeNews"/>).</summary>
    internal bool HasNews
    {
        get => _totals.HasNews;
        set => _totals.HasNews = value;
    }

    /// <summary>Whether the next packet may go straight as far as the stream is concerned: sound or pictures of one payload type whose meaning has not changed
    /// since the last packet, measured against a clock, and nobody who wants to look into it.</summary>
    internal bool GoesStraight
    {
        get => _totals.GoesStraight;
        set => _totals.GoesStraight = value;
    }

    /// <summary>Takes a packet that is simply the next one: same SSRC and payload type, next sequence number, not before the last in time and not long after it,
    /// in the same ten seconds. False, and nothing changed, for any other, which <see cref="RtpFlow.Add"/> takes. The figures are the same whichever way a
    /// packet takes.</summary>
    /// <param name="packet">The packet's headers.</param>
    /// <param name="start">The datagram's beginning: RTP header and, where there are so many, the 32 bytes behind it.</param>
    /// <returns>Whether it was taken.</returns>
    /// <remarks>Who takes packets this way counts them (<see cref="StreamCounter.RtpPackets"/>), and hands them on to the call by <see cref="RtpFlow.TakeNews"/> before
    /// anything else happens to it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool TryAddStraight(in StraightRtp packet, ReadOnlySpan<byte> start)
    {
        ref Totals totals = ref _totals;
        ref MediaClock media = ref _media;
        long at = packet.At.Microseconds;
        long delta = at - totals.EndedAt;
        int ticks = (int)(packet.Timestamp - media.Timestamp);
        double difference = (at - media.At) - (ticks * media.MicrosecondsPerTick);
        if (!totals.GoesStraight || packet.Ssrc != totals.Ssrc || packet.PayloadType != totals.PayloadType
            || (ushort)(packet.SequenceNumber - _sequence.Max) != 1 || (ulong)delta >= GapMicroseconds
            || (ulong)(at - totals.StartedAt - totals.IntervalStart) >= (ulong)StreamIntervals.Microseconds
            || !(Math.Abs(difference) < JumpMicroseconds)) return false;

        // 1. What tells a mirror's copy, and the sequence.
        _mirror.Remember(packet.SequenceNumber, MirrorRing.KeyOf(packet.SequenceNumber, packet.Timestamp, packet.Checksum, packet.IpIdentification, packet.Bytes), packet.At);
        _sequence.AddNext(packet.SequenceNumber);

        // 2. Totals: as in Count.
        totals.Packets++;
        totals.Octets += packet.Bytes - RtpHeader.FixedBytes;
        bool marker = packet.Marker;
        if (marker) _markers++;
        totals.DscpSeen |= 1UL << (packet.Dscp & 63);
        if (packet.Ttl < totals.TtlMin) totals.TtlMin = packet.Ttl;
        if (packet.Ttl > totals.TtlMax) totals.TtlMax = packet.Ttl;
        if (delta > totals.DeltaMax) totals.DeltaMax = delta;
        totals.EndedAt = at;
        totals.HasNews = true;
        totals.Sound.Add(at, start, RtpHeader.FixedBytes);

        // 3. Jitter and delay.
        media.At = at;
        media.Timestamp = packet.Timestamp;
        if (media.WasAhead && !marker) VoteForPacketTime(ref media, ticks);
        media.WasAhead = true;
        FoldDelay(ref media, difference);
        return true;
    }

    /// <summary>Whether the next packet may go straight, from what the last one left.</summary>
    /// <param name="format">What the payload type in force means to the flow now.</param>
    /// <param name="isWatched">Whether anybody looks into the flow's packets.</param>
    internal void SettleStraight(PayloadFormat format, bool isWatched) => GoesStraight = !isWatched && ReferenceEquals(format, _format) && format.IsMedia
        && !ReferenceEquals(format, PayloadFormat.Unknown) && ReferenceEquals(format, _mediaFormat) && _media.PayloadType == _totals.PayloadType
        && _media.MicrosecondsPerTick > 0;

    /// <summary>Jitter, transit and playout of a packet of media, from how much later it came after the one before than it was sent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FoldDelay(ref MediaClock media, double difference)
    {
        // RFC 3550 A.8, kept in microseconds so that a change of clock does not rescale what was smoothed before.
        double jitter = media.Jitter + ((Math.Abs(difference) - media.Jitter) * (1 / 16.0));
        media.Jitter = jitter;
        media.JitterSum += jitter;
        media.JitterSamples++;
        if (jitter > media.JitterMax) media.JitterMax = jitter;
        double transit = media.Transit + difference;
        media.Transit = transit;
        if (transit < media.LeastTransit) media.LeastTransit = transit;
        double excess = transit - media.Playout;
        media.Playout = excess < 0 ? transit : media.Playout + (excess * PlayoutCreep);
        if (excess >= FirstBandMicroseconds) CountDelay(excess);
    }
}
