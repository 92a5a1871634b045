using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Host.Joined;

/// <summary>A mail as text (RFC 5322, RFC 2045): a line of words and the file that belongs to it, both in base64, so that nothing in them is taken for
/// anything else on the way.</summary>
internal static class MailText
{
    private const int EncodedWordBytes = 42;

    private const int LongestName = 120;

    /// <summary>RFC 5321 4.5.3.1.3: a path of 256 with its brackets.</summary>
    private const int LongestAddress = 254;

    /// <summary>A subject that fits on its line (RFC 5322 2.1.1).</summary>
    private const int LongestPlain = 68;

    /// <summary>The whole text, lines ended by CR LF.</summary>
    public static string Write(ReportMail mail, string from, DateTimeOffset now)
    {
        string boundary = $"=_{RandomNumberGenerator.GetHexString(24, lowercase: true)}";
        string host = from[(from.IndexOf('@', StringComparison.Ordinal) + 1)..].TrimEnd('>');
        string name = string.Concat(mail.FileName.Where(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_').TakeLast(LongestName));
        var text = new StringBuilder();
        Line($"From: {from}");
        Line($"To: {string.Concat(mail.To.Where(static c => c is >= ' ' and < '\u007f').Take(LongestAddress))}");
        Line($"Subject: {Words(mail.Subject)}");
        Line($"Date: {now.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}");
        Line($"Message-ID: <{RandomNumberGenerator.GetHexString(32, lowercase: true)}@{host}>");
        Line("MIME-Version: 1.0");
        Line("Auto-Submitted: auto-generated");
        Line($"Content-Type: multipart/mixed; boundary=\"{boundary}\"");
        Line("");
        Part("Content-Type: text/plain; charset=utf-8", null, Encoding.UTF8.GetBytes(mail.Text + "\r\n"));
        Part($"Content-Type: {mail.MediaType}; name={name}", $"Content-Disposition: attachment; filename={name}", mail.Content);
        Line($"--{boundary}--");
        return text.ToString();

        void Line(string line) => text.Append(line).Append("\r\n");

        void Part(string type, string? disposition, byte[] content)
        {
            Line($"--{boundary}");
            Line(type);
            if (disposition is not null) Line(disposition);
            Line("Content-Transfer-Encoding: base64");
            Line("");
            string encoded = Convert.ToBase64String(content);
            for (int i = 0; i < encoded.Length; i += 76) Line(encoded.Substring(i, Math.Min(76, encoded.Length - i)));
            Line("");
        }
    }

    // RFC 2047: encoded words of at most 75 characters, each of whole characters.
    private static string Words(string text)
    {
        // What looks like an encoded word already would be taken for one.
        if (text.Length <= LongestPlain && text.All(static c => c is >= ' ' and < '\u007f') && !text.Contains("=?", StringComparison.Ordinal)) return text;
        var words = new List<string>();
        var part = new List<byte>();
        foreach (Rune rune in text.EnumerateRunes())
        {
            byte[] bytes = Encoding.UTF8.GetBytes((Rune.IsControl(rune) ? new Rune(' ') : rune).ToString());
            if (part.Count + bytes.Length > EncodedWordBytes)
            {
                words.Add($"=?utf-8?B?{Convert.ToBase64String([.. part])}?=");
                part.Clear();
            }

            part.AddRange(bytes);
        }

        words.Add($"=?utf-8?B?{Convert.ToBase64String([.. part])}?=");
        return string.Join("\r\n ", words);
    }
}
