using System.Numerics;

namespace CdrEngine.Storage.Texts;

/// <summary>The order that texts stand in, by their bytes: that of <see cref="StringComparer.Ordinal"/>, in which characters of two code units come before those from U+E000 on.</summary>
internal static class TextOrder
{
    // Bytes that begin a character from U+E000 on, and where they are put behind those of four bytes.
    private const byte Late = 0xEE;
    private const byte Behind = 0x10;
    private const byte FourBytes = 0xF0;

    /// <summary>Less than zero where the first comes before the second.</summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int same = left.CommonPrefixLength(right);
        if (same == left.Length || same == right.Length) return left.Length.CompareTo(right.Length);
        return Rank(left[same]).CompareTo(Rank(right[same]));
    }

    private static int Rank(byte b) => b is >= Late and < FourBytes ? b + Behind : b;
}

/// <summary>Places of a group that have a text, each once: as numbers where they are few, else a bit for each. Immutable.</summary>
internal sealed class GroupSet
{
    private const int Word = 64;

    // As many places as this part of all take less room as bits.
    private const int FewPart = 32;

    private readonly int[] _few = [];
    private readonly ulong[]? _bits;

    private GroupSet(int[] few) => _few = few;

    private GroupSet(ulong[] bits) => _bits = bits;

    /// <summary>The places of bits, the lowest of the first word first; the array is kept where it is not much longer than the places are.</summary>
    public static GroupSet Of(ulong[] bits)
    {
        var set = new GroupSet(bits);
        int span = bits.Length * Word;
        if (set.CountIn(0, span) > span / FewPart) return set;
        var few = new List<int>();
        set.AddTo(few, 0, span);
        return new GroupSet([.. few]);
    }

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => 64 + ((long)_few.Length * sizeof(int)) + ((long)(_bits?.Length ?? 0) * sizeof(ulong));

    /// <summary>How many there are from a place on, up to and not including another.</summary>
    public int CountIn(int from, int to)
    {
        if (_bits is null) return Math.Max(0, Place(to) - Place(from));
        int count = 0;
        for (int word = from / Word; word * Word < to && word < _bits.Length; word++) count += BitOperations.PopCount(Within(word, from, to));
        return count;
    }

    /// <summary>How many there are of some others from a place on, up to and not including another.</summary>
    /// <param name="others">A bit for each place: the lowest of the first word stands for <paramref name="from"/>.</param>
    /// <param name="from">The first place.</param>
    /// <param name="to">The place behind the last.</param>
    public int CountAnd(ReadOnlySpan<ulong> others, int from, int to)
    {
        int count = 0;
        if (_bits is null)
        {
            for (int i = Place(from); i < _few.Length && _few[i] < to; i++) count += (int)(others[(_few[i] - from) / Word] >> ((_few[i] - from) % Word)) & 1;
            return count;
        }

        int shift = from % Word;
        for (int word = from / Word; word * Word < to && word < _bits.Length; word++)
        {
            ulong its = Within(word, from, to);
            int at = word - (from / Word);
            if (at < others.Length) count += BitOperations.PopCount(others[at] & (its >> shift));
            if (shift > 0 && at > 0) count += BitOperations.PopCount(others[at - 1] & (its << (Word - shift)));
        }

        return count;
    }

    /// <summary>Those that are among others too.</summary>
    public GroupSet And(GroupSet other)
    {
        if (_bits is null) return new GroupSet([.. _few.Where(other.Has)]);
        if (other._bits is null) return other.And(this);
        ulong[] both = new ulong[Math.Min(_bits.Length, other._bits.Length)];
        for (int i = 0; i < both.Length; i++) both[i] = _bits[i] & other._bits[i];
        return Of(both);
    }

    /// <summary>Adds those from a place on, up to and not including another, ascending.</summary>
    public void AddTo(List<int> places, int from, int to)
    {
        if (_bits is null)
        {
            for (int i = Place(from); i < _few.Length && _few[i] < to; i++) places.Add(_few[i]);
            return;
        }

        for (int word = from / Word; word * Word < to && word < _bits.Length; word++)
        {
            for (ulong bits = Within(word, from, to); bits != 0; bits &= bits - 1) places.Add((word * Word) + BitOperations.TrailingZeroCount(bits));
        }
    }

    /// <summary>Adds those from a place on, up to and not including another, to bits.</summary>
    /// <param name="bits">Where they are added, a bit for each place: the lowest of the first word stands for <paramref name="from"/>.</param>
    /// <param name="from">The first place.</param>
    /// <param name="to">The place behind the last.</param>
    public void AddTo(Span<ulong> bits, int from, int to)
    {
        if (_bits is null)
        {
            for (int i = Place(from); i < _few.Length && _few[i] < to; i++) bits[(_few[i] - from) / Word] |= 1UL << ((_few[i] - from) % Word);
            return;
        }

        int shift = from % Word;
        for (int word = from / Word; word * Word < to && word < _bits.Length; word++)
        {
            ulong its = Within(word, from, to);
            int at = word - (from / Word);
            if (at < bits.Length) bits[at] |= its >> shift;

            // The low bits of a word go to the one before, where it does not begin with the first place.
            if (shift > 0 && at > 0) bits[at - 1] |= its << (Word - shift);
        }
    }

    /// <summary>Whether a place is among them.</summary>
    public bool Has(int place)
    {
        if (_bits is null) return Array.BinarySearch(_few, place) >= 0;
        return place / Word < _bits.Length && (_bits[place / Word] & (1UL << (place % Word))) != 0;
    }

    // The first that is not before a place.
    private int Place(int place)
    {
        int at = Array.BinarySearch(_few, place);
        return at < 0 ? ~at : at;
    }

    private ulong Within(int word, int from, int to)
    {
        ulong bits = _bits![word];
        int first = word * Word;
        if (first < from) bits &= ulong.MaxValue << (from - first);
        if (first + Word > to) bits &= ulong.MaxValue >> (first + Word - to);
        return bits;
    }

    /// <summary>Puts one together. One thread.</summary>
    /// <param name="span">How many places there are.</param>
    internal sealed class Builder(int span)
    {
        private List<int> _few = [];
        private ulong[]? _bits;

        /// <summary>Adds a place.</summary>
        public void Add(int place)
        {
            if ((uint)place >= (uint)span) return;
            if (_bits is null)
            {
                _few.Add(place);
                if (_few.Count > span / FewPart) ToBits();
                return;
            }

            _bits[place / Word] |= 1UL << (place % Word);
        }

        /// <summary>Adds places by a bit for each, the lowest first.</summary>
        public void AddBits(ReadOnlySpan<byte> bytes)
        {
            if (_bits is null) ToBits();
            for (int i = 0; i < bytes.Length && i / sizeof(ulong) < _bits!.Length; i++) _bits[i / sizeof(ulong)] |= (ulong)bytes[i] << (i % sizeof(ulong) * 8);
        }

        /// <summary>The set.</summary>
        public GroupSet Build()
        {
            if (_bits is not null) return new GroupSet(_bits);
            _few.SortDistinct();
            return new GroupSet([.. _few]);
        }

        private void ToBits()
        {
            _bits = new ulong[(span / Word) + 1];
            foreach (int place in _few) _bits[place / Word] |= 1UL << (place % Word);
            _few = [];
        }
    }
}
