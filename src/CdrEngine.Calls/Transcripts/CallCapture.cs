using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;

namespace CdrEngine.Calls.Transcripts;

/// <summary>Writes a call's packets as a capture file.</summary>
public static class CallCapture
{
    /// <summary>Writes the packets as captured, in order: pcap where all have one link type, else pcapng. False, and nothing written, where there
    /// are none.</summary>
    /// <param name="packets">Where they are.</param>
    /// <param name="id">Id of the call's record.</param>
    /// <param name="kinds">Which.</param>
    /// <param name="to">Where to; stays open.</param>
    public static bool Write(ICallPackets packets, string id, PacketKinds kinds, Stream to)
    {
        // Read twice rather than held in memory: the file's header says what all packets have in common.
        return Choose(packets, id, kinds) is { } format && Write(packets, id, kinds, format, to);
    }

    /// <summary>Writes the packets in a format that <see cref="Choose"/> gave.</summary>
    /// <param name="packets">Where they are.</param>
    /// <param name="id">Id of the call's record.</param>
    /// <param name="kinds">Which.</param>
    /// <param name="format">What all of them have in common.</param>
    /// <param name="to">Where to; stays open.</param>
    public static bool Write(ICallPackets packets, string id, PacketKinds kinds, in CaptureFormat format, Stream to)
    {
        using CaptureWriter writer = CaptureWriter.Create(to, format);
        return packets.Visit(id, kinds, new Copier(writer));
    }

    /// <summary>The format that holds the call's packets; null where there are none.</summary>
    public static CaptureFormat? Choose(ICallPackets packets, string id, PacketKinds kinds)
    {
        var scan = new Scan();
        return packets.Visit(id, kinds, scan) && scan.Any ? scan.Chooser.Format : null;
    }

    private sealed class Scan : ICapturedPacketVisitor
    {
        public CaptureFormatChooser Chooser { get; } = new();

        public bool Any { get; private set; }

        public bool Visit(in CapturedPacket packet)
        {
            Any = true;
            Chooser.Add(packet);
            return true;
        }
    }

    private sealed class Copier(CaptureWriter writer) : ICapturedPacketVisitor
    {
        public bool Visit(in CapturedPacket packet)
        {
            writer.Write(packet);
            return true;
        }
    }
}
