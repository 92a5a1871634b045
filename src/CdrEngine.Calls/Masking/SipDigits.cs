using CdrEngine.Calls.Transcripts;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Masking;

/// <summary>Where SIP messages carry digits: INFO with <c>application/dtmf-relay</c> or <c>application/dtmf</c>, KPML (RFC 4730), and telephone
/// events as a body. Each may be a part of a multipart body.</summary>
public static class SipDigits
{
    /// <summary>What is written over a digit: a character that is none, one octet like it, so that lengths stay.</summary>
    public const byte Hidden = (byte)'X';

    /// <summary>Appends the places of digits in a message: start and length within <see cref="SipMessage.Bytes"/>.</summary>
    public static void Find(SipMessage message, List<(int Start, int Length)> places)
    {
        ReadOnlySpan<byte> bytes = message.Bytes;
        if (message.TryGetBody("application/dtmf-relay"u8, out ReadOnlySpan<byte> body)) FindSignals(bytes, body, places);
        if (message.TryGetBody("application/dtmf"u8, out body))
        {
            if (body.Contains((byte)'=')) FindSignals(bytes, body, places);
            else FindSymbols(bytes, body, places);
        }

        if (message.TryGetBody("application/kpml-response+xml"u8, out body)) FindKeys(bytes, body, places);
        if (!message.TryGetBody("audio/telephone-event"u8, out body)) return;
        for (int at = 0; at + 4 <= body.Length; at += 4) Add(bytes, body.Slice(at, 1), places);
    }

    /// <summary>Appends the places of what reads <c>Signal=</c> in bytes that are no whole message: cut by the capture, or lost in part.</summary>
    public static void FindRaw(ReadOnlySpan<byte> bytes, List<(int Start, int Length)> places)
    {
        int at = 0;
        while (true)
        {
            int found = bytes[at..].IndexOfAny((byte)'S', (byte)'s');
            if (found < 0) return;
            at += found;
            ReadOnlySpan<byte> rest = bytes[at..];
            at++;
            if (rest.Length < 8 || !SipGrammar.EqualsIgnoreCase(rest[..6], "Signal"u8)) continue;
            int end = rest.IndexOfAny((byte)'\r', (byte)'\n');
            FindSignals(bytes, end < 0 ? rest : rest[..end], places);
        }
    }

    /// <summary>Writes over the digits of a message given as bytes; how many places there were. Bytes that are no message are searched as they are.</summary>
    /// <param name="message">The message; changed in place, its length stays.</param>
    /// <param name="parsed">A message to parse into; what it held is lost.</param>
    public static int Hide(Span<byte> message, SipMessage parsed)
    {
        var places = new List<(int Start, int Length)>();
        if (SipParser.TryReadCopy(message, parsed, out _, out _) == Core.ParseOutcome.Message) Find(parsed, places);
        else FindRaw(message, places);
        foreach ((int start, int length) in places) message.Slice(start, length).Fill(Hidden);
        return places.Count;
    }

    /// <summary>A message of a transcript without its digits; the same one where it has none.</summary>
    public static TranscriptMessage Hide(TranscriptMessage message, SipMessage parsed)
    {
        byte[] copy = message.Bytes.ToArray();
        return Hide(copy, parsed) == 0 ? message : message with { Bytes = copy };
    }

    private static void FindSignals(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> body, List<(int Start, int Length)> places)
    {
        while (!body.IsEmpty)
        {
            int end = body.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? body : body[..end];
            body = end < 0 ? default : body[(end + 1)..];
            int equals = line.IndexOf((byte)'=');
            if (equals > 0 && SipGrammar.EqualsIgnoreCase(SipGrammar.Trim(line[..equals]), "Signal"u8)) Add(bytes, SipGrammar.Trim(line[(equals + 1)..]), places);
        }
    }

    private static void FindSymbols(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> body, List<(int Start, int Length)> places)
    {
        for (int i = 0; i < body.Length; i++)
        {
            if ((char)body[i] is (>= '0' and <= '9') or (>= 'a' and <= 'd') or (>= 'A' and <= 'D') or '*' or '#') Add(bytes, body.Slice(i, 1), places);
        }
    }

    private static void FindKeys(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> body, List<(int Start, int Length)> places)
    {
        while (true)
        {
            int at = body.IndexOf("digits"u8);
            if (at < 0) return;
            body = body[(at + 6)..];
            ReadOnlySpan<byte> value = SipGrammar.Trim(body);
            if (value.IsEmpty || value[0] != (byte)'=') continue;
            value = SipGrammar.Trim(value[1..]);
            if (value.IsEmpty || value[0] is not ((byte)'"' or (byte)'\'')) continue;
            int end = value[1..].IndexOf(value[0]);
            Add(bytes, end < 0 ? value[1..] : value.Slice(1, end), places);
        }
    }

    private static void Add(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> place, List<(int Start, int Length)> places)
    {
        if (!place.IsEmpty && bytes.Overlaps(place, out int start)) places.Add((start, place.Length));
    }
}
