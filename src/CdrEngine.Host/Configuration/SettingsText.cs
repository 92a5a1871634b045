using System.Text;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Configuration;

/// <summary>Settings as one text for each key, to tell whether they are what they were.</summary>
internal static class SettingsText
{
    /// <summary>Keys with dots, without the root's name, and what stands there once all files, flags and variables are laid over each other.</summary>
    public static IReadOnlyDictionary<string, string> Of(HoconValue tree)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (tree.At(SettingsBinder.RootKey) is { } root) Add(texts, root, "");
        return texts;
    }

    private static void Add(SortedDictionary<string, string> texts, HoconValue section, string prefix)
    {
        foreach ((string key, HoconMember member) in section.Members)
        {
            if (member.Value.Kind == HoconKind.Object && member.Value.Members.Count > 0) Add(texts, member.Value, $"{prefix}{key}.");
            else texts[prefix + key] = Flat(member.Value);
        }
    }

    // Lengths before texts: no two values have the same.
    private static string Flat(HoconValue value)
    {
        switch (value.Kind)
        {
            case HoconKind.List:
                return $"[{string.Concat(value.Items.Select(static item => Flat(item) is var text ? $"{text.Length}:{text}" : ""))}]";
            case HoconKind.Object:
                var text = new StringBuilder("{");
                foreach ((string key, HoconMember member) in value.Members.OrderBy(static pair => pair.Key, StringComparer.Ordinal)) text.Append(key.Length).Append(':').Append(key).Append(Flat(member.Value));
                return text.Append('}').ToString();
            default:
                return value.Text;
        }
    }
}
