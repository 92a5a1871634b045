using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>How long the calls of a day lasted and were billable, by profile: whatever bounds and profiles are asked for, how many calls meet them is counted in memory. Immutable.</summary>
/// <remarks>A length is kept in four bytes: twice its whole milliseconds, and one more where microseconds are left. Bounds that are a whole millisecond, or a microsecond beside one,
/// are met exactly; so are all that APIs make of whole seconds.</remarks>
internal sealed class DayLengths
{
    /// <summary>Bytes of each call.</summary>
    public const int CallSize = 2 * sizeof(uint);

    private const uint MostKept = uint.MaxValue - 1;
    private const int Unknown = -1;

    /// <summary>Calls of a day up to which each is looked at by itself, instead of each profile.</summary>
    public const int FewCalls = 256;

    private const int Block = 512;

    private readonly int[] _profiles;

    // The same without the calls that have none.
    private readonly int[] _known;
    private readonly int[] _ends;
    private readonly uint[] _lasted;
    private readonly uint[] _billed;
    private readonly ProfileIndex _index;
    private (object Of, uint[] Lasted)[] _inOrder = [];

    private DayLengths(ProfileIndex index, int[] profiles, int[] ends, uint[] lasted, uint[] billed)
    {
        (_index, _profiles, _ends, _lasted, _billed) = (index, profiles, ends, lasted, billed);
        _known = Array.Exists(profiles, static profile => profile == Unknown) ? Array.FindAll(profiles, static profile => profile != Unknown) : profiles;
        uint longest = 0;
        foreach (uint length in lasted) longest = Math.Max(longest, length);
        Longest = longest >= MostKept ? null : ((longest / 2) + 1) * 1000L;
    }

    /// <summary>What no call lasted longer than, microseconds; null where one lasted longer than is kept.</summary>
    public long? Longest { get; }

    /// <summary>Memory it takes at most, bytes: each call may stand once among those that are kept in order.</summary>
    public long Size => ((long)_lasted.Length * (CallSize + sizeof(uint))) + (_profiles.Length * 2L * sizeof(int));

    /// <summary>What is kept of calls: for each profile its number, how many calls follow, and of each both lengths.</summary>
    /// <param name="calls">Calls in order of their profiles; null for one without.</param>
    public static byte[] ToBytes(IReadOnlyList<(long? Profile, long Lasted, long Billed)> calls)
    {
        var bytes = new MemoryStream(calls.Count * CallSize);
        Span<byte> word = stackalloc byte[sizeof(uint)];
        for (int first = 0, end; first < calls.Count; first = end)
        {
            for (end = first; end < calls.Count && calls[end].Profile == calls[first].Profile; end++)
            {
            }

            Write(bytes, word, (uint)(int)(calls[first].Profile ?? Unknown));
            Write(bytes, word, (uint)(end - first));
            for (int i = first; i < end; i++)
            {
                Write(bytes, word, Kept(calls[i].Lasted));
                Write(bytes, word, Kept(calls[i].Billed));
            }
        }

        return bytes.ToArray();

        static void Write(MemoryStream to, Span<byte> word, uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(word, value);
            to.Write(word);
        }
    }

