using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Calls.Sessions;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>Each member and each value of each enumeration of a leg and of a call log.</summary>
public sealed class PortSipMappingTests
{
    private static readonly CallRecord Answered = TestCalls.Call(0) with
    {
        Direction = CallDirection.Transit,
        Dialled = "74951234567",
        HangupBy = HangupBy.Caller,
        RangAt = TestCalls.Start + TimeSpan.FromSeconds(1.9),
        Caller = new Party { Number = "1001", Uri = "<sip:1001@example.com>" },
        Callee = new Party { Number = "2002", Name = "Bob", Uri = "sip:2002@pbx.example.com:5060;transport=udp" },
        Headers = [new("p-asserted-identity", "<sip:+49301@example.com>"), new("user-to-user", "56a390f3d2b7;encoding=hex"), new("diversion", "<sip:2001@example.com>;reason=user-busy")],
    };

    private static readonly CallFacts Facts = new()
    {
        Caller = new PartyFacts("user", 1, "Alice"),
        Callee = new PartyFacts("queue", 7, "Sales"),
        Trunk = "carrier-a",
        BilledAccount = "acme",
        Amount = 0.35m,
    };

    public static TheoryData<string, object?> Members => new()
    {
        { "Cost", 0.35m },
        { "BilledAccount", "acme" },
        { "Caller", "1001" },
        { "CallerDomain", "example.com" },
        { "CallerDisplayName", "Alice" },
        { "Callee", "2002" },
        { "CalleeDomain", "pbx.example.com" },
        { "CalleeDisplayName", "Bob" },
        { "StartedAt", "2026-11-20T04:27:00Z" },
        { "RangAt", "2026-11-20T04:27:01Z" },
        { "AnsweredAt", "2026-11-20T04:27:02Z" },
        { "EndedAt", "2026-11-20T04:27:12Z" },
        { "CallId", "abc@host" },
        { "Direction", "INBOUND_TO_OUTBOUND_CALL" },
        { "EndReason", "CALLER_DISCONNECTED" },
        { "RerouteReason", "BUSY" },
        { "StatusCode", 200 },
        { "Destination", "74951234567" },
        { "OutboundCallerId", "+49301" },
        { "DidCid", "74951234567" },
        { "Trunk", "carrier-a" },
        { "Duration", 13L },
        { "ServiceNumber", "74951234567" },
        { "UserData", "56a390f3d2b7;encoding=hex" },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Member_OfAnAnsweredCall_IsAsTheTextSays(string member, object? expected)
    {
        PortSipLeg leg = Assert.Single(PortSipMapping.Legs(Answered, Facts, BillsecRounding.Nearest));
        Assert.Equal(expected, typeof(PortSipLeg).GetProperty(member)!.GetValue(leg));
    }

    [Fact]
    public void Labels_AreWhatIsShown()
    {
        var random = new Random(4);
        string?[] names = [null, "Alice", "", "Bob"];
        for (int i = 0; i < 300; i++)
        {
            CallRecord record = Answered with
            {
                Direction = random.Next(5) is var way and < 4 ? (CallDirection)way : null,
                Dialled = random.Next(3) == 0 ? null : "600",
                Caller = new Party { Number = names[random.Next(4)], Name = names[random.Next(4)], Uri = random.Next(2) == 0 ? null : "sip:1@A.example:5060", Identity = Identity() },
                Callee = new Party { Number = names[random.Next(4)], Name = names[random.Next(4)], Uri = random.Next(2) == 0 ? "tel:+49" : "<sips:x@[::1]:5061>", Identity = Identity() },
                Headers = random.Next(2) == 0 ? Answered.Headers : [new("remote-party-id", "<sip:7@x>"), new("user-to-user", "1"), new("user-to-user", "2")],
                Marks = random.Next(3) == 0 ? null : new CallMarks { Context = (CallContext)random.Next(12) },
            };
            PortSipFields shown = PortSipMapping.Fields(record, CallFacts.Of(record), BillsecRounding.Nearest);
            Assert.Equal(
                [shown.CallerDisplayName, shown.CalleeDisplayName, shown.CallerDomain, shown.CalleeDomain, shown.OutboundCallerId, shown.ServiceNumber, shown.UserData],
                CallLabels.Of(record));
        }

        PartyIdentity? Identity() => random.Next(2) == 0 ? null : new PartyIdentity((PartyKind)random.Next(8), 1, names[random.Next(1, 4)]!);
    }

    [Fact]
    public void EveryMember_HasARow() =>
        Assert.Equal(typeof(PortSipLeg).GetProperties().Select(static property => property.Name), Members.Select(static row => (string)row[0]!));

    [Fact]
    public void ListedLegAndSession_AddTheirIds()
    {
        PortSipFields fields = PortSipMapping.Fields(Answered, Facts, BillsecRounding.Nearest);
        Assert.Equal("Nw", new PortSipCdr(fields, "Nw").Id);
        Assert.Equal(("Nw", "Nw"), (new PortSipCallLog(fields, "Nw").Id, new PortSipCallLog(fields, "Nw").SessionId));
        var detail = new PortSipCallLogDetail(fields, "Nw", new PortSipCost(2, "x"));
        Assert.Equal(("Nw", "Nw", 2m, "x", "1001"), (detail.Id, detail.SessionId, detail.Cost, detail.BilledAccount, detail.Caller));
    }

    [Fact]
    public void CallWithoutDirectoryOrAnswer_HasNullsWhereNothingTells()
    {
        CallRecord record = TestCalls.Call(0) with { Disposition = Disposition.InProgress, SipStatus = 0, AnsweredAt = null, EndedAt = null, Caller = new Party(), Callee = new Party() };
        PortSipFields fields = PortSipMapping.Fields(record, CallFacts.None, BillsecRounding.Nearest);
        string[] set = [.. typeof(PortSipFields).GetProperties().Where(property => property.GetValue(fields) is not null).Select(static property => property.Name)];
        Assert.Equal(["StartedAt", "CallId", "RerouteReason", "Duration"], set);
    }

    [Theory]
    [InlineData(CallDirection.Inbound, "INBOUND_CALL", true, false)]
    [InlineData(CallDirection.Outbound, "OUTBOUND_CALL", false, true)]
    [InlineData(CallDirection.Internal, "INTERNAL_CALL", false, false)]
    [InlineData(CallDirection.Transit, "INBOUND_TO_OUTBOUND_CALL", true, true)]
    [InlineData(null, null, false, false)]
    public void Direction_HasItsName_AndItsNumbers(CallDirection? direction, string? name, bool did, bool shown)
    {
        PortSipFields fields = PortSipMapping.Fields(Answered with { Direction = direction }, CallFacts.None, BillsecRounding.Nearest);
        Assert.Equal((name, did, shown), (fields.Direction, fields.DidCid is not null, fields.OutboundCallerId is not null));
        if (direction is { } known)
        {
            Assert.Contains(name, PortSipMapping.DirectionNames);
            Assert.Equal(known, PortSipMapping.ReadDirection(name!));
        }
    }

    [Theory]
    [InlineData(Disposition.Answered, HangupBy.Caller, "CALLER_DISCONNECTED")]
    [InlineData(Disposition.Answered, HangupBy.Both, "CALLER_DISCONNECTED")]
    [InlineData(Disposition.Answered, HangupBy.Callee, "CALLEE_DISCONNECTED")]
    [InlineData(Disposition.Answered, HangupBy.Server, "SERVER_DISCONNECTED")]
    [InlineData(Disposition.Answered, HangupBy.None, null)]
    [InlineData(Disposition.Cancelled, HangupBy.Caller, "CALLER_CANCELED")]
    [InlineData(Disposition.NoAnswer, HangupBy.None, "NO_ANSWER")]
    [InlineData(Disposition.NoResponse, HangupBy.None, "NO_ANSWER")]
    [InlineData(Disposition.Busy, HangupBy.Callee, "BUSY")]
    [InlineData(Disposition.Rejected, HangupBy.Callee, "REJECTED")]
    [InlineData(Disposition.InvalidNumber, HangupBy.Callee, "FAILED")]
    [InlineData(Disposition.Failed, HangupBy.Callee, "FAILED")]
    [InlineData(Disposition.Redirected, HangupBy.Callee, "FAILED")]
    [InlineData(Disposition.InProgress, HangupBy.None, null)]
    public void EndReason_OfAnEnd(Disposition disposition, HangupBy by, string? expected)
    {
        Assert.Equal(expected, PortSipMapping.EndReason(disposition, by, over: true));
        if (expected is null) return;
        Assert.Contains(expected, PortSipMapping.EndReasonNames);
        (IReadOnlyList<Disposition> dispositions, IReadOnlyList<HangupBy>? parties) = PortSipMapping.ReadEndReason(expected);
        Assert.Contains(disposition, dispositions);
        if (parties is not null) Assert.Contains(by, parties);
        Assert.All(dispositions, outcome => Assert.All(parties ?? [HangupBy.None], party => Assert.Equal(expected, PortSipMapping.EndReason(outcome, party, over: true))));
    }

    [Fact]
    public void EndReason_OfACallThatGoesOn_IsNull() => Assert.Null(PortSipMapping.EndReason(Disposition.Answered, HangupBy.Caller, over: false));

    [Theory]
    [InlineData(TransferKind.Blind, TransferRole.Target, TransferOutcome.Succeeded, "REFER")]
    [InlineData(TransferKind.Blind, TransferRole.Original, TransferOutcome.Unknown, "REFER")]
    [InlineData(TransferKind.Blind, TransferRole.Original, TransferOutcome.Failed, "NONE")]
    [InlineData(TransferKind.Attended, TransferRole.Original, TransferOutcome.Succeeded, "TRANSFER")]
    [InlineData(TransferKind.Attended, TransferRole.Consultation, TransferOutcome.Succeeded, "NONE")]
    [InlineData(TransferKind.Pickup, TransferRole.Target, TransferOutcome.Succeeded, "TRANSFER")]
    [InlineData(TransferKind.Retrieval, TransferRole.Target, TransferOutcome.Succeeded, "TRANSFER")]
    [InlineData(TransferKind.Forward, TransferRole.Target, TransferOutcome.Succeeded, "FORWARD")]
    public void RerouteReason_OfATransfer(TransferKind kind, TransferRole role, TransferOutcome outcome, string expected)
    {
        Assert.Equal(expected, PortSipMapping.RerouteReason(TestCalls.Call(0) with { Transfer = new TransferRecord { Kind = kind, Role = role, Outcome = outcome } }));
        Assert.Contains(expected, PortSipMapping.RerouteReasonNames);
    }

    [Theory]
    [InlineData("diversion", "<sip:1@x>;reason=no-answer", "NO_ANSWER")]
    [InlineData("diversion", "<sip:1@x>;reason=user-busy", "BUSY")]
    [InlineData("diversion", "<sip:1@x>;reason=unconditional", "FORWARD")]
    [InlineData("history-info", "<sip:1@x>;index=1, <sip:2@x;cause=486>;index=1.1", "BUSY")]
    [InlineData("history-info", "<sip:1@x>;index=1, <sip:2@x;cause=408>;index=1.1", "NO_ANSWER")]
    [InlineData("history-info", "<sip:1@x>;index=1, <sip:2@x;cause=302>;index=1.1", "FORWARD")]
    [InlineData("history-info", "<sip:1@x>;index=1", "NONE")]
    [InlineData("subject", "reason=user-busy", "NONE")]
    public void RerouteReason_OfADiversion(string header, string value, string expected) =>
        Assert.Equal(expected, PortSipMapping.RerouteReason(TestCalls.Call(0) with { Headers = [new(header, value)] }));

    [Fact]
    public void RerouteReason_OfARedirectedCall_IsForward() => Assert.Equal("FORWARD", PortSipMapping.RerouteReason(TestCalls.Call(0) with { Disposition = Disposition.Redirected }));

    [Theory]
    [InlineData("queue", true)]
    [InlineData("ring_group", true)]
    [InlineData("ivr", true)]
    [InlineData("voicemail", true)]
    [InlineData("conference", true)]
    [InlineData("user", false)]
    public void ServiceNumber_IsThatOfAService(string kind, bool service)
    {
        Assert.Equal(service, PortSipMapping.Fields(Answered, new CallFacts { Callee = new PartyFacts(kind, 1, null) }, BillsecRounding.Nearest).ServiceNumber is not null);
        Assert.Equal(service, PortSipMapping.Fields(Answered, new CallFacts { Context = kind }, BillsecRounding.Nearest).ServiceNumber is not null);
    }

    [Theory]
    [InlineData(LegOutcome.Failed, 486, "BUSY")]
    [InlineData(LegOutcome.Failed, 600, "BUSY")]
    [InlineData(LegOutcome.Failed, 603, "REJECTED")]
    [InlineData(LegOutcome.Failed, 480, "NO_ANSWER")]
    [InlineData(LegOutcome.Failed, 500, "FAILED")]
    [InlineData(LegOutcome.Cancelled, 487, "SERVER_DISCONNECTED")]
    [InlineData(LegOutcome.ForkLoser, 200, "SERVER_DISCONNECTED")]
    [InlineData(LegOutcome.Abandoned, 0, "NO_ANSWER")]
    [InlineData(LegOutcome.Early, 0, null)]
    public void Legs_OfAForkedCall_AreOneForEachTarget(LegOutcome outcome, int status, string? reason)
    {
        Timestamp start = Answered.StartedAt;
        CallRecord forked = Answered with
        {
            Legs =
            [
                new Leg { ToTag = "a", Contact = "<sip:3003@192.0.2.9:5060>", Outcome = outcome, SipStatus = status, RangAt = start + TimeSpan.FromSeconds(1), EndedAt = start + TimeSpan.FromSeconds(2) },
                new Leg { ToTag = "b", Outcome = LegOutcome.Answered, SipStatus = 200, AnsweredAt = Answered.AnsweredAt },
            ],
        };
        PortSipLeg[] legs = [.. PortSipMapping.Legs(forked, Facts, BillsecRounding.Nearest)];
        Assert.Equal(2, legs.Length);
        Assert.Equal(("3003", "192.0.2.9", reason, 2L, (decimal?)null), (legs[0].Callee, legs[0].CalleeDomain, legs[0].EndReason, legs[0].Duration, legs[0].Cost));
        Assert.Equal(("2002", "CALLER_DISCONNECTED", 13L, (decimal?)0.35m), (legs[1].Callee, legs[1].EndReason, legs[1].Duration, legs[1].Cost));
    }

    [Fact]
    public void CancelledLeg_OfACallThatTheCallerGaveUp_IsHis()
    {
        CallRecord given = Answered with { Disposition = Disposition.Cancelled };
        Assert.Equal("CALLER_CANCELED", PortSipMapping.EndReason(new Leg { ToTag = "a", Outcome = LegOutcome.Cancelled }, given));
        Assert.Equal("CALLER_CANCELED", PortSipMapping.EndReason(new Leg { ToTag = "a", Outcome = LegOutcome.Answered }, given));
    }

    [Fact]
    public void Session_IsTold_FromItsFirstCall_ToWhoTalked()
    {
        (CallRecord first, CallRecord second) = Linked();
        SessionRecord session = SessionStory.Tell(first.Id, [second, first]);
        PortSipFields fields = PortSipMapping.Fields(session, BillsecRounding.Nearest);
        Assert.Equal(("1001", "9000", "3003", "Carol"), (fields.Caller, fields.Destination, fields.Callee, fields.CalleeDisplayName));
        Assert.Equal(("2026-11-20T04:27:00Z", "2026-11-20T04:27:06Z", "2026-11-20T04:27:20Z", 20L), (fields.StartedAt, fields.AnsweredAt, fields.EndedAt, fields.Duration));
        Assert.Equal(200, fields.StatusCode);
        Assert.Equal(new PortSipCost(0.75m, "acme"), PortSipMapping.Cost(session));
    }

    [Theory]
    [InlineData("2017-07-21T17:32:28Z", "2017-07-21T17:32:28Z")]
    [InlineData("2017-07-21T19:32:28+02:00", "2017-07-21T17:32:28Z")]
    [InlineData("2017-07-21T17:32:28.75Z", "2017-07-21T17:32:28Z")]
    [InlineData("2017-07-21", null)]
    [InlineData("0001-01-01T00:00:00Z", null)]
    [InlineData("2017-13-21T17:32:28Z", null)]
    public void Time_IsRead(string text, string? expected) => Assert.Equal(expected, PortSipMapping.Time(PortSipMapping.ReadTime(text)));

    /// <summary>A call to 9000, and the call that a machine made of it to 3003.</summary>
    internal static (CallRecord First, CallRecord Second) Linked()
    {
        CallRecord first = TestCalls.Call(0, "first@host");
        CallRecord second = TestCalls.Call(4, "second@host");
        CallMarks Marks(decimal amount) => new() { BilledAccount = "acme", Charge = new CallCharge(0.1m, amount, "EUR", "x") };
        first = first with
        {
            Dialled = "9000",
            Callee = new Party { Number = "9000", Address = TestCalls.Address("192.0.2.5", 5060) },
            Flags = CallFlags.Linked,
            EndedAt = first.StartedAt + TimeSpan.FromSeconds(20),
            Links = [new CallLink(second.Id, second.SipCallId, LinkMethod.Sdp, 1, LinkRelation.Downstream)],
            Marks = Marks(0.25m),
        };
        second = second with
        {
            SessionId = first.Id,
            Dialled = "3003",
            Callee = new Party { Number = "3003", Name = "Carol", Address = TestCalls.Address("192.0.2.6", 5060) },
            Flags = CallFlags.Linked,
            EndedAt = first.EndedAt,
            Links = [new CallLink(first.Id, first.SipCallId, LinkMethod.Sdp, 1, LinkRelation.Upstream)],
            Marks = Marks(0.50m),
        };
        return (first, second);
    }
}
