using System.Globalization;
using CdrEngine.Calls.Directory;
using CdrEngine.Core;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Directories;

/// <summary>One object of the directory file, or one line of a table beside it: its keys read one by one, each mistake noted, none thrown.</summary>
internal sealed class DirectoryRow
{
    private readonly Dictionary<string, Cell> _cells = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly List<DirectoryProblem> _problems;
    private readonly string _what;

    private DirectoryRow(string what, string where, List<DirectoryProblem> problems)
    {
        _what = what;
        Where = where;
        _problems = problems;
    }

    /// <summary>Where it is written.</summary>
    public string Where { get; }

    /// <summary>An object.</summary>
    public static DirectoryRow Of(HoconValue value, string what, HoconPosition at, List<DirectoryProblem> problems)
    {
        var row = new DirectoryRow(what, at.ToString(), problems);
        if (value.Kind == HoconKind.Object)
        {
            foreach ((string key, HoconMember member) in value.Members) row._cells[key] = new Cell(member.KeyPosition.ToString(), member.Value.Position.ToString(), null, member.Value);
        }
        else
        {
            problems.Add(new DirectoryProblem(value.Position.ToString(), $"{what} is an object; write {{ … }}"));
        }

        return row;
    }

    /// <summary>A line of a table, by the names of its columns; empty fields are as good as absent.</summary>
    public static DirectoryRow Of(IReadOnlyList<string> header, IReadOnlyList<string> fields, string what, string where, List<DirectoryProblem> problems)
    {
        var row = new DirectoryRow(what, where, problems);
        for (int i = 0; i < header.Count && i < fields.Count; i++)
        {
            string text = fields[i].Trim();
            if (text.Length > 0) row._cells[header[i]] = new Cell(where, where, text, null);
        }

        if (fields.Count > header.Count) problems.Add(new DirectoryProblem(where, $"{fields.Count} fields are more than the {header.Count} columns of the header"));
        return row;
    }

    /// <summary>Whether the key is there.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>A text; null where it is left out.</summary>
    public string? Text(string key) => Place(key)?.Text;

    /// <summary>A text with its place; null where it is left out or is no text.</summary>
    public Placed? Place(string key)
    {
        if (Find(key) is not { } cell) return null;
        if (Scalar(cell) is { } text) return new Placed(cell.Where, text);
        Say(cell.Where, $"'{key}' of {_what} takes one value");
        return null;
    }

    /// <summary>A text that has to be there.</summary>
    public Placed Required(string key)
    {
        if (Place(key) is { Text.Length: > 0 } text) return text;
        if (Find(key) is { } cell) Say(cell.Where, $"'{key}' of {_what} is empty");
        else Say(Where, $"{_what} needs '{key}'");
        return new Placed(Where, "");
    }

    /// <summary>Texts: a list, or one alone; in a table several with semicolons between.</summary>
    public IReadOnlyList<Placed> List(string key)
    {
        if (Find(key) is not { } cell) return [];
        if (cell.Text is { } text) return [.. text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(item => new Placed(cell.Where, item))];
        if (cell.Value!.Kind == HoconKind.Text) return [new Placed(cell.Where, cell.Value.Text)];
        if (cell.Value.Kind != HoconKind.List)
        {
            Say(cell.Where, $"'{key}' of {_what} takes a list");
            return [];
        }

        var items = new List<Placed>();
        foreach (HoconValue item in cell.Value.Items)
        {
            if (item.Kind == HoconKind.Text) items.Add(new Placed(item.Position.ToString(), item.Text));
            else Say(item.Position.ToString(), $"'{key}' of {_what} is a list of texts");
        }

        return items;
    }

    /// <summary>Texts of which each has to look a certain way.</summary>
    public IReadOnlyList<Placed> List(string key, Func<string, bool> fits, string what)
    {
        IReadOnlyList<Placed> items = List(key);
        foreach (Placed item in items)
        {
            if (!fits(item.Text)) Say(item.Where, $"'{item.Text}' is no {what}");
        }

        return [.. items.Where(item => fits(item.Text))];
    }

