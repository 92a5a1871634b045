using System.Text;

namespace CdrEngine.Core;

/// <summary>A transport address: where a packet came from or went to.</summary>
/// <param name="Address">The IP address.</param>
/// <param name="Port">The UDP, TCP or SCTP port; 0 where none is known.</param>
public readonly record struct Endpoint(IpAddress Address, ushort Port) : IComparable<Endpoint>
{
    /// <summary>True where neither address nor port is known.</summary>
    public bool IsNone => Address == default && Port == 0;

    /// <summary>A well-mixed hash for the engine's own tables; the same in every run.</summary>
    public ulong Hash64()
    {
        ulong h = (Address.Low ^ (Address.High * 0x9E37_79B9_7F4A_7C15) ^ ((ulong)Port << 32)) * 0xD6E8_FEB8_6659_FD93;
        h ^= h >> 32;
        h *= 0xD6E8_FEB8_6659_FD93;
        return h ^ (h >> 32);
    }

    /// <inheritdoc />
    public override int GetHashCode() => (int)Hash64();

    /// <inheritdoc />
    public int CompareTo(Endpoint other)
    {
        int address = Address.CompareTo(other.Address);
        return address != 0 ? address : Port.CompareTo(other.Port);
    }

    /// <summary>Bytes that <see cref="Format"/> needs at most.</summary>
    public const int MaxFormattedBytes = IpAddress.MaxFormattedBytes + 8;

    /// <summary><c>192.0.2.1:5060</c> or <c>[2001:db8::1]:5060</c>.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[MaxFormattedBytes];
        return Encoding.ASCII.GetString(text[..Format(text)]);
    }

    /// <summary>As <see cref="ToString"/>, in ASCII; gives the length. <paramref name="text"/> must hold <see cref="MaxFormattedBytes"/>.</summary>
    public int Format(Span<byte> text)
    {
        int length = 0;
        bool bracketed = !Address.IsV4;
        if (bracketed) text[length++] = (byte)'[';
        length += Address.Format(text[length..]);
        if (bracketed) text[length++] = (byte)']';
        text[length++] = (byte)':';
        Port.TryFormat(text[length..], out int digits);
        return length + digits;
    }
}
