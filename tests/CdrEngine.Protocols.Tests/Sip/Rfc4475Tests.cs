using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;
using static CdrEngine.Protocols.Tests.Sip.SipReading;

namespace CdrEngine.Protocols.Tests.Sip;

/// <summary>Every message of RFC 4475 (SIP torture test messages), as bytes in tests/fixtures/sip/rfc4475. An observer is lenient: what a server
/// would refuse is read as far as it goes and named by an oddity, because the endpoints may have gone on with it.</summary>
public sealed class Rfc4475Tests
{
    private static readonly Row[] Table =
    [
        // 3.1.1 valid messages
        new("3.1.1.1", "wsinv", "INVITE", "sip:vivekg@chair-dnrc.example.com;unknownparam", "wsinv.ndaksdj@192.0.2.1", 9, SipOddities.None, "folding and white space everywhere"),
        new("3.1.1.2", "intmeth", "!interesting-Method0123456789_*+`.%indeed'~", "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com", "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", 139122385, SipOddities.EmbeddedNul, "every allowed character; the NUL is a legal quoted pair, and noted"),
        new("3.1.1.3", "esc01", "INVITE", "sip:sips%3Auser%40example.com@example.net", "esc01.239409asdfakjkn23onasd0-3234", 234234, SipOddities.None, "escapes in URIs"),
        new("3.1.1.4", "escnull", "REGISTER", "sip:example.com", "escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd", 14398234, SipOddities.None, "escaped NULs"),
        new("3.1.1.5", "esc02", "RE%47IST%45R", "sip:registrar.example.com", "esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf", 29344, SipOddities.None, "percent where it escapes nothing: a method and a header of their own"),
        new("3.1.1.6", "lwsdisp", "OPTIONS", "sip:user@example.com", "lwsdisp.1234abcd@funky.example.com", 60, SipOddities.None, "no space between name and bracket"),
        new("3.1.1.7", "longreq", "INVITE", "sip:user@example.com", "longreq.onereallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallyreallylongcallid", 3882340, SipOddities.None, "long values, 34 Vias"),
        new("3.1.1.8", "dblreq", "REGISTER", "sip:example.com", "dblreq.0ha0isndaksdj99sdfafnl3lk233412", 8, SipOddities.ContentLengthMismatch, "octets after the message in a datagram are left out, as RFC 3261 18.3 says"),
        new("3.1.1.9", "semiuri", "OPTIONS", "sip:user;par=u%40example.net@example.com", "semiuri.0ha0isndaksdj", 8, SipOddities.None, "semicolon in the user"),
        new("3.1.1.10", "transports", "OPTIONS", "sip:user@example.com", "transports.kijh4akdnaqjkwendsasfdj", 60, SipOddities.None, "known and unknown transports"),
        new("3.1.1.11", "mpart01", "MESSAGE", "sip:kumiko@example.org", "3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..", 1, SipOddities.None, "multipart with a binary part"),
        new("3.1.1.12", "unreason", "200", "", "unreason.1234ksdfak3j2erwedfsASdf", 35, SipOddities.None, "UTF-8 in the reason phrase"),
        new("3.1.1.13", "noreason", "100", "", "noreason.asndj203insdf99223ndf", 35, SipOddities.None, "empty reason phrase"),

        // 3.1.2 invalid messages
        new("3.1.2.1", "badinv01", "INVITE", "sip:user@example.com", "badinv01.0ha0isndaksdjasdf3234nas", 8, SipOddities.EmptyParameter | SipOddities.MalformedVia, "stray separators: what is between them is read"),
        new("3.1.2.2", "clerr", "INVITE", "sip:user@example.com", "clerr.0ha0isndaksdjweiafasdk3", 8, SipOddities.Truncated, "Content-Length past the datagram: the body is what there is"),
        new("3.1.2.3", "ncl", "INVITE", "sip:user@example.com", "ncl.0ha0isndaksdj2193423r542w35", 0, SipOddities.BadContentLength, "negative Content-Length: as if there were none"),
        new("3.1.2.4", "scalar02", "REGISTER", "sip:example.com", "scalar02.23o0pd9vanlq3wnrlnewofjas9ui32", 0, SipOddities.BadCSeq | SipOddities.NumberOutOfRange, "numbers out of range are no numbers; the rest counts"),
        new("3.1.2.5", "scalarlg", "503", "", "scalarlg.noase0of0234hn2qofoaf0232aewf2394r", 0, SipOddities.BadCSeq | SipOddities.NumberOutOfRange, "the same in a response"),
        new("3.1.2.6", "quotbal", "INVITE", "sip:user@example.com", "quotbal.aksdj", 8, SipOddities.UnbalancedQuote | SipOddities.MalformedAddress, "open quote: the address in brackets is plain to see"),
        new("3.1.2.7", "ltgtruri", "INVITE", "sip:user@example.com", "ltgtruri.1@192.0.2.5", 1, SipOddities.BracketedRequestUri, "brackets round the Request-URI are taken off"),
        new("3.1.2.8", "lwsruri", "INVITE", "sip:user@example.com; lr", "lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423", 2130706432, SipOddities.StartLineSpacing | SipOddities.MalformedAddress, "white space in the Request-URI stays in it"),
        new("3.1.2.9", "lwsstart", "INVITE", "sip:user@example.com", "lwsstart.dfknq234oi243099adsdfnawe3@example.com", 1893884, SipOddities.StartLineSpacing, "several spaces in the request line"),
        new("3.1.2.10", "trws", "OPTIONS", "sip:remote-target@example.com", "trws.oicu34958239neffasdhr2345r", 238923, SipOddities.StartLineSpacing, "spaces after the version"),
        new("3.1.2.11", "escruri", "INVITE", "sip:user@example.com?Route=%3Csip:example.com%3E", "escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5", 149209342, SipOddities.MisplacedUriHeaders, "headers in the Request-URI are kept as text and never applied"),
        new("3.1.2.12", "baddate", "INVITE", "sip:user@example.com", "baddate.239423mnsadf3j23lj42--sedfnm234", 1392934, SipOddities.BadDate, "a time zone other than GMT; nothing is timed by Date"),
        new("3.1.2.13", "regbadct", "REGISTER", "sip:example.com", "regbadct.k345asrl3fdbv@10.0.0.1", 1, SipOddities.MisplacedUriHeaders, "question mark in a bare URI"),
        new("3.1.2.14", "badaspec", "OPTIONS", "sip:user@example.org", "badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3", 3923239, SipOddities.MalformedAddress, "spaces inside the brackets are trimmed"),
        new("3.1.2.15", "baddn", "OPTIONS", "sip:t.watson@example.org", "baddn.31415@c.example.com", 3923239, SipOddities.MalformedAddress, "a comma in an unquoted name: it is the name all the same"),
        new("3.1.2.16", "badvers", SipRejection.UnsupportedVersion, "a grammar of another version is not known"),
        new("3.1.2.17", "mismatch01", "OPTIONS", "sip:user@example.com", "mismatch01.dj0234sxdfl3", 8, SipOddities.MethodMismatch, "the request line counts"),
        new("3.1.2.18", "mismatch02", "NEWMETHOD", "sip:user@example.com", "mismatch02.dj0234sxdfl3", 8, SipOddities.MethodMismatch, "the same with an unknown method"),
        new("3.1.2.19", "bigcode", SipRejection.BadStatusCode, "no outcome can be drawn from a status that is none"),

        // 3.2 transaction layer, 3.3 application layer, 3.4 backward compatibility: well formed but for what is named
        new("3.2.1", "badbranch", "OPTIONS", "sip:user@example.com", "badbranch.sadonfo23i420jv0as0derf3j3n", 8, SipOddities.BadBranch, "a branch that is only the cookie names no transaction"),
        new("3.3.1", "insuf", "INVITE", "sip:user@example.com", "", 193942, SipOddities.MissingMandatoryHeader, "no Call-ID, From, To: shown, but no part of any call"),
        new("3.3.2", "unkscm", "OPTIONS", "nobodyKnowsThisScheme:totallyopaquecontent", "unkscm.nasdfasser0q239nwsdfasdkl34", 3923423, SipOddities.None, "unknown scheme"),
        new("3.3.3", "novelsc", "OPTIONS", "soap.beep://192.0.2.103:3002", "novelsc.asdfasser0q239nwsdfasdkl34", 3923423, SipOddities.None, "known scheme that is unusual here"),
        new("3.3.4", "unksm2", "REGISTER", "sip:example.com", "unksm2.daksdj@hyphenated-host.example.com", 234902, SipOddities.None, "unknown schemes in addresses"),
        new("3.3.5", "bext01", "OPTIONS", "sip:user@example.com", "bext01.0ha0isndaksdj", 8, SipOddities.None, "unknown option tags"),
        new("3.3.6", "invut", "INVITE", "sip:user@example.com", "invut.0ha0isndaksdjadsfij34n23d", 235448, SipOddities.None, "unknown body type"),
        new("3.3.7", "regaut01", "REGISTER", "sip:example.com", "regaut01.0ha0isndaksdj", 9338, SipOddities.None, "unknown authorisation scheme"),
        new("3.3.8", "multi01", "INVITE", "sip:user@company.com", "multi01.98asdh@192.0.2.1", 5, SipOddities.DuplicateSingletonHeader, "of two Call-IDs, CSeqs, Froms, Tos the first counts"),
        new("3.3.9", "mcl01", "OPTIONS", "sip:user@example.com", "mcl01.fhn2323orihawfdoa3o4r52o3irsdf", 15932, SipOddities.ContentLengthMismatch | SipOddities.DuplicateSingletonHeader, "of two Content-Lengths the first counts"),
        new("3.3.10", "bcast", "200", "", "bcast.0384840201234ksdfak3j2erwedfsASdf", 35, SipOddities.None, "broadcast address in the second Via"),
        new("3.3.11", "zeromf", "OPTIONS", "sip:user@example.com", "zeromf.jfasdlfnm2o2l43r5u0asdfas", 39234321, SipOddities.None, "Max-Forwards 0"),
        new("3.3.12", "cparam01", "REGISTER", "sip:example.com", "cparam01.70710@saturn.example.com", 2, SipOddities.None, "parameter of the Contact header"),
        new("3.3.13", "cparam02", "REGISTER", "sip:example.com", "cparam02.70710@saturn.example.com", 3, SipOddities.None, "parameter of the Contact's URI"),
        new("3.3.14", "regescrt", "REGISTER", "sip:example.com", "regescrt.k345asrl3fdbv@192.0.2.1", 14398234, SipOddities.None, "escaped Route in a Contact"),
        new("3.3.15", "sdp01", "INVITE", "sip:user@example.com", "sdp01.ndaksdj9342dasdd", 8, SipOddities.None, "an Accept that nobody can meet"),
        new("3.4.1", "inv2543", "INVITE", "sip:UserB@example.com", "inv2543.1717@ift.client.example.com", 56, SipOddities.MissingContentLength, "RFC 2543: no tags, no branch, no Content-Length"),
    ];

