using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Deletion: what is hidden is in a file of its own, which every question of the days looks at.
public sealed partial class SqliteCallStore
{
    private const string LastDocument = "SELECT max(document) FROM call_documents";

    /// <inheritdoc />
    public int Hide(IReadOnlyCollection<string> ids, string by, Timestamp at)
    {
        var calls = new List<(DateOnly Day, byte[] Id)>();
        byte[] bytes = new byte[CallRow.IdBytes];
        foreach (string id in ids)
        {
            if (CallRow.TryReadId(id, out DateOnly day, bytes) && Get(id) is not null) calls.Add((day, bytes.ToArray()));
        }

        return calls.Count == 0 ? 0 : _hidden.Hide(calls, by, at);
    }

    /// <inheritdoc />
    public void HideAll(string? tenant, string by, Timestamp at)
    {
        var days = new List<(DateOnly Day, long Document)>();
        Reading(open =>
        {
            foreach (DateOnly day in _files.List())
            {
                if (open.Get(day) is { } database && database.Scalar(LastDocument) is > 0 and var last) days.Add((day, last));
            }

            return 0;
        });
        if (days.Count > 0) _hidden.HideDays(days, tenant, by, at);
    }

    /// <inheritdoc />
    public IReadOnlyList<HiddenCall> Hidden(Timestamp before, int limit)
    {
        List<HiddenCall> calls = _hidden.List(before, limit);
        foreach ((DateOnly day, string? tenant, long document, Timestamp at) in _hidden.ListDays(before))
        {
            if (calls.Count >= limit) break;
            int left = limit - calls.Count;
            calls.AddRange(Reading(open =>
            {
                var found = new List<HiddenCall>();
                if (open.Get(day) is not { } database) return found;
                using SqliteStatement list = database.Prepare("SELECT c.id FROM calls c WHERE c.document <= ?1 AND (?2 IS NULL OR c.tenant = ?2) LIMIT ?3");
                list.Bind(document).Bind(tenant).Bind((long)left);
                while (list.Step()) found.Add(new HiddenCall(CallRow.IdText(day, list.Blob(0)), at));
                return found;
            }));
        }

        return [.. calls.OrderBy(static call => call.HiddenAt)];
    }

    private bool IsHidden(SqliteDatabase database, DateOnly day, byte[] id)
    {
        HiddenDay hidden = _hidden.Of(day);
        if (hidden.IsNothing) return false;
        var select = new List<string>();
        var arguments = new List<object?> { id };
        foreach ((string condition, object?[] values) in hidden.Conditions("c"))
        {
            select.Add(condition);
            arguments.AddRange(values);
        }

        using SqliteStatement find = database.Prepare($"SELECT 1 FROM calls c WHERE c.id = ? AND {string.Join(" AND ", select)}");
        foreach (object? argument in arguments)
        {
            _ = argument switch
            {
                long number => find.Bind(number),
                byte[] bytes => find.BindBlob(bytes.AsSpan()),
                _ => find.Bind((string?)argument),
            };
        }

        return !find.Step();
    }

    // A day of which a viewer sees nothing any more is passed by at once.
    private static bool IsEmptied(OpenDays days, SqliteDatabase database, DateOnly day, string? tenant)
    {
        HiddenDay hidden = days.HiddenOf(day);
        return hidden.UpTo.Count > 0 && hidden.HidesAll(tenant, database.Scalar(LastDocument));
    }
}
