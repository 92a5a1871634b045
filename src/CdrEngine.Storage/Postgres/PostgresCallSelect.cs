using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

/// <summary>Which rows of which days are wanted.</summary>
/// <param name="Store">What of the days was deleted.</param>
/// <param name="Days">The days: next to each other in the list of days, in any sense.</param>
internal sealed record PostgresFrame(PostgresDays Store, IReadOnlyList<StoredDay> Days)
{
    /// <summary>Only rows behind this one.</summary>
    public CallCursor? After { get; init; }

    /// <summary>Rows to leave out before the first.</summary>
    public long Offset { get; init; }

    /// <summary>Most rows.</summary>
    public int Limit { get; init; }

    /// <summary>Rows up to which a number's prefix drives; see <see cref="SqliteStoreLimits.PrefixRows"/>.</summary>
    public int PrefixRows { get; init; } = 20_000;

    /// <summary>Only calls stored up to this document; null for all.</summary>
    public long? Mark { get; init; }

    /// <summary>Which calls have a text; null where nothing tells.</summary>
    public PostgresTexts? Texts { get; init; }

    /// <summary>As <see cref="SelectFrame.Judged"/>.</summary>
    public CallTraits Judged { get; init; }

    /// <summary>The calls that have the numbers that are asked for, where that is known; null where it is not.</summary>
    public long[]? Documents { get; init; }

    /// <summary>The days that are asked together; null where these are all.</summary>
    public PostgresWindow? Window { get; init; }
}

/// <summary>Turns a query into SQL for some days, and runs it.</summary>
/// <remarks>An exact number is joined from <c>call_numbers</c>, whose index is in order of time for each number; where any of several numbers does, each gives its
/// first rows and these are merged. Everything else is a condition on <c>calls</c>, whose primary key is in order of time: which index serves is the planner's choice,
/// by what it knows of the values.</remarks>
internal sealed partial class PostgresCallSelect
{
    private const string MosNoneAscending = "99.0";
    private const string MosNoneDescending = "-1.0";
    private const int NoDirection = 9;

    // Calls of a day that are collected for a page; what more have is met soon in order of time.
    private const int RareInDay = 2_000;

    // The same of calls with a number that begins as it is asked for.
    private const int RareBegun = 200;

    private readonly SqlConditions _where = new();
    private readonly CallQuery _query;
    private readonly PostgresFrame _frame;
    private string _from = "calls c";
    private string _row = "c";
    private string[]? _several;
    private string _nothing = "";
    private bool _isDriven;
    private bool _isPage;
    private IReadOnlyList<TextNeedle> _needles;

    private PostgresCallSelect(CallQuery query, PostgresFrame frame)
    {
        _query = frame.Documents is null ? query : PostgresNumbers.Without(query);
        _frame = frame;
        _needles = DayQuestion.NeedlesOf(query, PostgresText.Clean);
    }

    /// <summary>Runs a query; rows in order.</summary>
    public static List<FoundCall> Rows(PostgresSession session, CallQuery query, PostgresFrame frame)
    {
        var select = new PostgresCallSelect(query, frame);
        (string sql, object[] arguments) = select.Finish(session);
        var found = new List<FoundCall>();
        if (select._nothing.Length > 0) return found;
        using PostgresRows rows = session.Query(sql, arguments);
        while (rows.Step()) found.Add(ReadFound(rows, query));

        return found;
    }

    /// <summary>The plan the server has for it, a line each step.</summary>
    public static List<string> Explain(PostgresSession session, CallQuery query, PostgresFrame frame)
    {
        (string sql, object[] arguments) = new PostgresCallSelect(query, frame).Finish(session);
        var lines = new List<string>();
        using PostgresRows rows = session.Query("EXPLAIN (COSTS OFF) " + sql, arguments);
        while (rows.Step()) lines.Add(rows.Text(0));
        return lines;
    }

