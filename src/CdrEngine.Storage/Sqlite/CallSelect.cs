using System.Globalization;
using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>One row of an answer, before its document is read.</summary>
/// <param name="Key">Sort key; see <see cref="CallCursor.Key"/>.</param>
/// <param name="Day">Its day.</param>
/// <param name="Id">Twelve bytes.</param>
/// <param name="Document">Where its document lies in that day.</param>
/// <param name="Tenant">Tenant.</param>
internal sealed record FoundCall(long Key, DateOnly Day, byte[] Id, long Document, string? Tenant)
{
    /// <summary>Its record, where it was read already.</summary>
    public CallRecord? Record { get; init; }

    /// <summary>Whether it was looked for already and cannot be read.</summary>
    public bool IsUnreadable { get; init; }

    /// <summary>Whether a condition on the record decides of it; see <see cref="SelectFrame.Judged"/>.</summary>
    public bool IsJudged { get; init; }
}

/// <summary>Which rows of a day's answer are wanted.</summary>
/// <param name="Day">The day.</param>
internal sealed record SelectFrame(DateOnly Day)
{
    /// <summary>Only rows behind this one.</summary>
    public CallCursor? After { get; init; }

    /// <summary>Rows to leave out before the first.</summary>
    public long Offset { get; init; }

    /// <summary>Most rows.</summary>
    public int Limit { get; init; }

    /// <summary>Rows up to which a filter with an index drives; see <see cref="SqliteStoreLimits.PrefixRows"/>.</summary>
    public int PrefixRows { get; init; }

    /// <summary>How many of its calls parts of the query find, as far as that is known.</summary>
    public SoughtCalls Sought { get; init; }

    /// <summary>The same of the query's alternatives, in order; null for one that finds none. Empty where nothing is known.</summary>
    public IReadOnlyList<SoughtCalls?> Any { get; init; } = [];

    /// <summary>The segments of its texts, where they tell of every call as long as the day is sealed; null where that is not known.</summary>
    public IReadOnlyList<DayTextSegment>? Texts { get; init; }

    /// <summary>Its calls that a voice mailbox answered, where these are all that is asked of the day; null else.</summary>
    public DayVoice? Voice { get; init; }

    /// <summary>The profile of each call, as long as the day is sealed; null where that is not known.</summary>
    public DayProfiles? Profiles { get; init; }

    /// <summary>Its calls that were found in memory; null where that is not known.</summary>
    public DayFound? Found { get; init; }

    /// <summary>Calls stored for the day.</summary>
    public long Stored { get; init; }

    /// <summary>Only calls stored up to this document; null for all.</summary>
    public long? Mark { get; init; }

    /// <summary>Traits of calls that a condition on the record decides of: those that have all of them; none for all.</summary>
    public CallTraits Judged { get; init; }

    /// <summary>What of the day was deleted.</summary>
    public HiddenDay Hidden { get; init; } = HiddenDay.None;
}

/// <summary>Turns a query into SQL for one day, and runs it.</summary>
/// <remarks>One driver is chosen, the narrowest that the query has: Call-ID, session, exact number, number prefix with few rows, else the
/// table in order of time. All other filters are conditions on the rows the driver gives.</remarks>
internal sealed partial class CallSelect
{
    // Sorts before, or behind, every real MOS: calls without one come last either way.
    private const double MosNoneAscending = 99;
    private const double MosNoneDescending = -1;

    // Rows of a sealed day up to which what is rare drives: as many are collected and sorted in 2 ms.
    private const int RareRows = 2_000;

    // One call in so many of a sealed day: what is rarer by profile is collected from the index, what is commoner is met soon in order of time.
    private const int RareByProfile = 20;

    private static readonly (int Role, string Column)[] s_numberColumns =
    [
        (CallRow.CallerRole, "c.caller_number"), (CallRow.CalleeRole, "c.callee_number"), (CallRow.DialledRole, "c.dialled"), (CallRow.CallerRole, "c.caller_e164"), (CallRow.CalleeRole, "c.callee_e164"),
    ];

