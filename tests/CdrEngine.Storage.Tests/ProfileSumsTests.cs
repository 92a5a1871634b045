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
}