    /// <summary>Counts the rows; offset and limit of the frame do not matter.</summary>
    public static long Count(PostgresSession session, CallQuery query, PostgresFrame frame)
    {
        var select = new PostgresCallSelect(query, frame);
        if (select.CountByText(session) is { } calls) return calls;
        select.Build(session);
        if (select._nothing.Length > 0) return 0;
        if (select._several is not { } numbers) return session.Scalar($"SELECT count(*) FROM {select._from}{select._where}", select._where.Arguments);
        select._where.And("n.number = ANY (?)", (object)numbers);
        return session.Scalar($"SELECT count(DISTINCT (c.day, c.id)) FROM {select._from}{select._where}", select._where.Arguments);
    }

    /// <summary>Adds up the rows; offset and limit of the frame do not matter.</summary>
    public static CallSums Sums(PostgresSession session, CallQuery query, PostgresFrame frame)
    {
        var select = new PostgresCallSelect(query, frame);
        select.Build(session);
        if (select._nothing.Length > 0) return default;
        string from = select._from;
        object[] arguments = [.. select._where.Arguments];
        if (select._several is { } numbers)
        {
            // Each call once, though several of its numbers are asked for.
            select._where.And("n.number = ANY (?)", (object)numbers);
            from = $"(SELECT DISTINCT ON (c.day, c.id) c.* FROM {select._from}{select._where}) c";
            arguments = [.. select._where.Arguments];
        }

        using PostgresRows rows = session.Query($"SELECT {PostgresRow.SumsOfCalls} FROM {from}{(select._several is null ? select._where.ToString() : "")}", arguments);
        return rows.Step() ? PostgresRow.Sums(rows, 0) : default;
    }

    /// <summary>The count of a query that asks for tenant, outcome and direction alone, from the sums of a day; null for any other.</summary>
    public static long? SumsOutcomes(PostgresSession session, CallQuery query, DateOnly day)
    {
        CallQuery rest = query with { Dispositions = [], Direction = null, Directions = [], Tenant = null, Ascending = false };
        if (CallCursor.TextOf(rest) != CallCursor.TextOf(new CallQuery())) return null;
        var where = new SqlConditions();
        where.And("o.day = ?", day);
        if (query.Tenant is { } tenant) where.And("o.tenant = ?", tenant);
        if (query.Dispositions.Count > 0) where.And("o.disposition = ANY (?)", (object)Numbers(query.Dispositions));
        if (query.Direction is { } direction) where.And("o.direction = ?", (long)direction);
        if (query.Directions.Count > 0) where.And("o.direction = ANY (?)", (object)Numbers(query.Directions));
        return session.Scalar($"SELECT sum(o.calls)::bigint FROM call_counts o{where}", where.Arguments);
    }

    /// <summary>What stands for a direction in the sums.</summary>
    public static long DirectionOf(CallDirection? direction) => direction is { } known ? (long)known : NoDirection;

    private static long[] Numbers<T>(IReadOnlyList<T> values)
        where T : struct, Enum => [.. values.Select(static value => Convert.ToInt64(value, CultureInfo.InvariantCulture))];

    private string Key => _query.Sort switch
    {
        CallSort.Duration => "c.duration_us",
        CallSort.Billsec => "c.billsec_us",
        CallSort.Mos => $"coalesce(c.mos, {(_query.Ascending ? MosNoneAscending : MosNoneDescending)})",
        _ => $"{_row}.started_at",
    };

    private string Order(string table, string key)
    {
        string sense = _query.Ascending ? "" : " DESC";
        return _query.Sort == CallSort.StartedAt
            ? $"{table}.day{sense}, {key}{sense}, {table}.id{sense}"
            : $"{key}{sense}, {table}.day{sense}, {table}.id{sense}";
    }

