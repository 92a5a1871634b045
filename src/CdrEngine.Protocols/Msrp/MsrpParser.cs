using CdrEngine.Core;

namespace CdrEngine.Protocols.Msrp;

/// <summary>Reads MSRP (RFC 4975 7, 9): finds where a chunk ends in a stream, and takes one apart.</summary>
/// <remarks>
/// <code>
/// MSRP a786hjs2 SEND CRLF   header: value CRLF …   [CRLF content CRLF]   -------a786hjs2$ CRLF
/// </code>
/// The content has no length of its own: the line that repeats the transaction identifier ends it.
/// </remarks>
public static class MsrpParser
{
    /// <summary>Longest first line that is looked at, in bytes.</summary>
    public const int LongestStartLine = 512;

    private const int LongestTransactionId = 32;
    private const int EndLineDashes = 7;

    private static ReadOnlySpan<byte> Dashes => "-------"u8;

    /// <summary>Whether bytes begin a request or response: a message where they do, need more where they yet may.</summary>
    public static ParseOutcome LooksLikeMsrp(ReadOnlySpan<byte> bytes)
    {
        int shared = Math.Min(bytes.Length, 5);
        if (!bytes[..shared].SequenceEqual("MSRP "u8[..shared])) return ParseOutcome.Malformed;
        int end = bytes[..Math.Min(bytes.Length, LongestStartLine)].IndexOf((byte)'\n');
        if (end < 0) return bytes.Length >= LongestStartLine || !IsBeginning(bytes[shared..]) ? ParseOutcome.Malformed : ParseOutcome.NeedMore;
        return ReadStart(bytes[..end], out _, out _, out _, out _) ? ParseOutcome.Message : ParseOutcome.Malformed;
    }

    /// <summary>Finds the end of the chunk at the start of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">What there is of it.</param>
    /// <param name="scanned">Bytes known not to hold its end, from the call before; 0 at first. Brought up to date.</param>
    /// <param name="length">Its length, end-line included.</param>
    public static ParseOutcome FindEnd(ReadOnlySpan<byte> bytes, ref int scanned, out int length)
    {
        length = 0;
        ParseOutcome start = LooksLikeMsrp(bytes);
        if (start != ParseOutcome.Message) return start;
        int line = bytes.IndexOf((byte)'\n') + 1;
        ReadStart(bytes[..(line - 1)], out ReadOnlySpan<byte> transaction, out _, out _, out _);
        int at = Math.Max(scanned, line);
        while (true)
        {
            int found = bytes[at..].IndexOf(Dashes);
            if (found < 0)
            {
                scanned = Math.Max(line, bytes.Length - EndLineDashes);
                return ParseOutcome.NeedMore;
            }

            at += found;
            ReadOnlySpan<byte> rest = bytes[(at + EndLineDashes)..];
            if (rest.Length < transaction.Length + 2)
            {
                // The content may hold a line of dashes, and the end-line may be torn.
                scanned = at;
                return ParseOutcome.NeedMore;
            }

            bool isEnd = bytes[at - 1] == (byte)'\n' && rest.StartsWith(transaction) && rest[transaction.Length] is ((byte)'$' or (byte)'+' or (byte)'#');
            ReadOnlySpan<byte> after = rest[(transaction.Length + 1)..];
            if (isEnd && after is [(byte)'\r'])
            {
                scanned = at;
                return ParseOutcome.NeedMore;
            }

            int lineEnd = after[0] == (byte)'\n' ? 1 : after is [(byte)'\r', (byte)'\n', ..] ? 2 : 0;
            if (isEnd && lineEnd > 0)
            {
                length = at + EndLineDashes + transaction.Length + 1 + lineEnd;
                return ParseOutcome.Message;
            }

            at++;
        }
    }

