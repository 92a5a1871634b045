using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// When things happened, and ids: of most days it is known without a look at a call that all of its calls meet, or none.
public sealed partial class SqliteCallStore
{
    // What is asked of a day; null where nothing of it can meet.
    private DayQuestion? OfDay(OpenDays days, DayQuestion asked, DateOnly day)
    {
        if (asked.ByIds(day) is not { } byIds) return null;
        asked = byIds.On(day);
        if (asked.Query.Moments.Count == 0) return asked;
        if (LatestEnd(days, day) is not { } latest) return asked;
        return MomentConditions.Of(asked.Query.Moments, StartOf(day).Microseconds, latest) switch
        {
            false => null,
            true => asked.WheneverItHappened,
            null => asked,
        };
    }

    // The time that no call of a day outlasts, microseconds; null where that is not known: of days that are not over, and where a call has no end.
    private long? LatestEnd(OpenDays days, DateOnly day)
    {
        if (!days.HiddenOf(day).IsNothing || SealOf(days, day) is not { Lengths.Longest: { } longest } || FiguresOf(days, day) is not { HasOpen: false }) return null;
        return StartOf(day.AddDays(1)).Microseconds + longest;
    }
}
