using CdrEngine.Core;
using CdrEngine.Protocols.Sip;
using Xunit;
using static CdrEngine.Protocols.Tests.Sip.SipReading;

namespace CdrEngine.Protocols.Tests.Sip;

public sealed class SipUriTests
{
    [Theory]
    [InlineData("sip:alice@example.com", SipUriScheme.Sip, "alice", "", "example.com", 0, "", "")]
    [InlineData("sips:alice:secret@example.com:5061;transport=tls;lr?a=b&c=d", SipUriScheme.Sips, "alice", "secret", "example.com", 5061, ";transport=tls;lr", "a=b&c=d")]
    [InlineData("SIP:example.com", SipUriScheme.Sip, "", "", "example.com", 0, "", "")]
    [InlineData("sip:[2001:db8::1]", SipUriScheme.Sip, "", "", "[2001:db8::1]", 0, "", "")]
    [InlineData("sip:u@[2001:db8::1]:5060;x", SipUriScheme.Sip, "u", "", "[2001:db8::1]", 5060, ";x", "")]
    [InlineData("sip:u@[2001:db8::1", SipUriScheme.Sip, "u", "", "[2001:db8::1", 0, "", "")]
    [InlineData("sip:a?b@example.com", SipUriScheme.Sip, "a?b", "", "example.com", 0, "", "")]
    [InlineData("sip:example.com?to=sip%3Aa%40b", SipUriScheme.Sip, "", "", "example.com", 0, "", "to=sip%3Aa%40b")]
    [InlineData("sip:+15551234;npdi;rn=+1555@gw.example.com;user=phone", SipUriScheme.Sip, "+15551234;npdi;rn=+1555", "", "gw.example.com", 0, ";user=phone", "")]
    [InlineData("sip:alice@home@proxy.example.com", SipUriScheme.Sip, "alice@home", "", "proxy.example.com", 0, "", "")]
    [InlineData("sip:u@h:99999", SipUriScheme.Sip, "u", "", "h", 0, "", "")]
    [InlineData("sip:u@h:", SipUriScheme.Sip, "u", "", "h", 0, "", "")]
    [InlineData("sip:@h", SipUriScheme.Sip, "", "", "h", 0, "", "")]
    [InlineData("sip:", SipUriScheme.Sip, "", "", "", 0, "", "")]
    [InlineData("tel:+1-212-555-0100;phone-context=+1;ext=22", SipUriScheme.Tel, "+1-212-555-0100", "", "", 0, ";phone-context=+1;ext=22", "")]
    [InlineData("tel:911", SipUriScheme.Tel, "911", "", "", 0, "", "")]
    [InlineData("urn:service:sos", SipUriScheme.Other, "", "", "", 0, "", "")]
    [InlineData(" sip:a@b ", SipUriScheme.Sip, "a", "", "b", 0, "", "")]
    public void TryParse_Uri_GivesItsParts(string text, SipUriScheme scheme, string user, string password, string host, int port, string parameters, string headers)
    {
        Assert.True(SipUri.TryParse(Bytes(text), out SipUri uri));
        Assert.Equal(scheme, uri.Scheme);
        Assert.Equal(user, Text(uri.User));
        Assert.Equal(password, Text(uri.Password));
        Assert.Equal(host, Text(uri.Host));
        Assert.Equal(port, uri.Port);
        Assert.Equal(parameters, uri.Parameters.ToString());
        Assert.Equal(headers, Text(uri.Headers));
    }

    [Theory]
    [InlineData("")]
    [InlineData("alice@example.com")]
    [InlineData("*")]
    [InlineData(":x")]
    [InlineData("1sip:x")]
    [InlineData("<sip:x>")]
    public void TryParse_WithoutScheme_IsRefused(string text) => Assert.False(SipUri.TryParse(Bytes(text), out _));

    [Fact]
    public void UserText_EscapesAndParameters_AreResolved()
    {
        Assert.True(SipUri.TryParse("sip:%61lice%20b%zz%4;x=1@h"u8, out SipUri uri));
        Assert.Equal("alice b%zz%4", uri.UserText());
        Assert.True(SipUri.TryParse("sip:%C3%BCmit@h"u8, out uri));
        Assert.Equal("ümit", uri.UserText());
    }

    [Fact]
    public void TryGetAddress_LiteralsOnly()
    {
        Assert.True(SipUri.TryParse("sip:a@[2001:db8::1]"u8, out SipUri uri));
        Assert.True(uri.TryGetAddress(out IpAddress address));
        Assert.Equal("2001:db8::1", address.ToString());
        Assert.True(SipUri.TryParse("sip:a@192.0.2.9"u8, out uri));
        Assert.True(uri.TryGetAddress(out address));
        Assert.Equal("192.0.2.9", address.ToString());
        Assert.True(SipUri.TryParse("sip:a@pbx.example.com"u8, out uri));
        Assert.False(uri.TryGetAddress(out _));
    }

