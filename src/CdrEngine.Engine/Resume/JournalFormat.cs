using System.Buffers.Binary;
using System.Text;
using CdrEngine.Core;
using CdrEngine.PacketLog;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Engine.Resume;

/// <summary>What an entry of a call journal says. Written to disk: values only ever grow.</summary>
internal enum JournalEntryKind : byte
{
    /// <summary>A call began.</summary>
    Open = 1,

    /// <summary>A chunk of its packets is on disk.</summary>
    Chunk = 2,

    /// <summary>A SIP message that its packets alone do not give back: what came over TCP, WebSocket or SCTP is cut from a stream that other calls
    /// share.</summary>
    Message = 3,

    /// <summary>The call is forgotten and its record is kept.</summary>
    Close = 4,

    /// <summary>The engine stopped in good order.</summary>
    Stopped = 5,

    /// <summary>Nothing any more: what it told of a call was purged.</summary>
    Purged = 6,
}

/// <summary>A SIP message as a shard took it.</summary>
/// <param name="Run">Run of the packet log it was captured in.</param>
/// <param name="Sequence">Its place in that run's order of capture.</param>
/// <param name="At">When it was complete.</param>
/// <param name="Clock">Engine time then.</param>
/// <param name="Transport">How it travelled.</param>
/// <param name="Source">Sender.</param>
/// <param name="Destination">Receiver.</param>
/// <param name="Bytes">The message.</param>
internal sealed record JournalMessage(
    uint Run, long Sequence, Timestamp At, Timestamp Clock, Transport Transport, Endpoint Source, Endpoint Destination, byte[] Bytes);

/// <summary>The bytes of a call journal: blocks, each written at once, and in a block entries.</summary>
/// <remarks><code>
/// block: magic "CJB1", length u32 of the entries, CRC-32C u32 of them; then the entries. All fixed numbers little-endian.
///        With magic "CJB2" the entries are sealed (<see cref="BlockSeal"/>); length and checksum are of what lies on disk.
/// entry: kind u8, number of the call (varint), and
///   open     Call-ID, name of the source (each: length varint, UTF-8 bytes)
///   chunk    flags u8 (bit 0 RTP, bit 1 in the segment of the block's last chunk of that kind); without bit 1 minute, run, part, shard;
///            offset, length, first time (less that of the block's last chunk, zig-zag), duration, frames, sequence (likewise)
///   message  run, sequence, time, clock, transport u8, addresses (8+8+2 bytes each), bytes
///   stopped  time (its number is 0)
///   purged   zeros (length varint, which may be longer than it need be, bytes), as long as what stood there
/// </code>
/// A block that is not whole ends the file: it was being written when the machine stopped.</remarks>
internal static class JournalFormat
{
    public const int BlockHeaderBytes = 12;
    public const uint Magic = 0x3142_4A43;
    public const uint SealedMagic = 0x3242_4A43;

    /// <summary>Longest block believed.</summary>
    public const int MaxBlockBytes = 256 << 20;

    /// <summary>Longest text and message believed.</summary>
    public const int MaxBytes = 16 << 20;
}

/// <summary>Entries on their way to one block.</summary>
internal sealed class JournalWriter(BlockSeal? seal = null)
{
    private byte[] _sealed = [];
    private byte[] _bytes = new byte[64 * 1024];
    private SegmentId _sip;
    private SegmentId _rtp;
    private bool _sipSeen;
    private bool _rtpSeen;
    private long _first;
    private long _sequence;

    /// <summary>Bytes of the entries.</summary>
    public int Length => Used - JournalFormat.BlockHeaderBytes;

    private int Used { get; set; } = JournalFormat.BlockHeaderBytes;

    public void Open(long number, ReadOnlySpan<byte> callId, string source)
    {
        Begin(JournalEntryKind.Open, number);
        Blob(callId);
        Blob(Encoding.UTF8.GetBytes(source));
    }

