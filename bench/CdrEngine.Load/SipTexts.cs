using System.Globalization;
using System.Text;

namespace CdrEngine.Load;

/// <summary>The text of every message a generated call may send.</summary>
internal static class SipTexts
{
    public static byte[] Render(CallScript call, in ScriptedMessage message)
    {
        var text = new StringBuilder(1024);
        bool atSecondHop = message.Hop > 0;
        bool response = message.Status > 0;
        string method = message.Method;
        string requestUri = $"sip:{call.Callee}@{(atSecondHop ? Host(call.Phone(message.Branch)) : call.Domain)}";
        if (method is "BYE" or "ACK" && message.Dialog) requestUri = message.FromCallee ? $"sip:{call.Caller}@{call.CallerPhone}" : $"sip:{call.Callee}@{call.Phone(message.Branch)}";
        text.Append(response ? $"SIP/2.0 {message.Status} {Phrase(message.Status)}\r\n" : $"{method} {requestUri} SIP/2.0\r\n");

        string transport = call.Transport.ToString().ToUpperInvariant();
        string branch = string.Create(CultureInfo.InvariantCulture, $"z9hG4bK{call.Index:x}.{message.CSeq}.{(method == "CANCEL" ? "INVITE" : method)}");
        if (method == "ACK" && !message.Dialog) branch = string.Create(CultureInfo.InvariantCulture, $"z9hG4bK{call.Index:x}.{message.CSeq}.INVITE");
        if (message.FromCallee)
        {
            if (!atSecondHop && call.Proxied) text.Append($"Via: SIP/2.0/{transport} {call.Proxy};branch={branch}.p\r\n");
            text.Append($"Via: SIP/2.0/{transport} {call.Phone(message.Branch)};branch={branch}.c\r\n");
        }
        else
        {
            if (atSecondHop) text.Append($"Via: SIP/2.0/{transport} {call.Proxy};branch={branch}.{message.Branch}\r\n");
            if (!atSecondHop || !message.ProxyOwn) text.Append($"Via: SIP/2.0/{transport} {call.CallerPhone};branch={branch};rport\r\n");
        }

        string callerParty = $"\"Caller {call.Index}\" <sip:{call.Caller}@{call.Domain}>;tag={call.FromTag}";
        string calleeParty = $"<sip:{call.Callee}@{call.Domain}>{(message.ToTag.Length > 0 ? ";tag=" + message.ToTag : "")}";
        text.Append("From: ").Append(message.FromCallee ? calleeParty : callerParty).Append("\r\n");
        text.Append("To: ").Append(message.FromCallee ? callerParty : calleeParty).Append("\r\n");
        text.Append($"Call-ID: {call.CallId}\r\n");
        text.Append(string.Create(CultureInfo.InvariantCulture, $"CSeq: {message.CSeq} {method}\r\n"));
        if (!response) text.Append(atSecondHop ? "Max-Forwards: 69\r\n" : "Max-Forwards: 70\r\n");
        bool byCallee = response != message.FromCallee;
        if (method == "INVITE" && message.Status is 0 or (> 100 and < 300))
        {
            text.Append($"Contact: <sip:{(byCallee ? call.Callee : call.Caller)}@{(byCallee ? call.Phone(message.Branch) : call.CallerPhone)}>\r\n");
            text.Append(byCallee ? "User-Agent: LoadPhone-B/1.0\r\n" : "User-Agent: LoadPhone-A/1.0\r\n");
        }

        if (message.Status == 407) text.Append("Proxy-Authenticate: Digest realm=\"load\", nonce=\"0123456789abcdef\"\r\n");
        if (method == "INVITE" && !response && message.CSeq == 2 && call.Challenged)
            text.Append($"Proxy-Authorization: Digest username=\"{call.Caller}\", realm=\"load\", nonce=\"0123456789abcdef\", uri=\"{requestUri}\", response=\"00000000000000000000000000000000\"\r\n");
        if (method == "CANCEL" && message.ProxyOwn && !response) text.Append("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n");
        if (method == "INVITE" && !response && call.Padding > 0)
            text.Append("X-Padding: ").Append('p', call.Padding).Append("\r\n");

        string body = message.Sdp.Length == 0 ? "" : Sdp(call, byCallee, message.Branch, message.Sdp);
        if (body.Length > 0) text.Append("Content-Type: application/sdp\r\n");
        text.Append(string.Create(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n")).Append(body);
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    public static byte[] Register(int index, Core.Endpoint phone, Core.Endpoint registrar, int status, int cseq) => Encoding.ASCII.GetBytes(
        (status == 0 ? $"REGISTER sip:load.example SIP/2.0\r\n" : $"SIP/2.0 {status} {Phrase(status)}\r\n")
        + string.Create(CultureInfo.InvariantCulture, $"Via: SIP/2.0/UDP {phone};branch=z9hG4bKr{index:x}.{cseq};rport\r\n")
        + $"From: <sip:u{index}@load.example>;tag=r{index:x}\r\nTo: <sip:u{index}@load.example>{(status == 200 ? ";tag=reg" : "")}\r\n"
        + string.Create(CultureInfo.InvariantCulture, $"Call-ID: reg-{index}@{registrar.Address}\r\nCSeq: {cseq} REGISTER\r\n")
        + (status == 401 ? "WWW-Authenticate: Digest realm=\"load\", nonce=\"fedcba9876543210\"\r\n" : $"Contact: <sip:u{index}@{phone}>;expires=3600\r\n")
        + "Content-Length: 0\r\n\r\n");

    private static string Sdp(CallScript call, bool byCallee, int branch, string direction)
    {
        Core.Endpoint media = byCallee ? call.CalleeMedia(branch) : call.CallerMedia;
        string family = media.Address.IsV4 ? "IP4" : "IP6";
        int payloadType = call.PayloadType;
        string codec = payloadType == 8 ? "PCMA" : "PCMU";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"v=0\r\no=- {call.Index} {(direction == "sendrecv" ? 1 : 2)} IN {family} {media.Address}\r\ns=-\r\nc=IN {family} {media.Address}\r\nt=0 0\r\n"
            + $"m=audio {media.Port} RTP/AVP {payloadType} 101\r\na=rtpmap:{payloadType} {codec}/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na={direction}\r\n");
    }

    private static string Host(Core.Endpoint endpoint) => endpoint.ToString();

    private static string Phrase(int status) => status switch
    {
        100 => "Trying",
        180 => "Ringing",
        183 => "Session Progress",
        200 => "OK",
        401 => "Unauthorized",
        404 => "Not Found",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        486 => "Busy Here",
        487 => "Request Terminated",
        603 => "Decline",
        _ => "Status",
    };
}
