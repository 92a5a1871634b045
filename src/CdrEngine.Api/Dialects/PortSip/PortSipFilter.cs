using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What kind of values a field has.</summary>
internal enum PortSipKind
{
    /// <summary>Any text, compared character by character.</summary>
    Text,

    /// <summary>One of some words; equal or not.</summary>
    Word,

    /// <summary>An instant, whole seconds.</summary>
    Time,

    /// <summary>A number.</summary>
    Number,
}

/// <summary>A field that can be filtered and ordered by.</summary>
/// <param name="Name">Name, as in the items.</param>
/// <param name="Kind">Kind of its values.</param>
/// <param name="Value">Its value in an item: a text (also of times, as they are shown) or a decimal; null where it has none.</param>
internal sealed record PortSipField<T>(string Name, PortSipKind Kind, Func<T, object?> Value)
{
    /// <summary>The words there are.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Another way to write the value, which equals it as well; null for none.</summary>
    public Func<T, string?>? Also { get; init; }

    /// <summary>What items are ordered by where that is not the value, as of ids, which are texts of numbers; null where it is.</summary>
    public Func<T, object?>? Order { get; init; }

    /// <summary>What a text that items are held against stands for in that order; null for a text of nothing.</summary>
    public Func<string, object?>? Place { get; init; }
}

/// <summary>A comparison.</summary>
internal enum PortSipOperator
{
    /// <summary>eq</summary>
    Equal,

    /// <summary>ne</summary>
    NotEqual,

    /// <summary>gt</summary>
    Greater,

    /// <summary>ge</summary>
    GreaterOrEqual,

    /// <summary>lt</summary>
    Less,

    /// <summary>le</summary>
    LessOrEqual,

    /// <summary>contains(field, text)</summary>
    Contains,
}

/// <summary>A condition.</summary>
internal abstract record PortSipCondition;

/// <summary>Both, or either.</summary>
internal sealed record PortSipJunction(bool IsOr, PortSipCondition Left, PortSipCondition Right) : PortSipCondition;

/// <summary>A field compared with a value.</summary>
/// <param name="Field">Name of the field.</param>
/// <param name="Operator">How.</param>
/// <param name="Text">The value as it was written; null for <c>null</c>.</param>
/// <param name="Time">The value of a time.</param>
/// <param name="Number">The value of a number.</param>
internal sealed record PortSipComparison(string Field, PortSipOperator Operator, string? Text, Timestamp Time, decimal Number) : PortSipCondition;

/// <summary>What is wrong with a filter.</summary>
/// <param name="Position">Character it was noticed at, from 1.</param>
/// <param name="Problem">What.</param>
internal sealed record PortSipFilterFault(int Position, string Problem);

