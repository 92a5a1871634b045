using CdrEngine.Core;

namespace CdrEngine.Protocols.Ip;

/// <summary>What the fragments of one datagram share: RFC 791 3.2 (addresses, protocol, identification), RFC 8200 4.5 (without the
/// protocol).</summary>
internal readonly record struct FragmentKey(IpAddress Source, IpAddress Destination, uint Identification, byte Protocol, bool IsIPv6)
{
    /// <inheritdoc />
    public override int GetHashCode()
    {
        ulong hash = new Endpoint(Source, (ushort)Identification).Hash64() + (new Endpoint(Destination, Protocol).Hash64() * 31);
        return (int)((hash ^ (hash >> 32)) + (Identification * 0x9E37_79B9));
    }
}
