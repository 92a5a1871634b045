using System.ComponentModel;

namespace CdrEngine.Capture.Interfaces;

/// <summary>What is counted of an interface.</summary>
public enum InterfaceCounter : byte
{
    /// <summary>Packets.</summary>
    [Description("packets read from the interface")]
    Packets,

    /// <summary>Bytes.</summary>
    [Description("bytes read from the interface")]
    Bytes,

    /// <summary>Lost because the ring was full.</summary>
    [Description("packets the kernel dropped because the ring was full (capture.ring)")]
    KernelDropped,

    /// <summary>Times the ring was full.</summary>
    [Description("times the ring was full")]
    RingFull,

    /// <summary>Cut.</summary>
    [Description("packets longer than capture.snap-length, cut")]
    Truncated,

    /// <summary>Tags put back.</summary>
    [Description("packets whose VLAN tag, taken off by the kernel, was put back")]
    VlanRestored,

    /// <summary>Unknown hardware.</summary>
    [Description("packets of a kind of interface that is not known, dropped")]
    UnknownLink,

    /// <summary>Copies.</summary>
    [Description("second copies that the loopback interface gives of each packet, dropped")]
    LoopbackCopies,

    /// <summary>Out of order in a block.</summary>
    [Description("ring entries that do not fit into their block, dropped with the rest of it")]
    BadEntries,

    /// <summary>Times away.</summary>
    [Description("times the interface was down or gone")]
    Outages,

    /// <summary>Stamps of the adapter.</summary>
    [Description("packets with a stamp of the adapter's own clock (capture.timestamps)")]
    AdapterStamps,
}
