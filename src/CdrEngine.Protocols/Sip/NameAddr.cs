namespace CdrEngine.Protocols.Sip;

/// <summary>An address of a header such as From, To, Contact: <c>"Name" &lt;uri&gt;;parameters</c> or a bare URI (RFC 3261 20.10, 25.1); a view.</summary>
/// <remarks>Without angle brackets, what follows the first semicolon belongs to the header and not to the URI (RFC 3261 20).</remarks>
public readonly ref struct NameAddr
{
    private NameAddr(ReadOnlySpan<byte> displayName, ReadOnlySpan<byte> uri, ReadOnlySpan<byte> parameters, bool isBracketed)
    {
        DisplayName = displayName;
        UriText = uri;
        Parameters = new SipParameters(parameters);
        IsBracketed = isBracketed;
    }

    /// <summary>Display name without its quotes, escapes left as written; empty without one.</summary>
    public ReadOnlySpan<byte> DisplayName { get; }

    /// <summary>The URI as written, without brackets; <c>*</c> for the wildcard contact.</summary>
    public ReadOnlySpan<byte> UriText { get; }

    /// <summary>The URI in its parts; all empty where it is none.</summary>
    public SipUri Uri => SipUri.TryParse(UriText, out SipUri uri) ? uri : default;

    /// <summary>Parameters of the header (not of the URI).</summary>
    public SipParameters Parameters { get; }

    /// <summary>True where the URI stands in angle brackets.</summary>
    public bool IsBracketed { get; }

    /// <summary>True where there is no address.</summary>
    public bool IsEmpty => UriText.IsEmpty;

    /// <summary>The tag parameter; empty without one.</summary>
    public ReadOnlySpan<byte> Tag => Parameters.TryGet("tag"u8, out ReadOnlySpan<byte> tag) ? tag : default;

    /// <summary>Reads one address. Whatever the text is, some reading is given: a bracket that is not closed ends with the text.</summary>
    public static NameAddr Parse(ReadOnlySpan<byte> text)
    {
        text = SipGrammar.Trim(text);
        int open = text.IndexOf((byte)'<');
        int quote = text.IndexOf((byte)'"');
        if (quote >= 0 && quote < open)
        {
            // a quoted name may hold brackets
            int close = SipGrammar.ClosingQuote(text[quote..]);
            if (close >= 0)
            {
                int after = quote + close + 1;
                int next = text[after..].IndexOf((byte)'<');
                open = next < 0 ? -1 : after + next;
            }
        }

        if (open < 0 || IsAfterSemicolon(text, open))
        {
            int semicolon = text.IndexOf((byte)';');
            return semicolon < 0
                ? new NameAddr(default, text, default, isBracketed: false)
                : new NameAddr(default, SipGrammar.Trim(text[..semicolon]), text[semicolon..], isBracketed: false);
        }

        ReadOnlySpan<byte> rest = text[(open + 1)..];
        int end = rest.IndexOf((byte)'>');
        ReadOnlySpan<byte> uri = SipGrammar.Trim(end < 0 ? rest : rest[..end]);
        ReadOnlySpan<byte> name = SipGrammar.Unquote(SipGrammar.Trim(text[..open]));
        return new NameAddr(name, uri, end < 0 ? default : rest[(end + 1)..], isBracketed: true);
    }

    /// <summary>The tag of an address, without reading the rest of it where it is written as nearly all are: <c>…&gt;;tag=value</c>.</summary>
    internal static ReadOnlySpan<byte> TagOf(ReadOnlySpan<byte> text)
    {
        int close = text.IndexOf((byte)'>');
        if (close > 0 && text[..close].Contains((byte)'<'))
        {
            ReadOnlySpan<byte> tail = text[(close + 1)..];
            if (tail.StartsWith(";tag="u8) && IsPlainTag(tail[5..])) return tail[5..];
        }

        return Parse(text).Tag;
    }

    // A tag with nothing behind it that would end it.
    private static bool IsPlainTag(ReadOnlySpan<byte> tag)
    {
        foreach (byte character in tag)
        {
            if (character is (byte)';' or (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)'"' or (byte)'>') return false;
        }

        return true;
    }

    /// <summary>The display name as text, escapes resolved.</summary>
    public string DisplayNameText() => SipGrammar.UnescapeQuoted(DisplayName);

    // "<" in a parameter of a bare URI opens no address; in front of any semicolon, or after a quoted name, it does
    private static bool IsAfterSemicolon(ReadOnlySpan<byte> text, int open)
    {
        ReadOnlySpan<byte> before = text[..open];
        if (before.Contains((byte)'"')) return false;
        int semicolon = before.IndexOf((byte)';');
        return semicolon >= 0 && before[..semicolon].Contains((byte)':');
    }
}
