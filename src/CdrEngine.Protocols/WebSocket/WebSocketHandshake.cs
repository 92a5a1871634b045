using System.Text;

namespace CdrEngine.Protocols.WebSocket;

/// <summary>What a complete HTTP header section says about a WebSocket with SIP in it.</summary>
public enum HandshakeVerdict : byte
{
    /// <summary>HTTP, and not a handshake for SIP.</summary>
    NotSip,

    /// <summary>A client asks for the sub-protocol <c>sip</c>.</summary>
    Asked,

    /// <summary>A server switches to the sub-protocol <c>sip</c>.</summary>
    Agreed,

    /// <summary>A server switches to WebSocket and names no sub-protocol.</summary>
    AgreedToWebSocket,
}

/// <summary>Recognises HTTP and the opening handshake of SIP over WebSocket (RFC 6455 4, RFC 7118 4.1).</summary>
public static class WebSocketHandshake
{
    /// <summary>True where the bytes begin as an HTTP/1 request or response does. False also for what is too short to say.</summary>
    public static bool LooksLikeHttp(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("HTTP/1."u8) || bytes.StartsWith("PRI * HTTP/2"u8)) return true;
        int end = bytes[..Math.Min(bytes.Length, 8192)].IndexOf((byte)'\n');
        if (end < 14) return false;
        ReadOnlySpan<byte> line = bytes[..end].TrimEnd((byte)'\r');
        return line.Length > 9 && line[^9..^1].SequenceEqual(" HTTP/1."u8);
    }

    /// <summary>True where the bytes begin as a handshake of either side does: <c>GET</c>, or status 101.</summary>
    public static bool MayBeHandshake(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("GET "u8) || (bytes.Length >= 12 && bytes.StartsWith("HTTP/1."u8) && bytes[8..12].SequenceEqual(" 101"u8));

    /// <summary>Judges a complete header section, start line to empty line.</summary>
    public static HandshakeVerdict Judge(ReadOnlySpan<byte> head)
    {
        bool isResponse = head.StartsWith("HTTP/"u8);
        bool hasUpgrade = false;
        bool hasProtocol = false;
        bool hasSip = false;
        bool isFirst = true;
        foreach (Range range in head.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = head[range].Trim(" \t\r"u8);
            if (isFirst)
            {
                isFirst = false;
                continue;
            }

            int colon = line.IndexOf((byte)':');
            if (colon <= 0) continue;
            ReadOnlySpan<byte> name = line[..colon].TrimEnd(" \t"u8);
            if (Ascii.EqualsIgnoreCase(name, "upgrade"u8))
            {
                hasUpgrade |= ListHas(line[(colon + 1)..], "websocket"u8);
            }
            else if (Ascii.EqualsIgnoreCase(name, "sec-websocket-protocol"u8))
            {
                hasProtocol = true;
                hasSip |= ListHas(line[(colon + 1)..], "sip"u8);
            }
        }

        if (!hasUpgrade || !MayBeHandshake(head)) return HandshakeVerdict.NotSip;
        if (hasSip) return isResponse ? HandshakeVerdict.Agreed : HandshakeVerdict.Asked;
        return isResponse && !hasProtocol ? HandshakeVerdict.AgreedToWebSocket : HandshakeVerdict.NotSip;
    }

    private static bool ListHas(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        foreach (Range range in list.Split((byte)','))
        {
            if (Ascii.EqualsIgnoreCase(list[range].Trim(" \t"u8), token)) return true;
        }

        return false;
    }
}
