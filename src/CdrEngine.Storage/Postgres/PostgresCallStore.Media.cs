using System.Data;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// Media sessions: lists in order of their calls. Of days that are over memory tells which a query finds, and the documents of their calls alone are read.
internal sealed partial class PostgresCallStore
{
    /// <inheritdoc />
    public MediaSessionRecord? GetMediaSession(string id)
    {
        if (!MediaSessionId.TryRead(id, out string callId, out int index) || Get(callId) is not { } call) return null;
        return call.MediaSessions.FirstOrDefault(session => session.Index == index);
    }

    /// <inheritdoc />
    public MediaSessionPage ListMediaSessions(MediaSessionQuery query)
    {
        string seal = string.Create(
            CultureInfo.InvariantCulture,
            $"media|{query.From}|{query.To}|{query.Type}|{query.CallId}|{query.Codec}|{query.MosBelow}|{query.Address}|{(int)query.Flags}|{query.Tenant}|{query.Ascending}");
        RowCursor? after = null;
        if (query.Cursor is { } text && !RowCursor.TryDecode(text, seal, out after)) return new MediaSessionPage { MediaSessions = [], CursorRejected = true };
        int limit = Math.Clamp(query.Limit, 1, CallQuery.MaxLimit);
        return _database.Read(session =>
        {
            // What memory tells, and the records that are read by it, are of one moment, though a writer goes on.
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
            long skip = Math.Max(0, query.Skip);
            if (AskedOf(session, query, after, wantsSums: skip > 0) is not { } asked) return new MediaSessionPage { MediaSessions = [] };

            // Of a cursor's day what stands behind it; the days that follow are passed by their counts.
            List<StoredDay> days = asked.Days;
            while (skip > 0 && days.Count > 0 && CountDay(asked, days[0]) is var count && count <= skip)
            {
                skip -= count;
                days.RemoveAt(0);
            }

            var found = new List<FoundMedia>();
            bool isCounted = MediaFigures.AsksOnlySums(query) && asked.Sums is not null;
            foreach (List<StoredDay> together in PostgresDays.Together(days, day => isCounted ? asked.Sums!.GetValueOrDefault(day.Day) : null, () => limit + 1 - found.Count))
            {
                if (found.Count > limit) break;
                foreach (List<FoundMedia> rows in RowsOf(asked, together, limit + 1 - found.Count, skip)) found.AddRange(rows.Take(limit + 1 - found.Count));
                skip = 0;
            }

            bool more = found.Count > limit;
            if (more) found.RemoveRange(limit, found.Count - limit);
            List<FoundCall> calls = CallsOf(session, found);
            return new MediaSessionPage { MediaSessions = Sessions(session, found, calls), NextCursor = more ? CursorAt(found[^1], calls[^1]).Encode(seal) : null };
        });
    }

    /// <inheritdoc />
    public long CountMediaSessions(MediaSessionQuery query) => _database.Read(session =>
    {
        using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
        return AskedOf(session, query, after: null, wantsSums: true) is { } asked ? asked.Days.Sum(day => CountDay(asked, day)) : 0;
    });

    private static SqlConditions In(IReadOnlyList<StoredDay> window, SqlConditions where, PostgresDays store, string table)
    {
        SqlConditions here = where.Copy();
        DateOnly first = window.Min(static day => day.Day), last = window.Max(static day => day.Day);
        if (first == last) here.And($"{table}.day = ?", first);
        else here.And($"{table}.day BETWEEN ? AND ?", first, last);
        store.AndShown(here, window, table);
        return here;
    }

    // Null where nothing can match. Days that have nothing of it for sure are left out.
    private AskedMedia? AskedOf(PostgresSession session, MediaSessionQuery query, RowCursor? after, bool wantsSums)
    {
        if (FilterOf(query, out DateOnly? only) is not { } where) return null;
        PostgresDays store = PostgresDays.Read(session, query.From, query.To);
        List<StoredDay> days = store.InOrder(query.Ascending);
        days.RemoveAll(day => (only is { } named && named != day.Day) || IsBehind(after, day.Day, query.Ascending));
        MediaSessionQuery sought = query with { Tenant = PostgresText.CleanOrNull(query.Tenant), Codec = PostgresText.CleanOrNull(query.Codec) };
        Dictionary<DateOnly, PostgresDaySeal> seals = query.CallId is null ? _seals.Of(session, days) : s_noSeals;
        if (MediaFigures.AsksAny(query)) days.RemoveAll(day => seals.TryGetValue(day.Day, out PostgresDaySeal? seal) && !seal.Media.MayHave(sought));
        Dictionary<DateOnly, long>? sums = wantsSums || query.Type is not null || query.Tenant is not null ? MediaSums(session, query) : null;
        if (sums is not null) days.RemoveAll(day => !sums.ContainsKey(day.Day));

        // Of a tenant without a name columns and profiles say different things.
        AskedCalls? calls = query is { CallId: null, Tenant: not "" } ? AskedCalls.Of(new CallQuery { Tenant = sought.Tenant }) : null;
        return new AskedMedia(session, store, days, sought, where, seals) { After = after, Sums = sums, Calls = calls };
    }

