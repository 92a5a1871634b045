using CdrEngine.Core;

namespace CdrEngine.Protocols.Hep;

/// <summary>What a HEP message carries (chunk 0x000b of HEPv3; versions 1 and 2 carry SIP only).</summary>
public enum HepPayloadType : byte
{
    /// <summary>Not told.</summary>
    None = 0,

    /// <summary>A SIP message.</summary>
    Sip = 1,

    /// <summary>An RTP packet.</summary>
    Rtp = 4,

    /// <summary>An RTCP packet, or a report in JSON made of one.</summary>
    Rtcp = 5,

    /// <summary>A line of a log.</summary>
    Log = 100,
}

/// <summary>Why bytes are no HEP message of ours.</summary>
public enum HepRejection : byte
{
    /// <summary>Neither HEPv3 nor version 1 or 2.</summary>
    [System.ComponentModel.Description("HEP datagrams or streams that begin with no known version")]
    UnknownVersion,

    /// <summary>The length does not fit.</summary>
    [System.ComponentModel.Description("HEP messages whose total length is shorter than its header or longer than the datagram")]
    BadLength,

    /// <summary>A chunk does not fit.</summary>
    [System.ComponentModel.Description("HEP messages with a chunk that does not fit into the message or has the wrong size")]
    BadChunk,

    /// <summary>No addresses.</summary>
    [System.ComponentModel.Description("HEP messages without both addresses and ports of what they carry")]
    NoAddresses,

    /// <summary>No payload.</summary>
    [System.ComponentModel.Description("HEP messages without payload")]
    NoPayload,

    /// <summary>Compressed.</summary>
    [System.ComponentModel.Description("HEP messages with compressed payload, which is refused: set the agent to send it plain")]
    Compressed,
}

/// <summary>One HEP message: a packet that an agent saw elsewhere, with its addresses and time. Spans are borrowed from the bytes read.</summary>
public readonly ref struct HepMessage
{
    /// <summary>1, 2 or 3.</summary>
    public int Version { get; init; }

    /// <summary>Protocol number of the transport, as in the IP header: 17 UDP, 6 TCP, 132 SCTP; 0 where it is not told.</summary>
    public byte Protocol { get; init; }

    /// <summary>What <see cref="Payload"/> is.</summary>
    public HepPayloadType PayloadType { get; init; }

    /// <summary>Where the packet came from.</summary>
    public Endpoint Source { get; init; }

    /// <summary>Where it went.</summary>
    public Endpoint Destination { get; init; }

    /// <summary>When the agent saw it, by the agent's clock; null where it is not told (version 1).</summary>
    public Timestamp? At { get; init; }

    /// <summary>Number of the agent as it was set there; 0 where it is not told.</summary>
    public uint CaptureId { get; init; }

    /// <summary>The key by which agents show that they may send (chunk 0x000e); empty where there is none.</summary>
    public ReadOnlySpan<byte> AuthKey { get; init; }

    /// <summary>What ties the message to others (chunk 0x0011), for a log line the Call-ID of the call it tells of; empty where there is none.</summary>
    public ReadOnlySpan<byte> CorrelationId { get; init; }

    /// <summary>The packet's payload, without its IP and transport headers.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }
}
