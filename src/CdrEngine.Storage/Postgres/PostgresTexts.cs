using System.Collections.Concurrent;
using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;
using Npgsql;
using NpgsqlTypes;

namespace CdrEngine.Storage.Postgres;

/// <summary>Which calls or messages of some days have a text; see <see cref="DayTexts"/>, whose answers these are, of several days at once.</summary>
/// <param name="source">Whose texts; those of calls unless said.</param>
internal sealed class PostgresTexts(PostgresTextSource? source = null)
{
    // Filters of segments in memory. A segment never changes, and its number is never given to another.
    private const long MostFilterBytes = 64L << 20;

    private readonly PostgresTextSource _of = source ?? PostgresTextSource.Calls;
    private readonly ConcurrentDictionary<long, SegmentFilters> _filters = new();
    private readonly PostgresTextsKnown _known = new();
    private long _filterBytes;

    /// <summary>The documents of the calls that have a text; null where nothing tells them, or they are more than <paramref name="most"/>.</summary>
    /// <param name="session">A connection.</param>
    /// <param name="days">The days.</param>
    /// <param name="needle">The text.</param>
    /// <param name="most">Most calls that are wanted.</param>
    /// <param name="seals">Seals of days, which tell the segments of their texts, and that these tell of every call; null for none.</param>
    public FoundTexts? Find(
        PostgresSession session, IReadOnlyList<StoredDay> days, TextNeedle needle, long most, IReadOnlyDictionary<DateOnly, PostgresDaySeal>? seals = null)
    {
        var found = new FoundTexts();
        if (needle.IsNowhere) return found;
        IReadOnlyList<StoredDay> open = seals is null ? days : [.. days.Where(day => !seals.ContainsKey(day.Day))];
        DateOnly[] named = [.. open.Select(static day => day.Day)];
        Dictionary<DateOnly, List<Segment>> segments = named.Length == 0 ? [] : Segments(session, named, _of);
        Dictionary<DateOnly, List<long>> stale = named.Length == 0 ? [] : Stale(session, named);
        if (RestOf(session, open, segments, stale) > DayTexts.MostRest) return null;
        if (open.Count < days.Count)
        {
            foreach (StoredDay day in days)
            {
                if (seals!.TryGetValue(day.Day, out PostgresDaySeal? seal)) segments[day.Day] = [.. seal.Segments];
            }
        }

        List<Segment> asked = Asked(session, [.. segments.Values.SelectMany(static list => list)], filters => filters.MayHave(needle));
        SegmentCalls known = _known.Of(needle.Key);
        foreach (Segment segment in asked)
        {
            if (known.Find(segment.Number) is not { } steps) continue;
            Take(segment, steps);
            if (found.Count > most) return null;
        }

        asked.RemoveAll(segment => known.Find(segment.Number) is not null);
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

            foreach (Segment segment in asked.Where(segment => !candidates.ContainsKey(segment.Number))) _known.Keep(known, segment.Number, []);
            foreach ((Segment segment, CallSet calls) in Match(session, asked, candidates, needle))
            {
                var documents = new List<long>();
                calls.AddTo(documents);
                long[] its = [.. documents];
                _known.Keep(known, segment.Number, its);
                Take(segment, its);
                if (found.Count > most) return null;
            }
        }

        AddRest(session, open, segments, stale, needle, found);
        return found.Count > most ? null : found;

