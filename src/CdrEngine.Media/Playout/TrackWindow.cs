namespace CdrEngine.Media.Playout;

/// <summary>The stretch of one side's track that may still change: silence, and what was laid on it.</summary>
/// <param name="samples">Its length, samples.</param>
internal sealed class TrackWindow(int samples)
{
    private readonly short[] _ring = new short[samples];

    /// <summary>First sample that may still change, counted from the start of the recording.</summary>
    public long Start { get; private set; }

    /// <summary>First sample too far ahead.</summary>
    public long End => Start + _ring.Length;

    /// <summary>Lays sound on the track, over what is there; what lies before the window or beyond it is left out.</summary>
    /// <returns>Samples laid.</returns>
    public int Lay(long position, ReadOnlySpan<short> sound)
    {
        if (position < Start)
        {
            long late = Math.Min(sound.Length, Start - position);
            sound = sound[(int)late..];
            position += late;
        }

        if (sound.IsEmpty || position >= End) return 0;
        if (position + sound.Length > End) sound = sound[..(int)(End - position)];
        int offset = (int)(position % _ring.Length);
        int first = Math.Min(sound.Length, _ring.Length - offset);
        sound[..first].CopyTo(_ring.AsSpan(offset));
        sound[first..].CopyTo(_ring);
        return sound.Length;
    }

    /// <summary>Takes the oldest samples off; the window moves on over them.</summary>
    public void Take(Span<short> output)
    {
        int offset = (int)(Start % _ring.Length);
        int first = Math.Min(output.Length, _ring.Length - offset);
        Span<short> head = _ring.AsSpan(offset, first), rest = _ring.AsSpan(0, output.Length - first);
        head.CopyTo(output);
        rest.CopyTo(output[first..]);
        head.Clear();
        rest.Clear();
        Start += output.Length;
    }
}
