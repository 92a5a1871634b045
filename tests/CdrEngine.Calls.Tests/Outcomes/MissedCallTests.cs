using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Tests.Outcomes;

/// <summary>Calls that nobody took, behind machines too.</summary>
public sealed class MissedCallTests
{
    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 9, 0, 0, TimeSpan.Zero));

    private static CallRecord Call(string id, PartyKind? by, bool answered = true, params CallLink[] links) => new()
    {
        Id = id,
        SessionId = id,
        SipCallId = id,
        StartedAt = Start,
        AnsweredAt = answered ? Start + TimeSpan.FromSeconds(3) : null,
        EndedAt = Start + TimeSpan.FromSeconds(30),
        State = CallState.Ended,
        Disposition = Disposition.Answered,
        Caller = new Party { Number = "4930555001" },
        Callee = new Party { Number = "600", Identity = by is { } kind ? new PartyIdentity(kind, 1, "x") : null },
        Links = links,
    };

    private static CallLink To(string id, LinkRelation relation = LinkRelation.Downstream) => new(id, id, LinkMethod.Header, 1, relation);

    private static bool IsMissed(CallRecord call, params CallRecord[] others) => MissedCall.Is(call, id => others.FirstOrDefault(other => other.Id == id));

    [Fact]
    public void Call_ThatNobodyAnswered_IsMissed_AndOneThatGoesOnIsNot()
    {
        Assert.True(IsMissed(Call("a", PartyKind.User, answered: false)));
        Assert.False(IsMissed(Call("a", PartyKind.User, answered: false) with { State = CallState.Ringing }));
        Assert.False(IsMissed(Call("a", PartyKind.Queue) with { State = CallState.Answered }));
    }

    [Theory]
    [InlineData(PartyKind.User, false)]
    [InlineData(PartyKind.RingGroup, false)]
    [InlineData(PartyKind.Voicemail, false)]
    [InlineData(null, false)]
    [InlineData(PartyKind.Queue, true)]
    [InlineData(PartyKind.Ivr, true)]
    public void Call_IsMissed_WhereAMachineAloneAnswered(PartyKind? by, bool expected) => Assert.Equal(expected, IsMissed(Call("a", by)));

    [Theory]
    [InlineData(LinkRelation.Downstream)]
    [InlineData(LinkRelation.Joined)]
    [InlineData(LinkRelation.TransferredTo)]
    public void Call_ThatAMachinePassedOn_IsMissed_WhereNobodyAnsweredBehindIt(LinkRelation relation)
    {
        CallRecord call = Call("a", PartyKind.Queue, true, To("b", relation), To("c", relation));
        CallRecord rang = Call("b", PartyKind.User, answered: false), other = Call("c", PartyKind.User, answered: false);
        Assert.True(IsMissed(call, rang, other));
        Assert.True(IsMissed(call, rang));
        Assert.False(IsMissed(call, rang, Call("c", PartyKind.User)));
        Assert.False(IsMissed(call, rang, Call("c", PartyKind.Voicemail)));

        // Who answered is not known: somebody did.
        Assert.False(IsMissed(call, rang, Call("c", null)));
    }

    [Fact]
    public void Links_ThatLeadNowhereFurther_DoNotCount()
    {
        CallRecord answered = Call("b", PartyKind.User);
        Assert.True(IsMissed(Call("a", PartyKind.Queue, true, To("b", LinkRelation.Upstream)), answered));
        Assert.True(IsMissed(Call("a", PartyKind.Queue, true, To("b", LinkRelation.TransferredFrom)), answered));
        Assert.True(IsMissed(Call("a", PartyKind.Queue) with { Transfer = new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Target, CallId = "b" } }, answered));
    }

    [Fact]
    public void Machines_PassOnToMachines_AlsoInCircles()
    {
        CallRecord menu = Call("a", PartyKind.Ivr, true, To("b")), queue = Call("b", PartyKind.Queue, true, To("a"), To("c"));
        Assert.True(IsMissed(menu, queue, menu, Call("c", PartyKind.User, answered: false)));
        Assert.False(IsMissed(menu, queue, menu, Call("c", PartyKind.User)));
    }

    [Theory]
    [InlineData(null, TransferOutcome.Unknown, false)]
    [InlineData(null, TransferOutcome.Succeeded, false)]
    [InlineData(null, TransferOutcome.Failed, true)]
    [InlineData("b", TransferOutcome.Succeeded, true)]
    [InlineData("c", TransferOutcome.Succeeded, false)]
    public void Call_ThatWasTransferred_IsWhatCameOfIt(string? to, TransferOutcome outcome, bool expected)
    {
        CallRecord call = Call("a", PartyKind.Ivr) with { Transfer = new TransferRecord { Kind = TransferKind.Blind, Role = TransferRole.Original, CallId = to, Outcome = outcome } };
        Assert.Equal(expected, IsMissed(call, Call("b", PartyKind.User, answered: false), Call("c", PartyKind.User)));
    }

    [Fact]
    public void Call_ThatWasPassedOnToVeryMany_IsNotSaidToBeMissed()
    {
        CallLink[] links = [.. Enumerable.Range(0, 100).Select(static i => To($"b{i}"))];
        int looked = 0;
        Assert.False(MissedCall.Is(Call("a", PartyKind.Queue, true, links), _ =>
        {
            looked++;
            return null;
        }));
        Assert.InRange(looked, 1, 40);
    }
}
