using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using Xunit;
using static CdrEngine.Calls.Records.OneWayKind;
using static CdrEngine.Calls.Records.PartySide;

namespace CdrEngine.Calls.Tests.Outcomes;

/// <summary>Each kind of one-way audio, and all that explains a missing side away. Seconds count from the answer; the call ends at 60.</summary>
public sealed class OneWayTests
{
    private static readonly Endpoint Alice = At(1, 4000), Bob = At(2, 5000), Relay = At(9, 30_000), RelayFar = At(9, 30_002);

    [Fact]
    public void BothSides_AllAlong_AreNone() => Assert.Equal("", Find([Of(Caller, 0.1, 60), Of(Callee, 0, 59.9)]));

    [Fact]
    public void NoPacketOfOneSide_IsNoRtp() => Assert.Equal("NoRtp Callee 0.1-60", Find([Of(Caller, 0.1, 60)]));

    [Fact]
    public void OneSide_StoppingEarly_IsNoRtpToTheEnd() => Assert.Equal("NoRtp Caller 20-60", Find([Of(Caller, 0, 20), Of(Callee, 0, 60)]));

    [Theory]
    [InlineData(4.9, "")]
    [InlineData(5, "NoRtp Caller 10-15")]
    public void Gap_InsideAStream_CountsFromFiveSeconds(double length, string expected) =>
        Assert.Equal(expected, Find([Of(Caller, 0, 60, (10, 10 + length)), Of(Callee, 0, 60)]));

    [Fact]
    public void Gap_OfBothSidesAtOnce_IsNone() => Assert.Equal("", Find([Of(Caller, 0, 60, (10, 30)), Of(Callee, 0, 60, (10.2, 30.1))]));

    [Fact]
    public void Gap_ThatAnotherSourceFills_IsNone() =>
        Assert.Equal("", Find([Of(Caller, 0, 20), Of(Caller, 21, 60), Of(Callee, 0, 60)]));

    [Theory]
    [InlineData(0.5, "")]
    [InlineData(0.6, "Late Callee 0-0.6")]
    [InlineData(8, "Late Callee 0-8")]
    public void FirstPacket_AfterTheAnswer_IsLateFromHalfASecond(double first, string expected) =>
        Assert.Equal(expected, Find([Of(Caller, -1, 60), Of(Callee, first, 60)]));

    [Fact]
    public void FirstPacket_WithoutAKnownAnswer_IsNotLate() =>
        Assert.Empty(OneWay.Find([Of(Caller, 0, 60), Of(Callee, 3, 60)], null, Time(60), []));

    [Fact]
    public void BothSides_Late_AreNone() => Assert.Equal("", Find([Of(Caller, 2, 60), Of(Callee, 2.1, 60)]));

