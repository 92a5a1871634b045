using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// How many calls are shorter than each of many lengths, all in one look at each day: lists by length ask where their calls stand.
public sealed partial class SqliteCallStore
{
    /// <inheritdoc />
    public IReadOnlyList<long>? CountShorter(CallQuery query, CallMark until, LengthSteps lengths)
    {
        query = query with { Sort = CallSort.StartedAt, Ascending = true, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        var asked = new DayQuestion(query);
        if (LengthCounter.Of(lengths, asked) is not { } counter) return null;
        Walk walk = _ofMarks.Of(until, CallCursor.TextOf(query));
        return Reading(days =>
        {
            lock (walk)
            {
                List<DateOnly> asksFor = DaysOf(query);
                DayStamp[] stamps = [.. asksFor.Select(day => StampOf(days, day))];
                if (walk.Shorter is { } known && known.Lengths == lengths && known.Stamps.AsSpan().SequenceEqual(stamps)) return known.Calls;
                foreach (DateOnly day in asksFor)
                {
                    if (FrameOf(days, day, query, walk) is not { } frame || TryLengths(days, asked, frame, counter)) continue;
                    if (Narrowed(days, asked, frame) is not { } narrowed) continue;
                    foreach ((long lasted, long calls) in Marked(days, narrowed, walk, frame => days.Get(day) is { } database ? CallSelect.Lengths(database, query, frame) : []))
                        counter.Add(DayLengths.Kept(lasted), calls);
                }

                long[] shorter = counter.Below();
                walk.Shorter = Array.TrueForAll(stamps, static stamp => stamp.IsSettled) ? new CountedLengths(lengths, stamps, shorter) : null;
                return shorter;
            }
        });
    }

    // Adds what memory tells of a day; false where it does not, or somebody has written to the day since.
    private bool TryLengths(OpenDays days, DayQuestion asked, SelectFrame frame, LengthCounter counter)
    {
        DateOnly day = frame.Day;
        DayStamp stamp = StampOf(days, day);
        if (frame.Mark is not null || !frame.Hidden.IsNothing || !stamp.IsSettled || SealOf(days, day) is not { Lengths: { } lengths } seal || StampNow(days, day).Text != stamp.Text) return false;
        if (asked is { IsCounted: true, AsksLength: false } && IsWhole(asked.Query, day))
        {
            lengths.AddTo(counter, asked.Profiles);
            return true;
        }

        if (seal.Calls is not { } known || PlacesIn(days, asked, day, known, seal) is not { } places) return false;
        foreach (int place in places) counter.Add(known.LastedOf(place), 1);
        return true;
    }
}
