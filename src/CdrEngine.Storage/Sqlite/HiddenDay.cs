namespace CdrEngine.Storage.Sqlite;

/// <summary>What of a day was deleted.</summary>
/// <param name="Day">The day.</param>
/// <param name="HasCalls">True where single calls of it were.</param>
/// <param name="UpTo">For each tenant (null for all) the document up to which everything is.</param>
internal sealed record HiddenDay(DateOnly Day, bool HasCalls, IReadOnlyList<(string? Tenant, long Document)> UpTo)
{
    public static readonly HiddenDay None = new(default, false, []);

    public bool IsNothing => !HasCalls && UpTo.Count == 0;

    /// <summary>Conditions that leave out what was deleted, on a table with the columns <c>id</c>, <c>document</c> and <c>tenant</c>.</summary>
    public IEnumerable<(string Condition, object?[] Arguments)> Conditions(string table)
    {
        if (HasCalls) yield return ($"NOT EXISTS (SELECT 1 FROM hidden.hidden_calls h WHERE h.day = ? AND h.id = {table}.id)", [(long)Day.DayNumber]);
        foreach ((string? tenant, long document) in UpTo)
        {
            if (tenant is null) yield return ($"{table}.document > ?", [document]);
            else yield return ($"({table}.tenant IS NOT ? OR {table}.document > ?)", [tenant, document]);
        }
    }

    /// <summary>True where nothing a viewer may see is left of the calls up to <paramref name="last"/>.</summary>
    public bool HidesAll(string? tenant, long last)
    {
        foreach ((string? hidden, long document) in UpTo)
        {
            if (document >= last && (hidden is null || hidden == tenant)) return true;
        }

        return false;
    }
}
