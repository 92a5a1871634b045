using System.Buffers.Binary;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;
using CdrEngine.Storage.Sqlite;
using Npgsql;
using NpgsqlTypes;

namespace CdrEngine.Storage.Postgres;

/// <summary>A call that has a number.</summary>
/// <param name="StartedAt">When it began, microseconds.</param>
/// <param name="Id">The bytes of its id.</param>
/// <param name="Document">Its document.</param>
internal sealed record NumberedCall(long StartedAt, byte[] Id, long Document);

/// <summary>Numbers that a call is to have one of, in one of some roles.</summary>
/// <param name="Numbers">The numbers; one begin where <paramref name="IsBegin"/>.</param>
/// <param name="Roles">The roles, added up.</param>
/// <param name="IsBegin">Whether it is to begin so.</param>
internal sealed record AskedNumbers(IReadOnlyList<string> Numbers, int Roles, bool IsBegin = false);

/// <summary>Which calls of sealed days have the numbers that a query asks for: looked up for all days at once, so that a number which few days have is found without asking the others, and
/// counted without asking any.</summary>
internal static class PostgresNumbers
{
    // Calls of a number and day that are named; of more it is only told how many.
    private const int MostCalls = 2_000;

    // The same where only the first rows are wanted: days that have more are met soon.
    private const int FewCalls = 100;

    // Rows of the table that are read for a query; of a begin fewer, since what many have is met soon.
    private const int MostRows = 20_000;
    private const int MostBegun = 3_000;

    private const int CallSize = (2 * sizeof(long)) + CallRow.IdBytes + 1;

    private static readonly string s_nothing = CallCursor.TextOf(ProfileFilter.Rest(new CallQuery()));

    /// <summary>What a query asks of numbers, all of which are to be met; null where it asks nothing of them.</summary>
    public static IReadOnlyList<AskedNumbers>? Of(CallQuery query)
    {
        const int any = CallRow.CallerRole | CallRow.CalleeRole | CallRow.DialledRole;
        var asked = new List<AskedNumbers>();
        if (query.IsVoicemail) asked.Add(new AskedNumbers([CallRow.VoicemailKey], CallRow.CalleeRole));
        if (query.User is { } user) asked.Add(new AskedNumbers([CallRow.UserKey(user)], CallRow.CallerRole | CallRow.CalleeRole));
        foreach ((string? text, int roles) in (ReadOnlySpan<(string?, int)>)[(query.Number, any), (query.Caller, CallRow.CallerRole), (query.Callee, CallRow.CalleeRole | CallRow.DialledRole)])
        {
            if (text is null or "*") continue;
            asked.Add(text.EndsWith('*') ? new AskedNumbers([PostgresText.Clean(text[..^1])], roles, IsBegin: true) : new AskedNumbers([PostgresText.Clean(text)], roles));
        }

        foreach ((IReadOnlyList<string> numbers, int roles) in (ReadOnlySpan<(IReadOnlyList<string>, int)>)[
            (query.CallerNumbers, CallRow.CallerRole), (query.DialledNumbers, CallRow.DialledRole), (query.CalleeNumbers, CallRow.CalleeRole), (query.PartyNumbers, any)])
        {
            if (numbers.Count > 0) asked.Add(new AskedNumbers([.. numbers.Select(PostgresText.Clean).Distinct(StringComparer.Ordinal)], roles));
        }

        return asked.Count == 0 ? null : asked;
    }

    /// <summary>The alternatives of a query, each with what it asks of numbers; null where one of them asks nothing of them.</summary>
    public static IReadOnlyList<IReadOnlyList<AskedNumbers>>? AlternativesOf(CallQuery query)
    {
        IReadOnlyList<AskedNumbers>? all = Of(query);
        if (query.Any.Count == 0) return all is null ? null : [all];
        var alternatives = new List<IReadOnlyList<AskedNumbers>>();
        foreach (CallQuery one in query.Any)
        {
            IReadOnlyList<AskedNumbers>? its = Of(one);
            if (its is null && all is null) return null;
            alternatives.Add([.. all ?? [], .. its ?? []]);
        }

        return alternatives;
    }

