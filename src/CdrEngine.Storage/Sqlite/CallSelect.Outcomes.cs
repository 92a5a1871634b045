using System.Globalization;
using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

// What drives by what came of calls: profiles, sessions' callees, lengths.
internal sealed partial class CallSelect
{
    // Of all that the query asks for and a sealed day has an index for, what is rarest is collected from its index and sorted; what is common is met soon in order of time. How
    // many calls meet profiles and lengths is known; of the rest some are counted, no more than may be collected.
    private void DriveByWhatIsRare(SqliteDatabase database)
    {
        long most = Math.Max(RareRows, _frame.Stored / RareByProfile);
        int rare = Math.Min(_frame.PrefixRows, RareRows);
        long? byProfile = new ProfileFilter(_query).AsksOutcome ? _frame.Sought.Profiles : null;
        long? byLength = LengthRows is { } lengths ? _frame.Sought.Lengths ?? CountUpTo(database, lengths, rare) : null;
        if (_query.PersonBillsecMax is not null || (byProfile is not null && _query.BillsecMin is null && _query.BillsecMax is not null)) byProfile = _frame.Sought.All ?? byProfile;
        if (byProfile <= (byLength ?? most) && byProfile <= most)
        {
            DriveByProfile();
            return;
        }

        if (byLength <= rare)
        {
            Drive(LengthRows!);
            return;
        }

        if (_query.Address is { } address)
        {
            byte[] bytes = CallRow.Address(address);
            DriveWhereRare(database, AddressRows, bytes, bytes);
        }
        else if (_query.Recorded == true)
        {
            if (_query.Tenant is { } tenant) DriveWhereRare(database, RecordedOfTenant, tenant);
            else DriveWhereRare(database, RecordedRows);
        }
        else if (_query.Codec is { } codec)
        {
            DriveByValues(database, "codecs", "instr(v.x, ?) > 0", CodecItem(codec));
        }
        else if (_query.Flags != CallFlags.None)
        {
            DriveByValues(database, "flags", "(v.x & ?) = ?", (long)_query.Flags, (long)_query.Flags);
        }
        else if (_query.MosBelow is { } mos)
        {
            DriveWhereRare(database, MosRows, mos);
        }
    }

    private const string AddressRows =
        "SELECT o.started_at, o.id FROM calls o INDEXED BY calls_by_caller_ip WHERE o.caller_ip = ? UNION SELECT o.started_at, o.id FROM calls o INDEXED BY calls_by_callee_ip WHERE o.callee_ip = ?";

    private const string MosRows = "SELECT o.started_at, o.id FROM calls o INDEXED BY calls_by_mos WHERE o.mos < ?";

    private static readonly string RecordedRows =
        string.Create(CultureInfo.InvariantCulture, $"SELECT o.started_at, o.id FROM recordings o INDEXED BY recordings_by_state WHERE o.state = {(int)RecordingState.Available}");

    // Those of one tenant first: most have none.
    private static readonly string RecordedOfTenant =
        string.Create(CultureInfo.InvariantCulture, $"SELECT o.started_at, o.id FROM recordings o WHERE o.tenant = ? AND +o.state = {(int)RecordingState.Available}");

    /// <summary>A codec as it stands in the list of a call: with its clock rate, or with any.</summary>
    public static string CodecItem(string codec) => $"|{codec.ToLowerInvariant()}{(codec.Contains('/') ? '|' : '/')}";

    private void DriveWhereRare(SqliteDatabase database, string keys, params ReadOnlySpan<object?> arguments)
    {
        int rare = Math.Min(_frame.PrefixRows, RareRows);
        if (CountUpTo(database, keys, rare, arguments) <= rare) Drive(keys, arguments);
    }

    // Of a column that has few different values: those that meet a condition are found by going from one to the next, and then the calls that have them.
    private void DriveByValues(SqliteDatabase database, string column, string condition, params ReadOnlySpan<object?> arguments)
    {
        const int mostValues = DaySeal.MostValues;
        string different = string.Create(
            CultureInfo.InvariantCulture,
            $"WITH RECURSIVE v(x) AS (SELECT min({column}) FROM calls UNION ALL SELECT (SELECT min(n.{column}) FROM calls n WHERE n.{column} > v.x) FROM v WHERE v.x IS NOT NULL LIMIT {mostValues}) ");
        if (database.Scalar($"{different}SELECT count(*) FROM v WHERE v.x IS NOT NULL") >= mostValues - 1) return;
        string keys = $"SELECT o.started_at, o.id FROM calls o INDEXED BY calls_by_{column} WHERE o.{column} IN ({different}SELECT v.x FROM v WHERE {condition})";
        int rare = Math.Min(_frame.PrefixRows, RareRows);
        if (CountUpTo(database, keys, rare, arguments) <= rare) Drive(keys, arguments);
    }

    private long CountUpTo(SqliteDatabase database, string keys, int most, params ReadOnlySpan<object?> arguments)
    {
        using SqliteStatement probe = database.Prepare(string.Create(CultureInfo.InvariantCulture, $"SELECT count(*) FROM (SELECT 1 FROM ({keys}) LIMIT {most + 1})"));
        foreach (object? argument in arguments) BindTo(probe, argument);
        return probe.Step() ? probe.Long(0) : 0;
    }

