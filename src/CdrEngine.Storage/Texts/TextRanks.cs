using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Texts;

/// <summary>Places of a group of which a text meets what it is held against, and those of which that cannot be told from texts in lower case.</summary>
/// <param name="Met">Those that do.</param>
/// <param name="Open">Those that may; null for none.</param>
internal sealed record RangedPlaces(GroupSet Met, GroupSet? Open)
{
    /// <summary>Memory they take, bytes.</summary>
    public long Size => Met.Size + (Open?.Size ?? 0);
}

/// <summary>A range that texts in order answer, and where its text stands among them.</summary>
/// <param name="Range">The range.</param>
/// <param name="Below">How many texts stand before its text.</param>
/// <param name="IsThere">Whether its text is among them.</param>
internal readonly record struct PlacedRange(TextRange Range, int Below, bool IsThere)
{
    /// <summary>The texts that meet it, by their numbers in order from 1 on.</summary>
    /// <param name="count">How many there are.</param>
    public (int First, int Last) Within(int count)
    {
        int behind = IsThere ? Below + 1 : Below;
        return Range.Sense switch
        {
            TextSense.Greater => (behind + 1, count),
            TextSense.GreaterOrEqual => (Below + 1, count),
            TextSense.Less => (1, Below),
            TextSense.LessOrEqual => (1, behind),
            _ => (1, count),
        };
    }
}

/// <summary>One of the texts of a field of a group.</summary>
/// <param name="Rank">Its number in their order, from 1 on.</param>
/// <param name="Below">Places that have a text before it.</param>
/// <param name="Text">It.</param>
internal readonly record struct TextStep(int Rank, int Below, string Text);

/// <summary>For each place of a group which of the different texts of a field its call has, by their order: a text that is held against them (greater, less) divides the places in one go, whatever
/// it is. Immutable.</summary>
/// <remarks>Numbers are kept in lower case. Of a text with letters only as much is told as holds in either case.</remarks>
internal sealed class TextRanks
{
    // Different texts with letters, of a field of numbers.
    private const int MostOpen = 65_536;

    // Texts that are kept as they are, and calls between two of them at least.
    private const int MostSteps = 2_048;
    private const int LeastBetween = 8;

    private const int Word = 64;
    private const byte No = 0;
    private const byte Yes = 1;
    private const byte Perhaps = 2;
    private const char FirstBeyond = '\x80';

    private readonly WholeNumbers _ranks;
    private readonly IReadOnlyList<(int Rank, string Text)> _open;

    // Places that may have an empty text: those without one that is kept. Null for none.
    private readonly ulong[]? _emptyPlaces;

    // Places of which a text has letters.
    private readonly ulong[] _openPlaces = [];

    private TextRanks(WholeNumbers ranks, int count, IReadOnlyList<(int Rank, string Text)> open, bool mayBeEmpty, IReadOnlyList<TextStep> steps)
    {
        (_ranks, Count, _open, Steps) = (ranks, count, open, steps);
        if (mayBeEmpty)
        {
            ulong[] empty = new ulong[(ranks.Count / Word) + 1];
            ranks.MarkWithin(0, 0, empty);
            if (empty.AsSpan().ContainsAnyExcept(0UL)) _emptyPlaces = empty;
        }

        if (open.Count == 0) return;
        bool[] isOpen = new bool[count + 1];
        foreach ((int rank, _) in open) isOpen[rank] = true;
        _openPlaces = new ulong[(ranks.Count / Word) + 1];
        for (int place = 0; place < ranks.Count; place++) _openPlaces[place / Word] |= (isOpen[ranks[place]] ? 1UL : 0) << (place % Word);
    }

    /// <summary>Some of the texts, ascending: between two of them stand few calls, unless these have the same text.</summary>
    public IReadOnlyList<TextStep> Steps { get; }

