using System.Diagnostics;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Totals: the server adds up, day by day; what it added of a day is remembered until the day changes.
internal sealed partial class PostgresCallStore
{
    private const long HourMicroseconds = 3_600_000_000;

    /// <inheritdoc />
    public CallTotals Totals(CallQuery query, TimeSpan budget, CancellationToken stop = default)
    {
        query = query with { Sort = CallSort.StartedAt, Ascending = false, Cursor = null, Start = null };
        long begin = Stopwatch.GetTimestamp();
        TellDays(query);
        return _database.Read(session =>
        {
            using Npgsql.NpgsqlTransaction? moment = MomentOf(session, query);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            CallSums all = default;
            foreach (StoredDay day in days)
            {
                long start = StartOf(day.Day).Microseconds, end = StartOf(day.Day.AddDays(1)).Microseconds;
                bool whole = !(query.From?.Microseconds > start) && !(query.To?.Microseconds < end);
                if (stop.IsCancellationRequested || Stopwatch.GetElapsedTime(begin) > budget)
                    return new CallTotals { Sums = all, IsComplete = false, CountedFrom = query.To is { } to && to.Microseconds < end ? to : new Timestamp(end) };
                var frame = new PostgresFrame(store, [day]) { PrefixRows = _limits.PrefixRows, Texts = _texts };
                CallQuery asked = whole ? query with { From = null, To = null } : query;
                string key = string.Create(CultureInfo.InvariantCulture, $"{day.Day.DayNumber}|{CallCursor.TextOf(asked)}");
                all.Add(_sums.GetOrAdd(key, $"{day.Version}|{store.MarksText}", () => PostgresCallSelect.Sums(session, asked, frame)));
            }

            return new CallTotals { Sums = all };
        });
    }

    /// <inheritdoc />
    public void VisitHours(Timestamp from, Timestamp to, string? tenant, TrafficVisitor visit)
    {
        var first = new Timestamp(from.Microseconds - (from.Microseconds % HourMicroseconds));
        var last = new Timestamp((to.Microseconds + HourMicroseconds - 1) / HourMicroseconds * HourMicroseconds);
        _database.Read(session =>
        {
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, new CallQuery { From = first, To = last });
            foreach (StoredDay day in days)
            {
                var where = new SqlConditions();
                where.And("c.day = ?", day.Day).And("c.started_at >= ?", first.Microseconds).And("c.started_at < ?", last.Microseconds);
                if (tenant is not null) where.And("c.tenant = ?", tenant);
                store.AndShown(where, [day], "c");
                string sql = $"SELECT c.started_at / {HourMicroseconds}, {PostgresRow.SumsOfCalls}, {PostgresProfile.OutcomeColumns} FROM calls c{where} GROUP BY 1, {PostgresProfile.OutcomeColumns}";
                using PostgresRows rows = session.Query(sql, where.Arguments);
                while (rows.Step()) visit(new Timestamp(rows.Long(0) * HourMicroseconds), PostgresProfile.ReadOutcome(rows, 13), PostgresRow.Sums(rows, 1));
            }

            return 0;
        });
    }
}
