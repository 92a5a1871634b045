using System.Globalization;
using System.Text;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Fuzz.Sip;

/// <summary>The rules of the SIP reader written again, slowly and plainly, on strings: what the fast one is compared with.</summary>
internal sealed class SlowSip
{
    private SlowSip(string startLine) => StartLine = startLine;

    public string StartLine { get; }

    public List<(string Name, string Value)> Headers { get; } = [];

    public string Body { get; private set; } = "";

    public string CallId => First(SipHeader.CallId);

    public string FromTag => Tag(First(SipHeader.From));

    public string Branch => Parameter(Via()[1], "branch");

    /// <summary>Null where the first line is not one the reader takes, or there are too many headers.</summary>
    public static SlowSip? Read(byte[] bytes)
    {
        string text = Encoding.Latin1.GetString(bytes).TrimStart('\r', '\n');
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        if (end < 0) return null;
        string startLine = text[..end];
        if (startLine.EndsWith('\r')) startLine = startLine[..^1];
        if (!IsStartLine(startLine)) return null;
        var message = new SlowSip(startLine);
        int at = end + 1;
        bool isBroken = false;
        while (at < text.Length)
        {
            end = text.IndexOf('\n', at);
            string line = end < 0 ? text[at..] : text[at..end];
            at = end < 0 ? text.Length : end + 1;
            if (end >= 0 && line.EndsWith('\r')) line = line[..^1];
            if (line.Length == 0) break;
            if (line[0] is ' ' or '\t')
            {
                if (message.Headers.Count > 0 && !isBroken)
                {
                    (string name, string value) = message.Headers[^1];
                    string more = line.Trim(' ', '\t', '\r');
                    message.Headers[^1] = (name, value.Length == 0 ? more : more.Length == 0 ? value : value + " " + more);
                }

                continue;
            }

            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string header = colon < 0 ? "" : line[..colon].TrimEnd(' ', '\t');
            isBroken = header.Length == 0;
            if (isBroken) continue;
            message.Headers.Add((header, line[(colon + 1)..].TrimStart(' ', '\t').TrimEnd(' ', '\t', '\r')));
            if (message.Headers.Count > SipLimits.Default.MaxHeaders) return null;
        }

        string rest = text[at..];
        string length = message.First(SipHeader.ContentLength);
        bool isNumber = length.Length is > 0 and <= 64 && length.All(char.IsAsciiDigit);
        if (isNumber && long.TryParse(length.TrimStart('0').PadLeft(1, '0'), NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number < rest.Length)
            rest = rest[..(int)number];
        message.Body = rest;
        return message;
    }

    private static bool IsStartLine(string line)
    {
        string[] blanks = [" ", "\t", "\r"];
        if (line.Length >= 7 && IsVersion(line[..7]) && (line.Length == 7 || blanks.Contains(line[7].ToString(), StringComparer.Ordinal)))
        {
            string[] words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            return Is20(words[0]) && words.Length > 1 && words[1].Length == 3 && words[1].All(char.IsAsciiDigit) && words[1][0] != '0';
        }

        line = line.TrimEnd(' ', '\t', '\r');
        if (line.Length < 8 || !IsVersion(line[^7..]) || !Is20(line[^7..]) || !blanks.Contains(line[^8].ToString(), StringComparer.Ordinal)) return false;
        int method = 0;
        while (method < line.Length && (char.IsAsciiLetterOrDigit(line[method]) || "-.!%*_+`'~".Contains(line[method], StringComparison.Ordinal))) method++;
        return method > 0 && blanks.Contains(line[method].ToString(), StringComparer.Ordinal) && method + 1 < line.Length - 8
            && line[(method + 1)..^8].Trim(' ', '\t', '\r').Length > 0;
    }

    private static bool IsVersion(string text) => text.StartsWith("SIP/", StringComparison.OrdinalIgnoreCase) && char.IsAsciiDigit(text[4]) && text[5] == '.' && char.IsAsciiDigit(text[6]);

    private static bool Is20(string version) => version[4] == '2' && version[6] == '0';

    private string First(SipHeader header)
    {
        foreach ((string name, string value) in Headers)
        {
            if (SipHeaders.Find(Encoding.Latin1.GetBytes(name)) == header) return value;
        }

        return "";
    }

    /// <summary>The top Via in two: what is before the first semicolon, and the parameters.</summary>
    private string[] Via()
    {
        foreach ((string name, string value) in Headers)
        {
            if (SipHeaders.Find(Encoding.Latin1.GetBytes(name)) != SipHeader.Via) continue;
            string first = SplitOutside(value, ',').Select(item => item.Trim(' ', '\t', '\r', '\n')).FirstOrDefault(item => item.Length > 0, "");
            if (first.Length == 0) continue;
            string[] slashes = first.Split('/', 3);
            if (slashes.Length < 3 || slashes[0].Length == 0) return ["", ""];
            string rest = slashes[2].Trim(' ', '\t', '\r', '\n');
            int transport = rest.IndexOfAny([' ', '\t', '\r', '\n', ';']);
            if (transport <= 0) return ["", ""];
            rest = rest[transport..].Trim(' ', '\t', '\r', '\n');
            int semicolon = rest.IndexOf(';', StringComparison.Ordinal);
            return semicolon < 0 || rest[..semicolon].Trim(' ', '\t', '\r', '\n').Length == 0 ? ["", ""] : [rest[..semicolon], rest[semicolon..]];
        }

        return ["", ""];
    }

    private static string Tag(string value)
    {
        int open = -1, quote = value.IndexOf('"', StringComparison.Ordinal);
        int first = value.IndexOf('<', StringComparison.Ordinal);
        if (quote >= 0 && quote < first)
        {
            int close = ClosingQuote(value, quote);
            open = close < 0 ? first : value.IndexOf('<', close + 1);
        }
        else
        {
            open = first;
        }

        if (open >= 0 && !value[..open].Contains('"', StringComparison.Ordinal))
        {
            int semicolon = value[..open].IndexOf(';', StringComparison.Ordinal);
            if (semicolon >= 0 && value[..semicolon].Contains(':', StringComparison.Ordinal)) open = -1;
        }

        if (open < 0)
        {
            int semicolon = value.IndexOf(';', StringComparison.Ordinal);
            return semicolon < 0 ? "" : Parameter(value[semicolon..], "tag");
        }

        int end = value.IndexOf('>', open);
        return end < 0 ? "" : Parameter(value[(end + 1)..], "tag");
    }

    private static string Parameter(string text, string wanted)
    {
        foreach (string piece in SplitOutside(text, ';'))
        {
            string parameter = piece.Trim(' ', '\t', '\r', '\n');
            int equals = parameter.IndexOf('=', StringComparison.Ordinal);
            string name = (equals < 0 ? parameter : parameter[..equals]).Trim(' ', '\t', '\r', '\n');
            if (!name.Equals(wanted, StringComparison.OrdinalIgnoreCase)) continue;
            string value = equals < 0 ? "" : parameter[(equals + 1)..].Trim(' ', '\t', '\r', '\n');
            if (!value.StartsWith('"')) return value;
            int close = ClosingQuote(value, 0);
            return close < 0 ? value[1..] : value[1..close];
        }

        return "";
    }

    /// <summary>Splits at a character outside quotes and brackets. The reader looks at quotes only where there is one before the next
    /// separator, so a separator comes first there, and brackets only together with quotes for semicolons.</summary>
    private static List<string> SplitOutside(string text, char separator)
    {
        var pieces = new List<string>();
        while (true)
        {
            int at = text.IndexOf(separator, StringComparison.Ordinal);
            bool needsCare = at >= 0 && (text[..at].Contains('"', StringComparison.Ordinal) || (separator == ',' && text[..at].Contains('<', StringComparison.Ordinal)));
            if (needsCare) at = IndexOutside(text, separator);
            if (at < 0)
            {
                pieces.Add(text);
                return pieces;
            }

            pieces.Add(text[..at]);
            text = text[(at + 1)..];
        }
    }

    private static int IndexOutside(string text, char wanted)
    {
        bool inBrackets = false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == wanted && !inBrackets) return i;
            if (text[i] == '"')
            {
                int close = ClosingQuote(text, i);
                if (close < 0) return -1;
                i = close;
            }
            else if (text[i] == '<')
            {
                inBrackets = true;
            }
            else if (text[i] == '>')
            {
                inBrackets = false;
            }
        }

        return -1;
    }

    private static int ClosingQuote(string text, int open)
    {
        for (int i = open + 1; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == '"') return i;
        }

        return -1;
    }
}
