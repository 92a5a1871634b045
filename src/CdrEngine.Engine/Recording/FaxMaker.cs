using CdrEngine.Calls;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Media.Fax;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Rtp;
using CdrEngine.Protocols.Sctp;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Engine.Recording;

/// <summary>Makes the pages of a fax by T.38 from the packets of its call. Depends on the packets and the record only.</summary>
/// <param name="call">Rules of the call's machine, as of the engine that made the record.</param>
/// <param name="policy">What holds for recordings holds for faxes too: where none may be made, no page is shown. Null allows all.</param>
/// <param name="limits">Bounds; null for the defaults.</param>
public sealed class FaxMaker(CallOptions call, IRecordingPolicy? policy = null, FaxLimits? limits = null) : IFaxMaker
{
    /// <inheritdoc />
    public FaxOutcome Make(CallRecord record, ICallPackets packets, FaxForm form, Stream output, CancellationToken stop = default)
    {
        FaxCollector fax = Read(record, packets, stop, out string? reason);
        if (fax.Pages.Count == 0) return new FaxOutcome { Reason = reason ?? fax.Reason ?? "no_pages" };
        if (form == FaxForm.Pdf) FaxPdf.Write(fax.Pages, output);
        else FaxTiff.Write(fax.Pages, output);
        return new FaxOutcome { Pages = fax.Pages.Count, DamagedRows = fax.Pages.Sum(static page => page.DamagedRows), Reason = fax.Reason };
    }

    /// <summary>The pages of a call.</summary>
    /// <param name="record">Its record.</param>
    /// <param name="packets">Its packets.</param>
    /// <param name="stop">Gives up.</param>
    public IReadOnlyList<FaxPage> Pages(CallRecord record, ICallPackets packets, CancellationToken stop = default) => Read(record, packets, stop, out _).Pages;

    private FaxCollector Read(CallRecord record, ICallPackets packets, CancellationToken stop, out string? reason)
    {
        var collector = new FaxCollector(limits ?? new FaxLimits());
        reason = record.Fax is null ? "no_fax" : policy?.For(record).Policy == RecordingPolicy.Never ? RecordingWorkshop.PolicyReason : null;
        if (reason is not null) return collector;

        // The signalling alone first: a machine may speak before the description that names its port was seen.
        var signalling = new Reader(record, call, whole: null, collector: null, stop);
        packets.Visit(record.Id, PacketKinds.Signalling, signalling);
        if (!packets.Visit(record.Id, PacketKinds.All, new Reader(record, call, signalling.Machine, collector, stop))) reason = "no_packets";
        collector.Complete();
        return collector;
    }

    private sealed class Reader : ICapturedPacketVisitor, ISipMessageSink
    {
        private const int MaxFlows = 64;

        private readonly CallRecord _record;
        private readonly CallMachine? _whole;
        private readonly CancellationToken _stop;
        private readonly PacketDecoder _decoder = new();
        private readonly SipStreamReassembler _streams = new(TcpLimits.Default);
        private readonly SctpReassembler _sctp = new(SctpLimits.Default);
        private readonly SipMessage _message = new(new SipLimits { MaxMessageBytes = TcpLimits.Default.MessageBytes });
        private readonly CallEffects _effects = new();
        private readonly Dictionary<(Endpoint Source, Endpoint Destination), RtpFlow> _flows = [];
        private readonly StreamLimits _streamLimits = new();
        private readonly Counters<StreamCounter> _counters = new();
        private readonly T38Meter? _meter;

        public Reader(CallRecord record, CallOptions call, CallMachine? whole, FaxCollector? collector, CancellationToken stop)
        {
            _record = record;
            _whole = whole;
            _stop = stop;
            _meter = collector is null ? null : new T38Meter { Listener = collector };
            Machine = new CallMachine(call, new Counters<CallCounter>());
        }

        public CallMachine Machine { get; }

        public bool Visit(in CapturedPacket packet)
        {
            _stop.ThrowIfCancellationRequested();
            switch (_decoder.Decode(packet, out DecodedPacket decoded))
            {
                case DecodeOutcome.Udp when SipParser.LooksLikeSip(decoded.Payload):
                    OnSip(decoded.Payload, packet.CapturedAt, decoded.Source, decoded.Destination, Transport.Udp);
                    break;
                case DecodeOutcome.Udp when _meter is not null && !decoded.IsTruncated:
                    OnMedia(decoded, packet.CapturedAt);
                    break;
                case DecodeOutcome.Tcp:
                    _streams.Add(decoded, packet, this);
                    break;
                case DecodeOutcome.Sctp:
                    _sctp.Add(decoded, packet, this);
                    break;
            }

            return true;
        }

        public void OnMessage(in TransportedMessage message) =>
            OnSip(message.Bytes, message.CompletedAt, message.Source, message.Destination, message.Transport);

        private void OnSip(ReadOnlySpan<byte> bytes, Timestamp at, Endpoint source, Endpoint destination, Transport transport)
        {
            if (SipParser.TryRead(bytes.ToArray(), _message, out _, out _) != ParseOutcome.Message) return;
            if (CallIdText.Of(_message.CallId) != _record.SipCallId) return;
            Machine.Apply(_message, new MessageContext(at, source, destination, transport, _record.CaptureSource), _effects);
            if (!_effects.MediaChanged) return;
            foreach (RtpFlow flow in _flows.Values) Place(flow);
        }

        private void OnMedia(in DecodedPacket decoded, Timestamp at)
        {
            if (!_flows.TryGetValue((decoded.Source, decoded.Destination), out RtpFlow? flow))
            {
                if (_flows.Count >= MaxFlows) return;
                flow = new RtpFlow(decoded.Source, decoded.Destination, PayloadTypeMap.Static, _streamLimits, _counters);
                _flows.Add((decoded.Source, decoded.Destination), flow);
                Place(flow);
            }

            flow.Add(new RtpPacketView { At = at, Payload = decoded.Payload });
        }

        // As the engine does it: what was once fax stays so, and what belongs to a stream of sound is sound.
        private void Place(RtpFlow flow)
        {
            MediaMatch match = Machine.MatchMedia(flow.Source, flow.Destination);
            if (match.From == PartySide.Unknown && _whole is not null) match = _whole.MatchMedia(flow.Source, flow.Destination);
            flow.From = match.From;
            if ((match.Receiver is { IsT38: true } ? match.Receiver : match.Sender) is not { IsT38: true } fax) return;
            flow.Fax = _meter;
            _meter!.Version = fax.T38Version;
        }
    }
}
