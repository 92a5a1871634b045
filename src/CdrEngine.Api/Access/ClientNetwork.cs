using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace CdrEngine.Api.Access;

/// <summary>The network that a client counts by: an IPv4 address by itself, an IPv6 address by its /64, the smallest network a client is given.</summary>
internal static class ClientNetwork
{
    /// <summary>A number for the network; 0 for no address.</summary>
    public static ulong Of(IPAddress? address)
    {
        if (address is null) return 0;
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(bytes, out _);

        // No IPv6 network begins with these bits (RFC 4291 2.5.5.2 keeps them for IPv4), so the families do not meet.
        return address.AddressFamily == AddressFamily.InterNetwork
            ? 0x0000_FFFF_0000_0000UL | BinaryPrimitives.ReadUInt32BigEndian(bytes)
            : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
