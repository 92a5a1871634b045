using CdrEngine.Core;
using CdrEngine.Protocols.Ip;
using CdrEngine.Protocols.Link;
using CdrEngine.TestKit;

namespace CdrEngine.Benchmarks.Protocols.Link;

/// <summary>Nanoseconds to decode one packet that lies in the first-level cache, against a parse as one would first write it.</summary>
public static class DecodeBenchmarks
{
    private const int Packets = 2_000_000;

    /// <summary>Measures all and prints a table.</summary>
    public static void Run(TextWriter output)
    {
        byte[] rtp = [0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, .. new byte[160]];
        PacketBuilder Plain(PacketBuilder outer) => outer.IPv4("10.0.0.1", "10.0.0.2").Udp(20_000, 30_000).Payload(rtp);
        PacketBuilder Eth() => new PacketBuilder().Ethernet();
        (string Name, PacketBuilder Frame)[] table =
        [
            ("ethernet/ipv4/udp (RTP, 214 B)", Plain(Eth())),
            ("ethernet/vlan/ipv4/udp", Plain(Eth().Vlan(7))),
            ("ethernet/qinq/ipv4/udp", Plain(Eth().Vlan(7, 0x88A8).Vlan(8))),
            ("ethernet/ipv6/udp", Eth().IPv6("2001:db8::1", "2001:db8::2").Udp(20_000, 30_000).Payload(rtp)),
            ("ethernet/ipv4/tcp", Eth().IPv4("10.0.0.1", "10.0.0.2").Tcp(5060, 30_000, 1).Payload(rtp)),
            ("cooked/ipv4/udp", Plain(new PacketBuilder().LinuxCooked())),
            ("mpls x2/ipv4/udp", Plain(Eth().Mpls(1).Mpls(2))),
            ("erspan 2/ipv4/udp", Plain(Eth().IPv4("192.0.2.1", "192.0.2.2").Erspan2().Ethernet())),
            ("vxlan/ipv4/udp", Plain(Eth().IPv4("192.0.2.1", "192.0.2.2").Vxlan().Ethernet())),
            ("gtp-u/ipv4/udp", Plain(Eth().IPv4("192.0.2.1", "192.0.2.2").GtpU())),
        ];
        output.WriteLine($"decode, {Packets:n0} packets each, CPU time, best of 5, one frame again and again (in cache, branches foreseen)");
        foreach ((string name, PacketBuilder builder) in table)
        {
            byte[] frame = builder.Build();
            LinkType link = builder.LinkType;
            var decoder = new PacketDecoder();
            Report(output, name, Packets, () => Decode(decoder, frame, link));
        }

        byte[] plain = Plain(Eth()).Build();
        Report(output, "peer: BinaryReader and objects, same RTP packet", Packets / 10, () => Naive(plain, Packets / 10));

        byte[][] fragments = Eth().IPv4("10.0.0.1", "10.0.0.2").Udp(5060, 5060).Payload(new byte[2900]).BuildFragments(1480);
        var fragmentDecoder = new PacketDecoder();
        Report(output, "a datagram of 2 fragments, per fragment", Packets / 10, () => Fragments(fragmentDecoder, fragments, Packets / 20));

        var filter = new MirrorFilter();
        byte[] sip = Eth().IPv4("10.0.0.1", "10.0.0.2").Udp(5060, 5060).Payload(new string('x', 800)).Build();
        Report(output, "mirror filter, 800 B of SIP", Packets / 10, () => Mirror(filter, sip, Packets / 10));
    }

    internal static void Report(TextWriter output, string name, long operations, Func<long> run)
    {
        run();
        double best = double.MaxValue;
        long allocated = long.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            if (run() == 0) throw new InvalidOperationException($"{name}: nothing was decoded");
            best = Math.Min(best, (Environment.CpuUsage.TotalTime - cpu).TotalNanoseconds / operations);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        output.WriteLine($"  {name,-52} {best,8:n1} ns  {(double)allocated / operations,7:n2} B allocated");
    }

    private static long Decode(PacketDecoder decoder, byte[] frame, LinkType link)
    {
        long sum = 0;
        for (int i = 0; i < Packets; i++)
        {
            var packet = new CapturedPacket { CapturedAt = new Timestamp(i), LinkType = link, OriginalLength = frame.Length, Bytes = frame };
            if (decoder.Decode(packet, out DecodedPacket decoded) <= DecodeOutcome.Sctp) sum += decoded.Destination.Port + decoded.Payload.Length;
        }

        return sum;
    }

    private static long Fragments(PacketDecoder decoder, byte[][] frames, int datagrams)
    {
        long sum = 0;
        for (int i = 0; i < datagrams; i++)
        {
            foreach (byte[] frame in frames)
            {
                var packet = new CapturedPacket { CapturedAt = new Timestamp(i), LinkType = LinkType.Ethernet, OriginalLength = frame.Length, Bytes = frame };
                if (decoder.Decode(packet, out DecodedPacket decoded) <= DecodeOutcome.Sctp) sum += decoded.Payload.Length;
            }
        }

        return sum;
    }

    private static long Mirror(MirrorFilter filter, byte[] frame, int packets)
    {
        var packet = new CapturedPacket { CapturedAt = default, LinkType = LinkType.Ethernet, OriginalLength = frame.Length, Bytes = frame };
        new PacketDecoder().Decode(packet, out DecodedPacket decoded);
        long distinct = 0;
        for (int i = 0; i < packets; i++)
        {
            if (!filter.IsDuplicate(decoded, new Timestamp(i * 60_000L))) distinct++;
        }

        return distinct;
    }

    /// <summary>As one would first write it: a stream, a reader, an object for each layer.</summary>
    private static long Naive(byte[] frame, int packets)
    {
        long sum = 0;
        for (int i = 0; i < packets; i++)
        {
            using var reader = new BinaryReader(new MemoryStream(frame));
            var ethernet = new NaiveEthernet(reader.ReadBytes(6), reader.ReadBytes(6), (reader.ReadByte() << 8) | reader.ReadByte());
            if (ethernet.EtherType != 0x0800) continue;
            byte[] header = reader.ReadBytes(20);
            var ip = new NaiveIp(new System.Net.IPAddress(header.AsSpan(12, 4)), new System.Net.IPAddress(header.AsSpan(16, 4)), header[9], (header[2] << 8) | header[3]);
            byte[] udp = reader.ReadBytes(8);
            byte[] payload = reader.ReadBytes(ip.Length - 28);
            sum += new NaiveUdp(ip, (udp[0] << 8) | udp[1], (udp[2] << 8) | udp[3], payload).DestinationPort + payload.Length;
        }

        return sum;
    }

    private sealed record NaiveEthernet(byte[] Destination, byte[] Source, int EtherType);

    private sealed record NaiveIp(System.Net.IPAddress Source, System.Net.IPAddress Destination, int Protocol, int Length);

    private sealed record NaiveUdp(NaiveIp Ip, int SourcePort, int DestinationPort, byte[] Payload);
}
