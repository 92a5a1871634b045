using System.Globalization;
using CdrEngine.Api.Queries;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Reads the parameters that an operation knows, and remembers the first that is wrong. Others are ignored, as the vendors do; an empty one counts
/// as left out.</summary>
internal sealed class QueryReader(IQueryCollection query, int maxLength)
{
    /// <summary>Most values of a list.</summary>
    public const int MostValues = 200;

    /// <summary>The first fault; null while there is none.</summary>
    public ParameterFault? Fault { get; private set; }

    /// <summary>Notes a fault that the caller found; the first stays.</summary>
    public void Refuse(string name, string value, string problem) => Fault ??= new ParameterFault(name, $"{name}: '{QueryCheck.Shown(value)}' {problem}.");

    /// <summary>Notes a fault that was found by another reader; the first stays.</summary>
    public void Refuse(ParameterFault fault) => Fault ??= fault;

    /// <summary>One value; null where it is left out.</summary>
    public string? Text(string name)
    {
        if (!query.TryGetValue(name, out StringValues values)) return null;
        if (values.Count > 1) Fault ??= new ParameterFault(name, $"{name} is given {values.Count} times; it may be given once.");
        return values.Count == 1 && Sound(name, values[0]) ? values[0] : null;
    }

    /// <summary>Several values, repeated or with commas between, also as <c>name[]</c>; empty where left out.</summary>
    public IReadOnlyList<string> Texts(string name)
    {
        var items = new List<string>();
        foreach (string key in (ReadOnlySpan<string>)[name, name + "[]"])
        {
            if (!query.TryGetValue(key, out StringValues values)) continue;
            foreach (string? value in values)
            {
                if (value is { Length: > 0 } && Clean(name, value)) items.AddRange(value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            }
        }

        if (items.Count > MostValues) Fault ??= new ParameterFault(name, $"{name} has {items.Count} values; {MostValues} may be.");
        if (items.Find(item => item.Length > maxLength) is not null) Fault ??= new ParameterFault(name, $"{name} has a value longer than {maxLength} characters.");
        return Fault is null ? items : [];
    }

    /// <summary>A whole number; the default where it is left out or wrong.</summary>
    public long Whole(string name, long fallback, long minimum, long maximum) => WholeOrNull(name, minimum, maximum) ?? fallback;

    /// <summary>A whole number; null where it is left out or wrong.</summary>
    public long? WholeOrNull(string name, long minimum, long maximum)
    {
        if (Text(name) is not { } text) return null;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) && number >= minimum && number <= maximum) return number;
        Refuse(name, text, $"is no whole number from {minimum} to {maximum}");
        return null;
    }

    /// <summary>Whole numbers.</summary>
    public IReadOnlyList<long> Wholes(string name)
    {
        var numbers = new List<long>();
        foreach (string text in Texts(name))
        {
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) numbers.Add(number);
            else Refuse(name, text, "is no whole number");
        }

        return numbers;
    }

    /// <summary>One of some words; null where it is left out or wrong.</summary>
    public string? Word(string name, params ReadOnlySpan<string> words)
    {
        if (Text(name) is not { } text) return null;
        if (words.Contains(text)) return text;
        Refuse(name, text, $"is none of {string.Join(", ", words!)}");
        return null;
    }

    /// <summary>An instant by one of several ways to write it; null where it is left out or wrong.</summary>
    public Timestamp? Time(string name, Func<string, Timestamp?> read, string example)
    {
        if (Text(name) is not { } text) return null;
        Timestamp? at = read(text);
        if (at is null) Refuse(name, text, $"is no time such as {example}");
        return at;
    }

    private bool Sound(string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return false;
        if (value.Length > maxLength) Fault ??= new ParameterFault(name, $"{name} is longer than {maxLength} characters.");
        return Clean(name, value) && value.Length <= maxLength;
    }

    private bool Clean(string name, string value)
    {
        if (!value.Any(char.IsControl)) return true;
        Fault ??= new ParameterFault(name, $"{name} has control characters.");
        return false;
    }
}
