namespace CdrEngine.Calls.Directory;

/// <summary>Finds the longest prefix of a number among many. Immutable; any thread.</summary>
/// <remarks>Prefixes lie sorted as 60-bit numbers of four bits a digit, left-aligned, so that a prefix stands before all that it begins. The last one not
/// behind the number either is its longest prefix or has it among its own prefixes, and each prefix points to the next shorter one. The first three digits
/// lead to the part of the table where the binary search begins: 100,000 prefixes take some seven steps in neighbouring memory.</remarks>
public sealed class PrefixTable
{
    /// <summary>Most digits that count; E.164 has no more.</summary>
    public const int MaxDigits = 15;

    private const int LeadDigits = 3;
    private const int LeadShift = (MaxDigits - LeadDigits) * 4;

    private readonly ulong[] _keys;
    private readonly byte[] _lengths;
    private readonly int[] _values;
    private readonly int[] _parents;
    private readonly int[] _leads;

    private PrefixTable(ulong[] keys, byte[] lengths, int[] values, int[] parents)
    {
        _keys = keys;
        _lengths = lengths;
        _values = values;
        _parents = parents;

        // For each lead, how many keys stand before the first one that begins with it or is greater.
        _leads = new int[(1 << (LeadDigits * 4)) + 1];
        int at = 0;
        for (int lead = 0; lead < _leads.Length; lead++)
        {
            while (at < keys.Length && keys[at] >> LeadShift < (ulong)lead) at++;
            _leads[lead] = at;
        }
    }

    /// <summary>Prefixes in it.</summary>
    public int Count => _keys.Length;

    /// <summary>Makes a table. Where a prefix comes twice the later one stays; what is longer than <see cref="MaxDigits"/> or holds anything but digits,
    /// <c>*</c> and <c>#</c> is left out.</summary>
    /// <param name="prefixes">Prefix and value, 0 or more; an empty prefix fits every number.</param>
    public static PrefixTable Of(IEnumerable<(string Prefix, int Value)> prefixes)
    {
        var sorted = new SortedDictionary<(ulong Key, int Length), int>();
        foreach ((string prefix, int value) in prefixes)
        {
            if (prefix.Length <= MaxDigits && TryEncode(prefix, out ulong key, out int length) && length == prefix.Length) sorted[(key, length)] = value;
        }

        ulong[] keys = new ulong[sorted.Count];
        byte[] lengths = new byte[sorted.Count];
        int[] values = new int[sorted.Count];
        int[] parents = new int[sorted.Count];
        int i = 0;
        foreach (((ulong key, int length), int value) in sorted)
        {
            (keys[i], lengths[i], values[i]) = (key, (byte)length, value);
            int parent = i - 1;
            while (parent >= 0 && !Begins(keys[parent], lengths[parent], key)) parent = parents[parent];
            parents[i++] = parent;
        }

        return new PrefixTable(keys, lengths, values, parents);
    }

    /// <summary>Looks a number up.</summary>
    /// <param name="number">Digits, with or without a plus; what is behind the fifteenth does not count.</param>
    /// <param name="at">Where it was found, for <see cref="Shorter"/>; -1 where it was not.</param>
    /// <returns>The value of its longest prefix; -1 where it has none.</returns>
    public int Find(ReadOnlySpan<char> number, out int at)
    {
        at = -1;
        if (_keys.Length == 0 || !TryEncode(number, out ulong key, out _)) return -1;
        int lead = (int)(key >> LeadShift);
        int low = _leads[lead], high = _leads[lead + 1];

        // The first key behind the number; the one before it is where to begin.
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_keys[middle] <= key) low = middle + 1;
            else high = middle;
        }

        at = low - 1;
        while (at >= 0 && !Begins(_keys[at], _lengths[at], key)) at = _parents[at];
        return at < 0 ? -1 : _values[at];
    }

    /// <summary>The value of the next shorter prefix of the same number; -1 where there is none.</summary>
    /// <param name="at">Where the longer one was found; then where this one is.</param>
    public int Shorter(ref int at)
    {
        at = _parents[at];
        return at < 0 ? -1 : _values[at];
    }

    private static bool Begins(ulong prefix, int length, ulong key) => length == 0 || (prefix ^ key) >> ((MaxDigits - length) * 4) == 0;

    // Each digit is 1 to 12, so that nothing (0) sorts before all of them.
    private static bool TryEncode(ReadOnlySpan<char> number, out ulong key, out int length)
    {
        key = 0;
        length = 0;
        if (!number.IsEmpty && number[0] == '+') number = number[1..];
        foreach (char c in number)
        {
            if (length == MaxDigits) break;
            int digit = c is >= '0' and <= '9' ? c - '0' + 1 : c == '*' ? 11 : c == '#' ? 12 : 0;
            if (digit == 0) return false;
            key |= (ulong)digit << ((MaxDigits - 1 - length++) * 4);
        }

        return true;
    }
}
