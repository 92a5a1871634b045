using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Storage.Texts;

/// <summary>How the calls of groups of days are spread over the texts of a field: some texts of each group, put together. Immutable.</summary>
internal sealed class TextSpread : ITextSpread
{
    // Between texts that are nearer than so many of those that are known calls are spread evenly rather than as these tell.
    private const int FewTexts = 16;

    private readonly string[] _texts;
    private readonly double[] _below;
    private readonly double _all;

    // Texts that many have: of several groups the same are known, or a group says so. Others are known by chance, and what stands behind them is as near.
    private readonly bool[] _isOfMany;

    private TextSpread(string[] texts, double[] below, bool[] isOfMany, double all) => (_texts, _below, _isOfMany, _all) = (texts, below, isOfMany, all);

    /// <summary>Puts groups together.</summary>
    /// <param name="groups">Texts of each, ascending, and how many of its calls stand before each, and in all.</param>
    public static TextSpread? Of(IReadOnlyList<(IReadOnlyList<TextStep> Steps, int[] Below)> groups)
    {
        var steps = new List<(string Text, int Group, int Step)>();
        for (int group = 0; group < groups.Count; group++)
        {
            for (int step = 0; step < groups[group].Steps.Count; step++) steps.Add((groups[group].Steps[step].Text, group, step));
        }

        if (steps.Count == 0) return null;
        steps.Sort(static (left, right) => string.CompareOrdinal(left.Text, right.Text));
        var texts = new List<string>(steps.Count);
        int[][] places = [.. groups.Select(static group => new int[group.Steps.Count + 1])];
        foreach ((string text, int group, int step) in steps)
        {
            if (texts.Count == 0 || texts[^1] != text) texts.Add(text);
            places[group][step] = texts.Count - 1;
        }

        // What lies between two texts of a group is spread over those that others have between them, and what has one text alone stands before the next of any.
        double[] begun = new double[texts.Count + 1], grown = new double[texts.Count + 2];
        bool[] isKnown = new bool[texts.Count], isOfMany = new bool[texts.Count];
        for (int group = 0; group < groups.Count; group++)
        {
            (IReadOnlyList<TextStep> its, int[] calls) = groups[group];
            places[group][its.Count] = texts.Count;
            if (its.Count > 0) begun[places[group][0]] += calls[0];
            for (int step = 0; step < its.Count; step++)
            {
                int from = places[group][step];
                bool isOne = step + 1 < its.Count && its[step + 1].Rank == its[step].Rank + 1;
                int to = isOne ? from + 1 : places[group][step + 1];
                isOfMany[from] |= isOne || isKnown[from];
                isKnown[from] = true;
                double each = (calls[step + 1] - calls[step]) / (double)(to - from);
                grown[from] += each;
                grown[to] -= each;
            }
        }

        double[] below = new double[texts.Count];
        double sum = 0, slope = 0;
        for (int i = 0; i < below.Length; i++)
        {
            below[i] = sum += begun[i];
            sum += slope += grown[i];
        }

        return new TextSpread([.. texts], below, isOfMany, groups.Sum(static group => group.Below[^1]));
    }

    /// <inheritdoc />
    public string? Between(string low, string? high, double part)
    {
        int first = PlaceOf(low), end = high is null ? _texts.Length : PlaceOf(high);
        part = Math.Clamp(part, 0, 1);

        // Where nothing else is known, each text has as many.
        double from = Below(low), to = high is null ? _all : Below(high);
        if (high is not null && end - first <= FewTexts && AreOfFew(Math.Min(first, end), end) && TextFraction.Between(low, high, part) is { } fraction) return fraction;
        if (first >= end) return null;
        if (to <= from) return _texts[Math.Min(end - 1, first + (int)(part * (end - first)))];
        double place = from + (part * (to - from));

        // Beside one of the two what is near it tells more than how many stand before either.
        if (Beside(low, from, high, to, place, first, end) is { } beside) return beside;
        int at = Bisection.First(_texts.Length, text => _below[text] > place) - 1;
        string text = _texts[Math.Clamp(at, first, end - 1)];
        if (at < 0 || at + 1 >= _texts.Length || _isOfMany[at]) return text;
        string? between = TextFraction.Between(_texts[at], _texts[at + 1], (place - _below[at]) / (_below[at + 1] - _below[at]));
        return between is not null && string.CompareOrdinal(low, between) <= 0 && (high is null || string.CompareOrdinal(between, high) < 0) ? between : text;
    }

    private bool AreOfFew(int first, int end) => !_isOfMany.AsSpan(first..end).Contains(true);

    private string? Beside(string low, double from, string? high, double to, double place, int first, int end)
    {
        int next = first + FewTexts, last = end - FewTexts;
        if (next < end && place < _below[next] && AreOfFew(first, next)) return TextFraction.Between(low, _texts[next], (place - from) / (_below[next] - from));
        return high is not null && last >= first && place > _below[last] && AreOfFew(last, end) ? TextFraction.Between(_texts[last], high, (place - _below[last]) / (to - _below[last])) : null;
    }

    // How many stand before a text, about. One in lower case may stand elsewhere than the calls that have it.
    private double Below(string text)
    {
        int at = PlaceOf(text);
        if (at == 0 || (at < _texts.Length && _texts[at] == text)) return at < _texts.Length ? _below[at] : _all;
        double from = _below[at - 1], to = at < _texts.Length ? _below[at] : _all;
        double part = at == _texts.Length || _isOfMany[at - 1] ? 1 : TextFraction.PartOf(_texts[at - 1], _texts[at], text) ?? 0.5;
        return from + (part * (to - from));
    }

    // The first that is not before a text.
    private int PlaceOf(string text)
    {
        int at = Array.BinarySearch(_texts, text, StringComparer.Ordinal);
        return at < 0 ? ~at : at;
    }
}
