using System.Globalization;
using System.Text;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Which calls or messages of a day have a text, from an index that is made in the background: of a day that is over it tells of every call, of one that is written to of nearly all. What came or
/// changed since is looked at, so that the answer is exact at any time.</summary>
internal static class DayTexts
{
    /// <summary>Leads from documents to calls.</summary>
    public static string Index => TextSource.Calls.Index;

    /// <summary>Calls that no segment tells of, up to which they are looked at one by one; with more the day is read in order of time.</summary>
    public const int MostRest = 8_192;

    /// <summary>A segment is added to a day that is written to when it would tell of so many calls; with so many that changed, all are made anew.</summary>
    public const int LeastAdded = 4_096;

    /// <summary>The last segment; 0 for none.</summary>
    public const string Newest = "SELECT ifnull(max(segment), 0) FROM text_segments";

    private const string Last = "SELECT ifnull(max(last), 0) FROM text_segments";
    private const string Stale = "SELECT count(*) FROM text_stale";
    private const string FindGram = "SELECT terms FROM text_grams WHERE gram = ?1";
    private const string FindGrams = "SELECT terms FROM text_grams WHERE gram BETWEEN ?1 AND ?2";
    private const string FindChunk = "SELECT texts, calls FROM text_terms WHERE chunk = ?1";

    /// <summary>What the index is asked, for tests of the plans.</summary>
    internal static IReadOnlyList<string> Statements { get; } = [FindGram, FindGrams, FindChunk];

    private const int GramBits = 24;
    private const int ChunkBits = 32;
    private const int FirstNumber = 2;

    /// <summary>How many calls they do not tell of.</summary>
    /// <param name="database">The day.</param>
    /// <param name="source">Whose texts; those of calls unless said.</param>
    public static long RestOf(SqliteDatabase database, TextSource? source = null) => database.Scalar((source ?? TextSource.Calls).Stored) - database.Scalar(Last) + database.Scalar(Stale);

    /// <summary>Brings segments up to date, each in a transaction of its own: adds what was stored since, or makes all anew.</summary>
    /// <param name="database">The day.</param>
    /// <param name="isOver">Whether the day is over: then segments tell of every call, and are as few as may be.</param>
    /// <param name="source">Whose texts; those of calls unless said.</param>
    public static void Make(SqliteDatabase database, bool isOver, TextSource? source = null)
    {
        source ??= TextSource.Calls;

        // Segments of an earlier program tell less.
        if (Segments(database) is null) database.Transact(() => Drop(database));
        long rest = RestOf(database, source), stale = database.Scalar(Stale);
        bool isMany = isOver && database.Scalar("SELECT count(*) FROM text_segments") > (database.Scalar(source.Stored) / TextSegment.MostCalls) + 1;
        if (rest < (isOver ? 1 : LeastAdded) && !isMany) return;
        if (isMany || stale > (isOver ? 0 : LeastAdded)) database.Transact(() => Drop(database));
        bool more = true;
        while (more)
        {
            // Kept also where nothing is left.
            database.Transact(() =>
            {
                more = Add(database, source);
                return true;
            });
        }
    }

    /// <summary>Makes segments tell of every call, inside a transaction.</summary>
    public static void Complete(SqliteDatabase database, TextSource? source = null)
    {
        if (database.Scalar(Stale) > 0 || Segments(database) is null) Drop(database);
        while (Add(database, source ?? TextSource.Calls))
        {
        }
    }

    /// <summary>Forgets all texts, inside a transaction, and so those of calls that are no more; they are made anew with the next seal.</summary>
    public static void Drop(SqliteDatabase database) =>
        database.Execute("DELETE FROM text_segments; DELETE FROM text_grams; DELETE FROM text_terms; DELETE FROM text_stale;");

    /// <summary>The documents of the calls that have a text, in no order; null where nothing tells them, or they are more than <paramref name="most"/>. To be asked in one state of the
    /// file with whatever is read of it.</summary>
    /// <param name="database">The day.</param>
    /// <param name="needle">The text.</param>
    /// <param name="most">Most calls that are wanted.</param>
    /// <param name="isOfSeal">Whether the day is as it was when it was sealed with these segments.</param>
    /// <param name="known">The segments of a day that was sealed, which tell of all of it as long as it is; null where they are not known.</param>
    /// <param name="source">Whose texts; those of calls unless said.</param>
    public static List<long>? Find(
        SqliteDatabase database, TextNeedle needle, long most, out bool isOfSeal, IReadOnlyList<DayTextSegment>? known = null, TextSource? source = null)
    {
        source ??= TextSource.Calls;
        isOfSeal = known is not null && database.Scalar(source.NewestOfSeal) == (known.Count == 0 ? 0 : known[^1].Segment);
        if (needle.IsNowhere) return [];
        if (known is not null && isOfSeal)
        {
            var all = new List<long>();
            return AddSegments(database, known, needle, [], most, all) ? all : null;
        }

        long last = database.Scalar(Last), stale = last == 0 ? 0 : database.Scalar(Stale);
        if (last == 0 || database.Scalar(source.Stored) - last + stale > MostRest) return null;
        var found = new List<long>();
        var changed = new List<long>();
        if (stale > 0)
        {
            using SqliteStatement list = database.Prepare("SELECT document FROM text_stale");
            while (list.Step()) changed.Add(list.Long(0));
        }

        if (Segments(database) is not { } segments || !AddSegments(database, segments, needle, changed, most, found)) return null;
        AddRest(database, source, needle, last, stale > 0, found);
        return found.Count > most ? null : found;
    }

