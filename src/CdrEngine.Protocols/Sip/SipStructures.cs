using System.Globalization;

namespace CdrEngine.Protocols.Sip;

/// <summary>One value of Reason (RFC 3326): <c>Q.850;cause=16;text="Terminated"</c>; a view.</summary>
public readonly ref struct SipReason
{
    private SipReason(ReadOnlySpan<byte> protocol, SipParameters parameters)
    {
        Protocol = protocol;
        Parameters = parameters;
    }

    /// <summary><c>SIP</c>, <c>Q.850</c>, …</summary>
    public ReadOnlySpan<byte> Protocol { get; }

    /// <summary>Parameters.</summary>
    public SipParameters Parameters { get; }

    /// <summary>The cause: a status code or a Q.850 cause; -1 without one or where it is over 999.</summary>
    public int Cause => Parameters.TryGetNumber("cause"u8, out uint cause) && cause <= 999 ? (int)cause : -1;

    /// <summary>The text without quotes, escapes left as written; empty without one.</summary>
    public ReadOnlySpan<byte> Text => Parameters.TryGet("text"u8, out ReadOnlySpan<byte> text) ? text : default;

    /// <summary>Reads one value; false where there is no protocol.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipReason reason)
    {
        int semicolon = value.IndexOf((byte)';');
        ReadOnlySpan<byte> protocol = SipGrammar.Trim(semicolon < 0 ? value : value[..semicolon]);
        reason = new SipReason(protocol, new SipParameters(semicolon < 0 ? default : value[semicolon..]));
        return !protocol.IsEmpty;
    }
}

/// <summary>Replaces (RFC 3891 6.1): the dialog that the new one takes the place of; a view.</summary>
public readonly ref struct SipReplaces
{
    /// <summary>Call-ID of the dialog.</summary>
    public ReadOnlySpan<byte> CallId { get; private init; }

    /// <summary>To-tag: the tag of the side that receives this Replaces.</summary>
    public ReadOnlySpan<byte> ToTag { get; private init; }

    /// <summary>From-tag: the tag of the other side.</summary>
    public ReadOnlySpan<byte> FromTag { get; private init; }

    /// <summary>True where only an early dialog may be replaced.</summary>
    public bool IsEarlyOnly { get; private init; }

    /// <summary>Reads a header value; false where Call-ID or one of the tags is missing.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipReplaces replaces)
    {
        replaces = default;
        int semicolon = value.IndexOf((byte)';');
        if (semicolon <= 0) return false;
        var parameters = new SipParameters(value[semicolon..]);
        if (!parameters.TryGet("to-tag"u8, out ReadOnlySpan<byte> toTag) || !parameters.TryGet("from-tag"u8, out ReadOnlySpan<byte> fromTag)) return false;
        replaces = new SipReplaces
        {
            CallId = SipGrammar.Trim(value[..semicolon]),
            ToTag = toTag,
            FromTag = fromTag,
            IsEarlyOnly = parameters.Contains("early-only"u8),
        };
        return !replaces.CallId.IsEmpty;
    }

    /// <summary>Reads the escaped form in the URI of Refer-To (<c>?Replaces=id%40host%3Bto-tag%3D…</c>).</summary>
    /// <param name="escaped">What <see cref="SipUri.TryGetHeader"/> gave.</param>
    /// <param name="plain">Room for the text without escapes; the result points into it. As long as <paramref name="escaped"/> is always enough.</param>
    /// <param name="replaces">The result.</param>
    public static bool TryParseEscaped(ReadOnlySpan<byte> escaped, Span<byte> plain, out SipReplaces replaces)
    {
        if (SipGrammar.TryUnescapeUri(escaped, plain, out int written)) return TryParse(plain[..written], out replaces);
        replaces = default;
        return false;
    }
}

/// <summary>Who refreshes a session (RFC 4028 4).</summary>
public enum SipRefresher : byte
{
    /// <summary>Not said.</summary>
    Unspecified = 0,

