using System.Buffers.Binary;
using System.IO.Compression;
using CdrEngine.Protocols.Pcap;

namespace CdrEngine.Capture.Files;

/// <summary>Unpacks gzip (RFC 1952), one member or several.</summary>
/// <remarks>The runtime's unpacker takes an input that breaks off between two of its blocks for a good end. So the trailer is looked at
/// here: the last four bytes must be the length unpacked. Where several members may be there, whose lengths cannot be told apart, and where
/// zeros pad the end (tapes), it is not held against the file.</remarks>
internal sealed class GzipBlockSource : IBlockSource, IDisposable
{
    private readonly PackedStream _packed;
    private readonly GZipStream _unpacked;
    private long _unpackedBytes;

    public GzipBlockSource(BlockReader packed)
    {
        _packed = new PackedStream(packed);
        _unpacked = new GZipStream(_packed, CompressionMode.Decompress);
    }

    public int Read(Span<byte> destination)
    {
        int read = _unpacked.Read(destination);
        _unpackedBytes += read;
        if (read == 0 && !_packed.EndsLikeGzip((uint)_unpackedBytes)) throw new InvalidDataException("the gzip data end early");
        return read;
    }

    public void Dispose() => _unpacked.Dispose();

    /// <summary>The rest of a block reader as a stream that remembers how it ended.</summary>
    private sealed class PackedStream(BlockReader reader) : Stream
    {
        private const int TrailerBytes = 8;
        private static readonly byte[] MemberStart = [0x1F, 0x8B, 0x08];
        private readonly byte[] _tail = new byte[TrailerBytes];
        private int _members; // at most: packed data may hold such bytes by chance
        private long _delivered;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => reader.Position;
            set => throw new NotSupportedException();
        }

        public bool EndsLikeGzip(uint unpackedBytes)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(_tail.AsSpan(4));
            return _delivered > TrailerBytes && (length == unpackedBytes || _members > 1 || BinaryPrimitives.ReadUInt64LittleEndian(_tail) == 0);
        }

        public override int Read(Span<byte> buffer)
        {
            if (buffer.IsEmpty) return 0;
            if (reader.Buffered.IsEmpty) reader.TryPeek(1, out _);
            if (reader.SourceFault is { } fault && reader.Buffered.IsEmpty) throw new IOException(fault);
            int count = Math.Min(buffer.Length, reader.Buffered.Length);
            ReadOnlySpan<byte> bytes = reader.Buffered[..count];
            bytes.CopyTo(buffer);
            Remember(bytes);
            reader.Advance(count);
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private void Remember(ReadOnlySpan<byte> bytes)
        {
            _delivered += bytes.Length;
            _members += bytes.Count(MemberStart);
            if (bytes.Length >= TrailerBytes)
            {
                bytes[^TrailerBytes..].CopyTo(_tail);
                return;
            }

            _tail.AsSpan(bytes.Length).CopyTo(_tail);
            bytes.CopyTo(_tail.AsSpan(TrailerBytes - bytes.Length));
        }
    }
}
