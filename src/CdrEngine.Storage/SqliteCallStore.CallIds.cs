using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// Call-IDs of sealed days in order, which groups of days do not have: nearly each call has its own. Read from the day's index once, ten bytes a call.
public sealed partial class SqliteCallStore
{
    /// <summary>Call-IDs of a day in order.</summary>
    internal const string CallIdsInOrder = $"SELECT document, sip_call_id FROM call_documents INDEXED BY {TextRanges.CallIdIndex} WHERE sip_call_id > '' ORDER BY sip_call_id";

    /// <summary>How many different ones stand between two, the first included, and whether the second is there.</summary>
    internal const string CallIdsBetween =
        $"SELECT count(DISTINCT sip_call_id), (SELECT count(*) FROM call_documents INDEXED BY {TextRanges.CallIdIndex} WHERE sip_call_id = ?2 AND sip_call_id > '') "
        + $"FROM call_documents INDEXED BY {TextRanges.CallIdIndex} WHERE sip_call_id > '' AND sip_call_id >= ?1 AND sip_call_id < ?2";

    private readonly CallIdsKept _callIds;

    private DayPlaces? MetByCallId(OpenDays days, DateOnly day, TextRange[] ranges, DayCalls known, DaySeal seal)
    {
        if (CallIdsOf(days, day, known, seal) is not { } ids) return null;
        var placed = new PlacedRange[ranges.Length];
        for (int i = 0; i < placed.Length; i++)
        {
            (int Below, bool IsThere) place = default;
            if (ranges[i].Sense != TextSense.Present)
            {
                if ((ids.Find(ranges[i].Text) ?? Look(days, day, ids.Ranks, ranges[i].Text, seal)) is not { } told) return null;
                place = told;
            }

            placed[i] = new PlacedRange(ranges[i], place.Below, place.IsThere);
        }

        return ids.Meeting(placed, known.Places);
    }

    // What the day's index says of a Call-ID: how many stand before it, and whether it is there. Null where the day is not as it was when it was sealed.
    private static (int Below, bool IsThere)? Look(OpenDays days, DateOnly day, TextRanks ranks, string text, DaySeal seal)
    {
        int step = Bisection.First(ranks.Steps.Count, step => string.CompareOrdinal(ranks.Steps[step].Text, text) > 0);
        if (step == 0) return (0, false);
        if (days.Get(day) is not { } database) return null;
        (int, bool)? looked = null;
        database.InOneState(() =>
        {
            if (DaySeal.StampOf(database) != seal.Stamp) return;
            using SqliteStatement find = database.Prepare(CallIdsBetween).Bind(ranks.Steps[step - 1].Text).Bind(text);
            find.Step();
            looked = (ranks.Steps[step - 1].Rank - 1 + (int)find.Long(0), find.Long(1) > 0);
        });
        return looked;
    }

    private DayCallIds? CallIdsOf(OpenDays days, DateOnly day, DayCalls known, DaySeal seal) => known.Places > DayCallIds.MostCalls ? null
        : _callIds.GetOrAdd(day, StampOf(days, day), DayCallIds.SizeOf(known.Places), () =>
        {
            if (days.Get(day) is not { } database) return null;
            DayCallIds? ids = null;
            database.InOneState(() =>
            {
                if (DaySeal.StampOf(database) != seal.Stamp || database.Scalar(DaySeal.HasIndexes) == 0) return;
                var builder = new DayCallIds.Builder(known.Places, DayCallIds.Steps);
                using SqliteStatement list = database.Prepare(CallIdsInOrder);
                while (list.Step())
                {
                    // Documents without a call are none.
                    if (known.PlaceOf(list.Long(0)) is { } place) builder.Add(list.TextBytes(1), place);
                }

                ids = builder.Build();
            });
            return ids;
        });

    private TextSpread? SpreadOfCallIds() => Reading(days =>
    {
        var all = new List<DayCallIds>();
        foreach (DateOnly day in _files.List())
        {
            if (SealOf(days, day) is { Calls: { } known } seal && CallIdsOf(days, day, known, seal) is { } ids) all.Add(ids);
        }

        return _callIds.SpreadOf(all);
    });
}
