using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Calls.Directory;

/// <summary>A network of addresses, perhaps one port of it only: <c>192.0.2.0/24</c>, <c>192.0.2.1:5060</c>, <c>[2001:db8::]/32</c>.</summary>
/// <param name="Address">First address; bits behind the prefix are zero.</param>
/// <param name="Bits">Length of the prefix, of 128; an IPv4 prefix has 96 more than it is written with.</param>
/// <param name="Port">Port; 0 for any.</param>
public readonly record struct AddressRange(IpAddress Address, int Bits, ushort Port)
{
    /// <summary>Reads an address, a network or either with a port; what is wrong, or null.</summary>
    public static string? TryRead(string text, out AddressRange range)
    {
        range = default;
        string rest = text.Trim();
        ushort port = 0;
        bool bracketed = rest.StartsWith('[');
        int close = bracketed ? rest.IndexOf(']') : -1;
        if (bracketed && close < 0) return "the bracket is never closed";
        string host = bracketed ? rest[1..close] : rest;
        rest = bracketed ? rest[(close + 1)..] : "";
        if (!bracketed)
        {
            // One colon parts a port from an IPv4 address; more are an IPv6 address.
            int colon = host.IndexOf(':');
            if (colon >= 0 && host.IndexOf(':', colon + 1) < 0) (host, rest) = (host[..colon], host[colon..]);
            int slash = host.IndexOf('/');
            if (slash >= 0) (host, rest) = (host[..slash], host[slash..] + rest);
        }
        else if (host.IndexOf('/') is var inside and >= 0)
        {
            (host, rest) = (host[..inside], host[inside..] + rest);
        }

        int portAt = rest.IndexOf(':');
        if (portAt >= 0)
        {
            if (!ushort.TryParse(rest.AsSpan(portAt + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port == 0) return $"'{rest[(portAt + 1)..]}' is no port";
            rest = rest[..portAt];
        }

        if (!IpAddress.TryParse(host, out IpAddress address)) return $"'{host}' is no IP address";
        int most = address.IsV4 ? 32 : 128;
        int bits = most;
        if (rest.Length > 0 && (rest[0] != '/' || !int.TryParse(rest.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > most))
            return $"'{rest}' is no prefix length from /0 to /{most}";
        int wide = address.IsV4 ? bits + 96 : bits;
        IpAddress masked = Mask(address, wide);
        if (masked != address) return $"the address has bits behind /{bits}; write {masked}/{bits}";
        range = new AddressRange(masked, wide, port);
        return null;
    }

    /// <summary>The address with the bits behind the prefix cleared.</summary>
    public static IpAddress Mask(IpAddress address, int bits) => new(
        bits <= 0 ? 0 : bits >= 64 ? address.High : address.High & (ulong.MaxValue << (64 - bits)),
        bits <= 64 ? 0 : bits >= 128 ? address.Low : address.Low & (ulong.MaxValue << (128 - bits)));

    /// <inheritdoc />
    public override int GetHashCode() => (int)(new Endpoint(Address, Port).Hash64() + (ulong)Bits);

    /// <inheritdoc />
    public override string ToString()
    {
        int bits = Address.IsV4 && Bits >= 96 ? Bits - 96 : Bits;
        return Port == 0 ? $"{Address}/{bits}" : $"[{Address}/{bits}]:{Port}";
    }
}

/// <summary>Finds the narrowest network that holds an address; one with a port goes before one without, of the same width. Immutable.</summary>
internal sealed class AddressTable<T>
    where T : class
{
    private readonly Dictionary<AddressRange, T> _ranges = [];
    private readonly int[] _widths;
    private readonly bool _hasPorts;

    public AddressTable(IEnumerable<(AddressRange Range, T Value)> ranges)
    {
        foreach ((AddressRange range, T value) in ranges) _ranges.TryAdd(range, value);
        _hasPorts = _ranges.Keys.Any(static range => range.Port != 0);
        _widths = [.. _ranges.Keys.Select(static range => range.Bits).Distinct().OrderDescending()];
    }

    public T? Find(Endpoint? endpoint)
    {
        if (endpoint is not { } at) return null;
        foreach (int bits in _widths)
        {
            IpAddress masked = AddressRange.Mask(at.Address, bits);
            if (_hasPorts && at.Port != 0 && _ranges.TryGetValue(new AddressRange(masked, bits, at.Port), out T? narrow)) return narrow;
            if (_ranges.TryGetValue(new AddressRange(masked, bits, 0), out T? found)) return found;
        }

        return null;
    }
}
