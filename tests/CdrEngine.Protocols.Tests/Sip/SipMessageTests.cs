using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;
using static CdrEngine.Protocols.Tests.Sip.SipReading;

namespace CdrEngine.Protocols.Tests.Sip;

public sealed class SipMessageTests
{
    private const string Full =
        "INVITE sip:bob@example.com SIP/2.0\r\n"
        + "v: SIP/2.0/UDP 192.0.2.1:5062;rport=61234;received=198.51.100.7;branch=z9hG4bK1, SIP/2.0/TCP [2001:db8::1]:5061;branch=z9hG4bK2;rport\r\n"
        + "Via: SIP / 2.0 / TLS edge.example.com : 5063 ;branch=z9hG4bK3\r\n"
        + "f: \"Alice \\\"A\\\" <x>, y\" <sip:alice@example.com:5070;transport=tcp?Subject=hi>;tag=abc\r\n"
        + "t: Bob Jones <tel:+1-212-555-0100;phone-context=example.com>\r\n"
        + "i: call-1@example.com\r\n"
        + "CSeq:  7 \t INVITE\r\n"
        + "m: <sip:alice@[2001:db8::1]:5061>;expires=60, <sip:alice@192.0.2.1>;q=0.5\r\n"
        + "k: 100rel, Replaces\r\n"
        + "Require: timer\r\n"
        + "x: 1800;refresher=uac\r\n"
        + "Expires: 120\r\n"
        + "Reason: SIP;cause=200;text=\"Call completed elsewhere\", Q.850 ; cause=26\r\n"
        + "Replaces: 425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only\r\n"
        + "b: <sip:carol@example.com>;cid=x\r\n"
        + "r: <sip:dave@example.com?Replaces=90%40h%3Bto-tag%3Da%3Bfrom-tag%3Db>\r\n"
        + "P-Asserted-Identity: \"Alice\" <sip:+12125550101@example.com>, <tel:+12125550101>\r\n"
        + "P-Preferred-Identity: <sip:pref@example.com>\r\n"
        + "Remote-Party-ID: \"R\" <sip:rpid@example.com>;party=calling;screen=yes;privacy=off\r\n"
        + "Diversion: <sip:first@example.com>;reason=user-busy;counter=2;privacy=\"full\", <tel:+15551>;reason=unconditional\r\n"
        + "History-Info: <sip:one@example.com?Reason=SIP%3Bcause%3D302>;index=1, <sip:two@example.com;cause=486>;index=1.1\r\n"
        + "Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2\r\n"
        + "User-Agent: Phone 1.0, by Acme\r\n"
        + "RAck: 776656 1 INVITE\r\n"
        + "RSeq: 988789\r\n"
        + "Proxy-Authorization: Digest realm=\"a, b\", username=\"ali\\\"ce\", nonce=\"x\"\r\n"
        + "X-Call-ID: other-leg\r\n"
        + "x-tenant : acme\r\n"
        + "Content-Type: application/sdp\r\n"
        + "l: 5\r\n\r\nv=0\r\n";