        void Take(Segment segment, long[] documents)
        {
            List<long>? gone = stale.GetValueOrDefault(segment.Day);
            found.Add(segment.Day, gone is null ? documents : [.. documents.Except(gone)]);
        }
    }

    /// <summary>The days that may have what is asked for: of the others segments tell all, and that they have not. A question or two, however many days.</summary>
    public List<StoredDay> MayHave(PostgresSession session, IReadOnlyList<StoredDay> days, AskedMessages asked)
    {
        if (asked.Text is { IsNowhere: true }) return [];
        DateOnly[] named = [.. days.Select(static day => day.Day)];
        Dictionary<DateOnly, List<Segment>> segments = Segments(session, named, _of);
        List<Segment> may = Asked(session, [.. segments.Values.SelectMany(static list => list)], filters =>
            (asked.Text is not { } needle || filters.MayHave(needle)) && (filters.Keys is null || asked.MayBeIn(filters.Keys)));
        HashSet<DateOnly> told = [.. may.Select(static segment => segment.Day), .. Stale(session, named).Keys, .. Open(days, segments).Select(static open => open.Day)];
        return [.. days.Where(day => told.Contains(day.Day))];
    }

    /// <summary>Makes segments tell of every call of a day, inside a transaction of a writer.</summary>
    public static void Complete(PostgresSession session, DateOnly day, long lastDocument, PostgresTextSource? source = null)
    {
        source ??= PostgresTextSource.Calls;
        if (session.Scalar($"SELECT count(*) FROM {source.Stale} WHERE day = ?", day) > 0) Drop(session, day, source);
        string rows = PostgresSchema.Partition(source.Rows, day);
        session.Script($"CREATE INDEX IF NOT EXISTS {rows}_document ON {rows} (document)");
        PostgresSchema.EnsureMonth(session, [source.Grams, source.Terms], day);
        while (Add(session, day, lastDocument, source))
        {
        }
    }

    /// <summary>Forgets the texts of a day, inside a transaction of a writer.</summary>
    public static void Drop(PostgresSession session, DateOnly day, PostgresTextSource? source = null)
    {
        source ??= PostgresTextSource.Calls;
        foreach (string table in (string[])[source.Segments, source.Grams, source.Terms, source.Stale]) session.Execute($"DELETE FROM {table} WHERE day = ?", day);
    }

    /// <summary>Notes, before it happens, that calls become others or go.</summary>
    public static void Change(PostgresSession session, DateOnly day, long[] documents, PostgresTextSource? source = null) => session.Queue(
        $"INSERT INTO {(source ?? PostgresTextSource.Calls).Stale} (day, document) SELECT s.day, u.document FROM unnest(?::bigint[]) u (document) JOIN {(source ?? PostgresTextSource.Calls).Segments} s ON s.day = ? AND u.document BETWEEN s.first_document AND s.last_document "
        + "ON CONFLICT DO NOTHING",
        documents,
        day);

    /// <summary>How many calls of a day no segment tells of, or not as they are.</summary>
    public static long RestOf(PostgresSession session, DateOnly day, PostgresTextSource? source = null)
    {
        source ??= PostgresTextSource.Calls;
        return session.Scalar(
            $"SELECT (SELECT count(*) FROM {source.Documents} d WHERE d.day = ? AND d.document > coalesce((SELECT max(s.last_document) FROM {source.Segments} s WHERE s.day = ?), 0)) "
            + $"+ (SELECT count(*) FROM {source.Stale} t WHERE t.day = ?)",
            day,
            day,
            day);
    }

    private static bool Add(PostgresSession session, DateOnly day, long lastDocument, PostgresTextSource source)
    {
        long first = session.Scalar($"SELECT coalesce(max(last_document), 0) + 1 FROM {source.Segments} WHERE day = ?", day);
        long last = 0;
        int count = 0;
        bool isFull = false;
        TextSegment? segment = null;
        WindowFilter? windows = source.HasFilters ? new WindowFilter() : null;
        string?[] numbers = new string?[source.Numbers];
        using (PostgresRows rows = session.Query(
            $"SELECT {source.Columns} FROM {source.From} WHERE d.day = ? AND d.document >= ? AND d.document <= ? ORDER BY d.document LIMIT ?",
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
                string search = rows.Text(1);
                segment.Add(last, search, numbers, source.HasLabels ? CallLabels.Read(rows.Blob(2 + numbers.Length)) : []);
                windows?.Add(System.Text.Encoding.UTF8.GetBytes(search));
                isFull = segment.IsFull;
                if (isFull) break;
            }
        }

        if (segment is null) return false;
        bool isLast = !isFull && count < TextSegment.MostCalls && last - first <= int.MaxValue;
        if (last - first > int.MaxValue) last--;
        else if (isLast) last = lastDocument;
        TextRows made = segment.Build();
        long number = session.Scalar("SELECT nextval('text_numbers')");
        byte[] grams = GramFilter.Of(made.Grams.Select(static gram => gram.Gram));
        if (windows is null)
            session.Execute($"INSERT INTO {source.Segments} (day, segment, first_document, last_document, fields, grams) VALUES (?, ?, ?, ?, ?, ?)", day, number, first, last, made.FieldBytes(), grams);
        else
            session.Execute($"INSERT INTO {source.Segments} (day, segment, first_document, last_document, fields, grams, windows, keys) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", day, number, first, last, made.FieldBytes(), grams, windows.ToBytes(), KeysOf(session, day, first, last));
        using (NpgsqlBinaryImporter rows = session.Connection.BeginBinaryImport($"COPY {source.Grams} (day, segment, gram, terms) FROM STDIN (FORMAT BINARY)"))
        {
            foreach ((int gram, byte[] terms) in made.Grams)
            {
                Begin(rows, day, number, gram);
                rows.Write(terms, NpgsqlDbType.Bytea);
            }

            rows.Complete();
        }

        using (NpgsqlBinaryImporter rows = session.Connection.BeginBinaryImport($"COPY {source.Terms} (day, segment, chunk, texts, calls) FROM STDIN (FORMAT BINARY)"))
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

    /// <summary>The segments of some days, in order.</summary>
    public static Dictionary<DateOnly, List<Segment>> Segments(PostgresSession session, DateOnly[] days, PostgresTextSource of)
    {
        var segments = new Dictionary<DateOnly, List<Segment>>();
        using PostgresRows rows = session.Query($"SELECT day, segment, first_document, last_document, fields FROM {of.Segments} WHERE day = ANY (?) ORDER BY day, segment", (object)days);
        while (rows.Step())
        {
            var segment = new Segment(rows.Day(0), rows.Long(1), rows.Long(2), rows.Long(3), rows.Blob(4));
            if (!segments.TryGetValue(segment.Day, out List<Segment>? list)) segments.Add(segment.Day, list = []);
            list.Add(segment);
        }

        return segments;
    }

    private Dictionary<DateOnly, List<long>> Stale(PostgresSession session, DateOnly[] days)
    {
        var stale = new Dictionary<DateOnly, List<long>>();
        using PostgresRows rows = session.Query($"SELECT day, document FROM {_of.Stale} WHERE day = ANY (?)", (object)days);
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

    private long RestOf(PostgresSession session, IReadOnlyList<StoredDay> days, Dictionary<DateOnly, List<Segment>> segments, Dictionary<DateOnly, List<long>> stale)
    {
        long rest = stale.Values.Sum(static list => list.Count);
        foreach ((DateOnly day, long last) in Open(days, segments))
        {
            if (rest > DayTexts.MostRest) break;
            rest += session.Scalar($"SELECT count(*) FROM (SELECT 1 FROM {_of.Documents} d WHERE d.day = ? AND d.document > ? LIMIT ?) k", day, last, DayTexts.MostRest + 1L);
        }

        return rest;
    }

    private void AddRest(
        PostgresSession session, IReadOnlyList<StoredDay> days, Dictionary<DateOnly, List<Segment>> segments, Dictionary<DateOnly, List<long>> stale, TextNeedle needle, FoundTexts found)
    {
        foreach ((DateOnly day, long last) in Open(days, segments)) Add(day, "d.document > ?", last);
        foreach ((DateOnly day, List<long> documents) in stale) Add(day, "d.document = ANY (?)", documents.ToArray());

        void Add(DateOnly day, string which, object value)
        {
            var where = new SqlConditions();
            where.And("d.day = ?", day).And(which, value);
            And(where, needle, hasDocument: true);
            using PostgresRows rows = session.Query($"SELECT d.document FROM {_of.From}{where}", where.Arguments);
            var its = new List<long>();
            while (rows.Step()) its.Add(rows.Long(0));
            found.Add(day, [.. its]);
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
    private List<Segment> Asked(PostgresSession session, List<Segment> segments, Func<SegmentFilters, bool> may)
    {
        long[] missing = [.. segments.Where(segment => !_filters.ContainsKey(segment.Number)).Select(static segment => segment.Number)];
        if (missing.Length > 0)
        {
            using PostgresRows rows = session.Query(
                $"SELECT segment, grams, {(_of.HasFilters ? "windows, keys" : "NULL::bytea, NULL::bytea")} FROM {_of.Segments} WHERE day = ANY (?) AND segment = ANY (?)",
                segments.Select(static segment => segment.Day).Distinct().ToArray(),
                missing);
            while (rows.Step()) Keep(rows.Long(0), SegmentFilters.Read(rows.Blob(1), rows.BlobOrNull(2), rows.BlobOrNull(3)));
        }

        return [.. segments.Where(segment => !_filters.TryGetValue(segment.Number, out SegmentFilters? filters) || may(filters))];
    }

    private void Keep(long segment, SegmentFilters? filters)
    {
        if (filters is null || !_filters.TryAdd(segment, filters)) return;
        if (Interlocked.Add(ref _filterBytes, filters.Size) <= MostFilterBytes) return;

        // Cheaper than an order of use, and seldom.
        Interlocked.Exchange(ref _filterBytes, 0);
        _filters.Clear();
    }

    // The keys of the messages of a segment.
    private static byte[] KeysOf(PostgresSession session, DateOnly day, long first, long last)
    {
        var keys = new HashSet<ulong>();
        using PostgresRows rows = session.Query("SELECT from_number, to_number, conversation, sip_call_hash FROM messages WHERE day = ? AND document BETWEEN ? AND ?", day, first, last);
        while (rows.Step()) MessageSeal.AddKeys(keys, rows.TextOrNull(0), rows.TextOrNull(1), rows.Text(2), rows.Long(3));
        return KeyFilter.Of(keys).ToBytes();
    }

    private Dictionary<long, List<byte[]>> Lists(PostgresSession session, List<Segment> segments, TextNeedle needle)
    {
        var lists = new Dictionary<long, List<byte[]>>();
        var where = new SqlConditions();
        where.And("g.day BETWEEN ? AND ?", segments.Min(static segment => segment.Day), segments.Max(static segment => segment.Day));
        where.And("g.segment = ANY (?)", (object)segments.Select(static segment => segment.Number).ToArray());
        if (needle.Grams.Count > 0) where.And("g.gram = ANY (?::integer[])", (object)needle.Grams.Select(static gram => (long)gram).ToArray());
        else where.And("g.gram BETWEEN ? AND ?", (long)needle.FirstGram, (long)needle.LastGram);
        using PostgresRows rows = session.Query($"SELECT g.segment, g.terms FROM {_of.Grams} g{where}", where.Arguments);
        while (rows.Step())
        {
            if (!lists.TryGetValue(rows.Long(0), out List<byte[]>? list)) lists.Add(rows.Long(0), list = []);
            list.Add(rows.Blob(1));
        }

        return lists;
    }

    private IEnumerable<(Segment Segment, CallSet Calls)> Match(PostgresSession session, List<Segment> segments, Dictionary<long, List<int>> candidates, TextNeedle needle)
    {
        var numbers = new List<long>();
        var chunks = new List<long>();
        foreach (Segment segment in segments)
        {
            if (!candidates.TryGetValue(segment.Number, out List<int>? terms)) continue;
            foreach (int chunk in terms.Select(static term => term / TextSegment.ChunkTerms).Distinct())
            {
                numbers.Add(segment.Number);
                chunks.Add(chunk);
            }
        }

        if (chunks.Count == 0) yield break;
        var read = new Dictionary<long, List<(int Chunk, byte[] Texts, byte[] Calls)>>();
        using (PostgresRows rows = session.Query(
            "SELECT t.segment, t.chunk::bigint, t.texts, t.calls FROM unnest(?::bigint[], ?::bigint[]) k (segment, chunk) "
            + $"JOIN {_of.Terms} t ON t.segment = k.segment AND t.chunk = k.chunk::integer WHERE t.day BETWEEN ? AND ?",
            numbers.ToArray(),
            chunks.ToArray(),
            segments.Min(static segment => segment.Day),
            segments.Max(static segment => segment.Day)))
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

    /// <summary>A segment, as it is known without being opened.</summary>
    /// <param name="Day">Its day.</param>
    /// <param name="Number">Its number, never given to another.</param>
    /// <param name="First">The first document it tells of.</param>
    /// <param name="Last">The last.</param>
    /// <param name="Fields">Where the texts of each field end.</param>
    internal sealed record Segment(DateOnly Day, long Number, long First, long Last, byte[] Fields);

    // What of a segment is known in memory.
    private sealed record SegmentFilters(byte[] Grams, byte[]? Windows, KeyFilter? Keys)
    {
        public long Size => Grams.Length + (Windows?.Length ?? 0) + (Keys?.Size ?? 0);

        public static SegmentFilters? Read(byte[] grams, byte[]? windows, byte[]? keys) =>
            grams.Length != GramFilter.Bytes ? null : new SegmentFilters(grams, windows is not null && WindowFilter.IsOne(windows) ? windows : null, keys is null ? null : KeyFilter.Read(keys));

        public bool MayHave(TextNeedle needle) => GramFilter.MayHave(Grams, needle) && (Windows is null || WindowFilter.MayHave(Windows, needle));
    }
}
