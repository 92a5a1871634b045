using CdrEngine.Protocols.Sip;

namespace CdrEngine.Protocols.Msrp;

/// <summary>Methods of MSRP.</summary>
public enum MsrpMethod : byte
{
    /// <summary>Any other method.</summary>
    Unknown = 0,

    /// <summary>SEND (RFC 4975 7.1).</summary>
    Send = 1,

    /// <summary>REPORT (RFC 4975 7.1.2).</summary>
    Report = 2,

    /// <summary>AUTH, to a relay (RFC 4976 5).</summary>
    Auth = 3,

    /// <summary>NICKNAME, in a chat room (RFC 7701 7).</summary>
    Nickname = 4,
}

/// <summary>What the end-line says of the message that the chunk is of (RFC 4975 7.1).</summary>
public enum MsrpContinuation : byte
{
    /// <summary><c>$</c>: its last chunk.</summary>
    Last = 0,

    /// <summary><c>+</c>: more follows.</summary>
    More = 1,

    /// <summary><c>#</c>: given up by the sender.</summary>
    Aborted = 2,
}

/// <summary>Byte-Range (RFC 4975 9): <c>1-25/25</c>, <c>26-*/*</c>.</summary>
/// <param name="Start">First byte, from 1.</param>
/// <param name="End">Last byte; -1 where it is not told.</param>
/// <param name="Total">Bytes of the whole message; -1 where it is not told.</param>
public readonly record struct MsrpByteRange(long Start, long End, long Total);

/// <summary>One MSRP request or response (RFC 4975 7, 9); a view, nothing is copied.</summary>
public readonly ref struct MsrpMessage
{
    /// <summary>True for a request.</summary>
    public bool IsRequest { get; internal init; }

    /// <summary>Method of a request.</summary>
    public MsrpMethod Method { get; internal init; }

    /// <summary>Status of a response; 0 for a request.</summary>
    public int StatusCode { get; internal init; }

    /// <summary>Comment of a response; may be empty.</summary>
    public ReadOnlySpan<byte> Comment { get; internal init; }

    /// <summary>Transaction identifier: a request and its response have the same.</summary>
    public ReadOnlySpan<byte> TransactionId { get; internal init; }

    /// <summary>Header lines, without the empty line.</summary>
    public ReadOnlySpan<byte> Headers { get; internal init; }

    /// <summary>Content of this chunk; empty without.</summary>
    public ReadOnlySpan<byte> Body { get; internal init; }

    /// <summary>True where there is a content, be it empty.</summary>
    public bool HasBody { get; internal init; }

    /// <summary>What the end-line says.</summary>
    public MsrpContinuation Continuation { get; internal init; }

    /// <summary>Message-ID; empty without one.</summary>
    public ReadOnlySpan<byte> MessageId => Header("Message-ID"u8);

    /// <summary>Content-Type; empty without one.</summary>
    public ReadOnlySpan<byte> ContentType => Header("Content-Type"u8);

    /// <summary>To-Path: URIs from the next hop to the receiver, parted by spaces.</summary>
    public ReadOnlySpan<byte> ToPath => Header("To-Path"u8);

    /// <summary>From-Path: URIs from the last hop to the sender, parted by spaces.</summary>
    public ReadOnlySpan<byte> FromPath => Header("From-Path"u8);

    /// <summary>Byte-Range; from the first byte and of unknown length where there is none that can be read.</summary>
    public MsrpByteRange ByteRange => ReadRange(Header("Byte-Range"u8));

    /// <summary>Status of a REPORT (<c>000 200 OK</c>): its code; 0 without one.</summary>
    public int ReportStatus
    {
        get
        {
            ReadOnlySpan<byte> value = Header("Status"u8);
            int space = value.IndexOf((byte)' ');
            return space > 0 && SipGrammar.TryReadLeadingNumber(SipGrammar.Trim(value[space..]), out uint code) && code <= 999 ? (int)code : 0;
        }
    }

    /// <summary>Whether the sender wants a response whatever comes of it: Failure-Report is not <c>no</c> and not <c>partial</c> (RFC 4975 7.1.2).</summary>
    public bool WantsResponse
    {
        get
        {
            ReadOnlySpan<byte> value = Header("Failure-Report"u8);
            return !SipGrammar.EqualsIgnoreCase(value, "no"u8) && !SipGrammar.EqualsIgnoreCase(value, "partial"u8);
        }
    }

    /// <summary>Value of the first header of that name, case aside, trimmed; empty without one.</summary>
    public ReadOnlySpan<byte> Header(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> rest = Headers;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            int colon = line.IndexOf((byte)':');
            if (colon <= 0 || !SipGrammar.EqualsIgnoreCase(SipGrammar.Trim(line[..colon]), name)) continue;
            ReadOnlySpan<byte> value = line[(colon + 1)..];
            if (value is [.., (byte)'\r']) value = value[..^1];
            return SipGrammar.Trim(value);
        }

        return default;
    }

    /// <summary>The last URI of a path: the end party's own.</summary>
    public static ReadOnlySpan<byte> LastOf(ReadOnlySpan<byte> path)
    {
        path = SipGrammar.Trim(path);
        int space = path.LastIndexOf((byte)' ');
        return space < 0 ? path : path[(space + 1)..];
    }

    private static MsrpByteRange ReadRange(ReadOnlySpan<byte> value)
    {
        int dash = value.IndexOf((byte)'-');
        int slash = value.IndexOf((byte)'/');
        if (dash <= 0 || slash <= dash || !TryReadLong(value[..dash], out long start) || start < 1) return new MsrpByteRange(1, -1, -1);
        long end = TryReadLong(value[(dash + 1)..slash], out long last) ? last : -1;
        long total = TryReadLong(value[(slash + 1)..], out long all) ? all : -1;
        return new MsrpByteRange(start, end, total);
    }

    private static bool TryReadLong(ReadOnlySpan<byte> text, out long number)
    {
        text = SipGrammar.Trim(text);
        number = 0;
        if (text.Length is 0 or > 15) return false;
        foreach (byte c in text)
        {
            if (c is < (byte)'0' or > (byte)'9') return false;
            number = (number * 10) + (c - '0');
        }

        return true;
    }
}

