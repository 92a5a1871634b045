using System.Text;
using CdrEngine.Host.Hocon;

namespace CdrEngine.Host.Configuration;

/// <summary>Settings as one text for each key, to tell whether they are what they were.</summary>
internal static class SettingsText
{
    /// <summary>Keys with dots, without the root's name, and what stands there once all files, flags and variables are laid over each other.</summary>
    public static IReadOnlyDictionary<string, string> Of(HoconValue tree)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        if (tree.At(SettingsBinder.RootKey) is { } root) Add(texts, root, "");
        return texts;
    }

    private static void Add(Dictionary<string, string> texts, HoconValue section, string prefix)
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

                // In a loop: a query over pairs with values of ours is code that nobody compiles ahead (docs/decisions/0038).
                var keys = new List<string>(value.Members.Count);
                foreach ((string key, _) in value.Members) keys.Add(key);
                keys.Sort(StringComparer.Ordinal);
                foreach (string key in keys) text.Append(key.Length).Append(':').Append(key).Append(Flat(value.Members[key].Value));
                return text.Append('}').ToString();
            default:
                return value.Text;
        }
    }
}
