using System.Globalization;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

public sealed class KeyFilterTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(10_000)]
    public void Keys_ThatAreThere_AreNeverDenied_AlsoReadBack(int count)
    {
        ulong[] keys = [.. Enumerable.Range(0, count).Select(static i => KeyFilter.OfNumber(Text(i)))];
        var filter = KeyFilter.Of(keys);
        KeyFilter again = KeyFilter.Read(filter.ToBytes())!;
        Assert.All(keys, key => Assert.True(filter.MayHave(key) && again.MayHave(key)));
        Assert.Equal(filter.ToBytes(), again.ToBytes());
        Assert.Equal(filter.Size, filter.ToBytes().Length);
    }

    [Fact]
    public void Keys_ThatAreNotThere_AreDeniedButForOneInAHundred()
    {
        var filter = KeyFilter.Of([.. Enumerable.Range(0, 20_000).Select(static i => KeyFilter.OfNumber(Text(i)))]);
        int mistaken = Enumerable.Range(1_000_000, 100_000).Count(i => filter.MayHave(KeyFilter.OfNumber(Text(i))));
        Assert.InRange(mistaken, 1, 1_500);
    }

    [Fact]
    public void Room_IsTenBitsAKey()
    {
        Assert.Equal(8, KeyFilter.Of([]).Size);
        Assert.InRange(KeyFilter.Of([.. Enumerable.Range(0, 8_000).Select(static i => (ulong)i)]).Size, 10_000, 10_008);
    }

    [Fact]
    public void Nothing_HasNothing() => Assert.DoesNotContain(Enumerable.Range(0, 1_000), static i => KeyFilter.Of([]).MayHave((ulong)i));

    [Fact]
    public void SameBytes_OfAnotherKind_AreAnotherKey()
    {
        byte[] bytes = [10, 0, 0, 1, 0, 0, 0, 0];
        ulong[] keys = [KeyFilter.OfNumber(bytes), KeyFilter.OfSipCall(BitConverter.ToInt64(bytes)), KeyFilter.OfSession(bytes), KeyFilter.OfAddress(bytes)];
        Assert.Equal(4, keys.Distinct().Count());
        Assert.Equal(KeyFilter.OfNumber("+49301"), KeyFilter.OfNumber("+49301"u8));
        Assert.NotEqual(KeyFilter.OfNumber(""), KeyFilter.OfSession(""u8));
        Assert.Equal(KeyFilter.OfAddress(CallRow.Address(IpAddress.FromV4(0x0A000001))), KeyFilter.OfAddress([10, 0, 0, 1]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(1_000_001)]
    public void Bytes_OfAnotherLength_AreNone(int length) => Assert.Null(KeyFilter.Read(new byte[length]));

    [Fact]
    public void Bytes_ThatWereChanged_AreAFilterOfOthers()
    {
        // There is no telling: a bit too many costs a look at the day. Whatever the bits are, looking up is bounded.
        var random = new Random(1);
        byte[] bytes = new byte[512];
        random.NextBytes(bytes);
        KeyFilter filter = KeyFilter.Read(bytes)!;
        for (int i = 0; i < 1_000; i++) filter.MayHave((ulong)random.NextInt64());
        Assert.True(KeyFilter.Read([255, 255, 255, 255, 255, 255, 255, 255])!.MayHave(7));
    }

    private static string Text(int i) => string.Create(CultureInfo.InvariantCulture, $"+49{i}");
}
