using System.Runtime.Intrinsics;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Whole numbers from 0 on, two bytes each where that is enough for all of them. Immutable once filled.</summary>
internal readonly struct WholeNumbers
{
    private const int Word = 64;

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

    /// <summary>Sets a bit for each that lies between two numbers, both included.</summary>
    /// <param name="from">The least.</param>
    /// <param name="to">The greatest.</param>
    /// <param name="bits">Bits, the lowest of the first word for the first number.</param>
    public void MarkWithin(int from, int to, Span<ulong> bits)
    {
        if (from > to) return;
        int done = 0;
        if (_short is { } small)
        {
            if (from > ushort.MaxValue) return;
            var least = Vector256.Create((ushort)from);
            var span = Vector256.Create((ushort)(Math.Min(to, ushort.MaxValue) - from));
            for (; done + Word <= small.Length; done += Word)
            {
                ulong word = 0;
                for (int i = 0; i < Word; i += Vector256<ushort>.Count)
                    word |= (ulong)Vector256.LessThanOrEqual(Vector256.Create(small.AsSpan(done + i)) - least, span).ExtractMostSignificantBits() << i;
                bits[done / Word] |= word;
            }
        }
        else if (_long is { } large)
        {
            var least = Vector256.Create(from);
            var most = Vector256.Create(to);
            for (; done + Word <= large.Length; done += Word)
            {
                ulong word = 0;
                for (int i = 0; i < Word; i += Vector256<int>.Count)
                {
                    var its = Vector256.Create(large.AsSpan(done + i));
                    word |= (ulong)(Vector256.GreaterThanOrEqual(its, least) & Vector256.LessThanOrEqual(its, most)).ExtractMostSignificantBits() << i;
                }

                bits[done / Word] |= word;
            }
        }

        for (; done < Count; done++)
        {
            if (this[done] >= from && this[done] <= to) bits[done / Word] |= 1UL << (done % Word);
        }
    }

    /// <summary>Where a number stands, from a place on; -1 for nowhere.</summary>
    public int IndexOf(int number, int from)
    {
        int at = _short is { } small ? (number > ushort.MaxValue ? -1 : small.AsSpan(from).IndexOf((ushort)number)) : _long.AsSpan(from).IndexOf(number);
        return at < 0 ? -1 : from + at;
    }
}
