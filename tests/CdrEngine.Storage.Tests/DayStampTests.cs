using CdrEngine.Storage.Sqlite;
using Xunit;

namespace CdrEngine.Storage.Tests;

/// <summary>What tells that a day is as it was: what was written changes it, and nothing else does.</summary>
public sealed class DayStampTests
{
    [Fact]
    public void Connections_ThatComeAndGo_LeaveItAsItIs_AndWhatIsWrittenDoesNot()
    {
        using var folder = new StoreFolder();
        Directory.CreateDirectory(folder.Records);
        string path = Path.Combine(folder.Records, "2026-11-01.db");
        using (SqliteDatabase made = Open(SqliteAccess.Write)) made.Execute("PRAGMA journal_mode = WAL; CREATE TABLE one (a INTEGER); INSERT INTO one VALUES (1)");
        string text = DayStamp.Of(path).Text;
        for (int i = 0; i < 3; i++)
        {
            using SqliteDatabase reader = Open(SqliteAccess.Read);
            Assert.Equal(i + 1, reader.Scalar("SELECT count(*) FROM one"));
            Assert.True(File.Exists(path + "-wal"));
            Assert.Equal(text, DayStamp.Of(path).Text);
            reader.Dispose();
            Assert.Equal(text, DayStamp.Of(path).Text);

            // Written, and again when the log is written back.
            using (SqliteDatabase writer = Open(SqliteAccess.Write))
            {
                writer.Execute("INSERT INTO one VALUES (2)");
                string logged = DayStamp.Of(path).Text;
                Assert.NotEqual(text, logged);
                text = logged;
            }

            Assert.False(File.Exists(path + "-wal"));
            Assert.NotEqual(text, DayStamp.Of(path).Text);
            text = DayStamp.Of(path).Text;
        }

        SqliteDatabase Open(SqliteAccess access) => SqliteDatabase.Open(path, access, TimeSpan.FromSeconds(30), 1024);
    }
}
