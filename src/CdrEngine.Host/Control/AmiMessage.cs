namespace CdrEngine.Host.Control;

/// <summary>A message of Asterisk's manager interface: lines of name, colon and value, ended by an empty one.</summary>
internal sealed class AmiMessage
{
    /// <summary>Lines of a message; further ones are left out.</summary>
    public const int MostLines = 256;

    private readonly Dictionary<string, string> _fields = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>A value; null where the message has none of this name. Of several alike the first.</summary>
    public string? this[string name] => _fields.GetValueOrDefault(name);

    /// <summary>Whether it is an answer that says that it was done.</summary>
    public bool IsSuccess => this["Response"] == "Success";

    /// <summary>Takes a line in; what is no name and value is left out.</summary>
    public void Add(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon > 0 && _fields.Count < MostLines) _fields.TryAdd(line[..colon], line[(colon + 1)..].Trim());
    }

    /// <summary>An action as it is sent.</summary>
    /// <exception cref="ArgumentException">A name or a value would end its line: it would be taken for more than it is.</exception>
    public static string Write(IEnumerable<(string Name, string Value)> fields)
    {
        var text = new System.Text.StringBuilder();
        foreach ((string name, string value) in fields)
        {
            if (name.Any(char.IsControl) || value.Any(char.IsControl)) throw new ArgumentException($"the field {name} of an action has control characters", nameof(fields));
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        return text.Append("\r\n").ToString();
    }
}
