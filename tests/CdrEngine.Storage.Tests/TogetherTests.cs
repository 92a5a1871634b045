using CdrEngine.Calls.Ports;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Several questions that one thread asks of one look at the days.</summary>
public sealed class TogetherTests
{
    [Fact]
    public void Questions_OfMoreThreadsThanMayRead_AllEnd_AndTellWhatTheyDoAlone()
    {
        using var folder = new StoreFolder();
        var limits = new SqliteStoreLimits { Readers = 2 };
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records, limits);
        store.Write(TestCalls.Many(200, 3));
        var acme = new CallQuery { Tenant = "acme" };
        (long All, long Acme, string?[] Page) alone = Ask();
        Assert.Equal(200, alone.All);
        Parallel.For(0, 64, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            (long All, long Acme, string?[] Page) together = store.Together(() => store.Together(Ask));
            Assert.Equal((alone.All, alone.Acme), (together.All, together.Acme));
            Assert.Equal(alone.Page, together.Page);
        });

        (long All, long Acme, string?[] Page) Ask() =>
            (store.Count(new CallQuery()), store.Count(acme, store.Mark()), [.. store.Page(new CallPageRequest { Query = acme, Take = 20 }).Calls.Select(static call => call.Record.Id)]);
    }

    [Fact]
    public void What_FailsOrAsksAnotherStore_LeavesNothingBehind()
    {
        using var folder = new StoreFolder();
        using var other = new StoreFolder();
        using SqliteCallStore store = SqliteCallStore.Open(folder.Records), second = SqliteCallStore.Open(other.Records);
        store.Write(TestCalls.Many(30, 1));
        second.Write(TestCalls.Many(10, 2));
        Assert.Equal((30, 10, 30), store.Together(() => (store.Count(new CallQuery()), second.Count(new CallQuery()), store.Count(new CallQuery()))));
        Assert.Equal((30, 10), store.Together(() => (store.Count(new CallQuery()), second.Together(() => second.Count(new CallQuery())))));
        Assert.Throws<FormatException>(() => store.Together<int>(() => throw new FormatException()));
        store.Write(TestCalls.Many(45, 1));
        Assert.Equal(45, store.Count(new CallQuery()));
        Assert.Equal(45, store.Together(() => store.Count(new CallQuery())));
    }
}
