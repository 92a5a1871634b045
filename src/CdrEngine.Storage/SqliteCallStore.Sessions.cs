using System.Collections.Concurrent;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// The calls of several sessions at once: those of one day with one look at its file, several days side by side.
public sealed partial class SqliteCallStore
{
    internal const string OfSession = "SELECT id, document FROM calls WHERE session_id = ?1";
    internal const string OwnOfSession = "SELECT id, document FROM calls WHERE id = ?1 AND session_id IS NULL";

    /// <inheritdoc />
    public IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? OfSessions(IReadOnlyCollection<string> sessions)
    {
        var named = new List<(string Session, DateOnly Day, byte[] Id)>(sessions.Count);
        byte[] bytes = new byte[CallRow.IdBytes];
        foreach (string session in sessions.Distinct(StringComparer.Ordinal))
        {
            // An id may name a day that a query by times would not reach.
            if (CallRow.TryReadId(session, out DateOnly day, bytes) && day != DateOnly.MaxValue) named.Add((session, day, [.. bytes]));
        }

        if (named.Count == 0) return null;
        ILookup<DateOnly, (string Session, DateOnly Day, byte[] Id)> byDay = named.ToLookup(static one => one.Day);
        var found = new ConcurrentBag<(string Session, CallRecord Record)>();
        Reading(days =>
        {
            _helpers.InDays(days, [.. byDay.SelectMany(static its => (DateOnly[])[its.Key, its.Key.AddDays(1)]).Distinct().Order()], (day, database) =>
            {
                foreach ((string session, _, byte[] id) in byDay[day])
                {
                    Add(database.Prepare(OwnOfSession).BindBlob(id.AsSpan()), session);
                    Add(database.Prepare(OfSession).Bind(session), session);
                }

                foreach ((string session, _, _) in byDay[day.AddDays(-1)]) Add(database.Prepare(OfSession).Bind(session), session);

                void Add(SqliteStatement calls, string session)
                {
                    using SqliteStatement each = calls;
                    while (calls.Step())
                    {
                        if (!IsHidden(database, day, calls.Blob(0).ToArray()) && RecordOf(database, calls.Long(1)) is { } record) found.Add((session, record));
                    }
                }
            });
            return true;
        });
        ILookup<string, CallRecord> records = found.ToLookup(static call => call.Session, static call => call.Record, StringComparer.Ordinal);
        return named.ToDictionary(static one => one.Session, one => (IReadOnlyList<CallRecord>)[.. records[one.Session].OrderBy(static call => call.StartedAt).ThenBy(static call => call.Id, StringComparer.Ordinal)], StringComparer.Ordinal);
    }
}
