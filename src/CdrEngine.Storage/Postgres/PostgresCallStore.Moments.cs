using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// When things happened: of most days it is known without a look at a call that all of its calls meet, or none.
internal sealed partial class PostgresCallStore
{
    // Leaves out the days of which nothing can meet, and notes those all of which does.
    private static void FindMoments(Asked asked)
    {
        if (asked.Question.Whenever is null) return;
        asked.Days.RemoveAll(day =>
        {
            if (LatestEnd(asked, day) is not { } latest) return false;
            bool? meets = MomentConditions.Of(asked.Query.Moments, StartOf(day.Day).Microseconds, latest);
            if (meets == true) asked.Whenever.Add(day.Day);
            return meets == false;
        });
    }

    // The time that no call of a day outlasts, microseconds; null where that is not known: of days that are not over, and where a call has no end.
    private static long? LatestEnd(Asked asked, StoredDay day) =>
        asked.Store.IsWhole(day) && asked.Seals.GetValueOrDefault(day.Day) is { Seal.Lengths.Longest: { } longest, Figures.HasOpen: false } ? StartOf(day.Day.AddDays(1)).Microseconds + longest : null;
}
