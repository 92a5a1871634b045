using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

// What seals tell of a question before a day is asked: which days have nothing of it, how many calls others have, and which days are best asked together.
internal sealed partial class PostgresCallStore
{
    // Calls of all days that have a text, up to which they are counted by their documents.
    private const int MostTextCalls = 1_000_000;

    // Numbers of a day that begin as it is asked for, up to which those of all days are looked up.
    private const int MostBegun = 200;

    private static readonly Dictionary<DateOnly, PostgresDaySeal> s_noSeals = [];

    private readonly PostgresSeals _seals;

    // The days of a question without those that have nothing of it for sure.
    private Asked AskedOf(PostgresSession session, PostgresDays store, List<StoredDay> days, CallQuery query, bool all = false)
    {
        var question = new PostgresQuestion(query);
        var asked = new Asked(session, store, days, query) { Question = question, Seals = question.AsksSeals ? _seals.Of(session, days) : s_noSeals };
        if (IdRanges.Of(query) is { } ids) Divide(asked, ids, all);
        else Tell(asked, all);
        return asked;
    }

    // What is known of the days, of all of which the same is asked.
    private void Tell(Asked asked, bool all)
    {
        (PostgresSession session, _, List<StoredDay> days, CallQuery query) = asked;
        FindMoments(asked);
        if (asked.Seals.Count > 0)
        {
            days.RemoveAll(day =>
            {
                if (!asked.Seals.TryGetValue(day.Day, out PostgresDaySeal? seal) || asked.QuestionOn(day.Day) is not { } its || its.MostIn(day.Day, seal) is not { } most) return false;
                asked.Most[day.Day] = most;
                if (its.IsMostAll(seal)) asked.BySeal[day.Day] = most;
                return most == 0;
            });
        }

        FindTexts(asked, all ? int.MaxValue : FirstGroups);
        FindTimes(asked);
        FindNumbers(asked, FindPlaces(asked), all);
        if (query.Recorded == true)
        {
            Dictionary<DateOnly, RecordingSums> recordings = RecordingSumsOf(session, days);
            string? tenant = PostgresText.CleanOrNull(query.Tenant);
            days.RemoveAll(day => recordings[day.Day].Of(tenant, RecordingState.Available) == 0);
        }
    }

    // Of days with a seal one question tells which calls have the numbers that are asked for. Where nothing else is asked than what seals tell, these are the answer.
    private static void FindNumbers(Asked asked, List<StoredDay> open, bool all)
    {
        if (asked.Question.IsVoice || asked.Query.Sort != CallSort.StartedAt || AlternativesOf(asked) is not { } alternatives) return;
        List<StoredDay> days = open.FindAll(day => asked.Seals.ContainsKey(day.Day));
        if (days.Count == 0 || (!all && IsCommon(asked.Session, days[0], alternatives)) || PostgresNumbers.Find(asked.Session, days, alternatives, all) is not { } found) return;
        bool isAll = PostgresNumbers.IsAllOf(asked.Query) && asked.Query.Start is null && asked.Query.Tenant is not "";
        foreach (StoredDay day in days)
        {
            if (!found.TryGetValue(day.Day, out List<NumberedCall>? calls)) continue;
            asked.Most[day.Day] = calls.Count;
            if (asked.Question.Needles.Count == 0 && SealOf(asked, day) is { } seal && asked.QuestionOn(day.Day).PlacesIn(day.Day, seal, calls.Select(static call => call.Document), areNumbered: true) is { } places)
            {
                asked.Tell(day.Day, places, isCounted: true);
            }
            else if (asked.Query.SessionCalleeNumbers.Count > 0 && PostgresNumbers.Of(asked.Query) is null)
            {
                // The others of their sessions are asked for as well.
                asked.Most.Remove(day.Day);
            }
            else if (isAll && asked.Store.IsWhole(day) && Listed(asked, day.Day, calls) is { } listed)
            {
                asked.Exact.Add(day.Day, listed);
                asked.Most[day.Day] = listed.Count;
            }
            else
            {
                asked.Documents.Add(day.Day, [.. calls.Select(static call => call.Document)]);
            }
        }

        asked.Days.RemoveAll(day => asked.Most.TryGetValue(day.Day, out long most) && most == 0);
    }

    // What so many numbers of a day begin with is met soon in order of time.
    private static bool IsCommon(PostgresSession session, StoredDay day, IReadOnlyList<IReadOnlyList<AskedNumbers>> alternatives)
    {
        var window = new PostgresWindow(session, null, [day]);
        return alternatives.All(all => all.All(static one => one.IsBegin) && all.All(one => !window.IsRare(one.Numbers[0], MostBegun)));
    }

