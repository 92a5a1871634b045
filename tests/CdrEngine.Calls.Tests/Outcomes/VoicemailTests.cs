using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Calls.Tests.Outcomes;

/// <summary>Which calls a voice mailbox answered.</summary>
public sealed class VoicemailTests
{
    private static readonly CallRecord Answered = new()
    {
        Id = "20261120-000000000000000000000000",
        SessionId = "20261120-000000000000000000000000",
        SipCallId = "x",
        State = CallState.Ended,
        Disposition = Disposition.Answered,
        StartedAt = new Timestamp(0),
        AnsweredAt = new Timestamp(1),
    };

    [Theory]
    [InlineData("sip:voicemail@example.com", null, null, true)]
    [InlineData("sip:vm-1001@example.com", null, null, true)]
    [InlineData("sip:*97@example.com", null, null, true)]
    [InlineData("sip:1001@example.com;target=sip:1001%40example.com;cause=486", null, null, true)]
    [InlineData("sip:1001@example.com", "Asterisk Voicemail", null, true)]
    [InlineData("sip:1001@example.com", "Phone", "sip:mailbox1@pbx", true)]
    [InlineData("sip:1001@example.com", "Phone", "sip:1001@pbx", false)]
    [InlineData("sip:1001@voicemail.example.com", null, null, false)]
    [InlineData("tel:*97", null, null, false)]
    [InlineData(null, null, null, false)]
    public void Answered_ByWhatTheOtherSideCallsItself(string? uri, string? agent, string? contact, bool expected)
    {
        CallRecord call = Answered with
        {
            Callee = new Party { Uri = uri, UserAgent = agent },
            Legs = contact is null ? [] : [new Leg { ToTag = "t", Outcome = LegOutcome.Answered, Contact = contact }],
        };
        Assert.Equal(expected, Voicemail.Answered(call));
        Assert.False(Voicemail.Answered(call with { AnsweredAt = null }));
        if (contact is not null) Assert.False(Voicemail.Answered(call with { Legs = [call.Legs[0] with { Outcome = LegOutcome.ForkLoser }] }));
    }

    [Fact]
    public void Answered_ByWhatTheDirectorySays()
    {
        Assert.True(Voicemail.Answered(Answered with { Callee = new Party { Identity = new PartyIdentity(PartyKind.Voicemail, 1, "Box") } }));
        Assert.True(Voicemail.Answered(Answered with { Marks = new CallMarks { Context = CallContext.Voicemail } }));
        Assert.False(Voicemail.Answered(Answered with { Callee = new Party { Identity = new PartyIdentity(PartyKind.User, 1, "Bob") }, Marks = new CallMarks { Context = CallContext.UserLocal } }));
    }
}
