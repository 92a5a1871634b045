namespace CdrEngine.Media.Fax;

/// <summary>One row of a page as the places where its colour changes: the first to black, the second back to white, and so on, ascending and
/// below the width.</summary>
internal sealed class FaxRow(int width)
{
    private readonly int[] _changes = new int[width + 2];

    /// <summary>Dots of it.</summary>
    public int Width => width;

    /// <summary>The changes.</summary>
    public ReadOnlySpan<int> Changes => _changes.AsSpan(0, Count);

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>A change by its number; the width where there is none so far.</summary>
    public int this[int index] => index < Count ? _changes[index] : width;

    /// <summary>All white.</summary>
    public void Clear() => Count = 0;

    /// <summary>As another row is.</summary>
    public void Copy(FaxRow other)
    {
        Count = other.Count;
        other.Changes.CopyTo(_changes);
    }

    /// <summary>The colour changes here. At the width or beyond there is nothing to change; a change at the place of the last one undoes it.</summary>
    public void Change(int at)
    {
        if (at >= width) return;
        if (Count > 0 && _changes[Count - 1] == at) Count--;
        else _changes[Count++] = at;
    }

    /// <summary>The row as bits, black being 1, the first dot the highest bit.</summary>
    /// <param name="bits">Room for the width; changed all over.</param>
    public void WriteBits(Span<byte> bits)
    {
        bits.Clear();
        for (int i = 0; i < Count; i += 2)
        {
            for (int at = this[i]; at < this[i + 1]; at++) bits[at >> 3] |= (byte)(0x80 >> (at & 7));
        }
    }
}
