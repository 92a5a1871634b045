using CdrEngine.Protocols.Pcap;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Capture.Files;

/// <summary>A file, read by position; pipes and devices work too.</summary>
internal sealed class FileBlockSource(SafeFileHandle handle) : IBlockSource
{
    /// <summary>Bytes read so far.</summary>
    public long BytesRead { get; private set; }

    public int Read(Span<byte> destination)
    {
        int read = RandomAccess.Read(handle, destination, BytesRead);
        BytesRead += read;
        return read;
    }
}

/// <summary>A stream, such as standard input or what gzip unpacks.</summary>
internal sealed class StreamBlockSource(Stream stream) : IBlockSource
{
    /// <summary>Bytes read so far.</summary>
    public long BytesRead { get; private set; }

    public int Read(Span<byte> destination)
    {
        int read = stream.Read(destination);
        BytesRead += read;
        return read;
    }
}

/// <summary>The rest of a block reader as a stream, for those who unpack it.</summary>
internal sealed class BlockReaderStream(BlockReader reader) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => reader.Position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        if (reader.Buffered.IsEmpty) reader.TryPeek(1, out _);
        if (reader.SourceFault is { } fault && reader.Buffered.IsEmpty) throw new IOException(fault);
        int count = Math.Min(buffer.Length, reader.Buffered.Length);
        reader.Buffered[..count].CopyTo(buffer);
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
}