    // Where nothing else is asked than profiles, the page is cut from the keys.
    private void DriveByProfile()
    {
        string profiles = Profiles(everything: true, out List<object?> arguments);
        var keys = new StringBuilder($"SELECT o.started_at, o.id FROM calls o INDEXED BY {DaySeal.ProfileIndex} WHERE o.profile IN ({profiles})");
        if (_query.BillsecMax is { } billed) keys.Append(CultureInfo.InvariantCulture, $" AND o.billsec_us <= {CallRow.Microseconds(billed)}");
        if (_query.PersonBillsecMax is { } person)
        {
            // Those that a person answered by their length, and all others.
            keys.Append(CultureInfo.InvariantCulture, $" AND +o.profile NOT IN ({PersonProfiles}) UNION ALL SELECT o.started_at, o.id FROM calls o INDEXED BY {DaySeal.ProfileIndex} WHERE o.profile IN ({profiles} AND (p.traits & {(int)CallTraits.ByPerson}) <> 0) AND o.billsec_us <= {CallRow.Microseconds(person)}");
            arguments.AddRange([.. arguments]);
            Drive(keys.ToString(), [.. arguments]);
            return;
        }

        if (_query.From is { } from) Bounded("o.started_at >= ?", from.Microseconds);
        if (_query.To is { } to) Bounded("o.started_at < ?", to.Microseconds);
        _cutsKeys = !_adds && _frame.Mark is null && _frame.Hidden.IsNothing && _query.Start is null && DayQuestion.IsByProfile(_query);
        if (_cutsKeys)
        {
            if (_frame.After is { } after && after.Day == _day) Bounded($"(o.started_at, o.id) {(_query.Ascending ? ">" : "<")} (?, ?)", after.Key, after.Id);
            string sense = _query.Ascending ? "" : " DESC";
            keys.Append(CultureInfo.InvariantCulture, $" ORDER BY o.started_at{sense}, o.id{sense} LIMIT ? OFFSET ?");
            arguments.Add((long)_frame.Limit);
            arguments.Add(_frame.Offset);
        }

        Drive(keys.ToString(), [.. arguments]);

        void Bounded(string condition, params ReadOnlySpan<object?> values)
        {
            keys.Append(" AND ").Append(condition);
            foreach (object? value in values) arguments.Add(value);
        }
    }

    private static readonly string PersonProfiles = string.Create(CultureInfo.InvariantCulture, $"SELECT p.profile FROM call_profiles p WHERE (p.traits & {(int)CallTraits.ByPerson}) <> 0");

    // The profiles that are asked for: by what only they tell, or by everything.
    private string Profiles(bool everything, out List<object?> arguments)
    {
        var conditions = new List<string>();
        var values = new List<object?>();
        if (_query.SipStatuses.Count > 0) Any("p.sip_status", _query.SipStatuses);
        if (_query.Causes.Count > 0) Any("p.cause", _query.Causes.Contains(0) ? [-1, .. _query.Causes] : _query.Causes);
        if (_query.HangupBys.Count > 0) Any("p.hangup_by", _query.HangupBys.Select(static value => (int)value));
        if (_query.RerouteReasons.Count > 0) Any("p.reroute", _query.RerouteReasons.Select(static value => (int)value));
        if (_query.Trunk is { } trunk) Is("p.trunk = ?", trunk);
        if (_query.TrunkPart is { } trunkPart) Is("instr(p.trunk, ?) > 0", trunkPart);
        if (_query.CallerCodec is { } callerCodec) Is("p.caller_codec = ?", CallProfile.Folded(callerCodec));
        if (_query.CalleeCodec is { } calleeCodec) Is("p.callee_codec = ?", CallProfile.Folded(calleeCodec));
        if (_query.Traits.Count > 0)
            conditions.Add($"({string.Join(" OR ", _query.Traits.Select(static match => TraitText("p", match)))})");
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

    /// <summary>The condition that a match is, on a table with the columns <c>traits</c> and <c>direction</c>.</summary>
    public static string TraitText(string table, TraitMatch match) => string.Create(
        CultureInfo.InvariantCulture,
        $"(({table}.traits & {(int)(match.Has | match.Lacks)}) = {(int)match.Has}{(match.Ways == 0 ? "" : $" AND {table}.direction IN ({string.Join(", ", match.Directions.Select(static way => (int)way))})")})");

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

    // Rows by the length that says more; null where none is asked for. Numbers only, so they stand in the text.
    private string? LengthRows
    {
        get
        {
            bool lasts = _query.DurationMin is not null || _query.DurationMax is not null;
            if (_query.BillsecMin > TimeSpan.Zero || (_query.BillsecMax is not null && !lasts))
                return Rows("calls_by_billable WHERE o.billsec_us", CallRow.Microseconds(_query.BillsecMin ?? TimeSpan.Zero), _query.BillsecMax);
            return lasts ? Rows("calls_by_duration WHERE o.duration_us", CallRow.Microseconds(_query.DurationMin ?? TimeSpan.Zero), _query.DurationMax) : null;

            static string Rows(string index, long least, TimeSpan? most) => string.Create(
                CultureInfo.InvariantCulture, $"SELECT o.started_at, o.id FROM calls o INDEXED BY {index} BETWEEN {least} AND {(most is { } end ? CallRow.Microseconds(end) : long.MaxValue)}");
        }
    }
}
