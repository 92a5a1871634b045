using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Sip;

/// <summary>Fills a <see cref="SipMessage"/> from bytes. Steps: line ends before the message, start line, header lines, CSeq and Content-Length, body.</summary>
internal static class SipReader
{
    private const int Wide = SipHeaders.MaxNameBytes;

    public static ParseOutcome Read(SipMessage message, byte[] buffer, int start, int length, out int consumed, out SipRejection reason)
    {
        message.Clear();
        consumed = 0;
        reason = SipRejection.None;
        var bytes = new ReadOnlySpan<byte>(buffer, start, length);

        // 1. line ends before the message
        int skipped = SipGrammar.SkipLineEnds(bytes);
        if (skipped == length) return Refuse(SipRejection.Empty, out reason);
        bytes = bytes[skipped..];
        if (bytes.Length > message.Limits.MaxMessageBytes) return Refuse(SipRejection.TooLong, out reason);
        SipOddities oddities = skipped > 0 ? SipOddities.LeadingLineEnds : SipOddities.None;

        // 2. start line
        var lineFeeds = new LineFeeds(bytes, 0);
        int lineFeed = lineFeeds.Next();
        if (lineFeed < 0)
        {
            if (SipParser.MayBecomeSip(bytes)) return ParseOutcome.NeedMore;
            return Refuse(SipRejection.NotSip, out reason);
        }

        int lineEnd = lineFeed;
        if (bytes[lineEnd - 1] == (byte)'\r') lineEnd--;
        else oddities |= SipOddities.LfOnly;
        message.Attach(buffer, start + skipped, bytes.Length);
        reason = ReadStartLine(message, bytes[..lineEnd], ref oddities);
        if (reason != SipRejection.None)
        {
            message.Clear();
            return ParseOutcome.Malformed;
        }

        // 3. header lines
        int bodyStart = ReadHeaders(message, bytes, lineFeed + 1, ref lineFeeds, ref oddities);
        if (bodyStart < 0)
        {
            message.Clear();
            return Refuse(SipRejection.TooManyHeaders, out reason);
        }

        // 4. CSeq, Content-Length
        message.ReadCSeq(ref oddities);
        int contentLength = message.ReadContentLength(ref oddities);
        if (!message.HasMandatoryHeaders) oddities |= SipOddities.MissingMandatoryHeader;

        // 5. body: what Content-Length says, as far as the bytes go
        int bodyLength = bytes.Length - bodyStart;
        if (contentLength > bodyLength) oddities |= SipOddities.Truncated;
        if (contentLength >= 0 && contentLength < bodyLength)
        {
            oddities |= SipOddities.ContentLengthMismatch;
            bodyLength = contentLength;
        }

        message.Complete(bodyStart, bodyLength, contentLength, oddities);
        consumed = skipped + bodyStart + bodyLength;
        return ParseOutcome.Message;
    }

    /// <summary>True where the text begins with <c>SIP/d.d</c>, case aside.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsVersionStart(ReadOnlySpan<byte> text) =>
        text.Length >= 7 && (text[0] | 0x20) == 's' && (text[1] | 0x20) == 'i' && (text[2] | 0x20) == 'p' && text[3] == (byte)'/'
        && (uint)text[4] - '0' <= 9 && text[5] == (byte)'.' && (uint)text[6] - '0' <= 9;

    private static ParseOutcome Refuse(SipRejection why, out SipRejection reason)
    {
        reason = why;
        return ParseOutcome.Malformed;
    }

    private static SipRejection ReadStartLine(SipMessage message, ReadOnlySpan<byte> line, ref SipOddities oddities) =>
        IsVersionStart(line) && (line.Length == 7 || SipGrammar.IsBlank(line[7]))
            ? ReadStatusLine(message, line, ref oddities)
            : ReadRequestLine(message, line, ref oddities);

    // Status-Line = SIP-Version SP Status-Code SP Reason-Phrase (RFC 3261 7.2); the second space may be missing where there is no phrase
    private static SipRejection ReadStatusLine(SipMessage message, ReadOnlySpan<byte> line, ref SipOddities oddities)
    {
        if (line[4] != (byte)'2' || line[6] != (byte)'0') return SipRejection.UnsupportedVersion;
        int code = 7;
        while (code < line.Length && SipGrammar.IsBlank(line[code])) code++;
        if (code != 8) oddities |= SipOddities.StartLineSpacing;
        int end = code;
        while (end < line.Length && !SipGrammar.IsBlank(line[end])) end++;
        if (end - code != 3 || !SipGrammar.TryReadNumber(line[code..end], out uint status) || status < 100) return SipRejection.BadStatusCode;
        int phrase = Math.Min(end + 1, line.Length);
        message.SetStatusLine((int)status, phrase, line.Length - phrase);
        return SipRejection.None;
    }

