using System.Globalization;

namespace CdrEngine.Api.Access.Audit;

/// <summary>What is asked of the audit. What is null is not asked for.</summary>
public sealed record AuditQuery
{
    /// <summary>At or after.</summary>
    public Core.Timestamp? From { get; init; }

    /// <summary>Before.</summary>
    public Core.Timestamp? To { get; init; }

    /// <summary>Action; all that begin so where it ends in <c>*</c>.</summary>
    public string? Action { get; init; }

    /// <summary>Who; all that begin so where it ends in <c>*</c>.</summary>
    public string? Who { get; init; }

    /// <summary>By which way.</summary>
    public string? Via { get; init; }

    /// <summary>Address.</summary>
    public string? Remote { get; init; }

    /// <summary>What it was done to; all that begin so where it ends in <c>*</c>.</summary>
    public string? Object { get; init; }

    /// <summary>Tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>How it came out.</summary>
    public string? Result { get; init; }

    /// <summary>Entries on the page, 1..1000.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where to go on: <see cref="AuditPage.NextCursor"/> of the page before.</summary>
    public string? Cursor { get; init; }
}

/// <summary>A page of the audit, the latest first.</summary>
/// <param name="Entries">The entries. Fewer than asked for, or none, does not mean that there are no more.</param>
/// <param name="NextCursor">Where the next page begins; null on the last.</param>
/// <param name="CursorRejected">The cursor is none of ours.</param>
public sealed record AuditPage(IReadOnlyList<AuditRow> Entries, string? NextCursor, bool CursorRejected = false);

/// <summary>Reads the audit, the latest entry first. Any thread.</summary>
/// <param name="folder">Folder of tokens and audit.</param>
public sealed class AuditReader(string folder)
{
    /// <summary>Entries looked at for one page where a filter throws most of them away.</summary>
    private const int MostExamined = 100_000;

    /// <summary>A page.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public AuditPage List(AuditQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        long before = long.MaxValue;
        if (query.Cursor is { } cursor && (!long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before) || before < 1)) return new AuditPage([], null, CursorRejected: true);
        string? from = query.From?.ToString(), to = query.To?.ToString();
        var found = new List<AuditRow>();
        int examined = 0;
        long last = before;
        foreach (AuditFiles.Part part in AuditFiles.All(folder).Reverse())
        {
            if (part.First >= before) continue;
            foreach ((byte[] line, _) in AuditLines.Backward(part.Path, EndBefore(part.Path, before)))
            {
                if (!AuditLine.TryRead(line, out AuditRow? row, out _, out _) || row!.Sequence >= before) continue;

                // Times only rise, but for a clock that was set back: then what lies behind it is left out.
                if (from is not null && string.CompareOrdinal(row.Time, from) < 0) return new AuditPage(found, null);
                if (found.Count == query.Limit || examined++ >= MostExamined) return new AuditPage(found, last.ToString(CultureInfo.InvariantCulture));
                last = row.Sequence;
                if (to is not null && string.CompareOrdinal(row.Time, to) >= 0) continue;
                if (IsAsked(row.Entry, query)) found.Add(row);
            }
        }

        return new AuditPage(found, null);
    }

    private static bool IsAsked(AuditEntry entry, AuditQuery query) =>
        Is(entry.Action, query.Action) && Is(entry.Who, query.Who) && Is(entry.Object, query.Object)
        && (query.Via is null || entry.Via == query.Via) && (query.Remote is null || entry.Remote == query.Remote)
        && (query.Tenant is null || entry.Tenant == query.Tenant) && (query.Result is null || entry.Result == query.Result);

    private static bool Is(string? has, string? asked) =>
        asked is null || (asked.EndsWith('*') ? has?.StartsWith(asked[..^1], StringComparison.Ordinal) == true : has == asked);

    // The end of the last line before an entry, by halves: numbers rise with the place.
    private static long EndBefore(string path, long before)
    {
        long low = 0, high = new FileInfo(path).Length;
        if (before == long.MaxValue) return high;
        while (high - low > 16 * AuditLine.MaxBytes)
        {
            long middle = low + ((high - low) / 2);
            AuditRow? row = null;
            long start = 0;
            foreach ((byte[] line, long begins) in AuditLines.Backward(path, middle))
            {
                start = begins;
                if (AuditLine.TryRead(line, out row, out _, out _)) break;
            }

            if (row is null || start <= low || row.Sequence < before) low = middle;
            else high = start;
        }

        return high;
    }
}
