using System.Text;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Calls.Tests.Alerts;

public sealed class AlertEvaluatorTests
{
    private static readonly AlertRule Rule = new()
    {
        Name = "failures",
        Kind = AlertKind.Failures,
        Threshold = 50,
        Clear = 20,
        ClearAfter = TimeSpan.FromMinutes(2),
        Sample = 4,
        Window = TimeSpan.FromMinutes(5),
        By = AlertScope.Trunk,
    };

    [Fact]
    public void Alert_StaysUntilTheFigureIsAtClear_ForLongEnough()
    {
        var scene = new AlertScene(Rule);
        scene.Calls(4, 0, 1, Failed);
        Assert.Equal([AlertStep.Raised], scene.Steps);

        // Below the threshold but above clear: it goes on.
        scene.Calls(8, 10, 1, static call => call).Advance(280);
        Assert.Equal([AlertStep.Raised], scene.Steps);
        Assert.Single(scene.Evaluator.Open);

        // The failures leave the window: calm, and two minutes later over.
        scene.Calls(4, 290, 1, static call => call).Advance(305);
        Assert.Equal([AlertStep.Raised], scene.Steps);
        scene.Advance(600);
        Assert.Equal([AlertStep.Raised, AlertStep.Cleared], scene.Steps);
        Alert over = scene.Changes[^1].Alert;
        Assert.Equal((AlertState.Cleared, 100), (over.State, over.Worst));
        Assert.InRange((over.ClearedAt!.Value - AlertScene.Noon).TotalSeconds, 400, 440);
        Assert.Empty(scene.Evaluator.Open);
    }

    [Fact]
    public void CalmThatIsBroken_BeginsAgain()
    {
        var scene = new AlertScene(Rule with { Window = TimeSpan.FromSeconds(30) });
        scene.Calls(4, 0, 1, Failed).Advance(100).Calls(4, 110, 1, Failed).Advance(230);
        Assert.Equal([AlertStep.Raised], scene.Steps);
        scene.Advance(300);
        Assert.Equal([AlertStep.Raised, AlertStep.Cleared], scene.Steps);
    }

    [Fact]
    public void Alert_NamesItsCalls_AndCountsThoseItDoesNotName()
    {
        var scene = new AlertScene(new AlertLimits { Calls = 5 }, Rule);
        scene.Calls(20, 0, 1, Failed).Advance(30);
        Alert alert = scene.Changes[^1].Alert;
        Assert.Equal((5, 20L, AlertScene.At(-10), AlertScene.At(9)), (alert.Calls.Count, alert.CallCount, alert.CallsFrom, alert.CallsTo));
        Assert.Equal("20261120-000000000000000000000001", alert.Calls[0]);
        Assert.StartsWith("from=2026-11-20T11%3A59%3A50.000000Z&to=2026-11-20T12%3A00%3A09.000001Z&disposition=failed%2Cno_response", AlertCalls.QueryText(alert), StringComparison.Ordinal);
        Assert.Equal("4 of 4 calls (100 %) failed within 5 min; threshold 50 %", AlertText.Finding(alert));
        Assert.Equal("trunk carrier", AlertText.Subject(alert));
    }

    [Fact]
    public void GroupsAreCountedByThemselves()
    {
        var scene = new AlertScene(Rule);
        scene.Calls(3, 0, 1, call => Failed(call) with { Trunk = "a" }).Calls(3, 5, 1, call => Failed(call) with { Trunk = "b" }).Calls(3, 10, 1, call => Failed(call) with { Trunk = null });
        Assert.Empty(scene.Steps);
        scene.Calls(1, 20, 1, call => Failed(call) with { Trunk = null }).Calls(1, 30, 1, call => Failed(call) with { Trunk = "b" });
        Assert.Equal([null, "b"], scene.Changes.Where(static change => change.Step == AlertStep.Raised).Select(static change => change.Alert.Group.Trunk));
    }

