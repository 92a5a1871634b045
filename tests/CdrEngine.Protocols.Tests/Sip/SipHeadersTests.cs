using CdrEngine.Protocols.Sip;
using Xunit;
using static CdrEngine.Protocols.Tests.Sip.SipReading;

namespace CdrEngine.Protocols.Tests.Sip;

public sealed class SipHeadersTests
{
    [Fact]
    public void Find_EveryNameInAnyCase_GivesItsHeader()
    {
        foreach (SipHeaderRow row in SipHeaders.Rows[1..])
        {
            Assert.Equal(row.Header, SipHeaders.Find(Bytes(row.Name)));
            Assert.Equal(row.Header, SipHeaders.Find(Bytes(row.Name.ToUpperInvariant())));
            Assert.Equal(row.Header, SipHeaders.Find(Bytes(row.Name.ToLowerInvariant())));
            if (row.Compact == '\0') continue;
            Assert.Equal(row.Header, SipHeaders.Find([(byte)row.Compact]));
            Assert.Equal(row.Header, SipHeaders.Find([(byte)char.ToUpperInvariant(row.Compact)]));
        }
    }

    [Fact]
    public void Rows_AreNumberedInOrder()
    {
        Assert.Equal(Enum.GetValues<SipHeader>().Length, SipHeaders.Count);
        for (int i = 0; i < SipHeaders.Count; i++) Assert.Equal((SipHeader)i, SipHeaders.Rows[i].Header);
        string[] names = [.. SipHeaders.Rows[1..].ToArray().Select(row => row.Name)];
        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        char[] compact = [.. SipHeaders.Rows.ToArray().Select(row => row.Compact).Where(c => c != '\0')];
        Assert.Equal(compact.Length, compact.Distinct().Count());
        Assert.Equal("abcdefijklmnorstuvxy", new string([.. compact.Order()]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("z")]
    [InlineData("Call-I")]
    [InlineData("Call-IDs")]
    [InlineData("Call\rID")]
    [InlineData("X-Call-ID")]
    [InlineData("Call_ID")]
    [InlineData("a-name-that-is-longer-than-any-in-the-table")]
    public void Find_OtherText_IsUnknown(string name) => Assert.Equal(SipHeader.Unknown, SipHeaders.Find(Bytes(name)));

    [Fact]
    public void Methods_NameAndFind_AreInverse()
    {
        foreach (SipMethod method in Enum.GetValues<SipMethod>())
            Assert.Equal(method, SipMethods.Find(Bytes(SipMethods.Name(method))));
        Assert.Equal(SipMethod.Unknown, SipMethods.Find("invite"u8));
        Assert.Equal(SipMethod.Unknown, SipMethods.Find("INVITES"u8));
    }
}

public sealed class SipRejectionTests
{
    [Fact]
    public void Values_AreCountable_AndEachHasAName()
    {
        foreach (var (name, value, description) in new CdrEngine.Core.Counters<SipRejection>().Describe())
        {
            Assert.Equal(0, value);
            Assert.NotEqual("", name);
            Assert.NotEqual("", description);
        }

        Assert.Equal(Enumerable.Range(0, Enum.GetValues<SipRejection>().Length), Enum.GetValues<SipRejection>().Select(value => (int)value));
    }
}
