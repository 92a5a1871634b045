using System.Globalization;
using System.Text;

namespace CdrEngine.TestKit;

/// <summary>Writes SIP messages for tests, deterministically: the same calls give the same bytes in every run.</summary>
/// <remarks>A party is written short: <c>alice</c> is <c>&lt;sip:alice@192.0.2.1&gt;</c> (callers live at 192.0.2.1, callees at 192.0.2.2),
/// <c>alice@example.com</c> is <c>&lt;sip:alice@example.com&gt;</c>; anything with a scheme or a bracket is taken as it is.</remarks>
public sealed class SipText
{
    private readonly List<(string Name, string Value)> _headers = [];
    private byte[] _body = [];

    private SipText(string startLine) => StartLine = startLine;

    /// <summary>First line, without its line end.</summary>
    public string StartLine { get; set; }

    /// <summary>What ends a line; CRLF unless a test wants otherwise.</summary>
    public string LineEnd { get; set; } = "\r\n";

    /// <summary>Whether Content-Length is written (it is, unless a test wants otherwise or sets its own).</summary>
    public bool WritesContentLength { get; set; } = true;

    /// <summary>Headers in order, Content-Length aside.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers => _headers;

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body => _body;

    /// <summary>A message with a start line and nothing else.</summary>
    public static SipText Bare(string startLine) => new(startLine);

    /// <summary>A request with Via, Max-Forwards, From, To, Call-ID and CSeq. The branch derives from Call-ID, CSeq and method.</summary>
    public static SipText Request(
        string method,
        string callId,
        string from,
        string to,
        uint cseq = 1,
        string? fromTag = "from-tag",
        string? toTag = null,
        string? uri = null,
        string via = "SIP/2.0/UDP 192.0.2.1:5060",
        string? branch = null)
    {
        string callee = Party(to, "192.0.2.2");
        return new SipText($"{method} {uri ?? Uri(callee)} SIP/2.0")
            .With("Via", $"{via};branch={branch ?? Branch(callId, cseq, method)}")
            .With("Max-Forwards", "70")
            .With("From", Tagged(Party(from, "192.0.2.1"), fromTag))
            .With("To", Tagged(callee, toTag))
            .With("Call-ID", callId)
            .With("CSeq", string.Create(CultureInfo.InvariantCulture, $"{cseq} {method}"));
    }

    /// <summary>An INVITE with Contact; add an offer by <see cref="WithSdp"/>.</summary>
    public static SipText Invite(string callId, string from, string to, uint cseq = 1, string? fromTag = "from-tag", string? toTag = null) =>
        Request("INVITE", callId, from, to, cseq, fromTag, toTag).With("Contact", Party(from, "192.0.2.1"));

    /// <summary>The ACK of a 2xx: a transaction of its own (RFC 3261 13.2.2.4).</summary>
    public static SipText Ack(string callId, string from, string to, uint cseq = 1, string? fromTag = "from-tag", string? toTag = "to-tag") =>
        Request("ACK", callId, from, to, cseq, fromTag, toTag);

    /// <summary>A CANCEL: the branch and CSeq number of the INVITE it cancels (RFC 3261 9.1).</summary>
    public static SipText Cancel(string callId, string from, string to, uint cseq = 1, string? fromTag = "from-tag") =>
        Request("CANCEL", callId, from, to, cseq, fromTag, branch: Branch(callId, cseq, "INVITE"));

    /// <summary>A BYE in a dialog. A callee's BYE has the parties and tags the other way round.</summary>
    public static SipText Bye(string callId, string from, string to, uint cseq = 2, string? fromTag = "from-tag", string? toTag = "to-tag") =>
        Request("BYE", callId, from, to, cseq, fromTag, toTag);

    /// <summary>A REGISTER with one contact.</summary>
    public static SipText Register(string callId, string user, string domain = "example.com", uint cseq = 1, int expires = 3600) =>
        Request("REGISTER", callId, $"{user}@{domain}", $"{user}@{domain}", cseq, uri: $"sip:{domain}")
            .With("Contact", $"<sip:{user}@192.0.2.1:5060>")
            .With("Expires", expires.ToString(CultureInfo.InvariantCulture));

    /// <summary>A response with the Via lines, From, To, Call-ID, CSeq and Record-Route of this request (RFC 3261 8.2.6.2).</summary>
    /// <param name="status">100 to 699.</param>
    /// <param name="reason">Reason phrase; null takes a usual one.</param>
    /// <param name="toTag">Tag added to To where the request has none and the status is over 100.</param>
    public SipText Reply(int status, string? reason = null, string? toTag = "to-tag")
    {
        var reply = new SipText(string.Create(CultureInfo.InvariantCulture, $"SIP/2.0 {status} {reason ?? ReasonPhrase(status)}"));
        foreach ((string name, string value) in _headers)
        {
            if (name is "Via" or "From" or "Call-ID" or "CSeq" or "Record-Route") reply.With(name, value);
            else if (name is "To") reply.With(name, status > 100 && !value.Contains(";tag=", StringComparison.Ordinal) ? Tagged(value, toTag) : value);
        }

        return reply;
    }

    /// <summary>A copy that can be changed apart from this one.</summary>
    public SipText Copy()
    {
        var copy = new SipText(StartLine) { LineEnd = LineEnd, WritesContentLength = WritesContentLength, _body = _body };
        copy._headers.AddRange(_headers);
        return copy;
    }

