using System.Collections.Concurrent;
using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Npgsql;
using NpgsqlTypes;

namespace CdrEngine.Storage.Postgres;

/// <summary>Which calls of some days have a text; see <see cref="DayTexts"/>, whose answers these are, of several days at once.</summary>
internal sealed class PostgresTexts
{
    /// <summary>Tables with a partition for each day.</summary>
    public static readonly string[] Tables = ["text_grams", "text_terms"];

    // Filters of segments in memory: 16 MiB. A segment never changes, and its number is never given to another.
    private const int MostFilters = 2_048;

    private readonly ConcurrentDictionary<long, byte[]> _filters = new();

    /// <summary>The documents of the calls that have a text; null where nothing tells them, or they are more than <paramref name="most"/>.</summary>
    /// <param name="session">A connection.</param>
    /// <param name="days">The days.</param>
    /// <param name="needle">The text.</param>
    /// <param name="most">Most calls that are wanted.</param>
    public List<(DateOnly Day, long Document)>? Find(PostgresSession session, IReadOnlyList<StoredDay> days, TextNeedle needle, long most)
    {
        var found = new List<(DateOnly, long)>();
        if (needle.IsNowhere) return found;
        DateOnly[] named = [.. days.Select(static day => day.Day)];
        Dictionary<DateOnly, List<Segment>> segments = Segments(session, named);
        Dictionary<DateOnly, List<long>> stale = Stale(session, named);
        if (RestOf(session, days, segments, stale) > DayTexts.MostRest) return null;
        List<Segment> asked = Asked(session, [.. segments.Values.SelectMany(static list => list)], needle);
        if (asked.Count > 0)
        {
            Dictionary<long, List<byte[]>> lists = Lists(session, asked, needle);
            var candidates = new Dictionary<long, List<int>>();
            foreach (Segment segment in asked)
            {
                if (!lists.TryGetValue(segment.Number, out List<byte[]>? its) || its.Count < needle.Grams.Count || TextLookup.FieldEnds(segment.Fields) is not { } fields) continue;
                List<int> terms = TextLookup.Candidates(needle, fields, its);
                if (terms.Count > 0) candidates.Add(segment.Number, terms);
            }

            foreach ((Segment segment, CallSet calls) in Match(session, asked, candidates, needle))
            {
                foreach (long document in stale.GetValueOrDefault(segment.Day) ?? []) calls.Remove(document);
                var documents = new List<long>();
                calls.AddTo(documents);
                found.AddRange(documents.Select(document => (segment.Day, document)));
                if (found.Count > most) return null;
            }
        }

        AddRest(session, days, segments, stale, needle, found);
        return found.Count > most ? null : found;
    }

    /// <summary>Makes segments tell of every call of a day, inside a transaction of a writer.</summary>
    public static void Complete(PostgresSession session, DateOnly day, long lastDocument)
    {
        if (session.Scalar("SELECT count(*) FROM text_stale WHERE day = ?", day) > 0) Drop(session, day);
        string calls = PostgresSchema.Partition("calls", day);
        session.Script($"CREATE INDEX IF NOT EXISTS {calls}_document ON {calls} (document)");
        while (Add(session, day, lastDocument))
        {
        }
    }

    /// <summary>Forgets the texts of a day, inside a transaction of a writer.</summary>
    public static void Drop(PostgresSession session, DateOnly day)
    {
        foreach (string table in (string[])["text_segments", "text_grams", "text_terms", "text_stale"]) session.Execute($"DELETE FROM {table} WHERE day = ?", day);
    }

    /// <summary>Notes, before it happens, that calls become others or go.</summary>
    public static void Change(PostgresSession session, DateOnly day, long[] documents) => session.Queue(
        "INSERT INTO text_stale (day, document) SELECT s.day, u.document FROM unnest(?::bigint[]) u (document) JOIN text_segments s ON s.day = ? AND u.document BETWEEN s.first_document AND s.last_document "
        + "ON CONFLICT DO NOTHING",
        documents,
        day);

    /// <summary>How many calls of a day no segment tells of, or not as they are.</summary>
    public static long RestOf(PostgresSession session, DateOnly day) => session.Scalar(
        "SELECT (SELECT count(*) FROM call_documents d WHERE d.day = ? AND d.document > coalesce((SELECT max(s.last_document) FROM text_segments s WHERE s.day = ?), 0)) "
        + "+ (SELECT count(*) FROM text_stale t WHERE t.day = ?)",
        day,
        day,
        day);

