namespace CdrEngine.Media.Codecs;

/// <summary>Reads the parameters of an <c>a=fmtp</c> line (RFC 8866 6.15): <c>name=value</c> pairs between semicolons.</summary>
internal static class FormatParameters
{
    /// <summary>The value of a parameter, without blanks; empty where it stands without one, null where it is not there. The first one counts.</summary>
    public static string? Find(string? fmtp, string name)
    {
        if (fmtp is null) return null;
        ReadOnlySpan<char> text = fmtp;
        foreach (Range range in text.Split(';'))
        {
            ReadOnlySpan<char> part = text[range];
            int equals = part.IndexOf('=');
            ReadOnlySpan<char> found = (equals < 0 ? part : part[..equals]).Trim();
            if (found.Equals(name, StringComparison.OrdinalIgnoreCase)) return equals < 0 ? "" : part[(equals + 1)..].Trim().ToString();
        }

        return null;
    }

    /// <summary>True where the parameter is 1.</summary>
    public static bool IsOn(string? fmtp, string name) => Find(fmtp, name) == "1";
}
