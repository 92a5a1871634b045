using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Calls.Masking;

/// <summary>Shows packets on with their digits written over: the same packets, lengths, times and order, with checksums that hold.</summary>
/// <remarks>
/// <para>Telephone events get code 255, digits in SIP bodies an X each, muted sound the codec's silence. A packet of UDP is dealt with on the
/// spot. A message over TCP or SCTP may need several, of which the last tells what the first held: from the first of them on packets wait here
/// (<see cref="HeldPackets"/> of them, <see cref="HeldTime"/> of packet time at most), so <see cref="Complete"/> is to be called at the end.</para>
/// <para>Left out, and counted, is what cannot be written over in place: IP fragments and WebSocket frames with digits, and tunnelled datagrams
/// without a checksum of their own. Encrypted signalling shows no digits and is shown as it is.</para>
/// </remarks>
public sealed partial class MaskingVisitor : ICapturedPacketVisitor, ISipMessageSink
{
    /// <summary>Packets that may wait.</summary>
    public const int HeldPackets = 1024;

    /// <summary>Bytes that may wait.</summary>
    public const int HeldBytes = 4 << 20;

    /// <summary>Code of a masked event: none that RFC 4733 or its registry names.</summary>
    public const byte HiddenEvent = 255;

    private const int UdpHeaderBytes = 8;
    private const byte LastDigitEvent = 15;

    /// <summary>Packet time that a packet may wait.</summary>
    public static readonly TimeSpan HeldTime = TimeSpan.FromSeconds(5);

    private readonly ICapturedPacketVisitor _next;
    private readonly MaskingPlan _plan;
    private readonly PacketDecoder _decoder = new();
    private readonly SipStreamReassembler _streams = new(TcpLimits.Default);
    private readonly SctpReassembler _associations = new(SctpLimits.Default);
    private readonly SipMessage _message = new(new SipLimits { MaxMessageBytes = TcpLimits.Default.MessageBytes });
    private readonly List<(int Start, int Length)> _places = [];
    private readonly Queue<HeldPacket> _held = new();
    private byte[] _scratch = [];
    private long _number;
    private long _heldBytes;
    private bool _isStopped;

    /// <summary>A visitor before <paramref name="next"/>.</summary>
    /// <param name="next">Is shown the packets.</param>
    /// <param name="plan">What is known of them.</param>
    public MaskingVisitor(ICapturedPacketVisitor next, MaskingPlan plan)
    {
        _next = next;
        _plan = plan;
    }

    /// <summary>What was done.</summary>
    public Counters<MaskingCounter> Counters { get; } = new();

    /// <inheritdoc />
    public bool Visit(in CapturedPacket packet)
    {
        if (_isStopped) return false;
        if (_plan.Mask == DtmfMask.None) return Show(packet);

        // Numbered anew, so that a message can tell its packets whatever their source numbered.
        CapturedPacket numbered = Numbered(packet, ++_number);
        long tunnels = Tunnels();
        DecodeOutcome outcome = _decoder.Decode(numbered, out DecodedPacket decoded);
        bool isTunnelled = Tunnels() != tunnels;
        switch (outcome)
        {
            case DecodeOutcome.Udp when decoded.Fragments is null:
                return VisitDatagram(packet, decoded, isTunnelled);
            case DecodeOutcome.Udp:
                VisitFragmented(packet, decoded);
                break;
            case DecodeOutcome.Tcp:
                VisitSegment(packet, numbered, decoded);
                break;
            case DecodeOutcome.Sctp:
                VisitSctp(packet, numbered, decoded);
                break;
            case DecodeOutcome.HeldFragment:
                Hold(new HeldPacket(packet));
                break;
            default:
                return Pass(packet);
        }

        return Release(packet.CapturedAt, all: false);
    }

    /// <summary>Shows what still waits; to be called after the last packet. False where the visitor behind has had enough.</summary>
    public bool Complete() => Release(Timestamp.MaxValue, all: true);

