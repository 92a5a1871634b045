using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Negotiation;

/// <summary>What a call knows of a media packet by its addresses.</summary>
/// <param name="From">Which side sent it; unknown where neither address was announced.</param>
/// <param name="Receiver">The description that announced the destination; null where only the source was announced (a NAT hides the other).</param>
/// <param name="Sender">The sender's own description of the same m-line; null where it announced none.</param>
/// <param name="IsRtcp">True where the addresses are those announced for RTCP alone.</param>
public readonly record struct MediaMatch(PartySide From, MediaDescription? Receiver, MediaDescription? Sender, bool IsRtcp)
{
    /// <summary>True where the source alone was announced: second evidence, which what flows the other way may overrule.</summary>
    public bool IsBySource { get; init; }

    /// <summary>Position of the m-line; -1 where unknown.</summary>
    public int MediaIndex => (Receiver ?? Sender)?.Index ?? -1;

    /// <summary>What a payload type means in such a packet: by the receiver's numbering (RFC 3264 5.1, 6.1), else by the sender's, as where a
    /// sender answers with numbers of its own; null where neither lists it.</summary>
    public MediaFormat? FormatOf(int payloadType) => Receiver?.FormatOf(payloadType) ?? Sender?.FormatOf(payloadType);

    /// <summary>This match in the light of another pair of addresses of the call.</summary>
    /// <remarks>A host that nobody announced (the base station of a cordless phone, a phone that moved) may send straight to one side's announced
    /// address, and get the other side's voice from an anchor that keeps the address announced for it. The anchor's packets are then from an
    /// announced source and yet of the side that it does not belong to: the machine at the other end is known by what it sends, whose destination is
    /// the better evidence, and it does not hear itself. A relay is no such host: what it gets from one machine it sends to another.</remarks>
    /// <param name="source">Source of the packets of this match.</param>
    /// <param name="destination">Their destination.</param>
    /// <param name="other">Match of the other pair.</param>
    /// <param name="otherSource">Its source.</param>
    /// <param name="otherDestination">Its destination.</param>
    public MediaMatch Beside(Endpoint source, Endpoint destination, in MediaMatch other, Endpoint otherSource, Endpoint otherDestination)
    {
        bool isReturn = IsBySource && !other.IsBySource && other.From == From && other.MediaIndex == MediaIndex
            && otherSource == destination && otherDestination.Address == source.Address && otherDestination != source;
        if (!isReturn || From == PartySide.Unknown) return this;
        return new MediaMatch(From == PartySide.Caller ? PartySide.Callee : PartySide.Caller, Sender, Receiver, IsRtcp) { IsBySource = true };
    }
}