    private readonly StringBuilder _where = new();
    private readonly List<object?> _arguments = [];
    private readonly CallQuery _query;
    private readonly DateOnly _day;
    private readonly SelectFrame _frame;
    private string _from = "calls c";
    private IReadOnlyList<string>? _driving;
    private IReadOnlyList<TextNeedle> _needles;
    private long? _textCalls;
    private bool _adds;
    private bool _counts;
    private bool _cutsKeys;
    private bool _isNothing;
    private bool _isNamed;

    private CallSelect(CallQuery query, SelectFrame frame)
    {
        _query = query;
        _day = frame.Day;
        _frame = frame;
        _needles = DayQuestion.NeedlesOf(query);
    }

    /// <summary>The statement; parameters stand in order of <see cref="Arguments"/>.</summary>
    public string Sql { get; private set; } = "";

    public IReadOnlyList<object?> Arguments => _arguments;

    /// <summary>Builds the statement for one day.</summary>
    public static CallSelect Build(SqliteDatabase database, CallQuery query, SelectFrame frame) => new CallSelect(query, frame).Finish(database);

    /// <summary>The same of what is left to be asked where calls were found in memory.</summary>
    public static CallSelect BuildFound(SqliteDatabase database, CallQuery query, SelectFrame frame)
    {
        (query, frame) = Found(database, query, frame);
        return Build(database, query, frame);
    }

    /// <summary>Runs a query for one day; rows in order. Where any of several numbers drives, each is asked and the answers are merged.</summary>
    public static List<FoundCall> Rows(SqliteDatabase database, CallQuery query, SelectFrame frame) =>
        frame is { Voice: { } voice, Mark: null, Judged: CallTraits.None } ? voice.Rows(query, frame) : InOneState(database, query, frame, RowsNow);

    private static List<FoundCall> RowsNow(SqliteDatabase database, CallQuery query, SelectFrame frame)
    {
        IReadOnlyList<string>? numbers = query.Any.Count > 0 ? null : Driving(query);
        if (query.Any.Count == 0 && numbers is not { Count: > 1 }) return Build(database, query, frame).Run(database);
        var merged = new List<FoundCall>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        SelectFrame each = frame with { Offset = 0, Limit = (int)Math.Min(int.MaxValue, frame.Limit + frame.Offset) };
        foreach ((CallQuery one, SelectFrame its) in Alternatives(query, each))
            merged.AddRange(RowsNow(database, one, its).Where(row => seen.Add(Convert.ToHexString(row.Id))));
        foreach (string number in numbers?.Distinct(StringComparer.Ordinal) ?? [])
        {
            var select = new CallSelect(query, each) { _driving = [number] };
            merged.AddRange(select.Finish(database).Run(database).Where(row => seen.Add(Convert.ToHexString(row.Id))));
        }

        merged.Sort((left, right) => Compare(left, right, query));
        return [.. merged.Skip((int)Math.Min(int.MaxValue, frame.Offset)).Take(frame.Limit)];
    }

    /// <summary>Counts the rows of a day; offset and limit of the frame do not matter.</summary>
    public static long Count(SqliteDatabase database, CallQuery query, SelectFrame frame) =>
        frame is { Voice: { } voice, Mark: null, After: null } ? voice.Count(query, frame.Day) : InOneState(database, query, frame, CountNow);

    private static long CountNow(SqliteDatabase database, CallQuery query, SelectFrame frame)
    {
        var select = new CallSelect(query, frame) { _counts = true };
        select.ChooseDriver(database);
        select.AddFilters(database);
        select.AndWithout(database);
        if (frame.After is { } after) select.AddKeyset(after);
        if (select._isNothing) return 0;
        if (select._textCalls is { } calls) return calls;
        bool several = select._driving is { Count: > 1 };
        string where = select._where.ToString();

        // What is asked of numbers alone is told by their own rows.
        bool alone = select.NumberDrives && !where.Contains("c.", StringComparison.Ordinal);
        string what = several ? $"count(DISTINCT {(alone ? "n.id" : "c.id")})" : "count(*)";
        using SqliteStatement statement = select.Bound(database, $"SELECT {what} FROM {(alone ? "call_numbers n" : select._from)}{where}");
        return statement.Step() ? statement.Long(0) : 0;
    }

