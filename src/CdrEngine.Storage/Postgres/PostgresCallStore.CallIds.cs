using System.Data;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// Call-IDs of sealed days in order, which groups of days do not have: nearly each call has its own. Read from the day's documents once, ten bytes a call.
internal sealed partial class PostgresCallStore
{
    // Days whose Call-IDs are read with one message.
    private const int CallIdDaysTogether = 16;

    private readonly CallIdsKept _callIds;
    private long _callIdsRead;
    private long _callIdsLookedUp;

    /// <summary>Days so far whose Call-IDs were read: for tests.</summary>
    internal long CallIdsRead => Interlocked.Read(ref _callIdsRead);

    /// <summary>Days so far in which it was looked up where a Call-ID stands: for tests.</summary>
    internal long CallIdsLookedUp => Interlocked.Read(ref _callIdsLookedUp);

    /// <summary>The plans for reading the Call-IDs of a day, and for looking at some: for tests.</summary>
    internal (List<string> InOrder, List<string> OfDocuments) ExplainCallIds(DateOnly day) => _database.Read(session =>
    {
        return (Plan(CallIdsInOrder(day)), Plan(CallIdsOfDocuments(day, [1, 2])));

        List<string> Plan((string Sql, object?[] Arguments) question)
        {
            var lines = new List<string>();
            using PostgresRows rows = session.Query("EXPLAIN (COSTS OFF) " + question.Sql, question.Arguments);
            while (rows.Step()) lines.Add(rows.Text(0));
            return lines;
        }
    });

    // An empty one is one as well, as it is for conditions.
    private static (string Sql, object?[] Arguments) CallIdsInOrder(DateOnly day) =>
        ("SELECT d.document, d.sip_call_id FROM call_documents d WHERE d.day = ? ORDER BY d.sip_call_id", [day]);

    private static (string Sql, object?[] Arguments) CallIdsOfDocuments(DateOnly day, long[] documents) =>
        ("SELECT d.sip_call_id FROM call_documents d WHERE d.day = ? AND d.document = ANY (?)", [day, documents]);

    // Which calls of days meet what Call-IDs are held against, as far as memory tells with a look at some of them.
    private void FindCallIds(Asked asked, IEnumerable<TextRange> ranges, List<StoredDay> days)
    {
        TextRange[] each = [.. ranges.Where(static range => range.Of == TextOf.SipCallId && range.Sense != TextSense.Contains).Distinct()];
        if (each.Length == 0) return;
        Dictionary<DateOnly, DayCallIds> known = CallIdsOf(asked.Session, days, asked.Seals);
        var open = new List<(TextRange Range, DateOnly Day, int Below, long[] Documents)>();
        foreach (TextRange range in each)
        {
            string text = PostgresText.Clean(range.Text);
            foreach ((DateOnly day, DayCallIds ids) in known)
            {
                if (range.Sense == TextSense.Present) Tell(range, day, 0, isThere: false);
                else if (ids.Find(text) is { } told) Tell(range, day, told.Below, told.IsThere);
                else if (ids.Near(text) is var (below, behind) && behind - below <= TextRanges.MostLookedUp)
                    open.Add((range, day, below, [.. ids.Ranks.PlacesOf(below + 1, behind - below).Select(asked.Seals[day].Seal.Calls!.DocumentOf)]));
            }
        }

        Interlocked.Add(ref _callIdsLookedUp, open.Count);
        foreach ((TextRange Range, DateOnly Day, int Below, long[] Documents)[] some in open.Chunk(LookedUpTogether))
        {
            (int Below, bool IsThere)[] places = [.. some.Select(static one => (one.Below, false))];
            foreach ((int at, PostgresRows row) in asked.Session.QueryAll(some.Select(static one => CallIdsOfDocuments(one.Day, one.Documents))))
            {
                int order = Encoding.UTF8.GetBytes(row.Text(0)).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(PostgresText.Clean(some[at].Range.Text)));
                places[at] = (places[at].Below + (order < 0 ? 1 : 0), places[at].IsThere || order == 0);
            }

            for (int at = 0; at < some.Length; at++) Tell(some[at].Range, some[at].Day, places[at].Below, places[at].IsThere);
        }

        void Tell(TextRange range, DateOnly day, int below, bool isThere) =>
            asked.ByRange[(range, day)] = known[day].Meeting([new PlacedRange(range, below, isThere)], asked.Seals[day].Seal.Calls!.Places);
    }

    // Those of days whose calls memory has; what is not kept is read, as far as there is room.
    private Dictionary<DateOnly, DayCallIds> CallIdsOf(PostgresSession session, IEnumerable<StoredDay> days, Dictionary<DateOnly, PostgresDaySeal> seals)
    {
        var all = new Dictionary<DateOnly, DayCallIds>();
        var missing = new List<(StoredDay Day, DayCalls Known)>();
        long room = _callIds.Room;
        foreach (StoredDay day in days)
        {
            if (seals.GetValueOrDefault(day.Day)?.Seal.Calls is not { } known || known.Places > DayCallIds.MostCalls) continue;
            if (_callIds.TryFind(day.Day, StampOf(day), out DayCallIds? kept))
            {
                if (kept is not null) all.Add(day.Day, kept);
            }
            else if (DayCallIds.SizeOf(known.Places) is var size && size <= room)
            {
                missing.Add((day, known));
                room -= size;
            }
        }

        Interlocked.Add(ref _callIdsRead, missing.Count);
        foreach ((StoredDay Day, DayCalls Known)[] some in missing.Chunk(CallIdDaysTogether))
        {
            DayCallIds.Builder[] builders = [.. some.Select(static one => new DayCallIds.Builder(one.Known.Places, DayCallIds.Steps))];
            foreach ((int at, PostgresRows row) in session.QueryAll(some.Select(static one => CallIdsInOrder(one.Day.Day))))
            {
                // Documents without a call are none.
                if (some[at].Known.PlaceOf(row.Long(0)) is { } place) builders[at].Add(Encoding.UTF8.GetBytes(row.Text(1)), place);
            }

            for (int at = 0; at < some.Length; at++)
            {
                DayCallIds? ids = builders[at].Build();
                _callIds.Keep(some[at].Day.Day, StampOf(some[at].Day), DayCallIds.SizeOf(some[at].Known.Places), ids);
                if (ids is not null) all.Add(some[at].Day.Day, ids);
            }
        }

        return all;
    }

    private TextSpread? SpreadOfCallIds() => _database.Read(session =>
    {
        using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
        List<StoredDay> days = DaysOf(session, new CallQuery()).Days;
        return _callIds.SpreadOf(CallIdsOf(session, days, _seals.Of(session, days)).Values);
    });
}
