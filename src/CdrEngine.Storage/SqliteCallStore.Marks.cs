using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// What was stored by a time: of each day the documents up to one.
public sealed partial class SqliteCallStore
{
    /// <inheritdoc />
    public CallMark Mark() => Reading(days =>
    {
        var marks = new Dictionary<DateOnly, long>();
        foreach (DateOnly day in _files.List())
        {
            if (FiguresOf(days, day) is { } figures) marks[day] = figures.Last;
        }

        return new CallMark(marks);
    });

    /// <inheritdoc />
    public long Count(CallQuery query, CallMark until)
    {
        // As pages ask for it, so that these find what was counted.
        query = query with { Sort = CallSort.StartedAt, Ascending = true, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        Walk walk = _ofMarks.Of(until, CallCursor.TextOf(query));
        return Reading(days =>
        {
            lock (walk) return Total(days, query, walk);
        });
    }

    // Up to which document a day is told of; null where nothing of it is.
    private static long? UntilOf(CallMark? mark, DateOnly day, long last) => mark is null ? last : mark.Days.TryGetValue(day, out long until) ? Math.Min(until, last) : null;
}
