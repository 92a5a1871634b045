using System.Buffers.Binary;
using System.Net;
using System.Text;

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

        return TryParseV6(text, out address);
    }

    /// <summary>Reads a literal; see <see cref="TryParse(ReadOnlySpan{byte}, out IpAddress)"/>.</summary>
    public static bool TryParse(string text, out IpAddress address) => TryParse(System.Text.Encoding.UTF8.GetBytes(text), out address);

    /// <inheritdoc />
    public int CompareTo(IpAddress other)
    {
        int high = High.CompareTo(other.High);
        return high != 0 ? high : Low.CompareTo(other.Low);
    }

    /// <summary>Bytes that <see cref="Format"/> needs at most: an IPv6 address with embedded IPv4, and some.</summary>
    public const int MaxFormattedBytes = 48;

    /// <summary>The usual text form, without brackets.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[MaxFormattedBytes];
        return Encoding.ASCII.GetString(text[..Format(text)]);
    }

    /// <summary>As <see cref="ToString"/>, in ASCII; gives the length. <paramref name="text"/> must hold <see cref="MaxFormattedBytes"/>.</summary>
    public int Format(Span<byte> text)
    {
        if (!IsV4)
        {
            Span<byte> bytes = stackalloc byte[16];
            BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
            BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
            new IPAddress(bytes).TryFormat(text, out int written);
            return written;
        }

        uint address = (uint)Low;
        int length = 0;
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            uint part = (address >> shift) & 0xFF;
            if (part >= 100) text[length++] = (byte)('0' + (part / 100));
            if (part >= 10) text[length++] = (byte)('0' + (part / 10 % 10));
            text[length++] = (byte)('0' + (part % 10));
            if (shift > 0) text[length++] = (byte)'.';
        }

        return length;
    }

    // RFC 4291 2.2: groups of 1 to 4 hexadecimal digits, "::" once for one or more groups of zeros, the last two groups as dotted quad if so
    // written. A zone ("%eth0", RFC 4007 11) is passed over. Read here because IPAddress.TryParse allocates.
    private static bool TryParseV6(ReadOnlySpan<byte> text, out IpAddress address)
    {
        address = default;
        int zone = text.IndexOf((byte)'%');
        if (zone == 0) return false;
        if (zone > 0) text = text[..zone];
        if (text.Length is < 2 or > 45) return false;
        Span<ushort> groups = stackalloc ushort[8];
        groups.Clear();
        int count = 0, gap = -1, at = 0;
        if (text[0] == (byte)':')
        {
            if (text[1] != (byte)':') return false;
            gap = 0;
            at = 2;
        }

        while (at < text.Length)
        {
            ReadOnlySpan<byte> rest = text[at..];
            int end = rest.IndexOf((byte)':');
            ReadOnlySpan<byte> group = end < 0 ? rest : rest[..end];
            if (end < 0 && count <= 6 && TryParseV4(group, out uint v4))
            {
                groups[count++] = (ushort)(v4 >> 16);
                groups[count++] = (ushort)v4;
                break;
            }

            if (count == 8 || group.Length is 0 or > 4) return false;
            int value = 0;
            foreach (byte c in group)
            {
                int digit = Hex.Digit(c);
                if (digit < 0) return false;
                value = (value << 4) | digit;
            }

            groups[count++] = (ushort)value;
            if (end < 0) break;
            at += end + 1;
            if (at == text.Length) return false;
            if (text[at] != (byte)':') continue;
            if (gap >= 0) return false;
            gap = count;
            at++;
        }

        if (gap < 0 ? count != 8 : count == 8) return false;
        if (gap >= 0)
        {
            // what was read after "::" belongs at the end
            int tail = count - gap;
            groups.Slice(gap, tail).CopyTo(groups[(8 - tail)..]);
            groups[gap..(8 - tail)].Clear();
        }

        ulong high = 0, low = 0;
        for (int i = 0; i < 4; i++) high = (high << 16) | groups[i];
        for (int i = 4; i < 8; i++) low = (low << 16) | groups[i];
        address = new IpAddress(high, low);
        return true;
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
