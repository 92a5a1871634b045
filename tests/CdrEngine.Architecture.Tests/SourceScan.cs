using System.Text;
using CdrEngine.TestKit;

namespace CdrEngine.Architecture.Tests;

/// <summary>C# files of the checkout, and what of them is code.</summary>
internal static class SourceScan
{
    /// <summary>Every C# file below a folder of the checkout, build output aside; paths relative to the root.</summary>
    public static IEnumerable<string> Files(string folder) => Directory.Exists(Checkout.Path(folder))
        ? Directory.EnumerateFiles(Checkout.Path(folder), "*.cs", SearchOption.AllDirectories)
            .Select(static path => Path.GetRelativePath(Checkout.Root, path))
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
        : [];

    /// <summary>The text without comments and without the insides of strings; lines stay where they are. What stands in the holes of an
    /// interpolated string goes with it, which no rule here minds.</summary>
    public static string Code(string text)
    {
        var code = new StringBuilder(text.Length);
        int i = 0;
        while (i < text.Length)
        {
            int end = text[i] switch
            {
                '/' when At(text, i, "//") => LineEnd(text, i),
                '/' when At(text, i, "/*") => After(text, i + 2, "*/"),
                '"' when At(text, i, "\"\"\"") => AfterRaw(text, i),
                '"' => AfterString(text, i, isVerbatim: (i > 0 && text[i - 1] == '@') || (i > 1 && text[i - 1] == '$' && text[i - 2] == '@')),
                '\'' => AfterCharacter(text, i),
                _ => i,
            };
            if (end == i)
            {
                code.Append(text[i++]);
                continue;
            }

            foreach (char c in text.AsSpan(i, end - i)) code.Append(c == '\n' ? '\n' : ' ');
            i = end;
        }

        return code.ToString();
    }

    private static bool At(string text, int index, string what) => string.CompareOrdinal(text, index, what, 0, what.Length) == 0;

    private static int LineEnd(string text, int from) => text.IndexOf('\n', from) is var end and >= 0 ? end : text.Length;

    private static int After(string text, int from, string what) => text.IndexOf(what, from, StringComparison.Ordinal) is var end and >= 0 ? end + what.Length : text.Length;

    private static int AfterRaw(string text, int from)
    {
        int quotes = 0;
        while (from + quotes < text.Length && text[from + quotes] == '"') quotes++;
        return After(text, from + quotes, new string('"', quotes));
    }

    private static int AfterString(string text, int from, bool isVerbatim)
    {
        for (int i = from + 1; i < text.Length; i++)
        {
            if (text[i] == '\\' && !isVerbatim) i++;
            else if (text[i] == '"' && isVerbatim && At(text, i, "\"\"")) i++;
            else if (text[i] == '"') return i + 1;
        }

        return text.Length;
    }

    private static int AfterCharacter(string text, int from)
    {
        for (int i = from + 1; i < text.Length && text[i] != '\n'; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '\'') return i + 1;
        }

        return from + 1;
    }
}
