using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using Xunit;

namespace CdrEngine.Calls.Tests.Alerts;

/// <summary>Each kind of rule, just below its threshold and at it.</summary>
public sealed class AlertRuleTests
{
    private static readonly AlertRule Share = new() { Name = "share", Kind = AlertKind.MosLow, Threshold = 20, Clear = 10, Limit = 3.1, Sample = 10, Window = TimeSpan.FromMinutes(5) };

    // Name of the row, rule, what makes a call count against it, bad and good calls, whether that is an alert.
    public static TheoryData<string, AlertKind, int, int, bool> Shares => new()
    {
        { "share below", AlertKind.MosLow, 1, 9, false },
        { "share at threshold", AlertKind.MosLow, 2, 8, true },
        { "sample one short", AlertKind.MosLow, 9, 0, false },
        { "sample reached", AlertKind.MosLow, 10, 0, true },
        { "one-way below", AlertKind.OneWayAudio, 1, 9, false },
        { "one-way at threshold", AlertKind.OneWayAudio, 2, 8, true },
        { "failures below", AlertKind.Failures, 1, 9, false },
        { "failures at threshold", AlertKind.Failures, 2, 8, true },
        { "short calls below", AlertKind.ShortCalls, 1, 9, false },
        { "short calls at threshold", AlertKind.ShortCalls, 2, 8, true },
        { "slow set-up below", AlertKind.SlowSetup, 1, 9, false },
        { "slow set-up at threshold", AlertKind.SlowSetup, 2, 8, true },
        { "answer rate above", AlertKind.LowAnswerRate, 7, 3, false },
        { "answer rate at threshold", AlertKind.LowAnswerRate, 8, 2, true },
    };

    [Theory]
    [MemberData(nameof(Shares))]
    public void Share_IsAnAlert_FromItsThresholdOn(string row, AlertKind kind, int bad, int good, bool isRaised)
    {
        AlertRule rule = Share with { Kind = kind, Limit = kind == AlertKind.MosLow ? 3.1 : 3, Clear = kind == AlertKind.LowAnswerRate ? 40 : 10 };
        Assert.Null(rule.Fault());
        var scene = new AlertScene(rule);
        scene.Calls(good, 0, 1, static call => call).Calls(bad, 30, 1, call => Bad(kind, call));
        Assert.True(isRaised == scene.Raised is not null, row);
        if (!isRaised) return;
        Assert.Equal((bad + good, bad, bad), (scene.Raised!.Total, scene.Raised.Bad, scene.Raised.Calls.Count));
    }

    [Theory]
    [InlineData(AlertKind.MosLow, "MOS 3.1 is not below 3.1")]
    [InlineData(AlertKind.ShortCalls, "3.001 s are not within 3 s")]
    [InlineData(AlertKind.SlowSetup, "3 s are not over 3 s")]
    [InlineData(AlertKind.OneWayAudio, "calls without media do not count")]
    [InlineData(AlertKind.Failures, "rejected and busy are no failures")]
    public void CallAtTheLimit_DoesNotCount(AlertKind kind, string why)
    {
        var scene = new AlertScene(Share with { Kind = kind, Limit = kind == AlertKind.MosLow ? 3.1 : 3, Sample = 1 });
        scene.Calls(20, 0, 1, call => kind switch
        {
            AlertKind.MosLow => call with { Mos = 3.1 },
            AlertKind.ShortCalls => call with { Talk = TimeSpan.FromSeconds(3.001) },
            AlertKind.SlowSetup => call with { Delay = TimeSpan.FromSeconds(3) },
            AlertKind.OneWayAudio => call with { IsOneWay = true, HasMedia = false },
            _ => call with { Disposition = Disposition.Rejected },
        });
        Assert.True(scene.Raised is null, why);
    }

    [Fact]
    public void ConcurrentCalls_AreThoseBegunAndNotOver()
    {
        var scene = new AlertScene(new AlertRule { Name = "load", Kind = AlertKind.ConcurrentCalls, Threshold = 3, Clear = 1, ClearAfter = TimeSpan.FromMinutes(1), By = AlertScope.Trunk });
        for (int i = 0; i < 3; i++)
        {
            CallOver other = AlertScene.Call(900 + i, $"o{i}") with { Trunk = "other", HasBegun = true };
            scene.Take(new CallBegan(AlertScene.At(i), other.Key, other));
            if (i == 1) scene.Take(other with { At = AlertScene.At(i) });
        }

        Assert.Null(scene.Raised);
        for (int i = 0; i < 3; i++) scene.Take(new CallBegan(AlertScene.At(10 + i), $"c{i}", AlertScene.Call(900, $"c{i}") with { HasBegun = true }));
        Assert.Equal((3, "carrier", 3), (scene.Raised!.Value, scene.Raised.Group.Trunk, scene.Raised.Calls.Count));
        scene.Take(AlertScene.Call(60, "c0") with { HasBegun = true }).Take(AlertScene.Call(61, "c1") with { HasBegun = true }).Advance(400);
        Assert.Equal([AlertStep.Raised, AlertStep.Cleared], scene.Steps);
    }

