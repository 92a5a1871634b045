using System.Diagnostics;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Totals;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Totals: by sums where they answer, else call by call within a budget.
public sealed partial class SqliteCallStore
{
    private const long HourMicroseconds = 3_600_000_000;

    // Calls of a day from which on it is counted hour by hour, so that what was counted when the budget ends is worth something.
    private const int CallsOfLongDay = 20_000;

    /// <inheritdoc />
    public CallTotals Totals(CallQuery query, TimeSpan budget, CancellationToken stop = default)
    {
        query = query with { Sort = CallSort.StartedAt, Ascending = false, Cursor = null, Start = null };
        bool byProfile = DayQuestion.IsByProfile(query);
        var question = new DayQuestion(query);
        AskedProfiles asked = question.Profiles;
        string text = CallCursor.TextOf(query with { From = null, To = null });
        long begin = Stopwatch.GetTimestamp();
        bool IsOver() => stop.IsCancellationRequested || Stopwatch.GetElapsedTime(begin) > budget;
        return Reading(days =>
        {
            CallSums all = default;
            foreach (DateOnly day in DaysOf(query))
            {
                if (byProfile)
                {
                    all.Add(SumsOf(days, query, asked, text, day));
                }
                else if (!TryCount(days, question, day, IsOver, ref all, out Timestamp countedFrom))
                {
                    return new CallTotals { Sums = all, IsComplete = false, CountedFrom = countedFrom };
                }
            }

            return new CallTotals { Sums = all };
        });
    }

    // By profiles and times alone: the day's sums, else those of whole hours and the calls of the hours at both ends.
    private CallSums SumsOf(OpenDays days, CallQuery query, AskedProfiles asked, string text, DateOnly day)
    {
        (long from, long to) = Within(query, day);
        if (to - from == 24 * HourMicroseconds) return WholeDay(days, day, asked, text);
        if (from >= to || days.Get(day) is not { } database) return default;
        CallSums all = default;
        HiddenDay hidden = days.HiddenOf(day);
        long firstHour = (from + HourMicroseconds - 1) / HourMicroseconds * HourMicroseconds, lastHour = to / HourMicroseconds * HourMicroseconds;
        database.InOneState(() =>
        {
            if (firstHour > lastHour || hidden.UpTo.Count > 0)
            {
                all = CallsOf(from, to);
                return;
            }

            all = CallsOf(from, firstHour);
            all.Add(CallsOf(lastHour, to));
            for (long hour = firstHour; hour < lastHour; hour += HourMicroseconds)
            {
                foreach ((CallProfile profile, CallSums sums) in HourOf(database, hidden, (int)(hour / HourMicroseconds % 24), new Timestamp(hour)))
                {
                    if (asked.Filter.Meets(profile)) all.Add(sums);
                }
            }
        });
        return all;

        CallSums CallsOf(long begin, long end) =>
            begin >= end ? default : CallSelect.Sums(database, query with { From = new Timestamp(begin), To = new Timestamp(end) }, Frame(days, day));
    }

    private bool TryCount(OpenDays days, DayQuestion question, DateOnly day, Func<bool> isOver, ref CallSums all, out Timestamp countedFrom)
    {
        CallQuery query = question.Query;
        (long from, long to) = Within(query, day);
        countedFrom = new Timestamp(to);
        if (isOver()) return false;
        if (from >= to || FiguresOf(days, day) is not { } figures) return true;
        if (Narrowed(days, question, Frame(days, day)) is not { } frame || days.Get(day) is not { } database) return true;
        long part = figures.CallsOf(question.Profiles) > CallsOfLongDay ? HourMicroseconds : to - from;
        for (long end = to; end > from; end = Math.Max(from, (end - 1) / part * part))
        {
            long begin = Math.Max(from, part == HourMicroseconds ? (end - 1) / part * part : from);
            CallSums sums = default;
            CallQuery some = query with { From = new Timestamp(begin), To = new Timestamp(end) };
            countedFrom = new Timestamp(end);
            if (isOver() || !database.TryWithin(isOver, () => sums = CallSelect.Sums(database, some, frame))) return false;
            all.Add(sums);
            if (begin == from) break;
        }

        return true;
    }

    private static (long From, long To) Within(CallQuery query, DateOnly day)
    {
        long from = StartOf(day).Microseconds, to = StartOf(day.AddDays(1)).Microseconds;
        if (query.From is { } first) from = Math.Max(from, first.Microseconds);
        if (query.To is { } last) to = Math.Min(to, last.Microseconds);
        return (from, to);
    }
}
