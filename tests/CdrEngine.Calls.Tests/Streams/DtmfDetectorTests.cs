using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

public sealed class DtmfDetectorTests
{
    private const int Clock = 8000;
    private readonly DtmfDetector _detector = new(new StreamLimits { DigitsPerStream = 20 });

    [Fact]
    public void OrdinaryDigit_WithThreeEnds_IsOneDigit()
    {
        Press(0, 1_000, 5);
        DtmfDigit digit = Assert.Single(Digits());
        Assert.Equal(('5', TimeSpan.FromMilliseconds(100), DtmfMethod.Rfc4733, PartySide.Callee), (digit.Digit, digit.Duration!.Value, digit.Method, digit.From));
        Assert.Equal(new Timestamp(0), digit.At);
    }

    [Fact]
    public void EverySymbol_HasItsCharacter_AndOtherEventsAreNoDigits()
    {
        for (byte code = 0; code < 20; code++) Press(code * 300_000L, (uint)(code * 2400), code);
        Assert.Equal("0123456789*#ABCD", Text());
        Assert.Equal(4, _detector.OtherEvents);
    }

    [Fact]
    public void SameKeyTwice_IsTwoDigits()
    {
        Press(0, 1_000, 7);
        Press(300_000, 3_400, 7);
        Assert.Equal("77", Text());
    }

    [Fact]
    public void LostEnd_IsADigitAllTheSame()
    {
        Add(0, 1_000, 1, 160, marker: true);
        Add(20_000, 1_000, 1, 320);
        Assert.Equal("1", Text());
        Assert.Equal(TimeSpan.FromMilliseconds(40), Digits()[0].Duration);
        Press(300_000, 3_400, 2);
        Assert.Equal("12", Text());
    }

    [Fact]
    public void LostStart_IsADigitAllTheSame()
    {
        Add(100_000, 1_000, 9, 800, end: true);
        Add(100_100, 1_000, 9, 800, end: true);
        Assert.Equal("9", Text());
    }

    [Fact]
    public void LateUpdateOfAPastDigit_ChangesNothing()
    {
        Press(0, 1_000, 1);
        Press(200_000, 3_000, 2);
        Add(210_000, 1_000, 1, 800, end: true);
        Assert.Equal("12", Text());
        Assert.Equal(TimeSpan.FromMilliseconds(100), Digits()[0].Duration);
    }

    [Fact]
    public void TimestampThatNeverMoves_StillTellsDigitsApart()
    {
        Press(0, 0, 1);
        Press(300_000, 0, 2);
        Press(600_000, 0, 2);
        Press(9_000_000, 0, 2);
        Assert.Equal("1222", Text());
    }

    [Fact]
    public void EventLongerThanItsField_IsOneDigit()
    {
        Add(0, 1_000, 3, 160, marker: true);
        Add(8_191_875, 1_000, 3, 65_535);
        Add(8_240_000, 66_535, 3, 400);
        Add(8_300_000, 66_535, 3, 800, end: true);

        // The first two are more than three seconds apart: the timeout begins a new digit, unless updates come as they should.
        Assert.Equal("33", Text());

        var steady = new DtmfDetector(new StreamLimits());
        for (int duration = 400; duration <= 65_535; duration = Math.Min(duration + 400, duration == 65_535 ? 70_000 : 65_535))
        {
            steady.Add(new Timestamp(duration * 125L), 1_000, duration == 400, Payload(3, (ushort)duration, false), Clock);
        }

        steady.Add(new Timestamp(8_240_000), 66_535, false, Payload(3, 400, false), Clock);
        steady.Add(new Timestamp(8_300_000), 66_535, false, Payload(3, 800, true), Clock);
        var digits = new List<DtmfDigit>();
        steady.CopyTo(digits, PartySide.Unknown);
        Assert.Equal(TimeSpan.FromMicroseconds((65_535 + 800) * 125.0), Assert.Single(digits).Duration);
    }

    [Fact]
    public void TimestampWrap_IsNoNewDigit()
    {
        Press(0, uint.MaxValue - 10, 4);
        Press(300_000, 2_390, 5);
        Assert.Equal("45", Text());
    }

    [Fact]
    public void ShortPayload_IsLeftOut()
    {
        _detector.Add(new Timestamp(0), 0, true, [1, 0, 0], Clock);
        Assert.Empty(Digits());
    }

    [Fact]
    public void DigitsOverTheLimit_AreCountedOnly()
    {
        for (int i = 0; i < 25; i++) Press(i * 300_000L, (uint)(i * 2400), 1);
        Assert.Equal((20, 5), (_detector.Count, _detector.DigitsOverLimit));
    }

    [Fact]
    public void FlowDigits_OfTwoStreams_ComeInOrderOfTime()
    {
        var flow = new FlowUnderTest(PayloadTypeMap.Static.With(97, PayloadFormat.Of("telephone-event", 16000)));
        flow.Add(new SentPacket(2_000_000, 1, 0) { Ssrc = 1, PayloadType = 97, Payload = Payload(2, 1600, true) });
        flow.Add(new SentPacket(1_000_000, 1, 0) { Ssrc = 2, PayloadType = 101, Payload = Payload(1, 800, true) }); // nobody named 101
        flow.Add(new SentPacket(3_000_000, 2, 48_000) { Ssrc = 1, PayloadType = 97, Payload = Payload(3, 1600, true) });
        Assert.Equal("123", string.Concat(flow.Flow.Digits.Select(digit => digit.Digit)));
        Assert.All(flow.Flow.Digits, digit => Assert.Equal((TimeSpan.FromMilliseconds(100), PartySide.Caller), (digit.Duration!.Value, digit.From)));
    }

    private void Press(long at, uint timestamp, byte code)
    {
        for (int i = 1; i <= 5; i++) Add(at + ((i - 1) * 20_000), timestamp, code, (ushort)(i * 160), marker: i == 1);
        for (int i = 0; i < 3; i++) Add(at + 100_000 + i, timestamp, code, 800, end: true);
    }

    private void Add(long at, uint timestamp, byte code, ushort duration, bool marker = false, bool end = false) =>
        _detector.Add(new Timestamp(at), timestamp, marker, Payload(code, duration, end), Clock);

    private static byte[] Payload(byte code, ushort duration, bool end) => [code, (byte)(end ? 0x8A : 0x0A), (byte)(duration >> 8), (byte)duration];

    private List<DtmfDigit> Digits()
    {
        var digits = new List<DtmfDigit>();
        _detector.CopyTo(digits, PartySide.Callee);
        return digits;
    }

    private string Text() => string.Concat(Digits().Select(digit => digit.Digit));
}