/// <summary>Why something is no MSRP.</summary>
public enum MsrpRejection : byte
{
    /// <summary>It is.</summary>
    None = 0,

    /// <summary>The first line is none of MSRP.</summary>
    StartLine = 1,

    /// <summary>A header line without a colon, or no end to the headers.</summary>
    Headers = 2,

    /// <summary>The line that names the transaction again is not where the chunk ends.</summary>
    EndLine = 3,
}

/// <summary>An MSRP URI (RFC 4975 6): <c>msrp://host:port/session;tcp</c>; a view.</summary>
public readonly ref struct MsrpUri
{
    /// <summary>Host without brackets.</summary>
    public ReadOnlySpan<byte> Host { get; private init; }

    /// <summary>Port; 2855 where none is written.</summary>
    public ushort Port { get; private init; }

    /// <summary>Session-id; empty without one.</summary>
    public ReadOnlySpan<byte> SessionId { get; private init; }

    /// <summary>Reads a URI; false where it is none of MSRP.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out MsrpUri uri)
    {
        uri = default;
        int scheme = text.IndexOf("://"u8);
        if (scheme is not (4 or 5) || !SipGrammar.EqualsIgnoreCase(text[..4], "msrp"u8) || (scheme == 5 && text[4] is not ((byte)'s' or (byte)'S'))) return false;
        ReadOnlySpan<byte> rest = text[(scheme + 3)..];
        int semicolon = rest.IndexOf((byte)';');
        if (semicolon >= 0) rest = rest[..semicolon];
        int slash = rest.IndexOf((byte)'/');
        ReadOnlySpan<byte> authority = slash < 0 ? rest : rest[..slash];
        int at = authority.IndexOf((byte)'@');
        if (at >= 0) authority = authority[(at + 1)..];
        int colon = authority.LastIndexOf((byte)':');
        int bracket = authority.LastIndexOf((byte)']');
        bool hasPort = colon > bracket;
        uint port = 2855;
        if (hasPort && (!SipGrammar.TryReadNumber(authority[(colon + 1)..], out port) || port > ushort.MaxValue)) return false;
        ReadOnlySpan<byte> host = hasPort ? authority[..colon] : authority;
        if (host is [(byte)'[', .., (byte)']']) host = host[1..^1];
        if (host.IsEmpty) return false;
        uri = new MsrpUri { Host = host, Port = (ushort)port, SessionId = slash < 0 ? default : rest[(slash + 1)..] };
        return true;
    }
}
