using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Storage;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Benchmarks.Storage;

/// <summary>What of writing to SQLite is kept for lists alone: sums of calls by themselves, and messages with and without the triggers that sum them up and note changed texts.</summary>
internal static class StoreParts
{
    // Turns in which what is compared is written, one after the other, so that what else the machine does meets both alike.
    private const int Turns = 3;

    /// <summary>Measures them.</summary>
    /// <param name="writer">Told each figure.</param>
    /// <param name="folder">Where; made.</param>
    /// <param name="calls">Calls of a day.</param>
    /// <param name="stop">Ends it early.</param>
    public static IEnumerable<StoreCost> Run(TextWriter writer, string folder, int calls, CancellationToken stop)
    {
        Directory.CreateDirectory(folder);
        stop.ThrowIfCancellationRequested();
        yield return Sums(writer, folder, calls);
        var with = new List<StoreCost>();
        var without = new List<StoreCost>();
        for (int turn = 0; turn < Turns; turn++)
        {
            stop.ThrowIfCancellationRequested();
            with.Add(Messages(folder, turn, calls, triggers: true));
            without.Add(Messages(folder, turn, calls, triggers: false));
        }

        foreach (List<StoreCost> costs in (List<StoreCost>[])[with, without])
        {
            StoreCost median = costs.OrderBy(static cost => cost.Wall).ElementAt(Turns / 2);
            writer.WriteLine($"{median.Store}, {median.What}: {median.Wall:N1} us a message");
            yield return median;
        }
    }

    /// <summary>The version of SQLite that is used.</summary>
    public static string SqliteVersion()
    {
        using SqliteDatabase database = SqliteDatabase.Open(":memory:", SqliteAccess.Write, TimeSpan.Zero, 1_024);
        using SqliteStatement version = database.Prepare("SELECT sqlite_version()");
        return version.Step() ? version.Text(0) : "?";
    }

    // By themselves: the rows of calls are not written.
    private static StoreCost Sums(TextWriter writer, string folder, int calls)
    {
        List<StoredCall[]> batches = StoreComparison.CallsOf(0, calls);
        using SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder, "sums.db"), SqliteAccess.Write, TimeSpan.FromSeconds(5), 16_384);
        SchemaMigrations.Records.Apply(database);
        return StoreComparison.Time(writer, "SQLite", "of inserting calls: profiles and sums alone", batches.Sum(static batch => (long)batch.Length), "call", () =>
        {
            // One transaction, as what a commit costs is none of theirs.
            database.Transact(() =>
            {
                foreach (StoredCall[] batch in batches)
                {
                    foreach (StoredCall call in batch) database.Sums.Add(call.Record, call.Tenant, CallRow.Mos(call.Record), Voicemail.Answered(call.Record));
                    database.Sums.Flush();
                }
            });
        });
    }

    private static StoreCost Messages(string folder, int turn, int calls, bool triggers)
    {
        string place = Path.Combine(folder, $"messages-{turn}-{triggers}");
        List<StoredMessage[]> batches = StoreComparison.MessagesOf(0, calls * 5);
        using (SqliteMessageStore empty = SqliteMessageStore.Open(place)) empty.Write([]);
        string file = Path.Combine(place, $"{ArchiveMaker.DayOf(0):yyyy-MM-dd}.db");
        using (SqliteDatabase database = SqliteDatabase.Open(file, SqliteAccess.Write, TimeSpan.FromSeconds(5), 1_024))
        {
            SchemaMigrations.Messages.Apply(database);
            var names = new List<string>();
            using (SqliteStatement list = database.Prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            {
                while (list.Step()) names.Add(list.Text(0));
            }

            if (!triggers) names.ForEach(name => database.Execute($"DROP TRIGGER {name}"));
        }

        using SqliteMessageStore store = SqliteMessageStore.Open(place);
        return StoreComparison.Time(
            TextWriter.Null, "SQLite", triggers ? "insert messages, with triggers for sums and texts" : "insert messages, without them", batches.Sum(static batch => (long)batch.Length), "message",
            () => batches.ForEach(store.Write));
    }
}