    /// <summary>Reads what <see cref="ToBytes"/> gives; null for anything else.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="index">Numbers profiles for all days.</param>
    /// <param name="numbers">Its numbers of the profiles of this day.</param>
    public static DayLengths? Read(ReadOnlySpan<byte> bytes, ProfileIndex index, IReadOnlyDictionary<long, int> numbers)
    {
        var profiles = new List<int>();
        var ends = new List<int>();
        int most = bytes.Length / CallSize;
        var lasted = new List<uint>(most);
        var billed = new List<uint>(most);
        for (int at = 0; at < bytes.Length;)
        {
            if (bytes.Length - at < CallSize) return null;
            int profile = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
            int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[(at + sizeof(uint))..]);
            at += CallSize;
            if (count < 0 || (bytes.Length - at) / CallSize < count) return null;
            if (profile != Unknown && !numbers.TryGetValue(profile, out profile)) return null;
            for (int i = 0; i < count; i++, at += CallSize)
            {
                lasted.Add(BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]));
                billed.Add(BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + sizeof(uint))..]));
            }

            profiles.Add(profile);
            ends.Add(lasted.Count);
        }

        return new DayLengths(index, [.. profiles], [.. ends], [.. lasted], [.. billed]);
    }

    /// <summary>How many calls of the profiles asked for have lengths within bounds.</summary>
    public long CallsOf(AskedProfiles asked, in LengthBounds bounds)
    {
        bool isPlain = bounds.PersonBilledMost >= bounds.BilledMost;
        if (asked.IsEverything && isPlain) return CallsOf(bounds);
        if (isPlain && !bounds.AsksBilled && InOrder(asked) is { } lasted) return Between(lasted, bounds.LastedLeast, bounds.LastedMost);
        int ofAny = CallsOf(bounds);
        if (ofAny == 0) return 0;
        if (ofAny > FewCalls)
        {
            sbyte[] judged = asked.Judged(_index, _known);
            return isPlain ? CallsOf(judged, bounds) : ByPerson(judged, bounds);
        }

        long calls = 0;
        foreach (int at in Within(bounds, FewCalls)!) calls += IsOf(asked, at, bounds) ? 1 : 0;
        return calls;
    }

    // Most profiles have few calls: those of all that are asked for are put together and counted at once.
    private long CallsOf(sbyte[] judged, in LengthBounds bounds)
    {
        uint[] rented = ArrayPool<uint>.Shared.Rent(2 * _lasted.Length);
        Span<uint> lasted = rented.AsSpan(0, _lasted.Length);
        lasted = lasted[..Gather(judged, _lasted, lasted)];
        Span<uint> billed = lasted;
        if (bounds.AsksBilled)
        {
            billed = rented.AsSpan(_lasted.Length, lasted.Length);
            Gather(judged, _billed, billed);
        }

        long calls = bounds.Count(lasted, billed);
        ArrayPool<uint>.Shared.Return(rented);
        return calls;
    }

    // Puts lengths of the profiles asked for one behind the other; those that stand together are taken together. How many there are.
    private int Gather(sbyte[] judged, uint[] lengths, Span<uint> to)
    {
        int count = 0, begin = 0, end = 0;
        for (int group = 0, first = 0; group < _profiles.Length; first = _ends[group++])
        {
            if (_profiles[group] == Unknown || judged[_profiles[group]] <= 0) continue;
            if (first != end)
            {
                lengths.AsSpan(begin..end).CopyTo(to[count..]);
                count += end - begin;
                begin = first;
            }

            end = _ends[group];
        }

        lengths.AsSpan(begin..end).CopyTo(to[count..]);
        return count + end - begin;
    }

    // How long the calls of the profiles asked for lasted, in order, so that whatever bounds are asked for are two looks. Made of few days for each query that comes by, until all have it; null where it is not.
    private uint[]? InOrder(AskedProfiles asked)
    {
        object question = asked.VerdictsOf(_index).Question;
        (object Of, uint[] Lasted)[] known = Volatile.Read(ref _inOrder);
        foreach ((object of, uint[] its) in known)
        {
            if (of == question) return its;
        }

        if (!asked.MayOrder()) return null;
        uint[] rented = ArrayPool<uint>.Shared.Rent(_lasted.Length);
        uint[] lasted = rented.AsSpan(0, Gather(asked.Judged(_index, _known), _lasted, rented)).ToArray();
        ArrayPool<uint>.Shared.Return(rented);
        Array.Sort(lasted);

        // The first are the last that were made; of two that are made at once one may be lost.
        int room = _lasted.Length - lasted.Length;
        Volatile.Write(ref _inOrder, [(question, lasted), .. known.TakeWhile(its => (room -= its.Lasted.Length) >= 0)]);
        return lasted;
    }

    private static int Between(uint[] lasted, uint least, uint most)
    {
        return least > most ? 0 : Before(lasted, (ulong)most + 1) - Before(lasted, least);

        static int Before(uint[] lasted, ulong bound)
        {
            int low = 0, high = lasted.Length;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (lasted[middle] < bound) low = middle + 1;
                else high = middle;
            }

            return low;
        }
    }

    private long ByPerson(sbyte[] judged, in LengthBounds bounds)
    {
        long calls = 0;
        for (int group = 0, first = 0; group < _profiles.Length; first = _ends[group++])
        {
            if (_profiles[group] == Unknown || judged[_profiles[group]] <= 0) continue;
            LengthBounds here = _index.ProfileOf(_profiles[group]).Traits.HasFlag(CallTraits.ByPerson) ? bounds with { BilledMost = bounds.PersonBilledMost } : bounds;
            calls += here.Count(_lasted.AsSpan(first.._ends[group]), _billed.AsSpan(first.._ends[group]));
        }

        return calls;
    }

    /// <summary>Adds how long the calls of the profiles asked for lasted.</summary>
    public void AddTo(LengthCounter counter, AskedProfiles asked)
    {
        if (asked.IsEverything)
        {
            counter.Add(_lasted);
            return;
        }

        for (int group = 0, first = 0; group < _profiles.Length; first = _ends[group++])
        {
            if (_profiles[group] != Unknown && asked.Has(_index, _profiles[group])) counter.Add(_lasted.AsSpan(first.._ends[group]));
        }
    }

    /// <summary>How long the call lasted that stands somewhere, as it is kept.</summary>
    public uint LastedAt(int at) => _lasted[at];

    // A call of which both lengths lie within bounds, whoever answered it.
    private bool IsOf(AskedProfiles asked, int at, in LengthBounds bounds)
    {
        int group = Array.BinarySearch(_ends, at + 1), profile = _profiles[group < 0 ? ~group : group];
        if (profile == Unknown || !asked.Has(_index, profile)) return false;
        return bounds.PersonBilledMost >= bounds.BilledMost || _billed[at] <= bounds.PersonBilledMost || !_index.ProfileOf(profile).Traits.HasFlag(CallTraits.ByPerson);
    }

    /// <summary>How many calls there are.</summary>
    public int Count => _lasted.Length;

    /// <summary>Where the calls of each profile begin; empty where that cannot be told.</summary>
    public Dictionary<int, int> Groups()
    {
        var groups = new Dictionary<int, int>();
        for (int group = 0; group < _profiles.Length; group++)
        {
            if (!groups.TryAdd(_profiles[group], group == 0 ? 0 : _ends[group - 1])) return [];
        }

        return groups;
    }

    /// <summary>Whether the lengths of one call lie within bounds.</summary>
    /// <param name="at">Where it stands.</param>
    /// <param name="bounds">The bounds.</param>
    /// <param name="byPerson">Whether a person answered it.</param>
    public bool Meets(int at, in LengthBounds bounds, bool byPerson) =>
        _lasted[at] >= bounds.LastedLeast && _lasted[at] <= bounds.LastedMost && _billed[at] >= bounds.BilledLeast && _billed[at] <= bounds.BilledMost
        && (!byPerson || _billed[at] <= bounds.PersonBilledMost);

    /// <summary>Where those stand whose lengths lie within bounds, whoever answered them; null where they are more than some.</summary>
    public List<int>? Within(in LengthBounds bounds, int most)
    {
        if (bounds.LastedLeast > bounds.LastedMost || bounds.BilledLeast > bounds.BilledMost) return [];
        var found = new List<int>();
        uint lasted = bounds.LastedMost - bounds.LastedLeast, billed = bounds.BilledMost - bounds.BilledLeast;
        for (int from = 0; from < _lasted.Length; from += Block)
        {
            // Most blocks of a day have none of what is rare, which is told faster than one by one.
            int to = Math.Min(from + Block, _lasted.Length);
            int here = bounds.Count(_lasted.AsSpan(from..to), (bounds.AsksBilled ? _billed : _lasted).AsSpan(from..to));
            if (found.Count + here > most) return null;
            for (int i = from; here > 0; i++)
            {
                if (_lasted[i] - bounds.LastedLeast > lasted || _billed[i] - bounds.BilledLeast > billed) continue;
                found.Add(i);
                here--;
            }
        }

        return found;
    }

    /// <summary>How many calls of any profile have lengths within bounds.</summary>
    public int CallsOf(in LengthBounds bounds) => bounds.Count(_lasted, bounds.AsksBilled ? _billed : _lasted);

    /// <summary>A length as it is kept, microseconds.</summary>
    internal static uint Kept(long microseconds)
    {
        (long milliseconds, long rest) = Math.DivRem(Math.Max(0, microseconds), 1000);
        return milliseconds >= MostKept / 2 ? MostKept : (uint)((milliseconds * 2) + (rest > 0 ? 1 : 0));
    }

    /// <summary>The least that is kept of lengths of at least this; null where that cannot be told apart from others.</summary>
    internal static uint? AtLeast(long microseconds) => microseconds <= 0 ? 0 : microseconds % 1000 <= 1 && Kept(microseconds) < MostKept ? Kept(microseconds) : null;

    /// <summary>The most that is kept of lengths of at most this; null where that cannot be told apart from others.</summary>
    internal static uint? AtMost(long microseconds) => microseconds % 1000 is 0 or 999 && microseconds >= 0 && Kept(microseconds) < MostKept ? Kept(microseconds) : null;
}

