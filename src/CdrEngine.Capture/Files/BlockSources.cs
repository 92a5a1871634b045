using CdrEngine.Protocols.Pcap;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Capture.Files;

/// <summary>A file, read by position.</summary>
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

/// <summary>A stream, such as standard input.</summary>
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