    // The numbers of callees of sessions lead to calls as well, where memory tells the sessions of these.
    private static IReadOnlyList<IReadOnlyList<AskedNumbers>>? AlternativesOf(Asked asked) =>
        PostgresNumbers.AlternativesOf(asked.Query) ?? (asked.Question.Calls is { HasNumbers: true } && asked.Query.SessionCalleeNumbers.Count > 0
            ? [[new AskedNumbers([.. asked.Query.SessionCalleeNumbers.Select(PostgresText.Clean).Distinct(StringComparer.Ordinal)], CallRow.CalleeRole)]]
            : null);

    // Those of some calls of a day that are on the list; null where their profiles are not known.
    private static List<FoundCall>? Listed(Asked asked, DateOnly day, List<NumberedCall> calls)
    {
        var listed = new List<FoundCall>();
        CallQuery query = asked.Query;
        DayProfiles? profiles = asked.Seals[day].Seal.Profiles;
        IReadOnlySet<DayId>? only = query.Ids.Count == 0 ? null : DayIds.Of(query.Ids).SetOf(day), except = query.Except.Count == 0 ? null : DayIds.Of(query.Except).SetOf(day);
        foreach (NumberedCall call in calls)
        {
            if (profiles?.ProfileOf(call.Document) is not { } number) return null;
            CallProfile profile = profiles.Index.ProfileOf(number);
            if (call.StartedAt < query.From?.Microseconds || call.StartedAt >= query.To?.Microseconds || !asked.Question.Profiles.Filter.Meets(profile)) continue;
            if (only is not null && !only.Contains(DayId.Of(call.Id))) continue;
            if (except is not null && except.Contains(DayId.Of(call.Id))) continue;
            listed.Add(new FoundCall(call.StartedAt, day, call.Id, call.Document, profile.Tenant.Length == 0 ? null : profile.Tenant));
        }

        return listed;
    }

    // The rows of each frame, in their order: what is known is not asked for.
    private List<List<FoundCall>> RowsOf(Asked asked, IReadOnlyList<PostgresFrame> frames)
    {
        var rows = new List<FoundCall>[frames.Count];
        var unknown = new List<PostgresFrame>();
        var places = new List<int>();
        for (int i = 0; i < frames.Count; i++)
        {
            if (KnownRows(asked, frames[i]) is { } known)
            {
                rows[i] = known;
                continue;
            }

            unknown.Add(frames[i]);
            places.Add(i);
        }

        if (unknown.Count == 0) return [.. rows];
        List<List<FoundCall>> found = PostgresCallSelect.RowsOf(asked.Session, frame => asked.QueryOn(frame.Days[0].Day), unknown);
        for (int i = 0; i < places.Count; i++) rows[places[i]] = found[i];
        return [.. rows];
    }

    private List<FoundCall>? KnownRows(Asked asked, PostgresFrame frame)
    {
        StoredDay day = frame.Days[0];
        asked = asked.On(day.Day);
        if (asked.Question.IsVoice && frame.Mark is null && asked.Store.IsWhole(day) && asked.Seals.GetValueOrDefault(day.Day)?.Seal.Voice is { } voice)
            return voice.Rows(asked.Question.Query, new SelectFrame(day.Day) { After = frame.After, Offset = frame.Offset, Limit = frame.Limit });
        if (PlacedRows(asked, frame) is { } placed) return placed;
        if (!asked.Exact.TryGetValue(day.Day, out List<FoundCall>? calls)) return null;
        bool ascending = asked.Query.Ascending;
        IEnumerable<FoundCall> rows = ascending ? calls : Enumerable.Reverse(calls);
        if (frame.Mark is { } mark) rows = rows.Where(call => call.Document <= mark);
        if (frame.After is { } after && after.Day == day.Day)
        {
            rows = rows.Where(call =>
            {
                int order = call.Key.CompareTo(after.Key);
                if (order == 0) order = call.Id.AsSpan().SequenceCompareTo(after.Id);
                return ascending ? order > 0 : order < 0;
            });
        }

        CallTraits judged = frame.Judged;
        DayProfiles profiles = asked.Seals[day.Day].Seal.Profiles!;
        return [.. rows.Skip((int)Math.Min(frame.Offset, int.MaxValue)).Take(frame.Limit).Select(call => call with { IsJudged = (profiles.Index.ProfileOf(profiles.ProfileOf(call.Document)!.Value).Traits & judged) == judged })];
    }

