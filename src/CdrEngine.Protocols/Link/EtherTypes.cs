using System.Runtime.CompilerServices;

namespace CdrEngine.Protocols.Link;

/// <summary>EtherTypes (IEEE registration authority) that the decoder knows; GRE and GENEVE use the same numbers.</summary>
internal static class EtherTypes
{
    public const ushort IPv4 = 0x0800;
    public const ushort Arp = 0x0806;
    public const ushort TransparentEthernet = 0x6558;
    public const ushort Vlan = 0x8100;
    public const ushort PppInGre = 0x880B;
    public const ushort IPv6 = 0x86DD;
    public const ushort Mpls = 0x8847;
    public const ushort MplsMulticast = 0x8848;
    public const ushort PppoeDiscovery = 0x8863;
    public const ushort PppoeSession = 0x8864;
    public const ushort ProviderVlan = 0x88A8;
    public const ushort ErspanOneOrTwo = 0x88BE;
    public const ushort BackboneService = 0x88E7;
    public const ushort StackedVlan = 0x9100;
    public const ushort StackedVlan2 = 0x9200;
    public const ushort ErspanThree = 0x22EB;

    /// <summary>Least value that is a type and no IEEE 802.3 length.</summary>
    public const ushort First = 0x0600;

    /// <summary>True for the tags of IEEE 802.1Q and 802.1ad, and those in use before the latter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsVlan(ushort etherType) => etherType is Vlan or ProviderVlan or StackedVlan or StackedVlan2;

    /// <summary>True for the types that an Ethernet frame worth guessing at would carry.</summary>
    public static bool IsFamiliar(ushort etherType) => etherType is IPv4 or Arp or Vlan or IPv6 or Mpls or MplsMulticast or PppoeDiscovery
        or PppoeSession or ProviderVlan or StackedVlan or StackedVlan2 or BackboneService;
}
