using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Calls.Tests.Alerts;

/// <summary>What holds for any traffic: the same facts give the same alerts, however they come and however often the evaluation is stopped and started.</summary>
public sealed class AlertPropertyTests
{
    public static TheoryData<int> Seeds => [1, 2, 3, 4];

    private static AlertRule[] Rules =>
    [
        .. Enum.GetValues<AlertKind>().Select(static kind => new AlertRule
        {
            Name = $"r-{kind}",
            Kind = kind,
            Threshold = kind switch { AlertKind.LowAnswerRate => 40, AlertKind.UnusualSpend => 3, AlertKind.ConcurrentCalls => 6, AlertKind.SequentialDialling => 4, AlertKind.CaptureLoss => 2, _ => 10 },
            Clear = kind switch { AlertKind.LowAnswerRate => 60, AlertKind.ConcurrentCalls or AlertKind.SequentialDialling => 3, _ => 1 },
            Limit = kind switch { AlertKind.MosLow => 3.1, AlertKind.UnusualSpend => 1, _ => 3 },
            Sample = 5,
            Window = TimeSpan.FromMinutes(kind == AlertKind.UnusualSpend ? 10 : 5),
            ClearAfter = TimeSpan.FromMinutes(1),
            Remind = TimeSpan.FromMinutes(7),
            Prefixes = kind == AlertKind.RiskyPrefix ? ["882", "49309"] : [],
            Quiet = QuietTimes.Parse(["12:20-12:30"], TimeZoneInfo.Utc, out _)!,
            By = kind switch { AlertKind.CaptureLoss => AlertScope.Source, AlertKind.ConcurrentCalls => AlertScope.Trunk, AlertKind.RegistrationLoss or AlertKind.RegistrationFlood => AlertScope.Peer, AlertKind.SequentialDialling => AlertScope.Caller, _ => AlertScope.Tenant | AlertScope.Trunk },
        }),
    ];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void FactsInAnyOrder_WithinTheWait_GiveTheSameAlerts(int seed)
    {
        List<AlertFact> facts = Facts(seed);
        string[] expected = Run(facts, seed: null);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Run(facts, seed));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void StopsAndStarts_ChangeNothing(int seed)
    {
        List<AlertFact> facts = Facts(seed);
        string[] expected = Run(facts, seed: null);
        var random = new Random(seed);
        var evaluator = new AlertEvaluator(Rules);
        var changes = new List<AlertChange>();
        var stored = new Dictionary<string, Alert>(StringComparer.Ordinal);
        foreach (AlertFact fact in Ordered(facts))
        {
            evaluator.Take(fact, changes);
            if (random.Next(50) > 0) continue;
            foreach (AlertChange change in changes) stored[change.Alert.Id] = change.Alert;

            // Everything goes through the forms in which it rests, at the instant of a boundary, as at an orderly stop.
            byte[] state = evaluator.Save();
            foreach (Alert open in evaluator.Open) stored[open.Id] = open;
            evaluator = new AlertEvaluator(Rules);
            Assert.True(evaluator.Restore(state, [.. stored.Values.Where(static alert => alert.ClearedAt is null)], changes));
        }

        evaluator.Advance(AlertScene.At(7200), changes);
        Assert.Equal(Milestones(expected), Milestones([.. changes.Where(static change => change.Step != AlertStep.Updated).Select(Text)]));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void EveryAlert_IsRaisedOnce_AndClearedAtMostOnce_AfterIt(int seed)
    {
        var changes = new List<AlertChange>();
        var evaluator = new AlertEvaluator(Rules);
        foreach (AlertFact fact in Ordered(Facts(seed))) evaluator.Take(fact, changes);
        evaluator.Advance(AlertScene.At(36_000), changes);
        foreach (IGrouping<string, AlertChange> alert in changes.GroupBy(static change => change.Alert.Id))
        {
            Assert.Equal(AlertStep.Raised, alert.First().Step);
            Assert.Single(alert, static change => change.Step == AlertStep.Raised);
            Assert.True(alert.Count(static change => change.Step == AlertStep.Cleared) == 1 || alert.First().Alert.Kind == AlertKind.ConcurrentCalls);
            Assert.Equal(alert.Select(static change => change.At).Order(), alert.Select(static change => change.At));
            Assert.All(alert, static change => Assert.True(change.Alert.Calls.Count <= 50 && change.Alert.Calls.Count <= change.Alert.CallCount));
        }
    }

    // Random pieces arrive out of order by up to a minute; the evaluation lags behind by as much and is asked for at odd instants.
    private static string[] Run(List<AlertFact> facts, int? seed)
    {
        var evaluator = new AlertEvaluator(Rules);
        var changes = new List<AlertChange>();
        if (seed is not { } number)
        {
            foreach (AlertFact fact in Ordered(facts)) evaluator.Take(fact, changes);
        }
        else
        {
            var random = new Random(number);
            var order = new FactOrder();
            foreach ((AlertFact fact, Timestamp arrives) in facts.Select(fact => (fact, Arrives: fact.At + TimeSpan.FromSeconds(random.NextDouble() * 60))).OrderBy(static pair => pair.Arrives).ToArray())
            {
                order.Add(fact);
                if (random.Next(3) > 0) continue;
                Timestamp settled = arrives - TimeSpan.FromSeconds(60);
                while (order.TryTake(settled, out AlertFact next)) evaluator.Take(next, changes);
                evaluator.Advance(settled, changes);
            }

            while (order.TryTake(Timestamp.MaxValue, out AlertFact next)) evaluator.Take(next, changes);
        }

        evaluator.Advance(AlertScene.At(7200), changes);
        Assert.Equal(0, evaluator.Counters[AlertCounter.Late]);
        return [.. changes.Select(Text)];
    }

    private static string[] Milestones(string[] texts) => [.. texts.Where(static text => !text.StartsWith("Updated", StringComparison.Ordinal)).Select(static text => text[..text.IndexOf('|', StringComparison.Ordinal)])];

    private static string Text(AlertChange change) => $"{change.Step} {change.At} {change.Alert.Id} {change.Alert.Rule}|{System.Text.Encoding.UTF8.GetString(AlertJson.ToUtf8(change.Alert))}";

    private static IEnumerable<AlertFact> Ordered(List<AlertFact> facts)
    {
        var order = new FactOrder(int.MaxValue);
        foreach (AlertFact fact in facts) order.Add(fact);
        while (order.TryTake(Timestamp.MaxValue, out AlertFact next)) yield return next;
    }

    private static List<AlertFact> Facts(int seed)
    {
        var random = new Random(seed);
        var facts = new List<AlertFact>();
        for (int i = 0; i < 2000; i++)
        {
            // Whole seconds, so that many happen at one instant.
            double at = random.Next(3600);
            string id = $"20261120-{i:x24}";
            bool isBad = ((int)at / 600 % 2 == 0) == (random.Next(4) > 0);
            var over = AlertScene.Call(at, id) with
            {
                StartedAt = AlertScene.At(at - random.Next(100)),
                Tenant = random.Next(3) == 0 ? null : "acme",
                Trunk = $"t{random.Next(2)}",
                Caller = $"{1000 + random.Next(5)}",
                Digits = $"4930{(isBad ? 1000 + random.Next(20) : random.Next(100_000))}",
                Mos = random.Next(5) == 0 ? null : isBad ? 2.5 : 4.2,
                IsOneWay = isBad && random.Next(2) == 0,
                Disposition = isBad ? (Disposition)random.Next(1, 10) : Disposition.Answered,
                Talk = TimeSpan.FromSeconds(isBad ? 1 : 100),
                Delay = TimeSpan.FromSeconds(isBad ? 5 : 1),
                Amount = isBad ? 5 : 0.1m,
                Currency = "EUR",
                HasBegun = true,
            };
            facts.Add(over);
            facts.Add(new CallBegan(over.StartedAt, id, over));
            if (i % 10 == 0) facts.Add(new CaptureFact(AlertScene.At(at + (i / 1e5)), "eth0", 1000, isBad ? 100 : 0));
            if (i % 3 == 0) facts.Add(new RegistrationFact(AlertScene.At(at), $"r{random.Next(40)}", (RegistrationEventKind)random.Next(6), "acme", "sip:a@b", "192.0.2.1", "192.0.2.9"));
        }

        return facts;
    }
}