/// <summary>Bounds of both lengths, as they are kept.</summary>
/// <param name="LastedLeast">Lasted at least.</param>
/// <param name="LastedMost">Lasted at most.</param>
/// <param name="BilledLeast">Was billable for at least.</param>
/// <param name="BilledMost">Was billable for at most.</param>
/// <param name="PersonBilledMost">The same of calls that a person answered.</param>
internal readonly record struct LengthBounds(uint LastedLeast, uint LastedMost, uint BilledLeast, uint BilledMost, uint PersonBilledMost)
{
    /// <summary>Whether a query has any.</summary>
    public static bool IsAsked(CallQuery query) =>
        query.DurationMin is not null || query.DurationMax is not null || query.BillsecMin is not null || query.BillsecMax is not null || query.PersonBillsecMax is not null;

    /// <summary>A query without those that it has.</summary>
    public static CallQuery Rest(CallQuery query) => query with { DurationMin = null, DurationMax = null, BillsecMin = null, BillsecMax = null, PersonBillsecMax = null };

    /// <summary>The bounds of a query; null where it has none, or one that what is kept cannot tell.</summary>
    public static LengthBounds? Of(CallQuery query)
    {
        if (!IsAsked(query)) return null;
        uint? lastedLeast = query.DurationMin is { } a ? DayLengths.AtLeast(CallRow.Microseconds(a)) : 0;
        uint? lastedMost = query.DurationMax is { } b ? DayLengths.AtMost(CallRow.Microseconds(b)) : uint.MaxValue;
        uint? billedLeast = query.BillsecMin is { } c ? DayLengths.AtLeast(CallRow.Microseconds(c)) : 0;
        uint? billedMost = query.BillsecMax is { } d ? DayLengths.AtMost(CallRow.Microseconds(d)) : uint.MaxValue;
        uint? personMost = query.PersonBillsecMax is { } p ? DayLengths.AtMost(CallRow.Microseconds(p)) : uint.MaxValue;
        return lastedLeast is { } e && lastedMost is { } f && billedLeast is { } g && billedMost is { } h && personMost is { } i ? new LengthBounds(e, f, g, h, i) : null;
    }

    /// <summary>False where any time that is billable lies within: then half of the memory need not be looked at.</summary>
    public bool AsksBilled => BilledLeast > 0 || BilledMost < uint.MaxValue;

    /// <summary>How many lie within.</summary>
    public int Count(ReadOnlySpan<uint> lasted, ReadOnlySpan<uint> billed)
    {
        if (LastedLeast > LastedMost || BilledLeast > BilledMost) return 0;
        int count = 0, i = 0;
        if (lasted.Length >= 4 * Vector<uint>.Count)
        {
            // Each lane that lies within is all ones, which is minus one. No lane counts further than the number of calls.
            var all = Vector<uint>.Zero;
            for (; i <= lasted.Length - Vector<uint>.Count; i += Vector<uint>.Count)
            {
                Vector<uint> within = Vector.LessThanOrEqual(new Vector<uint>(lasted[i..]) - new Vector<uint>(LastedLeast), new Vector<uint>(LastedMost - LastedLeast))
                    & Vector.LessThanOrEqual(new Vector<uint>(billed[i..]) - new Vector<uint>(BilledLeast), new Vector<uint>(BilledMost - BilledLeast));
                all -= within;
            }

            count = (int)Vector.Sum(all);
        }

        for (; i < lasted.Length; i++)
        {
            // Without branches: most groups have calls on both sides of a bound.
            count += (lasted[i] - LastedLeast <= LastedMost - LastedLeast ? 1 : 0) & (billed[i] - BilledLeast <= BilledMost - BilledLeast ? 1 : 0);
        }

        return count;
    }
}