    /// <summary>Adds a header at the end.</summary>
    public SipText With(string name, string value)
    {
        _headers.Add((name, value));
        return this;
    }

    /// <summary>Replaces the first header of that name, or adds it.</summary>
    public SipText Set(string name, string value)
    {
        int at = _headers.FindIndex(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase));
        if (at < 0) return With(name, value);
        _headers[at] = (name, value);
        return this;
    }

    /// <summary>Removes every header of that name.</summary>
    public SipText Without(string name)
    {
        _headers.RemoveAll(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase));
        return this;
    }

    /// <summary>Puts a Via on top, as the next proxy on the way does.</summary>
    public SipText WithTopVia(string via)
    {
        _headers.Insert(0, ("Via", via));
        return this;
    }

    /// <summary>Sets the body and its type.</summary>
    public SipText WithBody(string contentType, ReadOnlySpan<byte> body)
    {
        _body = body.ToArray();
        return Set("Content-Type", contentType);
    }

    /// <summary>Sets the body and its type.</summary>
    public SipText WithBody(string contentType, string body) => WithBody(contentType, Encoding.UTF8.GetBytes(body));

    /// <summary>Sets an SDP body; see <see cref="Sdp"/>.</summary>
    public SipText WithSdp(string address, int port, string direction = "sendrecv", string formats = "0 8 101") =>
        WithBody("application/sdp", Sdp(address, port, direction, formats));

    /// <summary>An audio offer or answer: PCMU, PCMA and telephone-event unless other formats are given; version 4 or 6 by the address.</summary>
    public static string Sdp(string address, int port, string direction = "sendrecv", string formats = "0 8 101")
    {
        string family = address.Contains(':', StringComparison.Ordinal) ? "IP6" : "IP4";
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"v=0\r\no=- 1 1 IN {family} {address}\r\ns=-\r\nc=IN {family} {address}\r\nt=0 0\r\n");
        text.Append(CultureInfo.InvariantCulture, $"m=audio {port} RTP/AVP {formats}\r\n");
        foreach (string format in formats.Split(' '))
        {
            string? map = format switch
            {
                "0" => "PCMU/8000",
                "3" => "GSM/8000",
                "8" => "PCMA/8000",
                "9" => "G722/8000",
                "18" => "G729/8000",
                "96" => "opus/48000/2",
                "101" => "telephone-event/8000",
                _ => null,
            };
            if (map is not null) text.Append(CultureInfo.InvariantCulture, $"a=rtpmap:{format} {map}\r\n");
        }

        if (formats.Split(' ').Contains("101", StringComparer.Ordinal)) text.Append("a=fmtp:101 0-16\r\n");
        return text.Append("a=ptime:20\r\na=").Append(direction).Append("\r\n").ToString();
    }

    /// <summary>A multipart/mixed body of the given parts.</summary>
    public SipText WithMultipart(string boundary, params (string ContentType, string Body)[] parts)
    {
        var text = new StringBuilder();
        foreach ((string type, string body) in parts)
            text.Append("--").Append(boundary).Append("\r\nContent-Type: ").Append(type).Append("\r\n\r\n").Append(body).Append("\r\n");
        return WithBody($"multipart/mixed;boundary={boundary}", text.Append("--").Append(boundary).Append("--\r\n").ToString());
    }

    /// <summary>The message as it goes over the wire.</summary>
    public byte[] ToBytes()
    {
        var head = new StringBuilder().Append(StartLine).Append(LineEnd);
        foreach ((string name, string value) in _headers) head.Append(name).Append(": ").Append(value).Append(LineEnd);
        if (WritesContentLength && !_headers.Exists(header => header.Name is "Content-Length" or "l"))
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {_body.Length}{LineEnd}");
        return [.. Encoding.UTF8.GetBytes(head.Append(LineEnd).ToString()), .. _body];
    }

    /// <summary>The message as text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(ToBytes());

    /// <summary>The branch that <see cref="Request"/> gives: magic cookie, then an FNV-1a hash of what names the transaction.</summary>
    public static string Branch(string callId, uint cseq, string method)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in string.Create(CultureInfo.InvariantCulture, $"{callId}/{cseq}/{method}")) hash = (hash ^ c) * 1099511628211;
        return string.Create(CultureInfo.InvariantCulture, $"z9hG4bK{hash:x16}");
    }

    private static string Party(string party, string host)
    {
        if (party.Contains('<', StringComparison.Ordinal) || party.StartsWith("sip", StringComparison.Ordinal) && party.Contains(':', StringComparison.Ordinal)) return party;
        if (party.StartsWith("tel:", StringComparison.Ordinal)) return $"<{party}>";
        return party.Contains('@', StringComparison.Ordinal) ? $"<sip:{party}>" : $"<sip:{party}@{host}>";
    }

    private static string Uri(string party)
    {
        int open = party.IndexOf('<', StringComparison.Ordinal);
        return open < 0 ? party.Split(';')[0] : party[(open + 1)..party.IndexOf('>', StringComparison.Ordinal)];
    }

    private static string Tagged(string party, string? tag) => tag is null ? party : $"{party};tag={tag}";

    private static string ReasonPhrase(int status) => status switch
    {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        503 => "Service Unavailable",
        600 => "Busy Everywhere",
        603 => "Decline",
        _ => "Status " + status.ToString(CultureInfo.InvariantCulture),
    };
}
