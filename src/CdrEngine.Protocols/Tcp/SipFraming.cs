using System.Text;

namespace CdrEngine.Protocols.Tcp;

/// <summary>What the first bytes of something say about a SIP start line.</summary>
public enum StartLineShape : byte
{
    /// <summary>So far it could be one; the line is not complete.</summary>
    NeedMore,

    /// <summary>A complete start line: <c>METHOD SP … SP SIP/2.0</c> or <c>SIP/2.0 SP NNN …</c>.</summary>
    Sip,

    /// <summary>It cannot become one.</summary>
    NotSip,
}

/// <summary>Progress through the header section of one message; survives from segment to segment so that no line is read twice.</summary>
public struct SipHeaderScan
{
    /// <summary>Bytes read so far, from the start of the message. After the end was found: where the body begins.</summary>
    public int Offset { get; set; }

    /// <summary>True once the empty line was found.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Value of the first Content-Length, or -1 where there is none or it is no number.</summary>
    public int ContentLength { get; set; }

    /// <summary>True where a Content-Length is no number up to 999,999,999, or two differ (RFC 3261 20.14).</summary>
    public bool IsContentLengthInvalid { get; set; }

    /// <summary>True where there is a Via.</summary>
    public bool HasVia { get; set; }

    /// <summary>True where there is a Call-ID.</summary>
    public bool HasCallId { get; set; }

    /// <summary>Where the first line begins that is neither <c>name: value</c> nor a continuation; 0 where there is none.</summary>
    public int StrangeOffset { get; set; }

    /// <summary>Length of the whole message, once the section is complete; without a Content-Length the body is taken to be empty.</summary>
    public readonly long MessageBytes => Offset + (long)Math.Max(0, ContentLength);

    /// <summary>True while the line above is a Content-Length whose value may follow on a folded line.</summary>
    internal bool AwaitsFoldedLength { get; set; }

    /// <summary>A scan that starts after the start line.</summary>
    public static SipHeaderScan After(int startLineBytes) => new() { Offset = startLineBytes, ContentLength = -1 };
}

/// <summary>Finds where SIP messages begin and end in a byte stream (RFC 3261 7, 18.3), without parsing them.</summary>
public static class SipFraming
{
    private const int LongestMethodBytes = 32;

    private static ReadOnlySpan<byte> Version => "SIP/2.0"u8;

    /// <summary>Judges the start line at the beginning of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">What is there so far; may be empty.</param>
    /// <param name="longestLine">A line longer than this is not SIP, in bytes.</param>
    /// <param name="lineBytes">For <see cref="StartLineShape.Sip"/>: length of the line with its line end.</param>
    public static StartLineShape CheckStart(ReadOnlySpan<byte> bytes, int longestLine, out int lineBytes)
    {
        lineBytes = 0;
        if (bytes.Length == 0) return StartLineShape.NeedMore;
        bool isResponse = false;
        if (bytes[0] == (byte)'S')
        {
            int shared = Math.Min(bytes.Length, 8);
            if ("SIP/2.0 "u8[..shared].SequenceEqual(bytes[..shared]))
            {
                isResponse = true;
                if (!HasStatusShape(bytes[shared..])) return StartLineShape.NotSip;
            }
        }

        if (!isResponse)
        {
            int at = 0;
            int longest = Math.Min(bytes.Length, LongestMethodBytes + 1);
            while (at < longest && IsToken(bytes[at])) at++;
            if (at == bytes.Length && at <= LongestMethodBytes) return StartLineShape.NeedMore;
            if (at == 0 || at > LongestMethodBytes || bytes[at] != (byte)' ') return StartLineShape.NotSip;
            if (at + 1 < bytes.Length && bytes[at + 1] <= (byte)' ') return StartLineShape.NotSip;
        }

        int end = bytes[..Math.Min(bytes.Length, longestLine)].IndexOf((byte)'\n');
        if (end < 0) return bytes.Length >= longestLine ? StartLineShape.NotSip : StartLineShape.NeedMore;
        lineBytes = end + 1;
        if (isResponse) return end >= 11 ? StartLineShape.Sip : StartLineShape.NotSip;
        ReadOnlySpan<byte> line = bytes[..end];
        if (line.Length > 0 && line[^1] == (byte)'\r') line = line[..^1];
        return line.Length > 10 && line[^8] == (byte)' ' && Ascii.EqualsIgnoreCase(line[^7..], Version)
            ? StartLineShape.Sip
            : StartLineShape.NotSip;
    }

