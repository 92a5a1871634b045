using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Protocols.Hep;

/// <summary>Reads HEP, the encapsulation by which SIP servers report what they see: version 3 ("HEP3", chunks) and its forebears 1 and 2
/// (a fixed header).</summary>
/// <remarks>Version 3: "HEP3", total length (u16), then chunks: vendor (u16), type (u16), length with these six bytes (u16), value; all in network
/// order. Chunks of other vendors and unknown types are passed over; of two of one type the last counts.</remarks>
public static class HepParser
{
    /// <summary>Bytes that tell the length of a version 3 message: the magic and the length.</summary>
    public const int PrefixBytes = 6;

    private const byte FamilyV4 = 2;
    private const byte FamilyV6 = 10;
    private const int ChunkHeaderBytes = 6;
    private const int OldTimeBytes = 12;

    // A version 2 header has its time in the sender's byte order, mostly little: that is believed where it gives a year from 2001 to 2049 and
    // less than a million microseconds.
    private const uint FirstPlausibleSecond = 1_000_000_000;
    private const uint LastPlausibleSecond = 2_500_000_000;

    /// <summary>Reads a datagram that is a whole message of version 3 with a line of a log; false for anything else.</summary>
    public static bool TryReadLog(ReadOnlySpan<byte> datagram, out HepMessage message)
    {
        message = default;
        return datagram.StartsWith("HEP3"u8)
            && TryRead(datagram, out message, out int consumed, out _) == ParseOutcome.Message
            && consumed == datagram.Length
            && message.PayloadType == HepPayloadType.Log;
    }

    /// <summary>Reads the message at the start of <paramref name="bytes"/>. <see cref="ParseOutcome.NeedMore"/> only where a stream may bring the
    /// rest; a datagram that gives it is cut. <paramref name="consumed"/> is the message's length where that is known, malformed or not.</summary>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> bytes, out HepMessage message, out int consumed, out HepRejection reason)
    {
        message = default;
        consumed = 0;
        reason = HepRejection.UnknownVersion;
        if (bytes.IsEmpty) return ParseOutcome.NeedMore;
        if (bytes[0] is 1 or 2) return Old(bytes, out message, out consumed, out reason);
        ReadOnlySpan<byte> magic = "HEP3"u8;
        int seen = Math.Min(bytes.Length, magic.Length);
        if (!bytes[..seen].SequenceEqual(magic[..seen])) return ParseOutcome.Malformed;
        if (bytes.Length < PrefixBytes) return ParseOutcome.NeedMore;
        int total = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        if (total < PrefixBytes)
        {
            reason = HepRejection.BadLength;
            return ParseOutcome.Malformed;
        }

        if (bytes.Length < total) return ParseOutcome.NeedMore;
        consumed = total;
        return Chunks(bytes[PrefixBytes..total], out message, out reason);
    }

    private static ParseOutcome Chunks(ReadOnlySpan<byte> rest, out HepMessage message, out HepRejection reason)
    {
        message = default;
        reason = HepRejection.BadChunk;
        byte protocol = 0;
        byte payloadType = 0;
        IpAddress source = default, destination = default;
        bool hasSource = false, hasDestination = false, isCompressed = false;
        ushort sourcePort = 0, destinationPort = 0;
        uint seconds = 0, microseconds = 0, captureId = 0;
        ReadOnlySpan<byte> key = default, correlation = default, payload = default;
        while (!rest.IsEmpty)
        {
            if (rest.Length < ChunkHeaderBytes) return ParseOutcome.Malformed;
            int vendor = BinaryPrimitives.ReadUInt16BigEndian(rest);
            int type = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            int length = BinaryPrimitives.ReadUInt16BigEndian(rest[4..]);
            if (length < ChunkHeaderBytes || length > rest.Length) return ParseOutcome.Malformed;
            ReadOnlySpan<byte> value = rest[ChunkHeaderBytes..length];
            rest = rest[length..];
            if (vendor != 0) continue;
            if (SizeOf(type) is > 0 and var size && value.Length != size) return ParseOutcome.Malformed;
            switch (type)
            {
                case 0x02:
                    protocol = value[0];
                    break;
                case 0x03:
                case 0x05:
                    source = Address(value);
                    hasSource = true;
                    break;
                case 0x04:
                case 0x06:
                    destination = Address(value);
                    hasDestination = true;
                    break;
                case 0x07:
                    sourcePort = BinaryPrimitives.ReadUInt16BigEndian(value);
                    break;
                case 0x08:
                    destinationPort = BinaryPrimitives.ReadUInt16BigEndian(value);
                    break;
                case 0x09:
                    seconds = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case 0x0a:
                    microseconds = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case 0x0b:
                    payloadType = value[0];
                    break;
                case 0x0c:
                    captureId = BinaryPrimitives.ReadUInt32BigEndian(value);
                    break;
                case 0x0e:
                    key = value;
                    break;
                case 0x0f:
                    payload = value;
                    isCompressed = false;
                    break;
                case 0x10:
                    isCompressed = payload.IsEmpty;
                    break;
                case 0x11:
                    correlation = value;
                    break;
            }
        }

        message = new HepMessage
        {
            Version = 3,
            Protocol = protocol,
            PayloadType = (HepPayloadType)payloadType,
            Source = new Endpoint(source, sourcePort),
            Destination = new Endpoint(destination, destinationPort),
            At = seconds == 0 ? null : Timestamp.FromUnix(seconds, Math.Min(microseconds, 999_999)),
            CaptureId = captureId,
            AuthKey = key,
            CorrelationId = correlation,
            Payload = payload,
        };
        reason = isCompressed ? HepRejection.Compressed : payload.IsEmpty ? HepRejection.NoPayload : HepRejection.NoAddresses;
        return isCompressed || payload.IsEmpty || !hasSource || !hasDestination || source.IsV4 != destination.IsV4
            ? ParseOutcome.Malformed
            : ParseOutcome.Message;
    }

