using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Transcripts;

/// <summary>The part of a call's packets and messages that belongs to one media session.</summary>
/// <remarks>M-lines that share their addresses (RFC 9143) share their packets too: each has all of them.</remarks>
public sealed class MediaSessionCut : ICallPackets
{
    private readonly ICallPackets _packets;
    private readonly int _index;
    private readonly HashSet<Endpoint> _announced = [];
    private readonly HashSet<(Endpoint, Endpoint)> _pairs = [];

    /// <summary>Cuts out what went between the addresses that the session announced, and on the address pairs its streams were seen on, RTCP
    /// included.</summary>
    /// <param name="packets">Packets of the call.</param>
    /// <param name="call">Its record.</param>
    /// <param name="session">One of its media sessions.</param>
    public MediaSessionCut(ICallPackets packets, CallRecord call, MediaSessionRecord session)
    {
        _packets = packets;
        _index = session.Index;
        Announce(session.Caller);
        Announce(session.Callee);
        Announce(session.CallerRtcp);
        Announce(session.CalleeRtcp);
        foreach (StreamRecord stream in MediaSessions.StreamsOf(call, session))
        {
            AddPair(stream.Source, stream.Destination);
            AddPair(Next(stream.Source), Next(stream.Destination));
        }
    }

    /// <summary>Shows the packets of the media session; those of signalling are never among them.</summary>
    public bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor)
    {
        if (!kinds.HasFlag(PacketKinds.Media)) return false;
        var filter = new Filter(this, visitor);
        return _packets.Visit(id, PacketKinds.Media, filter) && filter.Any;
    }

    /// <summary>True for a message that negotiates the session: its SDP has that m-line.</summary>
    public bool Negotiates(TranscriptMessage message)
    {
        var read = new SipMessage(new SipLimits { MaxMessageBytes = Math.Max(message.Bytes.Length, 1) });
        if (SipParser.TryRead(message.Bytes, read, out _, out _) != ParseOutcome.Message || read.SdpBody.IsEmpty) return false;
        var sdp = new SdpSession();
        return SdpParser.TryRead(read.SdpBody, sdp) && sdp.Media.Length > _index;
    }

    private static Endpoint Next(Endpoint endpoint) => endpoint with { Port = (ushort)(endpoint.Port + 1) };

    private void Announce(Endpoint? endpoint)
    {
        if (endpoint is not { Port: > 0 } announced || announced.Address.IsUnspecified) return;
        _announced.Add(announced);
    }

    // Either way round: RTCP and symmetric RTP go both ways.
    private void AddPair(Endpoint a, Endpoint b)
    {
        _pairs.Add((a, b));
        _pairs.Add((b, a));
    }

    private bool Takes(in DecodedPacket packet) =>
        _announced.Contains(packet.Source) || _announced.Contains(packet.Destination) || _pairs.Contains((packet.Source, packet.Destination));

    private sealed class Filter(MediaSessionCut cut, ICapturedPacketVisitor visitor) : ICapturedPacketVisitor
    {
        private readonly PacketDecoder _decoder = new();

        public bool Any { get; private set; }

        public bool Visit(in CapturedPacket packet)
        {
            if (_decoder.Decode(packet, out DecodedPacket decoded) is not (DecodeOutcome.Udp or DecodeOutcome.Tcp) || !cut.Takes(decoded)) return true;

            // The fragments before the one that told the ports.
            if (decoded.Fragments is { } fragments)
            {
                foreach (CapturedPacket fragment in fragments)
                {
                    if (!visitor.Visit(fragment)) return false;
                }
            }

            Any = true;
            return visitor.Visit(packet);
        }
    }
}