    /// <summary>The sums of the rows of a day; offset, limit and place of the frame do not matter.</summary>
    public static CallSums Sums(SqliteDatabase database, CallQuery query, SelectFrame frame) => InOneState(database, query, frame, SumsNow);

    private static CallSums SumsNow(SqliteDatabase database, CallQuery query, SelectFrame frame)
    {
        var select = new CallSelect(query, frame) { _adds = true };
        select.ChooseDriver(database);
        select.AddFilters(database);
        select.AndWithout(database);
        if (select._isNothing) return default;
        using SqliteStatement statement = select.Bound(database, $"SELECT {ProfileRow.SumsOfCalls} FROM {select._from}{select._where}");
        return statement.Step() ? ProfileRow.Sums(statement, 0) : default;
    }

    /// <summary>How long the calls of a day lasted, microseconds, and how many lasted as long; offset, limit and place of the frame do not matter.</summary>
    public static List<(long Lasted, long Calls)> Lengths(SqliteDatabase database, CallQuery query, SelectFrame frame) => InOneState(database, query, frame, LengthsNow);

    private static List<(long Lasted, long Calls)> LengthsNow(SqliteDatabase database, CallQuery query, SelectFrame frame)
    {
        var select = new CallSelect(query, frame) { _adds = true };
        select.ChooseDriver(database);
        select.AddFilters(database);
        select.AndWithout(database);
        var lengths = new List<(long Lasted, long Calls)>();
        if (select._isNothing) return lengths;
        using SqliteStatement statement = select.Bound(database, $"SELECT c.duration_us, count(*) FROM {select._from}{select._where} GROUP BY c.duration_us");
        while (statement.Step()) lengths.Add((statement.Long(0), statement.Long(1)));
        return lengths;
    }

    /// <summary>Runs it; rows in order.</summary>
    public List<FoundCall> Run(SqliteDatabase database)
    {
        if (_isNothing) return [];
        using SqliteStatement statement = Bound(database, Sql);
        var found = new List<FoundCall>();
        while (statement.Step())
        {
            long key = _query.Sort == CallSort.Mos ? BitConverter.DoubleToInt64Bits(statement.Real(0) ?? 0) : statement.Long(0);
            found.Add(new FoundCall(key, _day, statement.Blob(1).ToArray(), statement.Long(2), statement.IsNull(3) ? null : statement.Text(3)) { IsJudged = statement.Long(4) != 0 });
        }

        return found;
    }

    /// <summary>The plan SQLite has for it, a line each step.</summary>
    public List<string> Explain(SqliteDatabase database)
    {
        using SqliteStatement statement = Bound(database, "EXPLAIN QUERY PLAN " + Sql);
        var lines = new List<string>();
        while (statement.Step()) lines.Add(statement.Text(3));
        return lines;
    }

    /// <summary>Order of two rows, perhaps of different days, in the sense of a query.</summary>
    public static int Compare(FoundCall left, FoundCall right, CallQuery query)
    {
        int by = query.Sort == CallSort.Mos
            ? BitConverter.Int64BitsToDouble(left.Key).CompareTo(BitConverter.Int64BitsToDouble(right.Key))
            : left.Key.CompareTo(right.Key);
        if (by == 0) by = left.Day.CompareTo(right.Day);
        if (by == 0) by = left.Id.AsSpan().SequenceCompareTo(right.Id);
        return query.Ascending ? by : -by;
    }

    private string Key => _query.Sort switch
    {
        CallSort.Duration => "c.duration_us",
        CallSort.Billsec => "c.billsec_us",
        CallSort.Mos => _query.Ascending
            ? string.Create(CultureInfo.InvariantCulture, $"coalesce(c.mos, {MosNoneAscending:0.0})")
            : string.Create(CultureInfo.InvariantCulture, $"coalesce(c.mos, {MosNoneDescending:0.0})"),

        // Where a number drives, its rows are in order of time; said by their own column, so that SQLite knows.
        _ => NumberDrives ? "n.started_at" : "c.started_at",
    };

