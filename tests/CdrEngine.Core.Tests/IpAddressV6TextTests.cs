using System.Net;
using System.Text;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Core.Tests;

public sealed class IpAddressV6TextTests
{
    [Theory]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("1::")]
    [InlineData("2001:db8::1")]
    [InlineData("2001:DB8::a:0:ff")]
    [InlineData("1:2:3:4:5:6:7:8")]
    [InlineData("1:2:3:4:5:6:7::")]
    [InlineData("::2:3:4:5:6:7:8")]
    [InlineData("fe80::1%eth0")]
    [InlineData("::ffff:192.0.2.1")]
    [InlineData("64:ff9b::192.0.2.33")]
    [InlineData("1:2:3:4:5:6:192.0.2.1")]
    public void TryParse_Ipv6Literal_IsWhatTheRuntimeReads(string text)
    {
        Assert.True(IpAddress.TryParse(text, out IpAddress address));
        Assert.Equal(IpAddress.FromV6(IPAddress.Parse(text.Split('%')[0]).GetAddressBytes()), address);
    }

    [Theory]
    [InlineData(":")]
    [InlineData("1")]
    [InlineData(":::")]
    [InlineData("1:::2")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4:5:6:7:8::")]
    [InlineData("1:2:3:4:5:6:7:")]
    [InlineData(":1:2:3:4:5:6:7")]
    [InlineData("12345::")]
    [InlineData("g::")]
    [InlineData("%eth0")]
    [InlineData("::192.0.2")]
    [InlineData("1:2:3:4:5:6:7:192.0.2.1")]
    [InlineData("example.com")]
    public void TryParse_NoLiteral_IsRefused(string text) => Assert.False(IpAddress.TryParse(text, out _));

    [Fact]
    public void TryParse_Ipv6Literal_AllocatesNothing()
    {
        byte[] text = Encoding.ASCII.GetBytes("[2001:db8::1]");
        Assert.True(IpAddress.TryParse(text, out _));
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isRead = IpAddress.TryParse(text, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(isRead);
    }
}