    [Fact]
    public void Read_RequestWithEveryHeader_GivesThemAll()
    {
        SipMessage message = Read(Full);
        Assert.True(message.IsRequest);
        Assert.Equal(SipMethod.Invite, message.Method);
        Assert.Equal(0, message.StatusCode);
        Assert.Equal("sip:bob@example.com", Text(message.RequestUri));
        Assert.Equal("call-1@example.com", Text(message.CallId));
        Assert.Equal(7u, message.CSeqNumber);
        Assert.Equal(SipMethod.Invite, message.CSeqMethod);
        Assert.Equal("abc", Text(message.FromTag));
        Assert.True(message.ToTag.IsEmpty);
        Assert.Equal("Alice \"A\" <x>, y", message.From.DisplayNameText());
        Assert.Equal(5070, message.From.Uri.Port);
        Assert.Equal("+1-212-555-0100", Text(message.To.Uri.User));
        Assert.Equal("Bob Jones", message.To.DisplayNameText());
        Assert.Equal(3, message.ViaCount);
        SipVia via = message.TopVia;
        Assert.Equal("192.0.2.1", Text(via.Host));
        Assert.Equal(5062, via.Port);
        Assert.Equal(61234, via.RPort);
        Assert.Equal("198.51.100.7", Text(via.Received));
        Assert.Equal("z9hG4bK1", Text(message.TopViaBranch));
        Assert.Equal(2, Values(message, SipHeader.Contact).Length);
        Assert.True(message.Contact.Uri.TryGetAddress(out IpAddress address));
        Assert.Equal("2001:db8::1", address.ToString());
        Assert.True(message.HasToken(SipHeader.Supported, "100rel"u8));
        Assert.True(message.HasToken(SipHeader.Supported, "replaces"u8));
        Assert.False(message.HasToken(SipHeader.Supported, "timer"u8));
        Assert.True(message.HasToken(SipHeader.Require, "timer"u8));
        Assert.True(message.TryGetSessionExpires(out SipSessionExpires expires));
        Assert.Equal(new SipSessionExpires(1800, SipRefresher.Uac), expires);
        Assert.Equal(120, message.ExpiresSeconds);
        Assert.True(message.TryGetReason("q.850"u8, out SipReason q850));
        Assert.Equal(26, q850.Cause);
        Assert.True(message.TryGetReason(default, out SipReason first));
        Assert.Equal(200, first.Cause);
        Assert.Equal("Call completed elsewhere", Text(first.Text));
        Assert.True(message.TryGetReplaces(out SipReplaces replaces));
        Assert.Equal("425928@bobster.example.org", Text(replaces.CallId));
        Assert.Equal("7743", Text(replaces.ToTag));
        Assert.Equal("6472", Text(replaces.FromTag));
        Assert.True(replaces.IsEarlyOnly);
        Assert.Equal("sip:carol@example.com", Text(message.ReferredBy.UriText));
        Assert.True(message.ReferTo.Uri.TryGetHeader("Replaces"u8, out ReadOnlySpan<byte> escaped));
        Assert.True(SipReplaces.TryParseEscaped(escaped, new byte[escaped.Length], out SipReplaces transferred));
        Assert.Equal("90@h", Text(transferred.CallId));
        Assert.Equal("b", Text(transferred.FromTag));
        Assert.Equal("+12125550101", message.AssertedIdentity.Uri.UserText());
        Assert.Equal(["\"Alice\" <sip:+12125550101@example.com>", "<tel:+12125550101>"], Values(message, SipHeader.PAssertedIdentity));
        Assert.Equal("pref", message.PreferredIdentity.Uri.UserText());
        Assert.Equal("rpid", message.RemotePartyId.Uri.UserText());
        Assert.True(message.RemotePartyId.Parameters.TryGet("screen"u8, out ReadOnlySpan<byte> screen));
        Assert.Equal("yes", Text(screen));
        SipDiversion diversion = SipDiversion.Parse(Bytes(Values(message, SipHeader.Diversion)[0]));
        Assert.Equal("user-busy", Text(diversion.Reason));
        Assert.Equal(2u, diversion.Counter);
        Assert.Equal("full", Text(diversion.Privacy));
        Assert.Equal(1u, SipDiversion.Parse(Bytes(Values(message, SipHeader.Diversion)[1])).Counter);
        SipHistoryInfo history = SipHistoryInfo.Parse(Bytes(Values(message, SipHeader.HistoryInfo)[0]));
        Assert.Equal("1", Text(history.Index));
        Assert.Equal(302, history.Cause);
        Assert.Equal(486, SipHistoryInfo.Parse(Bytes(Values(message, SipHeader.HistoryInfo)[1])).Cause);
        Assert.True(message.TryGetSessionId(out SipSessionId session));
        Assert.Equal("ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2", session.ToString());
        Assert.True(session.IsSameSession(new SipSessionId(session.Remote, session.Local)));
        Assert.False(session.IsSameSession(new SipSessionId(session.Local, 0)));
        Assert.Equal("Phone 1.0, by Acme", Text(message.UserAgent));
        Assert.Equal(["Phone 1.0, by Acme"], Values(message, SipHeader.UserAgent));
        Assert.True(message.TryGetRAck(out SipRAck rack));
        Assert.Equal(new SipRAck(776656, 1, SipMethod.Invite), rack);
        Assert.Equal(988789u, message.RSeq);
        Assert.Equal("ali\\\"ce", Text(message.AuthorizationUser));
        Assert.True(message.TryGetHeader("x-call-id"u8, out ReadOnlySpan<byte> other));
        Assert.Equal("other-leg", Text(other));
        Assert.True(message.TryGetHeader("X-Tenant"u8, out ReadOnlySpan<byte> tenant));
        Assert.Equal("acme", Text(tenant));
        Assert.False(message.TryGetHeader("X-Nothing"u8, out _));
        Assert.Equal("v=0\r\n", Text(message.SdpBody));
        Assert.Equal(SipOddities.None, message.Oddities);
        Assert.Equal(["other-leg", "acme"], Lines(message, SipHeader.Unknown));
        Assert.Equal("X-Call-ID", Text(message.HeaderNameAt(25)));
        Assert.Equal(SipHeader.ContentLength, message.HeaderAt(message.HeaderCount - 1));
    }