    [Fact]
    public void ConcurrentCalls_CountedLive_AreTheNumberTold()
    {
        var scene = new AlertScene(new AlertRule { Name = "load", Kind = AlertKind.ConcurrentCalls, Threshold = 100, Clear = 50 });
        scene.Take(new CallLoad(AlertScene.At(0), null, null, 99, AlertScope.None)).Take(new CallLoad(AlertScene.At(1), "acme", null, 500, AlertScope.Tenant));
        Assert.Null(scene.Raised);
        Assert.Equal(100, scene.Take(new CallLoad(AlertScene.At(2), null, null, 100, AlertScope.None)).Raised!.Value);
    }

    [Fact]
    public void RegistrationsThatRanOut_AreAnAlert_UnlessTheyComeBack()
    {
        var rule = new AlertRule { Name = "lost", Kind = AlertKind.RegistrationLoss, Threshold = 3, Clear = 0, ClearAfter = TimeSpan.Zero, By = AlertScope.Peer };
        var scene = new AlertScene(rule);
        scene.Take(Registration(0, "a", RegistrationEventKind.Expired)).Take(Registration(1, "b", RegistrationEventKind.Expired)).Take(Registration(2, "a", RegistrationEventKind.New));
        scene.Take(Registration(3, "c", RegistrationEventKind.Expired)).Take(Registration(4, "d", RegistrationEventKind.Removed)).Take(Registration(5, "e", RegistrationEventKind.Failed));
        Assert.Null(scene.Raised);
        Assert.Equal((3, "192.0.2.9"), (scene.Take(Registration(6, "f", RegistrationEventKind.Expired)).Raised!.Value, scene.Raised!.Group.Peer));
        foreach (string id in new[] { "b", "c", "f" }) scene.Take(Registration(10, id, RegistrationEventKind.Refreshed));
        scene.Advance(1000);
        Assert.Equal([AlertStep.Raised, AlertStep.Cleared], scene.Steps);
    }

    [Fact]
    public void RegistrationFlood_CountsFailuresAndNewOnes_BySource()
    {
        var scene = new AlertScene(new AlertRule { Name = "flood", Kind = AlertKind.RegistrationFlood, Threshold = 5, Clear = 1, By = AlertScope.Source });
        for (int i = 0; i < 4; i++) scene.Take(Registration(i, $"r{i}", RegistrationEventKind.Failed)).Take(Registration(i, $"s{i}", RegistrationEventKind.Refreshed));
        scene.Take(Registration(5, "x", RegistrationEventKind.Failed) with { Source = "192.0.2.77" });
        Assert.Null(scene.Raised);
        Assert.Equal("192.0.2.1", scene.Take(Registration(6, "y", RegistrationEventKind.New)).Raised!.Group.Source);
    }

    [Theory]
    [InlineData("8821234", true)]
    [InlineData("88", false)]
    [InlineData("4988212", false)]
    public void RiskyPrefix_IsTheBeginningOfTheNumberDialled(string digits, bool isRaised)
    {
        var scene = new AlertScene(new AlertRule { Name = "risky", Kind = AlertKind.RiskyPrefix, Threshold = 1, Clear = 0, Prefixes = ["882", "979"], By = AlertScope.Caller });
        scene.Take(AlertScene.Call(0) with { Digits = digits, Caller = "1007" });
        Assert.Equal(isRaised ? "1007" : null, scene.Raised?.Group.Caller);
    }

    [Fact]
    public void SequentialDialling_IsARunOfNeighbours_WhateverTheOrder()
    {
        var rule = new AlertRule { Name = "scan", Kind = AlertKind.SequentialDialling, Threshold = 5, Clear = 3, Limit = 1, By = AlertScope.Caller };
        int[] scattered = [1, 3, 5, 7, 9, 11, 13, 3, 5, 5, 5];
        var scene = new AlertScene(rule);
        for (int i = 0; i < scattered.Length; i++) scene.Take(AlertScene.Call(i) with { Digits = $"4930{1000 + scattered[i]}" });
        Assert.Null(scene.Raised);
        scene.Take(AlertScene.Call(20) with { Digits = "49301002" });
        Assert.Null(scene.Raised);
        Assert.Equal(5, scene.Take(AlertScene.Call(21) with { Digits = "49301004" }).Raised!.Value);
    }