    /// <summary>Reads the chunk at the start of <paramref name="bytes"/>.</summary>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> bytes, out MsrpMessage message, out int consumed, out MsrpRejection rejection)
    {
        message = default;
        consumed = 0;
        rejection = MsrpRejection.None;
        int scanned = 0;
        ParseOutcome outcome = FindEnd(bytes, ref scanned, out int length);
        if (outcome != ParseOutcome.Message)
        {
            if (outcome == ParseOutcome.Malformed) rejection = MsrpRejection.StartLine;
            return outcome;
        }

        int line = bytes.IndexOf((byte)'\n') + 1;
        ReadStart(bytes[..(line - 1)], out ReadOnlySpan<byte> transaction, out MsrpMethod method, out int status, out ReadOnlySpan<byte> comment);
        ReadOnlySpan<byte> whole = bytes[..length];
        int endLine = EndLineStart(whole, transaction.Length);
        ReadOnlySpan<byte> between = whole[line..endLine];
        int headers = HeaderBytes(between, out int body);
        if (headers < 0)
        {
            rejection = MsrpRejection.Headers;
            return ParseOutcome.Malformed;
        }

        bool hasBody = body >= 0;
        ReadOnlySpan<byte> content = hasBody ? between[body..] : default;

        // The line end before the end-line belongs to it (RFC 4975 7.1).
        if (content is [.., (byte)'\n']) content = content[..^1];
        if (content is [.., (byte)'\r']) content = content[..^1];
        byte flag = whole[endLine + EndLineDashes + transaction.Length];
        message = new MsrpMessage
        {
            IsRequest = status == 0,
            Method = method,
            StatusCode = status,
            Comment = comment,
            TransactionId = transaction,
            Headers = between[..headers],
            Body = content,
            HasBody = hasBody,
            Continuation = flag == (byte)'$' ? MsrpContinuation.Last : flag == (byte)'+' ? MsrpContinuation.More : MsrpContinuation.Aborted,
        };
        consumed = length;
        return ParseOutcome.Message;
    }

    // How many bytes of headers there are, and where the content begins (-1 without); -1 where a line is no header.
    private static int HeaderBytes(ReadOnlySpan<byte> between, out int body)
    {
        body = -1;
        int at = 0;
        while (at < between.Length)
        {
            int end = between[at..].IndexOf((byte)'\n');
            if (end < 0) return -1;
            ReadOnlySpan<byte> line = between.Slice(at, end);
            if (line is [.., (byte)'\r']) line = line[..^1];
            if (line.IsEmpty)
            {
                body = at + end + 1;
                return at;
            }

            if (line.IndexOf((byte)':') <= 0) return -1;
            at += end + 1;
        }

        return at;
    }

    private static int EndLineStart(ReadOnlySpan<byte> whole, int transactionBytes)
    {
        int end = whole.Length - 1;
        if (end > 0 && whole[end - 1] == (byte)'\r') end--;
        return end - 1 - transactionBytes - EndLineDashes;
    }

    private static bool ReadStart(ReadOnlySpan<byte> line, out ReadOnlySpan<byte> transaction, out MsrpMethod method, out int status, out ReadOnlySpan<byte> comment)
    {
        transaction = default;
        method = MsrpMethod.Unknown;
        status = 0;
        comment = default;
        if (line is [.., (byte)'\r']) line = line[..^1];
        if (!line.StartsWith("MSRP "u8)) return false;
        ReadOnlySpan<byte> rest = line[5..];
        int space = rest.IndexOf((byte)' ');
        if (space is < 1 or > LongestTransactionId) return false;
        transaction = rest[..space];
        foreach (byte c in transaction)
        {
            if (!IsIdentifier(c)) return false;
        }

        ReadOnlySpan<byte> what = rest[(space + 1)..];
        if (what.Length >= 3 && what[..3].IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0 && (what.Length == 3 || what[3] == (byte)' '))
        {
            status = ((what[0] - '0') * 100) + ((what[1] - '0') * 10) + (what[2] - '0');
            comment = what.Length > 4 ? what[4..] : default;
            return status >= 100;
        }

        if (what.Length is 0 or > 32 || what.IndexOfAnyExceptInRange((byte)'A', (byte)'Z') >= 0) return false;
        method = what.SequenceEqual("SEND"u8) ? MsrpMethod.Send
            : what.SequenceEqual("REPORT"u8) ? MsrpMethod.Report
            : what.SequenceEqual("AUTH"u8) ? MsrpMethod.Auth
            : what.SequenceEqual("NICKNAME"u8) ? MsrpMethod.Nickname
            : MsrpMethod.Unknown;
        return true;
    }

    // ident of RFC 4975 9, and what careless senders take for it.
    private static bool IsIdentifier(byte c) =>
        c is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'a' and <= (byte)'z')
            or (byte)'.' or (byte)'-' or (byte)'+' or (byte)'%' or (byte)'=' or (byte)'_' or (byte)'~';

    private static bool IsBeginning(ReadOnlySpan<byte> rest)
    {
        int space = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> transaction = space < 0 ? rest : rest[..space];
        if (transaction.Length > LongestTransactionId) return false;
        foreach (byte c in transaction)
        {
            if (!IsIdentifier(c)) return false;
        }

        return true;
    }
}
