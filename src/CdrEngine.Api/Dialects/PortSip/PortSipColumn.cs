using CdrEngine.Api.Dialects.Common;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>The values that sessions of a day have of one field, in order, those of none last: what lies between two values stands together, and no session need be looked at to find it. Immutable.</summary>
internal sealed class PortSipColumn
{
    private const long None = long.MaxValue;

    private readonly int[] _places;
    private readonly string?[]? _texts;
    private readonly long[]? _numbers;

    // From here on there are no values.
    private readonly int _none;

    private PortSipColumn(int[] places, string?[]? texts, long[]? numbers)
    {
        _places = places;
        _texts = texts;
        _numbers = numbers;
        _none = First(i => texts is null ? numbers![i] == None : texts[i] is null);
    }

    /// <summary>Where the sessions stand in their day; those of one value in order of their starts.</summary>
    public ReadOnlySpan<int> Places => _places;

    /// <summary>The values of some sessions.</summary>
    /// <param name="rows">They, in order of their starts.</param>
    /// <param name="field">The field.</param>
    public static PortSipColumn Of(PortSipSessionRow[] rows, string field)
    {
        int[] places = [.. Enumerable.Range(0, rows.Length)];
        if (PortSipSessionRow.Text(field) is { } text)
        {
            string?[] texts = Array.ConvertAll(rows, row => text(row));
            Array.Sort(places, (one, other) => PortSipJudge.Compare(texts[one], texts[other]) is var by && by != 0 ? by : one.CompareTo(other));
            return new PortSipColumn(places, Array.ConvertAll(places, place => texts[place]), null);
        }

        Func<PortSipSessionRow, long?> number = PortSipSessionRow.Time(field) is { } time ? row => time(row)?.Microseconds : PortSipSessionRow.Whole(field) ?? (static row => row.Number);
        long[] numbers = Array.ConvertAll(rows, row => number(row) ?? None);
        Array.Sort(places, (one, other) => numbers[one].CompareTo(numbers[other]) is var by && by != 0 ? by : one.CompareTo(other));
        return new PortSipColumn(places, null, Array.ConvertAll(places, place => numbers[place]));
    }

    /// <summary>Those of some of the sessions.</summary>
    /// <param name="met">Which, by their places.</param>
    public PortSipColumn Where(bool[] met)
    {
        int count = met.AsSpan().Count(true);
        if (count == _places.Length) return this;
        int[] places = new int[count];
        string?[]? texts = _texts is null ? null : new string?[count];
        long[]? numbers = _numbers is null ? null : new long[count];
        for (int i = 0, next = 0; next < count; i++)
        {
            if (!met[_places[i]]) continue;
            places[next] = _places[i];
            if (texts is not null) texts[next] = _texts![i];
            if (numbers is not null) numbers[next] = _numbers![i];
            next++;
        }

        return new PortSipColumn(places, texts, numbers);
    }

    /// <summary>Whether a comparison can be answered: all but that with an id that is none.</summary>
    public static bool Answers(PortSipComparison comparison) => comparison.Field is not ("id" or "session_id") || (comparison.Text is { } text && NumberText.TryRead(text, out _));

    /// <summary>From where on, and up to where, values stand that meet a comparison that is neither <c>ne</c> with a value nor <c>contains</c>.</summary>
    public (int From, int To) Slice(PortSipComparison comparison)
    {
        if (comparison.Text is null) return comparison.Operator == PortSipOperator.Equal ? (_none, _places.Length) : (0, _none);
        Func<int, int> order = OrderOf(comparison);
        int least = First(i => i >= _none || order(i) >= 0), behind = First(i => i >= _none || order(i) > 0);
        return comparison.Operator switch
        {
            PortSipOperator.Equal => (least, behind),
            PortSipOperator.Greater => (behind, _none),
            PortSipOperator.GreaterOrEqual => (least, _none),
            PortSipOperator.Less => (0, least),
            PortSipOperator.LessOrEqual => (0, behind),
            _ => throw new InvalidOperationException($"{comparison.Operator} is no range."),
        };
    }

    /// <summary>Marks the sessions that a comparison is met by.</summary>
    /// <param name="comparison">Any but <c>ne</c> with a value.</param>
    /// <param name="met">What is marked, by places.</param>
    public void Mark(PortSipComparison comparison, bool[] met)
    {
        if (comparison.Operator != PortSipOperator.Contains)
        {
            (int from, int to) = Slice(comparison);
            for (int i = from; i < to; i++) met[_places[i]] = true;
            return;
        }

        // The same text stands together.
        string? last = null;
        bool has = false;
        for (int i = 0; i < _none; i++)
        {
            string text = _texts![i]!;
            if (!ReferenceEquals(text, last)) (last, has) = (text, PortSipJudge.Has(text, comparison.Text!));
            met[_places[i]] |= has;
        }
    }

    /// <summary>Adds one at each of the values, of a field of whole numbers; what lies outside is left out.</summary>
    public void AddTo(long[] counts)
    {
        foreach (long number in _numbers.AsSpan(0, _none))
        {
            if ((ulong)number < (ulong)counts.Length) counts[number]++;
        }
    }

    // How a value stands beside the one that it is held against.
    private Func<int, int> OrderOf(PortSipComparison comparison)
    {
        if (_texts is { } texts) return i => string.CompareOrdinal(texts[i], comparison.Text);
        long[] numbers = _numbers!;
        if (PortSipSessionRow.Time(comparison.Field) is not null) return i => numbers[i].CompareTo(comparison.Time.Microseconds);
        if (comparison.Field is "id" or "session_id") return NumberText.TryRead(comparison.Text!, out long number) ? i => numbers[i].CompareTo(number) : throw new InvalidOperationException($"{comparison.Text} is no id.");

        // A number between two whole ones is more than the one and less than the other.
        long floor = (long)decimal.Floor(comparison.Number);
        int equal = floor == comparison.Number ? 0 : -1;
        return i => numbers[i] != floor ? numbers[i].CompareTo(floor) : equal;
    }

    private int First(Func<int, bool> isBehind) => Bisection.First(_places.Length, isBehind);
}
