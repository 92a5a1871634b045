using System.Text;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Ladder;

/// <summary>A line of a message.</summary>
/// <param name="Kind">Class: <c>start</c>, <c>header</c>, <c>blank</c>, <c>sdp</c> or <c>body</c>.</param>
/// <param name="Name">Name of the header, or the letter of the SDP line; empty for others.</param>
/// <param name="Text">The rest.</param>
internal readonly record struct SipLine(string Kind, string Name, string Text)
{
    /// <summary>The whole line.</summary>
    public string Whole => Kind switch { "header" => $"{Name}:{Text}", "sdp" => $"{Name}={Text}", _ => Text };
}

/// <summary>A message as text, line by line.</summary>
internal static class SipLines
{
    /// <summary>Lines at most, and characters of one.</summary>
    private const int MostLines = 600;
    private const int LongestLine = 4000;

    /// <summary>The lines. Bytes that are no UTF-8 become U+FFFD; control characters <c>\xNN</c>.</summary>
    public static IReadOnlyList<SipLine> Of(ReadOnlySpan<byte> message)
    {
        var lines = new List<SipLine>();
        bool isHead = true, isSdp = false;
        foreach (string raw in Encoding.UTF8.GetString(message).Split('\n'))
        {
            string line = Visible(raw.EndsWith('\r') ? raw[..^1] : raw);
            if (lines.Count >= MostLines)
            {
                lines.Add(new SipLine("body", "", "… cut; the trace has all of it"));
                break;
            }

            if (lines.Count == 0)
            {
                lines.Add(new SipLine("start", "", line));
            }
            else if (isHead && line.Length == 0)
            {
                lines.Add(new SipLine("blank", "", ""));
                isHead = false;
            }
            else if (isHead)
            {
                int colon = line.IndexOf(':', StringComparison.Ordinal);
                bool isFolded = line[0] is ' ' or '\t';
                lines.Add(colon > 0 && !isFolded ? new SipLine("header", line[..colon], line[(colon + 1)..]) : new SipLine("body", "", line));
                isSdp |= colon > 0 && line.Contains("application/sdp", StringComparison.OrdinalIgnoreCase);
            }
            else
            {
                lines.Add(isSdp && line.Length > 1 && line[1] == '=' && char.IsAsciiLetter(line[0]) ? new SipLine("sdp", line[..1], line[2..]) : new SipLine("body", "", line));
            }
        }

        while (lines.Count > 1 && lines[^1].Whole.Length == 0) lines.RemoveAt(lines.Count - 1);
        return lines;
    }

    /// <summary>A line with its parts in colours.</summary>
    public static Html Draw(SipLine line) => line.Kind switch
    {
        "start" => Html.Of($"<b>{line.Text}</b>"),
        "header" => Html.Of($"""<span class="h">{line.Name}</span>:{line.Text}"""),
        "sdp" => Html.Of($"""<span class="k">{line.Name}</span>={line.Text}"""),
        _ => Html.Of($"{line.Text}"),
    };

    /// <summary>The whole message, a line an element.</summary>
    public static Html Draw(IReadOnlyList<SipLine> lines) => Html.Of(
        $"""<pre class="sip" tabindex="0" role="region" aria-label="The message as it was on the wire">{lines.Select(static line => Html.Of($"""<span class="line-{line.Kind}">{Draw(line)}</span>"""))}</pre>""");

    private static string Visible(string line)
    {
        if (line.Length > LongestLine) line = line[..LongestLine] + "…";
        if (!line.Any(static c => char.IsControl(c) && c != '\t')) return line.Replace('\t', ' ');
        var text = new StringBuilder(line.Length + 16);
        foreach (char c in line)
        {
            if (c == '\t') text.Append(' ');
            else if (char.IsControl(c)) text.Append($"\\x{(int)c:x2}");
            else text.Append(c);
        }

        return text.ToString();
    }
}

/// <summary>Sets two messages side by side: the longest common run of lines stays level, what differs is marked.</summary>
internal static class SipDifference
{
    /// <summary>Pairs of lines; null on the side that has none.</summary>
    public static IReadOnlyList<(SipLine? Left, SipLine? Right, bool IsSame)> Of(IReadOnlyList<SipLine> left, IReadOnlyList<SipLine> right)
    {
        int[,] common = new int[left.Count + 1, right.Count + 1];
        for (int i = left.Count - 1; i >= 0; i--)
        {
            for (int j = right.Count - 1; j >= 0; j--)
                common[i, j] = left[i] == right[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
        }

        var pairs = new List<(SipLine?, SipLine?, bool)>();
        var onlyLeft = new List<SipLine>();
        var onlyRight = new List<SipLine>();
        int l = 0, r = 0;
        while (l < left.Count || r < right.Count)
        {
            if (l < left.Count && r < right.Count && left[l] == right[r])
            {
                Level(pairs, onlyLeft, onlyRight);
                pairs.Add((left[l++], right[r++], true));
            }
            else if (r >= right.Count || (l < left.Count && common[l + 1, r] >= common[l, r + 1]))
            {
                onlyLeft.Add(left[l++]);
            }
            else
            {
                onlyRight.Add(right[r++]);
            }
        }

        Level(pairs, onlyLeft, onlyRight);
        return pairs;
    }

    // Within a stretch that differs, headers of the same name stand opposite each other.
    private static void Level(List<(SipLine?, SipLine?, bool)> pairs, List<SipLine> left, List<SipLine> right)
    {
        foreach (SipLine line in left)
        {
            int at = right.FindIndex(other => other.Kind == line.Kind && string.Equals(other.Name, line.Name, StringComparison.OrdinalIgnoreCase));
            if (at < 0)
            {
                pairs.Add((line, null, false));
                continue;
            }

            for (int i = 0; i < at; i++) pairs.Add((null, right[i], false));
            pairs.Add((line, right[at], false));
            right.RemoveRange(0, at + 1);
        }

        foreach (SipLine line in right) pairs.Add((null, line, false));
        left.Clear();
        right.Clear();
    }
}
