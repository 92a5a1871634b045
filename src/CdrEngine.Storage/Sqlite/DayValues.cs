namespace CdrEngine.Storage.Sqlite;

/// <summary>A column of a day that has few different values: these, and which of them each call has. Immutable.</summary>
/// <typeparam name="T">Type of the values.</typeparam>
internal sealed class DayValues<T>
{
    private readonly T[] _values;
    private readonly byte[] _of;

    private DayValues(T[] values, byte[] of) => (_values, _of) = (values, of);

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => _of.Length + (_values.Length * 64L);

    /// <summary>Reads what <see cref="DayCallsBytes"/> makes.</summary>
    /// <exception cref="FormatException">A call has none of the values.</exception>
    public static DayValues<T> Read(BinaryReader reader, int places, Func<BinaryReader, T> read)
    {
        var values = new T[reader.ReadByte()];
        for (int i = 0; i < values.Length; i++) values[i] = read(reader);
        byte[] of = values.Length == 0 ? [] : reader.ReadBytes(places);
        if (values.Length > 0 && (of.Length != places || Array.Exists(of, number => number >= values.Length))) throw new FormatException();
        return new DayValues<T>(values, of);
    }

    /// <summary>Which values meet a condition; null where none are told.</summary>
    public bool[]? Meeting(Func<T, bool> condition) => _values.Length == 0 ? null : [.. _values.Select(condition)];

    /// <summary>The value of a call, by its number.</summary>
    public int Of(int place) => _of[place];
}
