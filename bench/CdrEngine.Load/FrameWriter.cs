using System.Buffers.Binary;
using CdrEngine.Core;

namespace CdrEngine.Load;

/// <summary>Lays Ethernet frames and writes them to a pcap file.</summary>
internal sealed class FrameWriter(Stream output) : IDisposable
{
    private const int Ethernet = 14;
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly byte[] _frame = new byte[70_000];
    private int _used = -1;
    private uint _nextFragmentId = 1;

    public long Packets { get; private set; }

    /// <summary>Writes one UDP datagram, in IP fragments where it is longer than 1,480 bytes.</summary>
    public void Udp(long at, in Path path, ushort identification, ReadOnlySpan<byte> payload)
    {
        int udp = 8 + payload.Length;
        Span<byte> segment = _frame.AsSpan(200, udp);
        BinaryPrimitives.WriteUInt16BigEndian(segment, path.Source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], path.Destination.Port);
        BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)udp);
        BinaryPrimitives.WriteUInt16BigEndian(segment[6..], 0);
        payload.CopyTo(segment[8..]);
        ushort sum = Checksum(path, IpProtocol.Udp, segment);
        BinaryPrimitives.WriteUInt16BigEndian(segment[6..], sum == 0 ? (ushort)0xFFFF : sum);
        Ip(at, path, IpProtocol.Udp, identification, udp);
    }

    /// <summary>Writes one TCP segment.</summary>
    public void Tcp(long at, in Path path, ushort identification, uint sequence, uint acknowledgement, byte flags, ReadOnlySpan<byte> payload)
    {
        int tcp = 20 + payload.Length;
        Span<byte> segment = _frame.AsSpan(200, tcp);
        BinaryPrimitives.WriteUInt16BigEndian(segment, path.Source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], path.Destination.Port);
        BinaryPrimitives.WriteUInt32BigEndian(segment[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(segment[8..], acknowledgement);
        segment[12] = 0x50;
        segment[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(segment[14..], 64_000);
        BinaryPrimitives.WriteUInt32BigEndian(segment[16..], 0);
        payload.CopyTo(segment[20..]);
        BinaryPrimitives.WriteUInt16BigEndian(segment[16..], Checksum(path, IpProtocol.Tcp, segment));
        Ip(at, path, IpProtocol.Tcp, identification, tcp);
    }

    public void Dispose()
    {
        if (_used < 0) Header();
        output.Write(_buffer, 0, _used);
        output.Flush();
        _used = 0;
    }

    // The segment stands at _frame[200..]; headers are laid before it.
    private void Ip(long at, in Path path, IpProtocol protocol, ushort identification, int length)
    {
        if (path.IsV6) IpV6(at, path, protocol, length);
        else IpV4(at, path, protocol, identification, length);
    }

    private void IpV4(long at, in Path path, IpProtocol protocol, ushort identification, int length)
    {
        const int most = 1480;
        Span<byte> saved = stackalloc byte[64];
        for (int offset = 0; offset < length; offset += most)
        {
            int part = Math.Min(most, length - offset);
            int start = 200 + offset - 20;
            Span<byte> header = _frame.AsSpan(start - 40, 60);
            header.CopyTo(saved);
            Span<byte> ip = _frame.AsSpan(start, 20);
            ip.Clear();
            ip[0] = 0x45;
            ip[1] = path.Tos;
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(20 + part));
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], identification);
            BinaryPrimitives.WriteUInt16BigEndian(ip[6..], (ushort)((offset / 8) | (offset + part < length ? 0x2000 : 0)));
            ip[8] = 63;
            ip[9] = (byte)protocol;
            BinaryPrimitives.WriteUInt32BigEndian(ip[12..], (uint)path.Source.Address.Low);
            BinaryPrimitives.WriteUInt32BigEndian(ip[16..], (uint)path.Destination.Address.Low);
            BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Fold(Sum(ip)));
            int frame = LinkLayer(start, path, 0x0800);

            // Fragments leave together, with one time.
            Record(at, frame, start + 20 + part - frame);
            saved[..60].CopyTo(_frame.AsSpan(start - 40, 60));
        }
    }

    private void IpV6(long at, in Path path, IpProtocol protocol, int length)
    {
        const int most = 1448;
        bool fragmented = length > 1440;
        uint identification = fragmented ? _nextFragmentId++ : 0;
        Span<byte> saved = stackalloc byte[96];
        for (int offset = 0; offset < length; offset += most)
        {
            int part = Math.Min(most, length - offset);
            int extension = fragmented ? 8 : 0;
            int start = 200 + offset - 40 - extension;
            _frame.AsSpan(start - 20, 60 + extension).CopyTo(saved);
            Span<byte> ip = _frame.AsSpan(start, 40 + extension);
            ip.Clear();
            ip[0] = (byte)(0x60 | (path.Tos >> 4));
            ip[1] = (byte)(path.Tos << 4);
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(part + extension));
            ip[6] = fragmented ? (byte)44 : (byte)protocol;
            ip[7] = 63;
            Write(path.Source.Address, ip[8..]);
            Write(path.Destination.Address, ip[24..]);
            if (fragmented)
            {
                ip[40] = (byte)protocol;
                BinaryPrimitives.WriteUInt16BigEndian(ip[42..], (ushort)(offset | (offset + part < length ? 1 : 0)));
                BinaryPrimitives.WriteUInt32BigEndian(ip[44..], identification);
            }

            int frame = LinkLayer(start, path, 0x86DD);
            Record(at, frame, start + 40 + extension + part - frame);
            saved[..(60 + extension)].CopyTo(_frame.AsSpan(start - 20, 60 + extension));
        }
    }

    private int LinkLayer(int start, in Path path, ushort etherType)
    {
        int at = start - Ethernet - (path.Vlan > 0 ? 4 : 0);
        Span<byte> header = _frame.AsSpan(at, start - at);
        header[..12].Fill(0x02);
        header[5] = 1;
        header[11] = 2;
        int type = 12;
        if (path.Vlan > 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(header[12..], 0x8100);
            BinaryPrimitives.WriteUInt16BigEndian(header[14..], path.Vlan);
            type = 16;
        }

        BinaryPrimitives.WriteUInt16BigEndian(header[type..], etherType);
        return at;
    }

    private void Record(long at, int offset, int length)
    {
        if (_used < 0) Header();
        if (_used + 16 + length > _buffer.Length)
        {
            output.Write(_buffer, 0, _used);
            _used = 0;
        }

        Span<byte> record = _buffer.AsSpan(_used);
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(at / Timestamp.MicrosecondsPerSecond));
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], (uint)(at % Timestamp.MicrosecondsPerSecond));
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], length);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], length);
        _frame.AsSpan(offset, length).CopyTo(record[16..]);
        _used += 16 + length;
        Packets++;
    }

    private void Header()
    {
        Span<byte> header = _buffer;
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        header.Slice(8, 8).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65_535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], (uint)LinkType.Ethernet);
        _used = 24;
    }

    private static ushort Checksum(in Path path, IpProtocol protocol, ReadOnlySpan<byte> segment)
    {
        Span<byte> pseudo = stackalloc byte[40];
        Write(path.Source.Address, pseudo);
        Write(path.Destination.Address, pseudo[16..]);
        if (!path.IsV6)
        {
            // Only the last four bytes of each address count in IPv4.
            pseudo[..12].Clear();
            pseudo.Slice(16, 12).Clear();
        }

        BinaryPrimitives.WriteInt32BigEndian(pseudo[32..], segment.Length);
        BinaryPrimitives.WriteInt32BigEndian(pseudo[36..], (int)protocol);
        return Fold(Sum(pseudo) + Sum(segment));
    }

    private static void Write(IpAddress address, Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, address.High);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], address.Low);
    }

    private static ulong Sum(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 0;
        while (bytes.Length >= 4)
        {
            sum += BinaryPrimitives.ReadUInt32BigEndian(bytes);
            bytes = bytes[4..];
        }

        if (bytes.Length >= 2)
        {
            sum += (ulong)BinaryPrimitives.ReadUInt16BigEndian(bytes) << 16;
            bytes = bytes[2..];
            if (bytes.Length == 1) sum += (ulong)bytes[0] << 8;
        }
        else if (bytes.Length == 1)
        {
            sum += (ulong)bytes[0] << 24;
        }

        return sum;
    }

    private static ushort Fold(ulong sum)
    {
        while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}

/// <summary>Where a packet goes and in what.</summary>
internal readonly record struct Path(Endpoint Source, Endpoint Destination, ushort Vlan, byte Tos)
{
    public bool IsV6 => !Source.Address.IsV4;

    public Path Back => new(Destination, Source, Vlan, Tos);
}
