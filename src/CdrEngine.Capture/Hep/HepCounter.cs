using System.ComponentModel;

namespace CdrEngine.Capture.Hep;

/// <summary>What is counted of a HEP listener.</summary>
public enum HepCounter : byte
{
    /// <summary>Messages.</summary>
    [Description("HEP messages received")]
    Messages,

    /// <summary>SIP.</summary>
    [Description("HEP messages with SIP, taken as packets")]
    Sip,

    /// <summary>Media.</summary>
    [Description("HEP messages with RTP or binary RTCP, taken as packets")]
    Media,

    /// <summary>Reports in JSON.</summary>
    [Description("HEP messages with RTCP as JSON that is malformed or holds no report, not used")]
    RtcpJson,

    /// <summary>Logs.</summary>
    [Description("HEP messages with log lines, taken as packets")]
    Logs,

    /// <summary>Others.</summary>
    [Description("HEP messages with other payload, not used")]
    Others,

    /// <summary>Wrong key.</summary>
    [Description("HEP messages without the key set (hep.auth-key), refused")]
    WrongKey,

    /// <summary>Clock doubted.</summary>
    [Description("HEP messages whose time is further off ours than hep.max-skew; the time of arrival was taken")]
    ClockDoubted,

    /// <summary>Too long.</summary>
    [Description("HEP messages whose payload no datagram can hold, refused")]
    TooLong,

    /// <summary>Cut datagrams.</summary>
    [Description("HEP datagrams that end before their message does")]
    CutDatagrams,

    /// <summary>Lost by the kernel.</summary>
    [Description("HEP datagrams the kernel dropped because the socket's buffer was full (hep.receive-buffer)")]
    KernelDropped,

    /// <summary>Connections.</summary>
    [Description("TCP connections of HEP agents")]
    Connections,

    /// <summary>Connections refused.</summary>
    [Description("TCP connections of HEP agents refused: there were hep.max-connections, or no descriptor was left")]
    ConnectionsRefused,

    /// <summary>Connections ended.</summary>
    [Description("TCP connections of HEP agents closed because what came was no HEP")]
    ConnectionsBroken,

    /// <summary>Agents without a name of their own.</summary>
    [Description("HEP messages shown under the listener's name because there were too many capture ids")]
    AgentLimit,

    /// <summary>Reports in JSON that became packets.</summary>
    [Description("HEP messages with RTCP reports as JSON, taken as packets")]
    RtcpReports,
}
