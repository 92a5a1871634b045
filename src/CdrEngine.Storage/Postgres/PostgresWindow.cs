using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

/// <summary>Some days that are asked together: what has to be found out before they can be is found out once for all of them, with one question each. One thread.</summary>
/// <param name="session">A connection.</param>
/// <param name="texts">Which calls have a text; null where nothing tells.</param>
/// <param name="days">The days.</param>
/// <param name="seals">The seals of those that have one.</param>
internal sealed class PostgresWindow(PostgresSession session, PostgresTexts? texts, IReadOnlyList<StoredDay> days, IReadOnlyDictionary<DateOnly, PostgresDaySeal>? seals = null)
{
    private readonly Dictionary<(string Text, TextFields Fields, bool IsWhole, long Most), Dictionary<DateOnly, List<long>>?> _documents = [];
    private readonly Dictionary<(string Begin, int Most), bool> _rare = [];
    private Dictionary<DateOnly, SessionCallees>? _callees;

    private DateOnly[] Named { get; } = [.. days.Select(static day => day.Day)];

    /// <summary>The calls that have the only text that is asked for, by day, where they are known already; days that have none are left out.</summary>
    public Dictionary<DateOnly, List<long>>? Known { get; init; }

    /// <summary>Of which beginnings of numbers it is known whether few calls of a day that is over have them, for all windows of a question; null for none.</summary>
    public Dictionary<(string Begin, int Most), bool>? Rare { get; init; }

    /// <summary>The seals.</summary>
    public IReadOnlyDictionary<DateOnly, PostgresDaySeal> Seals => seals ?? new Dictionary<DateOnly, PostgresDaySeal>();

    /// <summary>The documents of the calls that have a text, by day; null where nothing tells them, or they are more than <paramref name="most"/> a day on the average.</summary>
    public Dictionary<DateOnly, List<long>>? DocumentsOf(TextNeedle needle, long most)
    {
        if (texts is null) return null;
        if (Known is not null && Named.All(Known.ContainsKey)) return Named.Sum(day => (long)Known[day].Count) <= (double)most * Named.Length ? Known : null;
        (string, TextFields, bool, long) key = (Convert.ToHexString(needle.Utf8), needle.Fields, needle.IsWhole, most);
        if (_documents.TryGetValue(key, out Dictionary<DateOnly, List<long>>? known)) return known;
        Dictionary<DateOnly, List<long>>? found = texts.Find(session, days, needle, most > long.MaxValue / days.Count ? long.MaxValue : most * days.Count, seals)?.Days;
        _documents.Add(key, found);
        return found;
    }

    /// <summary>Whether few calls have a number that begins so: on one of the days, which the others resemble.</summary>
    public bool IsRare(string begin, int most)
    {
        Dictionary<(string Begin, int Most), bool> told = Rare is { } all && Seals.ContainsKey(Named[0]) ? all : _rare;
        if (told.TryGetValue((begin, most), out bool known)) return known;
        var where = new SqlConditions();
        where.And("n.day = ? AND n.number BETWEEN ? AND ?", Named[0], begin, begin + "\U0010FFFF");
        bool isRare = session.Scalar($"SELECT count(*) FROM (SELECT 1 FROM call_numbers n{where} LIMIT ?) k", [.. where.Arguments, most + 1L]) <= most;
        told.Add((begin, most), isRare);
        return isRare;
    }

    /// <summary>The calls of a day with one of some callees, and their sessions.</summary>
    public SessionCallees CalleesOf(DateOnly day, IReadOnlyList<string> numbers)
    {
        if (_callees is null)
        {
            _callees = [];
            using PostgresRows rows = session.Query(
                "SELECT c.day, c.id, c.session_id FROM call_numbers n JOIN calls c ON c.day = n.day AND c.started_at = n.started_at AND c.id = n.id "
                + "WHERE n.number = ANY (?) AND n.day = ANY (?) AND c.day = ANY (?) AND (n.roles & ?) <> 0",
                numbers.Distinct(StringComparer.Ordinal).ToArray(),
                Named,
                Named,
                (long)CallRow.CalleeRole);
            while (rows.Step())
            {
                if (!_callees.TryGetValue(rows.Day(0), out SessionCallees? its)) _callees.Add(rows.Day(0), its = new SessionCallees([], []));
                its.Ids.Add(rows.Blob(1));
                if (rows.TextOrNull(2) is { } of) its.Sessions.Add(of);
            }
        }

        return _callees.GetValueOrDefault(day) ?? new SessionCallees([], []);
    }

    /// <summary>Calls with a callee that is asked for.</summary>
    /// <param name="Ids">Their ids.</param>
    /// <param name="Sessions">The sessions that they name.</param>
    internal sealed record SessionCallees(List<byte[]> Ids, HashSet<string> Sessions);
}