    private static CapturedPacket Numbered(in CapturedPacket packet, long number) => new()
    {
        CapturedAt = packet.CapturedAt,
        NanosecondRemainder = packet.NanosecondRemainder,
        LinkType = packet.LinkType,
        InterfaceId = packet.InterfaceId,
        Sequence = number,
        OriginalLength = packet.OriginalLength,
        Bytes = packet.Bytes,
    };

    private long Tunnels()
    {
        Counters<DecodeCounter> counters = _decoder.Counters;
        return counters[DecodeCounter.Vxlan] + counters[DecodeCounter.Geneve] + counters[DecodeCounter.Tzsp] + counters[DecodeCounter.GtpU]
            + counters[DecodeCounter.Gre] + counters[DecodeCounter.Erspan];
    }

    // ---- UDP ---------------------------------------------------------------------------------------------------------------

    private bool VisitDatagram(in CapturedPacket packet, in DecodedPacket decoded, bool isTunnelled)
    {
        _places.Clear();
        if (FindDigits(decoded, packet.CapturedAt, out byte fill, out MaskingCounter kind) && packet.Bytes.Overlaps(decoded.Payload, out int payloadAt))
        {
            if (isTunnelled && decoded.TransportChecksum == 0)
            {
                if (_held.Count > 0) Hold(new HeldPacket(packet) { IsLeftOut = true });
                else Counters.Increment(MaskingCounter.LeftOut);
                return true;
            }

            Span<byte> copy = Copy(packet.Bytes);
            int headerAt = payloadAt - UdpHeaderBytes;
            foreach ((int start, int length) in _places)
                FrameEditor.Fill(copy, headerAt, headerAt + 6, isUdp: true, payloadAt + start, length, fill);
            Counters.Increment(kind);
            return Pass(new CapturedPacket
            {
                CapturedAt = packet.CapturedAt,
                NanosecondRemainder = packet.NanosecondRemainder,
                LinkType = packet.LinkType,
                InterfaceId = packet.InterfaceId,
                Sequence = packet.Sequence,
                OriginalLength = packet.OriginalLength,
                Bytes = copy,
            });
        }

        return Pass(packet);
    }

    private void VisitFragmented(in CapturedPacket packet, in DecodedPacket decoded)
    {
        _places.Clear();
        bool hasDigits = FindDigits(decoded, packet.CapturedAt, out _, out _);
        var last = new HeldPacket(packet);
        Hold(last);
        if (!hasDigits) return;
        last.IsLeftOut = true;
        foreach (CapturedPacket fragment in decoded.Fragments!) LeaveOut(fragment.Sequence);
    }

    /// <summary>Places within the UDP payload that are to be written over; false where there are none.</summary>
    private bool FindDigits(in DecodedPacket decoded, Timestamp at, out byte fill, out MaskingCounter kind)
    {
        ReadOnlySpan<byte> payload = decoded.Payload;
        fill = SipDigits.Hidden;
        kind = MaskingCounter.Signalling;
        if (SipParser.LooksLikeSip(payload))
        {
            if (SipParser.TryReadCopy(payload, _message, out _, out _) == ParseOutcome.Message) SipDigits.Find(_message, _places);
            else SipDigits.FindRaw(payload, _places);
            return _places.Count > 0;
        }

        if (RtpHeader.TryRead(payload, decoded.IsTruncated, out RtpHeader header, out _) != ParseOutcome.Message) return false;
        MaskingPlan.StreamPlan? stream = _plan.StreamOf(header.Ssrc, decoded.Source, decoded.Destination);
        MaskingPlan.PayloadUse use = stream?[header.PayloadType] ?? MaskingPlan.PayloadUse.Unknown;
        fill = HiddenEvent;
        kind = MaskingCounter.Events;
        switch (use)
        {
            case MaskingPlan.PayloadUse.Event:
                FindEvents(header.Payload, header.HeaderBytes, isSure: true);
                break;
            case MaskingPlan.PayloadUse.Redundant:
                FindRedundant(header.Payload, header.HeaderBytes, stream!);
                break;
            case MaskingPlan.PayloadUse.Unknown when RtpHeuristics.LooksLikeTelephoneEvent(header.Payload):
                FindEvents(header.Payload, header.HeaderBytes, isSure: false);
                break;
            case MaskingPlan.PayloadUse.MuLaw or MaskingPlan.PayloadUse.ALaw when _plan.IsMuted(stream!.From, at) && !header.Payload.IsEmpty:
                fill = (byte)(use == MaskingPlan.PayloadUse.MuLaw ? 0xFF : 0xD5);
                kind = MaskingCounter.Sound;
                _places.Add((header.HeaderBytes, header.Payload.Length));
                break;
        }

        return _places.Count > 0;
    }

