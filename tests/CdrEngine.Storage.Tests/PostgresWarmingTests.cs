using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Connections that meet the tables of many days in the background.</summary>
public sealed class PostgresWarmingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [PostgresFact]
    public void ConnectionsThatAsked_MeetTheTables_WhileOthersAsk()
    {
        using var place = new PostgresPlace();

        // As long as it takes: a machine at work with other tests is slow to let in eight at once.
        using var store = (PostgresCallStore)PostgresStores.Calls(place.Options with { ConnectTimeout = Patience, Timeout = Patience, LockTimeout = Patience });
        Assert.Null(store.Write(OfDays(48)).Fault);
        Assert.True(SpinWait.SpinUntil(
            () =>
            {
                Parallel.For(0, 8, _ => Assert.Equal(48, store.List(new CallQuery { Limit = 100 }).Calls.Count));
                return store.Warming.Warmed > 0;
            },
            Patience));
        Assert.Equal(48, store.Count(new CallQuery()));
    }

    [PostgresFact]
    public void StoreThatIsClosedMeanwhile_LetsGoOfTheServer()
    {
        using var place = new PostgresPlace();
        for (int i = 0; i < 3; i++)
        {
            using var store = (PostgresCallStore)place.Calls();
            store.Write(OfDays(44));
            Assert.Equal(44, store.Days().Count);
        }
    }

    // A call of each day.
    private static List<StoredCall> OfDays(int days) => [.. Enumerable.Range(0, days).Select(static i => TestCalls.Stored(i, new Random(i), TestCalls.Start + TimeSpan.FromDays(i)))];
}