    private string Id => NumberDrives && _query.Sort == CallSort.StartedAt ? "n.id" : "c.id";

    private bool NumberDrives => _from.StartsWith("call_numbers", StringComparison.Ordinal);

    /// <summary>The list of numbers that drives, where one does.</summary>
    private static IReadOnlyList<string>? Driving(CallQuery query)
    {
        bool other = query.IsVoicemail || query.SessionCalleeNumbers.Count > 0 || query.SipCallId is not null || query.SessionId is not null || query.Ids.Count > 0
            || query.Number is not (null or "*") || query.Caller is not (null or "*") || query.Callee is not (null or "*");
        return other ? null : NumberLists(query).Select(static list => list.Numbers).FirstOrDefault();
    }

    private static IEnumerable<(IReadOnlyList<string> Numbers, int Roles)> NumberLists(CallQuery query) =>
        new (IReadOnlyList<string> Numbers, int Roles)[]
        {
            (query.CallerNumbers, CallRow.CallerRole),
            (query.DialledNumbers, CallRow.DialledRole),
            (query.CalleeNumbers, CallRow.CalleeRole),
            (query.PartyNumbers, CallRow.CallerRole | CallRow.CalleeRole | CallRow.DialledRole),
        }.Where(static list => list.Numbers.Count > 0);

    private CallSelect Finish(SqliteDatabase database)
    {
        ChooseDriver(database);
        AddFilters(database);
        AndWithout(database);
        if (_frame.After is { } after) AddKeyset(after);
        long offset = _cutsKeys ? 0 : _frame.Offset;
        string sense = _query.Ascending ? "" : " DESC";
        string judged = _frame.Judged == CallTraits.None ? "1" : $"EXISTS (SELECT 1 FROM call_profiles j WHERE j.profile = c.profile AND (j.traits & {(int)_frame.Judged}) = {(int)_frame.Judged})";
        Sql = $"SELECT {Key}, c.id, c.document, c.tenant, {judged} FROM {_from}{_where} ORDER BY {Key}{sense}, {Id}{sense} LIMIT ? OFFSET ?";
        _arguments.Add((long)_frame.Limit);
        _arguments.Add(offset);
        return this;
    }

    private void ChooseDriver(SqliteDatabase database)
    {
        if (_query.Any.Count > 0)
        {
            DriveByAny(database);
            return;
        }

        int prefixRows = _frame.PrefixRows;
        bool driven = false;
        if (_query.Ids.Count > 0)
        {
            AndIds();
            driven = true;
        }

        if (_query.SipCallId is { } sipCallId)
        {
            And("c.sip_call_hash = ?", CallRow.SipCallHash(sipCallId));
            And("(SELECT d.sip_call_id FROM call_documents d WHERE d.document = c.document) = ?", sipCallId);
            driven = _isNamed = true;
        }

        if (_query.SessionId is { } session)
        {
            AndSession(session, driven);
            driven = _isNamed = true;
        }

        if (_query.SessionCalleeNumbers.Count > 0)
        {
            string keys = SessionCallees(out object?[] numbers);
            if (driven) And($"(c.started_at, c.id) IN ({keys})", numbers);
            else Drive(keys, numbers);
            driven = true;
        }

        if (_query.IsVoicemail)
        {
            if (driven) And("EXISTS (SELECT 1 FROM call_numbers v WHERE v.number = ? AND v.started_at = c.started_at AND v.id = c.id)", CallRow.VoicemailKey);
            else driven = DriveByNumber(database, CallRow.VoicemailKey, CallRow.CalleeRole, prefixRows);
        }

        if (_query.User is { } user)
        {
            if (driven) And("(c.caller_user = ? OR c.callee_user = ?)", user, user);
            else driven = DriveByNumber(database, CallRow.UserKey(user), CallRow.CallerRole | CallRow.CalleeRole, prefixRows);
        }

        foreach ((string? text, int roles) in (ReadOnlySpan<(string?, int)>)[
            (_query.Number, CallRow.CallerRole | CallRow.CalleeRole | CallRow.DialledRole),
            (_query.Caller, CallRow.CallerRole),
            (_query.Callee, CallRow.CalleeRole | CallRow.DialledRole)])
        {
            if (text is null or "*") continue;
            if (driven) AndNumber(text, roles);
            else driven = DriveByNumber(database, text, roles, prefixRows);
        }

        foreach ((IReadOnlyList<string> numbers, int roles) in NumberLists(_query))
        {
            if (driven) AndNumbers(numbers, roles);
            else DriveByNumbers(_driving ??= numbers, roles);
            driven = true;
        }

        driven = driven || DriveByIds();
        if (_frame.Found is { } found) driven = DriveByFound(found, driven);
        if (!driven && _needles.Count > 0) driven = DriveByText(database);
        if (!driven && database.IsSealed && _query.Sort == CallSort.StartedAt) DriveByWhatIsRare(database);
    }

