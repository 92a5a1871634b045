using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Sums of profiles, kept small: what is added up of them is what was kept.</summary>
public sealed class ProfileSumsTests
{
    [Fact]
    public void Sums_OfSomeProfiles_AreThoseThatWereKept()
    {
        var random = new Random(1);
        CallSums[] all =
        [
            .. Enumerable.Range(0, 500).Select(_ => new CallSums
            {
                Calls = random.Next(1000),
                Answered = random.Next(300),
                Duration = random.NextInt64(1L << random.Next(1, 50)),
                Billable = random.NextInt64(1L << random.Next(1, 50)),
                Pdd = random.Next(),
                PddCalls = random.Next(3),
                Mos = random.Next(),
                MosCalls = random.Next(200),
                MosBelow403 = random.Next(200),
                MosBelow360 = random.Next(100),
                MosBelow310 = random.Next(2),
                MosBelow258 = random.Next(2),
            }),
            new CallSums { Calls = -1, Duration = long.MinValue },
        ];
        var sums = ProfileSums.Of(all);
        for (int i = 0; i < all.Length; i++) Assert.Equal(all[i], sums.Add(at => at == i));
        CallSums expected = default;
        foreach (CallSums one in all.Where(static (_, i) => i % 3 == 0)) expected.Add(one);
        Assert.Equal(expected, sums.Add(static at => at % 3 == 0));
        Assert.Equal(default, sums.Add(static _ => false));
        Assert.InRange(sums.Size, 12 * all.Length, 45 * all.Length);
    }

    [Fact]
    public void Calls_OfWhatIsAskedAgain_AreThoseOfTheProfilesItAsksFor()
    {
        var index = new ProfileIndex();
        CallProfile[] profiles = [.. Enumerable.Range(0, 60).Select(static i => new CallProfile { Tenant = $"tenant{i % 20}", Disposition = i % 2 == 0 ? Disposition.Answered : Disposition.Busy })];
        int[] calls = [.. Enumerable.Range(1, 60)];
        CallSums all = default;
        all.Add(new CallSums { Calls = calls.Sum() });
        var day = new DayFigures(1, all, new Dictionary<string, CallSums>(), index, [.. profiles.Select(profile => index.NumberOf(profile))], calls);
        var other = day with { Calls = [.. calls.Select(static count => 2 * count)] };

        // More questions than are remembered, of two days that have the same profiles, and again.
        for (int i = 0; i < 100; i++)
        {
            var tenant = new AskedProfiles(new CallQuery { Tenant = $"tenant{i % 20}" });
            var answered = new AskedProfiles(new CallQuery { Dispositions = [Disposition.Answered] });
            Assert.Equal(Sum(profile => profile.Tenant == $"tenant{i % 20}"), day.CallsOf(tenant));
            Assert.Equal(2 * Sum(profile => profile.Tenant == $"tenant{i % 20}"), other.CallsOf(tenant));
            Assert.Equal(Sum(profile => profile.Tenant == $"tenant{i % 20}" || profile.Disposition == Disposition.Answered), day.CallsOf(new AnyProfiles([tenant, answered])));
        }

        long Sum(Func<CallProfile, bool> isAsked) => profiles.Zip(calls).Where(one => isAsked(one.First)).Sum(static one => (long)one.Second);
    }
}
