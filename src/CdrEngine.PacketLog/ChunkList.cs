using System.Buffers;
using CdrEngine.Core;

namespace CdrEngine.PacketLog;

/// <summary>Where the chunks of one call lie, in few bytes: 14 to 20 for a chunk. Stored beside the call's record.</summary>
/// <remarks>A version byte, then for each chunk: flags (bit 0 kind, bit 1 "in the segment of the last chunk of this kind"), where bit 1 is not
/// set the minute (as difference to the last chunk's), run, part and shard, then offset (less the end of the last chunk there), length, time of the
/// first packet (less that of the last chunk), duration, frames and first sequence (less that of the last chunk). All are variable-length
/// numbers of seven bits a byte, those that may be negative in zig-zag form.</remarks>
public sealed class ChunkList : IDisposable
{
    /// <summary>Longest entry: a flag and ten numbers of ten bytes.</summary>
    private const int EntryBytesMax = 101;

    private byte[] _bytes = [];
    private int _length;
    private ChunkListState _state;

    /// <summary>Chunks listed.</summary>
    public int Count { get; private set; }

    /// <summary>Frames in all of them.</summary>
    public long Frames { get; private set; }

    /// <summary>The list as it is stored; valid until the list changes. Empty for an empty list.</summary>
    public ReadOnlySpan<byte> Encoded => _bytes.AsSpan(0, _length);

    /// <summary>Appends a chunk.</summary>
    public void Add(in ChunkLocator chunk)
    {
        Reserve(EntryBytesMax + 1);
        if (_length == 0) _bytes[_length++] = ChunkListState.Version;
        var writer = new VarintWriter(_bytes.AsSpan(_length));
        _state.Write(ref writer, chunk);
        _length += writer.Length;
        Count++;
        Frames += chunk.Frames;
    }

    /// <summary>Appends all chunks of another list.</summary>
    public void Add(ChunkList other)
    {
        foreach (ChunkLocator chunk in other) Add(chunk);
    }

    /// <summary>Reads a stored list; malformed where it is not one, with what could be read until there.</summary>
    public static ParseOutcome TryRead(ReadOnlySpan<byte> encoded, out ChunkList list)
    {
        list = new ChunkList();
        var reader = new Enumerator(encoded);
        while (reader.MoveNext()) list.Add(reader.Current);
        return reader.IsMalformed ? ParseOutcome.Malformed : ParseOutcome.Message;
    }

    /// <summary>A copy as it is stored.</summary>
    public byte[] ToArray() => Encoded.ToArray();

    /// <summary>Walks the chunks in the order they were added.</summary>
    public Enumerator GetEnumerator() => new(Encoded);

    /// <summary>Gives the memory back; the list is empty and may be used again.</summary>
    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _length = 0;
        _state = default;
        Count = 0;
        Frames = 0;
    }

    private void Reserve(int extra)
    {
        if (_bytes.Length - _length >= extra) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + extra, _bytes.Length * 2));
        Encoded.CopyTo(larger);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    /// <summary>Walks the chunks of an encoded list. Its bytes may come from anywhere: it never throws.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;
        private ChunkListState _state;
        private ChunkLocator _current;

        /// <summary>Starts before the first chunk of <paramref name="encoded"/>.</summary>
        public Enumerator(ReadOnlySpan<byte> encoded)
        {
            IsMalformed = encoded.Length > 0 && encoded[0] != ChunkListState.Version;
            _rest = IsMalformed || encoded.IsEmpty ? default : encoded[1..];
        }

        /// <summary>The chunk reached.</summary>
        public readonly ChunkLocator Current => _current;

        /// <summary>True where the walk ended because the rest is no entry.</summary>
        public bool IsMalformed { get; private set; }

        /// <summary>Goes to the next chunk; false at the end.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty) return false;
            var reader = new VarintReader(_rest);
            if (!_state.TryRead(ref reader, out _current))
            {
                IsMalformed = true;
                _rest = default;
                return false;
            }

            _rest = _rest[reader.Position..];
            return true;
        }
    }
}

/// <summary>What entries of a chunk list are told relative to.</summary>
internal struct ChunkListState
{
    public const byte Version = 1;
    private const int SameSegment = 2;