    /// <summary>How many places have a text before each of <see cref="Steps"/>, and behind them how many have any.</summary>
    /// <param name="among">A bit for each place that counts; null for all.</param>
    public int[] CountSteps(ulong[]? among)
    {
        int[] below = new int[Steps.Count + 1];
        if (among is null)
        {
            for (int i = 0; i < Steps.Count; i++) below[i] = Steps[i].Below;
            for (int place = 0; place < _ranks.Count; place++) below[^1] += Math.Min(1, _ranks[place]);
            return below;
        }

        int[] calls = new int[Count + 1];
        for (int word = 0; word < among.Length; word++)
        {
            for (ulong bits = among[word]; bits != 0; bits &= bits - 1)
            {
                int place = (word * Word) + System.Numerics.BitOperations.TrailingZeroCount(bits);
                if (place < _ranks.Count) calls[_ranks[place]]++;
            }
        }

        for (int rank = 1, step = 0, all = 0; rank <= Count; rank++)
        {
            if (step < Steps.Count && Steps[step].Rank == rank) below[step++] = all;
            below[^1] = all += calls[rank];
        }

        return below;
    }

    /// <summary>How many different texts there are: ranks are from 1 on, 0 is that of a call without one.</summary>
    public int Count { get; }

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => _ranks.Size + ((_openPlaces.Length + (_emptyPlaces?.Length ?? 0)) * sizeof(ulong)) + _open.Sum(static text => 64L + (2 * text.Text.Length)) + Steps.Sum(static step => 80L + (2 * step.Text.Length));

    /// <summary>The ranks among which a text has its own, or would have it: at least as many texts as one less than the first stand before it, and the last does not.</summary>
    public (int First, int Last) Near(string text)
    {
        int step = Bisection.First(Steps.Count, step => string.CompareOrdinal(Steps[step].Text, text) >= 0);
        return (step == 0 ? 1 : Steps[step - 1].Rank, step < Steps.Count ? Steps[step].Rank : Count);
    }

    /// <summary>The ranks of the texts that meet all of some ranges; the first is behind the last where none does.</summary>
    public (int First, int Last) Within(IReadOnlyList<PlacedRange> ranges)
    {
        (int first, int last) = (1, Count);
        foreach (PlacedRange range in ranges)
        {
            (int from, int to) = range.Within(Count);
            (first, last) = (Math.Max(first, from), Math.Min(last, to));
        }

        return (first, last);
    }

    /// <summary>Adds the places of some ranks to those of a day.</summary>
    /// <param name="first">The first rank.</param>
    /// <param name="last">The last.</param>
    /// <param name="places">Places of a day that are those of here.</param>
    public void AddTo(DayPlaces places, int first, int last) => places.Add(_ranks, first, last);

    /// <summary>The places that meet all of some ranges.</summary>
    /// <param name="ranges">They.</param>
    /// <param name="listed">The places of the texts <see cref="Within"/> tells, where they were read; null for looking at all places.</param>
    public RangedPlaces Meeting(IReadOnlyList<PlacedRange> ranges, GroupSet? listed = null)
    {
        // A call without a text that is kept may have an empty one.
        bool isEmptyOpen = _emptyPlaces is not null && ranges.All(static range => range.Range.IsMetBy(""));
        if (listed is not null && !isEmptyOpen && _open.Count == 0) return new RangedPlaces(listed, null);
        ulong[] met = new ulong[(_ranks.Count / Word) + 1], open = isEmptyOpen ? [.. _emptyPlaces!] : _open.Count > 0 ? new ulong[met.Length] : [];
        (int first, int last) = Within(ranges);
        if (listed is not null) listed.AddTo(met, 0, _ranks.Count);
        else _ranks.MarkWithin(first, last, met);
        if (_open.Count > 0)
        {
            // Of texts with letters each is judged by itself.
            byte[] verdicts = new byte[_open.Count];
            for (int i = 0; i < verdicts.Length; i++) verdicts[i] = JudgeAll(_open[i].Text, ranges);
            for (int word = 0; word < _openPlaces.Length; word++)
            {
                met[word] &= ~_openPlaces[word];
                for (ulong bits = _openPlaces[word]; bits != 0; bits &= bits - 1)
                {
                    int bit = System.Numerics.BitOperations.TrailingZeroCount(bits);
                    ulong verdict = verdicts[OpenAt(_ranks[(word * Word) + bit])];
                    met[word] |= (verdict & Yes) << bit;
                    open[word] |= (verdict >> 1) << bit;
                }
            }
        }

        return new RangedPlaces(GroupSet.Of(met), open.AsSpan().ContainsAnyExcept(0UL) ? GroupSet.Of(open) : null);
    }

