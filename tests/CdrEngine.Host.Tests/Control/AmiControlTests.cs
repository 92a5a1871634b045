using System.Net;
using CdrEngine.Calls.Ports;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Control;
using CdrEngine.Host.Hocon;
using Xunit;

namespace CdrEngine.Host.Tests.Control;

public sealed class AmiControlTests : IAsyncLifetime
{
    private readonly Asterisk _asterisk = new();

    public Task InitializeAsync()
    {
        _asterisk.Channels.AddRange([("PJSIP/1001-0000000a", "a@host"), ("Local/9@x-00000001;1", "b@host"), ("SIP/2002-00000002", "b@host"), ("PJSIP/gone-0000000b", null), ("PJSIP/1003-0000000c", "c@host")]);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync() => await _asterisk.DisposeAsync();

    [Fact]
    public async Task Acts_AreTheManagersActions_OnTheChannelOfTheCall()
    {
        ICallControl control = Control("control.ami.hold=hold", "control.ami.parking-lot=lot7");
        var to = new ControlEnd(ControlEndKind.Pstn, "+4930123");
        Assert.Equal(ControlOutcome.Done, (await control.DialAsync(new ControlEnd(ControlEndKind.Extension, "1001"), to)).Outcome);
        await control.DialAsync(new ControlEnd(ControlEndKind.Device, "desk7"), to);
        await control.DialAsync(new ControlEnd(ControlEndKind.FeatureCode, "*72"), to);
        await control.RedirectAsync("a@host", to);
        await control.ParkAsync("b@host");
        await control.HoldAsync("c@host");
        await control.HangUpAsync("c@host");
        const string Rest = "Context=from-internal Exten=+4930123 Priority=1";
        Assert.Equal(
            [
                $"Action=Originate Channel=PJSIP/1001 {Rest} CallerID=1001 Timeout=30000 Async=true",
                $"Action=Originate Channel=PJSIP/desk7 {Rest} CallerID=desk7 Timeout=30000 Async=true",
                $"Action=Originate Channel=Local/*72@from-internal {Rest} CallerID=*72 Timeout=30000 Async=true",
                $"Action=Redirect Channel=PJSIP/1001-0000000a {Rest}",
                "Action=Park Channel=SIP/2002-00000002 Parkinglot=lot7",
                "Action=Redirect Channel=PJSIP/1003-0000000c Context=from-internal Exten=hold Priority=1",
                "Action=Hangup Channel=PJSIP/1003-0000000c Cause=16",
            ],
            _asterisk.Done);
        Assert.Equal(7, _asterisk.Logins);
    }

    [Fact]
    public async Task CallThatTheTelephoneSystemDoesNotHave_IsToldSo_AndNothingIsDone()
    {
        Assert.Equal(ControlOutcome.NoSuchCall, (await Control().HangUpAsync("nobody@host")).Outcome);
        _asterisk.Channels.Clear();
        Assert.Equal(ControlOutcome.NoSuchCall, (await Control().ParkAsync("a@host")).Outcome);
        Assert.Empty(_asterisk.Done);
    }

    [Fact]
    public async Task WhatIsNotSetUp_IsUnsupported()
    {
        Assert.Equal(ControlOutcome.Unsupported, (await Control().HoldAsync("a@host")).Outcome);
        Assert.Equal(ControlOutcome.Unsupported, (await Control().DialAsync(new ControlEnd(ControlEndKind.Pstn, "1"), new ControlEnd(ControlEndKind.Pstn, "2"))).Outcome);
        Assert.Equal(0, _asterisk.Logins);
    }

    [Theory]
    [InlineData("Hangup", ControlOutcome.Refused, "The telephone system refused: Permission denied.")]
    [InlineData("CoreShowChannels", ControlOutcome.Unreachable, "The telephone system is not at hand: the manager interface refused: Permission denied.")]
    [InlineData("Getvar", ControlOutcome.NoSuchCall, "The telephone system does not have this call, or no longer.")]
    public async Task Refusal_IsTold(string action, ControlOutcome outcome, string detail)
    {
        _asterisk.Forbidden.Add(action);
        Assert.Equal(new ControlAnswer(outcome, detail), await Control().HangUpAsync("a@host"));
    }

    [Theory]
    [InlineData("Challenge")]
    [InlineData("Login")]
    [InlineData("CoreShowChannels")]
    [InlineData("Hangup")]
    public async Task ManagerThatBreaksOffOrKeepsSilent_IsUnreachable(string action)
    {
        _asterisk.Breaks = action;
        Assert.Equal(new ControlAnswer(ControlOutcome.Unreachable, "The telephone system is not at hand: the manager interface broke off."), await Control().HangUpAsync("a@host"));
        _asterisk.Breaks = null;
        _asterisk.Silent = action;
        Assert.Equal(new ControlAnswer(ControlOutcome.Unreachable, "The telephone system does not answer in time."), await Control("control.ami.timeout=1s").HangUpAsync("a@host"));
    }

    [Fact]
    public async Task WrongSecret_OrSomethingElseBehindThePort_IsUnreachable()
    {
        Assert.Equal("The telephone system is not at hand: the manager interface does not take the login.", (await Control("control.ami.secret=wrong").HangUpAsync("a@host")).Detail);
        _asterisk.Banner = "SSH-2.0-OpenSSH";
        Assert.Equal("The telephone system is not at hand: what answers is no manager interface of Asterisk.", (await Control().HangUpAsync("a@host")).Detail);
        IPEndPoint nobody = _asterisk.Address;
        await _asterisk.DisposeAsync();
        Assert.Equal("The telephone system is not reached.", (await Control($"control.ami.address={nobody}").HangUpAsync("a@host")).Detail);
    }

    [Fact]
    public async Task RequestThatIsGivenUp_IsGivenUp()
    {
        _asterisk.Silent = "Login";
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Control().HangUpAsync("a@host", stop.Token));
    }