    /// <summary>True where a complete start line with a known method, or a status line, is at the beginning of <paramref name="bytes"/>.
    /// Costs next to nothing for anything else.</summary>
    public static bool StartsMessage(ReadOnlySpan<byte> bytes, int longestLine)
    {
        if (bytes.Length < 14 || bytes[0] is < (byte)'A' or > (byte)'U') return false;
        if (bytes[0] == (byte)'S' && bytes.StartsWith("SIP/2.0 "u8)) return CheckStart(bytes, longestLine, out _) == StartLineShape.Sip;
        int space = bytes[..Math.Min(bytes.Length, 12)].IndexOf((byte)' ');
        return space > 0 && IsKnownMethod(bytes[..space]) && CheckStart(bytes, longestLine, out _) == StartLineShape.Sip;
    }

    /// <summary>Reads on through the header section of a message, from its start line to what is there so far.</summary>
    /// <param name="message">Start line and what follows it.</param>
    /// <param name="scan">How far it came.</param>
    /// <param name="stopsAtStrangeLine">Stop, incomplete, at a line that is no header: for what may be no message at all.</param>
    /// <returns>True when the section is complete: <see cref="SipHeaderScan.Offset"/> is where the body begins.</returns>
    public static bool ScanHeaders(ReadOnlySpan<byte> message, ref SipHeaderScan scan, bool stopsAtStrangeLine = false)
    {
        while (!scan.IsComplete)
        {
            int end = message[scan.Offset..].IndexOf((byte)'\n');
            if (end < 0) return false;
            ReadOnlySpan<byte> line = message.Slice(scan.Offset, end);
            if (line.Length > 0 && line[^1] == (byte)'\r') line = line[..^1];
            int lineStart = scan.Offset;
            scan.Offset += end + 1;
            if (line.Length == 0)
            {
                scan.IsComplete = true;
            }
            else if (!ReadLine(line, ref scan) && scan.StrangeOffset == 0)
            {
                scan.StrangeOffset = lineStart;
                if (stopsAtStrangeLine) return false;
            }
        }

        return true;
    }

    /// <summary>Looks for the first place where a SIP message may begin, anywhere in <paramref name="bytes"/>.</summary>
    /// <param name="bytes">The bytes of a stream whose message boundaries are not known.</param>
    /// <param name="longestLine">Longest start line, in bytes.</param>
    /// <param name="offset">Found: where it begins. Not found: how many bytes may be thrown away, because no message can begin in them.</param>
    public static bool FindStart(ReadOnlySpan<byte> bytes, int longestLine, out int offset)
    {
        int from = 0;
        while (true)
        {
            int found = bytes[from..].IndexOf(Version);
            if (found < 0) break;
            int at = from + found;
            int after = at + Version.Length;
            if (after == bytes.Length) break;
            if (bytes[after] == (byte)' ')
            {
                ReadOnlySpan<byte> status = bytes[(after + 1)..];
                if (HasStatusShape(status))
                {
                    offset = at;
                    return true;
                }
            }
            else if (bytes[after] is (byte)'\r' or (byte)'\n' && TryFindRequestStart(bytes[..at], longestLine, out int start))
            {
                offset = start;
                return true;
            }

            from = after;
        }

        // A start line may be cut at the end of what is there: its line stays, unless it is too long to be one.
        // The line end before it stays too, to show that the line is whole.
        offset = Math.Max(0, Math.Max(bytes.LastIndexOf((byte)'\n'), bytes.Length - longestLine));
        return false;
    }

    /// <summary>True for a method of RFC 3261, 3262, 3265, 3311, 3428, 3515, 3903, 6086.</summary>
    public static bool IsKnownMethod(ReadOnlySpan<byte> method) => method.Length switch
    {
        3 => method.SequenceEqual("ACK"u8) || method.SequenceEqual("BYE"u8),
        4 => method.SequenceEqual("INFO"u8),
        5 => method.SequenceEqual("PRACK"u8) || method.SequenceEqual("REFER"u8),
        6 => method.SequenceEqual("INVITE"u8) || method.SequenceEqual("CANCEL"u8) || method.SequenceEqual("UPDATE"u8)
            || method.SequenceEqual("NOTIFY"u8),
        7 => method.SequenceEqual("OPTIONS"u8) || method.SequenceEqual("MESSAGE"u8) || method.SequenceEqual("PUBLISH"u8),
        8 => method.SequenceEqual("REGISTER"u8),
        9 => method.SequenceEqual("SUBSCRIBE"u8),
        _ => false,
    };

