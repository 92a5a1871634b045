using System.Globalization;
using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Texts that are held against others: as conditions, and as the calls of a sealed day that meet them.</summary>
internal static class TextRanges
{
    /// <summary>The index of sealed days over Call-IDs.</summary>
    public const string CallIdIndex = "call_documents_by_call_id";

    private const string FindChunks = "SELECT chunk & 4294967295, texts, calls FROM text_terms WHERE chunk BETWEEN ?1 AND ?2 ORDER BY chunk";
    private const int ChunkBits = 32;

    // A text lies between two others.
    private const int MostOfOne = 2;

    // Of labels the first stands behind the numbers, in full and not.
    private const int FirstLabel = 6;

    /// <summary>Calls of a day whose Call-IDs are looked up one by one.</summary>
    public const int MostLookedUp = 500;

    /// <summary>What a text search would look for to find all calls that meet it; null where it does not look at that text.</summary>
    public static TextNeedle? NeedleOf(TextRange range) =>
        range is { Of: Calls.Ports.TextOf.SipCallId, Sense: TextSense.Contains, Text.Length: > 0 } ? new TextNeedle(range.Text, TextFields.Searched) : null;

    /// <summary>The field of groups of days whose texts in order tell of it; null for none.</summary>
    public static int? FieldOf(TextRange range) => range.Sense == TextSense.Contains ? null : FieldAt(range.Of);

    /// <summary>A text that exactly those calls have which meet it; null for none.</summary>
    public static TextClause? ClauseOf(TextRange range) =>
        range is { Of: Calls.Ports.TextOf.SipCallId, Sense: TextSense.Contains, Text.Length: 1 } ? new TextClause([new TextNeedle(range.Text, TextFields.CallIdCharacter, isWhole: true)])
        : range is { Of: Calls.Ports.TextOf.SipCallId, Sense: TextSense.Contains } && range.Text.StartsWith('@') ? new TextClause([new TextNeedle(range.Text, TextFields.CallIdHost)])
        : range is { Sense: TextSense.Contains, Text.Length: > 0 } && FieldAt(range.Of) is { } field && (range.Label is not null || NumberPart.IsPlain(range.Text))
            ? new TextClause([new TextNeedle(range.Text, (TextFields)(1 << field))])
            : null;

    /// <summary>The field of groups of days that has a text; null for none.</summary>
    public static int? FieldAt(TextOf of) => of switch
    {
        Calls.Ports.TextOf.Caller => 1,
        Calls.Ports.TextOf.Callee => 2,
        Calls.Ports.TextOf.Dialled => 3,
        >= Calls.Ports.TextOf.FirstLabel => FirstLabel + (of - Calls.Ports.TextOf.FirstLabel),
        _ => null,
    };

    /// <summary>Ranges by the texts that are held against them: of one text by its order two together at most, but for ids, and any other by itself.</summary>
    public static IReadOnlyList<TextRange[]> ByText(IReadOnlyList<TextRange> ranges) =>
    [
        .. ranges.GroupBy(static range => (range.Of, IsPart: range.Sense == TextSense.Contains))
            .SelectMany(static its => its.Key.Of == Calls.Ports.TextOf.Id ? [its.ToArray()] : its.Chunk(its.Key.IsPart || its.Key.Of == Calls.Ports.TextOf.Trunk ? 1 : MostOfOne)),
    ];

