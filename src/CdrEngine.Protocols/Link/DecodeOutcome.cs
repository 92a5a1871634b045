namespace CdrEngine.Protocols.Link;

/// <summary>What one captured packet turned out to be.</summary>
public enum DecodeOutcome : byte
{
    /// <summary>A whole UDP datagram (perhaps cut by the snap length, see <see cref="DecodedPacket.IsTruncated"/>).</summary>
    Udp,

    /// <summary>A TCP segment.</summary>
    Tcp,

    /// <summary>An SCTP packet.</summary>
    Sctp,

    /// <summary>A fragment, held until its datagram is complete or too old. Nothing was decoded.</summary>
    HeldFragment,

    /// <summary>The same packet seen twice by the mirror. Never given by the decoder; for those who ask <see cref="Ip.MirrorFilter"/>.</summary>
    MirrorDuplicate,

    /// <summary>Whole, but nothing that carries SIP or media: ARP, ICMP, ESP, an unknown protocol. Counted by name.</summary>
    Ignored,

    /// <summary>Against the rules of its protocol, or cut before its headers end. Counted by name.</summary>
    Malformed,
}
