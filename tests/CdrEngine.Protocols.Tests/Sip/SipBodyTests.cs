using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;
using static CdrEngine.Protocols.Tests.Sip.SipReading;

namespace CdrEngine.Protocols.Tests.Sip;

public sealed class SipBodyTests
{
    private const string Sdp = "v=0\r\nm=audio 1 RTP/AVP 0\r\n";

    [Theory]
    [InlineData("application/sdp")]
    [InlineData("APPLICATION/SDP")]
    [InlineData("application/sdp;charset=utf-8")]
    [InlineData("application / sdp ; x=y")]
    public void SdpBody_OfThatType_IsTheBody(string type) =>
        Assert.Equal(Sdp, Text(Read(SipText.Invite("c", "a", "b").WithBody(type, Sdp).ToBytes()).SdpBody));

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/sdpx")]
    [InlineData("multipart/mixed")]
    [InlineData("multipart/mixed;boundary=")]
    [InlineData("multipart/mixed;boundary=other")]
    public void SdpBody_OfAnotherType_IsEmpty(string type) =>
        Assert.True(Read(SipText.Invite("c", "a", "b").WithBody(type, Sdp).ToBytes()).SdpBody.IsEmpty);

    [Fact]
    public void SdpBody_WithoutType_IsKnownByItsFirstLine()
    {
        Assert.Equal(Sdp, Text(Read(SipText.Invite("c", "a", "b").WithSdp("192.0.2.1", 1).WithBody("x", Sdp).Without("Content-Type").ToBytes()).SdpBody));
        Assert.True(Read(SipText.Invite("c", "a", "b").WithBody("x", "hello").Without("Content-Type").ToBytes()).SdpBody.IsEmpty);
    }

    [Fact]
    public void SdpBody_Encoded_IsNotRead()
    {
        Assert.True(Read(SipText.Invite("c", "a", "b").WithBody("application/sdp", Sdp).With("e", "gzip").ToBytes()).SdpBody.IsEmpty);
        Assert.Equal(Sdp, Text(Read(SipText.Invite("c", "a", "b").WithBody("application/sdp", Sdp).With("e", "identity").ToBytes()).SdpBody));
    }

    [Theory]
    [InlineData("multipart/mixed;boundary=b1", "b1")]
    [InlineData("multipart/mixed; boundary=\"b 1:=?\"", "b 1:=?")]
    [InlineData("Multipart/Related;type=\"application/sdp\";BOUNDARY=b1", "b1")]
    public void SdpBody_InMultipart_IsTheFirstSdpPart(string type, string boundary)
    {
        string body = $"preamble --{boundary} not a delimiter\r\n--{boundary}\r\nContent-Type: application/isup;version=itu-t92+\r\n\r\nIAM\r\n"
            + $"--{boundary}\r\nC: Application/SDP\r\nContent-Disposition: session\r\n\r\n{Sdp}\r\n--{boundary}--\r\nepilogue";
        SipMessage message = Read(SipText.Invite("c", "a", "b").WithBody(type, body).ToBytes());
        Assert.Equal(Sdp, Text(message.SdpBody));
        Assert.True(message.TryGetBody("application/isup"u8, out ReadOnlySpan<byte> isup));
        Assert.Equal("IAM", Text(isup));
        Assert.False(message.TryGetBody("text/plain"u8, out _));
    }

    [Fact]
    public void SdpBody_InNestedMultipart_IsFoundOneLevelDeep()
    {
        string inner = $"--in\r\nContent-Type: text/plain\r\n\r\nhi\r\n--in\r\nContent-Type: application/sdp\r\n\r\n{Sdp}\r\n--in--";
        string middle = $"--mid\r\nContent-Type: multipart/alternative;\r\n boundary=in\r\n\r\n{inner}\r\n--mid--";
        string outer = $"--out\r\nContent-Type: multipart/alternative; boundary=mid\r\n\r\n{middle}\r\n--out--";
        Assert.Equal(Sdp, Text(Read(SipText.Invite("c", "a", "b").WithBody("multipart/mixed;boundary=mid", middle).ToBytes()).SdpBody));
        Assert.True(Read(SipText.Invite("c", "a", "b").WithBody("multipart/mixed;boundary=out", outer).ToBytes()).SdpBody.IsEmpty);
    }

    [Fact]
    public void SdpBody_MultipartCutOffOrLfOnly_IsReadAsFarAsItGoes()
    {
        string cut = $"--b\r\nContent-Type: application/sdp\r\n\r\n{Sdp}";
        Assert.Equal(Sdp, Text(Read(SipText.Invite("c", "a", "b").WithBody("multipart/mixed;boundary=b", cut).ToBytes()).SdpBody));
        string lf = "--b\nContent-Type: application/sdp\n\nv=0\nm=audio 1 RTP/AVP 0\n--b--\n";
        Assert.Equal("v=0\nm=audio 1 RTP/AVP 0", Text(Read(SipText.Invite("c", "a", "b").WithBody("multipart/mixed;boundary=b", lf).ToBytes()).SdpBody));
    }

    [Fact]
    public void Parts_WithoutHeaders_ArePlainText()
    {
        var found = new List<string>();
        foreach (SipBodyPart part in new SipBodyParts("--b\r\n\r\none\r\n--b\r\nbroken\r\n--bb\r\n--b\r\nContent-Type: x/y\r\n\r\n--b--"u8, "b"u8))
            found.Add(Text(part.ContentType) + "|" + Text(part.Body));
        Assert.Equal(["text/plain|one", "text/plain|", "x/y|"], found);
        Assert.False(new SipBodyParts("--b--\r\n"u8, "b"u8).MoveNext());
        Assert.False(new SipBodyParts(default, "b"u8).MoveNext());
    }
}
