using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace CdrEngine.Core;

/// <summary>An IPv4 or IPv6 address by value: 16 bytes, no allocation; IPv4 is held as ::ffff:a.b.c.d (RFC 4291 2.5.5.2).</summary>
/// <param name="High">The first eight bytes in network order, as a number.</param>
/// <param name="Low">The last eight bytes in network order, as a number.</param>
public readonly record struct IpAddress(ulong High, ulong Low) : IComparable<IpAddress>
{
    private const ulong V4Prefix = 0x0000_FFFF_0000_0000;

    /// <summary>True for an IPv4 address.</summary>
    public bool IsV4 => High == 0 && (Low & 0xFFFF_FFFF_0000_0000) == V4Prefix;

    /// <summary>True for 0.0.0.0 and :: (in SDP: hold in the manner of RFC 2543).</summary>
    public bool IsUnspecified => High == 0 && Low is 0 or V4Prefix;

    /// <summary>From the 32 bits of an IPv4 address, most significant byte first.</summary>
    public static IpAddress FromV4(uint address) => new(0, V4Prefix | address);

    /// <summary>From four bytes in network order.</summary>
    public static IpAddress FromV4(ReadOnlySpan<byte> address) => FromV4(BinaryPrimitives.ReadUInt32BigEndian(address));

    /// <summary>From sixteen bytes in network order.</summary>
    public static IpAddress FromV6(ReadOnlySpan<byte> address) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address[8..]));

    /// <summary>Reads a literal such as <c>192.0.2.1</c>, <c>2001:db8::1</c> or <c>[2001:db8::1]</c>; false for a host name or anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out IpAddress address)
    {
        address = default;
        if (text.Length >= 2 && text[0] == (byte)'[' && text[^1] == (byte)']') text = text[1..^1];
        if (TryParseV4(text, out uint v4))
        {
            address = FromV4(v4);
            return true;
        }

        if (!text.Contains((byte)':') || text.Length > 64) return false;
        Span<char> chars = stackalloc char[text.Length];
        for (int i = 0; i < text.Length; i++) chars[i] = (char)text[i];
        if (!IPAddress.TryParse(chars, out IPAddress? parsed) || parsed.AddressFamily != AddressFamily.InterNetworkV6) return false;
        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out _);
        address = FromV6(bytes);
        return true;
    }

    /// <summary>Reads a literal; see <see cref="TryParse(ReadOnlySpan{byte}, out IpAddress)"/>.</summary>
    public static bool TryParse(string text, out IpAddress address) => TryParse(System.Text.Encoding.UTF8.GetBytes(text), out address);

    /// <inheritdoc />
    public int CompareTo(IpAddress other)
    {
        int high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    /// <summary>The usual text form, without brackets.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return new IPAddress(IsV4 ? bytes[12..] : bytes).ToString();
    }

    private static bool TryParseV4(ReadOnlySpan<byte> text, out uint address)
    {
        address = 0;
        int part = -1, parts = 0;
        foreach (byte c in text)
        {
            if (c is >= (byte)'0' and <= (byte)'9')
            {
                part = (Math.Max(part, 0) * 10) + (c - '0');
                if (part > 255) return false;
            }
            else if (c == (byte)'.' && part >= 0 && parts < 3)
            {
                address = (address << 8) | (uint)part;
                part = -1;
                parts++;
            }
            else
            {
                return false;
            }
        }

        if (part < 0 || parts != 3) return false;
        address = (address << 8) | (uint)part;
        return true;
    }
}