    /// <summary>Whether numbers, times, ids and what profiles answer are all that it asks for; of alternatives numbers alone.</summary>
    public static bool IsAllOf(CallQuery query) => CallCursor.TextOf(ProfileFilter.Rest(Without(query) with { Ids = [], Except = [], Any = [] })) == s_nothing
        && query.Any.All(static one => CallCursor.TextOf(Without(one) with { Ascending = false, Sort = CallSort.StartedAt }) == s_nothing && Of(one) is not null);

    /// <summary>The query without what it asks of numbers.</summary>
    public static CallQuery Without(CallQuery query) => query.WithoutNumbers() with { IsVoicemail = false };

    /// <summary>The calls of sealed days that have what is asked of numbers.</summary>
    /// <param name="session">A connection.</param>
    /// <param name="days">Days with a seal.</param>
    /// <param name="alternatives">Alternatives, of each of which all is to be met.</param>
    /// <param name="all">Whether all calls are wanted, and not only those of the first pages.</param>
    /// <returns>Calls in order of time by day; without the days that have too many, and without what is known to have none, as an empty list. Null where the answer would be too long.</returns>
    public static Dictionary<DateOnly, List<NumberedCall>>? Find(PostgresSession session, IReadOnlyList<StoredDay> days, IReadOnlyList<IReadOnlyList<AskedNumbers>> alternatives, bool all)
    {
        AskedNumbers[] asked = [.. alternatives.SelectMany(static one => one)];
        var where = new List<string>();
        var arguments = new List<object?>();
        string[] exact = [.. asked.Where(static one => !one.IsBegin).SelectMany(static one => one.Numbers).Distinct(StringComparer.Ordinal)];
        if (exact.Length > 0)
        {
            where.Add("n.number = ANY (?)");
            arguments.Add(exact);
        }

        foreach (string begin in asked.Where(static one => one.IsBegin).Select(static one => one.Numbers[0]).Distinct(StringComparer.Ordinal))
        {
            where.Add("n.number BETWEEN ? AND ?");
            arguments.Add(begin);
            arguments.Add(begin + "\U0010FFFF");
        }

        // An index for each part: the server joins them as bitmaps.
        var seals = days.ToDictionary(static day => day.Day, static day => day.Seal);
        var found = new Dictionary<DateOnly, Dictionary<string, byte[]?>>();
        int read = 0, most = asked.Any(static one => one.IsBegin) ? MostBegun : MostRows;
        using (PostgresRows rows = session.Query(
            $"SELECT n.number, n.day, n.seal, CASE WHEN n.calls <= ? THEN n.rows END FROM day_numbers n WHERE ({string.Join(" OR ", where)}) AND n.day BETWEEN ? AND ? LIMIT ?",
            [all ? MostCalls : FewCalls, .. arguments, days.Min(static day => day.Day), days.Max(static day => day.Day), most + 1L]))
        {
            while (rows.Step())
            {
                if (++read > most) return null;
                DateOnly day = rows.Day(1);
                if (!seals.TryGetValue(day, out long seal) || seal != rows.Long(2)) continue;
                if (!found.TryGetValue(day, out Dictionary<string, byte[]?>? its)) found.Add(day, its = new Dictionary<string, byte[]?>(StringComparer.Ordinal));
                its[rows.Text(0)] = rows.BlobOrNull(3);
            }
        }

        var calls = new Dictionary<DateOnly, List<NumberedCall>>(days.Count);
        foreach (StoredDay day in days)
        {
            if (!found.TryGetValue(day.Day, out Dictionary<string, byte[]?>? its)) calls.Add(day.Day, []);
            else if (In(its, alternatives) is { } here) calls.Add(day.Day, here);
        }

        return calls;
    }

