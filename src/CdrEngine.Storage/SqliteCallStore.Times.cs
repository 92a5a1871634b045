using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Days about a bound of times: which of their calls lie within is told by some looks at the day's file, and the rest by memory as of whole days.
public sealed partial class SqliteCallStore
{
    private const string FirstFrom = "SELECT document FROM calls WHERE started_at >= ?1 ORDER BY started_at, id LIMIT 1";
    private const string StartedWithin = "SELECT document, started_at, duration_us, billsec_us FROM calls WHERE started_at >= ?1 AND started_at < ?2";

    // Whether all calls of a day lie within the times that are asked for.
    private static bool IsWhenever(DayQuestion asked, DateOnly day) => asked.Query.Moments.Count == 0 && IsWhole(asked.Query, day);

    // The calls of a day that lie within the times that are asked for. Null where the day is not as it was when it was sealed, or its seal does not tell enough.
    private DayPlaces? InTime(OpenDays days, DayQuestion asked, DateOnly day, DayCalls known, DaySeal seal)
    {
        if (seal.Stamp is not { } stamp) return null;
        long latest = 0;
        if (asked.Query.Moments.Count > 0)
        {
            if (LatestEnd(days, day) is not { } end) return null;
            latest = end - StartOf(day.AddDays(1)).Microseconds;
        }

        return _met.GetOrAdd(string.Create(CultureInfo.InvariantCulture, $"{day.DayNumber}|in time|{asked.Text}"), StampOf(days, day), () =>
        {
            if (days.Get(day) is not { } database) return null;
            DayPlaces? places = null;
            database.InOneState(() =>
            {
                if (DaySeal.StampOf(database) != stamp) return;
                places = known.Between(RankOf(database, known, asked.Query.From?.Microseconds), RankOf(database, known, asked.Query.To?.Microseconds, known.Calls));
                foreach (MomentRange range in asked.Query.Moments) places = places.And(Happened(database, known, range, latest, asked.WheneverItHappened.Profiles));
            });
            return places;
        });
    }

    // How many calls of a day about a bound of times are asked for; null where memory does not tell.
    private long? CountInTime(OpenDays days, DayQuestion asked, DateOnly day)
    {
        if (IsWhenever(asked, day) || asked.Base is not null || !days.HiddenOf(day).IsNothing || !StampOf(days, day).IsSettled) return null;
        if (asked.WheneverItHappened.Calls is not { } calls || SealOf(days, day) is not { Calls: { } known } seal) return null;
        if (!asked.Keys.MayBeIn(day, seal.Keys)) return 0;
        return AmongTimes(days, asked, day, calls, known, seal) is { } among ? known.Count(calls, seal.Keys, among) : null;
    }

    // The same calls as far as texts tell which of them are asked for.
    private DayPlaces? AmongTimes(OpenDays days, DayQuestion asked, DateOnly day, AskedCalls calls, DayCalls known, DaySeal seal)
    {
        DayPlaces? among = InTime(days, asked, day, known, seal);
        if (among is null || among.IsEmpty || !calls.AsksTexts) return among;
        return MetBy(days, day, asked, calls, known, seal)?.And(among);
    }

    // Where in order of time the first call stands that started then or later.
    private static int RankOf(SqliteDatabase database, DayCalls known, long? from, int otherwise = 0)
    {
        if (from is not { } time) return otherwise;
        using SqliteStatement find = database.Prepare(FirstFrom).Bind(time);
        return find.Step() && known.RankOf(find.Long(0)) is { } rank ? rank : known.Calls;
    }

    // Calls to which something happened in time, and others to which it never happened. Of those that began long enough before a bound, or behind it, the bound is met or not for all;
    // the others are looked at one by one.
    private static DayPlaces Happened(SqliteDatabase database, DayCalls known, MomentRange range, long longest, AskedProfiles asked)
    {
        MomentStarts starts = MomentConditions.StartsOf(range, longest);
        DayPlaces places = starts.AreSome ? known.Between(RankOf(database, known, starts.From), RankOf(database, known, starts.To, known.Calls)) : known.Between(0, 0);
        foreach ((long begin, long end) in starts.Open)
        {
            using SqliteStatement list = database.Prepare(StartedWithin).Bind(begin).Bind(end);
            while (list.Step())
            {
                long document = list.Long(0);
                if (known.PlaceOf(document) is { } place && known.Has(place, asked) && MomentConditions.IsMetBy(range, list.Long(1), list.Long(2), list.Long(3), () => MomentOfRecord(database, document, range.Of)))
                    places.Add(place);
            }
        }

        return places;
    }

    private static long? MomentOfRecord(SqliteDatabase database, long document, MomentOf of)
    {
        using SqliteStatement find = database.Prepare("SELECT json FROM call_documents WHERE document = ?1").Bind(document);
        return find.Step() ? CallMoments.Read(find.Blob(0), of)?.Microseconds : null;
    }
}
