using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Texts;

/// <summary>How the calls of groups of days are spread over the texts of a field: some texts of each group, put together. Immutable.</summary>
internal sealed class TextSpread : ITextSpread
{
    private readonly string[] _texts;
    private readonly double[] _below;
    private readonly double _all;

    private TextSpread(string[] texts, double[] below, double all) => (_texts, _below, _all) = (texts, below, all);

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
        for (int group = 0; group < groups.Count; group++)
        {
            (IReadOnlyList<TextStep> its, int[] calls) = groups[group];
            places[group][its.Count] = texts.Count;
            if (its.Count > 0) begun[places[group][0]] += calls[0];
            for (int step = 0; step < its.Count; step++)
            {
                int from = places[group][step];
                int to = step + 1 < its.Count && its[step + 1].Rank == its[step].Rank + 1 ? from + 1 : places[group][step + 1];
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

        return new TextSpread([.. texts], below, groups.Sum(static group => group.Below[^1]));
    }

    /// <inheritdoc />
    public string? Between(string low, string? high, double part)
    {
        int first = PlaceOf(low), end = high is null ? _texts.Length : PlaceOf(high);
        if (first >= end) return null;

        // A text in lower case may stand elsewhere than the calls that have it.
        double from = first > 0 && _texts[first] != low ? (_below[first - 1] + _below[first]) / 2 : _below[first], to = end < _texts.Length ? _below[end] : _all;

        // Where nothing else is known, each text has as many.
        if (to <= from) return _texts[Math.Min(end - 1, first + (int)(Math.Clamp(part, 0, 1) * (end - first)))];
        double place = from + (Math.Clamp(part, 0, 1) * (to - from));
        int begin = first, behind = end;
        while (begin < behind)
        {
            int middle = (begin + behind) / 2;
            if (_below[middle] <= place) begin = middle + 1;
            else behind = middle;
        }

        return _texts[Math.Max(first, begin - 1)];
    }

    // The first that is not before a text.
    private int PlaceOf(string text)
    {
        int at = Array.BinarySearch(_texts, text, StringComparer.Ordinal);
        return at < 0 ? ~at : at;
    }
}
