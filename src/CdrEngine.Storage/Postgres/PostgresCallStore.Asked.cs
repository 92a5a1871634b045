using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Postgres;

// What seals tell of a question before a day is asked: which days have nothing of it, how many calls others have, and which days are best asked together.
internal sealed partial class PostgresCallStore
{
    // Days that one message asks.
    private const int MostTogether = 32;

    // Calls of all days that have a text, up to which they are counted by their documents.
    private const int MostTextCalls = 200_000;

    private static readonly Dictionary<DateOnly, PostgresDaySeal> s_noSeals = [];

    private readonly PostgresSeals _seals;

    // The days of a question without those that have nothing of it for sure.
    private Asked AskedOf(PostgresSession session, PostgresDays store, List<StoredDay> days, CallQuery query)
    {
        var question = new PostgresQuestion(query);
        var asked = new Asked(session, store, days, query) { Question = question, Seals = question.AsksSeals ? _seals.Of(session, days) : s_noSeals };
        if (asked.Seals.Count > 0)
        {
            days.RemoveAll(day =>
            {
                if (!asked.Seals.TryGetValue(day.Day, out PostgresDaySeal? seal) || question.MostIn(day.Day, seal) is not { } most) return false;
                asked.Most[day.Day] = most;
                return most == 0;
            });
        }

        return asked;
    }

    // How many calls of a day are asked for, where its seal tells; deletions are not among what it knows.
    private static long? KnownCount(Asked asked, PostgresFrame frame)
    {
        StoredDay day = frame.Days[0];
        if (frame.Mark is not null || !asked.Store.IsWhole(day) || !IsWholeDay(asked.Query, day.Day)) return null;
        if (asked.TextCounts is { } texts && texts.TryGetValue(day.Day, out long found)) return found;
        return asked.Seals.TryGetValue(day.Day, out PostgresDaySeal? seal) ? asked.Question.CountIn(day.Day, seal) : null;
    }

    // Of a text, and of what profiles tell beside it: counted for all days together, without a call being looked at.
    private void CountTexts(Asked asked)
    {
        if (asked.Question.OnlyNeedle is not { } needle || !DayQuestion.IsByProfile(asked.Query with { Text = null, Parts = [], Labels = [] })) return;
        bool narrows = !asked.Question.Profiles.IsEverything;
        List<StoredDay> days = [.. asked.Days.Where(day => asked.Store.IsWhole(day) && IsWholeDay(asked.Query, day.Day) && (asked.Seals.GetValueOrDefault(day.Day) is { } seal ? !narrows || seal.Seal.Profiles is not null : !narrows))];
        if (days.Count < 2) return;
        var window = new PostgresWindow(asked.Session, _texts, days, asked.Seals);
        if (window.DocumentsOf(needle, Math.Max(1, MostTextCalls / days.Count)) is not { } found) return;
        asked.TextCounts = [];
        asked.TextDocuments = found;
        foreach (StoredDay day in days)
        {
            if (found.TryGetValue(day.Day, out List<long>? documents) && narrows && !asked.Seals[day.Day].Seal.Profiles!.Narrow(documents, asked.Question.Profiles)) continue;
            asked.TextCounts[day.Day] = documents?.Count ?? 0;
        }

        asked.Days.RemoveAll(day => asked.TextCounts.TryGetValue(day.Day, out long calls) && calls == 0);
        foreach ((DateOnly day, long calls) in asked.TextCounts) asked.Most[day] = calls;
    }

    // Days that together have as many calls as are wanted, as far as that is known; where it is not, first one, then ever more.
    private static IEnumerable<List<StoredDay>> Together(Asked asked, List<StoredDay> days, Func<int> wanted)
    {
        for (int at = 0, size = 1; at < days.Count; size = Math.Min(size * 2, MostTogether))
        {
            var window = new List<StoredDay>();
            long known = 0;
            int unknown = 0;
            for (long most = (long)wanted() * size; at < days.Count && window.Count < MostTogether && known < most && unknown < size; at++)
            {
                window.Add(days[at]);
                if (asked.Most.TryGetValue(days[at].Day, out long calls)) known += calls;
                else unknown++;
            }

            if (window.Count == 0) yield break;
            yield return window;
        }
    }

    private PostgresWindow WindowOf(Asked asked, IReadOnlyList<StoredDay> days) => new(asked.Session, _texts, days, asked.Seals) { Known = asked.TextDocuments };

    private PostgresFrame FrameOf(Asked asked, StoredDay day) => new(asked.Store, [day]) { PrefixRows = _limits.PrefixRows, Texts = _texts };

    private static bool IsWholeDay(CallQuery query, DateOnly day) => !(query.From > StartOf(day)) && !(query.To < StartOf(day.AddDays(1)));

    /// <summary>A question at work.</summary>
    private sealed record Asked(PostgresSession Session, PostgresDays Store, List<StoredDay> Days, CallQuery Query)
    {
        public required PostgresQuestion Question { get; init; }

        /// <summary>Seals of the days, where they tell anything of it.</summary>
        public required Dictionary<DateOnly, PostgresDaySeal> Seals { get; init; }

        /// <summary>Calls of days at most, where that is known.</summary>
        public Dictionary<DateOnly, long> Most { get; } = [];

        /// <summary>Calls of days that have the text that is asked for, where they were counted.</summary>
        public Dictionary<DateOnly, long>? TextCounts { get; set; }

        /// <summary>Their documents.</summary>
        public Dictionary<DateOnly, List<long>>? TextDocuments { get; set; }
    }
}
