using System.Globalization;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// Pages of lists, day by day: what a day has of what is asked for is known before it is opened.
public sealed partial class SqliteMessageStore
{
    // Messages of a day, one in so many, from which on reading all of them costs less than finding each.
    private const int OftenFound = 4;

    internal static string SealOf(MessageQuery query) => string.Create(
        CultureInfo.InvariantCulture,
        $"messages|{query.From}|{query.To}|{query.Number}|{query.Sender}|{query.Receiver}|{query.Text}|{query.Outcome}|{query.IsFinal}|{query.Kind}|{query.ConversationId}|{query.SipCallId}|{query.InCall}|{query.Tenant}|{query.Ascending}");

    private const string Joined = "messages m JOIN message_documents d ON d.document = m.document";

    // Where the documents are known, they lead.
    private static readonly string ByDocument = $"messages m INDEXED BY {TextSource.Messages.Index} CROSS JOIN message_documents d ON d.document = m.document";

    // Where few messages have the outcome, these lead.
    private const string OnlyByOutcome = $"messages m INDEXED BY {MessageSeal.OutcomeIndex}";
    private const string ByOutcome = OnlyByOutcome + " CROSS JOIN message_documents d ON d.document = m.document";

    // What is counted: a text is looked for in the documents.
    private static string TablesOf(MessageQuery query) => query.Text is null ? "messages m" : Joined;

    // No message of a conversation is of a day before the conversation's. Null where nothing can match.
    internal static MessageQuery? BoundedBy(MessageQuery query)
    {
        if (query.ConversationId is not { } conversation) return query;
        if (!CallRow.TryReadId(conversation, out DateOnly day, new byte[CallRow.IdBytes])) return null;
        Timestamp begin = StartOf(day);
        return query.From is { } from && from > begin ? query : query with { From = begin };
    }

