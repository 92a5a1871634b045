using CdrEngine.Core;

namespace CdrEngine.Protocols.Sip;

/// <summary>Finds where SIP messages begin and end in a stream of bytes (RFC 3261 18.3, RFC 5626 4.4.1).</summary>
public static class SipFraming
{
    /// <summary>Number of CR and LF bytes at the start: keep-alives between messages.</summary>
    public static int SkipKeepAlive(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && bytes[at] is (byte)'\r' or (byte)'\n') at++;
        return at;
    }

    /// <summary>Finds the end of the message that starts at index 0 (keep-alives skipped before).</summary>
    /// <param name="bytes">What has arrived so far.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="length">Bytes of the message, body included. With <see cref="ParseOutcome.NeedMore"/>: how many it will be where the header is
    /// complete (no need to ask again before), else 0.</param>
    /// <param name="reason">Why no message can begin here: skip on by <see cref="FindStart"/>.</param>
    /// <returns><see cref="ParseOutcome.NeedMore"/> until header and body are complete. A message without Content-Length ends with its header
    /// (an error of the sender, RFC 3261 20.14, that some make with empty bodies).</returns>
    public static ParseOutcome TryFrame(ReadOnlySpan<byte> bytes, SipLimits limits, out int length, out SipRejection reason)
    {
        length = 0;
        reason = SipRejection.None;
        if (bytes.IsEmpty) return ParseOutcome.NeedMore;

        var lineFeeds = new LineFeeds(bytes, 0);
        int lineFeed = lineFeeds.Next();
        if (lineFeed < 0)
        {
            if (!SipParser.MayBecomeSip(bytes)) return Refuse(SipRejection.NotSip, out reason);
            return bytes.Length > limits.MaxMessageBytes ? Refuse(SipRejection.TooLong, out reason) : ParseOutcome.NeedMore;
        }

        if (!IsStartLine(bytes[..lineFeed])) return Refuse(SipRejection.NotSip, out reason);

        long contentLength = -1;
        bool isLengthLine = false;
        int line = lineFeed + 1;
        while (true)
        {
            lineFeed = lineFeeds.Next();
            if (lineFeed < 0) return bytes.Length > limits.MaxMessageBytes ? Refuse(SipRejection.TooLong, out reason) : ParseOutcome.NeedMore;
            int end = lineFeed > line && bytes[lineFeed - 1] == (byte)'\r' ? lineFeed - 1 : lineFeed;
            if (end == line) break;
            if (bytes[line] is (byte)' ' or (byte)'\t')
            {
                // a folded Content-Length: the number stands on the second line
                if (isLengthLine && !Learn(SipGrammar.Trim(bytes[line..end]), ref contentLength)) return Refuse(SipRejection.BadContentLength, out reason);
            }
            else
            {
                int colon = bytes[line..end].IndexOf((byte)':');
                isLengthLine = colon > 0 && IsContentLength(SipGrammar.Trim(bytes.Slice(line, colon)));
                if (isLengthLine && !Learn(SipGrammar.Trim(bytes[(line + colon + 1)..end]), ref contentLength))
                    return Refuse(SipRejection.BadContentLength, out reason);
            }

            line = lineFeed + 1;
        }

        long total = lineFeed + 1 + Math.Max(contentLength, 0);
        if (total > limits.MaxMessageBytes) return Refuse(SipRejection.TooLong, out reason);
        length = (int)total;
        return total > bytes.Length ? ParseOutcome.NeedMore : ParseOutcome.Message;
    }

    /// <summary>Position of the next line that is a SIP start line, for a stream joined in its middle or after a gap; -1 where there is none.</summary>
    /// <remarks>Only complete lines are looked at, from index 0 on (taken to be at the start of a line). A line cut off at the end is found
    /// once the rest of it has arrived; keep what follows the last LF.</remarks>
    public static int FindStart(ReadOnlySpan<byte> bytes)
    {
        int line = 0;
        while (line < bytes.Length)
        {
            int end = bytes[line..].IndexOf((byte)'\n');
            if (end < 0) return -1;
            if (IsStartLine(bytes.Slice(line, end)) && HasTwoSpaces(bytes.Slice(line, end))) return line;

            // a message may follow a body that has no line end: look for a start line within the line too
            int inside = FindInside(bytes.Slice(line, end));
            if (inside >= 0) return line + inside;
            line += end + 1;
        }

        return -1;
    }

    /// <summary>True where a line, without its LF, is a request line or a status line of SIP.</summary>
    public static bool IsStartLine(ReadOnlySpan<byte> line)
    {
        while (line.Length > 0 && SipGrammar.IsBlank(line[^1])) line = line[..^1];
        if (line.Length < 11) return false;
        if (SipReader.IsVersionStart(line)) return SipGrammar.IsBlank(line[7]) && (uint)line[8] - '1' < 9;
        int method = 0;
        while (method < line.Length && SipGrammar.IsTokenByte(line[method])) method++;
        return method > 0 && method < line.Length - 9 && SipGrammar.IsBlank(line[method]) && SipGrammar.IsBlank(line[^8]) && SipReader.IsVersionStart(line[^7..]);
    }

    // in the midst of a stream a URI with white space in it is more likely the end of a body with a start line behind it
    private static bool HasTwoSpaces(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd(" \t\r"u8);
        return SipReader.IsVersionStart(line) || line.Count((byte)' ') == 2;
    }

    private static int FindInside(ReadOnlySpan<byte> line)
    {
        int at = line.IndexOf("SIP/2.0 "u8);
        if (at > 0 && IsStartLine(line[at..])) return at;
        ReadOnlySpan<byte> trimmed = line.TrimEnd(" \t\r"u8);
        if (!trimmed.EndsWith(" SIP/2.0"u8)) return -1;

        // the method is the known name right before the first "sip:" or "sips:" or "tel:" of the line's last word but one
        int uri = trimmed[..^8].LastIndexOf((byte)' ');
        if (uri <= 0) return -1;
        for (SipMethod method = SipMethod.Invite; method <= SipMethod.Refer; method++)
        {
            string name = SipMethods.Name(method);
            if (uri < name.Length) continue;
            bool matches = true;
            for (int i = 0; i < name.Length && matches; i++) matches = trimmed[uri - name.Length + i] == name[i];
            if (matches) return uri - name.Length;
        }

        return -1;
    }

    private static bool IsContentLength(ReadOnlySpan<byte> name) => name.Length is 1 or 14 && SipHeaders.Find(name) == SipHeader.ContentLength;

    private static bool Learn(ReadOnlySpan<byte> value, ref long contentLength)
    {
        if (value.IsEmpty) return true;
        if (!SipGrammar.TryReadNumber(value, out uint number)) return false;
        if (contentLength >= 0 && contentLength != number) return false;
        contentLength = number;
        return true;
    }

    private static ParseOutcome Refuse(SipRejection why, out SipRejection reason)
    {
        reason = why;
        return ParseOutcome.Malformed;
    }
}