    public void Chunk(long number, in ChunkLocator chunk)
    {
        Begin(JournalEntryKind.Chunk, number);
        bool rtp = chunk.Segment.Kind == PacketKind.Rtp;
        bool same = (rtp ? _rtpSeen : _sipSeen) && chunk.Segment == (rtp ? _rtp : _sip);
        Byte((byte)((rtp ? 1 : 0) | (same ? 2 : 0)));
        if (!same)
        {
            Unsigned(chunk.Segment.Minute);
            Unsigned(chunk.Segment.Run);
            Unsigned(chunk.Segment.Part);
            Unsigned(chunk.Segment.Shard);
            if (rtp) (_rtp, _rtpSeen) = (chunk.Segment, true);
            else (_sip, _sipSeen) = (chunk.Segment, true);
        }

        Unsigned((ulong)chunk.Offset);
        Unsigned((ulong)chunk.Length);
        Signed(chunk.First.Microseconds - _first);
        Signed(chunk.Last.Microseconds - chunk.First.Microseconds);
        Unsigned((ulong)chunk.Frames);
        Signed(chunk.FirstSequence - _sequence);
        _first = chunk.First.Microseconds;
        _sequence = chunk.FirstSequence;
    }

    public void Message(long number, uint run, long sequence, Timestamp at, Timestamp clock, Transport transport, Endpoint source, Endpoint destination, ReadOnlySpan<byte> bytes)
    {
        Begin(JournalEntryKind.Message, number);
        Unsigned(run);
        Unsigned((ulong)sequence);
        Signed(at.Microseconds);
        Signed(clock.Microseconds);
        Byte((byte)transport);
        Address(source);
        Address(destination);
        Blob(bytes);
    }

    public void Close(long number) => Begin(JournalEntryKind.Close, number);

    public void Stopped(Timestamp at)
    {
        Begin(JournalEntryKind.Stopped, 0);
        Signed(at.Microseconds);
    }

    /// <summary>The block, whole; good until the next entry.</summary>
    public ReadOnlySpan<byte> Block()
    {
        Span<byte> block = _bytes.AsSpan(0, Used);
        if (seal is not null)
        {
            if (_sealed.Length < Used + BlockSeal.Overhead) _sealed = new byte[_bytes.Length + BlockSeal.Overhead];
            block = _sealed.AsSpan(0, Used + BlockSeal.Overhead);
            seal.Seal(_bytes.AsSpan(JournalFormat.BlockHeaderBytes, Length), block[JournalFormat.BlockHeaderBytes..]);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(block, seal is null ? JournalFormat.Magic : JournalFormat.SealedMagic);
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], block.Length - JournalFormat.BlockHeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(block[8..], SegmentFormat.Crc32C(block[JournalFormat.BlockHeaderBytes..]));
        return block;
    }

    public void Clear()
    {
        Used = JournalFormat.BlockHeaderBytes;
        _sipSeen = _rtpSeen = false;
        _first = _sequence = 0;
    }

    private void Begin(JournalEntryKind kind, long number)
    {
        Byte((byte)kind);
        Unsigned((ulong)number);
    }

    private void Byte(byte value)
    {
        Reserve(1);
        _bytes[Used++] = value;
    }

    private void Unsigned(ulong value)
    {
        Reserve(10);
        for (; value >= 0x80; value >>= 7) _bytes[Used++] = (byte)(value | 0x80);
        _bytes[Used++] = (byte)value;
    }

    private void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    private void Address(Endpoint endpoint)
    {
        Reserve(18);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(Used), endpoint.Address.High);
        BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(Used + 8), endpoint.Address.Low);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(Used + 16), endpoint.Port);
        Used += 18;
    }

    private void Blob(ReadOnlySpan<byte> bytes)
    {
        Unsigned((ulong)bytes.Length);
        Reserve(bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Used));
        Used += bytes.Length;
    }

    private void Reserve(int extra)
    {
        if (_bytes.Length - Used < extra) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Used + extra));
    }
}

