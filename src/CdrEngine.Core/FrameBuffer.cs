using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace CdrEngine.Core;

/// <summary>Captured packets laid one after another in a pooled buffer, for whoever must hold packets past the next read:
/// fragments, TCP segments, media before its SDP, hand-over between threads, chunks of the packet log.</summary>
/// <remarks>Each frame is a 32-byte little-endian header (microseconds i64, captured length i32, original length i32, link type u16,
/// nanosecond remainder u16, interface i32, sequence i64), then the captured bytes. Return the buffer with <see cref="Dispose"/>.</remarks>
public sealed class FrameBuffer : IDisposable
{
    /// <summary>Bytes of the header before each frame.</summary>
    public const int FrameHeaderBytes = 32;

    private byte[] _bytes = [];

    /// <summary>Frames held.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes used, headers included.</summary>
    public int Length { get; private set; }

    /// <summary>All frames with their headers.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Appends a copy of a packet; gives the offset of its frame header.</summary>
    public int Append(in CapturedPacket packet)
    {
        int offset = Length;
        int needed = FrameHeaderBytes + packet.Bytes.Length;
        Reserve(needed);
        WriteFrame(_bytes.AsSpan(offset), packet);
        Length += needed;
        Count++;
        return offset;
    }

    /// <summary>Appends copies of all frames of another buffer.</summary>
    public void Append(FrameBuffer other)
    {
        Reserve(other.Length);
        other.Bytes.CopyTo(_bytes.AsSpan(Length));
        Length += other.Length;
        Count += other.Count;
    }

    /// <summary>Writes header and bytes of one frame; <paramref name="destination"/> must hold both.</summary>
    public static void WriteFrame(Span<byte> destination, in CapturedPacket packet) => WriteFrame(destination, packet, packet.Sequence);

    /// <summary>As above, with the place in the order of capture given apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WriteFrame(Span<byte> destination, in CapturedPacket packet, long captureSequence)
    {
        WriteHeader(destination, packet, captureSequence);
        CopyBytes(packet.Bytes, destination[FrameHeaderBytes..]);
    }

    /// <summary>Copies bytes of a frame, most often some hundred: compiled into whoever does so for every packet, where a call costs as much as the copy. <paramref name="destination"/> must hold them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void CopyBytes(ReadOnlySpan<byte> bytes, Span<byte> destination)
    {
        int last = bytes.Length - Vector256<byte>.Count;
        if (!Vector256.IsHardwareAccelerated || last < 0 || destination.Length < bytes.Length)
        {
            bytes.CopyTo(destination);
            return;
        }

        ref byte from = ref MemoryMarshal.GetReference(bytes);
        ref byte to = ref MemoryMarshal.GetReference(destination);
        for (int at = 0; at < last; at += Vector256<byte>.Count) Vector256.LoadUnsafe(ref from, (nuint)at).StoreUnsafe(ref to, (nuint)at);

        // The last ones, some of which are there by now.
        Vector256.LoadUnsafe(ref from, (nuint)last).StoreUnsafe(ref to, (nuint)last);
    }

    /// <summary>Writes the header of one frame alone; <paramref name="destination"/> must hold <see cref="FrameHeaderBytes"/>.</summary>
    public static void WriteHeader(Span<byte> destination, in CapturedPacket packet) => WriteHeader(destination, packet, packet.Sequence);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteHeader(Span<byte> destination, in CapturedPacket packet, long captureSequence)
    {
        destination = destination[..FrameHeaderBytes];
        BinaryPrimitives.WriteInt64LittleEndian(destination, packet.CapturedAt.Microseconds);
        BinaryPrimitives.WriteInt32LittleEndian(destination[8..], packet.Bytes.Length);
        BinaryPrimitives.WriteInt32LittleEndian(destination[12..], packet.OriginalLength);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[16..], (ushort)packet.LinkType);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[18..], packet.NanosecondRemainder);
        BinaryPrimitives.WriteInt32LittleEndian(destination[20..], packet.InterfaceId);
        BinaryPrimitives.WriteInt64LittleEndian(destination[24..], captureSequence);
    }

    /// <summary>Reads the frame at the start of <paramref name="bytes"/>; <paramref name="consumed"/> is its whole length.</summary>
    public static ParseOutcome TryReadFrame(ReadOnlySpan<byte> bytes, out CapturedPacket packet, out int consumed)
    {
        packet = default;
        ParseOutcome outcome = TryMeasureFrame(bytes, out long sequence, out consumed);
        if (outcome != ParseOutcome.Message) return outcome;
        packet = new CapturedPacket
        {
            CapturedAt = new Timestamp(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            OriginalLength = BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            LinkType = (LinkType)BinaryPrimitives.ReadUInt16LittleEndian(bytes[16..]),
            NanosecondRemainder = BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]),
            InterfaceId = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]),
            Sequence = sequence,
            Bytes = bytes[FrameHeaderBytes..consumed],
        };
        return ParseOutcome.Message;
    }

    /// <summary>Reads no more of the frame at the start of <paramref name="bytes"/> than its place in the order of capture and its whole length; outcomes as of <see cref="TryReadFrame"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ParseOutcome TryMeasureFrame(ReadOnlySpan<byte> bytes, out long sequence, out int consumed)
    {
        sequence = 0;
        consumed = 0;
        if (bytes.Length < FrameHeaderBytes) return ParseOutcome.NeedMore;
        int captured = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (captured < 0) return ParseOutcome.Malformed;
        if (bytes.Length - FrameHeaderBytes < captured) return ParseOutcome.NeedMore;
        sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]);
        consumed = FrameHeaderBytes + captured;
        return ParseOutcome.Message;
    }

    /// <summary>Walks the frames in order.</summary>
    public Enumerator GetEnumerator() => new(Bytes);

    /// <summary>Forgets all frames but keeps the memory.</summary>
    public void Clear()
    {
        Length = 0;
        Count = 0;
    }

    /// <summary>Gives the memory back; the buffer is empty and may be used again.</summary>
    public void Dispose()
    {
        Clear();
        if (_bytes.Length == 0) return;
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }

    private void Reserve(int extra)
    {
        if (_bytes.Length - Length >= extra) return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(checked(Length + extra), _bytes.Length * 2));
        Bytes.CopyTo(larger);
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    /// <summary>Walks frames laid in a span.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;
        private CapturedPacket _current;

        /// <summary>Starts before the first frame of <paramref name="bytes"/>.</summary>
        public Enumerator(ReadOnlySpan<byte> bytes) => _rest = bytes;

        /// <summary>The frame reached; its bytes belong to the buffer.</summary>
        public readonly CapturedPacket Current => _current;

        /// <summary>Goes to the next frame; false at the end or where the rest is no whole frame.</summary>
        public bool MoveNext()
        {
            if (TryReadFrame(_rest, out _current, out int consumed) != ParseOutcome.Message) return false;
            _rest = _rest[consumed..];
            return true;
        }
    }
}
