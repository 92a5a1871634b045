using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// What was stored by a time: of each day the documents up to one.
internal sealed partial class PostgresCallStore
{
    /// <inheritdoc />
    public CallMark Mark() => _database.Read(session => new CallMark(DaysOf(session, new CallQuery()).Days.ToDictionary(static day => day.Day, static day => day.LastDocument)));

    /// <inheritdoc />
    public long Count(CallQuery query, CallMark until) => CountUntil(query, until);

    private static Walk Begin(List<StoredDay> days, CallMark? mark)
    {
        var marks = new Dictionary<DateOnly, long>();
        foreach (StoredDay day in days)
        {
            if (mark is null) marks[day.Day] = day.LastDocument;
            else if (mark.Days.TryGetValue(day.Day, out long last)) marks[day.Day] = Math.Min(last, day.LastDocument);
        }

        return new Walk(marks);
    }
}
