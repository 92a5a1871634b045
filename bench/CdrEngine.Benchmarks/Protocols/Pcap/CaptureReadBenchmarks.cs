using System.Runtime.InteropServices;
using CdrEngine.Benchmarks.Protocols.Link;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Protocols.Link;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Benchmarks.Protocols.Pcap;

/// <summary>Nanoseconds to read one packet of a file in the page cache, against libpcap and against reading the bytes alone.</summary>
public static partial class CaptureReadBenchmarks
{
    private const int Packets = 1_000_000;

    /// <summary>Writes a file of a million RTP packets for the time of the run, measures, and prints a table.</summary>
    public static void Run(TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("read-benchmark").FullName;
        try
        {
            string pcap = Path.Combine(folder, "a.pcap");
            string pcapng = Path.Combine(folder, "a.pcapng");
            Write(pcap, CaptureContainer.Pcap);
            Write(pcapng, CaptureContainer.Pcapng);
            output.WriteLine($"read, {Packets:n0} RTP packets of 214 bytes, CPU time, best of 5");
            DecodeBenchmarks.Report(output, "limit: the bytes alone, 512 KiB at a time", Packets, () => BytesAlone(pcap));
            DecodeBenchmarks.Report(output, "pcap", Packets, () => Read(pcap, decode: false));
            DecodeBenchmarks.Report(output, "pcapng", Packets, () => Read(pcapng, decode: false));
            DecodeBenchmarks.Report(output, "pcap, decoded", Packets, () => Read(pcap, decode: true));
            if (NativeLibrary.TryLoad("libpcap.so.0.8", out _)) DecodeBenchmarks.Report(output, "peer: libpcap pcap_next_ex", Packets, () => ReadByLibpcap(pcap));
            else output.WriteLine("  peer: libpcap is not installed");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Write(string path, CaptureContainer container)
    {
        byte[] frame = PacketBuilder.UdpFrame("10.0.0.1:20000", "10.0.0.2:30000", new byte[172]).Build();
        using FileStream file = File.Create(path);
        using CaptureWriter writer = CaptureWriter.Create(file, new CaptureFormat(container, LinkType.Ethernet, false));
        for (int i = 0; i < Packets; i++) writer.Write(PacketBuilder.Captured(frame, new Timestamp(i)));
    }

    private static long Read(string path, bool decode)
    {
        using CaptureFileSource source = CaptureFileSource.Open(path);
        var decoder = new PacketDecoder();
        long sum = 0;
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            sum += packet.Bytes.Length;
            if (decode && decoder.Decode(packet, out DecodedPacket decoded) == DecodeOutcome.Udp) sum += decoded.Destination.Port;
        }

        return sum;
    }

    private static long BytesAlone(string path)
    {
        using SafeFileHandle handle = File.OpenHandle(path);
        byte[] buffer = new byte[512 * 1024];
        long at = 0;
        for (int read; (read = RandomAccess.Read(handle, buffer, at)) > 0;) at += read;
        return at;
    }

    private static unsafe long ReadByLibpcap(string path)
    {
        byte* error = stackalloc byte[256];
        nint handle = OpenOffline(path, error);
        if (handle == 0) throw new InvalidOperationException($"libpcap cannot open {path}");
        long sum = 0;
        while (NextEx(handle, out PacketHeader* header, out _) == 1) sum += header->CapturedLength;
        Close(handle);
        return sum;
    }

    [LibraryImport("libpcap.so.0.8", EntryPoint = "pcap_open_offline", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint OpenOffline(string path, byte* error);

    [LibraryImport("libpcap.so.0.8", EntryPoint = "pcap_next_ex")]
    private static unsafe partial int NextEx(nint handle, out PacketHeader* header, out byte* data);

    [LibraryImport("libpcap.so.0.8", EntryPoint = "pcap_close")]
    private static partial void Close(nint handle);

    /// <summary>pcap_pkthdr on a 64-bit Linux: two longs of time, two lengths.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct PacketHeader
    {
        public readonly long Seconds;
        public readonly long Microseconds;
        public readonly uint CapturedLength;
        public readonly uint OriginalLength;
    }
}
