using System.Runtime.InteropServices;
using CdrEngine.Protocols.Link;

namespace CdrEngine.Engine.Recording;

/// <summary>Flows of a call by addresses and ports as they stand in the frame: nearly every packet of a call is plain RTP of one of two flows.</summary>
internal sealed class FlowShortcuts
{
    /// <summary>Flows kept; those beyond are found as they always were.</summary>
    private const int Most = 8;

    private readonly Entry[] _entries = new Entry[Most];
    private int _count;

    /// <summary>The flow of a frame; null where it is not known here.</summary>
    public MediaFlow? Find(ReadOnlySpan<byte> frame, in RtpGlance glance)
    {
        (ulong addresses, uint ports) = KeyOf(frame, glance);
        foreach (ref readonly Entry entry in _entries.AsSpan(0, _count))
        {
            if (entry.Addresses == addresses && entry.Ports == ports) return entry.Flow;
        }

        return null;
    }

    /// <summary>Notes the flow of a frame that <see cref="PacketDecoder.Decode"/> gave as plain UDP between these two.</summary>
    public void Add(ReadOnlySpan<byte> frame, in RtpGlance glance, MediaFlow flow)
    {
        // What may be a tunnel has to be looked into.
        if (_count == Most || PacketDecoder.MayBeTunnel(flow.Source.Port, flow.Destination.Port)) return;
        (ulong addresses, uint ports) = KeyOf(frame, glance);
        _entries[_count++] = new Entry(addresses, ports, flow);
    }

    // Source and destination address lie 12 bytes into the IPv4 header, the ports behind it.
    private static (ulong Addresses, uint Ports) KeyOf(ReadOnlySpan<byte> frame, in RtpGlance glance) =>
        (MemoryMarshal.Read<ulong>(frame[(glance.IpOffset + 12)..]), MemoryMarshal.Read<uint>(frame[(glance.IpOffset + 20)..]));

    private readonly record struct Entry(ulong Addresses, uint Ports, MediaFlow Flow);
}
