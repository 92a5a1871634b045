using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Several days at once, each by a statement of its own: the server plans for one partition at a time, and is not told of those between.
internal sealed partial class PostgresCallSelect
{
    private PostgresWindow? _own;

    /// <summary>Runs a query in order of time on some days with one message; the rows of each day, in the order of the days.</summary>
    /// <param name="session">A connection.</param>
    /// <param name="queryOf">The query of each frame, all in the same order.</param>
    /// <param name="frames">A frame for each day.</param>
    public static List<List<FoundCall>> RowsOf(PostgresSession session, Func<PostgresFrame, CallQuery> queryOf, IReadOnlyList<PostgresFrame> frames)
    {
        var found = frames.Select(static _ => new List<FoundCall>()).ToList();
        var asked = new List<(int Place, string Sql, object[] Arguments)>();
        for (int i = 0; i < frames.Count; i++)
        {
            var select = new PostgresCallSelect(queryOf(frames[i]), frames[i]);
            (string sql, object[] arguments) = select.Finish(session);
            if (select._nothing.Length == 0) asked.Add((i, sql, arguments));
        }

        foreach ((int i, PostgresRows row) in session.QueryAll(asked.Select(static one => (one.Sql, (object?[])one.Arguments)))) found[asked[i].Place].Add(ReadFound(row, queryOf(frames[asked[i].Place])));
        return found;
    }

    /// <summary>How long the calls of some days lasted, and how many lasted as long, asked with one message; offset and limit of the frames do not matter.</summary>
    /// <param name="session">A connection.</param>
    /// <param name="queryOf">The query of each frame.</param>
    /// <param name="frames">A frame for each day.</param>
    public static IEnumerable<(long Lasted, long Calls)> Lengths(PostgresSession session, Func<PostgresFrame, CallQuery> queryOf, IReadOnlyList<PostgresFrame> frames)
    {
        var asked = new List<(string Sql, object?[] Arguments)>();
        foreach (PostgresFrame frame in frames)
        {
            var select = new PostgresCallSelect(queryOf(frame), frame);
            select.Build(session);
            if (select._nothing.Length > 0) continue;
            if (select._several is { } numbers)
            {
                // Each call once, though several of its numbers are asked for.
                select._where.And("n.number = ANY (?)", (object)numbers);
                asked.Add(($"SELECT k.duration_us, count(*) FROM (SELECT DISTINCT ON (c.day, c.id) c.duration_us FROM {select._from}{select._where}) k GROUP BY k.duration_us", [.. select._where.Arguments]));
            }
            else
            {
                asked.Add(($"SELECT c.duration_us, count(*) FROM {select._from}{select._where} GROUP BY c.duration_us", [.. select._where.Arguments]));
            }
        }

        foreach ((_, PostgresRows row) in session.QueryAll(asked)) yield return (row.Long(0), row.Long(1));
    }

    private static FoundCall ReadFound(PostgresRows rows, CallQuery query)
    {
        long key = query.Sort == CallSort.Mos ? BitConverter.DoubleToInt64Bits(rows.Real(0) ?? 0) : rows.Long(0);
        return new FoundCall(key, rows.Day(1), rows.Blob(2), rows.Long(3), rows.TextOrNull(4)) { IsJudged = rows.Long(5) != 0 };
    }

    private PostgresWindow WindowOf(PostgresSession session) => _frame.Window ?? (_own ??= new PostgresWindow(session, _frame.Texts, _frame.Days));
}
