using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>What readers keep between questions stays within bounds, and answers are the same beyond them.</summary>
public sealed class ReaderMemoryTests
{
    private static readonly DateOnly Over = new(2030, 1, 1);

    [Theory]
    [InlineData(0)]
    [InlineData(64 << 10)]
    [InlineData(1 << 30)]
    public void PagesOfConnections_StayWithinTheirBound_AndConnectionsStayOpen(long most)
    {
        using var folder = new StoreFolder();
        Directory.CreateDirectory(folder.Records);
        DateOnly[] days = [.. Enumerable.Range(0, 24).Select(static i => new DateOnly(2026, 1, 1).AddDays(i))];
        foreach (DateOnly day in days)
        {
            using SqliteDatabase database = SqliteDatabase.Open(PathOf(day), SqliteAccess.Write, TimeSpan.FromSeconds(5), 1024);
            database.Execute("CREATE TABLE t (x TEXT); INSERT INTO t SELECT hex(randomblob(200)) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i FROM n)");
        }

        int opened = 0;
        using var readers = new DayReaders(2, 64, most, day =>
        {
            opened++;
            return SqliteDatabase.Open(PathOf(day), SqliteAccess.Read, TimeSpan.FromSeconds(5), 1024);
        });
        for (int round = 0; round < 3; round++)
        {
            foreach (DateOnly[] some in days.Chunk(5))
            {
                readers.Read(open =>
                {
                    foreach (DateOnly day in some) Assert.Equal(500, open.Get(day)!.Scalar("SELECT count(*) FROM t WHERE length(x) = 400"));
                    return 0;
                });
                Assert.InRange(readers.PageBytes, 0, most);
            }
        }

        Assert.Equal((days.Length, days.Length), (opened, readers.Kept));
        if (most > 1 << 24) Assert.InRange(readers.PageBytes, 24 * 100_000, most);

        string PathOf(DateOnly day) => Path.Combine(folder.Records, $"{day:yyyy-MM-dd}.db");
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void Lists_AreTheSame_WithNextToNoMemory(int seed)
    {
        var random = new Random(seed);
        using var folder = new StoreFolder();
        using SqliteCallStore usual = SqliteCallStore.Open(folder.Records);
        var none = new SqliteStoreLimits { SealBytes = 0, PageBytes = 0, TextBytes = 0, TextRankBytes = 0, ProfilesKept = 0, DayTexts = 1, DayCounts = 1, Walks = 1, ReaderDays = 1 };
        using SqliteCallStore little = SqliteCallStore.Open(folder.Records, none);
        StoredCall[] calls = [.. Enumerable.Range(0, 200).SelectMany(i => KnownCallTests.Conversation(i, random)).DistinctBy(static call => call.Record.Id)];
        Assert.Null(usual.Write(calls).Fault);
        usual.Seal(Over);
        KnownCallTests.Settle(folder);
        for (int i = 0; i < 60; i++)
        {
            CallQuery query = KnownCallTests.Query(random) with { Ascending = random.Next(2) == 0, Limit = random.Next(1, 40) };
            Assert.Equal(usual.Count(query), little.Count(query));
            CallPage expected = usual.List(query), found = little.List(query);
            Assert.Equal((CallCursor.TextOf(query), string.Join(' ', expected.Calls.Select(static call => call.Id))), (CallCursor.TextOf(query), string.Join(' ', found.Calls.Select(static call => call.Id))));
        }
    }

    [Fact]
    public void Budget_IsSharedOut_AndNeverBelowItsLeast()
    {
        Assert.Equal(new SqliteStoreLimits(), SqliteStoreLimits.Within(SqliteStoreLimits.UsualMemory));
        Assert.Equal(new SqliteStoreLimits().SealBytes / 4, SqliteStoreLimits.Within(SqliteStoreLimits.UsualMemory / 4).SealBytes);
        Assert.Equal(SqliteStoreLimits.Within(SqliteStoreLimits.LeastMemory), SqliteStoreLimits.Within(0));
        Assert.Equal(new SqliteStoreLimits().ReaderDays, SqliteStoreLimits.Within(1 << 30, 1_000_000).ReaderDays);
        Assert.Equal(42, SqliteStoreLimits.Within(1 << 30, 1_024).ReaderDays);
        Assert.Equal(OpenFiles.LeastDays, SqliteStoreLimits.Within(1 << 30, 10).ReaderDays);
    }

    [Theory]
    [InlineData("Max open files            1024                 524288               files     ", 1024L)]
    [InlineData("Max open files            unlimited            unlimited            files     ", null)]
    [InlineData("Max open files", null)]
    [InlineData("Max processes             1024                 1024                 processes ", null)]
    public void LimitOfFiles_IsTheSoftOne(string line, long? expected) => Assert.Equal(expected, OpenFiles.Read(["Limit                     Soft Limit           Hard Limit           Units     ", line]));

    [Fact]
    public void LimitOfFiles_OfThisProcess_IsKnown() => Assert.InRange(OpenFiles.Limit() ?? long.MaxValue, 1, long.MaxValue);
}
