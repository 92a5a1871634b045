namespace CdrEngine.Capture.Interfaces;

/// <summary>How an interface is read.</summary>
public sealed record InterfaceOptions
{
    /// <summary>The name that stands for every interface.</summary>
    public const string Any = "any";

    /// <summary>Bytes of the ring between kernel and us. Default 64 MiB: at 400,000 RTP packets a second more than half a second.</summary>
    public long RingBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of one block of the ring, a power of two from the page size on. Default 256 KiB: blocks are given back one at a time, and more
    /// of them outlive a longer pause on a quiet wire.</summary>
    public int BlockBytes { get; init; } = 256 << 10;

    /// <summary>After how long the kernel hands over a block that is not full. Default 20 ms.</summary>
    public int RetireMilliseconds { get; init; } = 20;

    /// <summary>Bytes kept of a packet. Default 262,144, as tcpdump's: all.</summary>
    public int SnapLength { get; init; } = 262_144;

    /// <summary>Whether packets to others are taken, as they are all on a mirror port. Default true.</summary>
    public bool IsPromiscuous { get; init; } = true;

    /// <summary>Filter of pcap-filter(7); empty takes all. Default empty: what names ports loses fragments and tunnels.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Which packets this ring is for.</summary>
    public RingShare Share { get; init; }

    /// <summary>Rings that share the packets of one interface among them; null where this one takes all.</summary>
    public FanoutGroup? Fanout { get; init; }

    /// <summary>Stamps of the adapter's own clock where it offers them; otherwise the kernel's. Default false.</summary>
    public bool WantsAdapterStamps { get; init; }

    /// <summary>Whether another ring of the same interface already tells of outages and counts them.</summary>
    public bool IsSecond { get; init; }

    /// <summary>Told once of each outage and return, in one line without the interface's name, on the reading thread.</summary>
    public Action<string>? OnNotice { get; init; }
}
