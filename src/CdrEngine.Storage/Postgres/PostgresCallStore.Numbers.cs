using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// Integer ids of calls.
internal sealed partial class PostgresCallStore
{
    /// <inheritdoc />
    public IReadOnlyDictionary<string, ListedCall> FindAll(IReadOnlyCollection<string> ids) =>
        OfNamed<ListedCall>(ids, (session, days, found) => Numbered(session, found, _seals.Of(session, days)).ToDictionary(static call => call.Record.Id, StringComparer.Ordinal));

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string?> TenantsOf(IReadOnlyCollection<string> ids) =>
        OfNamed<string?>(ids, static (_, _, found) => found.ToDictionary(static call => CallRow.IdText(call.Day, call.Id), static call => call.Tenant, StringComparer.Ordinal));

    /// <inheritdoc />
    public IReadOnlyDictionary<string, ListedNumber> NumbersOf(IReadOnlyCollection<string> ids) => OfNamed<ListedNumber>(ids, (session, days, found) =>
    {
        Dictionary<DateOnly, PostgresDaySeal> seals = _seals.Of(session, days);
        int[] ranks = Ranks(session, found, day => seals.TryGetValue(day, out PostgresDaySeal? seal) && !seal.HasTwins);
        return found.Select((call, i) => (Id: CallRow.IdText(call.Day, call.Id), Rank: ranks[i], call.Tenant))
            .ToDictionary(static call => call.Id, static call => new ListedNumber(CallNumber.Of(call.Id, call.Rank), call.Tenant), StringComparer.Ordinal);
    });

    // What is told of calls by their ids.
    private IReadOnlyDictionary<string, T> OfNamed<T>(IReadOnlyCollection<string> ids, Func<PostgresSession, StoredDay[], List<FoundCall>, Dictionary<string, T>> tell)
    {
        var named = new Dictionary<DateOnly, List<byte[]>>();
        byte[] bytes = new byte[CallRow.IdBytes];
        foreach (string id in ids.Distinct(StringComparer.Ordinal))
        {
            if (!CallRow.TryReadId(id, out DateOnly day, bytes)) continue;
            if (!named.TryGetValue(day, out List<byte[]>? its)) named.Add(day, its = []);
            its.Add([.. bytes]);
        }

        if (named.Count == 0) return new Dictionary<string, T>(StringComparer.Ordinal);
        return _database.Read(session =>
        {
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
            PostgresDays store = PostgresDays.Read(session, StartOf(named.Keys.Min()), StartOf(named.Keys.Max()));
            StoredDay[] days = [.. store.Days.Where(day => named.ContainsKey(day.Day))];
            var found = new List<FoundCall>();
            foreach ((_, PostgresRows row) in session.QueryAll(days.Select(day =>
            {
                var where = new SqlConditions();
                where.And("c.day = ?", day.Day).And("c.id = ANY (?)", (object)named[day.Day].ToArray());
                store.AndShown(where, [day], "c");
                return ($"SELECT c.day, c.id, c.document, c.tenant FROM calls c{where}", (object?[])where.Arguments);
            })))
            {
                found.Add(new FoundCall(0, row.Day(0), row.Blob(1), row.Long(2), row.TextOrNull(3)));
            }

            return tell(session, days, found);
        });
    }

    private List<ListedCall> Numbered(PostgresSession session, List<FoundCall> found, Asked asked) =>
        Numbered(session, found, _seals.Of(session, [.. asked.Days.Where(day => found.Any(call => call.Day == day.Day))]));

    private List<ListedCall> Numbered(PostgresSession session, List<FoundCall> found, Dictionary<DateOnly, PostgresDaySeal> seals)
    {
        CallRecord?[] records = Records(session, found);
        var listed = new List<ListedCall>(found.Count);

        // Of most days it is known that no two calls have the same.
        int[] ranks = Ranks(session, found, day => seals.TryGetValue(day, out PostgresDaySeal? seal) && !seal.HasTwins);
        for (int i = 0; i < found.Count; i++)
        {
            if (records[i] is { } record) listed.Add(new ListedCall(record, found[i].Tenant, CallNumber.Of(record.Id, ranks[i])));
        }

        return listed;
    }

    private ListedCall? FindListed(PostgresSession session, DateOnly day, byte[] id)
    {
        byte[] first = new byte[CallRow.IdBytes], last = new byte[CallRow.IdBytes];
        if (!CallNumber.TryRead(CallNumber.Of(CallRow.IdText(day, id)), out _, first, last, out _)) return null;
        using PostgresRows rows = session.Query(
            "SELECT d.json, r.state, r.reason, c.tenant, (SELECT count(*) FROM calls k WHERE k.day = $1 AND k.id BETWEEN $3 AND $4 AND k.document < c.document) FROM calls c "
            + $"JOIN call_documents d ON d.day = $1 AND d.document = c.document LEFT JOIN recordings r ON r.day = $1 AND r.document = c.document WHERE c.day = $1 AND c.id = $2 AND {PostgresDays.Shown}",
            day,
            id,
            first,
            last);
        return rows.Step() && ReadCall(rows, 0) is { } record ? new ListedCall(record, rows.TextOrNull(3), CallNumber.Of(record.Id, (int)rows.Long(4))) : null;
    }

    // How many calls with the same number were stored before each: nearly always none.
    private static int[] Ranks(PostgresSession session, List<FoundCall> found, Func<DateOnly, bool> hasNoTwins)
    {
        int[] ranks = new int[found.Count];
        int[] asked = [.. Enumerable.Range(0, found.Count).Where(i => !hasNoTwins(found[i].Day))];
        if (asked.Length == 0) return ranks;
        var firsts = new byte[found.Count][];
        var lasts = new byte[found.Count][];
        foreach (int i in asked)
        {
            (firsts[i], lasts[i]) = (new byte[CallRow.IdBytes], new byte[CallRow.IdBytes]);
            CallNumber.TryRead(CallNumber.Of(CallRow.IdText(found[i].Day, found[i].Id)), out _, firsts[i], lasts[i], out _);
        }

        IGrouping<DateOnly, int>[] days = [.. asked.GroupBy(i => found[i].Day)];
        foreach ((_, PostgresRows row) in session.QueryAll(days.Select(day => (
            "SELECT k.place, (SELECT count(*) FROM calls c WHERE c.day = ? AND c.id BETWEEN k.first AND k.last AND c.document < k.document) "
            + "FROM unnest(?::bytea[], ?::bytea[], ?::bigint[], ?::bigint[]) k (first, last, document, place)",
            (object?[])[day.Key, day.Select(i => firsts[i]).ToArray(), day.Select(i => lasts[i]).ToArray(), day.Select(i => found[i].Document).ToArray(), day.Select(static i => (long)i).ToArray()]))))
        {
            ranks[row.Long(0)] = (int)row.Long(1);
        }

        return ranks;
    }
}
