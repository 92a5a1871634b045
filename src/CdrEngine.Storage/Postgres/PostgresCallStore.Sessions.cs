using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// Calls of several sessions at once: a page of sessions asks each day once, and not each session.
internal sealed partial class PostgresCallStore
{
    // Calls of a day; where it has more, sessions are asked one by one.
    private const int MostOfSessions = 5_000;

    /// <inheritdoc />
    public IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? OfSessions(IReadOnlyCollection<string> sessions)
    {
        var named = new Dictionary<DateOnly, List<(string Session, byte[] Id)>>();
        byte[] id = new byte[CallRow.IdBytes];
        var found = new Dictionary<string, List<CallRecord>>(StringComparer.Ordinal);
        foreach (string session in sessions)
        {
            // An id may name a day that a query by times would not reach.
            if (!CallRow.TryReadId(session, out DateOnly day, id) || day == DateOnly.MaxValue) continue;
            if (!found.TryAdd(session, [])) continue;
            if (!named.TryGetValue(day, out List<(string, byte[])>? its)) named.Add(day, its = []);
            its.Add((session, [.. id]));
        }

        if (found.Count == 0) return null;
        bool isAll = _database.Read(session =>
        {
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
            PostgresDays store = PostgresDays.Read(session, StartOf(named.Keys.Min()), StartOf(named.Keys.Max().AddDays(1)));
            StoredDay[] days = [.. store.Days.Where(day => named.ContainsKey(day.Day) || named.ContainsKey(day.Day.AddDays(-1)))];
            Dictionary<DateOnly, PostgresDaySeal> seals = _seals.Of(session, days);
            List<(string Sql, object?[] Arguments)> asked = [], kept = [];
            foreach (StoredDay day in days)
            {
                PostgresDaySeal? seal = seals.GetValueOrDefault(day.Day);
                List<(string Session, byte[] Id)> own = named.GetValueOrDefault(day.Day) ?? [], before = named.GetValueOrDefault(day.Day.AddDays(-1)) ?? [];
                string[] names = [.. own.Concat(before).Select(static one => one.Session).Where(name => seal is null || seal.Seal.Keys.MayHave(KeyFilter.OfSession(Encoding.UTF8.GetBytes(name))))];
                if (names.Length == 0 && own.Count == 0) continue;
                (seal is null ? asked : kept).Add(SessionsOf(store, day, names, [.. own.Select(static one => one.Id)]));
            }

            // A day that is over stays as large as it was when its statement was planned.
            foreach ((List<(string Sql, object?[] Arguments)> questions, bool keepsPlans) in ((List<(string, object?[])>, bool)[])[(asked, false), (kept, true)])
            {
                int[] read = new int[questions.Count];
                foreach ((int i, PostgresRows row) in session.QueryAll(questions, keepsPlans))
                {
                    if (++read[i] > MostOfSessions) return false;
                    if (ReadCall(row, 0) is { } record && found.TryGetValue(row.TextOrNull(3) ?? record.Id, out List<CallRecord>? its)) its.Add(record);
                }
            }

            return true;
        });
        return isAll ? found.ToDictionary(static pair => pair.Key, static pair => (IReadOnlyList<CallRecord>)pair.Value, StringComparer.Ordinal) : null;
    }

    /// <summary>The plan for reading sessions of a day, as connections keep it, for tests of the indexes.</summary>
    internal List<string> ExplainSessions(DateOnly day) => _database.Read(session =>
        session.ExplainKept(SessionsOf(PostgresDays.Read(session), new StoredDay(day, 0, 0, 0), [], []).Sql, "'{a,b}', '{}', 100"));

    // Each way by its index, whatever the plan is made for.
    private static (string Sql, object?[] Arguments) SessionsOf(PostgresDays store, StoredDay day, string[] names, byte[][] ids)
    {
        string on = PostgresDays.TextOf(day.Day);
        SqlConditions named = Shown().And("c.session_id = ANY (?)", (object)names), own = Shown().And("c.session_id IS NULL AND c.id = ANY (?)", (object)ids);
        const string select = "SELECT c.started_at, c.id, c.document, c.session_id FROM calls c";
        return (
            $"WITH k AS MATERIALIZED ({select}{named} UNION ALL {select}{own}) SELECT d.json, r.state, r.reason, c.session_id FROM k c JOIN call_documents d ON d.day = {on} AND d.document = c.document "
                + $"LEFT JOIN recordings r ON r.day = {on} AND r.document = c.document ORDER BY c.started_at, c.id LIMIT ?",
            [.. named.Arguments, .. own.Arguments, MostOfSessions + 1L]);

        SqlConditions Shown()
        {
            SqlConditions where = new SqlConditions().And($"c.day = {on}");
            store.AndShown(where, [day], "c");
            return where;
        }
    }
}