    private (string Sql, object[] Arguments) Finish(PostgresSession session)
    {
        _isPage = _query.Sort == CallSort.StartedAt;
        Build(session);
        string judged = _frame.Judged == CallTraits.None ? "1" : $"CASE WHEN (c.traits & {(int)_frame.Judged}) = {(int)_frame.Judged} THEN 1 ELSE 0 END";
        string what = $"SELECT {Key} AS key, c.day, c.id, c.document, c.tenant, {judged}::bigint AS judged FROM {_from}";
        if (_several is null) return ($"{what}{_where} ORDER BY {Order(_row, Key)} LIMIT ? OFFSET ?", [.. _where.Arguments, (long)_frame.Limit, _frame.Offset]);

        // Each number's first rows, and of those the first.
        _where.And("n.number = u.number");
        return (
            $"SELECT DISTINCT k.key, k.day, k.id, k.document, k.tenant, k.judged FROM unnest(?::text[]) u (number) CROSS JOIN LATERAL ({what}{_where} ORDER BY {Order(_row, Key)} LIMIT ?) k "
                + $"ORDER BY {Order("k", "k.key")} LIMIT ? OFFSET ?",
            [_several, .. _where.Arguments, _frame.Limit + _frame.Offset, (long)_frame.Limit, _frame.Offset]);
    }

    // Who drives is known before the conditions name its columns.
    private void Build(PostgresSession session)
    {
        if (_query.Any.Count > 0) AndAny(session);
        else Drive(session);
        AddFilters();
        AndWithout(session);
        if (_frame.Mark is { } mark) _where.And("c.document <= ?", mark);
        _frame.Store.AndShown(_where, _frame.Days, "c");
        if (_frame.After is { } after) AndBehind(after);
        else if (_query.Start is { } start && _query.Sort == CallSort.StartedAt) AndStart(start);
    }

    private void Drive(PostgresSession session)
    {
        var rest = new List<Action>();
        ChooseDriver(session, rest);
        AndDays(_row);
        if (_row != "c") AndDays("c");
        foreach (Action add in rest) add();
        if (_frame.Documents is { } documents) _where.And("c.document = ANY (?::bigint[])", (object)documents);
        else if (!_isDriven) DriveByText(session);
    }

    // Of alternatives the keys that each finds, put together; what holds beside them is a condition.
    private void AndAny(PostgresSession session)
    {
        AndDays("c");
        if (_frame.Documents is { } documents) _where.And("c.document = ANY (?::bigint[])", (object)documents);
        var keys = new List<string>();
        var arguments = new List<object>();
        foreach (CallQuery one in _query.Alternatives())
        {
            var select = new PostgresCallSelect(
                one with { Start = null, Without = null, Tenant = null, Text = _query.Text is null ? one.Text : null, IsSessionStart = false }, _frame with { Mark = null, After = null, Offset = 0, Documents = null });
            select.Build(session);
            if (select._nothing.Length > 0) continue;
            if (select._several is { } numbers) select._where.And("n.number = ANY (?)", (object)numbers);
            keys.Add($"SELECT c.day, c.started_at, c.id FROM {select._from}{select._where}");
            arguments.AddRange(select._where.Arguments);
        }

        if (keys.Count == 0) _nothing = "no alternative finds anything";
        _where.And(keys.Count == 0 ? "false" : $"(c.day, c.started_at, c.id) IN ({string.Join(" UNION ", keys)})", [.. arguments]);
    }

    // The keys of what is left out.
    private void AndWithout(PostgresSession session)
    {
        if (_query.Excluded() is not { } excluded) return;
        var select = new PostgresCallSelect(excluded, _frame with { Mark = null, After = null, Offset = 0, Judged = CallTraits.None, Documents = null });
        select.Build(session);
        if (select._nothing.Length > 0) return;
        if (select._several is { } numbers) select._where.And("n.number = ANY (?)", (object)numbers);
        _where.And($"(c.day, c.started_at, c.id) NOT IN (SELECT c.day, c.started_at, c.id FROM {select._from}{select._where})", [.. select._where.Arguments]);
    }