    // False where they are more than are wanted.
    private static bool AddSegments(SqliteDatabase database, IReadOnlyList<DayTextSegment> segments, TextNeedle needle, List<long> changed, long most, List<long> found)
    {
        foreach ((long segment, long first, long last, int[] fields) in segments)
        {
            List<int> candidates = TextLookup.Candidates(needle, fields, Lists(database, segment, needle));
            if (candidates.Count == 0) continue;
            var calls = new CallSet(first, last);
            for (int at = 0; at < candidates.Count;)
            {
                int chunk = candidates[at] / TextSegment.ChunkTerms;
                using SqliteStatement find = database.Prepare(FindChunk).Bind((segment << ChunkBits) | (uint)chunk);
                if (find.Step()) TextLookup.Match(needle, candidates, ref at, chunk, find.Blob(0), find.Blob(1), calls);
                else at++;
                if (found.Count + calls.Count - changed.Count > most) return false;
            }

            foreach (long document in changed) calls.Remove(document);
            calls.AddTo(found);
        }

        return found.Count <= most;
    }

    // A gram that is not there leaves nothing.
    private static List<byte[]> Lists(SqliteDatabase database, long segment, TextNeedle needle)
    {
        var lists = new List<byte[]>();
        long from = segment << GramBits;
        foreach (int gram in needle.Grams)
        {
            using SqliteStatement find = database.Prepare(FindGram).Bind(from | (uint)gram);
            if (!find.Step()) return [];
            lists.Add(find.Blob(0).ToArray());
        }

        if (needle.Grams.Count > 0) return lists;
        using SqliteStatement list = database.Prepare(FindGrams).Bind(from | (uint)needle.FirstGram).Bind(from | (uint)needle.LastGram);
        while (list.Step()) lists.Add(list.Blob(0).ToArray());
        return lists;
    }

    private static void AddRest(SqliteDatabase database, TextSource source, TextNeedle needle, long last, bool anyStale, List<long> found)
    {
        string condition = Condition(needle, "d", out int times);

        // Labels are read from the record, which takes ten times as long as seeing that the text is nowhere in it.
        bool isLabel = needle.Label is not null && needle.JsonPart.Length > 0;
        if (isLabel) condition = $"instr(d.json, ?) > 0 AND {condition}";
        Add($"SELECT d.document FROM {source.Documents} d WHERE d.document > ?1 AND {condition}", last);
        if (anyStale) Add($"SELECT d.document FROM text_stale s CROSS JOIN {source.Documents} d ON d.document = s.document WHERE s.document <= ?1 AND {condition}", last);

        void Add(string sql, long document)
        {
            using SqliteStatement list = database.Prepare(sql).Bind(document);
            if (isLabel) list.BindBlob(needle.JsonPart);
            for (int i = 0; i < times; i++) list.BindText(needle.Utf8);
            while (list.Step()) found.Add(list.Long(0));
        }
    }

    // Numbers are asked for parts without letters only, which are the same in lower case.
    private static string Condition(TextNeedle needle, string documents, out int times)
    {
        times = 1;
        if (needle.Fields == TextFields.Searched) return $"instr({documents}.search, ?) > 0";
        if (needle.Label is { } label) return LabelCondition(needle, string.Create(CultureInfo.InvariantCulture, $"{SqlFunctions.Label}({documents}.json, {label})"));
        string columns = NumberCondition(needle.Fields, "r", out times);
        return $"EXISTS (SELECT 1 FROM calls r INDEXED BY {Index} WHERE r.document = {documents}.document AND {columns})";
    }

    /// <summary>The condition that a label has a text, or is it.</summary>
    public static string LabelCondition(TextNeedle needle, string label) => needle.IsWhole ? $"{label} = ?" : $"instr({label}, ?) > 0";

