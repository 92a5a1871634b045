using CdrEngine.Core;

namespace CdrEngine.Storage.Texts;

/// <summary>A stream that is written to, cut into parts of one size; the last may be shorter. One thread.</summary>
/// <param name="size">Bytes of a part.</param>
/// <param name="put">Takes the parts, in order; each is its own.</param>
internal sealed class PartStream(int size, Action<byte[]> put) : WriteOnlyStream
{
    private readonly byte[] _part = new byte[size];
    private int _filled;
    private bool _isOver;

    /// <inheritdoc />
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            int count = Math.Min(buffer.Length, size - _filled);
            buffer[..count].CopyTo(_part.AsSpan(_filled));
            buffer = buffer[count..];
            _filled += count;
            if (_filled == size) Put();
        }
    }

    /// <summary>Nothing: a part is given when it is full, or the last.</summary>
    public override void Flush()
    {
    }

    /// <inheritdoc />
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isOver && _filled > 0) Put();
        _isOver = true;
        base.Dispose(disposing);
    }

    private void Put()
    {
        put(_part[.._filled]);
        _filled = 0;
    }
}
