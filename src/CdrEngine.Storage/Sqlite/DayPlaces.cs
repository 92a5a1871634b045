using System.Numerics;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Some of the places of a day, a bit for each. One thread while it is filled, any thread then.</summary>
internal sealed class DayPlaces
{
    private const int Word = 64;

    private readonly ulong[] _words;

    /// <summary>None of a day's places.</summary>
    /// <param name="places">How many the day has.</param>
    public DayPlaces(int places)
        : this(places, new ulong[(places + Word - 1) / Word])
    {
    }

    private DayPlaces(int places, ulong[] words) => (Places, _words) = (places, words);

    /// <summary>How many places the day has.</summary>
    public int Places { get; }

    /// <summary>The places of a day that are among those of a group.</summary>
    /// <param name="set">Those of the group.</param>
    /// <param name="day">The day in the group.</param>
    /// <param name="known">The calls of the day.</param>
    public static DayPlaces Of(GroupSet set, TextGroupDay day, DayCalls known)
    {
        var places = new DayPlaces(known.Places);
        places.Add(set, (int)(day.Begin + known.DocumentOf(0) - day.First), day.Begin, day.End);
        return places;
    }

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            int count = 0;
            foreach (ulong word in _words) count += BitOperations.PopCount(word);
            return count;
        }
    }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => !_words.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>Whether a place is among them.</summary>
    public bool Has(int place) => (_words[place / Word] & (1UL << (place % Word))) != 0;

    /// <summary>Adds a place.</summary>
    public void Add(int place) => _words[place / Word] |= 1UL << (place % Word);

    /// <summary>Adds places of a group: as many as the day has from one on, which stands for its first.</summary>
    /// <param name="set">The places.</param>
    /// <param name="from">The place of the group that stands for the first; may be less than 0.</param>
    /// <param name="begin">The first of the group that is of the day.</param>
    /// <param name="end">The one behind the last.</param>
    public void Add(GroupSet set, int from, int begin, int end)
    {
        begin = Math.Max(begin, from);
        end = (int)Math.Min(end, (long)from + Places);
        if (begin >= end) return;
        if (begin == from)
        {
            set.AddTo(_words, begin, end);
            return;
        }

        var places = new List<int>();
        set.AddTo(places, begin, end);
        foreach (int place in places) Add(place - from);
    }

    /// <summary>Adds those whose number lies between two, both included.</summary>
    /// <param name="numbers">The number of each place.</param>
    /// <param name="first">The least.</param>
    /// <param name="last">The greatest.</param>
    public void Add(WholeNumbers numbers, int first, int last) => numbers.MarkWithin(first, last, _words);

    /// <summary>Those that are among others too.</summary>
    public DayPlaces And(DayPlaces other)
    {
        ulong[] words = new ulong[_words.Length];
        for (int i = 0; i < words.Length; i++) words[i] = _words[i] & other._words[i];
        return new DayPlaces(Places, words);
    }

    /// <summary>How many are among others too.</summary>
    public int CountAnd(DayPlaces other)
    {
        int count = 0;
        for (int i = 0; i < _words.Length; i++) count += BitOperations.PopCount(_words[i] & other._words[i]);
        return count;
    }

    /// <summary>How many are among those of a group too.</summary>
    /// <param name="set">Those of the group.</param>
    /// <param name="begin">The place of the group that stands for the first.</param>
    /// <param name="end">The one behind the last.</param>
    public int CountAnd(GroupSet set, int begin, int end) => set.CountAnd(_words, begin, end);

    /// <summary>Those that are among all of some, which are looked at as long as any place is left; null where one of them is null, and where there are none.</summary>
    public static DayPlaces? AmongAll(IEnumerable<DayPlaces?> some)
    {
        DayPlaces? all = null;
        foreach (DayPlaces? next in some)
        {
            if (next is null) return null;
            all = all?.And(next) ?? next;
            if (all.IsEmpty) break;
        }

        return all;
    }

    /// <summary>They and others.</summary>
    public DayPlaces Or(DayPlaces other)
    {
        ulong[] words = new ulong[_words.Length];
        for (int i = 0; i < words.Length; i++) words[i] = _words[i] | other._words[i];
        return new DayPlaces(Places, words);
    }

    /// <summary>They, ascending.</summary>
    public IEnumerable<int> All()
    {
        for (int i = 0; i < _words.Length; i++)
        {
            for (ulong word = _words[i]; word != 0; word &= word - 1) yield return (i * Word) + BitOperations.TrailingZeroCount(word);
        }
    }
}