/// <summary>Reads the part of OData's filter language that is spoken here: <c>eq ne gt ge lt le</c>, <c>and</c>, <c>or</c>, parentheses and <c>contains</c>.</summary>
/// <remarks>Texts stand in single quotes, a quote within doubled; values without blanks, commas and parentheses may do without. <c>and</c> binds closer than <c>or</c>.</remarks>
internal ref struct PortSipFilterParser<T>
{
    /// <summary>Longest filter, characters.</summary>
    public const int MaxLength = 2048;

    /// <summary>Comparisons in a filter.</summary>
    public const int MaxComparisons = 50;

    /// <summary>Parentheses within parentheses.</summary>
    public const int MaxDepth = 20;

    private readonly string _text;
    private readonly IReadOnlyList<PortSipField<T>> _fields;
    private int _at;
    private int _depth;
    private int _comparisons;
    private PortSipFilterFault? _fault;

    private PortSipFilterParser(string text, IReadOnlyList<PortSipField<T>> fields)
    {
        _text = text;
        _fields = fields;
    }

    /// <summary>The condition, or what is wrong.</summary>
    public static PortSipCondition? Parse(string text, IReadOnlyList<PortSipField<T>> fields, out PortSipFilterFault? fault)
    {
        var parser = new PortSipFilterParser<T>(text, fields);
        PortSipCondition? condition = parser.Or();
        parser.Blanks();
        if (condition is not null && parser._at < text.Length) condition = parser.Fail("the end, 'and' or 'or' is expected");
        fault = parser._fault;
        return condition;
    }

    private PortSipCondition? Or()
    {
        PortSipCondition? left = And();
        while (left is not null && Keyword("or"))
        {
            PortSipCondition? right = And();
            left = right is null ? null : new PortSipJunction(true, left, right);
        }

        return left;
    }

    private PortSipCondition? And()
    {
        PortSipCondition? left = Term();
        while (left is not null && Keyword("and"))
        {
            PortSipCondition? right = Term();
            left = right is null ? null : new PortSipJunction(false, left, right);
        }

        return left;
    }

    private PortSipCondition? Term()
    {
        Blanks();
        if (_at < _text.Length && _text[_at] == '(')
        {
            if (++_depth > MaxDepth) return Fail($"more than {MaxDepth} parentheses within each other");
            _at++;
            PortSipCondition? inner = Or();
            if (inner is null) return null;
            if (!Take(')')) return Fail("')' is expected");
            _depth--;
            return inner;
        }

        if (++_comparisons > MaxComparisons) return Fail($"more than {MaxComparisons} comparisons");
        int start = _at;
        string name = Name();
        if (name.Length == 0) return Fail("a field is expected");
        if (name == "contains") return Contains();
        if (Field(name, start) is not { } field) return null;
        Blanks();
        int at = _at;
        PortSipOperator? comparison = Name() switch
        {
            "eq" => PortSipOperator.Equal,
            "ne" => PortSipOperator.NotEqual,
            "gt" => PortSipOperator.Greater,
            "ge" => PortSipOperator.GreaterOrEqual,
            "lt" => PortSipOperator.Less,
            "le" => PortSipOperator.LessOrEqual,
            _ => null,
        };
        if (comparison is not { } found) return Fail("one of eq, ne, gt, ge, lt, le is expected", at);
        if (field.Kind == PortSipKind.Word && found > PortSipOperator.NotEqual) return Fail($"{field.Name} has no order: eq or ne is expected", at);
        Blanks();
        return Value(field, found);
    }

    private PortSipCondition? Contains()
    {
        if (!Take('(')) return Fail("'(' is expected");
        Blanks();
        int start = _at;
        if (Field(Name(), start) is not { } field) return null;
        if (field.Kind is not (PortSipKind.Text or PortSipKind.Word)) return Fail($"{field.Name} is no text", start);
        if (!Take(',')) return Fail("',' is expected");
        Blanks();
        int at = _at;
        if (Literal(out bool quoted) is not { } text) return _fault is null ? Fail("a text is expected", at) : null;
        if (text.Length == 0 || (!quoted && text == "null")) return Fail("a text is expected", at);
        return Take(')') ? new PortSipComparison(field.Name, PortSipOperator.Contains, text, default, 0) : Fail("')' is expected");
    }

    private PortSipCondition? Value(PortSipField<T> field, PortSipOperator comparison)
    {
        int at = _at;
        if (Literal(out bool quoted) is not { } text) return _fault is null ? Fail("a value is expected", at) : null;
        if (!quoted && text == "null")
        {
            return comparison > PortSipOperator.NotEqual ? Fail("null has no order", at) : new PortSipComparison(field.Name, comparison, null, default, 0);
        }

        switch (field.Kind)
        {
            case PortSipKind.Time:
                return PortSipMapping.ReadTime(text) is { } time ? new PortSipComparison(field.Name, comparison, text, time, 0) : Fail("a time such as 2017-07-21T17:32:28Z is expected", at);
            case PortSipKind.Number:
                return decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number) && Math.Abs(number) <= 1_000_000_000_000
                    ? new PortSipComparison(field.Name, comparison, text, default, number)
                    : Fail("a number is expected", at);
            case PortSipKind.Word when !field.Words.Contains(text, StringComparer.Ordinal):
                return Fail($"one of {string.Join(", ", field.Words)} is expected", at);
            case PortSipKind.Text when field.Place is { } place && comparison > PortSipOperator.NotEqual && place(text) is null:
                return Fail("an id is expected", at);
            default:
                return new PortSipComparison(field.Name, comparison, text, default, 0);
        }
    }

    private PortSipField<T>? Field(string name, int at)
    {
        foreach (PortSipField<T> field in _fields)
        {
            if (field.Name == name) return field;
        }

        Fail("there is no such field", at);
        return null;
    }

    private string? Literal(out bool quoted)
    {
        quoted = _at < _text.Length && _text[_at] == '\'';
        int start = _at;
        if (!quoted)
        {
            while (_at < _text.Length && _text[_at] is not (' ' or '(' or ')' or ',' or '\'')) _at++;
            return _at > start ? _text[start.._at] : null;
        }

        var text = new System.Text.StringBuilder();
        for (_at++; _at < _text.Length; _at++)
        {
            if (_text[_at] != '\'')
            {
                text.Append(_text[_at]);
            }
            else if (_at + 1 < _text.Length && _text[_at + 1] == '\'')
            {
                text.Append('\'');
                _at++;
            }
            else
            {
                _at++;
                return text.ToString();
            }
        }

        Fail("the text has no end", start);
        return null;
    }

    private string Name()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterLower(_text[_at]) || _text[_at] == '_')) _at++;
        return _text[start.._at];
    }

    private bool Keyword(string word)
    {
        Blanks();
        if (!_text.AsSpan(_at).StartsWith(word)) return false;
        int end = _at + word.Length;
        if (end < _text.Length && _text[end] is not (' ' or '(')) return false;
        _at = end;
        return true;
    }

    private bool Take(char c)
    {
        Blanks();
        if (_at >= _text.Length || _text[_at] != c) return false;
        _at++;
        return true;
    }

    private void Blanks()
    {
        while (_at < _text.Length && _text[_at] == ' ') _at++;
    }

    private PortSipCondition? Fail(string problem, int? at = null)
    {
        _fault ??= new PortSipFilterFault((at ?? _at) + 1, problem);
        return null;
    }
}

