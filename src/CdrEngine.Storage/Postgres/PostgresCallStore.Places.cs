using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Days that are over and of which it is known in memory which calls a query finds: of these alone records are read, and nothing else.
internal sealed partial class PostgresCallStore
{
    private long _knownPages;

    /// <summary>Pages of days so far that were told by memory: for tests.</summary>
    internal long KnownPages => Interlocked.Read(ref _knownPages);

    // Whether memory may tell the calls of a day: all of it is asked for, and nothing of it was deleted.
    private static PostgresDaySeal? SealOf(Asked asked, StoredDay day) =>
        asked.QuestionOn(day.Day).Calls is not null && asked.Store.IsWhole(day) && IsWholeDay(asked.Query, day.Day) ? asked.Seals.GetValueOrDefault(day.Day) : null;

    // What of numbers memory tells; gives the days of which it does not.
    private static List<StoredDay> FindPlaces(Asked asked)
    {
        if ((asked.Question.Whenever ?? asked.Question).Calls is not { } calls || asked.Question.Needles.Count > 0) return asked.Days.FindAll(day => !asked.Places.ContainsKey(day.Day));
        bool asksNumbers = calls.HasNumbers || calls.Any.Any(static one => one.HasNumbers);
        var rest = new List<StoredDay>();
        foreach (StoredDay day in asked.Days)
        {
            if (asked.Places.ContainsKey(day.Day)) continue;
            if (SealOf(asked, day) is not { } seal || asked.QuestionOn(day.Day).PlacesIn(day.Day, seal) is not { } places) rest.Add(day);
            else asked.Tell(day.Day, places, asksNumbers);
        }

        asked.Days.RemoveAll(day => asked.Counted.TryGetValue(day.Day, out long told) && told == 0);
        return rest;
    }

    // The calls that have the texts asked for, as far as they are known, and meet what else is asked.
    private static void TellTexts(Asked asked, List<StoredDay> days, Dictionary<DateOnly, List<long>> found)
    {
        foreach (StoredDay day in days)
        {
            if (SealOf(asked, day) is { } seal && asked.QuestionOn(day.Day).PlacesIn(day.Day, seal, found.GetValueOrDefault(day.Day) ?? []) is { } places) asked.Tell(day.Day, places, isCounted: true);
        }
    }

    // The rows of a frame, without keys and ids; null where memory does not tell them.
    private List<FoundCall>? PlacedRows(Asked asked, PostgresFrame frame)
    {
        StoredDay day = frame.Days[0];
        if ((asked.Places.GetValueOrDefault(day.Day) ?? PlacesLeft(asked, day)) is not { } places || asked.Seals[day.Day].Seal is not { Calls: { } known, Profiles: { } profiles }) return null;
        if (frame.Mark is { } mark) places = places.Where(place => known.DocumentOf(place) <= mark);
        if (frame.After is { } after && after.Day == day.Day)
        {
            if (PlaceOf(asked.Session, known, after) is not { } at) return null;
            places = known.Behind(places, at, asked.Query.Ascending);
        }

        Interlocked.Increment(ref _knownPages);
        CallTraits judged = frame.Judged;
        return
        [
            .. places.Skip((int)Math.Min(frame.Offset, int.MaxValue)).Take(frame.Limit).Select(place => new FoundCall(0, day.Day, [], known.DocumentOf(place), known.TenantOf(place) is { Length: > 0 } tenant ? tenant : null)
            {
                IsJudged = (profiles.Index.ProfileOf(profiles.ProfileOf(known.DocumentOf(place))!.Value).Traits & judged) == judged,
            }),
        ];
    }

    private static int? PlaceOf(PostgresSession session, DayCalls known, CallCursor after)
    {
        if (after.Document > 0) return known.PlaceOf(after.Document);
        using PostgresRows rows = session.Query("SELECT c.document FROM calls c WHERE c.day = ? AND c.started_at = ? AND c.id = ?", after.Day, after.Key, after.Id);
        return rows.Step() ? known.PlaceOf(rows.Long(0)) : null;
    }

    // Reads the records of rows that memory told, and with them their keys and ids.
    private void Fill(PostgresSession session, List<FoundCall> found, int count)
    {
        int[] open = [.. Enumerable.Range(0, count).Where(i => found[i].Id.Length == 0)];
        if (open.Length == 0) return;
        CallRecord?[] records = Records(session, [.. open.Select(i => found[i])]);
        byte[] id = new byte[CallRow.IdBytes];
        for (int i = 0; i < open.Length; i++)
        {
            FoundCall call = found[open[i]];
            if (records[i] is { } record && CallRow.TryReadId(record.Id, out DateOnly day, id) && day == call.Day)
            {
                found[open[i]] = call with { Key = record.StartedAt.Microseconds, Id = [.. id], Record = record };
                continue;
            }

            // One that cannot be read has its place on the list all the same.
            using PostgresRows rows = session.Query("SELECT c.started_at, c.id FROM calls c WHERE c.day = ? AND c.document = ?", call.Day, call.Document);
            if (rows.Step()) found[open[i]] = call with { Key = rows.Long(0), Id = rows.Blob(1), IsUnreadable = true };
        }
    }
}
