using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

// Days that are over and of which groups of texts tell which calls have the texts that are asked for.
internal sealed partial class PostgresCallStore
{
    // Groups that are looked into at first, where the page may not need more.
    private const int FirstGroups = 2;

    // Days whose calls are looked up with one message.
    private const int LookedUpTogether = 64;

    // Calls of a day, looked up, that meet what a text is held against.
    private readonly DayAnswers<long[]> _met;

    // Groups that are likely to have what a page wants yet, by what some had: half as many again, and all where nothing was met.
    internal static int GroupsFor(int seen, int met, int wanted) => met == 0 ? int.MaxValue : (int)Math.Min(int.MaxValue, ((3L * seen * wanted) + (2L * met) - 1) / (2L * met));

    // The calls of days that meet what is asked of texts, and everything else: of as many groups of days as is said, the first.
    private void FindTexts(Asked asked, int most)
    {
        if (InParts(asked, part => FindTexts(part, most)) || asked.Question.Texts is not { } question) return;
        var open = asked.Days.FindAll(day => day.Texts != 0 && !asked.Places.ContainsKey(day.Day) && asked.Store.IsWhole(day) && IsWholeDay(asked.Query, day.Day) && asked.Seals.GetValueOrDefault(day.Day)?.Seal.Calls is not null);
        if (open.Count == 0) return;
        PostgresGroupedDays grouped = _groups.Of(asked.Session, open);
        open.RemoveAll(day => !grouped.Days.ContainsKey(day.Day));
        TextGroup[] groups = [.. open.Select(day => grouped.Days[day.Day].Group).Distinct().Take(most)];
        PostgresFoundTexts found = _groups.Find(asked.Session, grouped, groups, question.EachClause(), question.EachRange());
        open.RemoveAll(day => !grouped.Days.TryGetValue(day.Day, out (TextGroup Group, TextGroupDay) its) || !groups.Contains(its.Group));
        FindCallIds(asked, question.EachRange(), open);
        FindIds(asked, question, open);
        LookUp(asked, question.EachRange(), open, grouped, found);
        foreach (StoredDay day in open)
        {
            PostgresDaySeal seal = asked.Seals[day.Day];
            if (MetBy(asked, question, day, seal, grouped.Days[day.Day], found) is not { } met || asked.Question.PlacesOf(day.Day, seal, met) is not { } places) continue;
            asked.Places[day.Day] = places;
            asked.Met[day.Day] = met;
            asked.Most[day.Day] = met.Count;
        }

        asked.Days.RemoveAll(day => asked.Met.TryGetValue(day.Day, out DayPlaces? met) && met.IsEmpty);
    }

    // Null where something of it is not told.
    private DayPlaces? MetBy(Asked asked, PostgresTextQuestion question, StoredDay day, PostgresDaySeal seal, (TextGroup Group, TextGroupDay Day) place, PostgresFoundTexts found)
    {
        DayCalls known = seal.Seal.Calls!;
        if (question.Any.Count > 0)
        {
            var all = new DayPlaces(known.Places);
            foreach (PostgresTextQuestion one in question.Any)
            {
                if ((one.Clauses.Count + one.Calls.Ranges.Count == 0 ? known.Find(one.Calls, seal.Seal.Keys, ascending: true)
                    : MetBy(asked, one, day, seal, place, found) is { } its ? known.Find(one.Calls, seal.Seal.Keys, ascending: true, its) : null) is not { } places) return null;
                foreach (int its2 in places) all.Add(its2);
            }

            return all;
        }

        return DayPlaces.AmongAll(question.Clauses.Select(clause => found.SetOf(place.Group, clause) is { } set ? DayPlaces.Of(set, place.Day, known) : null)
            .Concat(question.Calls.Ranges.Select(range => MetBy(asked, range, day, known, place, found))));
    }

    private DayPlaces? MetBy(Asked asked, TextRange range, StoredDay day, DayCalls known, (TextGroup Group, TextGroupDay Day) place, PostgresFoundTexts found)
    {
        if (range.Of == TextOf.Trunk) return known.OfTrunks(range.IsMetBy);
        if (asked.ByRange.TryGetValue((range, day.Day), out DayPlaces? byRange)) return byRange;
        DayPlaces? told = found.MeetingOf(place.Group, range) is { } ranged ? DayPlaces.Of(ranged.Met, place.Day, known) : null;
        if (AmongOf(range, place, found) is not { } among) return told;
        if (among.Count == 0) return told ?? new DayPlaces(known.Places);
        if (!_met.TryFind(TextRanges.KeyOf(range, day.Day), StampOf(day), out long[]? documents)) return null;
        told ??= new DayPlaces(known.Places);
        foreach (long document in documents)
        {
            if (known.PlaceOf(document) is { } its) told.Add(its);
        }

        return told;
    }

