namespace CdrEngine.PacketLog;

/// <summary>What a segment holds. Written to disk: values only ever grow.</summary>
public enum PacketKind : byte
{
    /// <summary>Packets that carried SIP.</summary>
    Sip = 0,

    /// <summary>RTP, RTCP and what else came on media ports.</summary>
    Rtp = 1,
}

/// <summary>Kinds to gather, a bit each: 1 shifted by the <see cref="PacketKind"/>.</summary>
[Flags]
public enum PacketKindSet
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Packets that carried SIP.</summary>
    Sip = 1 << PacketKind.Sip,

    /// <summary>RTP, RTCP and what else came on media ports.</summary>
    Rtp = 1 << PacketKind.Rtp,

    /// <summary>All.</summary>
    All = Sip | Rtp,
}
