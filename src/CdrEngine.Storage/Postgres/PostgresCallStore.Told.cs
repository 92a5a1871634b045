using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Postgres;

// Days that were written when less was told of calls beside their records. The records are read for it once: in the background, and before, where somebody asks for just that.
internal sealed partial class PostgresCallStore
{
    // Records in a transaction.
    private const int ToldTogether = 1_000;

    private static readonly string Kinds = ((int)CallTraits.MakesKind).ToString(CultureInfo.InvariantCulture);

    private volatile bool _isAllTold;

    // What is asked for must have been told of all calls that come into question.
    private void TellDays(CallQuery query)
    {
        if (_isAllTold || !AsksNewly(query)) return;
        DateOnly first = query.From is { } from ? DateOnly.FromDateTime(from.ToDateTime()) : DateOnly.MinValue, last = query.To is { } to ? DateOnly.FromDateTime(to.ToDateTime()) : DateOnly.MaxValue;
        TellDays(first, last, default);
    }

    private static bool AsksNewly(CallQuery query) =>
        query.CallerCodec is not null || query.CalleeCodec is not null || query.Traits.Any(static match => ((match.Has | match.Lacks) & CallTraits.MakesKind) != 0) || query.Labels.Count > 0
        || query.Ranges.Any(static range => range.Label is not null) || query.Any.Any(AsksNewly);

    private void TellDays(DateOnly first, DateOnly last, CancellationToken stop)
    {
        if (_isAllTold) return;
        List<DateOnly> days = _database.Read(session =>
        {
            var untold = new List<DateOnly>();
            using PostgresRows rows = session.Query("SELECT day FROM record_days WHERE NOT is_told AND day BETWEEN ? AND ? ORDER BY day DESC", first, last);
            while (rows.Step()) untold.Add(rows.Day(0));
            return untold;
        });

        // New days are told from the start, so there are never more.
        if (days.Count == 0 && first == DateOnly.MinValue && last == DateOnly.MaxValue) _isAllTold = true;
        foreach (DateOnly day in days)
        {
            (long StartedAt, byte[] Id)? after = (long.MinValue, []);
            while (after is { } from && !stop.IsCancellationRequested)
            {
                lock (_writing) _database.Transact(Writer, session => { after = TellSome(session, day, from.StartedAt, from.Id); }, isLong: true);
            }
        }
    }

    // Behind which call to go on; null where nothing is left of the day. What was broken off goes on at calls that are not told.
    private static (long StartedAt, byte[] Id)? TellSome(PostgresSession session, DateOnly day, long startedAt, byte[] id)
    {
        var times = new List<long>();
        var ids = new List<byte[]>();
        var traits = new List<long?>();
        var callers = new List<string>();
        var callees = new List<string>();
        var documents = new List<long>();
        var labels = new List<string>();
        using (PostgresRows rows = session.Query(
            "SELECT c.started_at, c.id, d.json, c.document FROM calls c JOIN call_documents d ON d.day = c.day AND d.document = c.document "
            + "WHERE c.day = ? AND (c.started_at, c.id) > (?, ?) AND (c.caller_codec IS NULL OR d.labels IS NULL) ORDER BY c.started_at, c.id LIMIT ?",
            day,
            startedAt,
            id,
            (long)ToldTogether))
        {
            while (rows.Step())
            {
                // Of a record that cannot be read nothing is told.
                bool isRead = CallRecordJson.TryRead(rows.Blob(2), out CallRecord? record);
                documents.Add(rows.Long(3));
                labels.Add(PostgresTexts.LabelsOf(CallLabels.Read(rows.Blob(2))));
                times.Add(rows.Long(0));
                ids.Add(rows.Blob(1));
                traits.Add(isRead ? (long)CallTraitsReader.Of(record!) : null);
                callers.Add(PostgresText.Clean(CallProfile.CodecOf(isRead ? record!.Caller.Codec : null)));
                callees.Add(PostgresText.Clean(CallProfile.CodecOf(isRead ? record!.Callee.Codec : null)));
            }
        }

        if (ids.Count == 0)
        {
            session.Execute("UPDATE record_days SET is_told = true, version = version + 1, seal = 0 WHERE day = ?", day);
            return null;
        }

        session.Execute(
            "UPDATE calls c SET traits = coalesce(u.traits::integer, c.traits), caller_codec = u.caller, callee_codec = u.callee, kinds = nullif(coalesce(u.traits, 0) & " + Kinds + ", 0) "
            + "FROM unnest(?::bigint[], ?::bytea[], ?::bigint[], ?::text[], ?::text[]) u (started_at, id, traits, caller, callee) WHERE c.day = ? AND c.started_at = u.started_at AND c.id = u.id",
            times.ToArray(),
            ids.ToArray(),
            traits.ToArray(),
            callers.ToArray(),
            callees.ToArray(),
            day);
        session.Execute(
            "UPDATE call_documents d SET labels = u.labels FROM unnest(?::bigint[], ?::text[]) u (document, labels) WHERE d.day = ? AND d.document = u.document", documents.ToArray(), labels.ToArray(), day);
        return (times[^1], ids[^1]);
    }
}