    internal static Timestamp StartOf(DateOnly day) => Timestamp.From(new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));

    // Whether a day lies within times.
    internal static bool IsWhole(DateOnly day, Timestamp? from, Timestamp? to) => !(from > StartOf(day)) && !(to < StartOf(day.AddDays(1)));

    /// <summary>The plan of a list's question to a day: for tests.</summary>
    internal List<string> Explain(MessageQuery query, DateOnly day) => Reading(days =>
    {
        DayList<MessageRecord> list = ListOf(query, query.From);
        SqliteDatabase database = days.Get(day)!;
        SqlConditions where = list.Where.Copy();
        MessageSeal? seal = SealOf(days, day);
        bool byOutcome = DrivesByOutcome(list.Asked, seal, where);
        string sql = "EXPLAIN QUERY PLAN " + SqlOf(list, where, DriveByText(database, list, where, seal, MostOfPage(database, 51)) ? ByDocument : byOutcome ? ByOutcome : null);
        using SqliteStatement statement = where.Bound(database, sql, 51).Bind(0);
        var lines = new List<string>();
        while (statement.Step()) lines.Add(statement.Text(3));
        return lines;
    });

    private static DayList<MessageRecord> ListOf(MessageQuery query, Timestamp? from) => new(
        SealOf(query), query.Cursor, from, query.To, query.Ascending, query.Limit, query.Skip, QueryConditions.Of(query, QueryConditions.InSqlite),
        "m.started_at, m.id, d.json", TablesOf(query), "m.", static row => MessageJson.TryRead(row.Blob(2).ToArray(), out MessageRecord? record) ? record : null)
    {
        IsShown = record => query.SipCallId is null || record.SipCallId == query.SipCallId,
        Tables = Joined,
        Asked = new AskedMessages(query),
        MayBeIn = MessageSums.AsksSums(query) ? sums => sums.Of(query) > 0 : null,
        CountIn = MessageSums.AsksOnlySums(query) ? sums => sums.Of(query) : null,
    };

    private static string SqlOf<T>(DayList<T> list, SqlConditions where, string? tables)
        where T : class
    {
        string sense = list.Ascending ? "" : " DESC";
        return $"SELECT {list.Columns} FROM {tables ?? list.Tables ?? list.Counted}{where} ORDER BY {list.Table}started_at{sense}, {list.Table}id{sense} LIMIT ? OFFSET ?";
    }

    // What is common is met soon in order of time: with so many messages that have a text, going through them for a page costs as much as collecting those.
    private static long MostOfPage(SqliteDatabase database, long rows) => 2 * (long)Math.Sqrt((rows + 1.0) * database.Scalar(TextSource.Messages.Stored));

    // Whether the messages that have the text are known to the index of texts and not too many: then they are asked for, beside all other conditions. In one state of the file with what
    // is read of it.
    private static bool DriveByText<T>(SqliteDatabase database, DayList<T> list, SqlConditions where, MessageSeal? seal, long most)
        where T : class => list.Asked is { LeadsByText: true, Text: { } text } && DriveByText(database, text, where, seal, most);

    // Whether they do: what the index is over is said once more, so that SQLite knows that it may.
    private static bool DrivesByOutcome(AskedMessages? asked, MessageSeal? seal, SqlConditions where)
    {
        if (asked is not { LeadsByOutcome: true } || seal is not { HasIndexes: true }) return false;
        where.And("m.outcome <> 1");
        return true;
    }

    private static bool DriveByText(SqliteDatabase database, TextNeedle text, SqlConditions where, MessageSeal? seal, long most)
    {
        if (DayTexts.Find(database, text, most, out _, seal?.Texts, TextSource.Messages) is not { } documents) return false;
        if (documents.Count == 0) where.And("0");
        else where.And("m.document IN (SELECT value FROM json_each(?))", DayTexts.Json(documents));
        return documents.Count > 0;
    }

    private MessageSums SumsOf(OpenDays days, DateOnly day) => _sums.GetOrAdd(
        day.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
        days.StampOf(day, _files.StampOf),
        () => days.Get(day) is { } database ? MessageSums.Read(database) : MessageSums.None);

    // What is known of a day without opening it; null for one that is not over, or that there is no room for.
    private MessageSeal? SealOf(OpenDays days, DateOnly day)
    {
        DayStamp stamp = days.StampOf(day, _files.StampOf);
        if (_seals.TryFind(day, stamp, out MessageSeal? known)) return known;
        MessageSeal? seal = days.Get(day) is { } database ? MessageSeal.Read(database) : null;
        _seals.Keep(day, stamp, seal);
        return seal;
    }

    // Whether a day may have what is asked for.
    private bool MayBeIn(OpenDays days, DateOnly day, AskedMessages? asked, Func<MessageSums, bool>? mayBeIn, out MessageSeal? seal)
    {
        seal = asked is { AsksAnything: true } ? SealOf(days, day) : null;
        return (seal is null || asked!.MayBeIn(seal)) && (mayBeIn is null || mayBeIn(SumsOf(days, day)));
    }

    private long Count(
        Timestamp? from, Timestamp? to, SqlConditions where, string tables, AskedMessages asked, Func<MessageSums, bool>? mayBeIn, Func<MessageSums, long>? countIn) => Reading(days =>
        CountDays(days, DaysOf(from, to, ascending: true), from, to, _ => where, tables, asked, mayBeIn, countIn).Sum());

    // How many each of some days has: of those that have to be opened several at once.
    private long[] CountDays(
        OpenDays days, IReadOnlyList<DateOnly> all, Timestamp? from, Timestamp? to, Func<DateOnly, SqlConditions> where, string tables, AskedMessages? asked, Func<MessageSums, bool>? mayBeIn,
        Func<MessageSums, long>? countIn)
    {
        long[] counts = new long[all.Count];
        var opened = new Dictionary<DateOnly, (int Place, MessageSeal? Seal)>();
        for (int i = 0; i < counts.Length; i++)
        {
            if (countIn is not null && IsWhole(all[i], from, to)) counts[i] = countIn(SumsOf(days, all[i]));
            else if (MayBeIn(days, all[i], asked, mayBeIn, out MessageSeal? seal)) opened.Add(all[i], (i, seal));
        }

        _helpers.InDays(days, [.. opened.Keys], (day, database) => counts[opened[day].Place] = CountRows(database, where(day), tables, asked, opened[day].Seal));
        return counts;
    }

    private static long CountRows(SqliteDatabase database, SqlConditions where, string tables, AskedMessages? asked, MessageSeal? seal)
    {
        if (asked is { LeadsByOutcome: true } && seal is { HasIndexes: true })
        {
            SqlConditions few = where.Copy();
            return CountRows(database, few, DrivesByOutcome(asked, seal, few) ? OnlyByOutcome : tables);
        }

        if (asked is not { LeadsByText: true, Text: { } text }) return CountRows(database, where, tables);
        long count = 0;
        database.InOneState(() =>
        {
            // With more than a part of them, reading all costs no more.
            SqlConditions here = where.Copy();
            bool known = DriveByText(database, text, here, seal, database.Scalar(TextSource.Messages.Stored) / OftenFound);
            count = CountRows(database, here, known ? ByDocument : tables);
        });
        return count;
    }

    private static long CountRows(SqliteDatabase database, SqlConditions where, string tables)
    {
        using SqliteStatement rows = where.Bound(database, $"SELECT count(*) FROM {tables}{where} LIMIT ?", 1);
        return rows.Step() ? rows.Long(0) : 0;
    }

    private ListPage<T> Page<T>(DayList<T> list)
        where T : class
    {
        ListCursor? after = null;
        if (list.Cursor is not null && !ListCursor.TryDecode(list.Cursor, list.Seal, out after)) return new ListPage<T> { Items = [], CursorRejected = true };
        int limit = Math.Clamp(list.Limit, 1, CallQuery.MaxLimit);
        DateOnly? afterDay = after is null ? null : DayOf(new Timestamp(after.Number));
        return Reading(days =>
        {
            var items = new List<T>();
            ListCursor? last = null;
            int rowsRead = 0;
            long skip = Math.Max(0, list.Skip);
            int together = list.Asked is { AsksAnything: true } ? ReadHelpers.LeastDays + 1 : 1;
            var ahead = new List<DayRows<T>>();
            foreach (DateOnly day in DaysOf(list.From, list.To, list.Ascending))
            {
                if (rowsRead > limit) break;
                if (afterDay is { } passed && (list.Ascending ? day < passed : day > passed)) continue;
                if (!MayBeIn(days, day, list.Asked, list.MayBeIn, out MessageSeal? seal)) continue;

                // Days before the page, where sums tell how many they have.
                long? known = skip > 0 && afterDay != day && list.CountIn is { } countIn && IsWhole(day, list.From, list.To) ? countIn(SumsOf(days, day)) : null;
                if (known is { } count && count <= skip && ahead.Count == 0)
                {
                    skip -= count;
                    continue;
                }

                ahead.Add(new DayRows<T>(day, seal, afterDay == day ? Behind(list, after!) : list.Where.Copy()));
                if (ahead.Count >= together) Flush();
            }

            Flush();
            if (list.Complete is { } complete)
            {
                for (int i = 0; i < items.Count; i++) items[i] = complete(days, items[i]);
            }

            return new ListPage<T> { Items = items, NextCursor = rowsRead > limit ? last!.Encode(list.Seal) : null };

            void Flush()
            {
                together = Math.Min(2 * together, ReadHelpers.DaysAtOnce);
                if (skip > 0) PassBefore(days, list, ahead, ref skip);
                Dictionary<DateOnly, DayRows<T>> parts = ahead.ToDictionary(static part => part.Day);
                _helpers.InDays(days, [.. parts.Keys], (day, database) => ReadDay(database, list, parts[day], limit, limit + 1L - rowsRead));
                foreach (DayRows<T> part in ahead)
                {
                    foreach ((ListCursor row, T? item) in part.Rows)
                    {
                        if (++rowsRead > limit) break;
                        last = row;
                        if (item is not null && list.IsShown?.Invoke(item) != false) items.Add(item);
                    }

                    if (rowsRead > limit) break;
                }

                ahead.Clear();
            }
        });
    }

    // Rows behind that of a cursor, which is of the same day.
    private static SqlConditions Behind<T>(DayList<T> list, ListCursor after)
        where T : class
    {
        object id = list.Table == "m." ? Convert.FromHexString(after.Id) : after.Id;
        return list.Where.Copy().And($"({list.Table}started_at, {list.Table}id) {(list.Ascending ? ">" : "<")} (?, ?)", after.Number, id);
    }

    // Takes days away that stand before the page as a whole, and says how many rows of the next one do.
    private void PassBefore<T>(OpenDays days, DayList<T> list, List<DayRows<T>> ahead, ref long skip)
        where T : class
    {
        Dictionary<DateOnly, DayRows<T>> parts = ahead.ToDictionary(static part => part.Day);

        // What stands behind a cursor is counted by itself, whatever sums tell of its day.
        Func<MessageSums, long>? countIn = list.Cursor is null ? list.CountIn : null;
        long[] counts = CountDays(days, [.. ahead.Select(static part => part.Day)], list.From, list.To, day => parts[day].Where, list.Counted, list.Asked, null, countIn);
        int passed = 0;
        for (; passed < counts.Length && counts[passed] <= skip; passed++) skip -= counts[passed];
        ahead.RemoveRange(0, passed);
        if (ahead.Count == 0) return;
        ahead[0].Skip = skip;
        skip = 0;
    }

    // On any one thread.
    private static void ReadDay<T>(SqliteDatabase database, DayList<T> list, DayRows<T> part, int limit, long most)
        where T : class
    {
        if (list.Asked is { LeadsByText: true }) database.InOneState(() => Read(DriveByText(database, list, part.Where, part.Seal, MostOfPage(database, limit)) ? ByDocument : null));
        else Read(DrivesByOutcome(list.Asked, part.Seal, part.Where) ? ByOutcome : null);

        void Read(string? tables)
        {
            using SqliteStatement rows = part.Where.Bound(database, SqlOf(list, part.Where, tables), most).Bind(part.Skip);
            while (rows.Step())
                part.Rows.Add((new ListCursor(rows.Long(0), "", list.Table == "m." ? Convert.ToHexStringLower(rows.Blob(1)) : rows.Text(1)), list.Read(rows)));
        }
    }

    /// <summary>A day of a page that is put together.</summary>
    /// <param name="Day">The day.</param>
    /// <param name="Seal">What is known of it.</param>
    /// <param name="Where">What is asked of it.</param>
    private sealed record DayRows<T>(DateOnly Day, MessageSeal? Seal, SqlConditions Where)
        where T : class
    {
        /// <summary>Rows of it that stand before the page.</summary>
        public long Skip { get; set; }

        /// <summary>Its rows, and what they are; null for one that cannot be read.</summary>
        public List<(ListCursor Row, T? Item)> Rows { get; } = [];
    }

    /// <summary>What a page of a list is asked, of every day of it.</summary>
    /// <param name="Seal">What its cursors belong to.</param>
    /// <param name="Cursor">Where to go on; null for the start.</param>
    /// <param name="From">Started at or after.</param>
    /// <param name="To">Started before.</param>
    /// <param name="Ascending">Earliest first.</param>
    /// <param name="Limit">Items on the page.</param>
    /// <param name="Skip">Items before it.</param>
    /// <param name="Where">Conditions.</param>
    /// <param name="Columns">Columns, the start and the id first.</param>
    /// <param name="Counted">Tables that its rows are counted in.</param>
    /// <param name="Table">The table that has the start and the id, with a dot.</param>
    /// <param name="Read">Reads a row; null where it cannot be read.</param>
    private sealed record DayList<T>(
        string Seal, string? Cursor, Timestamp? From, Timestamp? To, bool Ascending, int Limit, long Skip, SqlConditions Where, string Columns, string Counted, string Table, Func<SqliteStatement, T?> Read)
        where T : class
    {
        /// <summary>Tables that its rows are read from, where these are others.</summary>
        public string? Tables { get; init; }

        /// <summary>Leaves out items that are not meant; null for none.</summary>
        public Func<T, bool>? IsShown { get; init; }

        /// <summary>Adds what other days tell of an item.</summary>
        public Func<OpenDays, T, T>? Complete { get; init; }

        /// <summary>What it asks by keys and texts.</summary>
        public AskedMessages? Asked { get; init; }

        /// <summary>False for a day that has nothing of it for sure; null where sums do not tell.</summary>
        public Func<MessageSums, bool>? MayBeIn { get; init; }

        /// <summary>How much a whole day has of it; null where sums do not tell.</summary>
        public Func<MessageSums, long>? CountIn { get; init; }
    }
}