    [Theory]
    [InlineData("22:00-06:00", "2026-11-20T22:00:00Z", true)]
    [InlineData("22:00-06:00", "2026-11-20T21:59:59Z", false)]
    [InlineData("22:00-06:00", "2026-11-21T05:59:59Z", true)]
    [InlineData("22:00-06:00", "2026-11-21T06:00:00Z", false)]
    [InlineData("sat,sun", "2026-11-21T12:00:00Z", true)]
    [InlineData("sat,sun", "2026-11-20T23:59:59Z", false)]
    [InlineData("mon-fri 18:00-08:00", "2026-11-21T07:59:00Z", true)]
    [InlineData("mon-fri 18:00-08:00", "2026-11-21T18:00:00Z", false)]
    [InlineData("fri-mon", "2026-11-22T00:00:00Z", true)]
    [InlineData("00:00-24:00", "2026-11-22T23:59:59Z", true)]
    [InlineData("2026-11-20T12:00Z/2026-11-20T13:00Z", "2026-11-20T12:59:59Z", true)]
    [InlineData("2026-11-20T12:00Z/2026-11-20T13:00Z", "2026-11-20T13:00:00Z", false)]
    public void QuietTimes_CoverWhatTheySay(string text, string at, bool isQuiet)
    {
        QuietTimes quiet = QuietTimes.Parse([text], TimeZoneInfo.Utc, out string? problem)!;
        Assert.Null(problem);
        Assert.Equal(isQuiet, quiet.Covers(Timestamp.From(DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void QuietTimes_AreThoseOfTheirZone()
    {
        TimeZoneInfo zone = TimeZoneInfo.CreateCustomTimeZone("x", TimeSpan.FromHours(2), "x", "x");
        QuietTimes quiet = QuietTimes.Parse(["22:00-06:00"], zone, out _)!;
        Assert.True(quiet.Covers(AlertScene.At(8 * 3600)));
        Assert.False(quiet.Covers(AlertScene.At(7.9 * 3600)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("22-6")]
    [InlineData("22:00")]
    [InlineData("25:00-26:00")]
    [InlineData("06:00-06:00")]
    [InlineData("mo")]
    [InlineData("mon 22:00-06:00 tue")]
    [InlineData("sat,")]
    [InlineData("2026-11-20T12:00Z/2026-11-20T11:00Z")]
    [InlineData("2026-11-20/2026-11-21")]
    [InlineData("a/b/c")]
    public void QuietTimes_ThatSayNothing_AreRefused(string text)
    {
        Assert.Null(QuietTimes.Parse(["sat", text], TimeZoneInfo.Utc, out string? problem));
        Assert.Contains($"'{text}'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsRaisedInAQuietTime_IsToldWhenItIsOver()
    {
        var scene = new AlertScene(Rule with { Quiet = QuietTimes.Parse(["12:00-12:10"], TimeZoneInfo.Utc, out _)!, Window = TimeSpan.FromHours(1) });
        scene.Calls(4, 0, 1, Failed).Advance(599);
        Assert.True(scene.Raised!.IsQuiet);
        Assert.Equal([AlertStep.Raised], scene.Steps);
        scene.Advance(720);
        Assert.Equal([AlertStep.Raised, AlertStep.Reminded], scene.Steps);
        Assert.False(scene.Changes[^1].Alert.IsQuiet);
    }

    [Fact]
    public void Reminders_ComeAsOftenAsAsked_AndNotInQuietTimes()
    {
        var scene = new AlertScene(Rule with { Remind = TimeSpan.FromMinutes(10), Window = TimeSpan.FromHours(3), Quiet = QuietTimes.Parse(["12:25-12:55"], TimeZoneInfo.Utc, out _)! });
        scene.Calls(4, 0, 1, Failed).Advance(3700);
        // At the first boundary of the window's parts (six minutes) after it is due; what falls into the quiet half hour waits for its end.
        Assert.Equal([720, 1440, 3600], scene.Changes.Where(static change => change.Step == AlertStep.Reminded).Select(static change => (int)(change.At - AlertScene.Noon).TotalSeconds));
    }

    [Fact]
    public void LateFact_CountsWhenItComes()
    {
        var scene = new AlertScene(Rule);
        scene.Advance(600).Calls(4, 0, 1, Failed);
        Assert.Equal(AlertScene.At(600), scene.Raised!.RaisedAt);
        Assert.Equal(4, scene.Evaluator.Counters[AlertCounter.Late]);
    }

    [Fact]
    public void Groups_AreBounded_AndThoseWithAlertsStay()
    {
        var scene = new AlertScene(new AlertLimits { Groups = 10 }, Rule with { By = AlertScope.Caller, Window = TimeSpan.FromHours(1) });
        scene.Calls(4, 0, 1, call => Failed(call) with { Caller = "victim" });
        for (int i = 0; i < 1000; i++) scene.Take(Failed(AlertScene.Call(10 + i)) with { Caller = $"{i}{new string('9', 1000)}" });
        Assert.Equal(10, scene.Evaluator.Groups["failures"]);
        Assert.Equal(991, scene.Evaluator.Counters[AlertCounter.GroupsForgotten]);
        Assert.Equal("victim", Assert.Single(scene.Evaluator.Open).Group.Caller);
        Assert.DoesNotContain(new string('9', 129), System.Text.Encoding.UTF8.GetString(scene.Evaluator.Save()), StringComparison.Ordinal);
    }

    [Fact]
    public void SameRuleGroupAndInstant_GiveTheSameId()
    {
        string first = new AlertScene(Rule).Calls(4, 0, 1, Failed).Raised!.Id;
        Assert.Equal(first, new AlertScene(Rule).Calls(4, 0, 1, Failed).Raised!.Id);
        Assert.True(Alert.IsId(first));
        Assert.NotEqual(first, new AlertScene(Rule).Calls(4, 0, 1, call => Failed(call) with { Trunk = "b" }).Raised!.Id);
    }

    [Fact]
    public void Json_IsReadBack()
    {
        Alert alert = new AlertScene(Rule with { Quiet = QuietTimes.Parse(["fri"], TimeZoneInfo.Utc, out _)! }).Calls(4, 0, 1, call => Failed(call) with { Trunk = "<b>\u0000ü" }).Raised!;
        alert = alert with { AcknowledgedAt = AlertScene.At(5), AcknowledgedBy = "me", Note = "x", ClearedAt = AlertScene.At(9) };
        Alert? read = AlertJson.Read(AlertJson.ToUtf8(alert));
        Assert.Equal(Encoding.UTF8.GetString(AlertJson.ToUtf8(alert)), Encoding.UTF8.GetString(AlertJson.ToUtf8(read!)));
        Assert.Equal(alert.Group, read!.Group);
        Assert.Null(AlertJson.Read("{}"u8.ToArray()));
        Assert.Null(AlertJson.Read("["u8.ToArray()));
    }

    [Fact]
    public void AlertOfARuleThatIsGone_Ends()
    {
        Alert alert = new AlertScene(Rule).Calls(4, 0, 1, Failed).Raised!;
        var changes = new List<AlertChange>();
        Assert.True(new AlertEvaluator([]).Restore(Array.Empty<byte>(), [alert], changes));
        Assert.Equal((AlertStep.Cleared, alert.Id), (changes[0].Step, changes[0].Alert.Id));
    }

    [Fact]
    public void StateThatCannotBeRead_IsBegunAnew_AndAlertsGoOn()
    {
        var scene = new AlertScene(Rule).Calls(4, 0, 1, Failed);
        foreach (string bad in new[] { "x", "{}", "{\"form\":99}", "{\"form\":1,\"now\":1,\"rules\":[{\"name\":\"failures\",\"shape\":\"x\"}]}", "{\"form\":1,\"now\":1,\"rules\":7}" })
        {
            var evaluator = new AlertEvaluator([Rule]);
            var changes = new List<AlertChange>();
            bool isRead = evaluator.Restore(Encoding.UTF8.GetBytes(bad), [scene.Raised!], changes);
            Assert.True(!isRead || bad.Contains("shape", StringComparison.Ordinal), bad);
            Assert.Single(evaluator.Open);
            evaluator.Advance(AlertScene.At(3600), changes);
            Assert.Equal(AlertStep.Cleared, changes[^1].Step);
        }
    }

    private static CallOver Failed(CallOver call) => call with { Disposition = Disposition.Failed };
}
