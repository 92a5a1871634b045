namespace CdrEngine.Storage.Sqlite;

/// <summary>Whole numbers from 0 on, two bytes each where that is enough for all of them. Immutable once filled.</summary>
internal readonly struct WholeNumbers
{
    private readonly ushort[]? _short;
    private readonly int[]? _long;

    /// <summary>Room for numbers, all 0.</summary>
    /// <param name="count">How many.</param>
    /// <param name="most">The greatest there can be.</param>
    public WholeNumbers(int count, long most)
    {
        if (most <= ushort.MaxValue) _short = new ushort[count];
        else _long = new int[count];
    }

    /// <summary>How many there are.</summary>
    public int Count => _short?.Length ?? _long?.Length ?? 0;

    /// <summary>Memory they take, bytes.</summary>
    public long Size => ((_short?.Length ?? 0) * (long)sizeof(ushort)) + ((_long?.Length ?? 0) * (long)sizeof(int));

    /// <summary>One of them.</summary>
    public int this[int i]
    {
        get => _short is { } numbers ? numbers[i] : _long![i];
        set
        {
            if (_short is { } numbers) numbers[i] = (ushort)value;
            else _long![i] = value;
        }
    }
}
