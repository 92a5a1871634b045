using System.Text;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using Xunit;

namespace CdrEngine.Protocols.Tests.Sip;

/// <summary>Short ways to read and to look, for the tests of this folder.</summary>
internal static class SipReading
{
    public static SipMessage Read(byte[] bytes, SipLimits? limits = null)
    {
        var message = new SipMessage(limits);
        ParseOutcome outcome = SipParser.TryRead(bytes, message, out _, out SipRejection reason);
        Assert.True(outcome == ParseOutcome.Message, $"{outcome} {reason}");
        return message;
    }

    public static SipMessage Read(string text) => Read(Bytes(text));

    /// <summary>A request whose other headers are right, with these lines added.</summary>
    public static SipMessage ReadWith(params string[] headerLines) =>
        Read("INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n"
            + "Call-ID: c1\r\nCSeq: 1 INVITE\r\n" + string.Concat(headerLines.Select(line => line + "\r\n")) + "Content-Length: 0\r\n\r\n");

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    public static string[] Lines(SipMessage message, SipHeader header)
    {
        var lines = new List<string>();
        foreach (ReadOnlySpan<byte> line in message.GetHeaders(header)) lines.Add(Text(line));
        return [.. lines];
    }

    public static string[] Values(SipMessage message, SipHeader header)
    {
        var values = new List<string>();
        foreach (ReadOnlySpan<byte> value in message.GetValues(header)) values.Add(Text(value));
        return [.. values];
    }
}