    /// <summary>Three digits, the first 1 to 6, then a space or the line end; as far as bytes are there.</summary>
    private static bool HasStatusShape(ReadOnlySpan<byte> status)
    {
        if (status.Length > 0 && status[0] is < (byte)'1' or > (byte)'6') return false;
        if (status.Length > 1 && !char.IsAsciiDigit((char)status[1])) return false;
        if (status.Length > 2 && !char.IsAsciiDigit((char)status[2])) return false;
        return status.Length <= 3 || status[3] is (byte)' ' or (byte)'\r' or (byte)'\n';
    }

    /// <summary>Walks back from the version of a request line to its method. What stands before a known method on the same line is the end of
    /// a body without a line end; an unknown method is believed only after a line end, because a hole may have cut the word.</summary>
    internal static bool TryFindRequestStart(ReadOnlySpan<byte> before, int longestLine, out int start)
    {
        start = 0;
        if (before.Length < 6 || before[^1] != (byte)' ') return false;
        int floor = Math.Max(0, before.Length - longestLine);
        int lineStart = floor + before[floor..].LastIndexOf((byte)'\n') + 1;
        ReadOnlySpan<byte> line = before[lineStart..^1];
        int space = line.LastIndexOf((byte)' ');
        if (space <= 0 || space == line.Length - 1) return false;
        int at = space;
        while (at > 0 && space - at < LongestMethodBytes && IsToken(line[at - 1])) at--;
        if (at == space) return false;
        for (int known = at; known < space; known++)
        {
            if (!IsKnownMethod(line[known..space])) continue;
            start = lineStart + known;
            return true;
        }

        start = lineStart;
        return at == 0 && lineStart > floor;
    }

    /// <summary>Takes from one line what framing needs; false where it is no header line.</summary>
    private static bool ReadLine(ReadOnlySpan<byte> line, ref SipHeaderScan scan)
    {
        if (line[0] is (byte)' ' or (byte)'\t')
        {
            if (scan.AwaitsFoldedLength) ReadContentLength(line, ref scan);
            return true;
        }

        scan.AwaitsFoldedLength = false;
        int name = 0;
        while (name < line.Length && IsToken(line[name])) name++;
        int colon = name;
        while (colon < line.Length && line[colon] is (byte)' ' or (byte)'\t') colon++;
        if (name == 0 || colon == line.Length || line[colon] != (byte)':') return false;
        switch (line[0] | 0x20)
        {
            case 'c':
                if (Ascii.EqualsIgnoreCase(line[..name], "content-length"u8)) ReadContentLength(line[(colon + 1)..], ref scan);
                else if (Ascii.EqualsIgnoreCase(line[..name], "call-id"u8)) scan.HasCallId = true;
                break;
            case 'l' when name == 1:
                ReadContentLength(line[(colon + 1)..], ref scan);
                break;
            case 'i' when name == 1:
                scan.HasCallId = true;
                break;
            case 'v':
                if (name == 1 || Ascii.EqualsIgnoreCase(line[..name], "via"u8)) scan.HasVia = true;
                break;
        }

        return true;
    }

    private static void ReadContentLength(ReadOnlySpan<byte> text, ref SipHeaderScan scan)
    {
        text = text.Trim(" \t"u8);
        scan.AwaitsFoldedLength = text.Length == 0;
        if (text.Length == 0) return;
        int value = 0;
        int digits = 0;
        foreach (byte b in text)
        {
            if (!char.IsAsciiDigit((char)b) || digits == 9)
            {
                scan.IsContentLengthInvalid = true;
                return;
            }

            value = (value * 10) + (b - '0');
            if (value > 0) digits++;
        }

        if (scan.ContentLength < 0) scan.ContentLength = value;
        else if (scan.ContentLength != value) scan.IsContentLengthInvalid = true;
    }

    /// <summary>RFC 3261 25.1 token.</summary>
    private static bool IsToken(byte b) =>
        char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'!' or (byte)'%' or (byte)'*' or (byte)'_' or (byte)'+'
            or (byte)'`' or (byte)'\'' or (byte)'~';
}