    /// <summary>A whole number.</summary>
    public long Integer(string key, long least, long most, long preset)
    {
        if (Place(key) is not { } text) return preset;
        if (!long.TryParse(text.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)) Say(text.Where, $"'{key}' of {_what}: '{text.Text}' is no whole number");
        else if (number < least || number > most) Say(text.Where, $"'{key}' of {_what}: {number} is outside {least} to {most}");
        else return number;
        return preset;
    }

    /// <summary>An amount of money, 0 or more, exact.</summary>
    public decimal Money(string key, bool isRequired = false)
    {
        if (isRequired && !Has(key)) Say(Where, $"{_what} needs '{key}'");
        if (Place(key) is not { } text) return 0;
        if (!decimal.TryParse(text.Text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out decimal amount))
            Say(text.Where, $"'{key}' of {_what}: '{text.Text}' is no decimal number such as 0.0125");
        else if (amount is < 0 or > 1_000_000)
            Say(text.Where, $"'{key}' of {_what}: {text.Text} is outside 0 to 1000000");
        else if (amount.Scale > 10)
            Say(text.Where, $"'{key}' of {_what}: {text.Text} has more than 10 decimals");
        else
            return amount;
        return 0;
    }

    /// <summary>One of the names of an enumeration; null where it is left out.</summary>
    public T? Choice<T>(string key)
        where T : struct, Enum
    {
        if (Place(key) is not { } text) return null;
        string[] names = Array.ConvertAll(Enum.GetNames<T>(), static name => SnakeCaseName.Of(name).Replace('_', '-'));
        int index = Array.IndexOf(names, text.Text.Replace('_', '-'));
        if (index >= 0) return Enum.GetValues<T>()[index];
        Say(text.Where, $"'{key}' of {_what}: '{text.Text}' is none of {string.Join(", ", names)}{EditDistance.DidYouMean(text.Text, names)}");
        return null;
    }

    /// <summary>The members of an object that holds named objects, each as a row.</summary>
    public IEnumerable<(string Name, DirectoryRow Row)> Named(string key, string what)
    {
        if (Find(key) is not { Value: { } value } cell) yield break;
        if (value.Kind != HoconKind.Object)
        {
            Say(cell.Where, $"'{key}' holds named objects; write {key} {{ NAME {{ … }} }}");
            yield break;
        }

        foreach ((string name, HoconMember member) in value.Members)
        {
            DirectoryRow row = Of(member.Value, $"{what} '{name}'", member.KeyPosition, _problems);
            if (member.Value.Kind == HoconKind.Object) yield return (name, row);
        }
    }

    /// <summary>The items of a list of objects, each as a row.</summary>
    public IEnumerable<DirectoryRow> Objects(string key, string what)
    {
        if (Find(key) is not { Value: { } value } cell) yield break;
        if (value.Kind != HoconKind.List)
        {
            Say(cell.Where, $"'{key}' is a list; write {key} = [ {{ … }} ]");
            yield break;
        }

        foreach (HoconValue item in value.Items)
        {
            DirectoryRow row = Of(item, what, item.Position, _problems);
            if (item.Kind == HoconKind.Object) yield return row;
        }
    }

    /// <summary>Notes each key that nobody asked for, with the nearest one that there is.</summary>
    public void RefuseOthers()
    {
        foreach ((string key, Cell cell) in _cells)
        {
            if (!_known.Contains(key)) Say(cell.KeyWhere, $"{_what} has no key '{key}'{EditDistance.DidYouMean(key, _known)}");
        }
    }

    public void Say(string where, string text) => _problems.Add(new DirectoryProblem(where, text));

    private static string? Scalar(Cell cell) => cell.Text ?? (cell.Value is { Kind: HoconKind.Text } value ? value.Text : null);

    private Cell? Find(string key)
    {
        _known.Add(key);
        if (!_cells.TryGetValue(key, out Cell? cell)) return null;

        // null takes a key away, as everywhere in HOCON.
        return cell.Value is { Kind: HoconKind.Null } ? null : cell;
    }

    private sealed record Cell(string KeyWhere, string Where, string? Text, HoconValue? Value);
}