    private static bool Add(PostgresSession session, DateOnly day, long lastDocument)
    {
        long first = session.Scalar("SELECT coalesce(max(last_document), 0) + 1 FROM text_segments WHERE day = ?", day);
        long last = 0;
        int count = 0;
        TextSegment? segment = null;
        string?[] numbers = new string?[5];
        using (PostgresRows rows = session.Query(
            "SELECT d.document, d.search, c.caller_number, c.callee_number, c.dialled, c.caller_e164, c.callee_e164, d.json FROM call_documents d "
            + "JOIN calls c ON c.day = d.day AND c.document = d.document WHERE d.day = ? AND d.document >= ? AND d.document <= ? ORDER BY d.document LIMIT ?",
            day,
            first,
            lastDocument,
            (long)TextSegment.MostCalls))
        {
            while (rows.Step())
            {
                // Numbers are given to all days together: a day of its own may have them far apart.
                last = rows.Long(0);
                if (segment is null) (segment, first) = (new TextSegment(last), last);
                if (last - first > int.MaxValue) break;
                count++;
                for (int i = 0; i < numbers.Length; i++) numbers[i] = rows.TextOrNull(i + 2);
                segment.Add(last, rows.Text(1), numbers, CallLabels.Read(rows.Blob(7)));
            }
        }

        if (segment is null) return false;
        bool isLast = count < TextSegment.MostCalls && last - first <= int.MaxValue;
        if (last - first > int.MaxValue) last--;
        else if (isLast) last = lastDocument;
        TextRows made = segment.Build();
        long number = session.Scalar("SELECT nextval('text_numbers')");
        session.Execute("INSERT INTO text_segments (day, segment, first_document, last_document, fields, grams) VALUES (?, ?, ?, ?, ?, ?)", day, number, first, last, made.FieldBytes(), GramFilter.Of(made.Grams.Select(static gram => gram.Gram)));
        using (NpgsqlBinaryImporter rows = session.Connection.BeginBinaryImport($"COPY {PostgresSchema.Partition("text_grams", day)} (day, segment, gram, terms) FROM STDIN (FORMAT BINARY)"))
        {
            foreach ((int gram, byte[] terms) in made.Grams)
            {
                Begin(rows, day, number, gram);
                rows.Write(terms, NpgsqlDbType.Bytea);
            }

            rows.Complete();
        }

        using (NpgsqlBinaryImporter rows = session.Connection.BeginBinaryImport($"COPY {PostgresSchema.Partition("text_terms", day)} (day, segment, chunk, texts, calls) FROM STDIN (FORMAT BINARY)"))
        {
            foreach ((int chunk, byte[] texts, byte[] calls) in made.Chunks)
            {
                Begin(rows, day, number, chunk);
                rows.Write(texts, NpgsqlDbType.Bytea);
                rows.Write(calls, NpgsqlDbType.Bytea);
            }

            rows.Complete();
        }

        return !isLast;

        static void Begin(NpgsqlBinaryImporter rows, DateOnly day, long segment, int key)
        {
            rows.StartRow();
            rows.Write(day, NpgsqlDbType.Date);
            rows.Write(segment, NpgsqlDbType.Bigint);
            rows.Write(key, NpgsqlDbType.Integer);
        }
    }

    private static Dictionary<DateOnly, List<Segment>> Segments(PostgresSession session, DateOnly[] days)
    {
        var segments = new Dictionary<DateOnly, List<Segment>>();
        using PostgresRows rows = session.Query("SELECT day, segment, first_document, last_document, fields FROM text_segments WHERE day = ANY (?) ORDER BY day, segment", (object)days);
        while (rows.Step())
        {
            var segment = new Segment(rows.Day(0), rows.Long(1), rows.Long(2), rows.Long(3), rows.Blob(4));
            if (!segments.TryGetValue(segment.Day, out List<Segment>? list)) segments.Add(segment.Day, list = []);
            list.Add(segment);
        }

        return segments;
    }