    private void DriveByNumbers(IReadOnlyList<string> numbers, int roles)
    {
        if (_adds && numbers.Count > 1)
        {
            // Each call once, though several of its numbers are asked for.
            Drive($"SELECT DISTINCT n.started_at, n.id FROM call_numbers n WHERE n.number {In(numbers.Count)} AND (n.roles & ?) <> 0", [.. numbers, (long)roles]);
            return;
        }

        _from = "call_numbers n CROSS JOIN calls c ON c.started_at = n.started_at AND c.id = n.id";
        And($"n.number {In(numbers.Count)}", [.. numbers]);
        And("(n.roles & ?) <> 0", (long)roles);
    }

    private void AndNumbers(IReadOnlyList<string> numbers, int roles)
    {
        var any = new List<string>();
        var arguments = new List<object?>();
        foreach ((int role, string column) in s_numberColumns)
        {
            if ((roles & role) == 0) continue;
            any.Add($"{column} {In(numbers.Count)}");
            arguments.AddRange(numbers);
        }

        And($"({string.Join(" OR ", any)})", [.. arguments]);
    }

    private static string In(int count) => count == 1 ? "= ?" : $"IN ({string.Join(", ", Enumerable.Repeat("?", count))})";

    private void AndIds()
    {
        // A statement for each number of a few; one for however many.
        const int few = 8;
        IReadOnlyList<string> ids = DayIds.Of(_query.Ids).On(_day);
        if (ids.Count == 0) And("0");
        else if (ids.Count <= few) Drive($"SELECT s.started_at, s.id FROM calls s WHERE s.id {In(ids.Count)}", [.. ids.Select(static id => Convert.FromHexString(id.AsSpan(9)))]);
        else Drive("SELECT s.started_at, s.id FROM calls s WHERE s.id IN (SELECT call_id_bytes(value) FROM json_each(?))", DayIds.Of(_query.Ids).Json(_day));
    }

    private bool DriveByNumber(SqliteDatabase database, string text, int roles, int prefixRows)
    {
        if (!text.EndsWith('*'))
        {
            _from = "call_numbers n CROSS JOIN calls c ON c.started_at = n.started_at AND c.id = n.id";
            And("n.number = ?", text);
            And("(n.roles & ?) <> 0", (long)roles);
            return true;
        }

        (byte[] first, byte[] behind) = Range(text);
        using (SqliteStatement probe = database.Prepare("SELECT count(*) FROM (SELECT 1 FROM call_numbers WHERE number >= ?1 AND number < ?2 LIMIT ?3)"))
        {
            probe.BindText(first).BindText(behind).Bind(prefixRows + 1L);
            if (probe.Step() && probe.Long(0) > prefixRows)
            {
                AndNumber(text, roles);
                return false;
            }
        }

        Drive("SELECT DISTINCT n.started_at, n.id FROM call_numbers n WHERE n.number >= ? AND n.number < ? AND (n.roles & ?) <> 0",
            new Utf8(first), new Utf8(behind), (long)roles);
        return true;
    }

