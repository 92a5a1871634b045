using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.Ucom;

namespace CdrEngine.Api.Tests.Dialects.Ucom;

/// <summary>Each member and each value of each enumeration of a UCOM call.</summary>
public sealed class UcomMappingTests
{
    private static readonly CallRecord Answered = TestCalls.Call(0) with
    {
        Direction = CallDirection.Inbound,
        Dialled = "74951234567",
        HangupBy = HangupBy.Caller,
        Cause = new Cause(16, "Normal call clearing", CauseSource.Mapped),
        Callee = new Party { Number = "2002", Name = "Bob", Uri = "sip:2002@pbx.example.com:5060;transport=udp" },
        Headers = [new("p-asserted-identity", "<sip:x@y>"), new("diversion", "\"Boss\" <sip:2001@example.com;privacy=off>;reason=unconditional"), new("diversion", "<sip:2000@example.com>")],
    };

    private static readonly CallFacts Person = new() { AnsweredByPerson = true, Caller = new PartyFacts("contact", 7, "Alice"), Callee = new PartyFacts("user", 10002, "Bob") };

    public static TheoryData<string, object?> Members => new()
    {
        { "BridgedDomain", "pbx.example.com" },
        { "BridgedDuration", 11L },
        { "BridgedTimeGmt", "2026-11-20 04:27:02" },
        { "BridgedUsername", "2002" },
        { "CallUuid", CallUuid.Of(Answered.Id).ToString() },
        { "ClientOwnerId", 1234L },
        { "DidDomain", "pbx.example.com" },
        { "DidNumber", "74951234567" },
        { "Duration", 13L },
        { "ExtNumberReg", "+4930123" },
        { "ExtensionGroupOwnerId", 9L },
        { "ExtensionId", 10002L },
        { "ExtensionName", "Bob" },
        { "ExtensionType", "user" },
        { "Flow", "in" },
        { "FromDomain", "example.com" },
        { "FromScreenName", "Alice" },
        { "FromUsername", "1001" },
        { "HangupCause", "NORMAL_CLEARING" },
        { "HangupDisposition", "caller_bye" },
        { "HangupTimeGmt", "2026-11-20 04:27:12" },
        { "InitTimeGmt", "2026-11-20 04:27:00" },
        { "Result", "bridged" },
        { "StartTimeGmt", "2026-11-20 04:27:02" },
        { "ToDomain", "pbx.example.com" },
        { "ToUsername", "74951234567" },
        { "DiversionNumber", "2001" },
        { "QualityRate", null },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Member_OfAnAnsweredCall_IsAsTheTextSays(string member, object? expected)
    {
        UcomCall call = UcomMapping.Call(Answered, Person, 1234, BillsecRounding.Nearest, new UcomExtension("+4930123", 9));
        Assert.Equal(expected, typeof(UcomCall).GetProperty(member)!.GetValue(call));
    }

    [Fact]
    public void EveryMember_HasARow() =>
        Assert.Equal(typeof(UcomCall).GetProperties().Select(static property => property.Name), Members.Select(static row => (string)row[0]!));

    [Fact]
    public void CallWithoutDirectoryOrAnswer_HasNullsWhereNothingTells()
    {
        CallRecord record = TestCalls.Call(0) with { Disposition = Disposition.NoAnswer, AnsweredAt = null, EndedAt = null, Caller = new Party(), Callee = new Party() };
        UcomCall call = UcomMapping.Call(record, CallFacts.None, null, BillsecRounding.Nearest);
        string[] set = [.. typeof(UcomCall).GetProperties().Where(property => property.GetValue(call) is not null).Select(static property => property.Name)];
        Assert.Equal(["CallUuid", "Duration", "HangupDisposition", "InitTimeGmt", "Result"], set);
    }

    [Theory]
    [InlineData(CallDirection.Inbound, "in")]
    [InlineData(CallDirection.Transit, "in")]
    [InlineData(CallDirection.Outbound, "out")]
    [InlineData(CallDirection.Internal, "out")]
    [InlineData(null, null)]
    public void Flow_OfADirection(CallDirection? direction, string? flow)
    {
        Assert.Equal(flow, UcomMapping.Flow(direction));
        if (direction is { } known) Assert.Contains(known, UcomMapping.Directions(flow!));
    }

    [Theory]
    [InlineData(Disposition.InProgress, "not answered")]
    [InlineData(Disposition.Answered, "answered")]
    [InlineData(Disposition.Busy, "busy")]
    [InlineData(Disposition.NoAnswer, "not answered")]
    [InlineData(Disposition.Cancelled, "not answered")]
    [InlineData(Disposition.Rejected, "rejected")]
    [InlineData(Disposition.InvalidNumber, "failed")]
    [InlineData(Disposition.Redirected, "failed")]
    [InlineData(Disposition.Failed, "failed")]
    [InlineData(Disposition.NoResponse, "failed")]
    public void Result_OfADisposition(Disposition disposition, string result)
    {
        Assert.Equal(result, UcomMapping.Result(disposition, bridged: false));
        Assert.Equal(disposition == Disposition.Answered ? "bridged" : result, UcomMapping.Result(disposition, bridged: true));
    }

    [Theory]
    [InlineData(Disposition.Answered, HangupBy.Caller, 200, "caller_bye")]
    [InlineData(Disposition.Answered, HangupBy.Callee, 200, "callee_bye")]
    [InlineData(Disposition.Answered, HangupBy.Server, 200, "internal_cancel")]
    [InlineData(Disposition.Answered, HangupBy.Both, 200, "")]
    [InlineData(Disposition.Answered, HangupBy.None, 200, "")]
    [InlineData(Disposition.Cancelled, HangupBy.Caller, 487, "caller_cancel")]
    [InlineData(Disposition.Busy, HangupBy.Callee, 486, "callee_refuse")]
    [InlineData(Disposition.Rejected, HangupBy.Callee, 603, "callee_refuse")]
    [InlineData(Disposition.InvalidNumber, HangupBy.Callee, 404, "callee_refuse")]
    [InlineData(Disposition.NoAnswer, HangupBy.Callee, 480, "callee_refuse")]
    [InlineData(Disposition.NoAnswer, HangupBy.None, 408, "internal_cancel")]
    [InlineData(Disposition.NoAnswer, HangupBy.None, 487, "internal_cancel")]
    [InlineData(Disposition.Failed, HangupBy.Callee, 500, "callee_refuse")]
    [InlineData(Disposition.Failed, HangupBy.Server, 500, "internal_cancel")]
    [InlineData(Disposition.Failed, HangupBy.None, 0, "")]
    [InlineData(Disposition.Redirected, HangupBy.Callee, 302, "")]
    [InlineData(Disposition.NoResponse, HangupBy.None, 0, "")]
    [InlineData(Disposition.InProgress, HangupBy.None, 0, "")]
    public void HangupDisposition_OfAnEnd(Disposition disposition, HangupBy by, int status, string expected) =>
        Assert.Equal(expected, UcomMapping.HangupDisposition(Answered with { Disposition = disposition, HangupBy = by, SipStatus = status }));

    [Fact]
    public void Bridge_IsTheSecondConnection_WhereAMachineAnsweredFirst()
    {
        var second = new BridgeFacts("3003", "pbx", Answered.StartedAt + TimeSpan.FromSeconds(5), Answered.EndedAt);
        UcomCall call = UcomMapping.Call(Answered, new CallFacts { AnsweredByPerson = false, Bridge = second }, null, BillsecRounding.Floor);
        Assert.Equal(("bridged", "3003", "2026-11-20 04:27:05", 7L), (call.Result, call.BridgedUsername, call.BridgedTimeGmt, call.BridgedDuration));
        Assert.Equal("answered", UcomMapping.Call(Answered, new CallFacts { AnsweredByPerson = false }, null, BillsecRounding.Floor).Result);
    }

    [Theory]
    [InlineData(4.4, 4)]
    [InlineData(4.5, 5)]
    [InlineData(1.2, 1)]
    public void Quality_IsTheWorstStreamsMos(double mos, int rate)
    {
        StreamRecord stream = TestCalls.Full().Streams[0];
        Assert.Equal(new UcomQuality(rate, 5), UcomMapping.Quality([stream with { Mos = 4.9 }, stream with { Mos = mos }, stream with { Mos = null }]));
    }

    [Theory]
    [InlineData("2026-11-20 04:27:00", "2026-11-20T04:27:00.000000Z")]
    [InlineData("2026-11-20T04:27:00Z", "2026-11-20T04:27:00.000000Z")]
    [InlineData("2026-11-20", "2026-11-20T00:00:00.000000Z")]
    [InlineData("20.11.2026", null)]
    [InlineData("2026-11-20 25:00:00", null)]
    public void Time_IsRead(string text, string? expected) => Assert.Equal(expected, UcomMapping.ReadTime(text)?.ToString());
}
