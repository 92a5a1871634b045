using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Kinds of a call's packets, a bit each.</summary>
[Flags]
public enum PacketKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Packets that carried SIP, fragments and TCP segments included.</summary>
    Signalling = 1,

    /// <summary>RTP, RTCP and whatever else came on the media ports.</summary>
    Media = 2,

    /// <summary>All.</summary>
    All = Signalling | Media,
}

/// <summary>Is shown packets one by one.</summary>
public interface ICapturedPacketVisitor
{
    /// <summary>Takes one packet, whose bytes are borrowed for the call; false to stop.</summary>
    bool Visit(in CapturedPacket packet);
}

/// <summary>Gives back the packets of a call, as captured.</summary>
public interface ICallPackets
{
    /// <summary>Shows every packet of the call with this record id, in order of time (order of capture where times are equal); false where
    /// nothing is known of the call or its packets are gone.</summary>
    bool Visit(string id, PacketKinds kinds, ICapturedPacketVisitor visitor);
}
