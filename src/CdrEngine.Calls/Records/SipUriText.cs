namespace CdrEngine.Calls.Records;

/// <summary>Parts of the URIs that records hold, for mappings that show them apart.</summary>
public static class SipUriText
{
    /// <summary>Host of a SIP URI, without port and parameters; null where there is none.</summary>
    public static string? Host(string? uri)
    {
        if (Rest(uri) is not { } rest) return null;
        int at = rest.LastIndexOf('@');
        if (at < 0 && uri!.Contains("tel:", StringComparison.OrdinalIgnoreCase)) return null;
        string host = at < 0 ? rest : rest[(at + 1)..];
        if (host.StartsWith('[')) return host.IndexOf(']') is > 0 and var end ? host[..(end + 1)] : null;
        int port = host.IndexOf(':', StringComparison.Ordinal);
        if (port >= 0) host = host[..port];
        return host.Length == 0 ? null : host;
    }

    /// <summary>User part of a SIP or tel URI; null where there is none.</summary>
    public static string? User(string? uri)
    {
        if (Rest(uri) is not { } rest) return null;
        int at = rest.LastIndexOf('@');
        if (at < 0) return uri!.Contains("tel:", StringComparison.OrdinalIgnoreCase) && rest.Length > 0 ? rest : null;
        string user = rest[..at];
        int password = user.IndexOf(':', StringComparison.Ordinal);
        if (password >= 0) user = user[..password];
        int parameters = user.IndexOf(';', StringComparison.Ordinal);
        if (parameters >= 0) user = user[..parameters];
        return user.Length == 0 ? null : user;
    }

    /// <summary>User and host with its port, as <c>1655@example.com</c>; null where there is neither.</summary>
    public static string? Address(string? uri) => Rest(uri) is { Length: > 0 } rest ? rest : null;

    // Behind the scheme, without brackets, parameters and headers.
    private static string? Rest(string? uri)
    {
        if (string.IsNullOrWhiteSpace(uri)) return null;
        string text = uri.Trim();
        int open = text.IndexOf('<', StringComparison.Ordinal);
        if (open >= 0)
        {
            int close = text.IndexOf('>', open);
            text = close < 0 ? text[(open + 1)..] : text[(open + 1)..close];
        }

        foreach (string scheme in (ReadOnlySpan<string>)["sip:", "sips:", "tel:"])
        {
            if (!text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) continue;
            text = text[scheme.Length..];
            int at = text.LastIndexOf('@');
            int end = text.AsSpan(Math.Max(at, 0)).IndexOfAny(';', '?', '>');
            return end < 0 ? text : text[..(Math.Max(at, 0) + end)];
        }

        return null;
    }
}
