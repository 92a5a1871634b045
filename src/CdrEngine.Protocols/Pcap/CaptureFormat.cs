using CdrEngine.Core;

namespace CdrEngine.Protocols.Pcap;

/// <summary>The two families of capture files.</summary>
public enum CaptureContainer : byte
{
    /// <summary>pcap: one link type, one time resolution.</summary>
    Pcap,

    /// <summary>pcapng: anything.</summary>
    Pcapng,
}

/// <summary>How packets are laid in a capture file.</summary>
/// <param name="Container">pcap or pcapng.</param>
/// <param name="LinkType">The link type of all packets; for pcapng that of the first.</param>
/// <param name="HasNanoseconds">Times in nanoseconds instead of microseconds.</param>
public readonly record struct CaptureFormat(CaptureContainer Container, LinkType LinkType, bool HasNanoseconds)
{
    /// <summary>File name extension with its dot.</summary>
    public string FileExtension => Container == CaptureContainer.Pcap ? ".pcap" : ".pcapng";

    /// <summary>Media type (IANA has vnd.tcpdump.pcap; pcapng is not registered).</summary>
    public string MediaType => Container == CaptureContainer.Pcap ? "application/vnd.tcpdump.pcap" : "application/x-pcapng";
}

/// <summary>Finds the smallest format that holds a set of packets as they are. Feed it all of them first, in any order.</summary>
public sealed class CaptureFormatChooser
{
    private bool _hasAny;
    private bool _needsPcapng;
    private bool _hasNanoseconds;
    private LinkType _linkType = LinkType.Ethernet;

    /// <summary>The format for all packets added; an empty pcap of Ethernet for none.</summary>
    public CaptureFormat Format => new(_needsPcapng ? CaptureContainer.Pcapng : CaptureContainer.Pcap, _linkType, _hasNanoseconds);

    /// <summary>Takes one packet into account.</summary>
    public void Add(in CapturedPacket packet)
    {
        if (!_hasAny) _linkType = packet.LinkType;
        _hasAny = true;
        _hasNanoseconds |= packet.NanosecondRemainder != 0;
        _needsPcapng |= packet.LinkType != _linkType || packet.CapturedAt.Microseconds > PcapWriter.LatestMicroseconds;
    }

    /// <summary>Takes all packets of a buffer into account.</summary>
    public void Add(FrameBuffer packets)
    {
        foreach (CapturedPacket packet in packets) Add(packet);
    }
}