    [Fact]
    public void Action_WithALineBreakInAValue_IsNeverSent() =>
        Assert.Throws<ArgumentException>(static () => AmiMessage.Write([("Action", "Originate"), ("Exten", "1\r\nAction: Command")]));

    [Fact]
    public void Settings_AskForNothing_UnlessTheySay()
    {
        Assert.Null(AmiControl.Of(Load().Control));
        Assert.DoesNotContain("s3cret", Load("control.ami.secret=s3cret").Control.ToString(), StringComparison.Ordinal);
        Assert.Contains("wants a user", Assert.Throws<HoconException>(static () => Load("control.adapter=ami")).Message, StringComparison.Ordinal);
        Assert.Contains("wants a secret", Assert.Throws<HoconException>(static () => Load("control.adapter=ami", "control.ami.user=u")).Message, StringComparison.Ordinal);
        Assert.Contains("{number}", Assert.Throws<HoconException>(static () => Load("control.ami.device=PJSIP")).Message, StringComparison.Ordinal);
        Assert.Contains("'telnet' is none of none, ami", Assert.Throws<HoconException>(static () => Load("control.adapter=telnet")).Message, StringComparison.Ordinal);
    }

    private static Settings Load(params string[] set) => SettingsLoader.Load(new SettingsFlags { Set = set }, static _ => null);

    private ICallControl Control(params string[] set) => AmiControl.Of(Load(
    [
        "control.adapter=ami", $"control.ami.user={Asterisk.User}",
        .. set.Any(static one => one.StartsWith("control.ami.secret", StringComparison.Ordinal)) ? Array.Empty<string>() : [$"control.ami.secret={Asterisk.Secret}"],
        .. set.Any(static one => one.StartsWith("control.ami.address", StringComparison.Ordinal)) ? Array.Empty<string>() : [$"control.ami.address={_asterisk.Address}"],
        .. set,
    ]).Control)!;
}
