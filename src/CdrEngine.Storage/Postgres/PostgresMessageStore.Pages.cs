using System.Data;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// Pages of lists, some days at a time: what a day has of what is asked for is known before it is looked at.
internal sealed partial class PostgresMessageStore
{
    // Messages of a day that have a text and are collected for a page; what more have is met soon in order of time.
    private const int FewFound = 500;

    private const string MessageColumns = "m.started_at, m.id, m.day, d.json";

    private const string ListedMessages = "messages m JOIN message_documents d ON d.day = m.day AND d.document = m.document";

    // Days that are asked together where a month is one question.
    private const int MonthsTogether = 128;

    // What of a query the sums tell: how much each of some days has; days without anything are left out.
    private SumsQuestion SumsAsked(MessageQuery query)
    {
        MessageQuery clean = query with { Tenant = PostgresText.CleanOrNull(query.Tenant) };
        return new SumsQuestion((session, days) => _sums.Of(session, days, clean), MessageSums.AsksSums(query));
    }

    private static SumsQuestion SumsAsked(ConversationQuery query) => new((session, days) => Conversations(session, days, query.Tenant), query.Tenant is not null);

    /// <summary>The plan of a list's question to a day, where reading all of it counts as dear: for tests.</summary>
    internal List<string> Explain(MessageQuery query, DateOnly day) => _database.Read(session =>
    {
        session.Script("SET enable_seqscan = off");
        SqlConditions where = QueryConditions.Of(query, QueryConditions.InPostgres);
        where = OfDay(where, day, ListedMessages, "m");
        if (Seek(query) is { LeadsByText: true, Text: { } text }
            && DocumentsOf(session, DaysOf(session, SqliteMessageStore.StartOf(day), SqliteMessageStore.StartOf(day), ascending: true), text, FewFound) is { } found)
            where.And("m.document = ANY (?::bigint[])", (object)found.GetValueOrDefault(day, []).ToArray());
        var lines = new List<string>();
        using (PostgresRows rows = session.Query($"EXPLAIN (COSTS OFF) {SqlOf(MessageColumns, ListedMessages, where, "m", ascending: false)}", [.. where.Arguments, 51L, 0L]))
        {
            while (rows.Step()) lines.Add(rows.Text(0));
        }

        session.Script("RESET enable_seqscan");
        return lines;
    });

    /// <summary>The same of a question to the days of a month, as connections keep it.</summary>
    internal List<string> ExplainKept(MessageQuery query, DateOnly day) => _database.Read(session => ExplainKept(session, MessageColumns, ListedMessages, WaysOf(query)!, "m", day));

    /// <summary>The same of conversations.</summary>
    internal List<string> ExplainKept(ConversationQuery query, DateOnly day) => _database.Read(session => ExplainKept(session, "c.id", "conversations c", WaysOf(query)!, "c", day));

    private static List<string> ExplainKept(PostgresSession session, string columns, string tables, IReadOnlyList<SqlConditions> ways, string table, DateOnly day) => session.ExplainKept(
        KeptSqlOf(columns, tables, ways, table, day, ascending: false),
        string.Join(", ", [.. ways.SelectMany(way => (IEnumerable<string>)[.. way.Arguments.Select(static value => $"'{value}'"), PostgresDays.TextOf(day), PostgresDays.TextOf(day.AddDays(1))]), "51", "0"]));

    // Each way to what is asked for that an index of its own leads: whatever a plan is made for, it takes these. Null where one way is enough, or days tell better.
    private static SqlConditions[]? WaysOf(MessageQuery query)
    {
        if (query is not { Number: [.. var begin, '*'], Text: null }) return null;
        SqlConditions beside = QueryConditions.Of(query with { Number = null }, QueryConditions.InPostgres);
        return [.. ((string[])["m.from_number", "m.to_number"]).Select(its => beside.Copy().And($"{its} BETWEEN ? AND ?", begin, begin + "\U0010FFFF"))];
    }

    private static SqlConditions[]? WaysOf(ConversationQuery query)
    {
        if (query.Party is not { } party) return null;
        SqlConditions beside = QueryConditions.Of(query with { Party = null });
        string[] sides = ["c.first", "c.second"];
        return [.. sides.Select(its => beside.Copy().And($"{its} = ?", party)), .. sides.Select(its => beside.Copy().And($"{its} BETWEEN ? AND ?", party + "@", party + "@\U0010FFFF"))];
    }

