using System.Globalization;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>The seals of days in memory: those of the latest days, as many as fit. Any thread.</summary>
/// <param name="capacity">Bytes of all together.</param>
internal sealed class PostgresSeals(long capacity)
{
    // Different profiles of all days; see FiguresKept.
    private const int MostProfiles = 250_000;

    // Days whose seals are read with one question.
    private const int ReadTogether = 32;

    private readonly Lock _lock = new();
    private (ProfileIndex Index, SealsKept<PostgresDaySeal> Kept) _now = (new ProfileIndex(), new SealsKept<PostgresDaySeal>(capacity));

    /// <summary>The seals of those of some days that have one; what is not in memory is read.</summary>
    public Dictionary<DateOnly, PostgresDaySeal> Of(PostgresSession session, IReadOnlyList<StoredDay> days)
    {
        (ProfileIndex index, SealsKept<PostgresDaySeal> kept) = Now();
        var seals = new Dictionary<DateOnly, PostgresDaySeal>(days.Count);
        List<StoredDay>? missing = null;
        foreach (StoredDay day in days)
        {
            if (day.Seal == 0) continue;
            if (!kept.TryFind(day.Day, StampOf(day), out PostgresDaySeal? seal)) (missing ??= []).Add(day);
            else if (seal is not null) seals.Add(day.Day, seal);
        }

        if (missing is null) return seals;

        // Those that are asked for first are kept first: the latest.
        foreach (StoredDay[] some in missing.OrderByDescending(static day => day.Day).Chunk(ReadTogether))
        {
            Dictionary<DateOnly, Dictionary<string, byte[]>> parts = Parts(session, some);
            Dictionary<DateOnly, List<PostgresTexts.Segment>> segments = PostgresTexts.Segments(session, [.. some.Select(static day => day.Day)], PostgresTextSource.Calls);
            foreach (StoredDay day in some)
            {
                List<PostgresTexts.Segment> its = segments.GetValueOrDefault(day.Day) ?? [];
                PostgresDaySeal? seal = parts.TryGetValue(day.Day, out Dictionary<string, byte[]>? read) ? PostgresDaySeal.Read(read, day.LastDocument, its, index) : null;

                // Made anew between two questions: its texts are those of another seal.
                if (its.Count == 0 || its[^1].Last < day.LastDocument) seal = null;
                kept.Keep(day.Day, StampOf(day), seal);
                if (seal is not null) seals.Add(day.Day, seal);
            }
        }

        return seals;
    }

    /// <summary>Reads the seal of a day again when it is next asked for: it has come to tell more.</summary>
    public void Forget(DateOnly day) => Now().Kept.Forget(day);

    private (ProfileIndex Index, SealsKept<PostgresDaySeal> Kept) Now()
    {
        lock (_lock)
        {
            // One that has come to know too many is let go of, with all that was kept.
            if (_now.Index.Count >= MostProfiles) _now = (new ProfileIndex(), new SealsKept<PostgresDaySeal>(capacity));
            return _now;
        }
    }

    private static DayStamp StampOf(StoredDay day) => new(day.Seal.ToString(CultureInfo.InvariantCulture), IsSettled: true);

    private static Dictionary<DateOnly, Dictionary<string, byte[]>> Parts(PostgresSession session, StoredDay[] days)
    {
        var parts = new Dictionary<DateOnly, Dictionary<string, byte[]>>();
        DateOnly[] named = [.. days.Select(static day => day.Day)];
        var seals = days.ToDictionary(static day => day.Day, static day => day.Seal);
        foreach ((_, PostgresRows row) in session.QueryAll([
            ("SELECT s.day, s.name, s.value, s.seal FROM day_seals s WHERE s.day = ANY (?)", [named]),
            ("SELECT s.day, s.name, s.value, s.seal FROM day_calls s WHERE s.day = ANY (?)", [named])]))
        {
            if (seals[row.Day(0)] != row.Long(3)) continue;
            if (!parts.TryGetValue(row.Day(0), out Dictionary<string, byte[]>? its)) parts.Add(row.Day(0), its = new Dictionary<string, byte[]>(StringComparer.Ordinal));
            its[row.Text(1)] = row.Blob(2);
        }

        return parts;
    }
}
