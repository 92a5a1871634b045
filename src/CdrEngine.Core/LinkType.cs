namespace CdrEngine.Core;

/// <summary>Link-layer header type of a captured packet (the registry at tcpdump.org, LINKTYPE_ values).</summary>
public enum LinkType : ushort
{
    /// <summary>BSD loopback: address family in the byte order of the capturing host.</summary>
    Null = 0,

    /// <summary>Ethernet.</summary>
    Ethernet = 1,

    /// <summary>PPP, perhaps with HDLC-like framing.</summary>
    Ppp = 9,

    /// <summary>PPP in HDLC-like framing (RFC 1662).</summary>
    PppHdlc = 50,

    /// <summary>PPPoE session packets, starting at the PPPoE header.</summary>
    PppEther = 51,

    /// <summary>Raw IP, as OpenBSD numbers it.</summary>
    RawOpenBsd = 14,

    /// <summary>Raw IP: starts at the IP header, version by its first nibble.</summary>
    Raw = 101,

    /// <summary>OpenBSD loopback: address family in network order.</summary>
    Loop = 108,

    /// <summary>Linux cooked capture, version 1.</summary>
    LinuxSll = 113,

    /// <summary>Raw IPv4.</summary>
    IPv4 = 228,

    /// <summary>Raw IPv6.</summary>
    IPv6 = 229,

    /// <summary>Linux cooked capture, version 2.</summary>
    LinuxSll2 = 276,
}
