namespace CdrEngine.Protocols.Link;

/// <summary>Where the parts lie of a frame that is what nearly all of a telephone system's frames are: Ethernet, perhaps VLAN tags, IPv4 without options, UDP,
/// and RTP with nothing but its fixed header. Offsets from the start of the frame.</summary>
/// <remarks>All that was checked is where things are; what they say is read from the frame by whoever needs it.</remarks>
/// <param name="IpOffset">The IPv4 header.</param>
/// <param name="RtpOffset">The RTP header.</param>
/// <param name="RtpBytes">RTP header and payload, 12 or more; what pads the frame is left out.</param>
/// <param name="VlanTags">Tags before the IP header.</param>
public readonly record struct RtpGlance(int IpOffset, int RtpOffset, int RtpBytes, int VlanTags);