    // The rows of each day, in their order: what memory tells is not asked for. What is left out is of the first day.
    private List<List<FoundMedia>> RowsOf(AskedMedia asked, List<StoredDay> days, int most, long skip)
    {
        var rows = new List<FoundMedia>[days.Count];
        var open = new List<int>();
        for (int i = 0; i < days.Count; i++)
        {
            StoredDay day = days[i];
            rows[i] = [];
            if (Known(asked, day) is not { } known)
            {
                open.Add(i);
                continue;
            }

            Interlocked.Increment(ref _knownPages);
            DayCalls calls = asked.Seals[day.Day].Seal.Calls!;
            rows[i].AddRange(known.Skip(i == 0 ? (int)Math.Min(skip, int.MaxValue) : 0).Take(most).Select(media => new FoundMedia(day.Day, calls.DocumentOf(media.Place), media.Index, null)));
        }

        // The sessions of a call stand in order of their m-lines whichever way the calls do.
        string sense = asked.Query.Ascending ? "" : " DESC";
        foreach ((int question, PostgresRows row) in asked.Session.QueryAll(open.ConvertAll(i =>
        {
            SqlConditions here = OfMedia(asked, days[i]);
            return (
                $"SELECT m.started_at, m.day, m.id, m.session, m.document FROM media_sessions m{here} ORDER BY m.day{sense}, m.started_at{sense}, m.id{sense}, m.session LIMIT ? OFFSET ?",
                (object?[])[.. here.Arguments, (long)most, i == 0 ? skip : 0L]);
        })))
        {
            var at = new RowCursor(row.Long(0), row.Day(1), row.Blob(2), (int)row.Long(3));
            rows[open[question]].Add(new FoundMedia(at.Day, row.Long(4), at.Item, at));
        }

        return [.. rows];
    }

    // The sessions of a day that are asked for, behind the cursor; null where memory does not tell.
    private static IEnumerable<PlacedMedia>? Known(AskedMedia asked, StoredDay day)
    {
        if (asked.Calls is not { } calls || !asked.Store.IsWhole(day) || !IsWholeDay(asked.Query.From, asked.Query.To, day.Day)) return null;
        if (!asked.Seals.TryGetValue(day.Day, out PostgresDaySeal? seal) || seal.Sessions is not { } media || seal.Seal.Calls is not { } known) return null;
        IEnumerable<PlacedMedia> found = media.Find(asked.Query, calls, seal.Seal);
        if (asked.After is not { } after || after.Day != day.Day) return found;
        if ((asked.AfterPlace ??= PlaceOf(asked.Session, known, new CallCursor(after.StartedAt, after.Day, after.Id)) ?? -1) is not (>= 0 and var at)) return null;
        return found.Where(one => one.Place == at ? one.Index > after.Item : known.IsBehind(one.Place, at, asked.Query.Ascending));
    }

    private static SqlConditions OfMedia(AskedMedia asked, StoredDay day)
    {
        SqlConditions here = In([day], asked.Where, asked.Store, "m");
        if (asked.After is not { } after || after.Day != day.Day) return here;
        here.And($"(m.day, m.started_at, m.id) {(asked.Query.Ascending ? ">" : "<")}= (?, ?, ?)", after.Day, after.StartedAt, after.Id);
        return here.And("NOT (m.day = ? AND m.started_at = ? AND m.id = ? AND m.session <= ?)", after.Day, after.StartedAt, after.Id, (long)after.Item);
    }

    // The rows of a day that are asked for; of a whole day kept as long as it does not change.
    private long CountDay(AskedMedia asked, StoredDay day)
    {
        if (asked.After?.Day == day.Day) return Known(asked, day)?.LongCount() ?? CountRows(asked.Session, OfMedia(asked, day));
        MediaSessionQuery query = asked.Query;
        bool whole = IsWholeDay(query.From, query.To, day.Day);
        long most = asked.Sums?.GetValueOrDefault(day.Day) ?? 0;
        if (asked.Sums is not null && (most == 0 || (whole && MediaFigures.AsksOnlySums(query) && asked.Store.IsWhole(day)))) return most;
        string times = whole ? "" : $"{query.From}|{query.To}";
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{day.Day.DayNumber}|media|{times}|{query.Type}|{query.CallId}|{query.Codec}|{query.MosBelow}|{query.Address}|{(int)query.Flags}|{query.Tenant}");
        return _counts.GetOrAdd(
            text,
            new DayStamp($"{day.Version}|{asked.Store.MarksText}", IsSettled: true),
            () => Known(asked, day)?.LongCount() ?? CountRows(asked.Session, In([day], asked.Where, asked.Store, "m")));
    }