    /// <summary>Notes the numbers of a day, inside a transaction of a writer.</summary>
    public static void Make(PostgresSession session, DateOnly day, long seal)
    {
        session.Execute("DELETE FROM day_numbers WHERE day = ?", day);
        PostgresSchema.EnsureMonth(session, ["day_numbers"], day);
        var noted = new List<(string Number, int Calls, byte[]? Rows)>();
        using (PostgresRows rows = session.Query(
            "SELECT n.number, n.started_at, n.id, c.document, n.roles FROM call_numbers n JOIN calls c ON c.day = n.day AND c.started_at = n.started_at AND c.id = n.id "
            + "WHERE n.day = ? AND c.day = ? ORDER BY n.number, n.started_at, n.id",
            day,
            day))
        {
            string? number = null;
            int count = 0;
            var bytes = new MemoryStream();
            Span<byte> word = stackalloc byte[sizeof(long)];
            while (rows.Step())
            {
                if (rows.Text(0) is var next && next != number)
                {
                    Note();
                    number = next;
                }

                if (++count > MostCalls) continue;
                BinaryPrimitives.WriteInt64LittleEndian(word, rows.Long(1));
                bytes.Write(word);
                bytes.Write(rows.Blob(2));
                BinaryPrimitives.WriteInt64LittleEndian(word, rows.Long(3));
                bytes.Write(word);
                bytes.WriteByte((byte)rows.Long(4));
            }

            Note();

            void Note()
            {
                if (number is not null) noted.Add((number, count, count > MostCalls ? null : bytes.ToArray()));
                bytes.SetLength(0);
                count = 0;
            }
        }

        using NpgsqlBinaryImporter to = session.Connection.BeginBinaryImport("COPY day_numbers (number, day, seal, calls, rows) FROM STDIN (FORMAT BINARY)");
        foreach ((string number, int calls, byte[]? rows) in noted)
        {
            to.StartRow();
            to.Write(number, NpgsqlDbType.Text);
            to.Write(day, NpgsqlDbType.Date);
            to.Write(seal, NpgsqlDbType.Bigint);
            to.Write(calls, NpgsqlDbType.Integer);
            to.Bytes(rows);
        }

        to.Complete();
    }

    // Of one day; null where a number has too many calls there.
    private static List<NumberedCall>? In(Dictionary<string, byte[]?> day, IReadOnlyList<IReadOnlyList<AskedNumbers>> alternatives)
    {
        var calls = new SortedDictionary<(long StartedAt, string Id), NumberedCall>(Comparer<(long StartedAt, string Id)>.Create(static (one, other) =>
            one.StartedAt != other.StartedAt ? one.StartedAt.CompareTo(other.StartedAt) : string.CompareOrdinal(one.Id, other.Id)));
        foreach (IReadOnlyList<AskedNumbers> all in alternatives)
        {
            Dictionary<(long StartedAt, string Id), NumberedCall>? left = null;
            foreach (AskedNumbers asked in all)
            {
                var its = new Dictionary<(long StartedAt, string Id), NumberedCall>();
                foreach ((string number, byte[]? rows) in day)
                {
                    if (!(asked.IsBegin ? Begins(number, asked.Numbers[0]) : asked.Numbers.Contains(number, StringComparer.Ordinal))) continue;
                    if (rows is null) return null;
                    for (int at = 0; at + CallSize <= rows.Length; at += CallSize)
                    {
                        if ((rows[at + CallSize - 1] & asked.Roles) == 0) continue;
                        byte[] id = rows[(at + sizeof(long))..(at + sizeof(long) + CallRow.IdBytes)];
                        var call = new NumberedCall(BinaryPrimitives.ReadInt64LittleEndian(rows.AsSpan(at)), id, BinaryPrimitives.ReadInt64LittleEndian(rows.AsSpan(at + sizeof(long) + CallRow.IdBytes)));
                        (long, string) key = (call.StartedAt, Convert.ToHexString(id));
                        if (left is null || left.ContainsKey(key)) its.TryAdd(key, call);
                    }
                }

                left = its;
                if (left.Count == 0) break;
            }

            foreach (((long, string) key, NumberedCall call) in left ?? []) calls.TryAdd(key, call);
        }

        return [.. calls.Values];
    }

    // As the database compares: by bytes.
    private static bool Begins(string number, string begin)
    {
        byte[] its = Encoding.UTF8.GetBytes(number);
        return its.AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(begin)) >= 0 && its.AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(begin + "\U0010FFFF")) <= 0;
    }
}
