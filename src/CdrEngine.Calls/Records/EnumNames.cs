using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>The names of an enumeration's values as they stand in JSON, SQL, REST and the terminal: snake case.</summary>
/// <typeparam name="TEnum">An enumeration with values that fit an int; for a flags enumeration each single bit has a name.</typeparam>
public static class EnumNames<TEnum>
    where TEnum : struct, Enum
{
    private static readonly TEnum[] Values = Enum.GetValues<TEnum>();
    private static readonly string[] Names = EnumFields.NamesOf(typeof(TEnum));

    private static readonly (TEnum Value, string Name)[] Pairs = Paired();

    /// <summary>All values in order, with their names.</summary>
    public static IReadOnlyList<(TEnum Value, string Name)> All => Pairs;

    /// <summary>The same to be walked without an enumerator, as for each record that is written.</summary>
    internal static ReadOnlySpan<(TEnum Value, string Name)> Each => Pairs;

    /// <summary>The name of a value; its number where it has none.</summary>
    public static string Of(TEnum value)
    {
        int index = Array.IndexOf(Values, value);
        return index >= 0 ? Names[index] : value.ToString("D");
    }

    /// <summary>The value with this name; false where there is none. Case matters.</summary>
    public static bool TryParse(string? name, out TEnum value)
    {
        int index = Array.IndexOf(Names, name);
        value = index >= 0 ? Values[index] : default;
        return index >= 0;
    }

    private static (TEnum, string)[] Paired()
    {
        var pairs = new (TEnum, string)[Values.Length];
        for (int i = 0; i < pairs.Length; i++) pairs[i] = (Values[i], Names[i]);
        return pairs;
    }
}

/// <summary>The part of <see cref="EnumNames{TEnum}"/> that is the same for all of them, and so compiled once.</summary>
internal static class EnumFields
{
    /// <summary>Names in snake case, in the order of <see cref="Enum.GetValues{TEnum}"/>.</summary>
    public static string[] NamesOf(Type type)
    {
        string[] names = Enum.GetNames(type);
        for (int i = 0; i < names.Length; i++) names[i] = SnakeCaseName.Of(names[i]);
        return names;
    }
}
