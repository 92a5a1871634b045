using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Negotiation;

/// <summary>What a call knows of a media packet by its addresses.</summary>
/// <param name="From">Which side sent it; unknown where neither address was announced.</param>
/// <param name="Receiver">The description that announced the destination; null where only the source was announced (a NAT hides the other).</param>
/// <param name="Sender">The sender's own description of the same m-line; null where it announced none.</param>
/// <param name="IsRtcp">True where the addresses are those announced for RTCP alone.</param>
public readonly record struct MediaMatch(PartySide From, MediaDescription? Receiver, MediaDescription? Sender, bool IsRtcp)
{
    /// <summary>Position of the m-line; -1 where unknown.</summary>
    public int MediaIndex => (Receiver ?? Sender)?.Index ?? -1;

    /// <summary>What a payload type means in such a packet: by the receiver's numbering (RFC 3264 5.1, 6.1), else by the sender's, as where a
    /// sender answers with numbers of its own; null where neither lists it.</summary>
    public MediaFormat? FormatOf(int payloadType) => Receiver?.FormatOf(payloadType) ?? Sender?.FormatOf(payloadType);
}