    // Said in the text where it is one day: of so many partitions the planner then looks at one.
    private void AndDays(string table)
    {
        DateOnly first = _frame.Days[0].Day, last = _frame.Days[^1].Day;
        if (first == last) _where.And($"{table}.day = ?", first);
        else _where.And($"{table}.day BETWEEN ? AND ?", first < last ? first : last, first < last ? last : first);
    }

    // What a call's day says to us the planner does not conclude: without the days named it prepares every partition there is of the table that is looked into.
    private string Within(string table)
    {
        DateOnly first = _frame.Days[0].Day, last = _frame.Days[^1].Day;
        return string.Create(CultureInfo.InvariantCulture, $"{table}.day BETWEEN DATE '{(first < last ? first : last):yyyy-MM-dd}' AND DATE '{(first < last ? last : first):yyyy-MM-dd}'");
    }

    private void ChooseDriver(PostgresSession session, List<Action> rest)
    {
        bool driven = _query.Ids.Count > 0 || _query.SipCallId is not null || _query.SessionId is not null;
        if (_query.Ids.Count > 0) rest.Add(AndIds);
        if (_query.SipCallId is { } sipCallId)
        {
            rest.Add(() => _where.And("c.sip_call_hash = ?", CallRow.SipCallHash(sipCallId))
                .And($"EXISTS (SELECT 1 FROM call_documents d WHERE {Within("d")} AND d.day = c.day AND d.document = c.document AND d.sip_call_id = ?)", sipCallId));
        }

        if (_query.SessionId is { } session1) rest.Add(() => AndSession(session1));
        if (_query.SessionCalleeNumbers.Count > 0) rest.Add(() => AndSessionCallees(session));
        if (_query.IsVoicemail) Exact(CallRow.VoicemailKey, CallRow.CalleeRole);
        if (_query.User is { } user) Exact(CallRow.UserKey(user), CallRow.CallerRole | CallRow.CalleeRole);
        foreach ((string? text, int roles) in (ReadOnlySpan<(string?, int)>)[
            (_query.Number, CallRow.CallerRole | CallRow.CalleeRole | CallRow.DialledRole),
            (_query.Caller, CallRow.CallerRole),
            (_query.Callee, CallRow.CalleeRole | CallRow.DialledRole)])
        {
            if (text is null or "*") continue;
            if (text.EndsWith('*')) Prefix(text[..^1], roles);
            else Exact(text, roles);
        }

        foreach ((IReadOnlyList<string> numbers, int roles) in NumberLists(_query))
        {
            string[] different = [.. numbers.Distinct(StringComparer.Ordinal)];
            if (!driven && different.Length > 1)
            {
                driven = true;
                _several = different;
                Join(roles);
            }
            else if (different.Length == 1)
            {
                Exact(different[0], roles);
            }
            else
            {
                rest.Add(() => _where.And(
                    $"EXISTS (SELECT 1 FROM call_numbers v WHERE v.number = ANY (?) AND {Within("v")} AND v.day = c.day AND v.started_at = c.started_at AND v.id = c.id AND (v.roles & ?) <> 0)",
                    different,
                    (long)roles));
            }
        }

        _isDriven = driven;

        void Exact(string number, int roles)
        {
            if (!driven)
            {
                driven = true;
                Join(roles);
                _where.And("n.number = ?", number);
                return;
            }

            rest.Add(() => _where.And(
                $"EXISTS (SELECT 1 FROM call_numbers v WHERE v.number = ? AND {Within("v")} AND v.day = c.day AND v.started_at = c.started_at AND v.id = c.id AND (v.roles & ?) <> 0)",
                number,
                (long)roles));
        }

        void Prefix(string begin, int roles)
        {
            if (!driven && IsRare(session, begin))
            {
                driven = true;
                rest.Add(() => AndBegins(begin, roles));
                return;
            }

            rest.Add(() => AndColumns(begin, roles));
        }
    }