    private static void Sum(PostgresSession session, DateOnly day, Dictionary<MessageSum, long> sums)
    {
        KeyValuePair<MessageSum, long>[] changed = [.. sums.Where(static sum => sum.Value != 0)];
        if (changed.Length == 0) return;
        session.Queue(
            "INSERT INTO message_counts AS o (day, tenant, kind, outcome, in_call, messages) SELECT ?, u.tenant, u.kind, u.outcome, u.in_call, u.messages "
            + "FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[]) u (tenant, kind, outcome, in_call, messages) "
            + "ON CONFLICT (day, tenant, kind, outcome, in_call) DO UPDATE SET messages = o.messages + excluded.messages",
            day,
            changed.Select(static sum => sum.Key.Tenant).ToArray(),
            changed.Select(static sum => (long)sum.Key.Kind).ToArray(),
            changed.Select(static sum => (long)sum.Key.Outcome).ToArray(),
            changed.Select(static sum => sum.Key.IsInCall ? 1L : 0L).ToArray(),
            changed.Select(static sum => sum.Value).ToArray());
    }

    private static Dictionary<DateOnly, long> Conversations(PostgresSession session, IReadOnlyList<StoredDay> days, string? tenant)
    {
        var sums = new Dictionary<DateOnly, long>();
        if (days.Count == 0) return sums;
        var where = new SqlConditions();
        if (tenant is not null) where.And("o.tenant = ?", tenant);
        where.And("o.day BETWEEN ? AND ?", days.Min(static day => day.Day), days.Max(static day => day.Day));
        using PostgresRows rows = session.Query($"SELECT o.day, sum(o.conversations)::bigint FROM conversation_counts o{where} GROUP BY o.day", where.Arguments);
        while (rows.Step())
        {
            if (rows.Long(1) > 0) sums.Add(rows.Day(0), rows.Long(1));
        }

        return sums;
    }

    private long Count(PostgresSession session, Timestamp? from, Timestamp? to, SqlConditions where, string tables, string table, SumsQuestion? asked, AskedMessages? sought = null)
    {
        if (asked is null)
        {
            using NpgsqlTransaction? moment = MomentOf(session, sought);
            List<StoredDay> days = DaysOf(session, from, to, ascending: true);
            if (sought is { AsksAnything: true }) days = _texts.MayHave(session, days, sought);
            return CountRows(session, days.ConvertAll(static day => day.Day), where, tables, table);
        }

        // Days that lie within the times are known; of the first and the last the rows are counted.
        long count = 0;
        foreach ((DateOnly day, long sum) in asked.Of(session, DaysOf(session, from, to, ascending: true))) count += SqliteMessageStore.IsWhole(day, from, to) ? sum : CountRows(session, [day], where, tables, table);
        return count;
    }

    private static long CountRows(PostgresSession session, List<DateOnly> days, SqlConditions where, string tables, string table)
    {
        long count = 0;
        foreach ((_, PostgresRows row) in session.QueryAll(days.ConvertAll(day =>
        {
            SqlConditions here = OfDay(where, day, tables, table);
            return ($"SELECT count(*) FROM {tables}{here}", (object?[])here.Arguments);
        })))
        {
            count += row.Long(0);
        }

        return count;
    }

    // Of one partition each: the server plans for that alone.
    private static SqlConditions OfDay(SqlConditions where, DateOnly day, string tables, string table)
    {
        SqlConditions here = where.Copy().And($"{table}.day = ?", day);
        if (tables == ListedMessages) here.And("d.day = ?", day);
        return here;
    }

