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
        long begin = Stopwatch.GetTimestamp();
        bool IsOver() => stop.IsCancellationRequested || Stopwatch.GetElapsedTime(begin) > budget;
        return Reading(days =>
        {
            CallSums all = default;
            var ahead = new List<DayCounted>();
            foreach (DateOnly day in DaysOf(query))
            {
                if (byProfile)
                {
                    all.Add(SumsOf(days, query, asked, day));
                    continue;
                }

                (long from, long to) = Within(query, day);
                bool isOver = IsOver();
                if (isOver) ahead.Add(new DayCounted(day, from, to));
                else if (from < to && FiguresOf(days, day) is { } figures && Narrowed(days, question, Frame(days, day)) is { } frame)
                    ahead.Add(new DayCounted(day, from, to) { Frame = frame, Part = figures.CallsOf(question.Profiles) > CallsOfLongDay ? HourMicroseconds : to - from });
                if ((isOver || ahead.Count >= ReadHelpers.DaysAtOnce) && !TryCount(days, query, ahead, IsOver, ref all, out Timestamp countedFrom))
                    return new CallTotals { Sums = all, IsComplete = false, CountedFrom = countedFrom };
            }

            return TryCount(days, query, ahead, IsOver, ref all, out Timestamp last) ? new CallTotals { Sums = all } : new CallTotals { Sums = all, IsComplete = false, CountedFrom = last };
        });
    }

    // By profiles and times alone: the day's sums, else those of whole hours and the calls of the hours at both ends.
    private CallSums SumsOf(OpenDays days, CallQuery query, AskedProfiles asked, DateOnly day)
    {
        (long from, long to) = Within(query, day);
        if (to - from == 24 * HourMicroseconds) return FiguresOf(days, day)?.SumsOf(asked) ?? default;
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

    // Days in order, several of them read at once; false where the budget ends within one.
    private bool TryCount(OpenDays days, CallQuery query, List<DayCounted> ahead, Func<bool> isOver, ref CallSums all, out Timestamp countedFrom)
    {
        countedFrom = default;
        var parts = ahead.ToDictionary(static part => part.Day);
        _helpers.InDays(days, [.. parts.Keys], (day, database) => parts[day].Count(database, query, isOver));
        foreach (DayCounted part in ahead)
        {
            all.Add(part.Sums);
            countedFrom = part.CountedFrom;

            // A day that went meanwhile has none.
            if (!part.IsComplete && (part.Frame is null || days.Get(part.Day) is not null)) return false;
        }

        ahead.Clear();
        return true;
    }

    // A day that is counted call by call, from its end on.
    private sealed class DayCounted(DateOnly day, long from, long to)
    {
        public DateOnly Day => day;

        /// <summary>What is asked of it; null for nothing, since the budget has ended.</summary>
        public SelectFrame? Frame { get; init; }

        /// <summary>Microseconds that are counted in one go.</summary>
        public long Part { get; init; }

        public CallSums Sums { get; private set; }

        public bool IsComplete { get; private set; }

        public Timestamp CountedFrom { get; private set; } = new(to);

        public void Count(SqliteDatabase database, CallQuery query, Func<bool> isOver)
        {
            if (Frame is not { } frame) return;
            CallSums all = default;
            for (long end = to; end > from; end = Math.Max(from, (end - 1) / Part * Part))
            {
                long begin = Math.Max(from, Part == HourMicroseconds ? (end - 1) / Part * Part : from);
                CallSums sums = default;
                CallQuery some = query with { From = new Timestamp(begin), To = new Timestamp(end) };
                CountedFrom = new Timestamp(end);
                if (isOver() || !database.TryWithin(isOver, () => sums = CallSelect.Sums(database, some, frame))) return;
                all.Add(sums);
                Sums = all;
                if (begin == from) break;
            }

            IsComplete = true;
        }
    }

    private static (long From, long To) Within(CallQuery query, DateOnly day)
    {
        long from = StartOf(day).Microseconds, to = StartOf(day.AddDays(1)).Microseconds;
        if (query.From is { } first) from = Math.Max(from, first.Microseconds);
        if (query.To is { } last) to = Math.Min(to, last.Microseconds);
        return (from, to);
    }
}