    private void AndSession(string session, bool isDriven)
    {
        Span<byte> id = stackalloc byte[CallRow.IdBytes];
        bool mayBegin = CallRow.TryReadId(session, out DateOnly day, id) && day == _day;
        if (mayBegin && isDriven)
        {
            And("(c.session_id = ? OR (c.id = ? AND c.session_id IS NULL))", session, id.ToArray());
        }
        else if (mayBegin)
        {
            Drive("SELECT s.started_at, s.id FROM calls s WHERE s.session_id = ? "
                + "UNION ALL SELECT s.started_at, s.id FROM calls s WHERE s.id = ? AND s.session_id IS NULL", session, id.ToArray());
        }
        else
        {
            And("c.session_id = ?", session);
        }
    }

    private void AndNumber(string text, int roles)
    {
        var any = new List<string>();
        var arguments = new List<object?>();
        bool prefix = text.EndsWith('*');
        (byte[] first, byte[] behind) = prefix ? Range(text) : ([], []);
        foreach ((int role, string column) in s_numberColumns)
        {
            if ((roles & role) == 0) continue;
            any.Add(prefix ? $"({column} >= ? AND {column} < ?)" : $"{column} = ?");
            if (prefix)
            {
                arguments.Add(new Utf8(first));
                arguments.Add(new Utf8(behind));
            }
            else
            {
                arguments.Add(text);
            }
        }

        And($"({string.Join(" OR ", any)})", [.. arguments]);
    }

    // Keys that a subquery gives, and the rows they name. Its parameters come before all others, as they stand first in the text.
    private void Drive(string keys, params ReadOnlySpan<object?> arguments)
    {
        _from = $"({keys}) k CROSS JOIN calls c ON c.started_at = k.started_at AND c.id = k.id";
        _arguments.InsertRange(0, arguments);
    }

    private void AddFilters(SqliteDatabase database)
    {
        string startedAt = NumberDrives ? "n.started_at" : "c.started_at";

        // SQLite knows no more of an index than that one value leads to some rows. Where a Call-ID or a session leads to one or two, no other index is to be thought as good:
        // a tenant has thousands of rows of a day.
        string plain = _isNamed ? "+" : "";
        if (_query.From is { } from) And(startedAt + " >= ?", from.Microseconds);
        if (_query.To is { } to) And(startedAt + " < ?", to.Microseconds);
        if (_query.Address is { } address)
        {
            byte[] bytes = CallRow.Address(address);
            And("(c.caller_ip = ? OR c.callee_ip = ?)", bytes, bytes);
        }

        if (_query.Dispositions.Count > 0)
        {
            And($"c.disposition IN ({string.Join(", ", Enumerable.Repeat("?", _query.Dispositions.Count))})",
                [.. _query.Dispositions.Select(static value => (object?)(long)value)]);
        }

        if (_query.Direction is { } direction) And("c.direction = ?", (long)direction);
        if (_query.Context is { } context) And($"{plain}c.context = ?", (long)context);
        if (_query.Codec is { } codec)
        {
            And("instr(c.codecs, ?) > 0", CodecItem(codec));
        }

        if (_query.MosBelow is { } mos) And("c.mos < ?", mos);
        if (_query.Flags != CallFlags.None) And("(c.flags & ?) = ?", (long)_query.Flags, (long)_query.Flags);
        if (_query.DurationMin is { } least) And("c.duration_us >= ?", CallRow.Microseconds(least));
        if (_query.DurationMax is { } most) And("c.duration_us <= ?", CallRow.Microseconds(most));
        if (_query.BillsecMin is { } billed) And("c.billsec_us >= ?", CallRow.Microseconds(billed));
        if (_query.BillsecMax is { } billedMost) And("c.billsec_us <= ?", CallRow.Microseconds(billedMost));
        if (_query.PersonBillsecMax is { } personMost)
        {
            And(
                $"(c.billsec_us <= ? OR +c.profile IN (SELECT p.profile FROM call_profiles p WHERE (p.traits & {(int)CallTraits.ByPerson}) = 0))",
                CallRow.Microseconds(personMost));
        }

        if (_query.Directions.Count > 0) And($"c.direction {In(_query.Directions.Count)}", [.. _query.Directions.Select(static value => (object?)(long)value)]);
        if (_query.Recorded is { } recorded)
            And($"{(recorded ? "" : "NOT ")}EXISTS (SELECT 1 FROM recordings r WHERE r.document = c.document AND r.state = ?)", (long)RecordingState.Available);
        if (_query.IsAudible)
        {
            And("c.disposition = ? AND (c.flags & ?) = 0", (long)Disposition.Answered, (long)CallFlags.NoRtp);
            And("NOT EXISTS (SELECT 1 FROM recordings r WHERE r.document = c.document AND (r.state IN (?, ?) OR (r.state = ? AND r.reason IS NOT NULL)))",
                (long)RecordingState.Failed, (long)RecordingState.Deleted, (long)RecordingState.None);
        }

        if (new ProfileFilter(_query).AsksFurther)
        {
            string profiles = Profiles(everything: false, out List<object?> values);

            // The plus keeps SQLite from beginning there, and so from sorting.
            And($"+c.profile IN ({profiles})", [.. values]);
        }

        if (_query.Except.Count > 0 && DayIds.Of(_query.Except) is var except && except.Has(_day))
            And("c.id NOT IN (SELECT call_id_bytes(value) FROM json_each(?))", except.Json(_day));
        AndRanges(database);

        if (_query.IsSessionStart) And("c.session_id IS NULL");
        if (_query.Tenant is { } tenant) And($"{plain}c.tenant = ?", tenant);
        if (_frame.Mark is { } mark) And("c.document <= ?", mark);
        foreach ((string condition, object?[] arguments) in _frame.Hidden.Conditions("c")) And(condition, arguments);
        if (_query.Start is { } start && _query.Sort == CallSort.StartedAt && _frame.After is null) AndStart(start);
        AndMoments();
        AndTexts();
    }

