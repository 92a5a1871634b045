using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Days that are over and of which it is known in memory which calls a query finds: of these alone records are read, and nothing else.
public sealed partial class SqliteCallStore
{
    private const string RowOfDocument = "SELECT started_at, id, tenant FROM calls WHERE document = ?1";

    private long _knownPages;

    /// <summary>Pages of days so far that were told by memory: for tests.</summary>
    internal long KnownPages => Interlocked.Read(ref _knownPages);

    private sealed record KnownPlaces(DayStamp Stamp, DayCalls Calls, IEnumerable<int> Places);

    // The calls of a day behind the cursor of a frame, in order; null where memory does not tell them.
    private KnownPlaces? PlacesOf(OpenDays days, DayQuestion asked, SelectFrame frame)
    {
        DateOnly day = frame.Day;
        if (frame.Mark is not null || !frame.Hidden.IsNothing || asked.ByIds(day) is not { MayBeKnownOfDays: true } its) return null;
        asked = its.On(day);
        DayStamp stamp = StampOf(days, day);
        if (!stamp.IsSettled || SealOf(days, day) is not { Calls: { } known } seal || PlacesIn(days, asked, day, known, seal) is not { } places) return null;
        if (frame.After is { } after && after.Day == day)
        {
            if (PlaceOf(days, known, after) is not { } place) return null;
            places = known.Behind(places, place, asked.Query.Ascending);
        }

        Interlocked.Increment(ref _knownPages);
        return new KnownPlaces(stamp, known, places);
    }

    private IEnumerable<int>? PlacesIn(OpenDays days, DayQuestion asked, DateOnly day, DayCalls known, DaySeal seal)
    {
        if (OfDay(days, asked, day) is not { } its) return [];
        asked = its;
        if (asked is { Base: { } all, Excluded: { } excluded })
        {
            if (PlacesIn(days, all, day, known, seal) is not { } some || PlacesIn(days, excluded, day, known, seal) is not { } without) return null;
            var left = new DayPlaces(known.Places);
            foreach (int place in without) left.Add(place);
            return some.Where(place => !left.Has(place));
        }

        if (asked.WheneverItHappened.Calls is not { } calls) return null;
        if (!IsWhenever(asked, day)) return AmongTimes(days, asked, day, calls, known, seal) is { } among ? known.Find(calls, seal.Keys, asked.Query.Ascending, among) : null;
        if (!calls.AsksTexts) return known.Find(calls, seal.Keys, asked.Query.Ascending);
        return MetBy(days, day, asked, calls, known, seal) is { } met ? known.Find(calls, seal.Keys, asked.Query.Ascending, met) : null;
    }

    // The same from the offset of a frame on, as many as a page may want: looked up now, so that the rows may be read on any thread.
    private KnownPlaces? PlacesOf(OpenDays days, DayQuestion asked, SelectFrame frame, int limit)
    {
        if (PlacesOf(days, asked, frame) is not { } known) return null;
        var places = new List<int>();
        long skip = frame.Offset;
        foreach (int place in known.Places)
        {
            if (skip-- > 0) continue;
            places.Add(place);
            if (places.Count >= limit) break;
        }

        return known with { Places = places };
    }

    private static int? PlaceOf(OpenDays days, DayCalls known, CallCursor after)
    {
        if (after.Document > 0) return known.PlaceOf(after.Document);
        if (days.Get(after.Day) is not { } database) return null;
        using SqliteStatement find = database.Prepare("SELECT document FROM calls WHERE started_at = ?1 AND id = ?2");
        return find.Bind(after.Key).BindBlob(after.Id.AsSpan()).Step() ? known.PlaceOf(find.Long(0)) : null;
    }

    // The rows of places; null where the day is another by now. On any one thread.
    private List<FoundCall>? KnownRows(OpenDays days, SqliteDatabase database, KnownPlaces known, SelectFrame frame)
    {
        var found = new List<FoundCall>();
        foreach (int place in known.Places.Take(frame.Limit))
        {
            if (RowAt(database, frame.Day, known, place) is not { } row) return null;
            found.Add(row);
        }

        return IsAsBefore(days, frame.Day, known) ? found : null;
    }

    // Whether nothing was written to a day since it was looked up in memory.
    private bool IsAsBefore(OpenDays days, DateOnly day, KnownPlaces known) => StampNow(days, day).Text == known.Stamp.Text;

    // Null where the day has no such call any more.
    private FoundCall? RowAt(SqliteDatabase database, DateOnly day, KnownPlaces known, int place)
    {
        long document = known.Calls.DocumentOf(place);
        byte[] id = new byte[CallRow.IdBytes];
        if (RecordOf(database, document) is { } record && CallRow.TryReadId(record.Id, out DateOnly its, id) && its == day)
            return new FoundCall(record.StartedAt.Microseconds, day, id, document, known.Calls.TenantOf(place) is { Length: > 0 } tenant ? tenant : null) { Record = record };

        // One that cannot be read has its place on the list all the same.
        using SqliteStatement find = database.Prepare(RowOfDocument);
        return find.Bind(document).Step() ? new FoundCall(find.Long(0), day, find.Blob(1).ToArray(), document, find.IsNull(2) ? null : find.Text(2)) : null;
    }

    // How many calls of a whole day have the numbers that are asked for; null where memory does not tell.
    private long? KnownNumbers(OpenDays days, DayQuestion asked, DateOnly day, DaySeal? seal)
    {
        if (seal?.Calls is not { } known || asked.Calls is not { AsksMore: true } calls || !days.HiddenOf(day).IsNothing || !StampOf(days, day).IsSettled) return null;
        if (!calls.AsksTexts) return known.Count(calls, seal.Keys);

        // Of ids alone their index tells it at once.
        if (asked.IsOfIdsAlone) return null;
        return CountMetBy(days, day, asked, calls, known, seal);
    }

    // Whether two calls of a day may have the same integer id but for its rank.
    private bool MayHaveTwins(OpenDays days, DateOnly day) => !StampOf(days, day).IsSettled || SealOf(days, day) is not { Calls.HasTwins: false };

    // Calls of which a condition on the record decides, and those on the list without it.
    private IEnumerable<FoundCall> KnownJudged(OpenDays days, KnownPlaces known, DateOnly day, AskedProfiles judged, DayBridges? bridges, CallPageRequest request, Passing passing, JudgedSoFar sofar)
    {
        FoundCall? last = null;
        foreach (int place in known.Places)
        {
            if (last is not null) (sofar.After, sofar.Left, last) = (new CallCursor(last.Key, day, last.Id) { Document = last.Document }, passing.Left, null);
            long document = known.Calls.DocumentOf(place);
            bool? meets = !known.Calls.Has(place, judged) ? true : bridges?.Meets(document, request.Bridge!.Value);
            if (meets == false) continue;
            if (meets == true && passing.Left > 0)
            {
                passing.Left--;
                continue;
            }

            if (days.Get(day) is not { } database || RowAt(database, day, known, place) is not { } row || !IsAsBefore(days, day, known))
            {
                sofar.IsBroken = true;
                passing.Left = sofar.Left;
                yield break;
            }

            last = row;
            if (meets == true || (row.Record is { } record && request.Where!(record))) yield return row;
        }
    }

    // How far a day was judged before somebody wrote to it.
    private sealed class JudgedSoFar
    {
        public CallCursor? After { get; set; }

        public long Left { get; set; }

        public bool IsBroken { get; set; }
    }
}
