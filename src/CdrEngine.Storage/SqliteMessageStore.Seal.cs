using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Days that are over: which messages have which texts, and what is known of them without opening them.
public sealed partial class SqliteMessageStore
{
    /// <inheritdoc />
    public int Seal(DateOnly before, CancellationToken stop = default)
    {
        int done = 0;
        foreach (DateOnly day in _files.List())
        {
            if (stop.IsCancellationRequested) break;
            bool isOver = day < before;
            if (Reading(days => days.Get(day) is not { } database
                || (isOver ? database.Scalar(MessageSeal.Stored) > 0 : DayTexts.RestOf(database, TextSource.Messages) < DayTexts.LeastAdded))) continue;

            // A connection of its own: no writer waits for it longer than for the one day.
            using (SqliteDatabase database = SqliteDatabase.Open(_files.PathOf(day), SqliteAccess.Write, _limits.BusyTimeout, _limits.WriterCacheKibibytes))
            {
                DayTexts.Make(database, isOver, TextSource.Messages);
                if (!isOver) continue;
                MessageSeal.Make(database);
            }

            done++;
        }

        if (done > 0) _readers.Renew();

        // The first to look for something rare finds the seals of all days; the latest come first, as they are asked for first, and are kept where there is no room for all.
        foreach (DateOnly day in _files.List().AsEnumerable().Reverse())
        {
            if (stop.IsCancellationRequested) break;
            Reading(days => SealOf(days, day));
        }

        return done;
    }

    /// <summary>Whether a day would be opened for a query: for tests.</summary>
    internal bool MayBeIn(MessageQuery query, DateOnly day) => Reading(days => MayBeIn(days, day, new AskedMessages(query), null, out _));

    /// <summary>The same of conversations.</summary>
    internal bool MayBeIn(ConversationQuery query, DateOnly day) => Reading(days => MayBeIn(days, day, new AskedMessages(query), null, out _));
}
