using System.Globalization;
using System.Text;
using CdrEngine.Calls.Directory;

namespace CdrEngine.Host.Directories;

/// <summary>Reads a table beside the directory: comma-separated (RFC 4180), the first line names the columns, in any order; empty lines and lines that begin with
/// <c>#</c> are passed over.</summary>
internal static class DirectoryTable
{
    /// <summary>Lines read at most: a million destinations or people.</summary>
    private const int MaxRows = 1_000_000;

    /// <summary>The rows of a table. Underscores in column names stand for hyphens.</summary>
    public static List<DirectoryRow> Read(string text, string file, string what, List<DirectoryProblem> problems)
    {
        var rows = new List<DirectoryRow>();
        string[]? header = null;
        foreach ((int line, List<string> fields) in Records(text, file, problems))
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"{file}:{line}");
            if (header is null)
            {
                header = [.. fields.Select(static name => name.Trim().Replace('_', '-'))];
                foreach (string twice in header.GroupBy(static name => name, StringComparer.Ordinal).Where(static name => name.Count() > 1).Select(static name => name.Key))
                    problems.Add(new DirectoryProblem(where, $"column '{twice}' is there twice"));
                continue;
            }

            if (rows.Count == MaxRows)
            {
                problems.Add(new DirectoryProblem(where, $"the table has more than {MaxRows} lines"));
                break;
            }

            rows.Add(DirectoryRow.Of(header, fields, what, where, problems));
        }

        if (rows.Count == 0) problems.Add(new DirectoryProblem($"{file}:1", header is null ? "the table is empty; its first line names the columns" : "the table has no lines below the header"));
        return rows;
    }

    private static IEnumerable<(int Line, List<string> Fields)> Records(string text, string file, List<DirectoryProblem> problems)
    {
        int at = text.StartsWith('\uFEFF') ? 1 : 0;
        int line = 1;
        while (at < text.Length)
        {
            int began = line;
            if (text[at] is '#' or '\r' or '\n')
            {
                int end = text.IndexOf('\n', at);
                at = end < 0 ? text.Length : end + 1;
                line++;
                continue;
            }

            var fields = new List<string>();
            while (true)
            {
                fields.Add(Field(text, ref at, ref line, file, problems));
                if (at < text.Length && text[at] == ',') at++;
                else break;
            }

            if (at < text.Length && text[at] == '\r') at++;
            if (at < text.Length && text[at] == '\n') at++;
            line++;
            yield return (began, fields);
        }
    }

    // Leaves the position at the comma, the line end or the end.
    private static string Field(string text, ref int at, ref int line, string file, List<DirectoryProblem> problems)
    {
        if (at >= text.Length || text[at] != '"')
        {
            int end = text.AsSpan(at).IndexOfAny(',', '\r', '\n');
            string plain = end < 0 ? text[at..] : text.Substring(at, end);
            at += plain.Length;
            if (plain.Contains('"')) problems.Add(new DirectoryProblem(string.Create(CultureInfo.InvariantCulture, $"{file}:{line}"), "a quotation mark inside a field that does not begin with one"));
            return plain;
        }

        int opened = line;
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            char c = text[at];
            if (c == '\n') line++;
            if (c != '"')
            {
                value.Append(c);
                continue;
            }

            if (at + 1 < text.Length && text[at + 1] == '"')
            {
                value.Append('"');
                at++;
                continue;
            }

            at++;
            if (at < text.Length && text[at] is not (',' or '\r' or '\n'))
            {
                problems.Add(new DirectoryProblem(string.Create(CultureInfo.InvariantCulture, $"{file}:{line}"), "something stands behind the closing quotation mark"));
                int end = text.AsSpan(at).IndexOfAny(',', '\r', '\n');
                at = end < 0 ? text.Length : at + end;
            }

            return value.ToString();
        }

        problems.Add(new DirectoryProblem(string.Create(CultureInfo.InvariantCulture, $"{file}:{opened}"), "a quotation mark is never closed"));
        return value.ToString();
    }
}
