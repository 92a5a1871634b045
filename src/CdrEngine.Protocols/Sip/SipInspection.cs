namespace CdrEngine.Protocols.Sip;

/// <summary>The strict reader's view of header values: which rule of RFC 3261 each breaks.</summary>
internal static class SipInspection
{
    public static SipOddities RequestUri(ReadOnlySpan<byte> uri)
    {
        SipOddities found = Uri(uri);
        if (SipUri.TryParse(uri, out SipUri parsed) && !parsed.Headers.IsEmpty) found |= SipOddities.MisplacedUriHeaders;
        return found;
    }

    public static SipOddities Addresses(ReadOnlySpan<byte> list)
    {
        SipOddities found = SipOddities.None;
        while (!list.IsEmpty)
        {
            ReadOnlySpan<byte> item = SipList.Take(ref list);
            found |= item.IsEmpty ? SipOddities.MalformedAddress : Address(item);
        }

        return found;
    }

    public static SipOddities Address(ReadOnlySpan<byte> value)
    {
        SipOddities found = SipOddities.None;
        if (HasOpenQuote(value)) found |= SipOddities.UnbalancedQuote;
        NameAddr address = NameAddr.Parse(value);
        if (address.UriText.SequenceEqual("*"u8)) return found;
        if (address.IsBracketed)
        {
            int open = SipGrammar.IndexOutside(value, (byte)'<');
            if (open < 0)
            {
                found |= SipOddities.MalformedAddress;
            }
            else
            {
                // RFC 3261 25.1: the brackets hold the URI alone, a name in front is a quoted string or tokens
                int close = value[open..].IndexOf((byte)'>');
                if (close < 0 || address.UriText.Length != close - 1) found |= SipOddities.MalformedAddress;
                if (!IsDisplayName(SipGrammar.Trim(value[..open]))) found |= SipOddities.MalformedAddress;
            }
        }
        else if (address.UriText.ContainsAny((byte)'?', (byte)','))
        {
            found |= SipOddities.MisplacedUriHeaders;
        }

        found |= Uri(address.UriText);
        return found | Parameters(address.Parameters.Text);
    }

    public static SipOddities Vias(ReadOnlySpan<byte> list)
    {
        SipOddities found = SipOddities.None;
        while (!list.IsEmpty)
        {
            ReadOnlySpan<byte> item = SipList.Take(ref list);
            if (HasOpenQuote(item)) found |= SipOddities.UnbalancedQuote;
            if (!SipVia.TryParse(item, out SipVia via))
            {
                found |= SipOddities.MalformedVia;
                continue;
            }

            ReadOnlySpan<byte> protocol = SipGrammar.Trim(item[..item.IndexOf((byte)'/')]);
            if (!SipGrammar.EqualsIgnoreCase(protocol, "SIP"u8) || !SipGrammar.IsToken(via.TransportText)) found |= SipOddities.MalformedVia;
            if (via.SentBy.ContainsAny((byte)',', (byte)' ') && !IsSpacedPort(via.SentBy)) found |= SipOddities.MalformedVia;
            if (via.Branch.Length == 7 && SipGrammar.EqualsIgnoreCase(via.Branch, "z9hG4bK"u8)) found |= SipOddities.BadBranch;
            if (via.Parameters.TryGet("ttl"u8, out ReadOnlySpan<byte> ttl)) found |= Number(ttl, 255);
            found |= Parameters(via.Parameters.Text);
        }

        return found;
    }

    public static SipOddities Warnings(ReadOnlySpan<byte> list)
    {
        SipOddities found = SipOddities.None;
        while (!list.IsEmpty)
        {
            ReadOnlySpan<byte> item = SipList.Take(ref list);
            if (HasOpenQuote(item)) found |= SipOddities.UnbalancedQuote;
            int blank = item.IndexOf((byte)' ');
            if (blank != 3 || !SipGrammar.TryReadNumber(item[..3], out _)) found |= SipOddities.NumberOutOfRange;
        }

        return found;
    }

