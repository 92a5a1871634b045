namespace CdrEngine.Media.Codecs;

/// <summary>What all decoders share: sizes are checked before a codec sees a byte, and gaps are filled.</summary>
internal abstract class AudioDecoder : IAudioDecoder
{
    private readonly GapFiller? _filler;
    private readonly short[] _frame;
    private readonly int _mostConcealed;
    private int _concealed;
    private bool _hasDecoded;

    /// <summary>A decoder without concealment of its own where <paramref name="concealFrame"/> is 0.</summary>
    protected AudioDecoder(int sampleRateHz, int channels, int concealFrame = 0)
    {
        SampleRateHz = sampleRateHz;
        Channels = channels;
        _mostConcealed = AudioDecoders.MaxConcealMilliseconds * sampleRateHz / 1000;
        _frame = concealFrame > 0 ? new short[concealFrame * channels] : [];
        if (concealFrame == 0) _filler = new GapFiller(sampleRateHz, channels);
    }

    /// <inheritdoc />
    public int SampleRateHz { get; }

    /// <inheritdoc />
    public int Channels { get; }

    /// <inheritdoc />
    public int Decode(ReadOnlySpan<byte> payload, Span<short> pcm)
    {
        if (payload.IsEmpty) return 0;
        int samples = Measure(payload);
        if (samples < 0 || (long)samples * Channels > Math.Min(pcm.Length, AudioDecoders.MaxSamplesPerPacket)) return -1;
        if (samples == 0) return 0;
        Span<short> sound = pcm[..(samples * Channels)];
        int written = Write(payload, sound);
        if (written < 0) return -1;
        _filler?.Remember(sound[..(written * Channels)]);
        _hasDecoded = true;
        _concealed = 0;
        return written;
    }

    /// <inheritdoc />
    public virtual int Conceal(int samples, Span<short> pcm)
    {
        Span<short> wanted = Wanted(samples, pcm);
        int told = _hasDecoded ? Math.Min(wanted.Length / Channels, _mostConcealed - _concealed) : 0;
        Span<short> sound = wanted[..(told * Channels)];
        if (_filler is null) ConcealFrames(sound);
        else _filler.Fill(sound, _concealed, _mostConcealed);
        wanted[sound.Length..].Clear();
        _concealed += told;
        return wanted.Length / Channels;
    }

    /// <inheritdoc />
    public virtual void Dispose()
    {
    }

    /// <summary>What <paramref name="pcm"/> takes of the samples wanted.</summary>
    protected Span<short> Wanted(int samples, Span<short> pcm) => pcm[..(Math.Min(Math.Max(samples, 0), pcm.Length / Channels) * Channels)];

    /// <summary>Samples of each channel that a payload holds, by its framing; -1 where it is malformed. Reads no further than the payload.</summary>
    protected abstract int Measure(ReadOnlySpan<byte> payload);

    /// <summary>Decodes a payload that was measured. Gives the samples of each channel written, at most those measured, or -1.</summary>
    protected abstract int Write(ReadOnlySpan<byte> payload, Span<short> pcm);

    /// <summary>Fills one frame by the codec's own concealment; called only where a frame size was given.</summary>
    protected virtual void ConcealFrame(Span<short> frame) => frame.Clear();

    private void ConcealFrames(Span<short> sound)
    {
        while (sound.Length >= _frame.Length)
        {
            ConcealFrame(sound[.._frame.Length]);
            sound = sound[_frame.Length..];
        }

        if (sound.IsEmpty) return;

        // The codec knows whole frames only; what is over of the last one is dropped.
        ConcealFrame(_frame);
        _frame.AsSpan(0, sound.Length).CopyTo(sound);
    }
}
