using CdrEngine.Calls;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Engine.Recording;

/// <summary>Takes the media of a call as it is read back.</summary>
internal interface IReplayedMedia
{
    /// <summary>One RTP packet of a side; false to stop.</summary>
    bool OnRtp(in RtpHeader rtp, MediaFlow flow, ReadOnlySpan<byte> datagram, Timestamp at);
}

/// <summary>Reads a call's packets once more: SIP through a fresh machine, so that every RTP packet is understood as at its time.</summary>
/// <remarks>Without anyone to take the media, only the signalling is read, and keys are foreseen.</remarks>
internal sealed class CallPacketReplay : ICapturedPacketVisitor, ISipMessageSink
{
    private readonly CallRecord _record;
    private readonly IReplayedMedia? _media;
    private readonly FlowBook _flows;
    private readonly FlowShortcuts _shortcuts = new();
    private readonly IMediaDecryptor? _decryptor;
    private readonly CancellationToken _stop;
    private readonly PacketDecoder _decoder = new();
    private readonly SipStreamReassembler _streams = new(TcpLimits.Default);
    private readonly SctpReassembler _sctp = new(SctpLimits.Default);
    private readonly SipMessage _message = new(new SipLimits { MaxMessageBytes = TcpLimits.Default.MessageBytes });
    private readonly SdpSession _sdp = new();
    private readonly CallEffects _effects = new();

    public CallPacketReplay(
        CallRecord record, CallRecorderOptions options, CallMachine? whole, IReplayedMedia? media, IMediaDecryptor? decryptor, CancellationToken stop)
    {
        _record = record;
        _media = media;
        _decryptor = decryptor;
        _stop = stop;
        _flows = new FlowBook(record, whole, options.FlowsPerCall);
        Machine = new CallMachine(options.Call, new Counters<CallCounter>());
    }

    /// <summary>The machine, as far as the packets went.</summary>
    public CallMachine Machine { get; }

    /// <inheritdoc />
    public bool Visit(in CapturedPacket packet)
    {
        _stop.ThrowIfCancellationRequested();
        RtpGlance glance = default;
        bool isPlain = _media is not null && _decoder.TryGlance(packet, out glance);
        if (isPlain && _shortcuts.Find(packet.Bytes, glance) is { } known)
            return OnRtp(packet.Bytes.Slice(glance.RtpOffset, glance.RtpBytes), isTruncated: false, known, packet.CapturedAt);
        switch (_decoder.Decode(packet, out DecodedPacket decoded))
        {
            case DecodeOutcome.Udp when SipParser.LooksLikeSip(decoded.Payload):
                OnSip(decoded.Payload, packet.CapturedAt, decoded.Source, decoded.Destination, Transport.Udp);
                return true;
            case DecodeOutcome.Udp:
                MediaFlow? flow = OnMedia(decoded, packet.CapturedAt, out bool goesOn);
                if (isPlain && flow is not null) _shortcuts.Add(packet.Bytes, glance, flow);
                return goesOn;
            case DecodeOutcome.Tcp:
                _streams.Add(decoded, packet, this);
                return true;
            case DecodeOutcome.Sctp:
                _sctp.Add(decoded, packet, this);
                return true;
            default:
                return true;
        }
    }

    /// <inheritdoc />
    public void OnMessage(in TransportedMessage message) =>
        OnSip(message.Bytes, message.CompletedAt, message.Source, message.Destination, message.Transport);

    private void OnSip(ReadOnlySpan<byte> bytes, Timestamp at, Endpoint source, Endpoint destination, Transport transport)
    {
        if (SipParser.TryRead(bytes.ToArray(), _message, out _, out _) != ParseOutcome.Message) return;
        if (CallIdText.Of(_message.CallId) != _record.SipCallId) return;
        Machine.Apply(_message, new MessageContext(at, source, destination, transport, _record.CaptureSource), _effects);
        if (!_effects.MediaChanged) return;
        _flows.Changed(Machine);
        if (_decryptor is null) return;
        PartySide side = _effects.Media[0].Side;
        if (!SdpParser.TryRead(_message.SdpBody, _sdp)) return;
        if (_media is null) _decryptor.Foresee(side, _sdp);
        else _decryptor.Learn(side, _sdp);
    }

    // Gives the flow of an RTP packet; null for what is none.
    private MediaFlow? OnMedia(in DecodedPacket decoded, Timestamp at, out bool goesOn)
    {
        goesOn = true;
        if (_media is null) return null;
        MediaPacketKind kind = MediaClassifier.Classify(decoded.Payload);
        if (kind is not (MediaPacketKind.Rtp or MediaPacketKind.Dtls)) return null;
        MediaFlow? flow = _flows.Find(decoded.Source, decoded.Destination, Machine);
        if (flow is null) return null;
        if (kind == MediaPacketKind.Rtp)
        {
            goesOn = OnRtp(decoded.Payload, decoded.IsTruncated, flow, at);
            return flow;
        }

        if (IsVoice(flow)) _decryptor?.Observe(flow.Side, flow.MediaIndex, decoded.Payload);
        return null;
    }

    private bool OnRtp(ReadOnlySpan<byte> datagram, bool isTruncated, MediaFlow flow, Timestamp at) =>
        !IsVoice(flow)
        || RtpHeader.TryRead(datagram, isTruncated, out RtpHeader rtp, out _) != ParseOutcome.Message
        || _media!.OnRtp(rtp, flow, datagram, at);

    private static bool IsVoice(MediaFlow flow) => flow is { IsAudio: true, Side: PartySide.Caller or PartySide.Callee };
}
