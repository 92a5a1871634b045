using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Sip;

/// <summary>Schemes of a URI that the engine knows.</summary>
public enum SipUriScheme : byte
{
    /// <summary>Any other; only <see cref="SipUri.SchemeText"/> and <see cref="SipUri.Opaque"/> are filled.</summary>
    Other = 0,

    /// <summary>sip (RFC 3261 19.1).</summary>
    Sip = 1,

    /// <summary>sips (RFC 3261 19.1).</summary>
    Sips = 2,

    /// <summary>tel (RFC 3966): the number is the user.</summary>
    Tel = 3,
}

/// <summary>A URI as in a Request-URI or an address (RFC 3261 19.1, RFC 3966); a view, nothing is copied. Escapes (%HH) are left as written.</summary>
public readonly ref struct SipUri
{
    private SipUri(SipUriScheme scheme, ReadOnlySpan<byte> schemeText, ReadOnlySpan<byte> opaque)
    {
        Scheme = scheme;
        SchemeText = schemeText;
        Opaque = opaque;
    }

    /// <summary>The scheme.</summary>
    public SipUriScheme Scheme { get; }

    /// <summary>The scheme as written.</summary>
    public ReadOnlySpan<byte> SchemeText { get; }

    /// <summary>All that follows the scheme and its colon.</summary>
    public ReadOnlySpan<byte> Opaque { get; }

    /// <summary>The user as written, with parameters of its own if any (<c>+15551234;npdi</c>), or the number of a tel URI; empty without one.</summary>
    public ReadOnlySpan<byte> User { get; private init; }

    /// <summary>The user up to its first semicolon: name or number alone.</summary>
    public ReadOnlySpan<byte> UserName
    {
        get
        {
            int semicolon = User.IndexOf((byte)';');
            return semicolon < 0 ? User : User[..semicolon];
        }
    }

    /// <summary>Password as written; empty without one.</summary>
    public ReadOnlySpan<byte> Password { get; private init; }

    /// <summary>Host as written, IPv6 in its brackets; empty for tel and other schemes.</summary>
    public ReadOnlySpan<byte> Host { get; private init; }

    /// <summary>Port; 0 where none is written or it is none.</summary>
    public ushort Port { get; private init; }

    /// <summary>URI parameters.</summary>
    public SipParameters Parameters { get; private init; }

    /// <summary>What follows the question mark: <c>name=value&amp;name=value</c>, escaped; empty without.</summary>
    public ReadOnlySpan<byte> Headers { get; private init; }

    /// <summary>Reads a URI. False (and all empty) where there is no scheme; never for what comes after it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out SipUri uri)
    {
        text = SipGrammar.Trim(text);
        int colon = text.IndexOf((byte)':');
        if (colon <= 0 || !IsScheme(text[..colon]))
        {
            uri = default;
            return false;
        }

        ReadOnlySpan<byte> scheme = text[..colon];
        ReadOnlySpan<byte> rest = text[(colon + 1)..];
        SipUriScheme kind = SchemeOf(scheme);
        uri = kind switch
        {
            SipUriScheme.Sip or SipUriScheme.Sips => ParseSip(kind, scheme, rest),
            SipUriScheme.Tel => ParseTel(scheme, rest),
            _ => new SipUri(kind, scheme, rest),
        };
        return true;
    }

    /// <summary>The user without escapes, parameters and password, as text.</summary>
    public string UserText() => SipGrammar.UnescapeUri(UserName);

    /// <summary>The host as an address, where it is a literal.</summary>
    public bool TryGetAddress(out IpAddress address) => IpAddress.TryParse(Host, out address);

    /// <summary>Value of a header field in the URI (<c>?Replaces=…</c>), still escaped; false where it is missing.</summary>
    public bool TryGetHeader(ReadOnlySpan<byte> name, out ReadOnlySpan<byte> escapedValue)
    {
        ReadOnlySpan<byte> rest = Headers;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'&');
            ReadOnlySpan<byte> header = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            int equals = header.IndexOf((byte)'=');
            if (equals < 0 || !SipGrammar.EqualsIgnoreCase(header[..equals], name)) continue;
            escapedValue = header[(equals + 1)..];
            return true;
        }

        escapedValue = default;
        return false;
    }

    private static SipUri ParseSip(SipUriScheme kind, ReadOnlySpan<byte> scheme, ReadOnlySpan<byte> rest)
    {
        // userinfo ends at "@". A user may hold "?" and ";" (RFC 3261 25.1 user-unreserved), so "@" is looked for first: the last one before any
        // "?" (careless senders leave an "@" in the user unescaped), else the first one at all.
        int question = rest.IndexOf((byte)'?');
        int at = (question < 0 ? rest : rest[..question]).LastIndexOf((byte)'@');
        if (at < 0) at = rest.IndexOf((byte)'@');
        ReadOnlySpan<byte> userInfo = at < 0 ? default : rest[..at];
        ReadOnlySpan<byte> hostPart = rest[(at + 1)..];
        int password = userInfo.IndexOf((byte)':');

        int host;
        if (!hostPart.IsEmpty && hostPart[0] == (byte)'[')
        {
            host = hostPart.IndexOf((byte)']') + 1;
            if (host == 0) host = hostPart.Length;
        }
        else
        {
            host = hostPart.IndexOfAny((byte)':', (byte)';', (byte)'?');
            if (host < 0) host = hostPart.Length;
        }

        ReadOnlySpan<byte> tail = hostPart[host..];
        ushort port = 0;
        if (!tail.IsEmpty && tail[0] == (byte)':')
        {
            int end = tail.IndexOfAny((byte)';', (byte)'?');
            if (end < 0) end = tail.Length;
            if (SipGrammar.TryReadNumber(SipGrammar.Trim(tail[1..end]), out uint number) && number <= ushort.MaxValue) port = (ushort)number;
            tail = tail[end..];
        }

        int headers = tail.IndexOf((byte)'?');
        return new SipUri(kind, scheme, rest)
        {
            User = password < 0 ? userInfo : userInfo[..password],
            Password = password < 0 ? default : userInfo[(password + 1)..],
            Host = SipGrammar.Trim(hostPart[..host]),
            Port = port,
            Parameters = new SipParameters(headers < 0 ? tail : tail[..headers]),
            Headers = headers < 0 ? default : tail[(headers + 1)..],
        };
    }

    private static SipUri ParseTel(ReadOnlySpan<byte> scheme, ReadOnlySpan<byte> rest)
    {
        int semicolon = rest.IndexOf((byte)';');
        return new SipUri(SipUriScheme.Tel, scheme, rest)
        {
            User = semicolon < 0 ? rest : rest[..semicolon],
            Parameters = new SipParameters(semicolon < 0 ? default : rest[semicolon..]),
        };
    }

    private static SipUriScheme SchemeOf(ReadOnlySpan<byte> scheme) => scheme.Length switch
    {
        3 when Ascii.EqualsIgnoreCase(scheme, "sip"u8) => SipUriScheme.Sip,
        3 when Ascii.EqualsIgnoreCase(scheme, "tel"u8) => SipUriScheme.Tel,
        4 when Ascii.EqualsIgnoreCase(scheme, "sips"u8) => SipUriScheme.Sips,
        _ => SipUriScheme.Other,
    };

    private static bool IsScheme(ReadOnlySpan<byte> text)
    {
        if (!char.IsAsciiLetter((char)text[0])) return false;
        foreach (byte c in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'+' or (byte)'-' or (byte)'.')) return false;
        }

        return true;
    }
}
