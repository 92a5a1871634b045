using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Streams;

/// <summary>One direction between two media addresses of one call: tells its streams apart by SSRC and folds each packet into its stream.</summary>
/// <remarks>Owned by one thread. SSRCs are looked for in a small array, the last one used first.</remarks>
public sealed class RtpFlow
{
    /// <summary>What an unnamed payload type is taken for whose packets have the shape of telephone events.</summary>
    private static readonly PayloadFormat AssumedEvent = PayloadFormat.Of("telephone-event", 8000);

    private readonly Counters<StreamCounter> _counters;
    private PayloadTypeMap _map;
    private StreamMeter? _last;
    private StreamMeter[] _streams = [];
    private int _count;
    private long _evictedPackets;

    /// <summary>A flow without packets.</summary>
    /// <param name="source">Sender.</param>
    /// <param name="destination">Receiver.</param>
    /// <param name="map">Payload types; <see cref="PayloadTypeMap.Static"/> where no SDP is known.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="counters">Where to count what happens; shared by the flows of one thread.</param>
    /// <param name="rtcp">The call's RTCP figures; RTCP on this flow's port is given to it. Null keeps none.</param>
    public RtpFlow(
        Endpoint source, Endpoint destination, PayloadTypeMap map, StreamLimits limits, Counters<StreamCounter> counters, RtcpMeter? rtcp = null)
    {
        Source = source;
        Destination = destination;
        Limits = limits;
        Rtcp = rtcp;
        _map = map;
        _counters = counters;
    }

    /// <summary>Sender.</summary>
    public Endpoint Source { get; }

    /// <summary>Receiver.</summary>
    public Endpoint Destination { get; }

    /// <summary>Which side of the call sends; goes into records and digits.</summary>
    public PartySide From { get; set; }

    /// <summary>Position of the m-line, from 0; -1 while unknown.</summary>
    public int MediaIndex { get; set; } = -1;

    /// <summary>Streams in order of their first packet.</summary>
    public IReadOnlyList<StreamMeter> Streams => new ArraySegment<StreamMeter>(_streams, 0, _count);

    /// <summary>RTP packets counted in streams, mirror duplicates left out.</summary>
    public long Packets
    {
        get
        {
            long packets = _evictedPackets;
            for (int i = 0; i < _count; i++) packets += _streams[i].Packets;
            return packets;
        }
    }

    /// <summary>RTP packets of SSRCs over the limit.</summary>
    public long Refused { get; private set; }

    /// <summary>First counted RTP packet; null before.</summary>
    public Timestamp? FirstAt { get; private set; }

    /// <summary>Latest RTP packet of the streams kept; null before.</summary>
    public Timestamp? LastAt
    {
        get
        {
            Timestamp? last = null;
            for (int i = 0; i < _count; i++) last = Timestamp.Max(last ?? Timestamp.MinValue, _streams[i].EndedAt);
            return last;
        }
    }

    /// <summary>Payload types in force.</summary>
    public PayloadTypeMap PayloadTypes => _map;

    /// <summary>RTCP figures of the call; null where none are kept.</summary>
    public RtcpMeter? Rtcp { get; }

    /// <summary>The fax of this flow's m-line, shared by both ways, where its SDP is T.38; null where it is not. Set it when the SDP says so, and
    /// leave it when the m-line turns back into sound.</summary>
    public T38Meter? Fax
    {
        get;
        set
        {
            field = value;
            LookAgain();
        }
    }

    /// <summary>Makes what listens for digits in the sound of a stream, one for each stream of G.711; null where nobody is to listen, because it is
    /// not wanted or the sound is encrypted. What listens already goes on being asked for its digits.</summary>
    public Func<IDigitListener>? Listeners
    {
        get;
        set
        {
            field = value;
            LookAgain();
        }
    }

    /// <summary>Digits pressed, in order of time; a digit still pressed is included with its length so far.</summary>
    public IReadOnlyList<DtmfDigit> Digits
    {
        get
        {
            List<DtmfDigit>? digits = null;
            foreach (StreamMeter stream in Streams)
            {
                if (stream.Dtmf is { } dtmf) dtmf.CopyTo(digits ??= [], From);
                if (stream.Listener is { } listener) listener.CopyTo(digits ??= [], From);
            }

            return digits is null ? [] : [.. digits.OrderBy(digit => digit.At)];
        }
    }

    internal StreamLimits Limits { get; }

    /// <summary>Takes a datagram from <see cref="Source"/> to <see cref="Destination"/>.</summary>
    public RtpOutcome Add(in RtpPacketView packet)
    {
        if (Fax is not null && TryAddFax(packet)) return RtpOutcome.Fax;
        if (RtpHeader.TryRead(packet.Payload, packet.CutBytes > 0, out RtpHeader header, out _) != ParseOutcome.Message) return AddOther(packet);
        PayloadFormat format = _map[header.PayloadType];
        if (ReferenceEquals(format, PayloadFormat.Unknown) && RtpHeuristics.LooksLikeTelephoneEvent(header.Payload)) format = AssumedEvent;
        StreamMeter? stream = _last;
        RtpOutcome outcome;
        if (stream is not null && stream.Ssrc == header.Ssrc)
        {
            outcome = stream.Add(packet, header, format);
        }
        else
        {
            outcome = AddToOther(packet, header, format);
        }

        if (outcome == RtpOutcome.Counted)
        {
            _last!.SettleStraight(format, isWatched: Fax is not null || Listeners is not null);
            _counters.Increment(StreamCounter.RtpPackets);
            if (Listeners is not null && format.IsG711) Listen(packet.At, header, format);
        }
        else if (outcome == RtpOutcome.MirrorDuplicate)
        {
            _counters.Increment(StreamCounter.MirrorDuplicates);
        }

        return outcome;
    }

