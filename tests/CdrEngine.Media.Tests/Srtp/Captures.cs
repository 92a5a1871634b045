using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Pcap;

namespace CdrEngine.Media.Tests.Srtp;

/// <summary>One UDP datagram of a capture.</summary>
internal sealed record Datagram(Endpoint Source, Endpoint Destination, byte[] Bytes);

/// <summary>Captures as lists of datagrams.</summary>
internal static class Captures
{
    public static List<Datagram> Read(string path)
    {
        using FileStream file = File.OpenRead(path);
        CaptureReader reader = CaptureReader.Open(new BlockReader(new FileBlocks(file)), CaptureReaderLimits.Default, out string? fault)
            ?? throw new InvalidDataException($"{path}: {fault}");
        var decoder = new PacketDecoder();
        var datagrams = new List<Datagram>();
        while (reader.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            if (decoder.Decode(packet, out DecodedPacket decoded) == DecodeOutcome.Udp)
            {
                datagrams.Add(new Datagram(decoded.Source, decoded.Destination, decoded.Payload.ToArray()));
            }
        }

        return datagrams;
    }

    private sealed class FileBlocks(FileStream file) : IBlockSource
    {
        public int Read(Span<byte> buffer) => file.Read(buffer);
    }
}