    [Theory]
    [InlineData("<sip:a@b>;tag=1", "", "sip:a@b", "1", true)]
    [InlineData("sip:a@b;tag=1", "", "sip:a@b", "1", false)]
    [InlineData("\"N\" <sip:a@b;lr> ; TAG = 1", "N", "sip:a@b;lr", "1", true)]
    [InlineData("A B  C<sip:a@b>", "A B  C", "sip:a@b", "", true)]
    [InlineData("\"<sip:no@no>\" <sip:a@b>;x=\"<>\";tag=t", "<sip:no@no>", "sip:a@b", "t", true)]
    [InlineData("sip:a@b;x=\"<sip:no@no>;tag=2\";tag=3", "", "sip:a@b", "3", false)]
    [InlineData("\"only a name\"", "", "\"only a name\"", "", false)]
    [InlineData("<sip:open@b;tag=1", "", "sip:open@b;tag=1", "", true)]
    [InlineData("*", "", "*", "", false)]
    [InlineData("", "", "", "", false)]
    [InlineData("<>", "", "", "", true)]
    [InlineData("sip:a@b ;tag=\"q;r\"", "", "sip:a@b", "q;r", false)]
    public void NameAddr_Parse_GivesNameUriAndTag(string text, string name, string uri, string tag, bool isBracketed)
    {
        NameAddr address = NameAddr.Parse(Bytes(text));
        Assert.Equal(name, address.DisplayNameText());
        Assert.Equal(uri, Text(address.UriText));
        Assert.Equal(tag, Text(address.Tag));
        Assert.Equal(isBracketed, address.IsBracketed);
    }

    [Theory]
    [InlineData("SIP/2.0/UDP h", "UDP", "h", 0, "")]
    [InlineData("SIP/2.0/TCP [2001:db8::1]:5061;branch=b", "TCP", "[2001:db8::1]", 5061, "b")]
    [InlineData("SIP/2.0/TCP [2001:db8::1] ; branch = b", "TCP", "[2001:db8::1]", 0, "b")]
    [InlineData("SIP / 2.0 / WS  df7jal23ls0d.invalid : 5062 ;branch=b", "WS", "df7jal23ls0d.invalid", 5062, "b")]
    [InlineData("SIP/2.0/UDP h:notaport", "UDP", "h", 0, "")]
    public void Via_TryParse_GivesItsParts(string text, string transport, string host, int port, string branch)
    {
        Assert.True(SipVia.TryParse(Bytes(text), out SipVia via));
        Assert.Equal(transport, Text(via.TransportText));
        Assert.Equal(host, Text(via.Host));
        Assert.Equal(port, via.Port);
        Assert.Equal(branch, Text(via.Branch));
        Assert.Equal(-1, via.RPort);
    }

    [Theory]
    [InlineData("")]
    [InlineData("SIP")]
    [InlineData("SIP/2.0")]
    [InlineData("SIP/2.0/")]
    [InlineData("SIP/2.0/UDP")]
    [InlineData("SIP/2.0/UDP ;branch=b")]
    [InlineData("/2.0/UDP h")]
    public void Via_WithoutItsParts_IsRefused(string text) => Assert.False(SipVia.TryParse(Bytes(text), out _));

    [Fact]
    public void Structures_BadValues_AreRefused()
    {
        Assert.False(SipReplaces.TryParse("id;to-tag=1"u8, out _));
        Assert.False(SipReplaces.TryParse("id;from-tag=1"u8, out _));
        Assert.False(SipReplaces.TryParse(";to-tag=1;from-tag=2"u8, out _));
        Assert.False(SipReplaces.TryParse("id"u8, out _));
        Assert.False(SipSessionExpires.TryParse("soon"u8, out _));
        Assert.True(SipSessionExpires.TryParse("90 ; refresher=UAS"u8, out SipSessionExpires expires));
        Assert.Equal(new SipSessionExpires(90, SipRefresher.Uas), expires);
        Assert.False(SipRAck.TryParse("1 2"u8, out _));
        Assert.False(SipRAck.TryParse("1"u8, out _));
        Assert.False(SipSessionId.TryParse("short"u8, out _));
        Assert.False(SipSessionId.TryParse("zb30317f1a784dc48ff824d0d3715d86"u8, out _));
        Assert.True(SipSessionId.TryParse("00000000000000000000000000000000;remote=1"u8, out SipSessionId nil));
        Assert.False(nil.IsSameSession(nil));
        Assert.False(SipReason.TryParse(";cause=1"u8, out _));
        Assert.True(SipReason.TryParse("Q.850;cause=x"u8, out SipReason reason));
        Assert.Equal(-1, reason.Cause);
        Assert.True(SipReason.TryParse("Q.850 ;cause=16 ;text=\"a;b\""u8, out reason));
        Assert.Equal(16, reason.Cause);
        Assert.Equal("a;b", Text(reason.Text));
        Assert.False(SipDigest.TryGet("Digest"u8, "username"u8, out _));
        Assert.True(SipDigest.TryGet("Digest a=1 , USERNAME = bob"u8, "username"u8, out ReadOnlySpan<byte> user));
        Assert.Equal("bob", Text(user));
    }
}
