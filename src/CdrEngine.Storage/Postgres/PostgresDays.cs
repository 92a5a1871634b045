using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Storage.Postgres;

/// <summary>A day that has records.</summary>
/// <param name="Day">The day.</param>
/// <param name="LastDocument">The document stored last.</param>
/// <param name="Version">Another with every change.</param>
/// <param name="Hidden">Deleted calls of it that are named one by one.</param>
internal sealed record StoredDay(DateOnly Day, long LastDocument, long Version, long Hidden)
{
    /// <summary>Number of the seal that tells of its calls as they are; 0 for none.</summary>
    public long Seal { get; init; }

    /// <summary>Number of the group of texts that was made of it; 0 for none.</summary>
    public long Texts { get; init; }
}

/// <summary>The days that a question is about, and what of them was deleted, as they are now.</summary>
internal sealed class PostgresDays
{
    /// <summary>Condition that leaves out what was deleted, for questions after one call.</summary>
    public const string Shown =
        "NOT EXISTS (SELECT 1 FROM hidden_calls h WHERE h.day = c.day AND h.id = c.id) "
        + "AND NOT EXISTS (SELECT 1 FROM hidden_marks k WHERE c.document <= k.document AND (k.tenant = '' OR k.tenant = c.tenant))";

    /// <summary>Days that are asked together at most, each by itself.</summary>
    public const int MostTogether = 32;

    private readonly List<(string? Tenant, long Document)> _marks = [];
    private readonly List<StoredDay> _days = [];

    /// <summary>Days, ascending.</summary>
    public IReadOnlyList<StoredDay> Days => _days;

    /// <summary>Changes with every deletion of all that a tenant sees.</summary>
    public string MarksText => string.Join(',', _marks.Select(static mark => string.Create(CultureInfo.InvariantCulture, $"{mark.Tenant}:{mark.Document}")));

    /// <summary>Reads them.</summary>
    public static PostgresDays Read(PostgresSession session, Timestamp? from = null, Timestamp? to = null)
    {
        DateOnly first = from is { } earliest ? DayOf(earliest) : DateOnly.MinValue;
        DateOnly last = to is { } latest ? DayOf(latest) : DateOnly.MaxValue;
        var days = new PostgresDays();
        using PostgresRows rows = session.Query(
            "SELECT d.day, d.last_document, d.version, d.hidden, NULL::text, d.seal, d.texts FROM record_days d WHERE d.day BETWEEN ? AND ? "
            + "UNION ALL SELECT NULL, k.document, 0, 0, k.tenant, 0, 0 FROM hidden_marks k ORDER BY 1, 5",
            first,
            last);
        while (rows.Step())
        {
            if (rows.IsNull(0)) days._marks.Add((rows.Text(4) is { Length: > 0 } tenant ? tenant : null, rows.Long(1)));
            else days._days.Add(new StoredDay(rows.Day(0), rows.Long(1), rows.Long(2), rows.Long(3)) { Seal = rows.Long(5), Texts = rows.Long(6) });
        }

        return days;
    }

    /// <summary>A day as it stands in statements that are planned for it alone.</summary>
    public static string TextOf(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"DATE '{day:yyyy-MM-dd}'");

    /// <summary>Days in the sense of a list.</summary>
    public List<StoredDay> InOrder(bool ascending)
    {
        var days = _days.ToList();
        if (!ascending) days.Reverse();
        return days;
    }

    /// <summary>Days that together have as much as is wanted, as far as that is known; where it is not, first one, then ever more: where little is found, few questions are asked.</summary>
    /// <param name="days">The days, in the sense of a list.</param>
    /// <param name="most">How much a day has at most; null where nothing tells.</param>
    /// <param name="wanted">How much is wanted yet.</param>
    /// <param name="together">Days at most.</param>
    public static IEnumerable<List<T>> Together<T>(List<T> days, Func<T, long?> most, Func<long> wanted, int together = MostTogether)
    {
        for (int at = 0, size = 1; at < days.Count; size = Math.Min(size * 2, together))
        {
            var window = new List<T>();
            long known = 0, enough = Math.Max(1, wanted()) * size;
            int unknown = 0;
            for (; at < days.Count && window.Count < together && known < enough && unknown < size; at++)
            {
                window.Add(days[at]);
                if (most(days[at]) is { } its) known += its;
                else unknown++;
            }

            yield return window;
        }
    }

    /// <summary>True where nothing is deleted of these days.</summary>
    public bool IsWhole(StoredDay day) => day.Hidden == 0 && _marks.Count == 0;

    /// <summary>True where a viewer sees nothing any more of the calls up to <paramref name="last"/>.</summary>
    public bool HidesAll(string? tenant, long last) => _marks.Any(mark => mark.Document >= last && (mark.Tenant is null || mark.Tenant == tenant));

    /// <summary>Leaves out what was deleted, of a table with the columns <c>day</c>, <c>id</c>, <c>document</c> and <c>tenant</c>.</summary>
    public void AndShown(Sqlite.SqlConditions where, IEnumerable<StoredDay> days, string table)
    {
        if (days.Any(static day => day.Hidden > 0)) where.And($"NOT EXISTS (SELECT 1 FROM hidden_calls h WHERE h.day = {table}.day AND h.id = {table}.id)");
        foreach ((string? tenant, long document) in _marks)
        {
            if (tenant is null) where.And($"{table}.document > ?", document);
            else where.And($"({table}.tenant IS DISTINCT FROM ? OR {table}.document > ?)", tenant, document);
        }
    }

    private static DateOnly DayOf(Timestamp at) => DateOnly.FromDateTime(at.ToDateTime());
}