    [Fact]
    public void Read_Response_TakesItsMethodFromCSeq()
    {
        SipMessage message = Read(SipText.Invite("c", "alice", "bob").Reply(183).With("Server", "PBX").ToBytes());
        Assert.False(message.IsRequest);
        Assert.Equal(183, message.StatusCode);
        Assert.Equal("Session Progress", Text(message.ReasonPhrase));
        Assert.Equal(SipMethod.Invite, message.Method);
        Assert.Equal("INVITE", Text(message.MethodText));
        Assert.Equal("PBX", Text(message.UserAgent));
        Assert.Equal("to-tag", Text(message.ToTag));
        Assert.True(message.RequestUri.IsEmpty);
    }

    [Fact]
    public void Read_FoldedValues_AreUnfoldedOnce()
    {
        SipMessage message = ReadWith("Subject: one", "\ttwo  ", "   three", "X-Empty:", " late", "X-Blank: a", "  ", "Organization: plain");
        Assert.True(message.TryGetHeader(SipHeader.Subject, out ReadOnlySpan<byte> subject));
        Assert.Equal("one two three", Text(subject));
        Assert.True(message.TryGetHeader("X-Empty"u8, out ReadOnlySpan<byte> late));
        Assert.Equal("late", Text(late));
        Assert.True(message.TryGetHeader("X-Blank"u8, out ReadOnlySpan<byte> blank));
        Assert.Equal("a", Text(blank));
        Assert.True(message.TryGetHeader(SipHeader.Subject, out ReadOnlySpan<byte> again));
        Assert.True(subject == again, "the same span, not a second copy");
        Assert.Equal("one two three", Text(subject));
    }

    [Fact]
    public void Read_FoldedContentLengthAndCSeq_AreRead()
    {
        SipMessage message = Read("BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: x\r\nCSeq:\r\n 4\r\n BYE\r\nContent-Length:\r\n  2\r\n\r\nabc");
        Assert.Equal(4u, message.CSeqNumber);
        Assert.Equal(SipMethod.Bye, message.CSeqMethod);
        Assert.Equal(2, message.ContentLength);
        Assert.Equal("ab", Text(message.Body));
        Assert.Equal(SipOddities.ContentLengthMismatch, message.Oddities);
    }

    [Fact]
    public void Read_LineFeedsOnly_IsReadWithANote()
    {
        SipMessage message = Read(Full.Replace("\r\n", "\n", StringComparison.Ordinal).Replace("l: 5", "l: 4", StringComparison.Ordinal));
        Assert.Equal(SipOddities.LfOnly, message.Oddities);
        Assert.Equal("v=0\n", Text(message.SdpBody));
        Assert.Equal("abc", Text(message.FromTag));
    }

    [Fact]
    public void Read_LeadingLineEnds_ArePassedOver()
    {
        byte[] bytes = Bytes("\r\n\r\n" + Full);
        var message = new SipMessage();
        Assert.Equal(ParseOutcome.Message, SipParser.TryRead(bytes, message, out int consumed, out _));
        Assert.Equal(bytes.Length, consumed);
        Assert.Equal(SipOddities.LeadingLineEnds, message.Oddities);
        Assert.Equal("v=0\r\n", Text(message.Body));
        Assert.True(SipParser.LooksLikeSip(bytes));
    }