    [Fact]
    public void Late_ByLessThanFiveSeconds_IsListedAndNotFlagged()
    {
        OneWayInterval late = Assert.Single(OneWay.Find([Of(Caller, 0, 60), Of(Callee, 2, 60)], Time(0), Time(60), []));
        Assert.False(OneWay.IsFlagged(late));
        Assert.Equal(2000, late.Duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData(10, 30, "")]
    [InlineData(10, 24, "NoRtp Callee 25-30")]
    [InlineData(12, 40, "")]
    public void TimeOnHold_CountsForNobody(double from, double to, string expected) =>
        Assert.Equal(expected, Find([Of(Caller, 0, 60), Of(Callee, 0, 60, (11, 30))], new HeldInterval(Caller, Time(from), Time(to))));

    [Fact]
    public void Hold_WithoutEnd_CountsForNobodyToTheEnd() =>
        Assert.Equal("", Find([Of(Caller, 0, 60), Of(Callee, 0, 30)], new HeldInterval(Callee, Time(29), null)));

    [Fact]
    public void Streams_OfAnUnknownSide_SayNothing() => Assert.Equal("", Find([Of(Unknown, 0, 60)]));

    [Fact]
    public void Side_ThatReceiversReportOn_IsMissingByTheMirrorAlone()
    {
        RtcpHeard heard = new(77, Bob.Address, Alice.Address);
        Assert.Empty(OneWay.Find([Of(Caller, 0, 60)], Time(0), Time(60), [], [heard]));
        Assert.Single(OneWay.Find([Of(Caller, 0, 60)], Time(0), Time(60), [], [heard with { To = Bob.Address }]));

        // A side that was seen and stopped is another matter.
        Assert.Single(OneWay.Find([Of(Caller, 0, 60), Of(Callee, 0, 20)], Time(0), Time(60), [], [heard]));
    }

    [Fact]
    public void Relay_WithBothSides_IsNone() => Assert.Equal("", Find(Relayed(60)));

    [Fact]
    public void Relay_ThatStopsForwarding_IsTold() => Assert.Equal("NotForwarded Caller 20-60", Find(Relayed(20)));

    [Fact]
    public void Relay_ThatNeverForwards_IsTold() => Assert.Equal("NotForwarded Caller 0-60", Find(Relayed(-1)));

    [Fact]
    public void Relay_WhoseFarSideIsNotMirrored_IsNone() =>
        Assert.Equal("", Find([Of(Caller, 0, 60) with { Destination = Relay }, Of(Callee, 0, 60) with { Source = Relay, Destination = Alice }]));

    [Fact]
    public void Relay_WhoseSenderIsGone_IsNoRtp() =>
        Assert.Equal(
            "NoRtp Caller 20-60",
            Find([
                Of(Caller, 0, 20) with { Destination = Relay }, Of(Caller, 0, 20) with { Source = RelayFar, Destination = Bob },
                Of(Callee, 0, 60) with { Source = Bob, Destination = RelayFar }, Of(Callee, 0, 60) with { Source = Relay, Destination = Alice },
            ]));

    [Fact]
    public void Sound_OfOneSideNever_IsSilent() => Assert.Equal("Silent Callee 0-60", Find([Sounding(Caller, 50), Sounding(Callee, null)]));

    [Fact]
    public void Sound_BeforeTheAnswerOnly_IsSilent() => Assert.Equal("Silent Callee 0-60", Find([Sounding(Caller, 50), Sounding(Callee, -0.1)]));

    [Fact]
    public void Sound_OnceAfterTheAnswer_IsEnough() => Assert.Equal("", Find([Sounding(Caller, 50), Sounding(Callee, 0.1)]));

    [Fact]
    public void Sound_OfNeitherSide_IsNone() => Assert.Equal("", Find([Sounding(Caller, null), Sounding(Callee, null)]));

    [Fact]
    public void Sound_OfACodecThatIsNotLookedAt_IsNotSilent() => Assert.Equal("", Find([Sounding(Caller, 50), Of(Callee, 0, 60)]));

    [Fact]
    public void Sound_OfACallTooShort_IsNotSilent() =>
        Assert.Empty(OneWay.Find([Sounding(Caller, 5), Sounding(Callee, null)], Time(0), Time(9), []));

    private static StreamRecord[] Relayed(double forwardedUntil)
    {
        List<StreamRecord> streams =
        [
            Of(Caller, 0, 60) with { Destination = Relay },
            Of(Callee, 0, 60) with { Source = Bob, Destination = RelayFar },
            Of(Callee, 0, 60) with { Source = Relay, Destination = Alice },
        ];
        if (forwardedUntil > 0) streams.Add(Of(Caller, 0, forwardedUntil) with { Source = RelayFar, Destination = Bob });
        return [.. streams];
    }

    private static string Find(StreamRecord[] streams, params HeldInterval[] held)
    {
        string[] found = [.. OneWay.Find(streams, Time(0), Time(60), held)
            .Select(static one => FormattableString.Invariant($"{one.Kind} {one.From} {Seconds(one.StartedAt)}-{Seconds(one.EndedAt)}"))];

        // The order of the streams says nothing.
        Assert.Equal(found.Length, OneWay.Find([.. streams.Reverse()], Time(0), Time(60), held).Count);
        return string.Join(", ", found);
    }

    private static StreamRecord Sounding(PartySide from, double? last) =>
        Of(from, -1, 60) with { IsSoundKnown = true, LastSoundAt = last is { } seconds ? Time(seconds) : null };

    private static StreamRecord Of(PartySide from, double start, double end, params (double From, double To)[] gaps) => new()
    {
        Ssrc = (uint)from,
        Source = from == Caller ? Alice : Bob,
        Destination = from == Caller ? Bob : Alice,
        From = from,
        PayloadType = 0,
        Packets = 1,
        Octets = 1,
        Expected = 1,
        Lost = 0,
        Duplicates = 0,
        OutOfOrder = 0,
        StartedAt = Time(start),
        EndedAt = Time(end),
        Gaps = [.. gaps.Select(static gap => new StreamGap(Time(gap.From), Time(gap.To)))],
    };

    private static double Seconds(Timestamp at) => (at - Time(0)).TotalSeconds;

    private static Timestamp Time(double seconds) => new(1_800_000_000_000_000 + (long)Math.Round(seconds * 1e6));

    private static Endpoint At(byte host, ushort port) => new(IpAddress.FromV4(0xC0000200u + host), port);
}
