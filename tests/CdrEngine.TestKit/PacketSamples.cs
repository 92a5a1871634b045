namespace CdrEngine.TestKit;

/// <summary>One frame of each kind that the decoder takes apart. All carry UDP from 10.1.1.1:1111 to 10.1.1.2:2222 (or from 2001:db8::1 to
/// 2001:db8::2) with <see cref="Text"/> in it, however deep.</summary>
public static class PacketSamples
{
    /// <summary>What every sample carries.</summary>
    public const string Text = "OPTIONS sip:hello SIP/2.0";

    /// <summary>All samples by name.</summary>
    public static IReadOnlyDictionary<string, PacketBuilder> All { get; } = Samples().ToDictionary(static s => s.Name, static s => s.Frame);

    private static PacketBuilder New => new();

    private static PacketBuilder Mobile => New.Ethernet().IPv4("192.0.2.1", "192.0.2.2");

    private static IEnumerable<(string Name, PacketBuilder Frame)> Samples()
    {
        // link types
        yield return ("ethernet", Inner(New.Ethernet()));
        yield return ("ethernet ipv6", Inner6(New.Ethernet()));
        yield return ("ethernet snap", Inner(New.EthernetSnap()));
        yield return ("ethernet snap vlan", Inner(New.EthernetSnap().Vlan(5)));
        yield return ("vlan", Inner(New.Ethernet().Vlan(100)));
        yield return ("vlan ipv6", Inner6(New.Ethernet().Vlan(100)));
        yield return ("qinq 88a8", Inner(New.Ethernet().Vlan(100, 0x88A8).Vlan(7)));
        yield return ("qinq 9100", Inner(New.Ethernet().Vlan(100, 0x9100).Vlan(7)));
        yield return ("three vlans", Inner(New.Ethernet().Vlan(1, 0x88A8).Vlan(2).Vlan(3)));
        yield return ("linux cooked", Inner(New.LinuxCooked()));
        yield return ("linux cooked ipv6", Inner6(New.LinuxCooked()));
        yield return ("linux cooked vlan", Inner(New.LinuxCooked().Vlan(9)));
        yield return ("linux cooked 2", Inner(New.LinuxCooked2()));
        yield return ("linux cooked 2 ipv6", Inner6(New.LinuxCooked2()));
        yield return ("raw", Inner(New));
        yield return ("raw ipv6", Inner6(New));
        yield return ("bsd loopback", Inner(New.BsdLoopback()));
        yield return ("bsd loopback big-endian", Inner(New.BsdLoopback(bigEndianHost: true)));
        yield return ("bsd loopback ipv6 darwin", Inner6(New.BsdLoopback()));
        yield return ("bsd loopback ipv6 freebsd", Inner6(New.BsdLoopback(ipv6Family: 28)));
        yield return ("bsd loopback ipv6 netbsd", Inner6(New.BsdLoopback(ipv6Family: 24)));
        yield return ("openbsd loopback", Inner(New.BsdLoopback(networkOrder: true)));
        yield return ("ppp", Inner(New.Ppp()));
        yield return ("ppp hdlc", Inner(New.Ppp(addressAndControl: true)));
        yield return ("ppp hdlc ipv6", Inner6(New.Ppp(addressAndControl: true)));
        yield return ("pppoe", Inner(New.Ethernet().PppoeSession().Ppp()));
        yield return ("pppoe ipv6 in vlan", Inner6(New.Ethernet().Vlan(4).PppoeSession().Ppp()));
        yield return ("pppoe link type", Inner(New.PppoeSession().Ppp()));

        // labels
        yield return ("mpls", Inner(New.Ethernet().Mpls(100)));
        yield return ("mpls ipv6", Inner6(New.Ethernet().Mpls(100)));
        yield return ("mpls five labels", Inner(New.Ethernet().Mpls(1).Mpls(2).Mpls(3).Mpls(4).Mpls(5)));
        yield return ("mpls pseudowire", Inner(New.Ethernet().Mpls(100).PseudowireControlWord().Ethernet()));
        yield return ("mpls pseudowire no control word", Inner(New.Ethernet().Mpls(100).Ethernet(destination: 0x0011_2233_4455)));
        yield return ("mpls pseudowire to 4x", Inner(New.Ethernet().Mpls(100).Ethernet(destination: 0x4511_2233_4455)));
        yield return ("mpls pseudowire to 6x", Inner6(New.Ethernet().Mpls(100).Ethernet(destination: 0x6011_2233_4455)));
        yield return ("mpls in ip", Inner(Mobile.Mpls(7)));

        // tunnels
        yield return ("ip in ip", Inner(Mobile));
        yield return ("4in6", Inner(New.Ethernet().IPv6("2001:db8:1::1", "2001:db8:1::2")));
        yield return ("6in4", Inner6(Mobile));
        yield return ("6in6", Inner6(New.Ethernet().IPv6("2001:db8:1::1", "2001:db8:1::2")));
        yield return ("gre", Inner(Mobile.Gre()));
        yield return ("gre ipv6", Inner6(Mobile.Gre()));
        yield return ("gre key", Inner(Mobile.Gre(key: 5)));
        yield return ("gre key sequence checksum", Inner(Mobile.Gre(key: 5, sequence: 6, checksum: true)));
        yield return ("gre ethernet", Inner(Mobile.Gre(key: 5).Ethernet()));
        yield return ("gre ethernet vlan", Inner(Mobile.Gre(key: 5).Ethernet().Vlan(3)));
        yield return ("gre mpls", Inner(Mobile.Gre().Mpls(3)));
        yield return ("gre over ipv6", Inner(New.Ethernet().IPv6("2001:db8:1::1", "2001:db8:1::2").Gre()));
        yield return ("pptp", Inner(Mobile.PptpGre().Ppp()));
        yield return ("pptp with address and control", Inner(Mobile.PptpGre().Ppp(addressAndControl: true)));
        yield return ("erspan 1", Inner(Mobile.Gre(protocol: 0x88BE).Ethernet()));
        yield return ("erspan 2", Inner(Mobile.Erspan2().Ethernet()));
        yield return ("erspan 2 vlan", Inner(Mobile.Erspan2().Ethernet().Vlan(12)));
        yield return ("erspan 3", Inner(Mobile.Erspan3().Ethernet()));
        yield return ("erspan 3 platform", Inner6(Mobile.Erspan3(platformHeader: true).Ethernet()));
        yield return ("vxlan", Inner(Mobile.Vxlan().Ethernet()));
        yield return ("vxlan 8472", Inner(Mobile.Vxlan(port: 8472).Ethernet().Vlan(5)));
        yield return ("vxlan over ipv6", Inner6(New.Ethernet().IPv6("2001:db8:1::1", "2001:db8:1::2").Vxlan().Ethernet()));
        yield return ("geneve", Inner(Mobile.Geneve().Ethernet()));
        yield return ("geneve options", Inner(Mobile.Geneve(optionWords: 3).Ethernet()));
        yield return ("geneve bare ip", Inner(Mobile.Geneve()));
        yield return ("tzsp", Inner(Mobile.Tzsp().Ethernet()));
        yield return ("gtp-u", Inner(Mobile.GtpU()));
        yield return ("gtp-u ipv6", Inner6(Mobile.GtpU()));
        yield return ("gtp-u sequence", Inner(Mobile.GtpU(sequence: true)));
        yield return ("gtp-u extension headers", Inner(Mobile.GtpU(extensionHeaders: 2)));
        yield return ("gtp-u ethernet", Inner(Mobile.GtpU().Ethernet()));
        yield return ("ethernet in ip", Inner(Mobile.Raw([0x30, 0x00], protocol: 97).Ethernet()));
        yield return ("mirror of overlay of mobile", Inner(Mobile.Erspan2().Ethernet().IPv4("198.51.100.1", "198.51.100.2").Vxlan().Ethernet()
            .IPv4("203.0.113.1", "203.0.113.2").GtpU()));

        // IP
        yield return ("ipv4 options", New.Ethernet().IPv4("10.1.1.1", "10.1.1.2", options: [1, 1, 1, 0]).Udp(1111, 2222).Payload(Text));
        yield return ("ipv4 authentication header", New.Ethernet().IPv4("10.1.1.1", "10.1.1.2").AuthenticationHeader().Udp(1111, 2222).Payload(Text));
        yield return ("ipv4 total length 0", New.Ethernet().IPv4("10.1.1.1", "10.1.1.2", totalLength: 0).Udp(1111, 2222).Payload(Text));
        yield return ("ipv6 hop-by-hop", New.Ethernet().IPv6("2001:db8::1", "2001:db8::2").IPv6Extension(0).Udp(1111, 2222).Payload(Text));
        yield return ("ipv6 many extensions", New.Ethernet().IPv6("2001:db8::1", "2001:db8::2").IPv6Extension(0).IPv6Extension(60, 2).IPv6Extension(43, 3)
            .IPv6FragmentHeader(77).AuthenticationHeader().IPv6Extension(60).IPv6Extension(135).Udp(1111, 2222).Payload(Text));
        yield return ("ipv6 payload length 0", New.Ethernet().IPv6("2001:db8::1", "2001:db8::2", payloadLength: 0).Udp(1111, 2222).Payload(Text));
    }

    private static PacketBuilder Inner(PacketBuilder outer) => outer.IPv4("10.1.1.1", "10.1.1.2", identification: 4321, dscp: 46, timeToLive: 61).Udp(1111, 2222).Payload(Text);

    private static PacketBuilder Inner6(PacketBuilder outer) => outer.IPv6("2001:db8::1", "2001:db8::2", dscp: 46, hopLimit: 61).Udp(1111, 2222).Payload(Text);
}
