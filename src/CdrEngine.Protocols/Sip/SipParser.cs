using System.Runtime.InteropServices;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Sip;

/// <summary>Reads SIP messages (RFC 3261 7, 25). Never throws on what came from the wire and allocates nothing once a message object is warm.</summary>
public static class SipParser
{
    private const int LongestMethodBytes = 64;

    /// <summary>True where the bytes begin as a SIP message does, whatever the port: a cheap test for the packet plane.</summary>
    /// <remarks>Leading line ends are passed over. A request line needs a method of token characters, a space and an end in <c>SIP/d.d</c>; where
    /// the line is cut off before its end, a method known by name and a <c>sip:</c>, <c>sips:</c> or <c>tel:</c> URI are enough.</remarks>
    public static bool LooksLikeSip(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 8 || bytes[0] >= 0x80) return false;
        if (bytes[0] is (byte)'\r' or (byte)'\n') bytes = bytes[SipGrammar.SkipLineEnds(bytes)..];
        if (bytes.Length < 8) return false;
        if (SipReader.IsVersionStart(bytes)) return bytes[7] is (byte)' ' or (byte)'\t';

        int method = 0;
        while (method < bytes.Length && method <= LongestMethodBytes && SipGrammar.IsTokenByte(bytes[method])) method++;
        if (method == 0 || method == bytes.Length || bytes[method] != (byte)' ') return false;
        ReadOnlySpan<byte> rest = bytes[(method + 1)..];
        int end = rest.IndexOf((byte)'\n');
        if (end < 0) return SipMethods.Find(bytes[..method]) != SipMethod.Unknown && HasUsualScheme(rest);
        while (end > 0 && SipGrammar.IsBlank(rest[end - 1])) end--;
        return end >= 9 && rest[end - 8] is (byte)' ' or (byte)'\t' && SipReader.IsVersionStart(rest[(end - 7)..end]);
    }

    /// <summary>Reads the message in a datagram.</summary>
    /// <param name="bytes">The whole UDP payload, or one message of a stream. The message object points into it and is good as long as the bytes are.</param>
    /// <param name="message">Filled; what it held before is gone, whatever the outcome.</param>
    /// <param name="consumed">Bytes of the message with any line ends before it; less than the input where Content-Length is. 0 unless a message was read.</param>
    /// <param name="reason">Why the bytes were refused.</param>
    /// <returns><see cref="ParseOutcome.Message"/>; <see cref="ParseOutcome.NeedMore"/> where the first line is cut off but may become SIP;
    /// <see cref="ParseOutcome.Malformed"/> otherwise. A header or body that is cut off is a message with <see cref="SipOddities.Truncated"/>.</returns>
    public static ParseOutcome TryRead(ReadOnlyMemory<byte> bytes, SipMessage message, out int consumed, out SipRejection reason)
    {
        if (!MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment)) return TryReadCopy(bytes.Span, message, out consumed, out reason);
        return SipReader.Read(message, segment.Array!, segment.Offset, segment.Count, out consumed, out reason);
    }

    /// <summary>As <see cref="TryRead"/>, on a copy that the message keeps in a buffer of its own: for bytes that do not stay (a ring, a borrowed span).</summary>
    public static ParseOutcome TryReadCopy(ReadOnlySpan<byte> bytes, SipMessage message, out int consumed, out SipRejection reason)
    {
        if (bytes.Length > message.Limits.MaxMessageBytes)
        {
            message.Clear();
            consumed = 0;
            reason = SipRejection.TooLong;
            return ParseOutcome.Malformed;
        }

        byte[] copy = message.OwnBuffer(bytes.Length);
        bytes.CopyTo(copy);
        return SipReader.Read(message, copy, 0, bytes.Length, out consumed, out reason);
    }

    /// <summary>Whether bytes without a line end may still become SIP.</summary>
    internal static bool MayBecomeSip(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> version = "SIP/2.0 "u8;
        int common = Math.Min(bytes.Length, version.Length);
        if (SipGrammar.EqualsIgnoreCase(bytes[..common], version[..common])) return true;
        int method = 0;
        while (method < bytes.Length && SipGrammar.IsTokenByte(bytes[method])) method++;
        if (method == 0 || method > LongestMethodBytes) return false;
        if (method == bytes.Length) return true;
        return bytes[method] is (byte)' ' or (byte)'\t' && !bytes.Contains((byte)0);
    }

    private static bool HasUsualScheme(ReadOnlySpan<byte> uri)
    {
        if (uri.Length < 4) return false;
        int colon = uri[..Math.Min(uri.Length, 5)].IndexOf((byte)':');
        if (colon < 3) return false;
        ReadOnlySpan<byte> scheme = uri[..colon];
        return SipGrammar.EqualsIgnoreCase(scheme, "sip"u8) || SipGrammar.EqualsIgnoreCase(scheme, "sips"u8) || SipGrammar.EqualsIgnoreCase(scheme, "tel"u8);
    }
}
