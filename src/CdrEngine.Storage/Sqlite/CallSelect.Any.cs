using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

// Alternatives: each is asked in its own narrowest way. For a page the first rows of each are merged; to count them, or to add them up, their keys are put together.
internal sealed partial class CallSelect
{
    private static IEnumerable<(CallQuery Query, SelectFrame Frame)> Alternatives(CallQuery query, SelectFrame frame)
    {
        int index = 0;
        foreach (CallQuery one in query.Alternatives())
        {
            SoughtCalls? sought = index < frame.Any.Count ? frame.Any[index] : default(SoughtCalls);
            index++;

            // One that finds nothing on the day is not asked.
            if (sought is { } its) yield return (one, frame with { Sought = its, Any = [] });
        }
    }

    // The keys of what is left out: they are put together once for the statement.
    private void AndWithout(SqliteDatabase database)
    {
        if (_query.Excluded() is not { } excluded) return;
        var select = new CallSelect(excluded, new SelectFrame(_frame.Day) { PrefixRows = _frame.PrefixRows, Stored = _frame.Stored }) { _adds = true };
        select.ChooseDriver(database);
        select.AddFilters(database);
        select.AndWithout(database);
        if (!select._isNothing) And($"(c.started_at, c.id) NOT IN (SELECT c.started_at, c.id FROM {select._from}{select._where})", [.. select._arguments]);
    }

    private void DriveByAny(SqliteDatabase database)
    {
        var keys = new List<string>();
        var arguments = new List<object?>();
        foreach ((CallQuery one, SelectFrame frame) in Alternatives(_query, _frame with { Mark = null, Hidden = HiddenDay.None, After = null, Offset = 0 }))
        {
            var select = new CallSelect(one with { Start = null, Without = null, Tenant = null, Text = _query.Text is null ? one.Text : null, IsSessionStart = false }, frame) { _adds = true };
            select.ChooseDriver(database);
            select.AddFilters(database);
            if (select._isNothing) continue;
            keys.Add($"SELECT c.started_at, c.id FROM {select._from}{select._where}");
            arguments.AddRange(select._arguments);
        }

        if (keys.Count == 0) And("0");
        else Drive(string.Join(" UNION ", keys), [.. arguments]);
    }
}
