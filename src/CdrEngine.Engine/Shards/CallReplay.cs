using CdrEngine.Core;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Sip;
using CdrEngine.Protocols.Tcp;

namespace CdrEngine.Engine.Shards;

/// <summary>Tells a call's logged SIP to its actor once more.</summary>
internal sealed class CallReplay(CallActor actor, long without) : ISipMessageSink
{
    private readonly PacketDecoder _decoder = new();
    private readonly SipStreamReassembler _streams = new(TcpLimits.Default);

    public void Run(PacketGather packets)
    {
        while (packets.MoveNext())
        {
            CapturedPacket packet = packets.Current;
            if (packet.Sequence == without) continue;
            switch (_decoder.Decode(packet, out DecodedPacket decoded))
            {
                case DecodeOutcome.Udp when SipParser.LooksLikeSip(decoded.Payload):
                    Tell(decoded.Payload, packet.CapturedAt, decoded.Source, decoded.Destination, Transport.Udp, packet.IsTruncated);
                    break;
                case DecodeOutcome.Tcp:
                    _streams.Add(decoded, packet, this);
                    break;
            }
        }
    }

    void ISipMessageSink.OnMessage(in TransportedMessage message) =>
        Tell(message.Bytes, message.CompletedAt, message.Source, message.Destination, message.Transport, truncated: false);

    private void Tell(ReadOnlySpan<byte> bytes, Timestamp at, Endpoint source, Endpoint destination, Transport transport, bool truncated) =>
        actor.Fold(new SipArrival
        {
            Bytes = bytes.ToArray(),
            At = at,
            Source = source,
            Destination = destination,
            Transport = transport,
            CaptureSource = "",
            IsTruncated = truncated,
        });
}
