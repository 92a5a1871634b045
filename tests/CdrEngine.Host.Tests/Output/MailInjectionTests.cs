using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Host.Alerts;
using CdrEngine.Host.Joined;
using CdrEngine.TestKit.Hostile;
using Xunit;

namespace CdrEngine.Host.Tests.Output;

/// <summary>Hostile text from the wire in mails: subject, text, name of the file and address stay what they are, read by a parser that takes every line at its word.</summary>
public sealed partial class MailInjectionTests
{
    private static readonly string[] Headers = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type"];

    public static TheoryData<string> Names => [.. HostileText.All.Select(static text => text.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Mail_HasItsHeadersAndPartsAndNoMore(string name)
    {
        string hostile = HostileText.All.Single(text => text.Name == name).Text;
        string address = string.Concat("a@b.example", hostile.AsSpan(0, Math.Min(hostile.Length, 40)));
        string mail = MailText.Write(new ReportMail(address, hostile, hostile, hostile, "application/json", Encoding.UTF8.GetBytes(hostile)), "engine@example.com", DateTimeOffset.UnixEpoch);
        (Dictionary<string, string> headers, byte[][] parts) = Read(mail);
        Assert.Equal(Headers.Order(StringComparer.Ordinal), headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(2, parts.Length);
        Assert.Equal(Encoding.UTF8.GetBytes(hostile), parts[1]);
        Assert.Equal(Encoding.UTF8.GetBytes(hostile + "\r\n"), parts[0]);
        Assert.Equal(Plain(hostile), Decoded(headers["Subject"]));
        Assert.DoesNotContain(headers["To"], char.IsControl);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Alert_AboutANameFromTheWire_IsOneLineEach(string name)
    {
        string hostile = HostileText.All.Single(text => text.Name == name).Text;
        var alert = new Alert
        {
            Id = new string('a', 24),
            Rule = "r",
            Kind = AlertKind.Failures,
            RaisedAt = new Timestamp(1),
            AcknowledgedAt = new Timestamp(2),
            AcknowledgedBy = hostile,
            Group = new AlertGroup { Peer = hostile, Caller = hostile, Source = hostile },
        };
        ReportMail mail = AlertMailer.MailOf(new AlertChange(AlertStep.Raised, alert, new Timestamp(2)), "noc@example.com", new Timestamp(3));
        Assert.DoesNotContain(mail.Subject, static c => char.IsControl(c) || c is '\u2028' or '\u2029');
        Assert.DoesNotContain(mail.Text, static c => (char.IsControl(c) && c != '\n') || c is '\u2028' or '\u2029');
        Assert.Single(mail.Text.Split('\n'), static line => line.StartsWith("taken ", StringComparison.Ordinal));
        Assert.Single(mail.Text.Split('\n'), static line => line.StartsWith("about ", StringComparison.Ordinal));
        (Dictionary<string, string> headers, byte[][] parts) = Read(MailText.Write(mail, "engine@example.com", DateTimeOffset.UnixEpoch));
        Assert.Equal((Headers.Length, 2), (headers.Count, parts.Length));
        Assert.Equal(Plain(mail.Subject), Decoded(headers["Subject"]));
    }

    private static (Dictionary<string, string> Headers, byte[][] Parts) Read(string mail)
    {
        string[] lines = mail.Split("\r\n");
        Assert.All(lines, static line => Assert.True(line.Length <= 998 && line.All(static c => c is >= ' ' and < '\u007f'), line));
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        int at = 0;
        string last = "";
        for (; lines[at].Length > 0; at++)
        {
            if (lines[at][0] == ' ')
            {
                headers[last] += lines[at];
                continue;
            }

            int colon = lines[at].IndexOf(':', StringComparison.Ordinal);
            headers.Add(last = lines[at][..colon], lines[at][(colon + 1)..].Trim());
        }

        string boundary = "--" + headers["Content-Type"].Split('"')[1];
        string[] parts = [.. string.Join("\r\n", lines[at..]).Split(boundary + "\r\n")[1..]];
        return (headers, [.. parts.Select(part => Convert.FromBase64String(part[(part.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..].Split("\r\n" + boundary)[0]))]);
    }

    // What the subject is to say: control characters are blanks, half of a pair is the sign for what cannot be shown.
    private static string Plain(string text) =>
        string.Concat(text.EnumerateRunes().Select(static rune => Rune.IsControl(rune) ? " " : rune.ToString())).Trim();

    // RFC 2047 6.2: blanks between two encoded words are none.
    private static string Decoded(string subject) =>
        EncodedWord().Replace(BetweenWords().Replace(subject, "?=$1"), static word => Encoding.UTF8.GetString(Convert.FromBase64String(word.Groups[1].Value))).Trim();

    [GeneratedRegex(@"=\?utf-8\?B\?([A-Za-z0-9+/=]*)\?=", RegexOptions.CultureInvariant)]
    private static partial Regex EncodedWord();

    [GeneratedRegex(@"\?= +(=\?utf-8)", RegexOptions.CultureInvariant)]
    private static partial Regex BetweenWords();
}