    private static Dictionary<DateOnly, List<long>> Stale(PostgresSession session, DateOnly[] days)
    {
        var stale = new Dictionary<DateOnly, List<long>>();
        using PostgresRows rows = session.Query("SELECT day, document FROM text_stale WHERE day = ANY (?)", (object)days);
        while (rows.Step())
        {
            if (!stale.TryGetValue(rows.Day(0), out List<long>? list)) stale.Add(rows.Day(0), list = []);
            list.Add(rows.Long(1));
        }

        return stale;
    }

    // The days of which segments do not tell all, and behind which document.
    private static List<(DateOnly Day, long Last)> Open(IReadOnlyList<StoredDay> days, Dictionary<DateOnly, List<Segment>> segments)
    {
        var open = new List<(DateOnly, long)>();
        foreach (StoredDay day in days)
        {
            long last = segments.TryGetValue(day.Day, out List<Segment>? list) ? list[^1].Last : 0;
            if (last < day.LastDocument) open.Add((day.Day, last));
        }

        return open;
    }

    private static long RestOf(PostgresSession session, IReadOnlyList<StoredDay> days, Dictionary<DateOnly, List<Segment>> segments, Dictionary<DateOnly, List<long>> stale)
    {
        long rest = stale.Values.Sum(static list => list.Count);
        foreach ((DateOnly day, long last) in Open(days, segments))
        {
            if (rest > DayTexts.MostRest) break;
            rest += session.Scalar("SELECT count(*) FROM (SELECT 1 FROM call_documents d WHERE d.day = ? AND d.document > ? LIMIT ?) k", day, last, DayTexts.MostRest + 1L);
        }

        return rest;
    }

    private static void AddRest(
        PostgresSession session, IReadOnlyList<StoredDay> days, Dictionary<DateOnly, List<Segment>> segments, Dictionary<DateOnly, List<long>> stale, TextNeedle needle, List<(DateOnly, long)> found)
    {
        foreach ((DateOnly day, long last) in Open(days, segments)) Add(day, "d.document > ?", last);
        foreach ((DateOnly day, List<long> documents) in stale) Add(day, "d.document = ANY (?)", documents.ToArray());

        void Add(DateOnly day, string which, object value)
        {
            var where = new SqlConditions();
            where.And("d.day = ?", day).And(which, value);
            And(where, needle, hasDocument: true);
            using PostgresRows rows = session.Query($"SELECT d.document FROM call_documents d JOIN calls c ON c.day = d.day AND c.document = d.document{where}", where.Arguments);
            while (rows.Step()) found.Add((day, rows.Long(0)));
        }
    }

    /// <summary>Adds that a call <c>c</c> has a text.</summary>
    /// <param name="where">Conditions.</param>
    /// <param name="needle">The text.</param>
    /// <param name="hasDocument">Whether its document <c>d</c> is joined.</param>
    public static void And(SqlConditions where, TextNeedle needle, bool hasDocument)
    {
        string text = System.Text.Encoding.UTF8.GetString(needle.Utf8);
        if (needle.IsNowhere)
        {
            where.And("false");
        }
        else if (needle.Fields == TextFields.Searched)
        {
            where.And(hasDocument ? "strpos(d.search, ?) > 0" : "EXISTS (SELECT 1 FROM call_documents d WHERE d.day = c.day AND d.document = c.document AND strpos(d.search, ?) > 0)", text);
        }
        else if (needle.Label is { } label)
        {
            // Of each call in turn, so that nobody reads the documents of a day for those that few calls lead to.
            string condition = LabelCondition(needle, label);
            where.And(hasDocument ? condition : $"(SELECT {condition} FROM call_documents d WHERE d.day = c.day AND d.document = c.document)", text);
        }
        else
        {
            string[] columns = [.. DayTexts.Columns(needle.Fields)];
            where.And($"({string.Join(" OR ", columns.Select(static column => $"strpos(c.{column}, ?) > 0"))})", [.. columns.Select(_ => (object)text)]);
        }
    }

    private static string LabelCondition(TextNeedle needle, int label)
    {
        string its = string.Create(CultureInfo.InvariantCulture, $"split_part(d.labels, E'\\n', {label + 1})");
        return needle.IsWhole ? $"{its} = ?" : $"strpos({its}, ?) > 0";
    }

    /// <summary>The labels of a call, a line each. What is asked for never goes over the end of one.</summary>
    public static string LabelsOf(string?[] labels) => PostgresText.Clean(string.Join('\n', labels.Select(static label => label?.Replace('\n', '\uFFFD'))));