    /// <summary>The condition that a number of a call has a part that is bound as often as <paramref name="times"/> says.</summary>
    public static string NumberCondition(TextFields fields, string calls, out int times)
    {
        string[] any = [.. Columns(fields).Select(column => $"instr({calls}.{column}, ?) > 0")];
        times = any.Length;
        return $"({string.Join(" OR ", any)})";
    }

    /// <summary>The columns of calls that have those numbers.</summary>
    public static IEnumerable<string> Columns(TextFields fields)
    {
        if (fields.HasFlag(TextFields.Caller)) yield return "caller_number";
        if (fields.HasFlag(TextFields.Callee)) yield return "callee_number";
        if (fields.HasFlag(TextFields.Dialled)) yield return "dialled";
        if (fields.HasFlag(TextFields.CallerInFull)) yield return "caller_e164";
        if (fields.HasFlag(TextFields.CalleeInFull)) yield return "callee_e164";
    }

    /// <summary>The segments of a day; null where they cannot be read.</summary>
    public static List<DayTextSegment>? Segments(SqliteDatabase database)
    {
        var segments = new List<DayTextSegment>();
        using SqliteStatement list = database.Prepare("SELECT segment, first, last, fields FROM text_segments ORDER BY segment");
        while (list.Step())
        {
            if (TextLookup.FieldEnds(list.Blob(3)) is not { } fields) return null;
            segments.Add(new DayTextSegment(list.Long(0), list.Long(1), list.Long(2), fields));
        }

        return segments;
    }

    // One segment of what no other tells of; false where nothing is left.
    private static bool Add(SqliteDatabase database, TextSource source)
    {
        // Documents whose call is no more tell of nothing; they count as told of.
        long first = database.Scalar(Last) + 1, stored = database.Scalar(source.Stored), last = Math.Min(stored, first + TextSegment.MostCalls - 1);
        if (last < first) return false;
        database.Execute($"CREATE INDEX IF NOT EXISTS {source.Index} ON {source.Indexed}");
        var segment = new TextSegment(first);
        string?[] numbers = new string?[source.Numbers];
        using (SqliteStatement list = database.Prepare(source.List).Bind(first).Bind(last))
        {
            while (list.Step())
            {
                for (int i = 0; i < numbers.Length; i++) numbers[i] = list.IsNull(FirstNumber + i) ? null : Encoding.UTF8.GetString(list.TextBytes(FirstNumber + i));
                segment.Add(list.Long(0), Encoding.UTF8.GetString(list.TextBytes(1)), numbers, source.HasLabels ? CallLabels.Read(list.Blob(FirstNumber + numbers.Length)) : []);
                if (!segment.IsFull) continue;
                last = list.Long(0);
                break;
            }
        }

        TextRows rows = segment.Build();
        database.Prepare("INSERT INTO text_segments (first, last, fields) VALUES (?1, ?2, ?3)").Bind(first).Bind(last).BindBlob(rows.FieldBytes()).Run();
        long number = database.Scalar(Newest);
        foreach ((int gram, byte[] terms) in rows.Grams)
            database.Prepare("INSERT INTO text_grams (gram, terms) VALUES (?1, ?2)").Bind((number << GramBits) | (uint)gram).BindBlob(terms).Run();
        foreach ((int chunk, byte[] texts, byte[] calls) in rows.Chunks)
            database.Prepare("INSERT INTO text_terms (chunk, texts, calls) VALUES (?1, ?2, ?3)").Bind((number << ChunkBits) | (uint)chunk).BindBlob(texts).BindBlob(calls).Run();
        return last < stored;
    }

    /// <summary>The <see cref="GramFilter"/> of the texts of a day.</summary>
    public static byte[] FilterOf(SqliteDatabase database)
    {
        return GramFilter.Of(Grams());

        IEnumerable<int> Grams()
        {
            using SqliteStatement list = database.Prepare("SELECT gram & 16777215 FROM text_grams");
            while (list.Step()) yield return (int)list.Long(0);
        }
    }

    /// <summary>Documents as JSON, for SQLite to take apart.</summary>
    public static string Json(List<long> documents)
    {
        var text = new StringBuilder(documents.Count * 8);
        text.Append('[');
        for (int i = 0; i < documents.Count; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{documents[i]}");
        }

        return text.Append(']').ToString();
    }
}

/// <summary>A segment of a day.</summary>
/// <param name="Segment">Its number.</param>
/// <param name="First">The first document it tells of.</param>
/// <param name="Last">The last.</param>
/// <param name="Fields">Where the texts of each field end.</param>
internal readonly record struct DayTextSegment(long Segment, long First, long Last, int[] Fields);
