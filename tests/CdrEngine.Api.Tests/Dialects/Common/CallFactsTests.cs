using CdrEngine.Api.Dialects.Common;

namespace CdrEngine.Api.Tests.Dialects.Common;

public sealed class CallFactsTests
{
    private static readonly CallRecord Answered = TestCalls.Call(0) with
    {
        Caller = new Party { Number = "+4930123", Identity = new PartyIdentity(PartyKind.Contact, 7, "Carla") },
        Callee = new Party { Number = "2002", Identity = new PartyIdentity(PartyKind.User, 10002, "Bob") },
        Marks = new CallMarks { Tenant = "acme", Context = CallContext.PstnCall, Trunk = "carrier", BilledAccount = "A-1", Charge = new CallCharge(0.12m, 0.24m, "EUR", "Germany") },
    };

    public static TheoryData<string, object?> Members => new()
    {
        { "Caller", new PartyFacts("contact", 7, "Carla") },
        { "Callee", new PartyFacts("user", 10002, "Bob") },
        { "AnsweredBy", PartyKind.User },
        { "AnsweredByPerson", true },
        { "Bridge", null },
        { "IsMissed", null },
        { "Tenant", "acme" },
        { "Trunk", "carrier" },
        { "Context", "pstn_call" },
        { "BilledAccount", "A-1" },
        { "Rate", 0.12m },
        { "Amount", 0.24m },
        { "Currency", "EUR" },
        { "Destination", "Germany" },
        { "ParentId", null },
        { "RootId", null },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void Member_OfAMarkedRecord_IsItsOwn(string member, object? expected) => Assert.Equal(expected, typeof(CallFacts).GetProperty(member)!.GetValue(CallFacts.Of(Answered with { SessionId = Answered.Id })));

    [Fact]
    public void EveryMember_HasARow() => Assert.Equal(typeof(CallFacts).GetProperties().Select(static property => property.Name), Members.Select(static row => (string)row[0]!));

    [Fact]
    public void RecordWithoutDirectory_HasNoFacts()
    {
        CallRecord call = TestCalls.Call(0);
        Assert.Equal(CallFacts.None, CallFacts.Of(call with { SessionId = call.Id }));
    }

    [Theory]
    [InlineData(PartyKind.User, true)]
    [InlineData(PartyKind.Contact, true)]
    [InlineData(PartyKind.Number, true)]
    [InlineData(PartyKind.Voicemail, false)]
    [InlineData(PartyKind.Ivr, false)]
    [InlineData(PartyKind.Queue, false)]
    [InlineData(PartyKind.RingGroup, true)]
    [InlineData(PartyKind.Conference, false)]
    [InlineData(PartyKind.Tracking, true)]
    [InlineData(PartyKind.Freephone, true)]
    [InlineData(PartyKind.Test, false)]
    [InlineData(PartyKind.Emergency, true)]
    [InlineData(PartyKind.Feature, false)]
    [InlineData(PartyKind.Fax, false)]
    public void AnsweredByPerson_FollowsTheClassOfTheCallee(PartyKind kind, bool person)
    {
        CallRecord call = Answered with { Callee = new Party { Number = "1", Identity = new PartyIdentity(kind, 0, "") } };
        CallFacts facts = CallFacts.Of(call);
        Assert.Equal((person, kind, new PartyFacts(EnumNames<PartyKind>.Of(kind), null, null)), (facts.AnsweredByPerson, facts.AnsweredBy, facts.Callee));
        Assert.Null(CallFacts.Of(call with { AnsweredAt = null }).AnsweredByPerson);
    }

    [Theory]
    [InlineData(CallContext.PstnCall, true)]
    [InlineData(CallContext.UserLocal, true)]
    [InlineData(CallContext.Ivr, false)]
    [InlineData(CallContext.Queue, false)]
    [InlineData(CallContext.RingGroup, true)]
    [InlineData(CallContext.Voicemail, false)]
    [InlineData(CallContext.Conference, false)]
    [InlineData(CallContext.FollowMe, true)]
    [InlineData(CallContext.TestCall, false)]
    [InlineData(CallContext.Tracking, true)]
    [InlineData(CallContext.Freephone, true)]
    [InlineData(CallContext.Emergency, true)]
    [InlineData(CallContext.Feature, false)]
    [InlineData(CallContext.Fax, false)]
    [InlineData(null, null)]
    public void AnsweredByPerson_FollowsTheNumberDialled_WhereTheCalleeIsNotKnown(CallContext? context, bool? person) =>
        Assert.Equal(person, CallFacts.Of(Answered with { Callee = new Party { Number = "1" }, Marks = new CallMarks { Context = context } }).AnsweredByPerson);

    [Fact]
    public void Bridge_IsTheFirstPersonBehindTheMachine_WithinTheCall()
    {
        Timestamp start = TestCalls.Start;
        CallRecord queue = Answered with
        {
            Callee = new Party { Number = "500", Identity = new PartyIdentity(PartyKind.Queue, 5, "Sales") },
            AnsweredAt = start + TimeSpan.FromSeconds(2),
            EndedAt = start + TimeSpan.FromSeconds(60),
            Links = [Link("mailbox"), Link("late"), Link("early"), Link("transferred", LinkRelation.TransferredTo), Link("lost"), Link("unanswered")],
        };
        var others = new Dictionary<string, CallRecord>
        {
            ["mailbox"] = Leg("600", 3, 50) with { Callee = new Party { Number = "600", Identity = new PartyIdentity(PartyKind.Voicemail, 6, "") } },
            ["late"] = Leg("2003", 30, 50),
            ["early"] = Leg("2002", 10, 70),
            ["transferred"] = Leg("2004", 5, 6),
            ["unanswered"] = Leg("2005", 4, 5) with { AnsweredAt = null },
        };
        BridgeFacts? bridge = CallFacts.Of(queue, others.GetValueOrDefault).Bridge;
        Assert.Equal(new BridgeFacts("2002", "pbx", start + TimeSpan.FromSeconds(10), queue.EndedAt), bridge);
        Assert.Equal(start + TimeSpan.FromSeconds(20), CallFacts.Of(queue, id => id == "early" ? Leg("2002", 1, 20) : null).Bridge?.Ended);
        Assert.Equal(queue.AnsweredAt, CallFacts.Of(queue, id => id == "early" ? Leg("2002", 1, 20) : null).Bridge?.At);
        Assert.Null(CallFacts.Of(queue).Bridge);
        Assert.Null(CallFacts.Of(queue with { Callee = Answered.Callee }, others.GetValueOrDefault).Bridge);
    }

    [Theory]
    [InlineData(LinkRelation.Upstream, true)]
    [InlineData(LinkRelation.Downstream, false)]
    [InlineData(LinkRelation.TransferredTo, false)]
    [InlineData(LinkRelation.TransferredFrom, true)]
    [InlineData(LinkRelation.Replaced, true)]
    [InlineData(LinkRelation.ReplacedBy, false)]
    [InlineData(LinkRelation.RedirectedTo, false)]
    [InlineData(LinkRelation.RedirectedFrom, true)]
    [InlineData(LinkRelation.RetriedAs, false)]
    [InlineData(LinkRelation.RetryOf, true)]
    [InlineData(LinkRelation.Joined, false)]
    public void Parent_IsWhatTheCallCameOf(LinkRelation relation, bool isParent)
    {
        CallRecord call = Answered with { Links = [Link("other", relation, 0.5), Link("surer", relation, 0.9)], SessionId = "root" };
        Assert.Equal((isParent ? "surer" : null, "root"), (CallFacts.Of(call).ParentId, CallFacts.Of(call).RootId));
    }

    [Fact]
    public void Parent_IsTheMachinesOtherLegBeforeATransfer_AndTheTransferWhereNoLinkTells()
    {
        Assert.Equal("up", CallFacts.Of(Answered with { Links = [Link("from", LinkRelation.TransferredFrom), Link("up", LinkRelation.Upstream)] }).ParentId);
        var transfer = new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Target, CallId = "first" };
        Assert.Equal("first", CallFacts.Of(Answered with { Transfer = transfer }).ParentId);
        Assert.Null(CallFacts.Of(Answered with { Transfer = transfer with { Role = TransferRole.Original } }).ParentId);
    }

    private static CallLink Link(string id, LinkRelation relation = LinkRelation.Downstream, double score = 1) => new(id, $"{id}@host", LinkMethod.Sdp, score, relation);

    private static CallRecord Leg(string number, int answered, int ended) => TestCalls.Call(1) with
    {
        Callee = new Party { Number = number, Uri = $"sip:{number}@pbx", Identity = new PartyIdentity(PartyKind.User, 1, "Bob") },
        AnsweredAt = TestCalls.Start + TimeSpan.FromSeconds(answered),
        EndedAt = TestCalls.Start + TimeSpan.FromSeconds(ended),
    };
}