    public static TheoryData<string> Names => [.. Table.Select(row => row.File)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Message_OfTheRfc_IsReadOrNamed(string file)
    {
        Row row = Table.Single(each => each.File == file);
        byte[] bytes = Load(file);
        Assert.True(SipParser.LooksLikeSip(bytes), "found by its shape");

        var message = new SipMessage();
        ParseOutcome outcome = SipParser.TryRead(bytes, message, out int consumed, out SipRejection reason);
        Assert.Equal(row.Rejection, reason);
        if (row.Rejection != SipRejection.None)
        {
            Assert.Equal(ParseOutcome.Malformed, outcome);
            Assert.Equal(0, consumed);
            return;
        }

        Assert.Equal(ParseOutcome.Message, outcome);
        Assert.Equal(row.Start, message.IsRequest ? Text(message.MethodText) : message.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(row.Uri, Text(message.RequestUri));
        Assert.Equal(row.CallId, Text(message.CallId));
        Assert.Equal(row.CSeq, message.CSeqNumber);
        Assert.Equal(row.Oddities, message.Inspect());
    }

    [Fact]
    public void Table_HasEveryMessageOfTheRfc()
    {
        string[] files = [.. Directory.GetFiles(Checkout.Fixture("sip", "rfc4475"), "*.dat").Select(file => Path.GetFileNameWithoutExtension(file)!).Order(StringComparer.Ordinal)];
        Assert.Equal(49, files.Length);
        Assert.Equal(files, Table.Select(row => row.File).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryPrefix_OfAMessageOfTheRfc_IsReadWithoutAnException(string file)
    {
        byte[] bytes = Load(file);
        var message = new SipMessage();
        for (int length = 0; length < bytes.Length; length++)
        {
            ParseOutcome outcome = SipParser.TryRead(bytes.AsMemory(0, length), message, out int consumed, out _);
            Assert.InRange(consumed, 0, length);
            if (outcome == ParseOutcome.Message) message.Inspect();
        }
    }

    [Fact]
    public void Wsinv_Values_AreThoseTheRfcStates()
    {
        SipMessage message = Read(Load("wsinv"));
        Assert.Equal("1918181833n", Text(message.ToTag));
        Assert.Equal("98asjd8", Text(message.FromTag));
        Assert.Equal("J Rosenberg \\\"", message.From.DisplayNameText());
        Assert.Equal(68, message.MaxForwards);
        Assert.Equal(150, message.ContentLength);
        Assert.Equal(3, message.ViaCount);
        Assert.Equal("UDP", Text(message.TopVia.TransportText));
        Assert.Equal("192.0.2.2", Text(message.TopVia.Host));
        Assert.Equal("390skdjuw", Text(message.TopViaBranch));
        string[] vias = Values(message, SipHeader.Via);
        Assert.True(SipVia.TryParse(Bytes(vias[1]), out SipVia second));
        Assert.Equal("z9hG4bK9ikj8", Text(second.Branch));
        Assert.Equal("spindle.example.com", Text(second.Host));
        Assert.True(SipVia.TryParse(Bytes(vias[2]), out SipVia third));
        Assert.Equal("z9hG4bK30239", Text(third.Branch));
        Assert.True(message.TryGetHeader(SipHeader.Subject, out ReadOnlySpan<byte> subject));
        Assert.Equal("", Text(subject));
        Assert.True(message.TryGetHeader("newfangledheader"u8, out ReadOnlySpan<byte> fangled));
        Assert.Equal("newfangled value continued newfangled value", Text(fangled));
        Assert.True(message.TryGetHeader("UnknownHeaderWithUnusualValue"u8, out ReadOnlySpan<byte> unusual));
        Assert.Equal(";;,,;;,;", Text(unusual));
        Assert.Equal("Quoted string \"\"", message.Contact.DisplayNameText());
        Assert.True(message.Contact.Parameters.TryGet("newparam"u8, out ReadOnlySpan<byte> newParam));
        Assert.Equal("newvalue", Text(newParam));
        Assert.True(message.Contact.Parameters.TryGet("q"u8, out ReadOnlySpan<byte> q));
        Assert.Equal("0.33", Text(q));
        Assert.Equal(150, message.SdpBody.Length);
    }

    [Fact]
    public void Intmeth_Values_AreThoseTheRfcStates()
    {
        SipMessage message = Read(Load("intmeth"));
        Assert.Equal(SipMethod.Unknown, message.Method);
        Assert.Equal("BEL:\a NUL:\0 DEL:\u007f", message.To.DisplayNameText());
        Assert.Equal("token1~` token2'+_ token3*%!.-", message.From.DisplayNameText());
        Assert.Equal("_token~1'+`*%!-.", Text(message.FromTag));
        Assert.True(message.From.Parameters.TryGet("fromParam''~+*_!.-%"u8, out ReadOnlySpan<byte> value));
        Assert.Equal("работающий", Text(value));
        Assert.True(SipUri.TryParse(message.RequestUri, out SipUri uri));
        Assert.Equal("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*", Text(uri.User));
        Assert.Equal("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)", Text(uri.Password));
        Assert.Equal("example.com", Text(uri.Host));
        Assert.True(message.TryGetHeader("EXTENSIONHEADER-!.%*+_`'~"u8, out ReadOnlySpan<byte> extension));
        Assert.Equal("\uFEFF大停電", Text(extension));
    }

    [Fact]
    public void Esc01_Users_AreUnescaped()
    {
        SipMessage message = Read(Load("esc01"));
        Assert.True(SipUri.TryParse(message.RequestUri, out SipUri uri));
        Assert.Equal("sips:user@example.com", uri.UserText());
        Assert.Equal("example.net", Text(uri.Host));
        Assert.Equal("user", message.To.Uri.UserText());
        Assert.Equal("I have spaces", message.From.Uri.UserText());
        Assert.Equal("caller", message.Contact.Uri.UserText());
        Assert.True(message.Contact.Uri.Parameters.Contains("%6C%72"u8));
        Assert.False(message.Contact.Uri.Parameters.Contains("lr"u8));
        Assert.Equal("application/sdp", Text(message.ContentType));
    }

    [Fact]
    public void Escnull_Contacts_AreTwo()
    {
        SipMessage message = Read(Load("escnull"));
        Assert.Equal("null-\0-null", message.To.Uri.UserText());
        Assert.Equal(["<sip:%00@host5.example.com>", "<sip:%00%00@host5.example.com>"], Values(message, SipHeader.Contact));
        Assert.Equal(0, message.ContentLength);
    }

    [Fact]
    public void Esc02_PercentElsewhere_EscapesNothing()
    {
        SipMessage message = Read(Load("esc02"));
        Assert.Equal(SipMethod.Unknown, message.Method);
        Assert.Equal("%Z%45", message.To.DisplayNameText());
        Assert.Equal("z9hG4bK209%fzsnel234", Text(message.TopViaBranch));
        Assert.Equal(["<sip:alias1@host1.example.com>", "<sip:alias3@host3.example.com>"], Values(message, SipHeader.Contact));
        Assert.True(message.TryGetHeader("C%6Fntact"u8, out ReadOnlySpan<byte> other));
        Assert.Equal("<sip:alias2@host2.example.com>", Text(other));
    }

    [Fact]
    public void Longreq_Vias_AreThirtyFour()
    {
        SipMessage message = Read(Load("longreq"));
        Assert.Equal(34, message.ViaCount);
        Assert.Equal("sip33.example.com", Text(message.TopVia.Host));
        Assert.Equal(6000, message.To.Uri.Port);
        Assert.Equal("12" + string.Concat(Enumerable.Repeat("982", 50)) + "424", Text(message.FromTag));
        Assert.Equal(150, message.SdpBody.Length);
    }

    [Fact]
    public void Dblreq_SecondRequest_IsLeftInTheDatagram()
    {
        byte[] bytes = Load("dblreq");
        SipMessage message = new();
        Assert.Equal(ParseOutcome.Message, SipParser.TryRead(bytes, message, out int consumed, out _));
        Assert.True(message.Body.IsEmpty);
        Assert.Equal("\r\nINVITE", Text(bytes.AsSpan(consumed, 8)));
    }

    [Fact]
    public void Semiuri_User_HoldsItsParameter()
    {
        SipMessage message = Read(Load("semiuri"));
        Assert.True(SipUri.TryParse(message.RequestUri, out SipUri uri));
        Assert.Equal("user;par=u%40example.net", Text(uri.User));
        Assert.Equal("user", uri.UserText());
        Assert.Equal("example.com", Text(uri.Host));
        Assert.Equal(6, Values(message, SipHeader.Accept).Length);
    }

    [Fact]
    public void Transports_Vias_NameThem()
    {
        var found = new List<string>();
        foreach (ReadOnlySpan<byte> value in Read(Load("transports")).GetValues(SipHeader.Via))
        {
            Assert.True(SipVia.TryParse(value, out SipVia via));
            found.Add(via.TryGetTransport(out Transport transport) ? transport.ToString() : "?" + Text(via.TransportText));
        }

        Assert.Equal(["Udp", "Sctp", "Tls", "?UNKNOWN", "Tcp"], found);
    }

    [Fact]
    public void Mpart01_Parts_AreTextAndBinary()
    {
        SipMessage message = Read(Load("mpart01"));
        Assert.True(message.TryGetBody("text/plain"u8, out ReadOnlySpan<byte> text));
        Assert.Equal("Hello", Text(text));
        Assert.True(message.TryGetBody("application/octet-stream"u8, out ReadOnlySpan<byte> binary));
        Assert.Equal(342, binary.Length);
        Assert.Equal((byte)0x30, binary[0]);
        Assert.Equal((byte)0x05, binary[^1]);
        Assert.True(message.SdpBody.IsEmpty);
        Assert.Equal(0, message.TopVia.RPort);
    }

    [Fact]
    public void Unreason_Phrase_IsUtf8()
    {
        SipMessage message = Read(Load("unreason"));
        Assert.Equal("= 2**3 * 5**2 но сто девяносто девять - простое", Text(message.ReasonPhrase));
        Assert.Equal(154, message.SdpBody.Length);
        Assert.Equal(SipMethod.Invite, message.Method);
        Assert.Equal("", Text(Read(Load("noreason")).ReasonPhrase));
    }

    [Fact]
    public void InvalidMessages_WhatCanBeRead_IsRead()
    {
        Assert.Equal("sip:joe@example.org", Text(Read(Load("badinv01")).Contact.UriText));
        Assert.Equal("192.0.2.15", Text(Read(Load("badinv01")).TopVia.Host));
        Assert.Equal(154, Read(Load("clerr")).SdpBody.Length);
        Assert.Equal(9999, Read(Load("clerr")).ContentLength);
        Assert.Equal(152, Read(Load("ncl")).SdpBody.Length);
        Assert.Equal(-1, Read(Load("scalar02")).ExpiresSeconds);
        Assert.Equal(-1, Read(Load("scalar02")).MaxForwards);
        Assert.Equal("sip:j.user@example.com", Text(Read(Load("quotbal")).To.UriText));
        Assert.Equal("3xfe-9921883-z9f", Text(Read(Load("lwsruri")).ToTag));
        Assert.Equal("sip:t.watson@example.org", Text(Read(Load("badaspec")).To.UriText));
        Assert.Equal("Bell, Alexander", Read(Load("baddn")).From.DisplayNameText());
        Assert.Equal("43", Text(Read(Load("baddn")).FromTag));
        Assert.Equal(SipMethod.Options, Read(Load("mismatch01")).Method);
        Assert.Equal(SipMethod.Invite, Read(Load("mismatch01")).CSeqMethod);
        Assert.Equal(13, Read(Load("mcl01")).Body.Length);
        Assert.Equal("sip:user@example.com", Text(Read(Load("multi01")).To.UriText));
        Assert.Equal("3413415", Text(Read(Load("multi01")).FromTag));
        Assert.Equal(["<sip:caller@host25.example.net>", "<sip:caller@host36.example.net>"], Values(Read(Load("multi01")), SipHeader.Contact));
    }

    [Fact]
    public void ApplicationLayerMessages_Values_AreThoseTheRfcStates()
    {
        Assert.Equal("isbn:2983792873", Text(Read(Load("unksm2")).To.UriText));
        Assert.Equal("3234233", Text(Read(Load("unksm2")).FromTag));
        Assert.True(Read(Load("bext01")).HasToken(SipHeader.Require, "nothingSupportsThisEither"u8));
        Assert.True(Read(Load("bext01")).HasToken(SipHeader.ProxyRequire, "norDoAnyProxiesSupportThis"u8));
        Assert.True(Read(Load("invut")).SdpBody.IsEmpty);
        Assert.Equal(40, Read(Load("invut")).Body.Length);
        Assert.True(Read(Load("regaut01")).AuthorizationUser.IsEmpty);
        Assert.Equal(0, Read(Load("zeromf")).MaxForwards);

        // 3.3.12 and 3.3.13: a parameter outside brackets is the header's, inside it is the URI's
        Assert.True(Read(Load("cparam01")).Contact.Parameters.Contains("unknownparam"u8));
        Assert.False(Read(Load("cparam01")).Contact.Uri.Parameters.Contains("unknownparam"u8));
        Assert.True(Read(Load("cparam02")).Contact.Uri.Parameters.Contains("unknownparam"u8));
        Assert.False(Read(Load("cparam02")).Contact.Parameters.Contains("unknownparam"u8));
        Assert.True(Read(Load("regescrt")).Contact.Uri.TryGetHeader("route"u8, out ReadOnlySpan<byte> route));
        Assert.Equal("<sip:sip.example.com>", SipGrammar.UnescapeUri(route));

        SipMessage old = Read(Load("inv2543"));
        Assert.True(old.FromTag.IsEmpty);
        Assert.True(old.TopViaBranch.IsEmpty);
        Assert.Equal("+16505552222", old.To.Uri.UserText());
        Assert.True(old.To.Parameters.Contains("user"u8));
        var session = new SdpSession();
        Assert.True(SdpParser.TryRead(old.SdpBody, session));
        Assert.Equal(49217, session.Media[0].Port);
    }

    private static byte[] Load(string file) => File.ReadAllBytes(Checkout.Fixture("sip", "rfc4475", file + ".dat"));

    private sealed record Row(string Section, string File, string Start, string Uri, string CallId, uint CSeq, SipOddities Oddities, string Why)
    {
        public Row(string section, string file, SipRejection rejection, string why)
            : this(section, file, "", "", "", 0, SipOddities.None, why) => Rejection = rejection;

        public SipRejection Rejection { get; }
    }
}
