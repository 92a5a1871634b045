using System.ComponentModel;

namespace CdrEngine.Protocols.Sdp;

/// <summary>Media types of an m-line (RFC 8866 8.2.2).</summary>
public enum SdpMediaType : byte
{
    /// <summary>Any other; see <see cref="SdpMedia.TypeText"/>.</summary>
    Other = 0,

    /// <summary>audio.</summary>
    Audio = 1,

    /// <summary>video.</summary>
    Video = 2,

    /// <summary>image: T.38 fax.</summary>
    Image = 3,

    /// <summary>text: T.140.</summary>
    Text = 4,

    /// <summary>application: data channels, BFCP, …</summary>
    Application = 5,

    /// <summary>message: MSRP.</summary>
    Message = 6,
}

/// <summary>Direction of a media session as its sender sees it (RFC 3264 5.1, RFC 8866 6.7).</summary>
public enum SdpDirection : byte
{
    /// <summary>sendrecv, also where nothing is written.</summary>
    SendRecv = 0,

    /// <summary>sendonly.</summary>
    SendOnly = 1,

    /// <summary>recvonly.</summary>
    RecvOnly = 2,

    /// <summary>inactive.</summary>
    Inactive = 3,
}

/// <summary>Role in the DTLS set-up (RFC 4145 4).</summary>
public enum SdpSetup : byte
{
    /// <summary>Not written.</summary>
    None = 0,

    /// <summary>active.</summary>
    Active = 1,

    /// <summary>passive.</summary>
    Passive = 2,

    /// <summary>actpass.</summary>
    ActPass = 3,

    /// <summary>holdconn.</summary>
    HoldConn = 4,
}

/// <summary>Kinds of ICE candidates (RFC 8839 5.1).</summary>
public enum SdpCandidateType : byte
{
    /// <summary>host.</summary>
    Host = 0,

    /// <summary>srflx: server reflexive.</summary>
    ServerReflexive = 1,

    /// <summary>prflx: peer reflexive.</summary>
    PeerReflexive = 2,

    /// <summary>relay.</summary>
    Relay = 3,
}

/// <summary>Why bytes are no SDP. Counted per reason by the caller (the values are 0..n-1).</summary>
public enum SdpRejection
{
    /// <summary>Not refused.</summary>
    [Description("descriptions read")]
    None = 0,

    /// <summary>No bytes.</summary>
    [Description("empty description")]
    Empty = 1,

    /// <summary>Neither a <c>v=</c> line in front nor an <c>m=</c> line anywhere.</summary>
    [Description("neither v= nor m= line")]
    NotSdp = 2,

    /// <summary>Longer than <see cref="SdpLimits.MaxBytes"/>.</summary>
    [Description("description longer than the limit")]
    TooLong = 3,
}
