using CdrEngine.Core;

namespace CdrEngine.Protocols.Sip;

/// <summary>One value of Via: <c>SIP/2.0/UDP host:port;branch=…</c> (RFC 3261 20.42); a view. White space around the slashes is allowed.</summary>
public readonly ref struct SipVia
{
    /// <summary>The transport as written: UDP, TCP, TLS, SCTP, WS, …</summary>
    public ReadOnlySpan<byte> TransportText { get; private init; }

    /// <summary>Host of sent-by as written, IPv6 in its brackets.</summary>
    public ReadOnlySpan<byte> Host { get; private init; }

    /// <summary>Port of sent-by; 0 where none is written.</summary>
    public ushort Port { get; private init; }

    /// <summary>The sent-by, host and port, as written.</summary>
    public ReadOnlySpan<byte> SentBy { get; private init; }

    /// <summary>Parameters.</summary>
    public SipParameters Parameters { get; private init; }

    /// <summary>The branch; empty without one (RFC 2543).</summary>
    public ReadOnlySpan<byte> Branch => Parameters.TryGet("branch"u8, out ReadOnlySpan<byte> branch) ? branch : default;

    /// <summary>The address the message was received from, as the next hop wrote it (RFC 3261 18.2.1); empty without.</summary>
    public ReadOnlySpan<byte> Received => Parameters.TryGet("received"u8, out ReadOnlySpan<byte> received) ? received : default;

    /// <summary>Port of <c>rport</c> (RFC 3581): -1 where the parameter is missing, 0 where it has no value yet.</summary>
    public int RPort
    {
        get
        {
            if (!Parameters.TryGet("rport"u8, out ReadOnlySpan<byte> value)) return -1;
            return SipGrammar.TryReadNumber(value, out uint port) && port <= ushort.MaxValue ? (int)port : 0;
        }
    }

    /// <summary>Reads one value; false (and all empty) where there are no two slashes or no sent-by.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out SipVia via)
    {
        via = default;
        text = SipGrammar.Trim(text);
        int first = text.IndexOf((byte)'/');
        if (first <= 0) return false;
        ReadOnlySpan<byte> rest = text[(first + 1)..];
        int second = rest.IndexOf((byte)'/');
        if (second < 0) return false;
        rest = SipGrammar.Trim(rest[(second + 1)..]);
        int transport = 0;
        while (transport < rest.Length && !SipGrammar.IsBlank(rest[transport]) && rest[transport] != (byte)';') transport++;
        ReadOnlySpan<byte> transportText = rest[..transport];
        rest = SipGrammar.Trim(rest[transport..]);
        int semicolon = rest.IndexOf((byte)';');
        ReadOnlySpan<byte> sentBy = SipGrammar.Trim(semicolon < 0 ? rest : rest[..semicolon]);
        if (transportText.IsEmpty || sentBy.IsEmpty) return false;

        int host = sentBy[0] == (byte)'[' ? sentBy.IndexOf((byte)']') + 1 : sentBy.IndexOf((byte)':');
        if (host <= 0) host = sentBy.Length;
        ushort port = 0;
        int colon = sentBy[host..].IndexOf((byte)':');
        if (colon >= 0 && SipGrammar.TryReadLeadingNumber(SipGrammar.Trim(sentBy[(host + colon + 1)..]), out uint number) && number <= ushort.MaxValue)
            port = (ushort)number;
        via = new SipVia
        {
            TransportText = transportText,
            SentBy = sentBy,
            Host = SipGrammar.Trim(sentBy[..host]),
            Port = port,
            Parameters = new SipParameters(semicolon < 0 ? default : rest[semicolon..]),
        };
        return true;
    }

    /// <summary>The transport where the engine knows it.</summary>
    public bool TryGetTransport(out Transport transport)
    {
        (Transport Found, bool IsKnown) answer = TransportText.Length switch
        {
            2 when SipGrammar.EqualsIgnoreCase(TransportText, "WS"u8) => (Transport.Ws, true),
            3 when SipGrammar.EqualsIgnoreCase(TransportText, "UDP"u8) => (Transport.Udp, true),
            3 when SipGrammar.EqualsIgnoreCase(TransportText, "TCP"u8) => (Transport.Tcp, true),
            3 when SipGrammar.EqualsIgnoreCase(TransportText, "TLS"u8) => (Transport.Tls, true),
            3 when SipGrammar.EqualsIgnoreCase(TransportText, "WSS"u8) => (Transport.Wss, true),
            4 when SipGrammar.EqualsIgnoreCase(TransportText, "SCTP"u8) => (Transport.Sctp, true),
            _ => default,
        };
        transport = answer.Found;
        return answer.IsKnown;
    }
}
