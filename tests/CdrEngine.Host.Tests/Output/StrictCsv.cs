using System.Text;

namespace CdrEngine.Host.Tests.Output;

/// <summary>RFC 4180 to the letter: a quote within a cell that is not quoted, or anything behind a closing quote, is a fault.</summary>
internal static class StrictCsv
{
    /// <summary>The rows of a text; throws <see cref="FormatException"/> where it is no CSV.</summary>
    public static List<List<string>> Read(string text)
    {
        var rows = new List<List<string>>();
        var row = new List<string>();
        var cell = new StringBuilder();
        for (int i = 0; i < text.Length;)
        {
            bool quoted = text[i] == '"';
            if (quoted) i = Quoted(text, i + 1, cell);
            else while (i < text.Length && text[i] is not (',' or '\r' or '\n')) cell.Append(text[i] != '"' ? text[i++] : throw new FormatException($"a quote in a cell at {i}"));
            row.Add(cell.ToString());
            cell.Clear();
            if (i < text.Length && text[i] == ',')
            {
                if (++i < text.Length && text[i] is not ('\r' or '\n')) continue;
                row.Add("");
            }

            if (i < text.Length && text[i] == '\r') i++;
            if (i < text.Length && text[i++] != '\n') throw new FormatException($"neither comma nor end of line at {i}");
            rows.Add(row);
            row = [];
        }

        return rows;
    }

    private static int Quoted(string text, int at, StringBuilder cell)
    {
        while (true)
        {
            if (at >= text.Length) throw new FormatException("a quote is not closed");
            if (text[at] != '"')
            {
                cell.Append(text[at++]);
                continue;
            }

            if (at + 1 >= text.Length || text[at + 1] != '"') return at + 1;
            cell.Append('"');
            at += 2;
        }
    }
}
