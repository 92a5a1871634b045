using System.Text;
using CdrEngine.Calls.Masking;
using CdrEngine.Protocols.Sip;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Calls.Tests.Masking;

public sealed class SipDigitsTests
{
    [Theory]
    [InlineData("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n", "Signal=X\r\nDuration=160\r\n")]
    [InlineData("application/dtmf-relay", "signal = 11\r\nduration = 160", "signal = XX\r\nduration = 160")]
    [InlineData("Application/DTMF-Relay;charset=x", "Signal=#\nSignal=1\n", "Signal=X\nSignal=X\n")]
    [InlineData("application/dtmf", "5", "X")]
    [InlineData("application/dtmf", " 12*#d\r\n", " XXXXX\r\n")]
    [InlineData("application/dtmf", "Signal=5\r\nDuration=250", "Signal=X\r\nDuration=250")]
    [InlineData("application/kpml-response+xml", "<kpml-response version=\"1.0\" code=\"200\" digits=\"4711\" tag=\"a\"/>", "<kpml-response version=\"1.0\" code=\"200\" digits=\"XXXX\" tag=\"a\"/>")]
    [InlineData("application/kpml-response+xml", "<kpml-response digits = '#'/>", "<kpml-response digits = 'X'/>")]
    [InlineData("audio/telephone-event", "\u0005\u000A\u0000\u0064", "X\u000A\u0000\u0064")]
    [InlineData("text/plain", "Signal=5", "Signal=5")]
    [InlineData("application/sdp", "v=0\r\n", "v=0\r\n")]
    public void Body_OfEachKind_LosesItsDigitsAndKeepsItsLength(string type, string body, string expected)
    {
        byte[] message = Info().WithBody(type, body).ToBytes();
        byte[] masked = [.. message];
        int places = SipDigits.Hide(masked, new SipMessage());
        Assert.Equal(places > 0, body != expected);
        Assert.Equal(Encoding.UTF8.GetString(message).Replace("\r\n\r\n" + body, "\r\n\r\n" + expected, StringComparison.Ordinal), Encoding.UTF8.GetString(masked));
    }

    [Fact]
    public void Part_OfAMultipartBody_LosesItsDigits()
    {
        byte[] message = Info().WithMultipart("b", ("text/plain", "Signal=1"), ("application/dtmf-relay", "Signal=7\r\n")).ToBytes();
        Assert.Equal(1, SipDigits.Hide(message, new SipMessage()));
        string text = Encoding.UTF8.GetString(message);
        Assert.Contains("Signal=X", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Signal=7", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Message_CutOff_IsSearchedAsItStands()
    {
        byte[] message = Info().WithBody("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n").ToBytes()[..^8];
        Assert.Equal(1, SipDigits.Hide(message, new SipMessage()));
        Assert.Contains("Signal=X", Encoding.UTF8.GetString(message), StringComparison.Ordinal);
    }

    [Fact]
    public void AnyBytes_AreNoHarm()
    {
        byte[] message = Info().WithBody("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n").ToBytes();
        var parsed = new SipMessage();
        for (int seed = 0; seed < 2000; seed++)
        {
            var random = new Random(seed);
            byte[] damaged = [.. message];
            for (int i = 0; i < 5; i++) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            damaged = damaged[..random.Next(damaged.Length)];
            SipDigits.Hide(damaged, parsed);
        }
    }

    private static SipText Info() => SipText.Request("INFO", "c@test", "alice", "bob", 5);
}