    // How many calls of a day are asked for, where its seal tells; deletions are not among what it knows.
    private static long? KnownCount(Asked asked, PostgresFrame frame)
    {
        StoredDay day = frame.Days[0];
        if (asked.Exact.TryGetValue(day.Day, out List<FoundCall>? exact)) return frame.Mark is { } mark ? exact.Count(call => call.Document <= mark) : exact.Count;
        if (frame.Mark is not null || !asked.Store.IsWhole(day)) return null;
        if (asked.Counted.TryGetValue(day.Day, out long counted)) return counted;
        if (!IsWholeDay(asked.Query, day.Day)) return null;
        if (asked.Met.TryGetValue(day.Day, out DayPlaces? met) && asked.Question.CountOf(asked.Seals[day.Day], met) is { } ofTexts) return asked.Counted[day.Day] = ofTexts;
        if (asked.TextCounts is { } texts && texts.TryGetValue(day.Day, out long found)) return found;
        if (asked.BySeal.TryGetValue(day.Day, out long all)) return all;
        if (asked.Seals.TryGetValue(day.Day, out PostgresDaySeal? seal) && asked.QuestionOn(day.Day).CountIn(day.Day, seal) is { } bySeal) return bySeal;
        return asked.Places.TryGetValue(day.Day, out IEnumerable<int>? places) ? asked.Counted[day.Day] = places.LongCount() : null;
    }

    // Of texts, and of what memory tells beside them: found for all days together, without a call being looked at.
    private void CountTexts(Asked asked)
    {
        if (InParts(asked, CountTexts) || asked.Question.Needles is not { Count: > 0 } needles) return;
        List<StoredDay> days = [.. asked.Days.Where(day => !asked.Places.ContainsKey(day.Day) && SealOf(asked, day) is { Seal.Calls: not null })];
        if (days.Count < 2)
        {
            CountText(asked);
            return;
        }

        var window = new PostgresWindow(asked.Session, _texts, days, asked.Seals);
        Dictionary<DateOnly, List<long>>? found = null;
        foreach (TextNeedle needle in needles)
        {
            if (window.DocumentsOf(needle, Math.Max(1, MostTextCalls / days.Count)) is not { } its) return;
            found = found is null ? its : Both(found, its);
            if (found.Count == 0) break;
        }

        if (needles.Count == 1) asked.TextDocuments = found;
        TellTexts(asked, days, found!);
        asked.Days.RemoveAll(day => asked.Counted.TryGetValue(day.Day, out long calls) && calls == 0);
        if (needles.Count == 1 && asked.Days.Any(day => !asked.Places.ContainsKey(day.Day))) CountText(asked);
    }

    private static Dictionary<DateOnly, List<long>> Both(Dictionary<DateOnly, List<long>> some, Dictionary<DateOnly, List<long>> others)
    {
        var both = new Dictionary<DateOnly, List<long>>();
        foreach ((DateOnly day, List<long> its) in some)
        {
            if (!others.TryGetValue(day, out List<long>? also)) continue;
            var has = also.ToHashSet();
            List<long> left = its.FindAll(has.Contains);
            if (left.Count > 0) both.Add(day, left);
        }

        return both;
    }

    // Of a text, and of what profiles tell beside it, on days whose calls are not in memory.
    private void CountText(Asked asked)
    {
        if (asked.Question.OnlyNeedle is not { } needle || !DayQuestion.IsByProfile(asked.Query with { Text = null, Parts = [], Labels = [] })) return;
        bool narrows = !asked.Question.Profiles.IsEverything;
        List<StoredDay> days = [.. asked.Days.Where(day => !asked.Places.ContainsKey(day.Day) && asked.Store.IsWhole(day) && IsWholeDay(asked.Query, day.Day) && (asked.Seals.GetValueOrDefault(day.Day) is { } seal ? !narrows || seal.Seal.Profiles is not null : !narrows))];
        if (days.Count < 2) return;
        var window = new PostgresWindow(asked.Session, _texts, days, asked.Seals);
        if (window.DocumentsOf(needle, Math.Max(1, MostTextCalls / days.Count)) is not { } found) return;
        asked.TextCounts = [];
        if (asked.TextDocuments is { } known) foreach ((DateOnly day, List<long> documents) in found) known[day] = documents;
        else asked.TextDocuments = found;
        foreach (StoredDay day in days)
        {
            if (found.TryGetValue(day.Day, out List<long>? documents) && narrows && !asked.Seals[day.Day].Seal.Profiles!.Narrow(documents, asked.Question.Profiles)) continue;
            asked.TextCounts[day.Day] = documents?.Count ?? 0;
        }

        asked.Days.RemoveAll(day => asked.TextCounts.TryGetValue(day.Day, out long calls) && calls == 0);
        foreach ((DateOnly day, long calls) in asked.TextCounts) asked.Most[day] = calls;
    }

    private static IEnumerable<List<StoredDay>> Together(Asked asked, List<StoredDay> days, Func<long> wanted) =>
        PostgresDays.Together(days, day => asked.Most.TryGetValue(day.Day, out long calls) ? calls : null, wanted);

    private PostgresWindow WindowOf(Asked asked, IReadOnlyList<StoredDay> days) => new(asked.Session, _texts, days, asked.Seals) { Known = asked.TextDocuments, Rare = asked.Rare };

