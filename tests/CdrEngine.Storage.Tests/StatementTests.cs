using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>Statements that a connection keeps: the oldest make room for others, but none that somebody uses.</summary>
public sealed class StatementTests
{
    [Fact]
    public void Rows_AreGoneThrough_WhileManyOthersArePrepared()
    {
        using var folder = new StoreFolder();
        Directory.CreateDirectory(folder.Records);
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.Records, "one.db"), SqliteAccess.Write, TimeSpan.FromSeconds(30), 1024);
        database.Execute("CREATE TABLE one (a INTEGER); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO one SELECT i FROM n");
        long sum = 0;
        using (SqliteStatement list = database.Prepare("SELECT a FROM one ORDER BY a"))
        {
            while (list.Step())
            {
                long value = list.Long(0);
                Assert.Equal(value, database.Scalar($"SELECT {value}"));
                sum += value;
            }
        }

        Assert.Equal(500 * 501 / 2, sum);

        // Those that were put away are prepared anew, the one that was kept is used again.
        Assert.Equal(1, database.Scalar("SELECT 1"));
        Assert.Equal(1, database.Scalar("SELECT a FROM one ORDER BY a"));
    }
}