    /// <summary>The user agent client of the request.</summary>
    Uac = 1,

    /// <summary>The user agent server of the request.</summary>
    Uas = 2,
}

/// <summary>Session-Expires (RFC 4028 4).</summary>
/// <param name="Seconds">Interval after which the session ends unless refreshed.</param>
/// <param name="Refresher">Who refreshes.</param>
public readonly record struct SipSessionExpires(uint Seconds, SipRefresher Refresher)
{
    /// <summary>Reads a header value; false where it does not begin with a number.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipSessionExpires expires)
    {
        expires = default;
        if (!SipGrammar.TryReadLeadingNumber(value, out uint seconds)) return false;
        int semicolon = value.IndexOf((byte)';');
        SipRefresher refresher = SipRefresher.Unspecified;
        if (semicolon >= 0 && new SipParameters(value[semicolon..]).TryGet("refresher"u8, out ReadOnlySpan<byte> who))
        {
            if (SipGrammar.EqualsIgnoreCase(who, "uac"u8)) refresher = SipRefresher.Uac;
            else if (SipGrammar.EqualsIgnoreCase(who, "uas"u8)) refresher = SipRefresher.Uas;
        }

        expires = new SipSessionExpires(seconds, refresher);
        return true;
    }
}

/// <summary>RAck (RFC 3262 7.2): which reliable provisional response a PRACK answers.</summary>
/// <param name="RSeq">RSeq of the response.</param>
/// <param name="CSeq">CSeq number of the response.</param>
/// <param name="Method">CSeq method of the response.</param>
public readonly record struct SipRAck(uint RSeq, uint CSeq, SipMethod Method)
{
    /// <summary>Reads a header value; false where it is not two numbers and a method.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipRAck rack)
    {
        rack = default;
        if (!SipGrammar.TryReadLeadingNumber(value, out uint rseq)) return false;
        int blank = value.IndexOfAny((byte)' ', (byte)'\t');
        if (blank < 0) return false;
        value = SipGrammar.Trim(value[blank..]);
        if (!SipGrammar.TryReadLeadingNumber(value, out uint cseq)) return false;
        blank = value.IndexOfAny((byte)' ', (byte)'\t');
        if (blank < 0) return false;
        rack = new SipRAck(rseq, cseq, SipMethods.Find(SipGrammar.Trim(value[blank..])));
        return true;
    }
}

/// <summary>Session-ID (RFC 7989 5): two UUIDs that name a session end to end, whatever B2BUAs do to its Call-IDs.</summary>
/// <param name="Local">UUID of the sender; 0 for the null UUID.</param>
/// <param name="Remote">UUID of the other side; 0 where it is not known yet or not written.</param>
public readonly record struct SipSessionId(UInt128 Local, UInt128 Remote)
{
    /// <summary>Reads a header value; false where it does not begin with 32 hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out SipSessionId id)
    {
        id = default;
        int semicolon = value.IndexOf((byte)';');
        if (!TryReadUuid(SipGrammar.Trim(semicolon < 0 ? value : value[..semicolon]), out UInt128 local)) return false;
        UInt128 remote = 0;
        if (semicolon >= 0 && new SipParameters(value[semicolon..]).TryGet("remote"u8, out ReadOnlySpan<byte> text)) TryReadUuid(text, out remote);
        id = new SipSessionId(local, remote);
        return true;
    }

    /// <summary>True where both name the same session: the two UUIDs are equal as an unordered pair, and neither is null (RFC 7989 4).</summary>
    public bool IsSameSession(SipSessionId other) =>
        Local != 0 && Remote != 0 && ((Local == other.Local && Remote == other.Remote) || (Local == other.Remote && Remote == other.Local));

    /// <summary>As on the wire.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Local:x32};remote={Remote:x32}");

    private static bool TryReadUuid(ReadOnlySpan<byte> text, out UInt128 uuid)
    {
        uuid = 0;
        if (text.Length != 32) return false;
        ulong high = 0, low = 0;
        for (int i = 0; i < 32; i++)
        {
            int digit = SipGrammar.HexDigit(text[i]);
            if (digit < 0) return false;
            if (i < 16) high = (high << 4) | (uint)digit;
            else low = (low << 4) | (uint)digit;
        }

        uuid = new UInt128(high, low);
        return true;
    }
}