    [Fact]
    public void UnusualSpend_IsAMultipleOfWhatSuchATimeCostBefore()
    {
        var rule = new AlertRule { Name = "spend", Kind = AlertKind.UnusualSpend, Threshold = 5, Clear = 2, Limit = 20, Sample = 24, Window = TimeSpan.FromHours(1), By = AlertScope.User };
        var scene = new AlertScene(rule);
        CallOver Paid(double seconds, decimal amount) => AlertScene.Call(seconds) with { User = "7", Amount = amount, Currency = "EUR" };

        // Five an hour for a day; then 24.99 in an hour is not five times that, and 25 is.
        for (int hour = 0; hour < 24; hour++) scene.Take(Paid(hour * 3600, 5));
        scene.Take(Paid((24 * 3600) + 1800, 24.99m));
        Assert.Null(scene.Raised);
        scene.Take(Paid((24 * 3600) + 1801, 0.01m));
        Assert.Equal((5, "EUR", "7"), (Math.Round(scene.Raised!.Value, 6), scene.Raised.Group.Currency, scene.Raised.Group.User));
    }

    [Fact]
    public void UnusualSpend_SaysNothing_BeforeItKnowsTheUsual()
    {
        var rule = new AlertRule { Name = "spend", Kind = AlertKind.UnusualSpend, Threshold = 5, Clear = 2, Limit = 20, Sample = 24, Window = TimeSpan.FromHours(1) };
        var scene = new AlertScene(rule);
        scene.Take(AlertScene.Call(0) with { Amount = 1, Currency = "EUR" }).Take(AlertScene.Call(3600 * 23) with { Amount = 1000, Currency = "EUR" });
        Assert.Null(scene.Raised);
    }

    [Fact]
    public void CaptureLoss_IsAShareOfPackets_BySource()
    {
        var scene = new AlertScene(new AlertRule { Name = "loss", Kind = AlertKind.CaptureLoss, Threshold = 1, Clear = 0.1, Sample = 1000, By = AlertScope.Source });
        scene.Take(new CaptureFact(AlertScene.At(0), "eth0", 990, 9)).Take(new CaptureFact(AlertScene.At(1), "eth1", 1_000_000, 9_000));
        Assert.Null(scene.Raised);
        Assert.Equal("eth0", scene.Take(new CaptureFact(AlertScene.At(2), "eth0", 10, 2)).Raised!.Group.Source);
    }

    [Fact]
    public void Filters_NarrowARule()
    {
        AlertRule rule = Share with { Kind = AlertKind.Failures, Sample = 1, Tenants = ["acme"], Trunks = ["carrier"], Prefixes = ["49"] };
        var scene = new AlertScene(rule);
        CallOver bad = Bad(AlertKind.Failures, AlertScene.Call(0));
        scene.Take(bad with { Tenant = "other" }).Take(bad with { Tenant = null }).Take(bad with { Trunk = "b" }).Take(bad with { Digits = "44" });
        Assert.Null(scene.Raised);
        Assert.Equal("acme", scene.Take(bad).Raised!.Tenant);
    }

    [Theory]
    [InlineData("mos by source of a capture", AlertKind.CaptureLoss, AlertScope.Tenant, 5, 1, "by: this kind has no tenant; it takes source")]
    [InlineData("clear over threshold", AlertKind.MosLow, AlertScope.None, 5, 6, "clear: it is not above the threshold")]
    [InlineData("clear under threshold of a rate", AlertKind.LowAnswerRate, AlertScope.None, 5, 4, "clear: it is not below the threshold")]
    [InlineData("more than all", AlertKind.Failures, AlertScope.None, 101, 1, "threshold: a share is 0 to 100 percent")]
    [InlineData("no prefixes", AlertKind.RiskyPrefix, AlertScope.None, 1, 0, "prefixes: which numbers are risky is to be said")]
    [InlineData("nothing", AlertKind.RegistrationFlood, AlertScope.None, 0, 0, "threshold: it is more than 0")]
    public void Fault_NamesTheKey(string row, AlertKind kind, AlertScope by, double threshold, double clear, string expected)
    {
        string? fault = new AlertRule { Name = "r", Kind = kind, By = by, Threshold = threshold, Clear = clear }.Fault();
        Assert.True(fault?.StartsWith(expected, StringComparison.Ordinal) == true, $"{row}: {fault}");
    }

    private static CallOver Bad(AlertKind kind, CallOver call) => kind switch
    {
        AlertKind.MosLow => call with { Mos = 3.09 },
        AlertKind.OneWayAudio => call with { IsOneWay = true },
        AlertKind.ShortCalls => call with { Talk = TimeSpan.FromSeconds(3) },
        AlertKind.SlowSetup => call with { Delay = TimeSpan.FromSeconds(3.1) },
        _ => call with { Disposition = Disposition.Failed },
    };

    private static RegistrationFact Registration(double seconds, string id, RegistrationEventKind kind) =>
        new(AlertScene.At(seconds), id, kind, "acme", $"sip:{id}@example.com", "192.0.2.1", "192.0.2.9");
}
