using System.Globalization;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage.Sqlite;

/// <summary>One row of an answer, before its document is read.</summary>
/// <param name="Key">Sort key; see <see cref="CallCursor.Key"/>.</param>
/// <param name="Day">Its day.</param>
/// <param name="Id">Twelve bytes.</param>
/// <param name="Document">Where its document lies in that day.</param>
internal sealed record FoundCall(long Key, DateOnly Day, byte[] Id, long Document);

/// <summary>Turns a query into SQL for one day, and runs it.</summary>
/// <remarks>One driver is chosen, the narrowest that the query has: Call-ID, session, exact number, number prefix with few rows, else the
/// table in order of time. All other filters are conditions on the rows the driver gives.</remarks>
internal sealed class CallSelect
{
    // Sorts before, or behind, every real MOS: calls without one come last either way.
    private const double MosNoneAscending = 99;
    private const double MosNoneDescending = -1;

    private readonly StringBuilder _where = new();
    private readonly List<object?> _arguments = [];
    private readonly CallQuery _query;
    private readonly DateOnly _day;
    private string _from = "calls c";

    private CallSelect(CallQuery query, DateOnly day)
    {
        _query = query;
        _day = day;
    }

    /// <summary>The statement; parameters stand in order of <see cref="Arguments"/>.</summary>
    public string Sql { get; private set; } = "";

    public IReadOnlyList<object?> Arguments => _arguments;

    /// <summary>Builds the statement for one day; it gives at most <paramref name="limit"/> rows.</summary>
    public static CallSelect Build(SqliteDatabase database, CallQuery query, DateOnly day, CallCursor? after, int limit, int prefixRows)
    {
        var select = new CallSelect(query, day);
        select.ChooseDriver(database, prefixRows);
        select.AddFilters();
        if (after is not null) select.AddKeyset(after);
        string sense = query.Ascending ? "" : " DESC";
        select.Sql = $"SELECT {select.Key}, c.id, c.document FROM {select._from}{select._where} ORDER BY {select.Key}{sense}, {select.Id}{sense} LIMIT ?";
        select._arguments.Add((long)limit);
        return select;
    }

    /// <summary>Runs it; rows in order.</summary>
    public List<FoundCall> Run(SqliteDatabase database)
    {
        using SqliteStatement statement = Bound(database, Sql);
        var found = new List<FoundCall>();
        while (statement.Step())
        {
            long key = _query.Sort == CallSort.Mos ? BitConverter.DoubleToInt64Bits(statement.Real(0) ?? 0) : statement.Long(0);
            found.Add(new FoundCall(key, _day, statement.Blob(1).ToArray(), statement.Long(2)));
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

    private void ChooseDriver(SqliteDatabase database, int prefixRows)
    {
        bool driven = false;
        if (_query.SipCallId is { } sipCallId)
        {
            And("c.sip_call_hash = ?", CallRow.SipCallHash(sipCallId));
            And("(SELECT d.sip_call_id FROM call_documents d WHERE d.document = c.document) = ?", sipCallId);
            driven = true;
        }

        if (_query.SessionId is { } session)
        {
            AndSession(session);
            driven = true;
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

    private void AndSession(string session)
    {
        Span<byte> id = stackalloc byte[CallRow.IdBytes];
        if (CallRow.TryReadId(session, out DateOnly day, id) && day == _day)
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
        foreach ((int role, string column) in (ReadOnlySpan<(int, string)>)[
            (CallRow.CallerRole, "c.caller_number"), (CallRow.CalleeRole, "c.callee_number"), (CallRow.DialledRole, "c.dialled")])
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

    private void AddFilters()
    {
        string startedAt = NumberDrives ? "n.started_at" : "c.started_at";
        if (_query.From is { } from) And(startedAt + " >= ?", from.Microseconds);
        if (_query.To is { } to) And(startedAt + " < ?", to.Microseconds);
        if (_query.Address is { } address)
        {
            byte[]? bytes = CallRow.Address(address);
            And("(c.caller_ip = ? OR c.callee_ip = ?)", bytes, bytes);
        }

        if (_query.Dispositions.Count > 0)
        {
            And($"c.disposition IN ({string.Join(", ", Enumerable.Repeat("?", _query.Dispositions.Count))})",
                [.. _query.Dispositions.Select(static value => (object?)(long)value)]);
        }

        if (_query.Direction is { } direction) And("c.direction = ?", (long)direction);
        if (_query.Codec is { } codec)
        {
            string item = "|" + codec.ToLowerInvariant();
            And("instr(c.codecs, ?) > 0", codec.Contains('/') ? item + "|" : item + "/");
        }

        if (_query.MosBelow is { } mos) And("c.mos < ?", mos);
        if (_query.Flags != CallFlags.None) And("(c.flags & ?) = ?", (long)_query.Flags, (long)_query.Flags);
        if (_query.DurationMin is { } least) And("c.duration_us >= ?", CallRow.Microseconds(least));
        if (_query.DurationMax is { } most) And("c.duration_us <= ?", CallRow.Microseconds(most));
        if (_query.IsSessionStart) And("c.session_id IS NULL");
        if (_query.Tenant is { } tenant) And("c.tenant = ?", tenant);
        if (!string.IsNullOrEmpty(_query.Text))
            And("instr((SELECT d.search FROM call_documents d WHERE d.document = c.document), ?) > 0", _query.Text.ToLowerInvariant());
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
        foreach (object? argument in _arguments)
        {
            _ = argument switch
            {
                long number => statement.Bind(number),
                double number => statement.Bind((double?)number),
                byte[] bytes => statement.BindBlob(bytes.AsSpan()),
                Utf8 text => statement.BindText(text.Bytes),
                string text => statement.Bind(text),
                _ => statement.Bind((string?)null),
            };
        }

        return statement;
    }

    /// <summary>Text given by its bytes.</summary>
    private sealed record Utf8(byte[] Bytes);
}
