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
        var below = new List<double>(steps.Count);
        double[] at = new double[groups.Count];
        double sum = 0;
        for (int i = 0; i < steps.Count;)
        {
            string text = steps[i].Text;
            int next = i;
            for (; next < steps.Count && steps[next].Text == text; next++) Move(steps[next].Group, groups[steps[next].Group].Below[steps[next].Step]);
            texts.Add(text);
            below.Add(sum);

            // A group that has no text here has half of what lies between two of its own before it, as a rule.
            for (; i < next; i++) Move(steps[i].Group, (groups[steps[i].Group].Below[steps[i].Step] + groups[steps[i].Group].Below[steps[i].Step + 1]) / 2.0);
        }

        return new TextSpread([.. texts], [.. below], groups.Sum(static group => group.Below[^1]));

        void Move(int group, double to)
        {
            sum += to - at[group];
            at[group] = to;
        }
    }

    /// <inheritdoc />
    public string? Between(string low, string? high, double part)
    {
        int first = PlaceOf(low), end = high is null ? _texts.Length : PlaceOf(high);
        if (first >= end) return null;

        // A text in lower case may stand elsewhere than the calls that have it.
        double from = first > 0 && _texts[first] != low ? (_below[first - 1] + _below[first]) / 2 : _below[first], to = end < _texts.Length ? _below[end] : _all;
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