    [Fact]
    public void Read_MissingBlankLine_TakesAllForHeaders()
    {
        SipMessage message = Read("BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: x\r\nCSeq: 4 BYE\r\nl: 0");
        Assert.True(message.Oddities.HasFlag(SipOddities.MissingBlankLine));
        Assert.True(message.IsTruncated);
        Assert.Equal(0, message.ContentLength);
        Assert.Equal("x", Text(message.CallId));
        message = Read("BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: x\r\nCSeq: 4 BYE\r\nl: 0\r\n");
        Assert.Equal(SipOddities.MissingBlankLine, message.Oddities);
    }

    [Fact]
    public void Read_LinesThatAreNoHeaders_ArePassedOver()
    {
        SipMessage message = ReadWith("no colon here", " folded under nothing", ": no name", "X-Good: yes", "Broken", "Call-Info: <http://x>");
        Assert.Equal(SipOddities.BadHeaderLine, message.Oddities);
        Assert.Equal(9 - 1, message.HeaderCount);
        Assert.True(message.TryGetHeader("x-good"u8, out ReadOnlySpan<byte> good));
        Assert.Equal("yes", Text(good));
        Assert.Equal("c1", Text(message.CallId));
    }

    [Fact]
    public void Read_FoldedLineBeforeAnyHeader_IsABadLine()
    {
        SipMessage message = Read("BYE sip:a@b SIP/2.0\r\n folded\r\nVia: SIP/2.0/UDP h\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: x\r\nCSeq: 4 BYE\r\nl: 0\r\n\r\n");
        Assert.Equal(SipOddities.BadHeaderLine, message.Oddities);
        Assert.Equal(6, message.HeaderCount);
    }

    [Fact]
    public void Read_NulBytes_AreKeptAndNoted()
    {
        SipMessage message = ReadWith("X-Nul: a\0b");
        Assert.True(message.TryGetHeader("x-nul"u8, out ReadOnlySpan<byte> value));
        Assert.Equal(3, value.Length);
        Assert.Equal(SipOddities.EmbeddedNul, message.Inspect());
        Assert.Equal(SipOddities.None, message.Oddities);
    }

    [Fact]
    public void Read_DuplicateSingleton_FirstCounts()
    {
        SipMessage message = ReadWith("Call-ID: second", "User-Agent: A", "Server: B");
        Assert.Equal(SipOddities.DuplicateSingletonHeader, message.Oddities);
        Assert.Equal("c1", Text(message.CallId));
        Assert.Equal(["c1", "second"], Lines(message, SipHeader.CallId));
    }

    [Theory]
    [InlineData("Content-Length: 9", SipOddities.Truncated, 5)]
    [InlineData("Content-Length: 3", SipOddities.ContentLengthMismatch, 3)]
    [InlineData("Content-Length: 5", SipOddities.None, 5)]
    [InlineData("Content-Length: bad", SipOddities.BadContentLength, 5)]
    [InlineData("Content-Length: -1", SipOddities.BadContentLength, 5)]
    [InlineData("Content-Length: 99999999999999999999", SipOddities.BadContentLength, 5)]
    [InlineData("Content-Length:", SipOddities.BadContentLength, 5)]
    [InlineData("X-None: 1", SipOddities.MissingContentLength, 5)]
    public void Read_ContentLength_AgainstTheDatagram(string header, SipOddities expected, int body)
    {
        SipMessage message = Read($"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: x\r\nCSeq: 4 BYE\r\n{header}\r\n\r\nabcde");
        Assert.Equal(expected, message.Oddities);
        Assert.Equal(body, message.Body.Length);
        Assert.Equal(expected == SipOddities.Truncated, message.IsTruncated);
    }

    [Fact]
    public void Read_MoreHeadersThanTheLimit_IsRefused()
    {
        string lines = string.Concat(Enumerable.Range(0, 250).Select(i => $"X-{i}: {i}\r\n"));
        string text = $"BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nf: <sip:a@b>;tag=1\r\nt: <sip:a@b>;tag=2\r\ni: x\r\nCSeq: 4 BYE\r\n{lines}";
        SipMessage message = Read(text + "l: 0\r\n\r\n");
        Assert.Equal(256, message.HeaderCount);
        Assert.Equal("x", Text(message.CallId));
        Assert.Equal(ParseOutcome.Malformed, SipParser.TryRead(Bytes(text + "X-One: 1\r\nl: 0\r\n\r\n"), message, out _, out SipRejection reason));
        Assert.Equal(SipRejection.TooManyHeaders, reason);
        Assert.Equal(0, message.HeaderCount);
        Assert.True(message.Bytes.IsEmpty);
        Assert.Equal(ParseOutcome.Malformed, SipParser.TryRead(Bytes(Full), new SipMessage(new SipLimits { MaxHeaders = 3 }), out _, out reason));
        Assert.Equal(SipRejection.TooManyHeaders, reason);
    }

