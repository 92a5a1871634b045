using CdrEngine.Media.Codecs;

namespace CdrEngine.Fuzz.Codec;

/// <summary>Fuzz target: any bytes as the next payload of a stream, through one decoder that keeps its state. A fault of a library ends the
/// process; what is checked here is that nothing is written outside of what was given, and that the answer is within its bounds.</summary>
public sealed class CodecFuzz(IAudioDecoder decoder) : IDisposable
{
    private const short Untouched = 0x5AA5;
    private const int Margin = 4096;

    private readonly short[] _buffer = new short[AudioDecoders.MaxSamplesPerPacket + Margin];
    private int _dirty = AudioDecoders.MaxSamplesPerPacket + Margin;

    /// <summary>Payloads that were decoded.</summary>
    public int Decoded { get; private set; }

    /// <summary>Payloads that were malformed.</summary>
    public int Malformed { get; private set; }

    /// <summary>One payload; throws where a bound is broken.</summary>
    /// <param name="payload">Any bytes.</param>
    /// <param name="room">Values that the decoder is given.</param>
    public void Run(ReadOnlySpan<byte> payload, int room)
    {
        int samples = decoder.Decode(payload, Room(room));
        Check(samples, room, "decoded");
        if (samples < 0) Malformed++;
        else Decoded++;
    }

    /// <summary>A gap before a payload; throws where a bound is broken.</summary>
    public void RunGap(ReadOnlySpan<byte> next, int samples, int room)
    {
        int written = decoder is IRecoveringDecoder recovering ? recovering.Recover(next, samples, Room(room)) : decoder.Conceal(samples, Room(room));
        Check(written, room, "filled");
        if (written > Math.Max(samples, 0)) throw new InvalidOperationException($"filled {written} of a gap of {samples}");
    }

    /// <inheritdoc />
    public void Dispose() => decoder.Dispose();

    private Span<short> Room(int room)
    {
        _buffer.AsSpan(0, _dirty).Fill(Untouched);
        _dirty = room + Margin;
        return _buffer.AsSpan(0, room);
    }

    private void Check(int samples, int room, string what)
    {
        if (samples < -1 || samples * decoder.Channels > room) throw new InvalidOperationException($"{what} {samples} samples into {room} values");
        int end = samples < 0 ? room : samples * decoder.Channels;
        if (_buffer.AsSpan(end, room + Margin - end).ContainsAnyExcept(Untouched)) throw new InvalidOperationException($"{what} {samples} samples, wrote beyond");
        _dirty = Math.Min(_buffer.Length, end + 1);
    }
}
