using CdrEngine.Media.Codecs.Native;

namespace CdrEngine.Media.Codecs;

/// <summary>AMR at 8 kHz and AMR-WB at 16 kHz (RFC 4867): frames of 20 ms, silence descriptors included; mode requests are for the peer and passed over.</summary>
internal sealed class AmrDecoder : AudioDecoder
{
    private const int NarrowFrame = 160;
    private const int WideFrame = 320;

    private readonly AmrNarrowHandle? _narrow;
    private readonly AmrWideHandle? _wide;
    private readonly bool _isOctetAligned;
    private readonly bool _hasChecksums;
    private readonly int _frameSamples;
    private readonly byte[] _frame = new byte[AmrPayload.FrameRoom];

    private AmrDecoder(AmrNarrowHandle? narrow, AmrWideHandle? wide, bool isOctetAligned, bool hasChecksums)
        : base(wide is null ? 8_000 : 16_000, 1, wide is null ? NarrowFrame : WideFrame)
    {
        _narrow = narrow;
        _wide = wide;
        _isOctetAligned = isOctetAligned || hasChecksums; // 8.1: crc=1 implies octet-align=1
        _hasChecksums = hasChecksums;
        _frameSamples = wide is null ? NarrowFrame : WideFrame;
    }

    /// <summary>A decoder, or null where the library refuses.</summary>
    public static AmrDecoder? Create(bool isWide, bool isOctetAligned, bool hasChecksums)
    {
        AmrWideHandle? wide = isWide ? AmrNative.CreateWide() : null;
        AmrNarrowHandle? narrow = isWide ? null : AmrNative.CreateNarrow();
        return wide?.IsInvalid == true || narrow?.IsInvalid == true ? null : new AmrDecoder(narrow, wide, isOctetAligned, hasChecksums);
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        _narrow?.Dispose();
        _wide?.Dispose();
    }

    /// <inheritdoc />
    protected override int Measure(ReadOnlySpan<byte> payload) =>
        AmrPayload.TryRead(payload, _wide is not null, _isOctetAligned, _hasChecksums, out AmrPayload framing) ? framing.Count * _frameSamples : -1;

    /// <inheritdoc />
    protected override int Write(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        AmrPayload.TryRead(payload, _wide is not null, _isOctetAligned, _hasChecksums, out AmrPayload framing);
        for (int i = 0; i < framing.Count; i++)
        {
            framing.ReadFrame(_frame);
            DecodeFrame(pcm.Slice(i * _frameSamples, _frameSamples));
        }

        return framing.Count * _frameSamples;
    }

    /// <inheritdoc />
    protected override void ConcealFrame(Span<short> frame)
    {
        // Both libraries take their cue from the frame type, not from the flag for bad frames.
        _frame.AsSpan().Clear();
        _frame[0] = AmrPayload.NoData;
        DecodeFrame(frame);
    }

    private void DecodeFrame(Span<short> pcm)
    {
        if (_wide is not null) AmrNative.DecodeWide(_wide, _frame, pcm, 0);
        else if (_narrow is not null) AmrNative.DecodeNarrow(_narrow, _frame, pcm, 0);
    }
}
