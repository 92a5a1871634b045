using CdrEngine.Api.Dialects.Common;
using FsCheck;
using FsCheck.Fluent;

namespace CdrEngine.Api.Tests.Dialects.Common;

public sealed class IdTests
{
    private static readonly Arbitrary<(int Day, byte[] Hash, int Part)> Ids = Arb.From(
        from day in Gen.Choose(0, 60_000)
        from hash in Gen.Choose(0, 255).Select(static value => (byte)value).ArrayOf(12)
        from part in Gen.Choose(0, CallUuid.MaxPart)
        select (day, hash, part));

    [Fact]
    public void Uuid_OfAnyId_MapsBack() => Prop.ForAll(Ids, static sample =>
    {
        string id = Id(sample.Day, sample.Hash);
        string text = CallUuid.Of(id, sample.Part).ToString("D");
        return CallUuid.TryRead(text, out string back, out int part) && back == id && part == sample.Part && text[14] == '8' && text[19] is '8' or '9' or 'a' or 'b';
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Number_OfAnyId_IsSafeInJson_AndItsRangeHoldsTheId() => Prop.ForAll(Ids, static sample =>
    {
        string id = Id(sample.Day, sample.Hash);
        byte[] first = new byte[12], last = new byte[12];
        long number = CallNumber.Of(id, sample.Part & 3);
        return number is >= 0 and <= CallNumber.Max
            && CallNumber.TryRead(number, out DateOnly day, first, last, out int rank)
            && id.StartsWith(day.ToString("yyyyMMdd"), StringComparison.Ordinal)
            && rank == (sample.Part & 3)
            && first.AsSpan().SequenceCompareTo(sample.Hash) <= 0
            && last.AsSpan().SequenceCompareTo(sample.Hash) >= 0
            && NumberText.TryRead(NumberText.Of(number), out long back)
            && back == number;
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("NzAwNTUxOTA5NzczMTQ4MTYw=")]
    [InlineData("****")]
    [InlineData("LTE")]
    [InlineData("MDE")]
    [InlineData("OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5")]
    public void NumberText_OfNothingOfOurs_IsRefused(string text) => Assert.False(NumberText.TryRead(text, out _));

    [Fact]
    public void NumberText_IsAsTheVendorsExample()
    {
        Assert.Equal("NzAwNTUxOTA5NzczMTQ4MTYw", NumberText.Of(700551909773148160));
        Assert.True(NumberText.TryRead("NzAwNTUxOTA5NzczMTQ4MTYw", out long number));
        Assert.Equal(700551909773148160, number);
    }

    [Theory]
    [InlineData("3fa85f64-5717-4562-b3fc-2c963f66afa6")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("{20261120-0000-8000-8000-000000000000}")]
    [InlineData("x")]
    public void Uuid_OfNothingOfOurs_IsRefused(string text) => Assert.False(CallUuid.TryRead(text, out _, out _));

    [Theory]
    [InlineData("19691231-00112233445566778899aabb")]
    [InlineData("21500101-00112233445566778899aabb")]
    [InlineData("20261120-00112233445566778899aab")]
    [InlineData("20261320-00112233445566778899aabb")]
    public void Id_OutsideTheRange_HasNone(string id)
    {
        Assert.Equal(-1, CallNumber.Of(id));
        Assert.Equal(Guid.Empty, CallUuid.Of(id));
    }

    [Fact]
    public void Seconds_ThatAFilterBounds_AreThoseShown() => Prop.ForAll(
        ArbMap.Default.ArbFor<int>().Filter(static micros => micros >= 0),
        Gen.Choose(0, 3000).ToArbitrary(),
        static (micros, bound) => Enum.GetValues<BillsecRounding>().All(rounding =>
        {
            TimeSpan duration = TimeSpan.FromMicroseconds(micros);
            long shown = WholeSeconds.Of(duration, rounding);
            return (duration >= WholeSeconds.AtLeast(bound, rounding)) == (shown >= bound) && (duration <= WholeSeconds.AtMost(bound, rounding)) == (shown <= bound);
        })).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("sip:1001@example.com", "1001", "example.com", "1001@example.com")]
    [InlineData("\"A\" <sips:bob:pw@[2001:db8::1]:5061;x=y?h=v>;tag=1", "bob", "[2001:db8::1]", "bob:pw@[2001:db8::1]:5061")]
    [InlineData("sip:example.com:5060", null, "example.com", "example.com:5060")]
    [InlineData("tel:+4930123;phone-context=x", "+4930123", null, "+4930123")]
    [InlineData("http://x", null, null, null)]
    [InlineData("<sip:", null, null, null)]
    [InlineData(null, null, null, null)]
    public void Uri_IsTakenApart(string? uri, string? user, string? host, string? address) =>
        Assert.Equal((user, host, address), (SipUriText.User(uri), SipUriText.Host(uri), SipUriText.Address(uri)));

    private static string Id(int day, byte[] hash) => $"{new DateOnly(1970, 1, 1).AddDays(day):yyyyMMdd}-{Convert.ToHexStringLower(hash)}";
}