    private SegmentId _sip;
    private SegmentId _rtp;
    private long _sipEnd;
    private long _rtpEnd;
    private bool _sipSeen;
    private bool _rtpSeen;
    private uint _minute;
    private long _first;
    private long _sequence;

    public void Write(ref VarintWriter writer, in ChunkLocator chunk)
    {
        bool rtp = chunk.Segment.Kind == PacketKind.Rtp;
        bool same = (rtp ? _rtpSeen : _sipSeen) && chunk.Segment == (rtp ? _rtp : _sip);
        writer.Unsigned((rtp ? 1u : 0u) | (same ? SameSegment : 0u));
        if (!same)
        {
            writer.Signed((long)chunk.Segment.Minute - _minute);
            writer.Unsigned(chunk.Segment.Run);
            writer.Unsigned(chunk.Segment.Part);
            writer.Unsigned(chunk.Segment.Shard);
        }

        writer.Signed(chunk.Offset - (same ? (rtp ? _rtpEnd : _sipEnd) : 0));
        writer.Unsigned((ulong)chunk.Length);
        writer.Signed(chunk.First.Microseconds - _first);
        writer.Signed(chunk.Last.Microseconds - chunk.First.Microseconds);
        writer.Unsigned((ulong)chunk.Frames);
        writer.Signed(chunk.FirstSequence - _sequence);
        Remember(chunk);
    }

    public bool TryRead(ref VarintReader reader, out ChunkLocator chunk)
    {
        chunk = default;
        ulong flags = reader.Unsigned();
        if (flags > 3) return false;
        PacketKind kind = (flags & 1) == 0 ? PacketKind.Sip : PacketKind.Rtp;
        bool rtp = kind == PacketKind.Rtp;
        SegmentId segment = rtp ? _rtp : _sip;
        long end = 0;
        if ((flags & SameSegment) != 0)
        {
            if (!(rtp ? _rtpSeen : _sipSeen)) return false;
            end = rtp ? _rtpEnd : _sipEnd;
        }
        else
        {
            long minute = _minute + reader.Signed();
            ulong run = reader.Unsigned(), part = reader.Unsigned(), shard = reader.Unsigned();
            if (minute is < 0 or > uint.MaxValue || run > uint.MaxValue || part > uint.MaxValue || shard > ushort.MaxValue) return false;
            segment = new SegmentId(kind, (ushort)shard, (uint)minute, (uint)run, (uint)part);
        }

        long offset = unchecked(end + reader.Signed());
        ulong length = reader.Unsigned();
        long first = unchecked(_first + reader.Signed());
        long last = unchecked(first + reader.Signed());
        ulong frames = reader.Unsigned();
        long sequence = unchecked(_sequence + reader.Signed());
        if (reader.IsMalformed || offset < 0 || length > int.MaxValue || frames > int.MaxValue) return false;
        chunk = new ChunkLocator(segment, offset, (int)length, new Timestamp(first), new Timestamp(last), (int)frames, sequence);
        Remember(chunk);
        return true;
    }

    private void Remember(in ChunkLocator chunk)
    {
        long end = unchecked(chunk.Offset + chunk.Length);
        if (chunk.Segment.Kind == PacketKind.Rtp)
        {
            _rtp = chunk.Segment;
            _rtpEnd = end;
            _rtpSeen = true;
        }
        else
        {
            _sip = chunk.Segment;
            _sipEnd = end;
            _sipSeen = true;
        }

        _minute = chunk.Segment.Minute;
        _first = chunk.First.Microseconds;
        _sequence = chunk.FirstSequence;
    }
}

/// <summary>Writes numbers of seven bits a byte, lowest first; the caller has made room.</summary>
internal ref struct VarintWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Length { get; private set; }

    public void Unsigned(ulong value)
    {
        while (value >= 0x80)
        {
            _destination[Length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _destination[Length++] = (byte)value;
    }

    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));
}

/// <summary>Reads what <see cref="VarintWriter"/> wrote; past the end or over 64 bits it gives 0 and says so.</summary>
internal ref struct VarintReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    public int Position { get; private set; }

    public bool IsMalformed { get; private set; }

    public ulong Unsigned()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (Position == _source.Length) break;
            byte b = _source[Position++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }

        IsMalformed = true;
        return 0;
    }

    public long Signed()
    {
        ulong value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }
}
