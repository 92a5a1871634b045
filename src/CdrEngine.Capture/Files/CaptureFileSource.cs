using System.Runtime.CompilerServices;
using CdrEngine.Core;
using CdrEngine.Protocols.Pcap;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Capture.Files;

/// <summary>A capture file, or standard input, as a source of packets: pcap, pcapng, or gzip of either, told by its first bytes.</summary>
public sealed class CaptureFileSource : IPacketSource
{
    /// <summary>The path that stands for standard input.</summary>
    public const string StandardInput = "-";

    private readonly IDisposable? _owned;
    private readonly GzipBlockSource? _unpacked;
    private readonly BlockReader? _input; // of the file as it is, packed or not
    private readonly CaptureReader? _reader;
    private readonly string? _openFault;

    private CaptureFileSource(string name, string fault)
    {
        Name = name;
        Length = -1;
        _openFault = fault;
    }

    private CaptureFileSource(string name, long length, IBlockSource source, IDisposable? owned, CaptureReaderLimits limits, int bufferBytes)
    {
        Name = name;
        Length = length;
        _owned = owned;
        _input = new BlockReader(source, bufferBytes);
        BlockReader plain = _input;
        if (_input.TryPeek(2, out ReadOnlySpan<byte> start) && CaptureMagic.Recognise(start) == CaptureKind.Gzip)
        {
            _unpacked = new GzipBlockSource(_input);
            plain = new BlockReader(_unpacked, bufferBytes);
        }

        _reader = CaptureReader.Open(plain, limits, out _openFault);
    }

    /// <inheritdoc />
    public string Name { get; }

    /// <summary>One line without the file's name: what was wrong, packet number, offset (in the unpacked bytes where the file is packed).</summary>
    public string? Fault => _openFault ?? _reader?.Fault;

    /// <inheritdoc />
    public long Position => _input?.Position ?? 0;

    /// <inheritdoc />
    public long Length { get; }

    /// <summary>Packets read so far.</summary>
    public long PacketCount => _reader?.PacketCount ?? 0;

    /// <summary>True where the input is a capture, whatever is wrong further on.</summary>
    public bool IsOpen => _reader is not null;

    /// <summary>Opens a file, or standard input for <c>-</c>. Never throws for what the path leads to: a source that cannot be read has its
    /// <see cref="Fault"/> set and gives <see cref="ReadOutcome.Failed"/>.</summary>
    public static CaptureFileSource Open(string path) => Open(path, CaptureReaderLimits.Default);

    /// <summary>Opens a file with other limits or another buffer size.</summary>
    public static CaptureFileSource Open(string path, CaptureReaderLimits limits, int bufferBytes = BlockReader.DefaultBufferBytes)
    {
        if (path == StandardInput) return FromStream("-", Console.OpenStandardInput(), limits, bufferBytes);
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return FromHandle(path, handle, limits, bufferBytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            handle?.Dispose();
            return new CaptureFileSource(path, exception is FileNotFoundException or DirectoryNotFoundException
                ? "does not exist"
                : $"cannot be read: {exception.Message.ReplaceLineEndings(" ")}");
        }
    }

    /// <summary>Reads a capture from any stream; the stream is closed with the source.</summary>
    public static CaptureFileSource FromStream(
        string name, Stream stream, CaptureReaderLimits limits, int bufferBytes = BlockReader.DefaultBufferBytes) =>
        new(name, stream.CanSeek ? stream.Length : -1, new StreamBlockSource(stream), stream, limits, bufferBytes);

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOutcome Read(out CapturedPacket packet)
    {
        if (_reader is not null) return _reader.Read(out packet);
        packet = default;
        return ReadOutcome.Failed;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _unpacked?.Dispose();
        _owned?.Dispose();
    }

    /// <summary>A file is read by position. A pipe or device has none, nor a length, and is read as a stream.</summary>
    private static CaptureFileSource FromHandle(string path, SafeFileHandle handle, CaptureReaderLimits limits, int bufferBytes)
    {
        try
        {
            return new CaptureFileSource(path, RandomAccess.GetLength(handle), new FileBlockSource(handle), handle, limits, bufferBytes);
        }
        catch (NotSupportedException)
        {
            return FromStream(path, new FileStream(handle, FileAccess.Read, bufferSize: 0), limits, bufferBytes);
        }
    }
}
