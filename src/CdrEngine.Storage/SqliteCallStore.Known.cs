using System.Collections;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// Days that are over and of which it is known in memory which calls a query finds: of these alone records are read, and nothing else.
public sealed partial class SqliteCallStore
{
    private const string RowOfDocument = "SELECT started_at, id, tenant FROM calls WHERE document = ?1";

    private readonly DayAnswers<BitArray?> _met;
    private long _knownPages;

    /// <summary>Pages of days so far that were told by memory: for tests.</summary>
    internal long KnownPages => Interlocked.Read(ref _knownPages);

    private sealed record KnownPlaces(DayStamp Stamp, DayCalls Calls, IEnumerable<int> Places);

    // The calls of a day behind the cursor of a frame, in order; null where memory does not tell them.
    private KnownPlaces? PlacesOf(OpenDays days, DayQuestion asked, SelectFrame frame)
    {
        DateOnly day = frame.Day;
        asked = asked.On(day);
        if (frame.Mark is not null || !frame.Hidden.IsNothing || asked.Calls is not { } calls || !IsWhole(asked.Query, day)) return null;
        DayStamp stamp = StampOf(days, day);
        if (!stamp.IsSettled || SealOf(days, day) is not { Calls: { } known } seal) return null;
        if (known.Find(calls, seal.Keys, asked.Query.Ascending) is not { } places) return null;
        if (calls.Ranges.Count > 0)
        {
            if (MetBy(days, day, calls, known, seal) is not { } met) return null;
            places = met.HasAnySet() ? places.Where(place => met[place]) : [];
        }

        if (frame.After is { } after && after.Day == day)
        {
            if (PlaceOf(days, known, after) is not { } place) return null;
            places = known.Behind(places, place, asked.Query.Ascending);
        }

        Interlocked.Increment(ref _knownPages);
        return new KnownPlaces(stamp, known, places);
    }

    private static int? PlaceOf(OpenDays days, DayCalls known, CallCursor after)
    {
        if (after.Document > 0) return known.PlaceOf(after.Document);
        if (days.Get(after.Day) is not { } database) return null;
        using SqliteStatement find = database.Prepare("SELECT document FROM calls WHERE started_at = ?1 AND id = ?2");
        return find.Bind(after.Key).BindBlob(after.Id.AsSpan()).Step() ? known.PlaceOf(find.Long(0)) : null;
    }

    // The rows of a frame; null where memory does not tell them.
    private List<FoundCall>? KnownRows(OpenDays days, DayQuestion asked, SelectFrame frame)
    {
        if (PlacesOf(days, asked, frame) is not { } known) return null;
        var found = new List<FoundCall>();
        long skip = frame.Offset;
        foreach (int place in known.Places)
        {
            if (skip-- > 0) continue;
            if (found.Count >= frame.Limit) break;
            if (RowAt(days, frame.Day, known, place) is not { } row) return null;
            found.Add(row);
        }

        return found.Count == 0 || IsAsBefore(days, frame.Day, known) ? found : null;
    }

    // Whether nothing was written to a day since it was looked up in memory.
    private bool IsAsBefore(OpenDays days, DateOnly day, KnownPlaces known) => StampNow(days, day).Text == known.Stamp.Text;

    // Null where the day has no such call any more.
    private FoundCall? RowAt(OpenDays days, DateOnly day, KnownPlaces known, int place)
    {
        if (days.Get(day) is not { } database) return null;
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
        if (calls.Ranges.Count == 0) return known.Count(calls, seal.Keys);
        if (MetBy(days, day, calls, known, seal) is not { } met) return null;
        return met.HasAnySet() ? known.Find(calls, seal.Keys, ascending: true)?.LongCount(place => met[place]) : 0;
    }

    // Which calls of a day meet what is asked of texts, by their places; kept for the pages that follow. Null where the day is not as it was when it was sealed.
    private BitArray? MetBy(OpenDays days, DateOnly day, AskedCalls asked, DayCalls known, DaySeal seal)
    {
        if (seal is not { Texts: { } segments, Stamp: { } stamp }) return null;
        foreach (TextRange range in asked.Ranges)
        {
            if (TextRanges.NeedleOf(range) is { } needle && (!seal.MayHave(needle) || SearchOf(days, day, stamp, needle) is { Count: 0 })) return new BitArray(known.Places);
        }

        string key = $"{day.DayNumber}|{string.Join('|', asked.Ranges.Select(static range => $"{(int)range.Of}-{(int)range.Sense}-{range.Text.Length}-{range.Text}"))}";
        return _met.GetOrAdd(key, StampOf(days, day), () =>
        {
            BitArray? all = null;
            if (days.Get(day) is not { } database) return null;
            database.InOneState(() =>
            {
                if (DaySeal.StampOf(database) != stamp) return;
                foreach (TextRange range in asked.Ranges)
                {
                    var met = new BitArray(known.Places);
                    CallsOfSearch? search = TextRanges.NeedleOf(range) is { } needle ? SearchOf(days, day, stamp, needle) : null;
                    foreach (long document in TextRanges.Find(database, range, segments, search))
                    {
                        if (known.PlaceOf(document) is { } place) met[place] = true;
                    }

                    all = all?.And(met) ?? met;
                }
            });
            return all;
        });
    }

    // The calls of a day that have a text, by the group it is in; null for none. Who asks of one day asks of all: the groups are read at once.
    private CallsOfSearch? SearchOf(OpenDays days, DateOnly day, long stamp, TextNeedle needle)
    {
        ArchiveTexts.Known known = days.Groups ??= _texts.Now();
        if (known.Find(day, stamp) is not { } place) return null;
        var clause = new TextClause([needle]);
        if (days.Sought.Add(clause.Key)) _helpers.ForEach([.. known.Groups.Values], group => _texts.SetOf(group, clause));
        return new CallsOfSearch(_texts.SetOf(place.Group, clause), place.Day);
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

            if (RowAt(days, day, known, place) is not { } row || !IsAsBefore(days, day, known))
            {
                sofar.IsBroken = true;
                passing.Left = sofar.Left;
                yield break;
            }

            last = row;
            if (meets == true || (row.Record is { } record && request.Where!(record))) yield return row;
        }
    }

    // All of the traits that a condition is asked of, each by itself.
    private static AskedProfiles JudgedProfiles(CallTraits traits) => new(new CallQuery
    {
        Traits = [.. Enum.GetValues<CallTraits>().Where(trait => trait != CallTraits.None && (trait & traits) != 0).Select(static trait => new TraitMatch(trait))],
    });

    // How far a day was judged before somebody wrote to it.
    private sealed class JudgedSoFar
    {
        public CallCursor? After { get; set; }

        public long Left { get; set; }

        public bool IsBroken { get; set; }
    }
}
