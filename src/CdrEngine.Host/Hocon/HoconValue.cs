namespace CdrEngine.Host.Hocon;

/// <summary>What a resolved value is.</summary>
public enum HoconKind
{
    /// <summary><c>null</c>.</summary>
    Null,

    /// <summary>A text, number or boolean.</summary>
    Text,

    /// <summary>A list.</summary>
    List,

    /// <summary>An object.</summary>
    Object,
}

/// <summary>A value of a configuration after substitution, with the place it was written at.</summary>
public sealed class HoconValue
{
    private HoconValue(HoconKind kind, HoconPosition position, string text, bool isQuoted)
    {
        Kind = kind;
        Position = position;
        Text = text;
        IsQuoted = isQuoted;
    }

    /// <summary>Which of the other members holds something.</summary>
    public HoconKind Kind { get; }

    /// <summary>Where the value was written.</summary>
    public HoconPosition Position { get; }

    /// <summary>The text of a <see cref="HoconKind.Text"/>; empty otherwise.</summary>
    public string Text { get; }

    /// <summary>True for a text that was written in quotes or came from the environment.</summary>
    public bool IsQuoted { get; }

    /// <summary>The items of a <see cref="HoconKind.List"/>.</summary>
    public List<HoconValue> Items { get; } = [];

    /// <summary>The members of a <see cref="HoconKind.Object"/>, in the order their keys first appeared.</summary>
    public OrderedDictionary<string, HoconMember> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>The value at a path of keys; null where there is none.</summary>
    public HoconValue? At(params ReadOnlySpan<string> path)
    {
        HoconValue value = this;
        foreach (string key in path)
        {
            if (value.Kind != HoconKind.Object || !value.Members.TryGetValue(key, out HoconMember member)) return null;
            value = member.Value;
        }

        return value;
    }

    internal static HoconValue OfText(HoconPosition position, string text, bool isQuoted) =>
        !isQuoted && text == "null"
            ? new HoconValue(HoconKind.Null, position, "", isQuoted: false)
            : new HoconValue(HoconKind.Text, position, text, isQuoted);

    internal static HoconValue OfList(HoconPosition position) => new(HoconKind.List, position, "", isQuoted: false);

    internal static HoconValue OfObject(HoconPosition position) => new(HoconKind.Object, position, "", isQuoted: false);
}

/// <summary>A key of an object and its value.</summary>
/// <param name="KeyPosition">Where the key was written last.</param>
/// <param name="Value">The value.</param>
public readonly record struct HoconMember(HoconPosition KeyPosition, HoconValue Value);
