using CdrEngine.Core;

namespace CdrEngine.Protocols.Tcp;

/// <summary>Takes the SIP messages that a stream transport carried, and the chunks of MSRP.</summary>
public interface ISipMessageSink
{
    /// <summary>One message. Its bytes and frames are borrowed until this returns; copy what must stay.</summary>
    void OnMessage(in TransportedMessage message);
}

/// <summary>One SIP message taken from TCP, WebSocket or SCTP, with the frames that carried it.</summary>
public readonly ref struct TransportedMessage
{
    /// <summary>The whole message: start line, headers, body. Keep-alives and WebSocket framing are not in it.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>True where it is no SIP message but one chunk or response of MSRP (RFC 4975).</summary>
    public bool IsMsrp { get; init; }

    /// <summary>What carried it: TCP, WebSocket or SCTP.</summary>
    public required Transport Transport { get; init; }

    /// <summary>Who sent it.</summary>
    public required Endpoint Source { get; init; }

    /// <summary>To whom.</summary>
    public required Endpoint Destination { get; init; }

    /// <summary>Capture time of the frame that let the receiver have the message: the last to arrive of those that bear its bytes or
    /// bytes before it in the stream (RFC 9293 3.4: TCP hands over in order). Bytes that the capture lost count for nothing.</summary>
    public required Timestamp CompletedAt { get; init; }

    /// <summary>All frames that bear bytes of the message, in capture order; IP fragments included. A frame that bears parts of two messages
    /// is given with both. Segments without payload (SYN, ACK, FIN) and repetitions are not kept.</summary>
    public required FrameBuffer Frames { get; init; }
}