    public static SipOddities Number(ReadOnlySpan<byte> value, uint most) =>
        SipGrammar.TryReadLeadingNumber(value, out uint number) && number <= most ? SipOddities.None : SipOddities.NumberOutOfRange;

    // SIP-date = rfc1123-date: "Sat, 13 Nov 2010 23:29:00 GMT", always in GMT
    public static SipOddities Date(ReadOnlySpan<byte> value)
    {
        bool isDate = value.Length == 29 && value[3] == (byte)',' && value[4] == (byte)' ' && value[7] == (byte)' ' && value[11] == (byte)' '
            && value[16] == (byte)' ' && value[19] == (byte)':' && value[22] == (byte)':'
            && SipGrammar.TryReadNumber(value[5..7], out uint day) && day is >= 1 and <= 31
            && SipGrammar.TryReadNumber(value[12..16], out _)
            && SipGrammar.TryReadNumber(value[17..19], out uint hour) && hour < 24
            && SipGrammar.TryReadNumber(value[20..22], out uint minute) && minute < 60
            && SipGrammar.TryReadNumber(value[23..25], out uint second) && second <= 60
            && SipGrammar.EqualsIgnoreCase(value[25..], " GMT"u8);
        return isDate ? SipOddities.None : SipOddities.BadDate;
    }

    private static SipOddities Uri(ReadOnlySpan<byte> uri)
    {
        SipOddities found = SipOddities.None;
        if (!SipUri.TryParse(uri, out SipUri parsed) || parsed.Opaque.IsEmpty) return SipOddities.MalformedAddress;
        if (uri.ContainsAny((byte)' ', (byte)'\t', (byte)'<') || uri.Contains((byte)'"')) found |= SipOddities.MalformedAddress;
        if (parsed.Scheme is SipUriScheme.Sip or SipUriScheme.Sips && parsed.Host.IsEmpty) found |= SipOddities.MalformedAddress;
        for (int at = uri.IndexOf((byte)'%'); at >= 0 && at < uri.Length; at++)
        {
            if (uri[at] != (byte)'%') continue;
            if (at + 2 >= uri.Length || SipGrammar.HexDigit(uri[at + 1]) < 0 || SipGrammar.HexDigit(uri[at + 2]) < 0) found |= SipOddities.BadEscape;
        }

        return found;
    }

    private static SipOddities Parameters(ReadOnlySpan<byte> text)
    {
        text = SipGrammar.Trim(text);
        if (text.IsEmpty) return SipOddities.None;
        if (text[0] != (byte)';') return SipOddities.MalformedAddress;
        text = text[1..];
        while (true)
        {
            int end = SipGrammar.IndexOutside(text, (byte)';');
            ReadOnlySpan<byte> parameter = SipGrammar.Trim(end < 0 ? text : text[..end]);
            if (parameter.IsEmpty || parameter[0] == (byte)'=') return SipOddities.EmptyParameter;
            if (end < 0) return SipOddities.None;
            text = text[(end + 1)..];
        }
    }

    private static bool IsDisplayName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty) return true;
        if (name[0] == (byte)'"') return SipGrammar.ClosingQuote(name) == name.Length - 1;
        foreach (byte c in name)
        {
            if (!SipGrammar.IsTokenByte(c) && !SipGrammar.IsBlank(c)) return false;
        }

        return true;
    }

    private static bool IsSpacedPort(ReadOnlySpan<byte> sentBy)
    {
        int colon = sentBy.LastIndexOf((byte)':');
        return colon > 0 && !SipGrammar.Trim(sentBy[..colon]).ContainsAny((byte)',', (byte)' ') && SipGrammar.TryReadNumber(SipGrammar.Trim(sentBy[(colon + 1)..]), out _);
    }

    private static bool HasOpenQuote(ReadOnlySpan<byte> text)
    {
        for (int i = text.IndexOf((byte)'"'); i >= 0 && i < text.Length; i++)
        {
            if (text[i] != (byte)'"') continue;
            int close = SipGrammar.ClosingQuote(text[i..]);
            if (close < 0) return true;
            i += close;
        }

        return false;
    }
}
