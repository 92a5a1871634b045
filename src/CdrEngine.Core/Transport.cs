namespace CdrEngine.Core;

/// <summary>How SIP travelled (RFC 3261 18, RFC 7118, RFC 4168).</summary>
public enum Transport : byte
{
    /// <summary>UDP.</summary>
    Udp = 0,

    /// <summary>TCP.</summary>
    Tcp = 1,

    /// <summary>TLS over TCP, decrypted.</summary>
    Tls = 2,

    /// <summary>SCTP.</summary>
    Sctp = 3,

    /// <summary>WebSocket.</summary>
    Ws = 4,

    /// <summary>WebSocket over TLS, decrypted.</summary>
    Wss = 5,
}

/// <summary>IP protocol numbers that the engine knows (IANA).</summary>
public enum IpProtocol : byte
{
    /// <summary>Not an IP datagram.</summary>
    None = 0,

    /// <summary>ICMP.</summary>
    Icmp = 1,

    /// <summary>IPv4 in IP.</summary>
    IPv4 = 4,

    /// <summary>TCP.</summary>
    Tcp = 6,

    /// <summary>UDP.</summary>
    Udp = 17,

    /// <summary>IPv6 in IP.</summary>
    IPv6 = 41,

    /// <summary>GRE.</summary>
    Gre = 47,

    /// <summary>ICMPv6.</summary>
    IcmpV6 = 58,

    /// <summary>SCTP.</summary>
    Sctp = 132,
}