    // Those that may have it, by their filters.
    private List<Segment> Asked(PostgresSession session, List<Segment> segments, TextNeedle needle)
    {
        if (needle.Grams.Count == 0) return segments;
        long[] missing = [.. segments.Where(segment => !_filters.ContainsKey(segment.Number)).Select(static segment => segment.Number)];
        if (missing.Length > 0)
        {
            if (_filters.Count + missing.Length > MostFilters) _filters.Clear();
            using PostgresRows rows = session.Query("SELECT segment, grams FROM text_segments WHERE day = ANY (?) AND segment = ANY (?)", segments.Select(static segment => segment.Day).Distinct().ToArray(), missing);
            while (rows.Step()) _filters[rows.Long(0)] = rows.Blob(1);
        }

        return [.. segments.Where(segment => !_filters.TryGetValue(segment.Number, out byte[]? filter) || GramFilter.MayHave(filter, needle))];
    }

    private static Dictionary<long, List<byte[]>> Lists(PostgresSession session, List<Segment> segments, TextNeedle needle)
    {
        var lists = new Dictionary<long, List<byte[]>>();
        var where = new SqlConditions();
        where.And("g.day = ANY (?)", (object)segments.Select(static segment => segment.Day).Distinct().ToArray());
        where.And("g.segment = ANY (?)", (object)segments.Select(static segment => segment.Number).ToArray());
        if (needle.Grams.Count > 0) where.And("g.gram = ANY (?::integer[])", (object)needle.Grams.Select(static gram => (long)gram).ToArray());
        else where.And("g.gram BETWEEN ? AND ?", (long)needle.FirstGram, (long)needle.LastGram);
        using PostgresRows rows = session.Query($"SELECT g.segment, g.terms FROM text_grams g{where}", where.Arguments);
        while (rows.Step())
        {
            if (!lists.TryGetValue(rows.Long(0), out List<byte[]>? list)) lists.Add(rows.Long(0), list = []);
            list.Add(rows.Blob(1));
        }

        return lists;
    }

    private static IEnumerable<(Segment Segment, CallSet Calls)> Match(PostgresSession session, List<Segment> segments, Dictionary<long, List<int>> candidates, TextNeedle needle)
    {
        var days = new List<DateOnly>();
        var numbers = new List<long>();
        var chunks = new List<long>();
        foreach (Segment segment in segments)
        {
            if (!candidates.TryGetValue(segment.Number, out List<int>? terms)) continue;
            foreach (int chunk in terms.Select(static term => term / TextSegment.ChunkTerms).Distinct())
            {
                days.Add(segment.Day);
                numbers.Add(segment.Number);
                chunks.Add(chunk);
            }
        }

        if (chunks.Count == 0) yield break;
        var read = new Dictionary<long, List<(int Chunk, byte[] Texts, byte[] Calls)>>();
        using (PostgresRows rows = session.Query(
            "SELECT t.segment, t.chunk::bigint, t.texts, t.calls FROM unnest(?::date[], ?::bigint[], ?::bigint[]) k (day, segment, chunk) "
            + "JOIN text_terms t ON t.day = k.day AND t.segment = k.segment AND t.chunk = k.chunk::integer WHERE t.day BETWEEN ? AND ?",
            days.ToArray(),
            numbers.ToArray(),
            chunks.ToArray(),
            days.Min(),
            days.Max()))
        {
            while (rows.Step())
            {
                if (!read.TryGetValue(rows.Long(0), out List<(int, byte[], byte[])>? list)) read.Add(rows.Long(0), list = []);
                list.Add(((int)rows.Long(1), rows.Blob(2), rows.Blob(3)));
            }
        }

        foreach (Segment segment in segments)
        {
            if (!read.TryGetValue(segment.Number, out List<(int Chunk, byte[] Texts, byte[] Calls)>? list)) continue;
            list.Sort(static (left, right) => left.Chunk.CompareTo(right.Chunk));
            var calls = new CallSet(segment.First, segment.Last);
            int at = 0;
            foreach ((int chunk, byte[] texts, byte[] its) in list) TextLookup.Match(needle, candidates[segment.Number], ref at, chunk, texts, its, calls);
            yield return (segment, calls);
        }
    }

    private sealed record Segment(DateOnly Day, long Number, long First, long Last, byte[] Fields);
}
