using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;

namespace CdrEngine.Calls.Streams;

/// <summary>Listens for digits in the sound of one stream.</summary>
/// <remarks>Asked on the packet's way: it may neither wait nor allocate for a packet without digits.</remarks>
public interface IDigitListener
{
    /// <summary>Takes one packet, in order of capture; copies made by the mirror are left out, all else is as on the wire.</summary>
    /// <param name="at">Capture time.</param>
    /// <param name="sequence">RTP sequence number.</param>
    /// <param name="timestamp">RTP timestamp.</param>
    /// <param name="format">G.711 of either law.</param>
    /// <param name="payload">RTP payload; borrowed.</param>
    void Add(Timestamp at, ushort sequence, uint timestamp, PayloadFormat format, ReadOnlySpan<byte> payload);

    /// <summary>Appends the digits found, in order; the list is read, not consumed. A digit still sounding is included with its length so far.</summary>
    /// <param name="digits">Where to.</param>
    /// <param name="from">Which side sent them.</param>
    void CopyTo(List<DtmfDigit> digits, PartySide from);
}
