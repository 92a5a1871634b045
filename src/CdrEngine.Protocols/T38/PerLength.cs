using CdrEngine.Core;

namespace CdrEngine.Protocols.T38;

/// <summary>Lengths in aligned packed encoding (ITU-T X.691 11.9), as far as a datagram can need them.</summary>
internal static class PerLength
{
    /// <summary>Reads a length below 16384 at <paramref name="at"/> and moves behind it. Malformed for the fragmented form, which no datagram
    /// of fax has.</summary>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> bytes, scoped ref int at, out int length)
    {
        length = 0;
        if (at >= bytes.Length) return ParseOutcome.NeedMore;
        byte first = bytes[at];
        if (first < 0x80)
        {
            length = first;
            at++;
            return ParseOutcome.Message;
        }

        if (first >= 0xC0) return ParseOutcome.Malformed;
        if (at + 2 > bytes.Length) return ParseOutcome.NeedMore;
        length = ((first & 0x3F) << 8) | bytes[at + 1];
        at += 2;
        return ParseOutcome.Message;
    }

    /// <summary>Reads a length and the octets it counts; they stand at <paramref name="start"/>.</summary>
    public static ParseOutcome TryReadOctets(ReadOnlySpan<byte> bytes, scoped ref int at, out int start, out int length)
    {
        int next = at;
        start = 0;
        ParseOutcome outcome = TryRead(bytes, ref next, out length);
        if (outcome != ParseOutcome.Message) return outcome;
        if (length > bytes.Length - next) return ParseOutcome.NeedMore;
        start = next;
        at = next + length;
        return ParseOutcome.Message;
    }
}
