using CdrEngine.Media.Codecs.Native;

namespace CdrEngine.Media.Codecs;

/// <summary>Speex at 8, 16 and 32 kHz (RFC 5574): frames of 20 ms, any number of them in a packet.</summary>
internal sealed class SpeexDecoder : AudioDecoder
{
    private readonly SpeexHandle _state;
    private readonly SpeexBitsHandle _bits;
    private readonly int _mode;
    private readonly int _frame;

    private SpeexDecoder(SpeexHandle state, SpeexBitsHandle bits, int mode)
        : base(8_000 << mode, 1, 160 << mode)
    {
        _state = state;
        _bits = bits;
        _mode = mode;
        _frame = 160 << mode;
    }

    /// <summary>A decoder, or null where the library refuses.</summary>
    /// <param name="mode">0 for 8 kHz, 1 for 16, 2 for 32.</param>
    public static SpeexDecoder? Create(int mode)
    {
        nint kind = SpeexNative.Mode(mode);
        if (kind == 0) return null;
        SpeexHandle state = SpeexNative.Create(kind);
        return state.IsInvalid ? null : new SpeexDecoder(state, SpeexBitsHandle.Create(), mode);
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        _state.Dispose();
        _bits.Dispose();
    }

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload)
    {
        int frames = SpeexPacket.CountFrames(payload, _mode);
        return frames <= 0 ? frames : frames * _frame;
    }

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        SpeexNative.Load(_bits, payload, payload.Length);
        int written = 0;
        while (written < pcm.Length && SpeexNative.Decode(_state, _bits, pcm.Slice(written, _frame)) == 0) written += _frame;
        return written > 0 ? written : -1;
    }

    /// <inheritdoc />
    protected override void ConcealFrame(Span<short> frame)
    {
        if (SpeexNative.Conceal(_state, 0, frame) != 0) frame.Clear();
    }
}