    /// <summary>Events of four octets each (RFC 4733 2.3): the first is the code.</summary>
    private void FindEvents(ReadOnlySpan<byte> payload, int offset, bool isSure)
    {
        for (int at = 0; at < payload.Length; at += 4)
        {
            bool isDigit = payload[at] <= LastDigitEvent || (isSure && _plan.IsEncrypted);
            if (isDigit) _places.Add((offset + at, 1));
        }
    }

    /// <summary>Blocks of RFC 2198: headers of four octets, the last of one, then the blocks in their order.</summary>
    private void FindRedundant(ReadOnlySpan<byte> payload, int offset, MaskingPlan.StreamPlan stream)
    {
        int headers = 0;
        while (headers < payload.Length && (payload[headers] & 0x80) != 0) headers += 4;
        int data = headers + 1;
        for (int at = 0; at <= headers && data < payload.Length; at += 4)
        {
            bool isLast = at == headers;
            int length = isLast ? payload.Length - data : ((payload[at + 2] & 0x03) << 8) | payload[at + 3];
            length = Math.Min(length, payload.Length - data);
            ReadOnlySpan<byte> block = payload.Slice(data, length);
            MaskingPlan.PayloadUse use = stream[payload[at] & 0x7F];
            bool isEvent = use == MaskingPlan.PayloadUse.Event || (use == MaskingPlan.PayloadUse.Unknown && RtpHeuristics.LooksLikeTelephoneEvent(block));
            if (isEvent) FindEvents(block, offset + data, isSure: true);
            data += length;
        }
    }

    // ---- in order --------------------------------------------------------------------------------------------------------

    private Span<byte> Copy(ReadOnlySpan<byte> bytes)
    {
        if (_scratch.Length < bytes.Length) _scratch = new byte[Math.Max(bytes.Length, 2048)];
        bytes.CopyTo(_scratch);
        return _scratch.AsSpan(0, bytes.Length);
    }

    private bool Pass(in CapturedPacket packet)
    {
        if (_held.Count == 0) return Show(packet);
        Hold(new HeldPacket(packet));
        return Release(packet.CapturedAt, all: false);
    }

    private bool Show(in CapturedPacket packet)
    {
        Counters.Increment(MaskingCounter.Packets);
        if (!_next.Visit(packet)) _isStopped = true;
        return !_isStopped;
    }

    private void Hold(HeldPacket packet)
    {
        _held.Enqueue(packet);
        _heldBytes += packet.Bytes.Length;
    }

    private bool Release(Timestamp now, bool all)
    {
        while (_held.TryPeek(out HeldPacket? first))
        {
            bool isDue = all || _held.Count > HeldPackets || _heldBytes > HeldBytes || now - first.At > HeldTime;
            if (!isDue) break;
            _held.Dequeue();
            _heldBytes -= first.Bytes.Length;
            if (!_isStopped) ShowHeld(first);
            first.Return();
        }

        return !_isStopped;
    }

    private void ShowHeld(HeldPacket packet)
    {
        if (packet.IsSegment && !packet.IsLeftOut) MaskRaw(packet);
        if (packet.IsLeftOut)
        {
            Counters.Increment(MaskingCounter.LeftOut);
            return;
        }

        if (packet.IsMasked) Counters.Increment(MaskingCounter.Signalling);
        Show(packet.ToPacket());
    }
}