    /// <summary>Takes other payload types from here on: a new offer or answer. What was counted stays as it was.</summary>
    public void SetPayloadTypes(PayloadTypeMap map)
    {
        _map = map;
        LookAgain();
    }

    /// <summary>The stream of the last packet; null before the first. Its next packets may go straight (<see cref="StreamMeter.TryAddStraight"/>).</summary>
    public StreamMeter? Latest => _last;

    /// <summary>Time of the latest packet that went straight since this was asked last; false where none did.</summary>
    public bool TakeNews(out Timestamp at)
    {
        at = Timestamp.MinValue;
        for (int i = 0; i < _count; i++)
        {
            StreamMeter stream = _streams[i];
            if (!stream.HasNews) continue;
            stream.HasNews = false;
            at = Timestamp.Max(at, stream.EndedAt);
        }

        return at != Timestamp.MinValue;
    }

    /// <summary>Appends the record of each stream, in order of their first packet. May be called at any time; nothing is consumed.</summary>
    public void ToRecords(List<StreamRecord> records)
    {
        for (int i = 0; i < _count; i++) records.Add(_streams[i].ToRecord());
    }

    // What may have changed for the next packet is found out by the long way.
    private void LookAgain()
    {
        for (int i = 0; i < _count; i++) _streams[i].GoesStraight = false;
    }

    private void Listen(Timestamp at, in RtpHeader header, PayloadFormat format)
    {
        IDigitListener listener = _last!.Listener ??= Listeners!();
        listener.Add(at, header.SequenceNumber, header.Timestamp, format, header.Payload);
    }

    /// <summary>Fax and sound may share a port while one turns into the other: what belongs to a stream that was there before is sound.</summary>
    private bool TryAddFax(in RtpPacketView packet)
    {
        if (packet.CutBytes > 0) return false;
        if (RtpHeader.TryRead(packet.Payload, out RtpHeader header))
        {
            for (int i = 0; i < _count; i++)
            {
                if (_streams[i].Ssrc == header.Ssrc) return false;
            }
        }

        if (!Fax!.Add(packet.At, Source, Destination, From, packet.Payload)) return false;
        _counters.Increment(StreamCounter.Udptl);
        return true;
    }

    private RtpOutcome AddToOther(in RtpPacketView packet, in RtpHeader header, PayloadFormat format)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_streams[i].Ssrc != header.Ssrc) continue;
            _last = _streams[i];
            return _last.Add(packet, header, format);
        }

        if (_count >= Limits.StreamsPerFlow && !Evict())
        {
            Refused++;
            _counters.Increment(StreamCounter.SsrcLimit);
            return RtpOutcome.Refused;
        }

        if (_count == _streams.Length) Array.Resize(ref _streams, Math.Max(1, _streams.Length * 2));
        _last = new StreamMeter(this, packet, header, format);
        _streams[_count++] = _last;
        FirstAt ??= packet.At;
        return RtpOutcome.Counted;
    }

    /// <summary>Drops the stream of fewest packets, the first of equals, if it has no more than two: junk that had the shape of RTP.</summary>
    private bool Evict()
    {
        int least = 0;
        for (int i = 1; i < _count; i++)
        {
            if (_streams[i].Packets < _streams[least].Packets) least = i;
        }

        if (_count == 0 || _streams[least].Packets > 2) return false;
        _evictedPackets += _streams[least].Packets;
        _streams[least].GoesStraight = false;
        Array.Copy(_streams, least + 1, _streams, least, _count - least - 1);
        _streams[--_count] = null!;
        _counters.Increment(StreamCounter.StreamsEvicted);
        return true;
    }

    private RtpOutcome AddOther(in RtpPacketView packet)
    {
        switch (MediaClassifier.Classify(packet.Payload))
        {
            case MediaPacketKind.Rtcp:
                _counters.Increment(StreamCounter.RtcpMuxed);
                Rtcp?.Add(packet.At, Source, Destination, packet.Payload);
                return RtpOutcome.Rtcp;
            case MediaPacketKind.Rtp:
                _counters.Increment(StreamCounter.RtpMalformed);
                break;
            case MediaPacketKind.Stun:
                _counters.Increment(StreamCounter.Stun);
                break;
            case MediaPacketKind.Dtls:
                _counters.Increment(StreamCounter.Dtls);
                break;
            case MediaPacketKind.Zrtp:
                _counters.Increment(StreamCounter.Zrtp);
                break;
            case MediaPacketKind.TurnChannel:
                _counters.Increment(StreamCounter.TurnChannel);
                break;
            default:
                _counters.Increment(StreamCounter.Unknown);
                break;
        }

        return RtpOutcome.NotRtp;
    }
}