    private ListPage<T> Page<T>(
        Asked asked, SqlConditions where, string columns, string tables, string table, Func<PostgresRows, T?> read, Func<T, bool> isShown, Func<PostgresSession, List<T>, List<T>>? complete = null)
        where T : class
    {
        ListCursor? after = null;
        if (asked.Cursor is not null && !ListCursor.TryDecode(asked.Cursor, asked.Seal, out after)) return new ListPage<T> { Items = [], CursorRejected = true };
        int limit = Math.Clamp(asked.Limit, 1, CallQuery.MaxLimit);
        return _database.Read(session =>
        {
            var items = new List<T>();
            ListCursor? last = null;
            int rowsRead = 0;
            long skip = Math.Max(0, asked.Skip);
            DateOnly? afterDay = after is null ? null : SqliteMessageStore.DayOf(new Timestamp(after.Number));
            using NpgsqlTransaction? moment = MomentOf(session, asked.Sought);
            List<StoredDay> stored = DaysOf(session, asked.From, asked.To, asked.Ascending);
            if (asked.Sought is { AsksAnything: true } sought) stored = _texts.MayHave(session, stored, sought);
            List<DateOnly> days = stored.ConvertAll(static day => day.Day);
            if (afterDay is { } passed) days.RemoveAll(day => asked.Ascending ? day < passed : day > passed);
            Dictionary<DateOnly, long>? sums = null;
            if (asked.Sums.AsksAnything || skip > 0)
            {
                sums = asked.Sums.Of(session, stored);
                days.RemoveAll(day => !sums.ContainsKey(day));
                while (skip > 0 && days.Count > 0)
                {
                    SqlConditions there = days[0] == afterDay ? Behind(where, after!, afterDay.Value, asked.Ascending, table) : where;
                    long count = asked.AsksOnlySums && days[0] != afterDay && SqliteMessageStore.IsWhole(days[0], asked.From, asked.To) ? sums[days[0]] : CountRows(session, [days[0]], there, tables, table);
                    if (count > skip) break;
                    skip -= count;
                    days.RemoveAt(0);
                }
            }

            bool isCounted = asked.AsksOnlySums && sums is not null;
            int most = asked.Ways is not null ? MonthsTogether : PostgresDays.MostTogether;
            foreach (List<DateOnly> together in PostgresDays.Together(days, day => isCounted ? sums!.GetValueOrDefault(day) : null, () => limit + 1 - rowsRead, most))
            {
                if (rowsRead > limit) break;
                HashSet<DateOnly> asks = [.. together];
                Dictionary<DateOnly, List<long>>? found = asked.Sought is { LeadsByText: true, Text: { } text }
                    ? DocumentsOf(session, stored.FindAll(day => asks.Contains(day.Day)), text, (long)FewFound * together.Count)
                    : null;

                // What is common is met on the first day; it is by itself, so that nothing is left to be passed behind it.
                bool keepsPlans = asked.Ways is not null && together.Count > 1;
                List<(string Sql, object?[] Arguments)> questions = keepsPlans ? OfMonths(together, asked.Ways!, columns, tables, table, asked.Ascending, limit + 1L - rowsRead) : [];
                foreach (DateOnly day in keepsPlans ? [] : together)
                {
                    SqlConditions open = after is not null && day == afterDay ? Behind(where, after, day, asked.Ascending, table) : where;
                    SqlConditions here = OfDay(open, day, tables, table);
                    if (found is not null)
                    {
                        if (!found.TryGetValue(day, out List<long>? documents)) continue;
                        here.And("m.document = ANY (?::bigint[])", (object)documents.ToArray());
                    }

                    // What is left out is of the first day that has rows.
                    questions.Add((SqlOf(columns, tables, here, table, asked.Ascending), [.. here.Arguments, limit + 1L - rowsRead, questions.Count == 0 ? skip : 0]));
                }

                skip = 0;
                foreach ((_, PostgresRows row) in session.QueryAll(questions, keepsPlans))
                {
                    if (rowsRead > limit || ++rowsRead > limit) continue;
                    last = new ListCursor(row.Long(0), "", table == "m" ? Convert.ToHexStringLower(row.Blob(1)) : row.Text(1));
                    if (read(row) is { } item && isShown(item)) items.Add(item);
                }
            }

            return new ListPage<T> { Items = complete is null ? items : complete(session, items), NextCursor = rowsRead > limit ? last!.Encode(asked.Seal) : null };
        });
    }

    // What a query asks by keys and texts, in the characters that the database has.
    private static AskedMessages Seek(MessageQuery query) => new(query with
    {
        Text = PostgresText.CleanOrNull(query.Text),
        Number = PostgresText.CleanOrNull(query.Number),
        Sender = PostgresText.CleanOrNull(query.Sender),
        Receiver = PostgresText.CleanOrNull(query.Receiver),
    });