    private void Join(int roles)
    {
        _from = "call_numbers n JOIN calls c ON c.day = n.day AND c.started_at = n.started_at AND c.id = n.id";
        _row = "n";
        _where.And("(n.roles & ?) <> 0", (long)roles);
    }

    private bool IsRare(PostgresSession session, string begin) => WindowOf(session).IsRare(begin, _isPage ? Math.Min(_frame.PrefixRows, RareBegun) : _frame.PrefixRows);

    private void AndBegins(string begin, int roles)
    {
        DateOnly first = _frame.Days.Min(static day => day.Day), last = _frame.Days.Max(static day => day.Day);
        _where.And(
            "(c.day, c.started_at, c.id) IN (SELECT v.day, v.started_at, v.id FROM call_numbers v WHERE v.number BETWEEN ? AND ? AND v.day BETWEEN ? AND ? AND (v.roles & ?) <> 0)",
            begin,
            begin + "\U0010FFFF",
            first,
            last,
            (long)roles);
    }

    // A prefix that many have is met soon in order of time.
    private void AndColumns(string begin, int roles)
    {
        var any = new List<string>();
        var arguments = new List<object>();
        foreach ((int role, string column) in (ReadOnlySpan<(int, string)>)[
            (CallRow.CallerRole, "c.caller_number"), (CallRow.CalleeRole, "c.callee_number"), (CallRow.DialledRole, "c.dialled"),
            (CallRow.CallerRole, "c.caller_e164"), (CallRow.CalleeRole, "c.callee_e164")])
        {
            if ((roles & role) == 0) continue;
            any.Add($"{column} BETWEEN ? AND ?");
            arguments.Add(begin);
            arguments.Add(begin + "\U0010FFFF");
        }

        _where.And($"({string.Join(" OR ", any)})", [.. arguments]);
    }

    private static IEnumerable<(IReadOnlyList<string> Numbers, int Roles)> NumberLists(CallQuery query) =>
        new (IReadOnlyList<string> Numbers, int Roles)[]
        {
            (query.CallerNumbers, CallRow.CallerRole),
            (query.DialledNumbers, CallRow.DialledRole),
            (query.CalleeNumbers, CallRow.CalleeRole),
            (query.PartyNumbers, CallRow.CallerRole | CallRow.CalleeRole | CallRow.DialledRole),
        }.Where(static list => list.Numbers.Count > 0);

    private void AndIds()
    {
        var days = new List<DateOnly>();
        var ids = new List<byte[]>();
        byte[] id = new byte[CallRow.IdBytes];
        foreach (string text in _query.Ids)
        {
            if (!CallRow.TryReadId(text, out DateOnly day, id) || _frame.Days.All(stored => stored.Day != day)) continue;
            days.Add(day);
            ids.Add(id.ToArray());
        }

        if (ids.Count == 0) _nothing = "no id of these days";
        _where.And("(c.day, c.id) IN (SELECT i.day, i.id FROM unnest(?::date[], ?::bytea[]) i (day, id))", days.ToArray(), ids.ToArray());
    }

