using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.T38;

/// <summary>Why bytes are no UDPTL packet (ITU-T T.38 9.1.2).</summary>
public enum UdptlRejection : byte
{
    /// <summary>They are one.</summary>
    None = 0,

    /// <summary>They end before the packet does.</summary>
    TooShort = 1,

    /// <summary>A length in the fragmented form.</summary>
    Length = 2,

    /// <summary>The choice of error recovery has bits that must be clear.</summary>
    Recovery = 3,

    /// <summary>The span of a parity packet is no small number.</summary>
    Span = 4,
}

/// <summary>One datagram of T.38 over UDP, in place: a sequence number, a message of fax, and earlier ones again or their parity (T.38 9.1.2,
/// Annex A).</summary>
public readonly ref struct UdptlPacket
{
    /// <summary>Longest span and most entries of parity that make sense; longer ones are refused.</summary>
    public const int MaxRecovery = 80;

    private readonly ReadOnlySpan<byte> _datagram;
    private readonly int _recoveryAt;

    private UdptlPacket(ReadOnlySpan<byte> datagram, ReadOnlySpan<byte> primary, bool isParity, int span, int count, int recoveryAt, int trailing)
    {
        _datagram = datagram;
        Primary = primary;
        IsParity = isParity;
        Span = span;
        RecoveryCount = count;
        _recoveryAt = recoveryAt;
        TrailingBytes = trailing;
    }

    /// <summary>Sequence number of <see cref="Primary"/>; wraps.</summary>
    public ushort SequenceNumber => BinaryPrimitives.ReadUInt16BigEndian(_datagram);

    /// <summary>The message itself; may be empty.</summary>
    public ReadOnlySpan<byte> Primary { get; }

    /// <summary>True where <see cref="Recovery"/> gives parity, false where it gives the messages before <see cref="Primary"/>, latest first.</summary>
    public bool IsParity { get; }

    /// <summary>Messages in one parity entry; 0 without parity.</summary>
    public int Span { get; }

    /// <summary>Earlier messages or parity entries.</summary>
    public int RecoveryCount { get; }

    /// <summary>Bytes behind the packet; 0 normally.</summary>
    public int TrailingBytes { get; }

    /// <summary>Earlier messages, latest first, or parity entries, in order.</summary>
    public OctetStrings Recovery => new(_datagram, _recoveryAt, RecoveryCount);

    /// <summary>Reads a datagram as UDPTL. Any two bytes and lengths that agree make one, so what it means is for the reader of
    /// <see cref="Primary"/> to say.</summary>
    /// <param name="datagram">The whole UDP payload.</param>
    /// <param name="packet">A view into it; default where it is none.</param>
    /// <param name="reason">Why it is none.</param>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> datagram, out UdptlPacket packet, out UdptlRejection reason)
    {
        packet = default;
        reason = UdptlRejection.TooShort;
        if (datagram.Length < 4) return ParseOutcome.NeedMore;
        int at = 2;
        ParseOutcome outcome = PerLength.TryReadOctets(datagram, ref at, out int start, out int length);
        if (outcome != ParseOutcome.Message) return Refuse(outcome, ref reason);
        ReadOnlySpan<byte> primary = datagram.Slice(start, length);

        // The choice is one bit, the rest of its octet fills up to the next length.
        if (at >= datagram.Length) return ParseOutcome.NeedMore;
        byte choice = datagram[at++];
        reason = UdptlRejection.Recovery;
        if ((choice & 0x7F) != 0) return ParseOutcome.Malformed;
        bool isParity = choice != 0;
        int span = 0;
        if (isParity)
        {
            outcome = ReadSpan(datagram, ref at, out span, out reason);
            if (outcome != ParseOutcome.Message) return outcome;
        }

        reason = UdptlRejection.TooShort;
        outcome = PerLength.TryRead(datagram, ref at, out int count);
        if (outcome != ParseOutcome.Message) return Refuse(outcome, ref reason);
        int recoveryAt = at;
        for (int i = 0; i < count; i++)
        {
            outcome = PerLength.TryReadOctets(datagram, ref at, out _, out _);
            if (outcome != ParseOutcome.Message) return Refuse(outcome, ref reason);
        }

        reason = UdptlRejection.None;
        packet = new UdptlPacket(datagram, primary, isParity, span, count, recoveryAt, datagram.Length - at);
        return ParseOutcome.Message;
    }

    // An INTEGER without bounds: its length, then that many octets, of which one is all that makes sense.
    private static ParseOutcome ReadSpan(ReadOnlySpan<byte> datagram, ref int at, out int span, out UdptlRejection reason)
    {
        span = 0;
        reason = UdptlRejection.TooShort;
        if (at + 2 > datagram.Length) return ParseOutcome.NeedMore;
        reason = UdptlRejection.Span;
        if (datagram[at] != 1 || datagram[at + 1] is 0 or > MaxRecovery) return ParseOutcome.Malformed;
        span = datagram[at + 1];
        at += 2;
        return ParseOutcome.Message;
    }

    private static ParseOutcome Refuse(ParseOutcome outcome, ref UdptlRejection reason)
    {
        reason = outcome == ParseOutcome.Malformed ? UdptlRejection.Length : UdptlRejection.TooShort;
        return outcome;
    }
}

/// <summary>Octet strings one after another, each with its length.</summary>
public ref struct OctetStrings
{
    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;
    private int _left;

    internal OctetStrings(ReadOnlySpan<byte> bytes, int at, int count)
    {
        _bytes = bytes;
        _at = at;
        _left = count;
        Current = default;
    }

    /// <summary>The one reached; may be empty.</summary>
    public ReadOnlySpan<byte> Current { get; private set; }

    /// <summary>Itself, so that it can be walked.</summary>
    public readonly OctetStrings GetEnumerator() => this;

    /// <summary>Goes to the next; false at the end.</summary>
    public bool MoveNext()
    {
        if (_left == 0 || PerLength.TryReadOctets(_bytes, ref _at, out int start, out int length) != ParseOutcome.Message) return false;
        _left--;
        Current = _bytes.Slice(start, length);
        return true;
    }
}
