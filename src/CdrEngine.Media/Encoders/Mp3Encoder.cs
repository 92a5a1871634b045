using System.Diagnostics.CodeAnalysis;
using CdrEngine.Media.Mixing;

namespace CdrEngine.Media.Encoders;

/// <summary>Writes MPEG audio layer III by libmp3lame: constant bit rate, plain stereo, with ID3v2 tags and an Info frame.</summary>
/// <remarks>
/// The Info frame (LAME tag) tells the number of frames and bytes, a table for seeking, and how much delay and padding to leave out, so that a
/// player that reads it gives back exactly as many samples as went in; others play up to two frames more. Constant bit rate, because a byte
/// offset is then a time and a request for a range can be answered without reading the file. Plain stereo keeps the sides apart: joint stereo
/// would put a share of each in the other, and costs more time.
/// Quality 5; bit rates of 32, 64 and 128 kbit/s in stereo and 24, 48 and 64 in mono at 8, 16 and 48 kHz: at half the stereo rate a mono frame of
/// 8 or 16 kHz is too small for the LAME tag, and the length would not be exact.
/// </remarks>
public sealed class Mp3Encoder : IPcmSink, IDisposable
{
    private const int Quality = 5;
    private const int TagBytes = 2880;

    private readonly LameHandle _encoder;
    private readonly Stream _output;
    private readonly int _channels;
    private readonly long _tagPosition;
    private byte[] _buffer = new byte[16_384];

    private Mp3Encoder(LameHandle encoder, Stream output, int channels, byte[] id3)
    {
        _encoder = encoder;
        _output = output;
        _channels = channels;
        output.Write(id3);
        _tagPosition = output.Position;
    }

    /// <summary>True where the library is installed.</summary>
    public static bool IsInstalled => Lame.IsInstalled;

    /// <summary>Bit rate for a format, kbit/s.</summary>
    public static int BitRateOf(PcmFormat format)
    {
        int stereo = format.SampleRateHz switch
        {
            <= 12_000 => 32,
            <= 24_000 => 64,
            _ => 128,
        };
        return format.Channels == 1 ? (stereo < 128 ? stereo * 3 / 4 : 64) : stereo;
    }

    /// <summary>Begins a file.</summary>
    /// <param name="output">Where it goes, from its position on; must seek, because the Info frame at the front is written last. Left open.</param>
    /// <param name="format">What will come.</param>
    /// <param name="tags">What it says of itself; null for nothing.</param>
    /// <param name="encoder">The encoder.</param>
    /// <param name="reason"><c>encoder_missing: libmp3lame0</c> where the library is not installed, <c>encoder_failed: …</c> where it refuses the format.</param>
    public static bool TryCreate(
        Stream output, PcmFormat format, RecordingTags? tags, [NotNullWhen(true)] out Mp3Encoder? encoder, [NotNullWhen(false)] out string? reason)
    {
        if (!output.CanSeek) throw new ArgumentException("the Info frame is written last, at the front: the stream must seek", nameof(output));
        encoder = null;
        if (!Lame.IsInstalled)
        {
            reason = $"encoder_missing: {Lame.Package}";
            return false;
        }

        LameHandle handle = LameHandle.Open();
        if (handle.IsInvalid || !Configure(handle, format))
        {
            handle.Dispose();
            reason = $"encoder_failed: {format.Channels} channels at {format.SampleRateHz} Hz";
            return false;
        }

        encoder = new Mp3Encoder(handle, output, format.Channels, tags?.ToId3() ?? []);
        reason = null;
        return true;
    }

    /// <inheritdoc />
    public void Write(ReadOnlySpan<short> interleaved)
    {
        int frames = interleaved.Length / _channels;

        // lame.h: at worst 1.25 × samples + 7200 bytes.
        Reserve((frames * 5 / 4) + 7200);
        int bytes = _channels == 1
            ? Lame.Encode(_encoder, interleaved, interleaved, frames, _buffer, _buffer.Length)
            : Lame.EncodeInterleaved(_encoder, interleaved, frames, _buffer, _buffer.Length);
        Put(bytes);
    }

    /// <inheritdoc />
    public void Complete()
    {
        Reserve(7200);
        Put(Lame.Flush(_encoder, _buffer, _buffer.Length));
        Reserve(TagBytes);
        nuint tag = Lame.GetTag(_encoder, _buffer, (nuint)_buffer.Length);
        if (tag > 0 && tag <= (nuint)_buffer.Length)
        {
            long end = _output.Position;
            _output.Position = _tagPosition;
            _output.Write(_buffer, 0, (int)tag);
            _output.Position = end;
        }

        _output.Flush();
    }

    /// <inheritdoc />
    public void Dispose() => _encoder.Dispose();

    private static bool Configure(LameHandle encoder, PcmFormat format)
    {
        // The library would otherwise write to standard error.
        Lame.SetErrorReport(encoder, 0);
        Lame.SetMessageReport(encoder, 0);
        Lame.SetDebugReport(encoder, 0);
        Lame.SetWriteId3(encoder, 0);
        return Lame.SetInputRate(encoder, format.SampleRateHz) == 0
            && Lame.SetOutputRate(encoder, format.SampleRateHz) == 0
            && Lame.SetChannels(encoder, format.Channels) == 0
            && Lame.SetMode(encoder, format.Channels == 1 ? Lame.ModeMono : Lame.ModeStereo) == 0
            && Lame.SetVariableBitRate(encoder, 0) == 0
            && Lame.SetBitRate(encoder, BitRateOf(format)) == 0
            && Lame.SetQuality(encoder, Quality) == 0
            && Lame.SetWriteTag(encoder, 1) == 0
            && Lame.InitParameters(encoder) >= 0;
    }

    private void Put(int bytes)
    {
        if (bytes < 0) throw new InvalidOperationException($"libmp3lame refused sound it had agreed to take: {bytes}");
        _output.Write(_buffer, 0, bytes);
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length < bytes) _buffer = new byte[bytes];
    }
}