    // Bytes of the value of a chunk we read; 0 where any length will do.
    private static int SizeOf(int type) => type switch
    {
        0x01 or 0x02 or 0x0b => 1,
        0x03 or 0x04 or 0x09 or 0x0a or 0x0c => 4,
        0x05 or 0x06 => 16,
        0x07 or 0x08 => 2,
        _ => 0,
    };

    private static IpAddress Address(ReadOnlySpan<byte> value) => value.Length == 4 ? IpAddress.FromV4(value) : IpAddress.FromV6(value);

    /// <summary>Versions 1 and 2: version, header length, family, protocol, ports, addresses; version 2 then has seconds, microseconds, capture id.
    /// What follows is SIP up to the end of the datagram.</summary>
    private static ParseOutcome Old(ReadOnlySpan<byte> bytes, out HepMessage message, out int consumed, out HepRejection reason)
    {
        message = default;
        consumed = bytes.Length;
        reason = HepRejection.BadLength;
        if (bytes.Length < 8) return ParseOutcome.Malformed;
        int version = bytes[0];
        int headerLength = bytes[1];
        byte family = bytes[2];
        if (family is not (FamilyV4 or FamilyV6))
        {
            reason = HepRejection.UnknownVersion;
            return ParseOutcome.Malformed;
        }

        int addressBytes = family == FamilyV4 ? 4 : 16;
        int addressed = 8 + (2 * addressBytes);
        int payloadAt = addressed + (version == 2 ? OldTimeBytes : 0);

        // Some senders leave the time out of the length they tell.
        if ((headerLength != addressed && headerLength != payloadAt) || bytes.Length < payloadAt) return ParseOutcome.Malformed;
        if (bytes.Length == payloadAt)
        {
            reason = HepRejection.NoPayload;
            return ParseOutcome.Malformed;
        }

        ReadOnlySpan<byte> time = bytes[addressed..payloadAt];
        bool little = version == 2 && Number(time, little: true) is >= FirstPlausibleSecond and <= LastPlausibleSecond && Number(time[4..], little: true) < 1_000_000;
        message = new HepMessage
        {
            Version = version,
            Protocol = bytes[3],
            PayloadType = HepPayloadType.Sip,
            Source = new Endpoint(Address(bytes.Slice(8, addressBytes)), BinaryPrimitives.ReadUInt16BigEndian(bytes[4..])),
            Destination = new Endpoint(Address(bytes.Slice(8 + addressBytes, addressBytes)), BinaryPrimitives.ReadUInt16BigEndian(bytes[6..])),
            At = version == 1 ? null : Timestamp.FromUnix(Number(time, little), Math.Min(Number(time[4..], little), 999_999)),
            CaptureId = version == 1 ? 0u : little ? BinaryPrimitives.ReadUInt16LittleEndian(time[8..]) : BinaryPrimitives.ReadUInt16BigEndian(time[8..]),
            Payload = bytes[payloadAt..],
        };
        return ParseOutcome.Message;
    }

    private static uint Number(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