    /// <summary>What answers about a day are kept under.</summary>
    public static string KeyOf(TextRange range, DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{day.DayNumber}|{(int)range.Of}-{(int)range.Sense}-{range.Text}");

    /// <summary>The condition on a text that an expression gives; the other text is bound where <paramref name="binds"/> says so.</summary>
    public static string Condition(TextRange range, string text, string placeOf, out bool binds)
    {
        binds = range.Sense != TextSense.Present;
        return range.Sense switch
        {
            TextSense.Greater => $"{text} > ?",
            TextSense.GreaterOrEqual => $"{text} >= ?",
            TextSense.Less => $"{text} < ?",
            TextSense.LessOrEqual => $"{text} <= ?",
            TextSense.Contains => $"{placeOf}({text}, ?) > 0",
            _ => $"{text} IS NOT NULL",
        };
    }

    /// <summary>The text of a call <c>c</c> in a day.</summary>
    public static string TextOf(TextRange range) => range.Of switch
    {
        Calls.Ports.TextOf.Caller => "c.caller_number",
        Calls.Ports.TextOf.Callee => "c.callee_number",
        Calls.Ports.TextOf.Dialled => "c.dialled",
        Calls.Ports.TextOf.SipCallId => "(SELECT d.sip_call_id FROM call_documents d WHERE d.document = c.document)",
        Calls.Ports.TextOf.Trunk => "(SELECT nullif(p.trunk, '') FROM call_profiles p WHERE p.profile = c.profile)",
        _ => string.Create(CultureInfo.InvariantCulture, $"(SELECT nullif({SqlFunctions.Label}(d.json, {(int)range.Label!.Value}), '') FROM call_documents d WHERE d.document = c.document)"),
    };

    /// <summary>The documents of a sealed day whose texts meet it, in no order, perhaps with some that are of no call any more.</summary>
    /// <param name="database">The day.</param>
    /// <param name="range">What is asked for.</param>
    /// <param name="segments">The texts of the day.</param>
    /// <param name="among">The calls that may meet it, where a group of days tells: of few of these the others are left away. Null where nothing tells.</param>
    public static List<long> Find(SqliteDatabase database, TextRange range, IReadOnlyList<DayTextSegment> segments, CallsOfSearch? among)
    {
        var found = new List<long>();
        if (range.Label is { } label)
        {
            foreach (DayTextSegment segment in segments) AddOf(database, segment, FirstLabel + (int)label, range, found);
            return found;
        }

        bool isCallId = range.Of == Calls.Ports.TextOf.SipCallId;
        string condition = Condition(range, isCallId ? "d.sip_call_id" : TextOf(range), QueryConditions.InSqlite, out bool binds);
        if (FewOf(database, range, segments, among) is { } few)
        {
            foreach (long document in few)
            {
                using SqliteStatement look = database.Prepare(isCallId ? $"SELECT 1 FROM call_documents d WHERE d.document = ?1 AND {condition}" : $"SELECT 1 FROM calls c WHERE c.document = ?1 AND {condition}").Bind(document);
                if (binds) look.Bind(range.Text);
                if (look.Step()) found.Add(document);
            }

            return found;
        }

        using SqliteStatement list = database.Prepare(isCallId ? $"SELECT d.document FROM call_documents d WHERE d.sip_call_id > '' AND {condition}" : $"SELECT c.document FROM calls c WHERE {condition}");
        if (binds) list.Bind(range.Text);
        while (list.Step()) found.Add(list.Long(0));
        return found;
    }

    /// <summary>The condition on calls <c>c</c> that no segment tells of, the last document of which is bound.</summary>
    public const string BesideSegments = "(c.document > ? OR c.document IN (SELECT t.document FROM text_stale t))";

    /// <summary>What the segments of a day tell of a range over a label, whether or not the day is over: the calls that meet it as <see cref="DayFound.Has"/> has them, and how far
    /// they go: they tell nothing of calls that meet <see cref="BesideSegments"/>. Null where there are none. To be asked in one state of the file with what is read of it.</summary>
    public static (byte[] Met, long Last)? OfSegments(SqliteDatabase database, TextRange range)
    {
        if (range.Label is not { } label || DayTexts.Segments(database) is not { Count: > 0 } segments) return null;
        var met = new List<long>();
        foreach (DayTextSegment segment in segments) AddOf(database, segment, FirstLabel + (int)label, range, met);
        using (SqliteStatement stale = database.Prepare("SELECT document FROM text_stale"))
        {
            var changed = new HashSet<long>();
            while (stale.Step()) changed.Add(stale.Long(0));
            if (changed.Count > 0) met.RemoveAll(changed.Contains);
        }

        met.Sort();
        return (DayFound.BitsOf(met), segments[^1].Last);
    }

    // Calls among which all are that meet it, where they are few.
    private static IReadOnlyList<long>? FewOf(SqliteDatabase database, TextRange range, IReadOnlyList<DayTextSegment> segments, CallsOfSearch? among)
    {
        if (among is { } known) return known.Count <= MostLookedUp ? known.Documents() : null;
        if (NeedleOf(range) is not { } needle) return null;
        return DayTexts.Find(database, needle, MostLookedUp, out bool isOfSeal, segments) is { } found && isOfSeal ? found : null;
    }

    // Each text of the field is looked at once, however many calls have it.
    private static void AddOf(SqliteDatabase database, DayTextSegment segment, int field, TextRange range, List<long> found)
    {
        int begin = segment.Fields[field - 1], end = segment.Fields[field];
        if (begin >= end) return;
        var calls = new CallSet(segment.First, segment.Last);
        using (SqliteStatement list = database.Prepare(FindChunks)
            .Bind((segment.Segment << ChunkBits) | (uint)(begin / TextSegment.ChunkTerms)).Bind((segment.Segment << ChunkBits) | (uint)((end - 1) / TextSegment.ChunkTerms)))
        {
            while (list.Step())
            {
                ReadOnlySpan<byte> texts = list.Blob(1), lists = list.Blob(2);
                for (long number = list.Long(0) * TextSegment.ChunkTerms; number < end && TextBytes.TryTakePart(ref texts, out ReadOnlySpan<byte> text) && TextBytes.TryTakePart(ref lists, out ReadOnlySpan<byte> its); number++)
                {
                    if (number >= begin && range.IsMetBy(Encoding.UTF8.GetString(text))) calls.AddSteps(its);
                }
            }
        }

        calls.AddTo(found);
    }
}

/// <summary>The calls of a sealed day that a text search finds.</summary>
/// <param name="set">The calls of a group of days that it finds.</param>
/// <param name="day">The day among these.</param>
internal readonly struct CallsOfSearch(GroupSet set, TextGroupDay day)
{
    /// <summary>How many.</summary>
    public int Count => set.CountIn(day.Begin, day.End);

    /// <summary>Their documents, ascending.</summary>
    public List<long> Documents()
    {
        var places = new List<int>();
        set.AddTo(places, day.Begin, day.End);
        var documents = new List<long>(places.Count);
        foreach (int place in places) documents.Add(day.DocumentOf(place));
        return documents;
    }
}
