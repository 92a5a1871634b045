using System.Buffers;

namespace CdrEngine.Media.Playout;

/// <summary>The stretch of one side's track that may still change: silence, and what was laid on it.</summary>
internal sealed class TrackWindow : IDisposable
{
    private readonly int _length;
    private short[] _ring;
    private int _startAt;

    /// <summary>A window.</summary>
    /// <param name="samples">Its length, samples.</param>
    public TrackWindow(int samples)
    {
        _length = samples;
        _ring = ArrayPool<short>.Shared.Rent(samples);
        _ring.AsSpan(0, samples).Clear();
    }

    /// <summary>First sample that may still change, counted from the start of the recording.</summary>
    public long Start { get; private set; }

    /// <summary>First sample too far ahead.</summary>
    public long End => Start + _length;

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
        int offset = _startAt + (int)(position - Start);
        if (offset >= _length) offset -= _length;
        int first = Math.Min(sound.Length, _length - offset);
        sound[..first].CopyTo(_ring.AsSpan(offset));
        sound[first..].CopyTo(_ring);
        return sound.Length;
    }

    /// <summary>The oldest samples, at most so many; fewer where the ring ends. Good until the window moves on.</summary>
    public Span<short> Oldest(int most) => _ring.AsSpan(_startAt, Math.Min(most, _length - _startAt));

    /// <summary>The window moves on over the oldest samples, no more of them than <see cref="Oldest"/> gave.</summary>
    public void Pass(int samples)
    {
        _ring.AsSpan(_startAt, samples).Clear();
        _startAt += samples;
        if (_startAt == _length) _startAt = 0;
        Start += samples;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_ring.Length > 0) ArrayPool<short>.Shared.Return(_ring);
        _ring = [];
    }
}
