using System.Data;
using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// What has changed since it was looked at: days, and sessions of several calls in them.
internal sealed partial class PostgresCallStore
{
    /// <inheritdoc />
    public IReadOnlyDictionary<DateOnly, string> DayStamps() => _database.Read(static session =>
    {
        PostgresDays store = PostgresDays.Read(session);
        string deleted = store.MarksText;
        return store.Days.ToDictionary(static day => day.Day, day => string.Create(CultureInfo.InvariantCulture, $"{day.Version}|{day.Hidden}|{deleted}"));
    });

    /// <inheritdoc />
    public IReadOnlyDictionary<string, long> SessionStates(DateOnly day) => _database.Read(session =>
    {
        var states = new SessionStates();
        using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
        PostgresDays store = PostgresDays.Read(session, StartOf(day), StartOf(day));
        if (store.Days is not [var stored]) return states.All;

        // Whatever is written of a call writes its row: the transaction that did is told with it.
        SqlConditions where = new SqlConditions().And("c.day = ?", day).And($"((c.flags & {(long)CallFlags.Linked}) <> 0 OR (c.traits & {(long)CallTraits.PassedOn}) <> 0)");
        store.AndShown(where, [stored], "c");
        using PostgresRows rows = session.Query($"SELECT c.id, c.session_id, c.tenant, c.xmin::text::bigint FROM calls c{where}", where.Arguments);
        while (rows.Step())
        {
            string id = CallRow.IdText(day, rows.Blob(0));
            states.Add(rows.TextOrNull(1) ?? id, id, rows.TextOrNull(2), (ulong)rows.Long(3));
        }

        return states.All;
    });
}
