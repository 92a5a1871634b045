using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;
using static CdrEngine.Protocols.Tests.Sip.SipReading;

namespace CdrEngine.Protocols.Tests.Sip;

public sealed class SipFramingTests
{
    private static readonly byte[] Invite = SipText.Invite("c1", "alice", "bob").WithSdp("192.0.2.1", 4000).ToBytes();
    private static readonly byte[] Bye = SipText.Bye("c1", "alice", "bob").ToBytes();

    [Fact]
    public void TryFrame_EveryPrefix_NeedsMoreUntilTheMessageIsWhole()
    {
        byte[] stream = [.. Invite, .. Bye];
        int header = Text(Invite).IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        for (int length = 0; length < Invite.Length; length++)
        {
            Assert.Equal(ParseOutcome.NeedMore, SipFraming.TryFrame(stream.AsSpan(0, length), SipLimits.Default, out int total, out SipRejection reason));
            Assert.Equal(SipRejection.None, reason);
            Assert.Equal(length < header ? 0 : Invite.Length, total);
        }

        for (int length = Invite.Length; length <= stream.Length; length++)
        {
            Assert.Equal(ParseOutcome.Message, SipFraming.TryFrame(stream.AsSpan(0, length), SipLimits.Default, out int total, out _));
            Assert.Equal(Invite.Length, total);
        }
    }

    [Fact]
    public void SplittingTheStreamAnywhere_ChangesNothing()
    {
        byte[] stream = [.. "\r\n\r\n"u8, .. Invite, .. Bye, .. "\r\n"u8, .. SipText.Invite("c1", "alice", "bob").Reply(200).WithSdp("192.0.2.2", 5000).ToBytes(), .. Bye];
        string[] whole = Cut(stream, [stream.Length]);
        Assert.Equal(4, whole.Length);
        for (int first = 0; first <= stream.Length; first += 7)
        {
            for (int second = first; second <= stream.Length; second += 97) Assert.Equal(whole, Cut(stream, [first, second, stream.Length]));
        }

        Assert.Equal(whole, Cut(stream, [.. Enumerable.Range(1, stream.Length)]));
    }

    [Theory]
    [InlineData("BYE sip:a@b SIP/2.0\r\nContent-Length: x\r\n\r\n", SipRejection.BadContentLength)]
    [InlineData("BYE sip:a@b SIP/2.0\r\nContent-Length: -4\r\n\r\n", SipRejection.BadContentLength)]
    [InlineData("BYE sip:a@b SIP/2.0\r\nl: 1\r\nContent-Length: 2\r\n\r\nab", SipRejection.BadContentLength)]
    [InlineData("BYE sip:a@b SIP/2.0\r\nl: 4000000000\r\n\r\n", SipRejection.TooLong)]
    [InlineData("not sip at all\r\n", SipRejection.NotSip)]
    [InlineData("\u0016\u0003\u0001 tls", SipRejection.NotSip)]
    [InlineData("SIP/2.0 xyz\r\n\r\n", SipRejection.NotSip)]
    public void TryFrame_WhatCannotBeAMessage_IsRefusedByName(string text, SipRejection expected)
    {
        Assert.Equal(ParseOutcome.Malformed, SipFraming.TryFrame(Bytes(text), SipLimits.Default, out _, out SipRejection reason));
        Assert.Equal(expected, reason);
    }

    [Theory]
    [InlineData("BYE sip:a@b SIP/2.0\r\nVia: x\r\n\r\nrest", 31)]
    [InlineData("BYE sip:a@b SIP/2.0\nl: 2\n\nabrest", 28)]
    [InlineData("BYE sip:a@b SIP/2.0\r\nContent-Length :\r\n 2\r\n\r\nabrest", 47)]
    [InlineData("BYE sip:a@b SIP/2.0\r\nl: 2\r\nL: 2\r\n\r\nabrest", 37)]
    public void TryFrame_UnusualFraming_IsUnderstood(string text, int expected)
    {
        Assert.Equal(ParseOutcome.Message, SipFraming.TryFrame(Bytes(text), SipLimits.Default, out int length, out _));
        Assert.Equal(expected, length);
    }

    [Fact]
    public void TryFrame_EndlessHeader_IsRefusedAtTheLimit()
    {
        var limits = new SipLimits { MaxMessageBytes = 64 };
        string text = "BYE sip:a@b SIP/2.0\r\nX-Long: " + new string('x', 60);
        Assert.Equal(ParseOutcome.Malformed, SipFraming.TryFrame(Bytes(text), limits, out _, out SipRejection reason));
        Assert.Equal(SipRejection.TooLong, reason);
        Assert.Equal(ParseOutcome.Malformed, SipFraming.TryFrame(Bytes("BYE sip:" + new string('x', 90)), limits, out _, out reason));
        Assert.Equal(SipRejection.TooLong, reason);
    }

    [Theory]
    [InlineData("INVITE sip:a@b SIP/2.0\r\n", 0)]
    [InlineData("o=x\r\nt=0 0\r\nSIP/2.0 200 OK\r\n", 12)]
    [InlineData("body without end BYE sip:a@b SIP/2.0\r\n", 17)]
    [InlineData("body}SIP/2.0 200 OK\r\n", 5)]
    [InlineData("v=0\r\nBYE sip:a@b SI", -1)]
    [InlineData("nothing\r\nhere\r\n", -1)]
    [InlineData("", -1)]
    public void FindStart_AfterAGap_GivesTheNextStartLine(string text, int expected) => Assert.Equal(expected, SipFraming.FindStart(Bytes(text)));

    private static string[] Cut(byte[] stream, int[] arrivals)
    {
        var found = new List<string>();
        int at = 0;
        foreach (int arrived in arrivals)
        {
            while (true)
            {
                at += SipFraming.SkipKeepAlive(stream.AsSpan(at, arrived - at));
                ParseOutcome outcome = SipFraming.TryFrame(stream.AsSpan(at, arrived - at), SipLimits.Default, out int length, out _);
                Assert.NotEqual(ParseOutcome.Malformed, outcome);
                if (outcome == ParseOutcome.NeedMore) break;
                found.Add(Text(stream.AsSpan(at, length)));
                at += length;
            }
        }

        return [.. found];
    }
}