    /// <summary>For each of some ranks a place that has it, or -1.</summary>
    /// <param name="from">The first of them.</param>
    /// <param name="count">How many.</param>
    public int[] PlacesOf(int from, int count)
    {
        int[] places = new int[count];
        Array.Fill(places, -1);
        for (int place = 0; place < _ranks.Count; place++)
        {
            if (_ranks[place] - from is var at && at >= 0 && at < count) places[at] = place;
        }

        return places;
    }

    // No where it does not meet one of them, whatever else is open.
    private static byte JudgeAll(string lower, IReadOnlyList<PlacedRange> ranges)
    {
        byte verdict = Yes;
        foreach (PlacedRange range in ranges)
        {
            if (Judge(lower, range.Range) is not { } meets) verdict = Perhaps;
            else if (!meets) return No;
        }

        return verdict;
    }

    private int OpenAt(int rank)
    {
        int low = 0, high = _open.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_open[middle].Rank < rank) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Whether a text in lower case meets a range, whatever the case of its letters was; null where that depends on it.</summary>
    public static bool? Judge(string lower, TextRange range)
    {
        if (range.Sense == TextSense.Present) return true;
        for (int i = 0; i < lower.Length && i < range.Text.Length; i++)
        {
            char c = lower[i], other = range.Text[i];

            // What it may have been: beyond ASCII letters have no other form, or several, and two of ASCII are the small form of one of those.
            (char least, char most) = c >= FirstBeyond ? (FirstBeyond, char.MaxValue)
                : !char.IsAsciiLetterLower(c) ? (c, c)
                : (char.ToUpperInvariant(c), c is 'i' or 'k' ? char.MaxValue : c);
            if (other < least) return range.Sense is TextSense.Greater or TextSense.GreaterOrEqual;
            if (other > most) return range.Sense is TextSense.Less or TextSense.LessOrEqual;
            if (least != most) return null;
        }

        // The same as far as the shorter goes.
        return range.IsMetBy(lower);
    }

    /// <summary>Puts one together, text by text in their order. One thread.</summary>
    /// <param name="span">Places there are.</param>
    /// <param name="texts">Texts there are.</param>
    /// <param name="isLower">Whether texts are kept in lower case, and empty ones not at all.</param>
    /// <param name="steps">Texts that are kept as they are, about.</param>
    internal sealed class Builder(int span, int texts, bool isLower, int steps = MostSteps)
    {
        private readonly WholeNumbers _ranks = new(span, texts);
        // Calls between two steps.
        private readonly int _between = Math.Max(LeastBetween, span / steps);
        private readonly List<(int Rank, string Text)> _open = [];
        private readonly List<TextStep> _steps = [];
        private byte[] _last = [];
        private int _lastLength;
        private int _begun;
        private int _added;
        private int _count;
        private bool _isBroken;

        /// <summary>Begins with the next text.</summary>
        public void Begin(ReadOnlySpan<byte> utf8)
        {
            // A text of many calls is one, and the one behind it.
            if (_added - _begun >= _between && (_steps.Count == 0 || _steps[^1].Rank < _count)) AddStep(_count, _begun, _last.AsSpan(0, _lastLength));
            _count++;
            _begun = _added;
            if (_steps.Count == 0 || _added - _steps[^1].Below >= _between) AddStep(_count, _added, utf8);
            if (_last.Length < utf8.Length) _last = new byte[utf8.Length * 2];
            utf8.CopyTo(_last);
            _lastLength = utf8.Length;
            if (!isLower || !utf8.ContainsAnyExceptInRange((byte)0, (byte)'`') || _isBroken) return;
            _open.Add((_count, System.Text.Encoding.UTF8.GetString(utf8)));
            _isBroken |= _open.Count > MostOpen;
        }

        /// <summary>A place that has it.</summary>
        public void Add(int place)
        {
            _added++;
            WholeNumbers ranks = _ranks;
            if ((uint)place >= (uint)span || ranks[place] != 0) _isBroken = true;
            else ranks[place] = _count;
        }

        /// <summary>All; null where a place has two texts, or too many texts have letters.</summary>
        public TextRanks? Build() => _isBroken ? null : new TextRanks(_ranks, _count, _open, isLower, _steps);

        private void AddStep(int rank, int below, ReadOnlySpan<byte> utf8) => _steps.Add(new TextStep(rank, below, System.Text.Encoding.UTF8.GetString(utf8)));
    }
}