    // The calls of a day that have to be looked up; null for none.
    private static CallsOfSearch? AmongOf(TextRange range, (TextGroup Group, TextGroupDay Day) place, PostgresFoundTexts found)
    {
        if (found.MeetingOf(place.Group, range) is { } ranged) return ranged.Open is { } open ? new CallsOfSearch(open, place.Day) : null;
        return TextRanges.NeedleOf(range) is { } needle && found.SetOf(place.Group, new TextClause([needle])) is { } set ? new CallsOfSearch(set, place.Day) : null;
    }

    // What groups leave open, of as many days at once as have any: which of a few calls meet it.
    private void LookUp(Asked asked, IEnumerable<TextRange> ranges, List<StoredDay> days, PostgresGroupedDays grouped, PostgresFoundTexts found)
    {
        var open = new List<(TextRange Range, StoredDay Day, long[] Documents)>();
        foreach (TextRange range in ranges.Distinct())
        {
            foreach (StoredDay day in days)
            {
                if (AmongOf(range, grouped.Days[day.Day], found) is { Count: > 0 and <= TextRanges.MostLookedUp } among && !_met.TryFind(TextRanges.KeyOf(range, day.Day), StampOf(day), out _))
                    open.Add((range, day, [.. among.Documents()]));
            }
        }

        foreach ((TextRange Range, StoredDay Day, long[] Documents)[] some in open.Chunk(LookedUpTogether))
        {
            var met = new List<long>[some.Length];
            for (int at = 0; at < met.Length; at++) met[at] = [];
            foreach ((int at, PostgresRows row) in asked.Session.QueryAll(some.Select(static one => Question(one.Range, one.Day.Day, one.Documents)))) met[at].Add(row.Long(0));
            for (int at = 0; at < met.Length; at++) _met.Keep(TextRanges.KeyOf(some[at].Range, some[at].Day.Day), StampOf(some[at].Day), [.. met[at]]);
        }

        static (string Sql, object?[] Arguments) Question(TextRange range, DateOnly day, long[] documents)
        {
            bool isCallId = range.Of == TextOf.SipCallId;
            string condition = TextRanges.Condition(range, isCallId ? "d.sip_call_id" : TextRanges.TextOf(range), QueryConditions.InPostgres, out bool binds);
            string sql = isCallId ? "SELECT d.document FROM call_documents d WHERE d.day = ? AND d.document = ANY (?)" : "SELECT c.document FROM calls c WHERE c.day = ? AND c.document = ANY (?)";
            return ($"{sql} AND {condition}", binds ? [day, documents, range.Text] : [day, documents]);
        }
    }

    private static DayStamp StampOf(StoredDay day) => new(day.Seal.ToString(CultureInfo.InvariantCulture), IsSettled: true);

    // What a question leaves out of a day, taken from all that it has with it; null where memory does not tell both.
    private IEnumerable<int>? PlacesLeft(Asked asked, StoredDay day)
    {
        if (asked.Query.Excluded() is not { } excluded || !asked.Store.IsWhole(day) || asked.Seals.GetValueOrDefault(day.Day)?.Seal.Calls is not { } known) return null;
        asked.Base ??= Counting(asked, asked.Query with { Without = null });
        if (PlacesOf(asked.Base, day, known) is not { } some) return null;
        asked.Left ??= Counting(asked, excluded);
        if (PlacesOf(asked.Left, day, known) is not { } without) return null;
        var left = new DayPlaces(known.Places);
        foreach (int place in without) left.Add(place);
        return some.Where(place => !left.Has(place));
    }

    // The calls of a day that a question finds, in its order; null where memory does not tell them.
    private static IEnumerable<int>? PlacesOf(Asked asked, StoredDay day, DayCalls known)
    {
        if (asked.Places.TryGetValue(day.Day, out IEnumerable<int>? places)) return places;
        if (!asked.Days.Contains(day)) return [];
        if (!asked.Exact.TryGetValue(day.Day, out List<FoundCall>? exact)) return null;
        int?[] found = [.. exact.Select(call => known.PlaceOf(call.Document))];
        if (!asked.Query.Ascending) Array.Reverse(found);
        return Array.TrueForAll(found, static place => place is not null) ? found.Select(static place => place!.Value) : null;
    }
}
