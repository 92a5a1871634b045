using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CdrEngine.PacketLog.Sealing;

/// <summary>A sealed file that reads, writes and seeks like one in the clear: recordings, and what they are made of on the way. One thread.</summary>
/// <remarks><code>
/// header, 64 bytes: magic "CDRSEAL\n", version u16 (1), zeros, bytes of a block u32 at 16, CRC-32C u32 of bytes 0..59 at 60
/// the file's key, wrapped, 192 bytes (<see cref="FileKeys"/>)
/// length, 64 bytes: nonce, 12 bytes; length in the clear u64 sealed, 8 bytes; tag, 16 bytes; zeros
/// blocks: nonce, 12 bytes; up to 64 KiB sealed; tag, 16 bytes
/// </code>
/// Each block is sealed with AES-256-GCM, its number associated, under a nonce drawn for every writing of it: an encoder goes back to its first block when
/// it is done. The length is sealed too, so that a file cut short is found out. It is only whole once it is disposed of.</remarks>
public sealed class SealedStream : Stream
{
    /// <summary>Bytes in the clear of a block.</summary>
    public const int BlockBytes = 64 * 1024;

    private const int LengthAt = FileKeys.HeaderBytes + FileKeys.Bytes;
    private const int BlocksAt = LengthAt + 64;
    private const int StoredBlockBytes = FileKeys.NonceBytes + BlockBytes + FileKeys.TagBytes;
    private const ushort Version = 1;

    private readonly FileStream _file;
    private readonly AesGcm _cipher;
    private readonly bool _writes;
    private readonly bool _leaveOpen;
    private readonly byte[] _block = new byte[BlockBytes];
    private readonly byte[] _stored = new byte[StoredBlockBytes];
    private long _length;
    private long _position;
    private long _at = -1;
    private bool _dirty;
    private bool _disposed;

    private SealedStream(FileStream file, byte[] fileKey, bool writes, long length, bool leaveOpen = false)
    {
        _leaveOpen = leaveOpen;
        _file = file;
        _cipher = new AesGcm(fileKey, FileKeys.TagBytes);
        _writes = writes;
        _length = length;
    }

    private static ReadOnlySpan<byte> Magic => "CDRSEAL\n"u8;

    /// <inheritdoc />
    public override bool CanRead => true;

    /// <inheritdoc />
    public override bool CanSeek => true;

    /// <inheritdoc />
    public override bool CanWrite => _writes;

    /// <inheritdoc />
    public override long Length => _length;

