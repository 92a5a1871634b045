using System.Globalization;
using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

// What drives by what came of calls: profiles, sessions' callees, lengths.
internal sealed partial class CallSelect
{
    // What profiles answer and is rare. Where nothing else is asked, the page is cut from the keys.
    private bool DriveByProfile()
    {
        // Tenants and contexts have indexes of their own, in order of time.
        if (!new ProfileFilter(_query).AsksOutcome) return false;
        if (_frame.Asked is not { } asked || asked > Math.Max(OutcomeRows, _frame.Stored / RareByProfile) || AsksLength) return false;
        string profiles = Profiles(everything: true, out List<object?> arguments);
        var keys = new StringBuilder($"SELECT o.started_at, o.id FROM calls o INDEXED BY calls_by_profile WHERE o.profile IN ({profiles})");
        if (_query.From is { } from) Bounded("o.started_at >= ?", from.Microseconds);
        if (_query.To is { } to) Bounded("o.started_at < ?", to.Microseconds);
        _cutsKeys = !_adds && _frame.Mark is null && _frame.Hidden.IsNothing && _query.Start is null && CallCursor.TextOf(ProfileFilter.Rest(_query)) == NoRest;
        if (_cutsKeys)
        {
            if (_frame.After is { } after && after.Day == _day) Bounded($"(o.started_at, o.id) {(_query.Ascending ? ">" : "<")} (?, ?)", after.Key, after.Id);
            string sense = _query.Ascending ? "" : " DESC";
            keys.Append(CultureInfo.InvariantCulture, $" ORDER BY o.started_at{sense}, o.id{sense} LIMIT ? OFFSET ?");
            arguments.Add((long)_frame.Limit);
            arguments.Add(_frame.Offset);
        }

        Drive(keys.ToString(), [.. arguments]);
        return true;

        void Bounded(string condition, params ReadOnlySpan<object?> values)
        {
            keys.Append(" AND ").Append(condition);
            foreach (object? value in values) arguments.Add(value);
        }
    }

    // The profiles that are asked for: by what only they tell, or by everything.
    private string Profiles(bool everything, out List<object?> arguments)
    {
        var conditions = new List<string>();
        var values = new List<object?>();
        if (_query.SipStatuses.Count > 0) Any("p.sip_status", _query.SipStatuses);
        if (_query.HangupBys.Count > 0) Any("p.hangup_by", _query.HangupBys.Select(static value => (int)value));
        if (_query.RerouteReasons.Count > 0) Any("p.reroute", _query.RerouteReasons.Select(static value => (int)value));
        if (_query.Trunk is { } trunk) Is("p.trunk = ?", trunk);
        if (_query.Traits.Count > 0)
            conditions.Add($"({string.Join(" OR ", _query.Traits.Select(static match => $"(p.traits & {(int)(match.Has | match.Lacks)}) = {(int)match.Has}"))})");
        if (everything)
        {
            if (_query.Tenant is { } tenant) Is("p.tenant = ?", tenant);
            if (_query.Dispositions.Count > 0) Any("p.disposition", _query.Dispositions.Select(static value => (int)value));
            if (_query.Directions.Count > 0) Any("p.direction", _query.Directions.Select(static value => (int)value));
            if (_query.Direction is { } direction) Is("p.direction = ?", (long)direction);
            if (_query.Context is { } context) Is("p.context = ?", (long)context);
            if (_query.IsVoicemail) conditions.Add($"(p.traits & {(int)CallTraits.Voicemail}) <> 0");
            if (_query.IsSessionStart) conditions.Add($"(p.traits & {(int)CallTraits.SessionStart}) <> 0");
        }

        arguments = values;
        return "SELECT p.profile FROM call_profiles p WHERE " + (conditions.Count == 0 ? "1" : string.Join(" AND ", conditions));

        void Any(string column, IEnumerable<int> numbers) => conditions.Add($"{column} IN ({string.Join(", ", numbers.Distinct())})");

        void Is(string condition, object value)
        {
            conditions.Add(condition);
            values.Add(value);
        }
    }