    // Request-Line = Method SP Request-URI SP SIP-Version (RFC 3261 7.1); the URI is all between the first and the last white space
    private static SipRejection ReadRequestLine(SipMessage message, ReadOnlySpan<byte> line, ref SipOddities oddities)
    {
        int end = line.Length;
        if (end > 0 && SipGrammar.IsBlank(line[end - 1]))
        {
            oddities |= SipOddities.StartLineSpacing;
            while (end > 0 && SipGrammar.IsBlank(line[end - 1])) end--;
        }

        int version = end - 7;
        if (version < 1 || !IsVersionStart(line[version..end]) || !SipGrammar.IsBlank(line[version - 1])) return SipRejection.NotSip;
        if (line[version + 4] != (byte)'2' || line[version + 6] != (byte)'0') return SipRejection.UnsupportedVersion;
        int method = 0;
        while (method < version && SipGrammar.IsTokenByte(line[method])) method++;
        if (method == 0 || !SipGrammar.IsBlank(line[method])) return SipRejection.BadRequestLine;
        int uri = method + 1, uriEnd = version - 1;
        if (uri >= uriEnd) return SipRejection.BadRequestLine;
        if (SipGrammar.IsBlank(line[uri]) || SipGrammar.IsBlank(line[uriEnd - 1]))
        {
            oddities |= SipOddities.StartLineSpacing;
            while (uri < uriEnd && SipGrammar.IsBlank(line[uri])) uri++;
            while (uriEnd > uri && SipGrammar.IsBlank(line[uriEnd - 1])) uriEnd--;
            if (uri == uriEnd) return SipRejection.BadRequestLine;
        }

        if (line[uri] == (byte)'<' && line[uriEnd - 1] == (byte)'>' && uriEnd - uri > 2)
        {
            oddities |= SipOddities.BracketedRequestUri;
            uri++;
            uriEnd--;
        }

        if (line[uri..uriEnd].Contains((byte)' ')) oddities |= SipOddities.StartLineSpacing;
        message.SetRequestLine(SipMethods.Find(line[..method]), method, uri, uriEnd - uri);
        return SipRejection.None;
    }

    /// <summary>Reads header lines up to the blank line; gives where the body starts, or -1 where there are too many lines.</summary>
    private static int ReadHeaders(SipMessage message, ReadOnlySpan<byte> bytes, int line, ref LineFeeds lineFeeds, ref SipOddities oddities)
    {
        ref byte first = ref MemoryMarshal.GetReference(bytes);
        int length = bytes.Length;
        while (line < length)
        {
            int lineFeed = lineFeeds.Next();
            int end, next;
            if (lineFeed < 0)
            {
                oddities |= SipOddities.MissingBlankLine | SipOddities.Truncated;
                next = end = length;
            }
            else
            {
                end = lineFeed;
                next = lineFeed + 1;
                if (lineFeed > line && Unsafe.Add(ref first, lineFeed - 1) == (byte)'\r') end--;
                else oddities |= SipOddities.LfOnly;
            }

            if (end == line) return next;
            byte c = Unsafe.Add(ref first, line);
            if (c is (byte)' ' or (byte)'\t')
            {
                if (!message.ExtendLastHeader(bytes, end)) oddities |= SipOddities.BadHeaderLine;
                line = next;
                continue;
            }

            SipHeader header;
            int nameLength, colon;
            if (line + Wide <= length)
            {
                // the usual case: the name and its colon are within 32 bytes that can be loaded at once
                Vector256<byte> head = Vector256.LoadUnsafe(ref first, (nuint)line);
                uint colons = Vector256.Equals(head, Vector256.Create((byte)':')).ExtractMostSignificantBits();
                colon = colons != 0 ? line + BitOperations.TrailingZeroCount(colons) : FindColon(bytes, line + Wide, end);
                nameLength = NameLength(ref first, line, colon);
                if (colon < 0 || colon >= end || nameLength == 0)
                {
                    oddities |= SipOddities.BadHeaderLine;
                    message.BreakLastHeader();
                    line = next;
                    continue;
                }

                header = nameLength <= Wide ? SipHeaders.Find(head, c, Unsafe.Add(ref first, line + nameLength - 1), nameLength) : SipHeader.Unknown;
            }
            else
            {
                colon = FindColon(bytes, line, end);
                nameLength = NameLength(ref first, line, colon);
                if (colon < 0 || nameLength == 0)
                {
                    oddities |= SipOddities.BadHeaderLine;
                    message.BreakLastHeader();
                    line = next;
                    continue;
                }

                header = SipHeaders.Find(bytes.Slice(line, nameLength));
            }

            int value = colon + 1;
            while (value < end && Unsafe.Add(ref first, value) is (byte)' ' or (byte)'\t') value++;
            while (end > value && SipGrammar.IsBlank(Unsafe.Add(ref first, end - 1))) end--;
            if (!message.AddHeader(header, line, nameLength, value, end - value, ref oddities)) return -1;
            line = next;
        }

        oddities |= SipOddities.MissingBlankLine;
        return length;
    }

    private static int FindColon(ReadOnlySpan<byte> bytes, int from, int end)
    {
        if (from >= end) return -1;
        int colon = bytes[from..end].IndexOf((byte)':');
        return colon < 0 ? -1 : from + colon;
    }

    // HCOLON lets white space stand before the colon (RFC 3261 25.1)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int NameLength(ref byte first, int line, int colon)
    {
        while (colon > line && Unsafe.Add(ref first, colon - 1) is (byte)' ' or (byte)'\t') colon--;
        return colon - line;
    }
}