    // The calls with one of these callees, the others of their sessions, and the calls that those are named after: of one day each.
    private void AndSessionCallees(PostgresSession session)
    {
        var days = new List<DateOnly>();
        var ids = new List<byte[]>();
        var sessions = new HashSet<string>(StringComparer.Ordinal);
        byte[] id = new byte[CallRow.IdBytes];
        foreach (DateOnly day in _frame.Days.Select(static one => one.Day))
        {
            PostgresWindow.SessionCallees callees = WindowOf(session).CalleesOf(day, _query.SessionCalleeNumbers);
            foreach (byte[] its in callees.Ids) Add(day, its);
            foreach (string one in callees.Sessions)
            {
                sessions.Add(one);
                if (CallRow.TryReadId(one, out DateOnly own, id) && own == day) Add(day, [.. id]);
            }
        }

        if (ids.Count == 0) _nothing = "no call of these days has such a callee";
        string among = "(c.day, c.id) IN (SELECT i.day, i.id FROM unnest(?::date[], ?::bytea[]) i (day, id))";
        if (_frame.Days.Count == 1)
        {
            among = "c.id = ANY (?::bytea[])";
            if (sessions.Count == 0) _where.And(among, (object)ids.ToArray());
            else _where.And($"({among} OR c.session_id = ANY (?))", ids.ToArray(), sessions.ToArray());
            return;
        }

        _where.And($"({among} OR c.session_id = ANY (?))", days.ToArray(), ids.ToArray(), sessions.ToArray());

        void Add(DateOnly day, byte[] its)
        {
            days.Add(day);
            ids.Add(its);
        }
    }

