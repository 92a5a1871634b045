using CdrEngine.Calls.Records;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Engine.Recording;

/// <summary>Opens the encrypted media of one call. One object for one reading of its packets, told all in order of capture.</summary>
public interface IMediaDecryptor
{
    /// <summary>Takes note of keys that will be announced: what is sent before the description with its keys is seen can be opened too. Called for all
    /// descriptions of the call before anything else.</summary>
    /// <param name="side">Who announces it.</param>
    /// <param name="sdp">The description; borrowed for the call.</param>
    void Foresee(PartySide side, SdpSession sdp);

    /// <summary>Learns the keys that a side announced (RFC 4568). Called for every description that is new.</summary>
    /// <param name="side">Who announced it, and so sends with these keys.</param>
    /// <param name="sdp">The description; borrowed for the call.</param>
    void Learn(PartySide side, SdpSession sdp);

    /// <summary>Takes what is no RTP on a flow of encrypted media, such as a DTLS handshake.</summary>
    /// <param name="side">Who sent it.</param>
    /// <param name="mediaIndex">Position of its m-line; -1 where unknown.</param>
    /// <param name="datagram">The datagram.</param>
    void Observe(PartySide side, int mediaIndex, ReadOnlySpan<byte> datagram);

    /// <summary>Opens one packet.</summary>
    /// <param name="side">Who sent it.</param>
    /// <param name="mediaIndex">Position of its m-line; -1 where unknown.</param>
    /// <param name="packet">The SRTP packet, header and all.</param>
    /// <param name="plain">Room for the RTP packet; as long as <paramref name="packet"/>, may not overlap it.</param>
    /// <param name="length">Bytes written.</param>
    /// <param name="reason">Why it stays shut, for example <c>srtp_no_key</c>; null where it is open.</param>
    bool TryDecrypt(PartySide side, int mediaIndex, ReadOnlySpan<byte> packet, Span<byte> plain, out int length, out string? reason);
}