    /// <inheritdoc />
    public override long Position
    {
        get => _position;
        set => _position = value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value));
    }

    /// <summary>Whether a file that begins so is sealed.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Begins a sealed file in an empty one, of which it takes charge unless told to leave it open.</summary>
    public static SealedStream Create(FileStream file, KeyRing keys, bool leaveOpen = false)
    {
        byte[] start = new byte[BlocksAt];
        Magic.CopyTo(start);
        BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(16), BlockBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(start.AsSpan(60), SegmentFormat.Crc32C(start.AsSpan(0, 60)));
        byte[] fileKey = FileKeys.Make(start.AsSpan(0, FileKeys.HeaderBytes), start.AsSpan(FileKeys.HeaderBytes, FileKeys.Bytes), keys);
        file.Write(start);
        return new SealedStream(file, fileKey, writes: true, 0, leaveOpen);
    }

    /// <summary>Opens a file for reading, sealed or not; takes charge of it.</summary>
    /// <exception cref="SealedFileException">It is sealed by a key that is not there, or damaged.</exception>
    public static Stream Open(FileStream file, KeyRing? keys)
    {
        byte[] start = new byte[BlocksAt];
        int read = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        if (!IsSealed(start.AsSpan(0, read)))
        {
            file.Position = 0;
            return file;
        }

        try
        {
            if (read < BlocksAt || BinaryPrimitives.ReadUInt16LittleEndian(start.AsSpan(8)) != Version || BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(16)) != BlockBytes
                || BinaryPrimitives.ReadUInt32LittleEndian(start.AsSpan(60)) != SegmentFormat.Crc32C(start.AsSpan(0, 60))) throw SealedFileException.Damaged(file.Name);
            switch (FileKeys.Open(start.AsSpan(0, FileKeys.HeaderBytes), start.AsSpan(FileKeys.HeaderBytes, FileKeys.Bytes), keys, out byte[] fileKey, out ulong wrappedBy))
            {
                case FileKeyOutcome.NoKey: throw SealedFileException.NoKey(file.Name, wrappedBy);
                case FileKeyOutcome.Damaged: throw SealedFileException.Damaged(file.Name);
            }

            var opened = new SealedStream(file, fileKey, writes: false, 0);
            opened.ReadLength(start.AsSpan(LengthAt));
            return opened;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public override int Read(Span<byte> buffer)
    {
        if (_position >= _length || buffer.IsEmpty) return 0;
        Load(_position / BlockBytes);
        int from = (int)(_position % BlockBytes);
        int count = (int)Math.Min(Math.Min(buffer.Length, BlockBytes - from), _length - _position);
        _block.AsSpan(from, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc />
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (!_writes || _position > _length) throw new NotSupportedException();
        while (!buffer.IsEmpty)
        {
            Load(_position / BlockBytes);
            int from = (int)(_position % BlockBytes);
            int count = Math.Min(buffer.Length, BlockBytes - from);
            buffer[..count].CopyTo(_block.AsSpan(from));
            _dirty = true;
            _position += count;
            _length = Math.Max(_length, _position);
            buffer = buffer[count..];
        }
    }

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc />
    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => _length + offset,
    };

    /// <inheritdoc />
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void Flush()
    {
        if (!_writes) return;
        Store();
        WriteLength();
        _file.Flush();
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (!disposing || _disposed) return;
        _disposed = true;
        try
        {
            Flush();
        }
        finally
        {
            _cipher.Dispose();
            if (!_leaveOpen) _file.Dispose();
            CryptographicOperations.ZeroMemory(_block);
        }
    }

    private void Load(long block)
    {
        if (block == _at) return;
        Store();
        _at = -1;
        Array.Clear(_block);
        int count = (int)Math.Clamp(_length - (block * BlockBytes), 0, BlockBytes);
        if (count > 0)
        {
            int stored = FileKeys.NonceBytes + count + FileKeys.TagBytes;
            _file.Position = BlocksAt + (block * StoredBlockBytes);

            // A block that was never written, in a file that was written behind its end, is a hole.
            if (_file.ReadAtLeast(_stored.AsSpan(0, stored), stored, throwOnEndOfStream: false) < stored) throw SealedFileException.Damaged(_file.Name);
            Span<byte> number = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(number, block);
            try
            {
                _cipher.Decrypt(
                    _stored.AsSpan(0, FileKeys.NonceBytes), _stored.AsSpan(FileKeys.NonceBytes, count), _stored.AsSpan(FileKeys.NonceBytes + count, FileKeys.TagBytes), _block.AsSpan(0, count), number);
            }
            catch (AuthenticationTagMismatchException)
            {
                throw SealedFileException.Damaged(_file.Name);
            }
        }

        _at = block;
    }

    private void Store()
    {
        if (!_dirty) return;
        int count = (int)Math.Min(BlockBytes, _length - (_at * BlockBytes));
        Span<byte> number = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(number, _at);
        RandomNumberGenerator.Fill(_stored.AsSpan(0, FileKeys.NonceBytes));
        _cipher.Encrypt(
            _stored.AsSpan(0, FileKeys.NonceBytes), _block.AsSpan(0, count), _stored.AsSpan(FileKeys.NonceBytes, count), _stored.AsSpan(FileKeys.NonceBytes + count, FileKeys.TagBytes), number);
        _file.Position = BlocksAt + (_at * StoredBlockBytes);
        _file.Write(_stored, 0, FileKeys.NonceBytes + count + FileKeys.TagBytes);
        _dirty = false;
    }

    private void ReadLength(ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        try
        {
            _cipher.Decrypt(bytes[..FileKeys.NonceBytes], bytes.Slice(FileKeys.NonceBytes, sizeof(long)), bytes.Slice(FileKeys.NonceBytes + sizeof(long), FileKeys.TagBytes), length, "length"u8);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw SealedFileException.Damaged(_file.Name);
        }

        _length = BinaryPrimitives.ReadInt64LittleEndian(length);
        long blocks = (_length + BlockBytes - 1) / BlockBytes;
        if (_file.Length < BlocksAt + _length + (blocks * (StoredBlockBytes - BlockBytes))) throw SealedFileException.Damaged(_file.Name);
    }

    private void WriteLength()
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        Span<byte> bytes = stackalloc byte[FileKeys.NonceBytes + sizeof(long) + FileKeys.TagBytes];
        BinaryPrimitives.WriteInt64LittleEndian(length, _length);
        RandomNumberGenerator.Fill(bytes[..FileKeys.NonceBytes]);
        _cipher.Encrypt(bytes[..FileKeys.NonceBytes], length, bytes.Slice(FileKeys.NonceBytes, sizeof(long)), bytes[^FileKeys.TagBytes..], "length"u8);
        _file.Position = LengthAt;
        _file.Write(bytes);
    }
}

/// <summary>A sealed file does not open; one line says why.</summary>
public sealed class SealedFileException : IOException
{
    private SealedFileException(string message)
        : base(message)
    {
    }

    /// <summary>It is wrapped by a key that is not there.</summary>
    public static SealedFileException NoKey(string path, ulong id) => new($"{path}: sealed by key {KeyRing.Show(id)}, which is not among those of encryption.key-file and encryption.keys");

    /// <summary>It was changed, or is not whole.</summary>
    public static SealedFileException Damaged(string path) => new($"{path}: sealed, and damaged");
}