    private void AndSession(string session)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (CallRow.TryReadId(session, out DateOnly day, id)) _where.And("(c.session_id = ? OR (c.day = ? AND c.id = ? AND c.session_id IS NULL))", session, day, id);
        else _where.And("c.session_id = ?", session);
    }

    private void AddFilters()
    {
        if (_query.From is { } from) _where.And($"{_row}.started_at >= ?", from.Microseconds);
        if (_query.To is { } to) _where.And($"{_row}.started_at < ?", to.Microseconds);
        if (_query.Address is { } address)
        {
            byte[] bytes = CallRow.Address(address);
            _where.And("(c.caller_ip = ? OR c.callee_ip = ?)", bytes, bytes);
        }

        if (_query.Dispositions.Count > 0) _where.And("c.disposition = ANY (?)", (object)Numbers(_query.Dispositions));
        if (_query.Direction is { } direction) _where.And("c.direction = ?", (long)direction);
        if (_query.Directions.Count > 0) _where.And("c.direction = ANY (?)", (object)Numbers(_query.Directions));
        if (_query.Context is { } context) _where.And("c.context = ?", (long)context);
        if (_query.Codec is { } codec) _where.And("strpos(c.codecs, ?) > 0", CallSelect.CodecItem(codec));
        if (_query.MosBelow is { } mos) _where.And("c.mos < ?", mos);
        if (_query.Flags != CallFlags.None) _where.And("(c.flags & ?) = ?", (long)_query.Flags, (long)_query.Flags);
        if (_query.DurationMin is { } least) _where.And("c.duration_us >= ?", CallRow.Microseconds(least));
        if (_query.DurationMax is { } most) _where.And("c.duration_us <= ?", CallRow.Microseconds(most));
        if (_query.BillsecMin is { } billed) _where.And("c.billsec_us >= ?", CallRow.Microseconds(billed));
        if (_query.BillsecMax is { } billedMost) _where.And("c.billsec_us <= ?", CallRow.Microseconds(billedMost));
        if (_query.Recorded is { } recorded)
        {
            _where.And(
                $"{(recorded ? "" : "NOT ")}EXISTS (SELECT 1 FROM recordings r WHERE {Within("r")} AND r.day = c.day AND r.document = c.document AND r.state = ?)",
                (long)RecordingState.Available);
        }

        if (_query.IsAudible)
        {
            _where.And("c.disposition = ? AND (c.flags & ?) = 0", (long)Disposition.Answered, (long)CallFlags.NoRtp);
            _where.And(
                $"NOT EXISTS (SELECT 1 FROM recordings r WHERE {Within("r")} AND r.day = c.day AND r.document = c.document AND (r.state IN (?, ?) OR (r.state = ? AND r.reason IS NOT NULL)))",
                (long)RecordingState.Failed,
                (long)RecordingState.Deleted,
                (long)RecordingState.None);
        }

        if (_query.SipStatuses.Count > 0) _where.And("c.sip_status = ANY (?)", (object)_query.SipStatuses.Select(static value => (long)value).ToArray());
        if (_query.Causes.Count > 0) _where.And("coalesce(c.cause, 0) = ANY (?)", (object)_query.Causes.Select(static value => (long)value).ToArray());
        if (_query.HangupBys.Count > 0) _where.And("c.hangup_by = ANY (?)", (object)Numbers(_query.HangupBys));
        if (_query.RerouteReasons.Count > 0) _where.And("c.reroute = ANY (?)", (object)Numbers(_query.RerouteReasons));
        if (_query.Trunk is { Length: > 0 } trunk) _where.And("c.trunk = ?", trunk);
        else if (_query.Trunk is not null) _where.And("c.trunk IS NULL");
        if (_query.TrunkPart is { } trunkPart) _where.And("strpos(c.trunk, ?) > 0", PostgresText.Clean(trunkPart));
        if (_query.CallerCodec is { } callerCodec) _where.And("c.caller_codec = ?", PostgresText.Clean(CallProfile.Folded(callerCodec)));
        if (_query.CalleeCodec is { } calleeCodec) _where.And("c.callee_codec = ?", PostgresText.Clean(CallProfile.Folded(calleeCodec)));

        // Which are few, with an index of their own.
        if (_query.Traits.Count > 0 && _query.Traits.All(static match => (match.Has & CallTraits.MakesKind) != 0)) _where.And("c.kinds IS NOT NULL");
        if (_query.Traits.Count > 0)
            _where.And($"({string.Join(" OR ", _query.Traits.Select(static match => CallSelect.TraitText("c", match)))})");
        if (_query.PersonBillsecMax is { } personMost) _where.And($"(c.billsec_us <= ? OR (c.traits & {(int)CallTraits.ByPerson}) = 0)", CallRow.Microseconds(personMost));
        AndExcept();
        if (_query.IsSessionStart) _where.And("c.session_id IS NULL");
        if (_query.Tenant is { } tenant) _where.And("c.tenant = ?", tenant);
        AndRanges();
        AndMoments();
        AndTexts();
    }

    private void AndExcept()
    {
        if (_query.Except.Count == 0) return;
        var except = DayIds.Of(_query.Except);
        (DateOnly Day, string Id)[] here = [.. _frame.Days.SelectMany(day => except.On(day.Day).Select(id => (day.Day, id)))];
        if (here.Length == 0) return;
        _where.And(
            "NOT EXISTS (SELECT 1 FROM unnest(?::date[], ?::bytea[]) x (day, id) WHERE x.day = c.day AND x.id = c.id)",
            here.Select(static one => one.Day).ToArray(),
            here.Select(static one => Convert.FromHexString(one.Id.AsSpan(9))).ToArray());
    }

    private void AndRanges()
    {
        foreach (TextRange range in _query.Ranges)
        {
            if (range.Of == TextOf.Id)
            {
                AndId(range);
                continue;
            }

            string? ofDocument = range.Of == TextOf.SipCallId ? "d.sip_call_id" : range.Label is { } label ? string.Create(CultureInfo.InvariantCulture, $"nullif(split_part(d.labels, E'\\n', {(int)label + 1}), '')") : null;
            string its = ofDocument ?? range.Of switch { TextOf.Caller => "c.caller_number", TextOf.Callee => "c.callee_number", TextOf.Dialled => "c.dialled", _ => "c.trunk" };
            string condition = TextRanges.Condition(range, its, QueryConditions.InPostgres, out bool binds);
            _where.And(ofDocument is null ? condition : $"(SELECT {condition} FROM call_documents d WHERE {Within("d")} AND d.day = c.day AND d.document = c.document)", binds ? [PostgresText.Clean(range.Text)] : []);
        }
    }

    // A bound of another day is met by all or by none.
    private void AndId(TextRange range)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (range.Sense == TextSense.Present) return;
        if (range.Sense == TextSense.Contains || !CallRow.TryReadId(range.Text, out DateOnly day, id))
        {
            string condition = TextRanges.Condition(range, "((to_char(c.day, 'YYYYMMDD') || '-' || encode(c.id, 'hex')) COLLATE \"C\")", QueryConditions.InPostgres, out bool binds);
            _where.And(condition, binds ? [PostgresText.Clean(range.Text)] : []);
        }
        else if (_frame.Days is not [var one])
        {
            _where.And(TextRanges.Condition(range, "(c.day, c.id)", QueryConditions.InPostgres, out _).Replace("?", "(?, ?)", StringComparison.Ordinal), day, id);
        }
        else if (IdRanges.Meets(range, one.Day) is not { } meets)
        {
            _where.And(TextRanges.Condition(range, "c.id", QueryConditions.InPostgres, out _), id);
        }
        else if (!meets)
        {
            _where.And("false");
        }
    }

    private void AndTexts()
    {
        foreach (TextNeedle needle in _needles)
        {
            PostgresTexts.And(_where, needle, hasDocument: false);
        }
    }

    // What is asked of a text alone is told by the index.
    private long? CountByText(PostgresSession session) =>
        _needles.Count == 1 && _frame is { Texts: { } texts, Mark: null, After: null, Documents: null } && _frame.Days.All(_frame.Store.IsWhole)
        && CallCursor.TextOf(_query with { Text = null, Parts = [], Labels = [], Ascending = false, Sort = CallSort.StartedAt }) == CallCursor.TextOf(new CallQuery())
            ? texts.Find(session, _frame.Days, _needles[0], long.MaxValue, _frame.Window?.Seals)?.Count
            : null;

    // The calls that have the longest text, where they are few; what is common is met soon in order of time.
    private bool DriveByText(PostgresSession session)
    {
        if (_needles.Count == 0 || WindowOf(session).DocumentsOf(_needles[0], _isPage ? Math.Min(_frame.PrefixRows, RareInDay) : _frame.PrefixRows) is not { } found) return false;
        _needles = [.. _needles.Skip(1)];
        (DateOnly Day, long Document)[] here = [.. _frame.Days.SelectMany(day => found.TryGetValue(day.Day, out List<long>? its) ? its.Select(document => (day.Day, document)) : [])];
        if (here.Length == 0) _nothing = "no call has the text";
        if (_frame.Days.Count == 1)
        {
            _where.And("c.document = ANY (?::bigint[])", (object)here.Select(static call => call.Document).ToArray());
            return true;
        }

        _where.And(
            "(c.day, c.document) IN (SELECT k.day, k.document FROM unnest(?::date[], ?::bigint[]) k (day, document))",
            here.Select(static call => call.Day).ToArray(),
            here.Select(static call => call.Document).ToArray());
        return true;
    }

    // The record at the position and those behind it, in order of time alone.
    private void AndStart(CallPosition start)
    {
        byte[] id = new byte[CallRow.IdBytes];
        if (!CallRow.TryReadId(start.Id, out _, id) && !_query.Ascending) id.AsSpan().Fill(0xFF);
        _where.And($"({_row}.started_at, {_row}.id) {(_query.Ascending ? ">" : "<")}= (?, ?)", start.StartedAt.Microseconds, id);
    }

    private void AndBehind(CallCursor after)
    {
        string beyond = _query.Ascending ? ">" : "<";
        object key = _query.Sort == CallSort.Mos ? BitConverter.Int64BitsToDouble(after.Key) : after.Key;
        if (_query.Sort == CallSort.StartedAt) _where.And($"({_row}.day, {_row}.started_at, {_row}.id) {beyond} (?, ?, ?)", after.Day, key, after.Id);
        else _where.And($"({Key}, c.day, c.id) {beyond} (?, ?, ?)", key, after.Day, after.Id);
    }
}
