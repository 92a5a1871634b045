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
        ILookup<bool, TextRange> ranges = calls.Ranges.ToLookup(static range => range.Of == TextOf.Id);
        return DayPlaces.AmongAll(calls.Texts.Select(clause => place is { } its ? DayPlaces.Of(_texts.SetOf(its.Group, clause), its.Day, known) : null)
            .Concat(ranges[true].Take(1).Select(_ => MetByIds(days, day, [.. ranges[true]], known, seal)))
            .Concat(ranges[false].Select(range => MetBy(days, day, range, known, seal, place))));
    }

    private DayPlaces? MetBy(OpenDays days, DateOnly day, TextRange range, DayCalls known, DaySeal seal, (TextGroup Group, TextGroupDay Day)? place)
    {
        if (range.Of == TextOf.Trunk) return known.OfTrunks(range.IsMetBy);
        if (range.Of == TextOf.SipCallId && range.Sense != TextSense.Contains && MetByCallId(days, day, range, known, seal) is { } byCallId) return byCallId;
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
