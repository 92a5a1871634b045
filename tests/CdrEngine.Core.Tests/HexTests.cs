using Xunit;

namespace CdrEngine.Core.Tests;

public sealed class HexTests
{
    [Fact]
    public void EveryByte_AsTheFrameworkWritesIt_AndBack()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(static value => (byte)value)];
        string digits = Hex.Lower(all);
        Assert.Equal(Convert.ToHexStringLower(all), digits);
        byte[] read = new byte[all.Length];
        Assert.True(Hex.TryRead(digits, read));
        Assert.Equal(all, read);
        Assert.True(Hex.TryRead(digits.ToUpperInvariant(), read));
        Assert.Equal(all, read);
        Assert.Equal("", Hex.Lower([]));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("001")]
    [InlineData("0011")]
    [InlineData("0g")]
    [InlineData("g0")]
    [InlineData(" 0")]
    [InlineData("é0")]
    public void WhatIsNoByte_IsNotRead(string digits) => Assert.False(Hex.TryRead(digits, new byte[1]));
}