    // What the index of texts names, and the messages that are found by it, are of one moment, though a writer goes on.
    private static NpgsqlTransaction? MomentOf(PostgresSession session, AskedMessages? sought) => sought is not { AsksAnything: true } ? null : session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);

    // The messages that have the text, by day, where the index tells them and they are few; what is common is met soon in order of time.
    private Dictionary<DateOnly, List<long>>? DocumentsOf(PostgresSession session, List<StoredDay> days, TextNeedle text, long most) =>
        _texts.Find(session, days, text, most)?.Days;

    private static string SqlOf(string columns, string tables, SqlConditions where, string table, bool ascending)
    {
        string sense = ascending ? "" : " DESC";
        return $"SELECT {columns} FROM {tables}{where} ORDER BY {table}.day{sense}, {table}.started_at{sense}, {table}.id{sense} LIMIT ? OFFSET ?";
    }

    // Of days next to each other one question for each month: its partitions are planned once and kept, and those of other days are not looked into.
    private static List<(string Sql, object?[] Arguments)> OfMonths(List<DateOnly> days, IReadOnlyList<SqlConditions> ways, string columns, string tables, string table, bool ascending, long limit) =>
    [
        .. days.GroupBy(static day => new DateOnly(day.Year, day.Month, 1)).Select(month => (
            KeptSqlOf(columns, tables, ways, table, month.Key, ascending),
            (object?[])[.. ways.SelectMany(way => (IEnumerable<object>)[.. way.Arguments, month.Min(), month.Max()]), limit, 0L])),
    ];

    // As connections keep it: what meets the conditions is collected by their indexes, whatever it is, and of that the page. Of days of one month, which are told beside the conditions.
    private static string KeptSqlOf(string columns, string tables, IReadOnlyList<SqlConditions> ways, string table, DateOnly month, bool ascending)
    {
        string sense = ascending ? "" : " DESC";
        month = new DateOnly(month.Year, month.Month, 1);
        string within = $"BETWEEN {PostgresDays.TextOf(month)} AND {PostgresDays.TextOf(month.AddMonths(1).AddDays(-1))}";
        string order = $"ORDER BY {table}.started_at{sense}, {table}.id{sense}";
        string document = tables == ListedMessages ? $" JOIN message_documents d ON d.day {within} AND d.day = m.day AND d.document = m.document" : "";
        string from = $"SELECT {table}.* FROM {(tables == ListedMessages ? "messages m" : tables)}";
        string all = string.Join(" UNION ", ways.Select(way => $"{from}{way.Copy().And($"{table}.day {within} AND {table}.day BETWEEN ? AND ?")}"));
        return $"WITH k AS MATERIALIZED ({all}) SELECT {columns} FROM (SELECT {table}.* FROM k {table} {order} LIMIT ? OFFSET ?) {table}{document} {order}";
    }

    private static SqlConditions Behind(SqlConditions where, ListCursor after, DateOnly afterDay, bool ascending, string table)
    {
        object id = table == "m" ? Convert.FromHexString(after.Id) : after.Id;
        return where.Copy().And($"({table}.day, {table}.started_at, {table}.id) {(ascending ? ">" : "<")} (?, ?, ?)", afterDay, after.Number, id);
    }

    /// <summary>A question for how much each day has.</summary>
    /// <param name="Of">Tells it of some days; of those that are left out there is nothing.</param>
    /// <param name="AsksAnything">Whether it asks for anything but all of them.</param>
    private sealed record SumsQuestion(Func<PostgresSession, IReadOnlyList<StoredDay>, Dictionary<DateOnly, long>> Of, bool AsksAnything);

    /// <summary>What every list is asked.</summary>
    private sealed record Asked(string Seal, string? Cursor, Timestamp? From, Timestamp? To, bool Ascending, int Limit, long Skip)
    {
        /// <summary>What sums tell of it.</summary>
        public required SumsQuestion Sums { get; init; }

        /// <summary>Whether sums and times are all that it asks.</summary>
        public required bool AsksOnlySums { get; init; }

        /// <summary>The ways to it where it asks for what nothing tells the days of, and their tables have indexes of: many days are asked, and have little or nothing. Else null.</summary>
        public IReadOnlyList<SqlConditions>? Ways { get; init; }

        /// <summary>What it asks of messages by keys and texts; null for another list.</summary>
        public AskedMessages? Sought { get; init; }
    }
}