    [Fact]
    public void Read_MessageOverTheLimit_IsRefused()
    {
        var message = new SipMessage(new SipLimits { MaxMessageBytes = 100 });
        Assert.Equal(ParseOutcome.Malformed, SipParser.TryRead(Bytes(Full), message, out _, out SipRejection reason));
        Assert.Equal(SipRejection.TooLong, reason);
        Assert.Equal(ParseOutcome.Malformed, SipParser.TryReadCopy(Bytes(Full), message, out _, out reason));
        Assert.Equal(SipRejection.TooLong, reason);
    }

    [Theory]
    [InlineData("", SipRejection.Empty)]
    [InlineData("\r\n\r\n", SipRejection.Empty)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", SipRejection.NotSip)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n", SipRejection.NotSip)]
    [InlineData("\0\0\0\0", SipRejection.NotSip)]
    [InlineData("hello world\r\n", SipRejection.NotSip)]
    [InlineData("INVITE sip:a@b SIP/3.0\r\n\r\n", SipRejection.UnsupportedVersion)]
    [InlineData("SIP/1.0 200 OK\r\n\r\n", SipRejection.UnsupportedVersion)]
    [InlineData("SIP/2.0 20 OK\r\n\r\n", SipRejection.BadStatusCode)]
    [InlineData("SIP/2.0 2000 OK\r\n\r\n", SipRejection.BadStatusCode)]
    [InlineData("SIP/2.0 099 OK\r\n\r\n", SipRejection.BadStatusCode)]
    [InlineData("SIP/2.0 abc OK\r\n\r\n", SipRejection.BadStatusCode)]
    [InlineData("SIP/2.0\r\n\r\n", SipRejection.BadStatusCode)]
    [InlineData("INVITE SIP/2.0\r\n\r\n", SipRejection.BadRequestLine)]
    [InlineData("INVITE   SIP/2.0\r\n\r\n", SipRejection.BadRequestLine)]
    [InlineData("(x) sip:a@b SIP/2.0\r\n\r\n", SipRejection.BadRequestLine)]
    [InlineData(" SIP/2.0\r\n\r\n", SipRejection.BadRequestLine)]
    public void Read_OtherBytes_AreRefusedByName(string text, SipRejection expected)
    {
        Assert.Equal(ParseOutcome.Malformed, SipParser.TryRead(Bytes(text), new SipMessage(), out int consumed, out SipRejection reason));
        Assert.Equal(expected, reason);
        Assert.Equal(0, consumed);
    }

    [Theory]
    [InlineData("INV")]
    [InlineData("INVITE")]
    [InlineData("INVITE sip:a@b SIP/2.0")]
    [InlineData("SIP/2")]
    [InlineData("SIP/2.0 200 OK\r")]
    public void Read_StartLineCutOff_NeedsMore(string text)
    {
        Assert.Equal(ParseOutcome.NeedMore, SipParser.TryRead(Bytes(text), new SipMessage(), out int consumed, out SipRejection reason));
        Assert.Equal(SipRejection.None, reason);
        Assert.Equal(0, consumed);
    }

    [Theory]
    [InlineData("INVITE sip:a@b SIP/2.0\r\n", true)]
    [InlineData("invite sip:a@b sip/2.0\n", true)]
    [InlineData("FOO bar:baz SIP/2.0 \r\n", true)]
    [InlineData("SIP/2.0 200 OK\r\n", true)]
    [InlineData("OPTIONS sip:a@b SIP/7.0\r\n", true)]
    [InlineData("INVITE sip:cut", true)]
    [InlineData("REGISTER sips:cut", true)]
    [InlineData("INVITE tel:+15", true)]
    [InlineData("FOO sip:cut-off", false)]
    [InlineData("INVITE http:cut", false)]
    [InlineData("GET / HTTP/1.1\r\n", false)]
    [InlineData("INVITE sip:a@b HTTP/2.0\r\n", false)]
    [InlineData("SIP/2.0200 OK\r\n", false)]
    [InlineData("INVITE", false)]
    [InlineData("", false)]
    [InlineData("\r\n\r\n", false)]
    [InlineData("\0\u0001\u0002\u0003\u0004\u0005\u0006\a\b", false)]
    public void LooksLikeSip_ByTheFirstBytes(string text, bool expected) => Assert.Equal(expected, SipParser.LooksLikeSip(Bytes(text)));

    [Fact]
    public void LooksLikeSip_Rtp_IsRefusedAtOnce()
    {
        byte[] rtp = new byte[172];
        rtp[0] = 0x80;
        Assert.False(SipParser.LooksLikeSip(rtp));
    }

    [Fact]
    public void ReadCopy_BytesThatChangeAfterwards_ChangeNothing()
    {
        byte[] bytes = Bytes(Full);
        var message = new SipMessage();
        Assert.Equal(ParseOutcome.Message, SipParser.TryReadCopy(bytes, message, out _, out _));
        Array.Clear(bytes);
        Assert.Equal("call-1@example.com", Text(message.CallId));
        Assert.Equal(Full, Text(message.Bytes));
    }

    [Fact]
    public void Read_SliceOfABuffer_LooksAtNothingElse()
    {
        byte[] bytes = Bytes("GARBAGE" + Full + "GARBAGE");
        var message = new SipMessage();
        Assert.Equal(ParseOutcome.Message, SipParser.TryRead(bytes.AsMemory(7, Full.Length), message, out int consumed, out _));
        Assert.Equal(Full.Length, consumed);
        Assert.Equal(Full, Text(message.Bytes));
    }

    [Fact]
    public void Read_SecondMessageIntoTheSameObject_LeavesNothingOfTheFirst()
    {
        SipMessage message = Read(Full);
        Assert.Equal(ParseOutcome.Message, SipParser.TryRead(Bytes("SIP/2.0 200 OK\r\n\r\n"), message, out _, out _));
        Assert.Equal(0, message.HeaderCount);
        Assert.True(message.CallId.IsEmpty);
        Assert.True(message.From.IsEmpty);
        Assert.True(message.FromTag.IsEmpty);
        Assert.True(message.TopViaBranch.IsEmpty);
        Assert.Equal(0, message.ViaCount);
        Assert.Equal(-1, message.ContentLength);
        Assert.Equal(-1, message.ExpiresSeconds);
        Assert.Equal(0u, message.CSeqNumber);
        Assert.Equal(SipMethod.Unknown, message.Method);
        Assert.True(message.SdpBody.IsEmpty);
        Assert.False(message.TryGetReplaces(out _));
        Assert.False(message.TryGetSessionExpires(out _));
        Assert.False(message.TryGetSessionId(out _));
        Assert.False(message.TryGetRAck(out _));
        Assert.False(message.TryGetReason(default, out _));
        Assert.Equal(SipOddities.MissingMandatoryHeader | SipOddities.MissingContentLength, message.Oddities);
    }

    [Theory]
    [InlineData("Contact: <sip:a@b>, \"x, y\" <sip:c@d?e=f,g>;p=\"q,r\", *", 3)]
    [InlineData("Contact: ,, <sip:a@b> ,", 1)]
    [InlineData("Contact: \"open, <sip:a@b>, <sip:c@d>", 1)]
    [InlineData("Contact: <sip:open, <sip:c@d>", 1)]
    [InlineData("Contact: \"a\\\",b\" <sip:a@b>,<sip:c@d>", 2)]
    [InlineData("Contact:", 0)]
    public void GetValues_SplitsOutsideQuotesAndBrackets(string header, int expected) =>
        Assert.Equal(expected, Values(ReadWith(header), SipHeader.Contact).Length);

    [Fact]
    public void HeaderAt_NoSuchLine_IsOurBug() => Assert.Throws<ArgumentOutOfRangeException>(() => Read(Full).HeaderAt(99));
}
