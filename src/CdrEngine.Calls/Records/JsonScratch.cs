using System.Buffers;
using System.Text.Json;

namespace CdrEngine.Calls.Records;

/// <summary>Writes one value after the other as JSON into a buffer that each thread keeps: growing one for each costs more than writing it.</summary>
internal static class JsonScratch
{
    /// <summary>A buffer that had to grow beyond this is not kept.</summary>
    private const int KeptBytes = 64 * 1024;

    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true, Encoder = PlainText.Encoder };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>The value as UTF-8 on one line, without a line end.</summary>
    /// <param name="value">The value.</param>
    /// <param name="write">Writes it as one object; makes no other JSON by this class meanwhile.</param>
    public static byte[] ToUtf8<T>(T value, Action<T, Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> buffer = _buffer ??= new ArrayBufferWriter<byte>(4096);
        Utf8JsonWriter writer = _writer ??= new Utf8JsonWriter(buffer, Compact);
        buffer.ResetWrittenCount();
        writer.Reset();
        write(value, writer);
        writer.Flush();
        byte[] utf8 = buffer.WrittenSpan.ToArray();
        if (buffer.Capacity > KeptBytes) (_buffer, _writer) = (null, null);
        return utf8;
    }
}
