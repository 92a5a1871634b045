using System.Text;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using Xunit;

namespace CdrEngine.Host.Tests.Ladder;

public sealed class LadderReaderTests
{
    private const string Head = "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: c\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n";
    private const string Sdp = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

    // m-lines, and what the ladder says of them.
    public static TheoryData<string, string> Bodies => new()
    {
        { "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n", "0 8 telephone-event 192.0.2.1:4000" },
        { "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendonly\r\n", "PCMU 192.0.2.1:4000 sendonly" },
        { "m=audio 4000 RTP/AVP 0 8 3 4 9 18\r\n", "0 8 3 4 … 192.0.2.1:4000" },
        { "m=audio 0 RTP/AVP 0\r\nm=image 4002 udptl t38\r\n", "image t38 192.0.2.1:4002 (2 m-lines)" },
        { "m=audio 0 RTP/AVP 0\r\n", "all refused" },
        { "", "no media" },
    };

    [Fact]
    public void Request_GivesItsMethod()
    {
        LadderMessage message = Read("INVITE sip:b@x SIP/2.0\r\n" + Head + "CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("INVITE", message.Title);
        Assert.Equal(0, message.StatusCode);
        Assert.Equal("7 INVITE", message.CSeq);
        Assert.Null(message.Sdp);
    }

    [Fact]
    public void Response_GivesStatusAndPhrase()
    {
        LadderMessage message = Read("SIP/2.0 486 Busy Here\r\n" + Head + "CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal("486 Busy Here", message.Title);
        Assert.Equal(486, message.StatusCode);
        Assert.Equal("7 INVITE", message.CSeq);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public void Sdp_IsSaidInAFewWords(string lines, string expected)
    {
        string body = Sdp + lines;
        LadderMessage message = Read($"INVITE sip:b@x SIP/2.0\r\n{Head}CSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        Assert.Equal(expected, message.Sdp);
    }

    [Fact]
    public void Hash_TellsMessagesApart()
    {
        string text = "INVITE sip:b@x SIP/2.0\r\n" + Head + "CSeq: 7 INVITE\r\nContent-Length: 0\r\n\r\n";
        Assert.Equal(Read(text).Hash, Read(text).Hash);
        Assert.NotEqual(Read(text).Hash, Read(text.Replace("7 INVITE", "8 INVITE")).Hash);
    }

    private static LadderMessage Read(string text)
    {
        var message = new SipMessage();
        Assert.Equal(ParseOutcome.Message, SipParser.TryRead(Encoding.UTF8.GetBytes(text), message, out _, out _));
        return new LadderReader().Read(message, TestCalls.Start, TestCalls.Address("192.0.2.1", 5060), TestCalls.Address("192.0.2.2", 5060));
    }
}