    // The calls with one of these callees, the others of their sessions, and the calls that those are named after.
    private string SessionCallees(out object?[] arguments)
    {
        object?[] numbers = [.. _query.SessionCalleeNumbers];
        string legs = $"call_numbers n CROSS JOIN calls b ON b.started_at = n.started_at AND b.id = n.id";
        string callee = $"n.number {In(numbers.Length)} AND (n.roles & {CallRow.CalleeRole}) <> 0";
        string day = _day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        arguments = [.. numbers, .. numbers, .. numbers];
        return $"SELECT n.started_at, n.id FROM call_numbers n WHERE {callee} "
            + $"UNION SELECT s.started_at, s.id FROM {legs} CROSS JOIN calls s ON s.session_id = b.session_id WHERE {callee} AND b.session_id IS NOT NULL "
            + $"UNION SELECT s.started_at, s.id FROM {legs} CROSS JOIN calls s ON s.id = call_id_bytes(b.session_id) WHERE {callee} AND b.session_id BETWEEN '{day}-' AND '{day}.'";
    }

    // Outcomes and lengths that are rare on a sealed day: their rows are collected from the index and sorted. Common ones are met soon in
    // order of time.
    private void DriveByOutcome(SqliteDatabase database)
    {
        if (!AsksLength) return;
        string outcome = Outcome("o");
        int most = Math.Min(_frame.PrefixRows, OutcomeRows);
        string probe = string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM (SELECT 1 FROM calls o INDEXED BY calls_by_outcome WHERE {outcome} LIMIT {most + 1})");
        if (database.Scalar(probe) > most) return;
        Drive($"SELECT o.started_at, o.id FROM calls o INDEXED BY calls_by_outcome WHERE {outcome}");
    }

    private bool AsksLength => _query.DurationMin is not null || _query.DurationMax is not null || _query.BillsecMin is not null || _query.BillsecMax is not null;

    // Numbers only, so they stand in the text.
    private string Outcome(string table)
    {
        string text = Outcomes(_query, $"{table}.disposition", $"ifnull({table}.direction, {NoDirection})");

        // A call is never billed for longer than it lasted.
        TimeSpan? least = _query.DurationMin is { } min && !(_query.BillsecMin > min) ? min : _query.BillsecMin ?? _query.DurationMin;
        if (least is { } atLeast) text += string.Create(CultureInfo.InvariantCulture, $" AND {table}.duration_us >= {CallRow.Microseconds(atLeast)}");
        if (_query.DurationMax is { } most) text += string.Create(CultureInfo.InvariantCulture, $" AND {table}.duration_us <= {CallRow.Microseconds(most)}");
        if (_query.BillsecMin is { } billed) text += string.Create(CultureInfo.InvariantCulture, $" AND {table}.billsec_us >= {CallRow.Microseconds(billed)}");
        if (_query.BillsecMax is { } billedMost) text += string.Create(CultureInfo.InvariantCulture, $" AND {table}.billsec_us <= {CallRow.Microseconds(billedMost)}");
        return text;
    }

    // Both are said whatever was asked, so that an index over both is entered at each combination: there are few.
    private static string Outcomes(CallQuery query, string disposition, string direction)
    {
        IEnumerable<int> dispositions = query.Dispositions.Count > 0 ? query.Dispositions.Select(static value => (int)value) : EnumNames<Disposition>.All.Select(static pair => (int)pair.Value);
        var directions = new List<int>();
        if (query.Direction is { } one) directions.Add((int)one);
        if (query.Directions.Count > 0) directions = [.. query.Directions.Select(static value => (int)value).Where(value => directions.Count == 0 || directions.Contains(value))];
        if (query.Direction is null && query.Directions.Count == 0) directions = [.. EnumNames<CallDirection>.All.Select(static pair => (int)pair.Value), NoDirection];
        return $"{disposition} IN ({string.Join(", ", dispositions.Distinct())}) AND {direction} IN ({string.Join(", ", directions.Distinct())})";
    }
}