    // The record at the position and those behind it.
    private void AndStart(CallPosition start)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(start.Id, out _, id) && !_query.Ascending) id.AsSpan().Fill(0xFF);
        And($"({Key}, {Id}) {(_query.Ascending ? ">" : "<")}= (?, ?)", start.StartedAt.Microseconds, id);
    }

    // Rows behind the cursor in the order (key, day, id).
    private void AddKeyset(CallCursor after)
    {
        string beyond = _query.Ascending ? ">" : "<";
        object? key = _query.Sort == CallSort.Mos ? BitConverter.Int64BitsToDouble(after.Key) : after.Key;
        int order = _query.Ascending ? _day.CompareTo(after.Day) : after.Day.CompareTo(_day);
        if (order == 0 && _query.Sort == CallSort.StartedAt)
        {
            And($"({Key}, {Id}) {beyond} (?, ?)", key, after.Id);
        }
        else if (order == 0)
        {
            And($"({Key} {beyond} ? OR ({Key} = ? AND c.id {beyond} ?))", key, key, after.Id);
        }
        else
        {
            And($"{Key} {beyond}{(order > 0 ? "=" : "")} ?", key);
        }
    }

    private void And(string condition, params ReadOnlySpan<object?> arguments)
    {
        _where.Append(_where.Length == 0 ? " WHERE " : " AND ").Append(condition);
        foreach (object? argument in arguments) _arguments.Add(argument);
    }

    // Texts that begin with the prefix are those from it up to, not including, the prefix with its last byte raised: UTF-8 never holds 0xFF.
    private static (byte[] First, byte[] Behind) Range(string text)
    {
        byte[] first = Encoding.UTF8.GetBytes(text[..^1]);
        byte[] behind = [.. first];
        behind[^1]++;
        return (first, behind);
    }

    private SqliteStatement Bound(SqliteDatabase database, string sql)
    {
        SqliteStatement statement = database.Prepare(sql);
        foreach (object? argument in _arguments) BindTo(statement, argument);
        return statement;
    }

    private static void BindTo(SqliteStatement statement, object? argument) => _ = argument switch
    {
        long number => statement.Bind(number),
        double number => statement.Bind((double?)number),
        byte[] bytes => statement.BindBlob(bytes.AsSpan()),
        Utf8 text => statement.BindText(text.Bytes),
        string text => statement.Bind(text),
        _ => statement.Bind((string?)null),
    };

    /// <summary>Text given by its bytes.</summary>
    private sealed record Utf8(byte[] Bytes);
}
