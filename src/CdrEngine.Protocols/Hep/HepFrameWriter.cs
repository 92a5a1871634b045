using System.Buffers.Binary;

namespace CdrEngine.Protocols.Hep;

/// <summary>Puts the headers back that a HEP agent took off: Ethernet, IP and UDP or TCP before the payload, so that everything after it
/// sees a packet like any other.</summary>
/// <remarks>
/// MAC addresses are zero, the IP identification too (so the same message told by two agents within 50 ms is a mirror duplicate). A message
/// that travelled over TCP becomes one segment with SYN and ACK and sequence numbers of its own, which every reassembler takes for a fresh start:
/// an agent tells whole messages and no stream, so there is nothing to put together. SCTP is shown as UDP. Checksums are right.
/// </remarks>
public sealed class HepFrameWriter
{
    /// <summary>Bytes that <see cref="Write"/> needs at most: a HEP message has 65,535 at most.</summary>
    public const int MaxFrameBytes = 14 + 40 + 20 + 65_535;

    private const int EthernetBytes = 14;
    private const byte Tcp = 6;
    private const byte Udp = 17;
    private const uint FirstSequence = 0x1000_0000;
    private const uint LastSequence = 0x7000_0000;
    private uint _sequence = FirstSequence;

    /// <summary>Writes the frame and gives its length; 0 where the payload is longer than a datagram can be.</summary>
    /// <param name="message">The message; both its addresses of one family.</param>
    /// <param name="frame">Holds <see cref="MaxFrameBytes"/>.</param>
    public int Write(in HepMessage message, Span<byte> frame)
    {
        bool isTcp = message.Protocol == Tcp;
        bool isV4 = message.Source.Address.IsV4;
        int ipBytes = isV4 ? 20 : 40;
        int transportBytes = isTcp ? 20 : 8;
        int length = transportBytes + message.Payload.Length;
        if (length + (isV4 ? ipBytes : 0) > ushort.MaxValue) return 0;
        frame[..(EthernetBytes + ipBytes + transportBytes)].Clear();
        Span<byte> ip = frame[EthernetBytes..];
        Span<byte> transport = ip[ipBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(frame[12..], (ushort)(isV4 ? 0x0800 : 0x86DD));
        uint sum = isV4 ? WriteV4(ip, message, length, isTcp) : WriteV6(ip, message, length, isTcp);
        BinaryPrimitives.WriteUInt16BigEndian(transport, message.Source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(transport[2..], message.Destination.Port);
        if (isTcp) WriteTcp(transport, message.Payload.Length);
        else BinaryPrimitives.WriteUInt16BigEndian(transport[4..], (ushort)length);
        message.Payload.CopyTo(transport[transportBytes..]);
        ushort checksum = (ushort)~Fold(sum + (uint)length + (isTcp ? Tcp : Udp), transport[..length]);

        // RFC 768: a sum of zero is sent as all ones, since zero means none.
        if (!isTcp && checksum == 0) checksum = ushort.MaxValue;
        BinaryPrimitives.WriteUInt16BigEndian(transport[(isTcp ? 16 : 6)..], checksum);
        return EthernetBytes + ipBytes + length;
    }

    private static uint WriteV4(Span<byte> ip, in HepMessage message, int length, bool isTcp)
    {
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + length));
        ip[8] = 64;
        ip[9] = isTcp ? Tcp : Udp;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], (uint)message.Source.Address.Low);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], (uint)message.Destination.Address.Low);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], (ushort)~Fold(0, ip[..20]));
        return Sum(0, ip[12..20]);
    }

    private static uint WriteV6(Span<byte> ip, in HepMessage message, int length, bool isTcp)
    {
        ip[0] = 0x60;
        BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)length);
        ip[6] = isTcp ? Tcp : Udp;
        ip[7] = 64;
        BinaryPrimitives.WriteUInt64BigEndian(ip[8..], message.Source.Address.High);
        BinaryPrimitives.WriteUInt64BigEndian(ip[16..], message.Source.Address.Low);
        BinaryPrimitives.WriteUInt64BigEndian(ip[24..], message.Destination.Address.High);
        BinaryPrimitives.WriteUInt64BigEndian(ip[32..], message.Destination.Address.Low);
        return Sum(0, ip[8..40]);
    }

    private void WriteTcp(Span<byte> tcp, int payload)
    {
        if (_sequence > LastSequence) _sequence = FirstSequence;
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], _sequence);
        _sequence += (uint)payload + 2;
        tcp[12] = 0x50;
        tcp[13] = 0x1A; // PSH, ACK, SYN
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], ushort.MaxValue);
    }

    private static ushort Fold(uint seed, ReadOnlySpan<byte> bytes)
    {
        uint sum = Sum(seed, bytes);
        while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)sum;
    }

    // At most 33,000 terms of 16 bits: no overflow of 32.
    private static uint Sum(uint sum, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 2; bytes = bytes[2..]) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return bytes.IsEmpty ? sum : sum + ((uint)bytes[0] << 8);
    }
}
