using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// Texts of sealed days, and those held against others: told by groups of days where these know, else asked of the day.
public sealed partial class SqliteCallStore
{
    private readonly DayAnswers<DayPlaces?> _met;

    // Which calls of a day meet what is asked of texts. Null where the day is not as it was when it was sealed.
    private DayPlaces? MetBy(OpenDays days, DateOnly day, DayQuestion asked, AskedCalls calls, DayCalls known, DaySeal seal)
    {
        if (seal is not { Texts: not null, Stamp: { } stamp }) return null;
        (TextGroup Group, TextGroupDay Day)? place = GroupOf(days, asked, day, stamp);
        if (place is { } whole && calls.InGroup(whole.Group, ToldOf) is { } all) return DayPlaces.Of(all, whole.Day, known);
        return DayPlaces.AmongAll(calls.Texts.Select(clause => place is { } its ? DayPlaces.Of(_texts.SetOf(its.Group, clause), its.Day, known) : null)
            .Concat(calls.RangesByText.Select(ranges => MetBy(days, day, ranges, known, seal, place))));
    }

    // How many calls of a day meet what is asked of texts and the rest of a question; null where memory does not tell.
    private long? CountMetBy(OpenDays days, DateOnly day, DayQuestion asked, AskedCalls calls, DayCalls known, DaySeal seal)
    {
        if (seal is { Texts: not null, Stamp: { } stamp } && GroupOf(days, asked, day, stamp) is { } place && calls.InGroup(place.Group, ToldOf) is { } told) return known.Count(calls, seal.Keys, told, place.Day);
        return MetBy(days, day, asked, calls, known, seal) is { } met ? known.Count(calls, seal.Keys, met) : null;
    }

    // The calls of a group that meet all that is asked of texts; null where groups do not tell all of it.
    private GroupSet? ToldOf(TextGroup group, AskedCalls calls)
    {
        if (calls.RangesByText.Any(static ranges => TextRanges.FieldOf(ranges[0]) is null && TextRanges.ClauseOf(ranges[0]) is null)) return null;
        GroupSet? all = null;
        foreach (TextClause clause in calls.Texts) Narrow(_texts.SetOf(group, clause));
        foreach (TextRange[] ranges in calls.RangesByText)
        {
            if (MeetingOf(group, ranges) is not { Open: null } its) return null;
            Narrow(its.Met);
        }

        return all;

        void Narrow(GroupSet set) => all = all?.And(set) ?? set;
    }

    private RangedPlaces? MeetingOf(TextGroup group, TextRange[] ranges) => _texts.MeetingOf(group, ranges[0], ranges.Length > 1 ? ranges[1] : null);

    private DayPlaces? MetBy(OpenDays days, DateOnly day, TextRange[] ranges, DayCalls known, DaySeal seal, (TextGroup Group, TextGroupDay Day)? place)
    {
        if (ranges[0].Of == TextOf.Id) return MetByIds(days, day, ranges, known, seal);
        if (ranges[0] is { Of: TextOf.SipCallId, Sense: not TextSense.Contains } && MetByCallId(days, day, ranges, known, seal) is { } byCallId) return byCallId;
        return DayPlaces.AmongAll(ranges.Select(range => MetBy(days, day, range, known, seal, place)));
    }

    private DayPlaces? MetBy(OpenDays days, DateOnly day, TextRange range, DayCalls known, DaySeal seal, (TextGroup Group, TextGroupDay Day)? place)
    {
        if (range.Of == TextOf.Trunk) return known.OfTrunks(range.IsMetBy);
        DayPlaces? told = null;
        CallsOfSearch? among = null;
        if (place is { } its && _texts.MeetingOf(its.Group, range) is { } ranged)
        {
            told = DayPlaces.Of(ranged.Met, its.Day, known);
            if (ranged.Open is null) return told;
            among = new CallsOfSearch(ranged.Open, its.Day);
            if (among is { Count: 0 }) return told;
        }
        else if (TextRanges.NeedleOf(range) is { } needle)
        {
            if (place is { } here) among = new CallsOfSearch(_texts.SetOf(here.Group, new TextClause([needle])), here.Day);
            if (!seal.MayHave(needle) || among is { Count: 0 }) return new DayPlaces(known.Places);
        }

        DayPlaces? asked = _met.GetOrAdd(TextRanges.KeyOf(range, day), StampOf(days, day), () => days.Get(day) is { } database ? Find(database, range, known, seal, among) : null);
        return told is null ? asked : asked?.Or(told);
    }

    private static DayPlaces? Find(SqliteDatabase database, TextRange range, DayCalls known, DaySeal seal, CallsOfSearch? among)
    {
        DayPlaces? met = null;
        database.InOneState(() =>
        {
            if (DaySeal.StampOf(database) != seal.Stamp) return;
            met = new DayPlaces(known.Places);
            foreach (long document in TextRanges.Find(database, range, seal.Texts!, among))
            {
                if (known.PlaceOf(document) is { } place) met.Add(place);
            }
        });
        return met;
    }
}
