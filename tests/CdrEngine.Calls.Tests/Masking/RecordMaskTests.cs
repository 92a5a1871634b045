using CdrEngine.Calls.Masking;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Tests.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Calls.Tests.Masking;

public sealed class RecordMaskTests
{
    private static readonly CallRecord Record = CallRecordJsonTests.Full with
    {
        Dtmf =
        [
            Digit('1', 10, 100, PartySide.Caller, DtmfMethod.Rfc4733), Digit('2', 10.3, 100, PartySide.Caller, DtmfMethod.Inband), Digit('3', 10.35, null, PartySide.Callee, DtmfMethod.Rfc4733),
            Digit('4', 12, 160, PartySide.Caller, DtmfMethod.Info), Digit('#', 20, null, PartySide.Caller, DtmfMethod.Rfc4733),
        ],
    };

    [Theory]
    [InlineData(DtmfMask.Digits)]
    [InlineData(DtmfMask.All)]
    public void Digits_AreHidden_AndTheirTimesStay(DtmfMask mask)
    {
        CallRecord masked = RecordMask.Apply(Record, mask);
        Assert.All(masked.Dtmf, static digit => Assert.Equal('•', digit.Digit));
        Assert.Equal(Record.Dtmf.Select(static digit => digit with { Digit = '•' }), masked.Dtmf);
        Assert.Equal(Record with { Dtmf = masked.Dtmf }, masked);
        Assert.True(CallRecordJson.TryRead(CallRecordJson.ToUtf8(masked), out CallRecord? read));
        Assert.Equal(masked.Dtmf, read!.Dtmf);
    }

    [Fact]
    public void NoMask_LeavesTheRecord() => Assert.Same(Record, RecordMask.Apply(Record, DtmfMask.None));

    [Fact]
    public void Sound_IsMutedAroundDigitsOfSound_MergedBySide()
    {
        Assert.Empty(RecordMask.Muted(Record.Dtmf, DtmfMask.Digits));
        (PartySide, double, double)[] muted = [.. RecordMask.Muted(Record.Dtmf, DtmfMask.All).Select(static m => (m.From, Seconds(m.Start), Seconds(m.End)))];
        Assert.Equal(
            [(PartySide.Caller, 9.94, 10.16), (PartySide.Caller, 10.24, 10.46), (PartySide.Caller, 19.94, 20.26), (PartySide.Callee, 10.29, 10.61)], muted);
    }

    [Fact]
    public void Sound_OfDigitsCloseToEachOther_IsOneInterval()
    {
        DtmfDigit[] digits = [Digit('1', 1, 100, PartySide.Caller, DtmfMethod.Rfc4733), Digit('2', 1.2, 100, PartySide.Caller, DtmfMethod.Rfc4733)];
        DigitInterval muted = Assert.Single(RecordMask.Muted(digits, DtmfMask.All));
        Assert.Equal((0.94, 1.36), (Seconds(muted.Start), Seconds(muted.End)));
    }

    private static DtmfDigit Digit(char digit, double at, double? milliseconds, PartySide from, DtmfMethod method) =>
        new(digit, new Timestamp((long)(at * 1e6)), milliseconds is { } ms ? TimeSpan.FromMilliseconds(ms) : null, from, method);

    private static double Seconds(Timestamp at) => at.Microseconds / 1e6;
}