/// <summary>One value of Diversion (RFC 5806): who diverted the call, and why; a view.</summary>
public readonly ref struct SipDiversion
{
    private SipDiversion(NameAddr address) => Address = address;

    /// <summary>The party that diverted.</summary>
    public NameAddr Address { get; }

    /// <summary><c>user-busy</c>, <c>no-answer</c>, <c>unconditional</c>, …; empty without one.</summary>
    public ReadOnlySpan<byte> Reason => Address.Parameters.TryGet("reason"u8, out ReadOnlySpan<byte> reason) ? reason : default;

    /// <summary>Number of diversions so far; 1 where none is written (RFC 5806 9).</summary>
    public uint Counter => Address.Parameters.TryGetNumber("counter"u8, out uint counter) ? counter : 1;

    /// <summary><c>full</c>, <c>name</c>, <c>uri</c>, <c>off</c>; empty without one.</summary>
    public ReadOnlySpan<byte> Privacy => Address.Parameters.TryGet("privacy"u8, out ReadOnlySpan<byte> privacy) ? privacy : default;

    /// <summary>Reads one value; its address may be empty.</summary>
    public static SipDiversion Parse(ReadOnlySpan<byte> value) => new(NameAddr.Parse(value));
}

/// <summary>One value of History-Info (RFC 7044): a target the request had, and where it stands in the history; a view.</summary>
public readonly ref struct SipHistoryInfo
{
    private SipHistoryInfo(NameAddr address) => Address = address;

    /// <summary>The target.</summary>
    public NameAddr Address { get; }

    /// <summary>Place in the history: <c>1</c>, <c>1.1</c>, …; empty without one.</summary>
    public ReadOnlySpan<byte> Index => Address.Parameters.TryGet("index"u8, out ReadOnlySpan<byte> index) ? index : default;

    /// <summary>Why the target was left: the cause parameter of its URI (RFC 4458, RFC 8119), or the cause in an escaped Reason header; -1 without.</summary>
    public int Cause
    {
        get
        {
            SipUri uri = Address.Uri;
            if (uri.Parameters.TryGetNumber("cause"u8, out uint cause) && cause <= 999) return (int)cause;
            if (!uri.TryGetHeader("Reason"u8, out ReadOnlySpan<byte> escaped) || escaped.Length > 256) return -1;
            Span<byte> plain = stackalloc byte[256];
            SipGrammar.TryUnescapeUri(escaped, plain, out int written);
            return SipReason.TryParse(plain[..written], out SipReason reason) ? reason.Cause : -1;
        }
    }

    /// <summary>Reads one value; its address may be empty.</summary>
    public static SipHistoryInfo Parse(ReadOnlySpan<byte> value) => new(NameAddr.Parse(value));
}

/// <summary>Credentials and challenges of digest authentication (RFC 3261 20.7, RFC 7616 3.4).</summary>
public static class SipDigest
{
    /// <summary>Finds a parameter by name, case aside; its value without quotes (escapes left as written).</summary>
    public static bool TryGet(ReadOnlySpan<byte> credentials, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        int blank = credentials.IndexOfAny((byte)' ', (byte)'\t');
        if (blank < 0) return false;
        ReadOnlySpan<byte> rest = credentials[(blank + 1)..];
        while (!rest.IsEmpty)
        {
            ReadOnlySpan<byte> parameter = SipList.Take(ref rest);
            int equals = parameter.IndexOf((byte)'=');
            if (equals <= 0 || !SipGrammar.EqualsIgnoreCase(SipGrammar.Trim(parameter[..equals]), name)) continue;
            value = SipGrammar.Unquote(SipGrammar.Trim(parameter[(equals + 1)..]));
            return true;
        }

        return false;
    }
}
