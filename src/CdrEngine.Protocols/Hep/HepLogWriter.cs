using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Hep;

/// <summary>Writes a log line as a HEP message of version 3 again, so that it can be kept as a packet: without the agent's key, which is a secret
/// between the agent and its listener, and without chunks that we do not know.</summary>
public static class HepLogWriter
{
    private const int ChunkHeaderBytes = 6;

    // Family, protocol, addresses, ports, seconds, microseconds, payload type, capture id, correlation id, payload: headers and fixed values.
    private const int FixedBytes = HepParser.PrefixBytes + (12 * ChunkHeaderBytes) + 1 + 1 + (2 * 16) + (2 * 2) + 4 + 4 + 1 + 4;

    /// <summary>Writes the message and gives its length; 0 where it would be longer than <paramref name="into"/> or than HEP can tell.</summary>
    /// <param name="line">The line, both its addresses of one family.</param>
    /// <param name="at">Its time.</param>
    /// <param name="into">Where to.</param>
    public static int Write(in HepMessage line, Timestamp at, Span<byte> into)
    {
        if (FixedBytes + line.CorrelationId.Length + line.Payload.Length > Math.Min(into.Length, ushort.MaxValue)) return 0;
        bool isV4 = line.Source.Address.IsV4;
        "HEP3"u8.CopyTo(into);
        Span<byte> rest = into[HepParser.PrefixBytes..];
        rest = Number(rest, 0x01, isV4 ? 2u : 10u, 1);
        rest = Number(rest, 0x02, line.Protocol, 1);
        rest = Address(rest, isV4 ? 0x03 : 0x05, line.Source.Address);
        rest = Address(rest, isV4 ? 0x04 : 0x06, line.Destination.Address);
        rest = Number(rest, 0x07, line.Source.Port, 2);
        rest = Number(rest, 0x08, line.Destination.Port, 2);
        rest = Number(rest, 0x09, (uint)(at.Microseconds / 1_000_000), 4);
        rest = Number(rest, 0x0a, (uint)(at.Microseconds % 1_000_000), 4);
        rest = Number(rest, 0x0b, (byte)HepPayloadType.Log, 1);
        rest = Number(rest, 0x0c, line.CaptureId, 4);
        if (!line.CorrelationId.IsEmpty) rest = Bytes(rest, 0x11, line.CorrelationId);
        rest = Bytes(rest, 0x0f, line.Payload);
        int length = into.Length - rest.Length;
        BinaryPrimitives.WriteUInt16BigEndian(into[4..], (ushort)length);
        return length;
    }

    private static Span<byte> Number(Span<byte> to, int type, uint value, int bytes)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(four, value);
        return Bytes(to, type, four[(4 - bytes)..]);
    }

    private static Span<byte> Address(Span<byte> to, int type, IpAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], address.Low);
        return Bytes(to, type, address.IsV4 ? bytes[12..] : bytes);
    }

    private static Span<byte> Bytes(Span<byte> to, int type, scoped ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(to, 0);
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(to[4..], (ushort)(ChunkHeaderBytes + value.Length));
        value.CopyTo(to[ChunkHeaderBytes..]);
        return to[(ChunkHeaderBytes + value.Length)..];
    }
}
