using CdrEngine.Calls.Figures;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Figures from sums against counting by hand.</summary>
public sealed class TrafficFiguresTests
{
    [Theory]
    [InlineData(1, "UTC", 1)]
    [InlineData(2, "Europe/Berlin", 24)]
    [InlineData(3, "America/New_York", 24)]
    public void Figures_AreThoseCountedByHand(int seed, string zoneName, int stepHours)
    {
        using var folder = new StoreFolder();
        using var store = SqliteCallStore.Open(folder.Records);
        List<StoredCall> calls = TestCalls.Many(1200, seed);
        store.Write(calls);
        TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById(zoneName);
        Timestamp from = TestCalls.Start + TimeSpan.FromHours(5), to = TestCalls.Start + TimeSpan.FromHours(61);
        foreach (CallQuery query in new[] { new CallQuery(), new CallQuery { Tenant = "acme" }, new CallQuery { Dispositions = [Disposition.Answered, Disposition.Busy], Direction = CallDirection.Inbound } })
        {
            TrafficFigures figures = TrafficFigures.Read(store, query, from, to, TimeSpan.FromHours(stepHours), zone);
            StoredCall[] counted = [.. calls.Where(call => call.Record.StartedAt >= from && call.Record.StartedAt < to
                && (query.Tenant is null || call.Tenant == query.Tenant)
                && (query.Dispositions.Count == 0 || query.Dispositions.Contains(call.Record.Disposition))
                && (query.Direction is null || call.Record.Direction == query.Direction))];
            Assert.NotEmpty(counted);
            Assert.Equal(counted.Length, figures.All.Calls);
            Assert.Equal(counted.Count(static call => call.Record.Disposition == Disposition.Answered), figures.All.Answered);
            Assert.Equal(counted.Sum(static call => call.Record.BillableDuration.Ticks / 10), figures.All.Billable);
            Assert.Equal(counted.Length == 0 ? null : (double)counted.Count(static call => TrafficFigures.IsEffective(call.Record.Disposition)) / counted.Length, figures.Effectiveness);
            Assert.Equal(
                counted.GroupBy(static call => call.Record.Disposition).Select(static group => (group.Key, (long)group.Count())).OrderByDescending(static pair => pair.Item2).ThenBy(static pair => pair.Key),
                figures.Dispositions.Select(static item => (item.Disposition, item.Sums.Calls)));
            Assert.Equal(counted.GroupBy(static call => call.Record.SipStatus).ToDictionary(static group => group.Key, static group => (long)group.Count()), figures.Statuses.ToDictionary(static item => item.Status, static item => item.Sums.Calls));
            for (int day = 0; day < 7; day++)
            {
                for (int hour = 0; hour < 24; hour++)
                {
                    long expected = counted.Count(call => Local(call, zone) is var local && ((int)local.DayOfWeek + 6) % 7 == day && local.Hour == hour);
                    Assert.Equal((day, hour, expected), (day, hour, figures.Week(day, hour).Calls));
                }
            }

            // Places lie side by side, and hold every call once.
            Assert.Equal(figures.All.Calls, figures.Points.Sum(static point => point.Sums.Calls));
            for (int i = 0; i < figures.Points.Count; i++)
            {
                Timestamp begin = figures.Points[i].At, end = i + 1 < figures.Points.Count ? figures.Points[i + 1].At : Timestamp.MaxValue;
                Assert.Equal(counted.Count(call => call.Record.StartedAt >= begin && call.Record.StartedAt < end), figures.Points[i].Sums.Calls);
                if (stepHours == 24) Assert.Equal(TimeSpan.Zero, TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(begin.ToDateTime(), DateTimeKind.Utc), zone).TimeOfDay);
            }
        }
    }

    [Fact]
    public void Samples_NameCallersAndWorstCalls_OfTheLatest()
    {
        using var folder = new StoreFolder();
        using var store = SqliteCallStore.Open(folder.Records);
        List<StoredCall> calls = TestCalls.Many(1100, 7);
        store.Write(calls);
        TrafficSamples all = TrafficSamples.Read(store, new CallQuery(), 5, 10_000, CancellationToken.None);
        Assert.Equal((1100, null), (all.Calls, all.CountedFrom));
        var byCaller = calls.GroupBy(static call => call.Record.Caller.Number!).Select(static group => (long)group.Count()).OrderDescending().Take(5);
        Assert.Equal(byCaller, all.Talkers.Select(static talker => talker.Calls));
        double[] worst = [.. calls.Select(static call => TrafficSamples.MosOf(call.Record)).OfType<double>().Order().Take(5)];
        Assert.Equal(worst, all.Worst.Select(static call => TrafficSamples.MosOf(call)!.Value));
        TrafficSamples some = TrafficSamples.Read(store, new CallQuery(), 5, 100, CancellationToken.None);
        Assert.Equal(500, some.Calls);
        Assert.Equal(calls.Select(static call => call.Record.StartedAt).OrderDescending().ElementAt(499), some.CountedFrom);
    }

    private static DateTime Local(StoredCall call, TimeZoneInfo zone) =>
        TimeZoneInfo.ConvertTimeFromUtc(DateTime.SpecifyKind(call.Record.StartedAt.ToDateTime(), DateTimeKind.Utc), zone);
}