/// <summary>Holds items against conditions.</summary>
internal static class PortSipJudge
{
    /// <summary>Whether an item meets a condition. What is null equals null only, and is neither more nor less than anything.</summary>
    public static bool Meets<T>(PortSipCondition condition, T item, IReadOnlyList<PortSipField<T>> fields) => condition switch
    {
        PortSipJunction { IsOr: true } either => Meets(either.Left, item, fields) || Meets(either.Right, item, fields),
        PortSipJunction both => Meets(both.Left, item, fields) && Meets(both.Right, item, fields),
        PortSipComparison comparison => Meets(comparison, item, fields.First(field => field.Name == comparison.Field)),
        _ => false,
    };

    /// <summary>Whether a text meets a comparison with one.</summary>
    public static bool Meets(PortSipComparison comparison, string value)
    {
        if (comparison.Operator == PortSipOperator.Contains) return Has(value, comparison.Text!);
        int order = string.CompareOrdinal(value, comparison.Text);
        return Meets(comparison.Operator, order, order == 0);
    }

    /// <summary>The order of two values of a field; what is null comes last.</summary>
    public static int Compare(object? left, object? right) => (left, right) switch
    {
        (null, null) => 0,
        (null, _) => 1,
        (_, null) => -1,
        (decimal one, decimal other) => one.CompareTo(other),
        _ => string.CompareOrdinal((string)left, (string)right),
    };

    private static bool Meets<T>(PortSipComparison comparison, T item, PortSipField<T> field)
    {
        object? value = field.Value(item);
        if (comparison.Operator == PortSipOperator.Contains)
            return Has(value, comparison.Text!) || Has(field.Also?.Invoke(item), comparison.Text!);
        if (comparison.Text is null) return (value is null) == (comparison.Operator == PortSipOperator.Equal);
        if (value is null) return comparison.Operator == PortSipOperator.NotEqual;
        int order = field.Kind switch
        {
            PortSipKind.Number => ((decimal)value).CompareTo(comparison.Number),
            PortSipKind.Time => (PortSipMapping.ReadTime((string)value) ?? default).CompareTo(comparison.Time),
            _ when comparison.Operator > PortSipOperator.NotEqual && field.Order is { } by && field.Place?.Invoke(comparison.Text) is { } place => Compare(by(item), place),
            _ => string.CompareOrdinal((string)value, comparison.Text),
        };
        return Meets(comparison.Operator, order, order == 0 || (field.Also is not null && field.Also(item) == comparison.Text));
    }

    /// <summary>Whether an order of two values meets a comparison.</summary>
    public static bool Meets(PortSipOperator comparison, int order, bool equal) => comparison switch
    {
        PortSipOperator.Equal => equal,
        PortSipOperator.NotEqual => !equal,
        PortSipOperator.Greater => order > 0,
        PortSipOperator.GreaterOrEqual => order >= 0,
        PortSipOperator.Less => order < 0,
        _ => order <= 0,
    };

    /// <summary>Whether a text is part of a value.</summary>
    public static bool Has(object? value, string text) => value is string from && from.Contains(text, StringComparison.Ordinal);
}
