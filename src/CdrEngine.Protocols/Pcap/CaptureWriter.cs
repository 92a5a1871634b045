using CdrEngine.Core;

namespace CdrEngine.Protocols.Pcap;

/// <summary>Writes packets as a capture file to a stream that it does not own. Used by one thread.</summary>
public abstract class CaptureWriter : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _used;

    private protected CaptureWriter(Stream stream) => _stream = stream;

    /// <summary>Bytes written so far, those in the buffer included.</summary>
    public long Position { get; private set; }

    /// <summary>A writer of the given format; its file header is written at once.</summary>
    public static CaptureWriter Create(Stream stream, in CaptureFormat format) => format.Container == CaptureContainer.Pcap
        ? new PcapWriter(stream, format.LinkType, format.HasNanoseconds)
        : new PcapngWriter(stream, format.HasNanoseconds);

    /// <summary>The smallest format that holds these packets as they are: pcap where all have one link type, else pcapng; nanoseconds only
    /// where a packet has any.</summary>
    public static CaptureFormat Choose(params IEnumerable<FrameBuffer> packets)
    {
        var chooser = new CaptureFormatChooser();
        foreach (FrameBuffer buffer in packets) chooser.Add(buffer);
        return chooser.Format;
    }

    /// <summary>Writes all packets of the buffers in the format that <see cref="Choose"/> gives, and returns that.</summary>
    public static CaptureFormat WriteAll(Stream stream, IReadOnlyCollection<FrameBuffer> packets)
    {
        CaptureFormat format = Choose(packets);
        using CaptureWriter writer = Create(stream, format);
        foreach (FrameBuffer buffer in packets)
        {
            foreach (CapturedPacket packet in buffer) writer.Write(packet);
        }

        return format;
    }

    /// <summary>Appends one packet.</summary>
    public abstract void Write(in CapturedPacket packet);

    /// <summary>Hands what is buffered to the stream.</summary>
    public void Flush()
    {
        if (_used > 0) _stream.Write(_buffer, 0, _used);
        _used = 0;
        _stream.Flush();
    }

    /// <summary>Flushes; the stream stays open.</summary>
    public void Dispose()
    {
        Flush();
        GC.SuppressFinalize(this);
    }

    /// <summary>Room for a small header, in order; to be filled by the caller at once.</summary>
    private protected Span<byte> Reserve(int count)
    {
        if (BufferBytes - _used < count) Spill();
        Span<byte> room = _buffer.AsSpan(_used, count);
        _used += count;
        Position += count;
        return room;
    }

    private protected void Append(ReadOnlySpan<byte> bytes)
    {
        Position += bytes.Length;
        if (BufferBytes - _used < bytes.Length) Spill();
        if (bytes.Length > BufferBytes)
        {
            _stream.Write(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    private protected static int OriginalLength(in CapturedPacket packet) => Math.Max(packet.OriginalLength, packet.Bytes.Length);

    private void Spill()
    {
        _stream.Write(_buffer, 0, _used);
        _used = 0;
    }
}