    // How many sessions of each day have the type and tenant asked for, deleted ones among them; days without any are left out.
    private static Dictionary<DateOnly, long> MediaSums(PostgresSession session, MediaSessionQuery query)
    {
        var where = new SqlConditions();
        if (query.Type is { } type) where.And("o.type = ?", (long)type);
        if (query.Tenant is { } tenant) where.And("o.tenant = ?", tenant);
        var sums = new Dictionary<DateOnly, long>();
        using PostgresRows rows = session.Query($"SELECT o.day, sum(o.sessions)::bigint FROM media_counts o{where} GROUP BY o.day", where.Arguments);
        while (rows.Step())
        {
            if (rows.Long(1) > 0) sums.Add(rows.Day(0), rows.Long(1));
        }

        return sums;
    }

    private static long CountRows(PostgresSession session, SqlConditions where) => session.Scalar($"SELECT count(*) FROM media_sessions m{where}", where.Arguments);

    // Null where nothing can match.
    private static SqlConditions? FilterOf(MediaSessionQuery query, out DateOnly? only)
    {
        byte[] callId = new byte[CallRow.IdBytes];
        only = null;
        var where = new SqlConditions();
        if (query.CallId is { } call)
        {
            if (!CallRow.TryReadId(call, out DateOnly day, callId)) return null;
            only = day;

            // In the table's own order, so that its primary key finds them.
            where.And("m.started_at = (SELECT c.started_at FROM calls c WHERE c.day = ? AND c.id = ?) AND m.id = ?", day, callId, callId);
        }

        return where.And(query, QueryConditions.InPostgres);
    }

    // Days that the pages before have used up.
    private static bool IsBehind(RowCursor? after, DateOnly day, bool ascending) => after is not null && (ascending ? day < after.Day : day > after.Day);

    // The calls of a page, each once, in its order; with their records where only memory told them.
    private List<FoundCall> CallsOf(PostgresSession session, List<FoundMedia> found)
    {
        List<FoundCall> calls = [.. found.DistinctBy(static row => (row.Day, row.Document)).Select(static row => new FoundCall(row.At?.StartedAt ?? 0, row.Day, row.At?.Id ?? [], row.Document, null))];
        Fill(session, calls, calls.Count);
        return calls;
    }

    // The sessions of a call stand next to each other, so the last row is of the last call.
    private static RowCursor CursorAt(FoundMedia last, FoundCall call) => last.At ?? new RowCursor(call.Key, call.Day, call.Id, last.Index);

    // A row whose document cannot be read has its place in the list, so that the cursor goes past it.
    private List<MediaSessionRecord> Sessions(PostgresSession session, List<FoundMedia> found, List<FoundCall> calls)
    {
        CallRecord?[] records = Records(session, calls);
        var byCall = new Dictionary<(DateOnly, long), CallRecord?>();
        for (int i = 0; i < calls.Count; i++) byCall[(calls[i].Day, calls[i].Document)] = records[i];
        return [.. found.Select(row => byCall[(row.Day, row.Document)]?.MediaSessions.FirstOrDefault(one => one.Index == row.Index)).OfType<MediaSessionRecord>()];
    }

    /// <summary>A media session of a page.</summary>
    /// <param name="Day">The day of its call.</param>
    /// <param name="Document">The document of its call.</param>
    /// <param name="Index">Its m-line.</param>
    /// <param name="At">Where it stands; null where memory told it.</param>
    private sealed record FoundMedia(DateOnly Day, long Document, int Index, RowCursor? At);

    /// <summary>A question about media sessions at work.</summary>
    private sealed record AskedMedia(PostgresSession Session, PostgresDays Store, List<StoredDay> Days, MediaSessionQuery Query, SqlConditions Where, Dictionary<DateOnly, PostgresDaySeal> Seals)
    {
        /// <summary>Only rows behind this one.</summary>
        public RowCursor? After { get; init; }

        /// <summary>The place of its call, once it was looked for; -1 where memory has none.</summary>
        public int? AfterPlace { get; set; }

        /// <summary>Sessions of days by what sums tell; null where nothing was asked of these.</summary>
        public Dictionary<DateOnly, long>? Sums { get; init; }

        /// <summary>Its tenant, as a question about calls; null where memory does not tell it.</summary>
        public AskedCalls? Calls { get; init; }
    }
}