/// <summary>Walks the entries of one block. Its bytes come from a disk: it never throws on them.</summary>
internal ref struct JournalReader(ReadOnlySpan<byte> entries)
{
    private readonly ReadOnlySpan<byte> _entries = entries;
    private int _at;
    private SegmentId _sip;
    private SegmentId _rtp;
    private long _first;
    private long _sequence;

    public JournalEntryKind Kind { get; private set; }

    public long Number { get; private set; }

    public ReadOnlySpan<byte> CallId { get; private set; }

    public string Source { get; private set; } = "";

    public ChunkLocator Chunk { get; private set; }

    public JournalMessage? Message { get; private set; }

    public Timestamp At { get; private set; }

    /// <summary>True where the walk ended at something that is no entry.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Where the entry reached begins, its kind's byte.</summary>
    public int Start { get; private set; }

    /// <summary>Where what follows its kind and number begins.</summary>
    public int BodyStart { get; private set; }

    /// <summary>Where it ends.</summary>
    public readonly int End => _at;

    public bool MoveNext()
    {
        if (IsMalformed || _at >= _entries.Length) return false;
        Start = _at;
        Kind = (JournalEntryKind)_entries[_at++];
        Number = (long)Unsigned();
        BodyStart = _at;
        switch (Kind)
        {
            case JournalEntryKind.Open:
                CallId = Blob();
                Source = Encoding.UTF8.GetString(Blob());
                break;
            case JournalEntryKind.Chunk:
                ReadChunk();
                break;
            case JournalEntryKind.Message:
                ReadMessage();
                break;
            case JournalEntryKind.Close:
                break;
            case JournalEntryKind.Purged:
                _ = Blob();
                break;
            case JournalEntryKind.Stopped:
                At = new Timestamp(Signed());
                break;
            default:
                IsMalformed = true;
                break;
        }

        return !IsMalformed;
    }

    private void ReadChunk()
    {
        byte flags = Byte();
        bool rtp = (flags & 1) != 0;
        SegmentId segment = rtp ? _rtp : _sip;
        if ((flags & 2) == 0)
        {
            ulong minute = Unsigned(), run = Unsigned(), part = Unsigned(), shard = Unsigned();
            IsMalformed |= minute > uint.MaxValue || run > uint.MaxValue || part > uint.MaxValue || shard > ushort.MaxValue;
            segment = new SegmentId(rtp ? PacketKind.Rtp : PacketKind.Sip, (ushort)shard, (uint)minute, (uint)run, (uint)part);
            if (rtp) _rtp = segment;
            else _sip = segment;
        }

        long offset = (long)Unsigned();
        ulong length = Unsigned();
        _first += Signed();
        long duration = Signed();
        ulong frames = Unsigned();
        _sequence += Signed();
        IsMalformed |= offset < 0 || length > int.MaxValue || frames > int.MaxValue;
        if (!IsMalformed) Chunk = new ChunkLocator(segment, offset, (int)length, new Timestamp(_first), new Timestamp(_first + duration), (int)frames, _sequence);
    }

    private void ReadMessage()
    {
        ulong run = Unsigned();
        long sequence = (long)Unsigned();
        var at = new Timestamp(Signed());
        var clock = new Timestamp(Signed());
        var transport = (Transport)Byte();
        Endpoint source = Address(), destination = Address();
        byte[] bytes = Blob().ToArray();
        IsMalformed |= run > uint.MaxValue || !Enum.IsDefined(transport);
        if (!IsMalformed) Message = new JournalMessage((uint)run, sequence, at, clock, transport, source, destination, bytes);
    }

    private byte Byte()
    {
        if (_at < _entries.Length) return _entries[_at++];
        IsMalformed = true;
        return 0;
    }

    private ulong Unsigned()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }

        IsMalformed = true;
        return 0;
    }

    private long Signed()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private Endpoint Address()
    {
        if (_entries.Length - _at < 18)
        {
            IsMalformed = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _entries.Slice(_at, 18);
        _at += 18;
        return new Endpoint(
            new IpAddress(BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..])), BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]));
    }

    private ReadOnlySpan<byte> Blob()
    {
        ulong length = Unsigned();
        if (length > JournalFormat.MaxBytes || (int)length > _entries.Length - _at)
        {
            IsMalformed = true;
            return default;
        }

        ReadOnlySpan<byte> bytes = _entries.Slice(_at, (int)length);
        _at += (int)length;
        return bytes;
    }
}
