using CdrEngine.Calls.Directory;
using CdrEngine.Core;

namespace CdrEngine.Calls.Tests.Directory;

/// <summary>Longest prefixes, ranges of digits, and networks, each against a slow and obvious answer.</summary>
public sealed class PrefixTableTests
{
    [Fact]
    public void Find_AmongManyPrefixes_GivesWhatTryingEachLengthGives()
    {
        var random = new Random(7);
        for (int round = 0; round < 20; round++)
        {
            var prefixes = new Dictionary<string, int>(StringComparer.Ordinal);
            if (round % 3 == 0) prefixes[""] = 0;
            for (int i = 1; i < 2_000; i++) prefixes[Digits(random, random.Next(1, round % 2 == 0 ? 5 : 12))] = i;
            PrefixTable table = PrefixTable.Of(prefixes.Select(static pair => (pair.Key, pair.Value)));
            Assert.Equal(prefixes.Count, table.Count);
            for (int i = 0; i < 2_000; i++)
            {
                string number = Digits(random, random.Next(0, 18));
                var expected = new List<int>();
                for (int length = Math.Min(number.Length, 15); length >= 0; length--)
                {
                    if (prefixes.TryGetValue(number[..length], out int value)) expected.Add(value);
                }

                var found = new List<int>();
                for (int value = table.Find((i % 2 == 0 ? "+" : "") + number, out int at); value >= 0; value = table.Shorter(ref at)) found.Add(value);
                Assert.Equal(expected, found);
            }
        }
    }

    [Fact]
    public void Find_OfWhatIsNoNumber_FindsNothing()
    {
        PrefixTable table = PrefixTable.Of([("49", 1), ("*21", 2), ("x", 3), ("1234567890123456", 4)]);
        Assert.Equal(2, table.Count);
        Assert.Equal(-1, table.Find("alice", out _));
        Assert.Equal(-1, table.Find("", out _));
        Assert.Equal(-1, table.Find("4", out _));
        Assert.Equal(2, table.Find("*21*5#", out _));
        Assert.Equal(-1, PrefixTable.Of([]).Find("49", out _));
    }

    [Fact]
    public void Cover_OfARange_BeginsItsNumbersAndNoOthers()
    {
        var random = new Random(3);
        for (int i = 0; i < 400; i++)
        {
            int one = random.Next(10_000), other = random.Next(10_000);
            (int first, int last) = (Math.Min(one, other), Math.Max(one, other));
            string[] prefixes = [.. DigitRange.Cover($"{first:0000}", $"{last:0000}")];
            for (int number = 0; number < 10_000; number += 1 + (i % 7))
                Assert.Equal(number >= first && number <= last, prefixes.Any(prefix => $"{number:0000}".StartsWith(prefix, StringComparison.Ordinal)));
            Assert.InRange(prefixes.Length, 1, 72);
        }
    }

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.77", 5060, true)]
    [InlineData("192.0.2.0/24", "192.0.3.77", 5060, false)]
    [InlineData("192.0.2.1", "192.0.2.1", 5060, true)]
    [InlineData("192.0.2.1:5080", "192.0.2.1", 5060, false)]
    [InlineData("192.0.2.1:5080", "192.0.2.1", 5080, true)]
    [InlineData("192.0.2.0/24:5080", "192.0.2.9", 5080, true)]
    [InlineData("0.0.0.0/0", "203.0.113.9", 1, true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", 1, false)]
    [InlineData("::/0", "2001:db8::1", 1, true)]
    [InlineData("2001:db8::/33", "2001:db8:7fff::1", 1, true)]
    [InlineData("2001:db8::/33", "2001:db8:8000::1", 1, false)]
    [InlineData("[2001:db8::/64]:5060", "2001:db8::1", 5060, true)]
    [InlineData("[2001:db8::1]:5061", "2001:db8::1", 5060, false)]
    [InlineData("2001:db8::1", "2001:db8::1", 5060, true)]
    public void Network_HoldsWhatIsInIt(string network, string address, int port, bool holds)
    {
        Assert.Null(AddressRange.TryRead(network, out AddressRange range));
        Assert.True(IpAddress.TryParse(address, out IpAddress ip));
        var table = new AddressTable<string>([(range, "it")]);
        Assert.Equal(holds ? "it" : null, table.Find(new Endpoint(ip, (ushort)port)));
    }

    [Fact]
    public void Networks_WithinEachOther_TheNarrowestAndThenThePortDecides()
    {
        (AddressRange, string)[] ranges = [.. new[] { "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.3:5080", "10.0.0.0/8:5080" }.Select(static text => (AddressRange.TryRead(text, out AddressRange range) is null ? range : default, text))];
        var table = new AddressTable<string>(ranges);
        Assert.Equal("10.1.2.3:5080", table.Find(At("10.1.2.3", 5080)));
        Assert.Equal("10.1.2.3", table.Find(At("10.1.2.3", 5060)));
        Assert.Equal("10.1.0.0/16", table.Find(At("10.1.2.4", 5080)));
        Assert.Equal("10.0.0.0/8:5080", table.Find(At("10.2.2.4", 5080)));
        Assert.Equal("10.0.0.0/8", table.Find(At("10.2.2.4", 5060)));
        Assert.Null(table.Find(At("11.2.2.4", 5060)));
        Assert.Null(table.Find(null));
    }

    [Theory]
    [InlineData("192.0.2.1/24", "the address has bits behind /24; write 192.0.2.0/24")]
    [InlineData("192.0.2.0/33", "'/33' is no prefix length from /0 to /32")]
    [InlineData("192.0.2.0/x", "'/x' is no prefix length from /0 to /32")]
    [InlineData("pbx.example", "'pbx.example' is no IP address")]
    [InlineData("192.0.2.1:0", "'0' is no port")]
    [InlineData("192.0.2.1:sip", "'sip' is no port")]
    [InlineData("[2001:db8::1", "the bracket is never closed")]
    [InlineData("2001:db8::/129", "'/129' is no prefix length from /0 to /128")]
    [InlineData("", "'' is no IP address")]
    public void Network_ThatIsNone_IsToldWhy(string text, string problem) => Assert.Equal(problem, AddressRange.TryRead(text, out _));

    private static Endpoint At(string address, ushort port) => IpAddress.TryParse(address, out IpAddress ip) ? new Endpoint(ip, port) : default;

    private static string Digits(Random random, int length) => string.Create(length, random, static (span, random) =>
    {
        // Few digits, so that prefixes lie within each other.
        foreach (ref char c in span) c = (char)('0' + random.Next(4));
    });
}