    private PostgresFrame FrameOf(Asked asked, StoredDay day) => new(asked.Store, [day]) { PrefixRows = _limits.PrefixRows, Texts = _texts, Documents = asked.Documents.GetValueOrDefault(day.Day) };

    private static bool IsWholeDay(CallQuery query, DateOnly day) => IsWholeDay(query.From, query.To, day);

    private static bool IsWholeDay(Timestamp? from, Timestamp? to, DateOnly day) => !(from > StartOf(day)) && !(to < StartOf(day.AddDays(1)));

    /// <summary>A question at work.</summary>
    private sealed record Asked(PostgresSession Session, PostgresDays Store, List<StoredDay> Days, CallQuery Query)
    {
        public required PostgresQuestion Question { get; init; }

        /// <summary>Days all of whose calls meet <see cref="CallQuery.Moments"/>, where it happened at all.</summary>
        public HashSet<DateOnly> Whenever { get; } = [];

        /// <summary>What is asked of a day.</summary>
        public PostgresQuestion QuestionOn(DateOnly day) => Whenever.Contains(day) ? On(day).Question.Whenever! : On(day).Question;

        /// <summary>The same as it is asked of the day's tables.</summary>
        public CallQuery QueryOn(DateOnly day) => Whenever.Contains(day) ? On(day).Question.Whenever!.Query : On(day).Query;

        /// <summary>The questions for each of the days, where not the same is asked of all of them; they share with this one what is known of days. Empty where it is.</summary>
        public Dictionary<DateOnly, Asked> Parts { get; init; } = [];

        /// <summary>They, each once.</summary>
        public IEnumerable<Asked> EachPart() => Parts.Values.Distinct<Asked>(ReferenceEqualityComparer.Instance);

        /// <summary>The one for a day: this, but where there are parts.</summary>
        public Asked On(DateOnly day) => Parts.GetValueOrDefault(day) ?? this;

        /// <summary>Seals of the days, where they tell anything of it.</summary>
        public required Dictionary<DateOnly, PostgresDaySeal> Seals { get; init; }

        /// <summary>The question with what it leaves out, once it was counted.</summary>
        public Asked? Base { get; set; }

        /// <summary>What it leaves out, once that was counted.</summary>
        public Asked? Left { get; set; }

        /// <summary>Calls of days at most, where that is known.</summary>
        public Dictionary<DateOnly, long> Most { get; } = [];

        /// <summary>The same where it is how many a whole day has, deleted ones among them.</summary>
        public Dictionary<DateOnly, long> BySeal { get; } = [];

        /// <summary>Beginnings of numbers, and whether they are rare on days that are over; see <see cref="PostgresWindow.IsRare"/>.</summary>
        public Dictionary<(string Begin, int Most), bool> Rare { get; } = [];

        /// <summary>All calls on the list, in order of time, of days of which these are known.</summary>
        public Dictionary<DateOnly, List<FoundCall>> Exact { get; } = [];

        /// <summary>The calls of days that have the numbers that are asked for, where these are known but not whether they are on the list.</summary>
        public Dictionary<DateOnly, long[]> Documents { get; } = [];

        /// <summary>The calls of days of which memory tells them, by their places in <see cref="DaySeal.Calls"/>, in the order of the list.</summary>
        public Dictionary<DateOnly, IEnumerable<int>> Places { get; } = [];

        /// <summary>The calls of days that meet what Call-IDs and ids are held against, where memory told them.</summary>
        public Dictionary<(TextRange Range, DateOnly Day), DayPlaces> ByRange { get; } = [];

        /// <summary>The calls of days that meet what is asked of texts, where groups told them; what else is asked is told by <see cref="Places"/>.</summary>
        public Dictionary<DateOnly, DayPlaces> Met { get; } = [];

        /// <summary>How many these are, once they were counted.</summary>
        public Dictionary<DateOnly, long> Counted { get; } = [];

        /// <summary>Notes the calls of a day.</summary>
        /// <param name="day">The day.</param>
        /// <param name="places">They; asked for again and again.</param>
        /// <param name="isCounted">Whether they are few, and best counted at once.</param>
        public void Tell(DateOnly day, IEnumerable<int> places, bool isCounted)
        {
            if (!isCounted)
            {
                Places[day] = places;
                return;
            }

            int[] found = [.. places];
            Places[day] = found;
            Most[day] = Counted[day] = found.Length;
        }

        /// <summary>Calls of days that have the text that is asked for, where they were counted.</summary>
        public Dictionary<DateOnly, long>? TextCounts { get; set; }

        /// <summary>Their documents.</summary>
        public Dictionary<DateOnly, List<long>>? TextDocuments { get; set; }
    }
}
