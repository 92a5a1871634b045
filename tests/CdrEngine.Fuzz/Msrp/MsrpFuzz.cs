using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Msrp;

namespace CdrEngine.Fuzz.Msrp;

/// <summary>Fuzz target: any bytes as MSRP. Nothing may throw; where the end of a chunk is found must not depend on how the bytes come; a slow and obvious
/// reader must agree.</summary>
public static class MsrpFuzz
{
    /// <summary>One input; throws where the reader breaks its word.</summary>
    public static void Run(ReadOnlySpan<byte> input)
    {
        ParseOutcome outcome = MsrpParser.TryRead(input, out MsrpMessage message, out int consumed, out MsrpRejection rejection);
        if ((outcome == ParseOutcome.Malformed) != (rejection != MsrpRejection.None)) throw Fault("outcome and reason differ", input);
        int whole = 0;
        int scanned = 0;
        ParseOutcome end = MsrpParser.FindEnd(input, ref whole, out int length);
        ParseOutcome slow = Slow(input, out int slowLength);
        if (end != slow || (end == ParseOutcome.Message && length != slowLength)) throw Fault($"the slow reader says {slow} {slowLength}, not {end} {length}", input);
        for (int bytes = 1; bytes <= input.Length && end == ParseOutcome.Message; bytes++)
        {
            ParseOutcome part = MsrpParser.FindEnd(input[..bytes], ref scanned, out int partLength);
            if (part == ParseOutcome.Malformed || (part == ParseOutcome.Message && partLength != length)) throw Fault($"torn at {bytes} it is {part} {partLength}", input);
            if (part == ParseOutcome.Message) break;
        }

        if (outcome != ParseOutcome.Message) return;
        if (consumed != length || consumed > input.Length) throw Fault("the parts are not the whole", input);
        if (message.IsRequest != (message.StatusCode == 0)) throw Fault("neither request nor response", input);
        if (message.Headers.Length + message.Body.Length + message.TransactionId.Length * 2 > consumed) throw Fault("the views are more than the message", input);
        MsrpByteRange range = message.ByteRange;
        if (range.Start < 1) throw Fault("a range before the first byte", input);
        _ = message.ReportStatus + message.MessageId.Length + message.ContentType.Length + (message.WantsResponse ? 1 : 0);
        foreach (ReadOnlySpan<byte> path in new PathPair(message.ToPath, message.FromPath))
        {
            if (MsrpUri.TryParse(MsrpMessage.LastOf(path), out MsrpUri uri) && uri.Host.IsEmpty) throw Fault("a URI without a host", input);
        }
    }

    // Line by line, without remembering anything.
    private static ParseOutcome Slow(ReadOnlySpan<byte> input, out int length)
    {
        length = 0;
        ParseOutcome start = MsrpParser.LooksLikeMsrp(input);
        if (start != ParseOutcome.Message) return start;
        string text = Encoding.Latin1.GetString(input);
        string transaction = text.Split(' ')[1];
        int at = text.IndexOf('\n') + 1;
        while (at < text.Length)
        {
            int end = text.IndexOf('\n', at);
            string line = end < 0 ? text[at..] : text[at..end];
            foreach (char flag in "$+#")
            {
                if (end >= 0 && (line == $"-------{transaction}{flag}" || line == $"-------{transaction}{flag}\r"))
                {
                    length = end + 1;
                    return ParseOutcome.Message;
                }
            }

            if (end < 0) break;
            at = end + 1;
        }

        return ParseOutcome.NeedMore;
    }

    private static InvalidOperationException Fault(string what, ReadOnlySpan<byte> input) => new($"{what}: {Convert.ToHexString(input)}");

    /// <summary>Two spans to go through.</summary>
    private ref struct PathPair(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        private readonly ReadOnlySpan<byte> _first = first;
        private readonly ReadOnlySpan<byte> _second = second;
        private int _at;

        public readonly ReadOnlySpan<byte> Current => _at == 1 ? _first : _second;

        public readonly PathPair GetEnumerator() => this;

        public bool MoveNext() => ++_at <= 2;
    }
}
