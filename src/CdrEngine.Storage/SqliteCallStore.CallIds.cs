using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// Call-IDs of sealed days in order, which groups of days do not have: nearly each call has its own. Read from the day's index once, two bytes a call.
public sealed partial class SqliteCallStore
{
    // Days that are kept, and calls of one at most: 70 MB. Days of more calls are asked by conditions.
    private const int CallIdDays = 512;
    private const int MostCallIds = 65_536;

    // Call-IDs of a day that are kept as they are.
    private const int CallIdSteps = 128;

    // Days that tell how Call-IDs are spread: days are much alike.
    private const int SpreadDays = 48;

    /// <summary>Call-IDs of a day in order.</summary>
    internal const string CallIdsInOrder = $"SELECT document, sip_call_id FROM call_documents INDEXED BY {TextRanges.CallIdIndex} WHERE sip_call_id > '' ORDER BY sip_call_id";

    /// <summary>How many different ones stand between two, the first included, and whether the second is there.</summary>
    internal const string CallIdsBetween =
        $"SELECT count(DISTINCT sip_call_id), (SELECT count(*) FROM call_documents INDEXED BY {TextRanges.CallIdIndex} WHERE sip_call_id = ?2 AND sip_call_id > '') "
        + $"FROM call_documents INDEXED BY {TextRanges.CallIdIndex} WHERE sip_call_id > '' AND sip_call_id >= ?1 AND sip_call_id < ?2";

    private readonly DayAnswers<TextRanks?> _callIds = new(CallIdDays);

    private DayPlaces? MetByCallId(OpenDays days, DateOnly day, TextRange range, DayCalls known, DaySeal seal)
    {
        if (CallIdsOf(days, day, known, seal) is not { } ranks) return null;
        int step = 0, end = ranks.Steps.Count;
        while (step < end)
        {
            int middle = (step + end) / 2;
            if (string.CompareOrdinal(ranks.Steps[middle].Text, range.Text) <= 0) step = middle + 1;
            else end = middle;
        }

        int below = 0;
        bool isThere = false;
        if (step > 0 && range.Sense != TextSense.Present)
        {
            if (days.Get(day) is not { } database) return null;
            bool isStill = false;
            database.InOneState(() =>
            {
                if (DaySeal.StampOf(database) != seal.Stamp) return;
                using SqliteStatement find = database.Prepare(CallIdsBetween).Bind(ranks.Steps[step - 1].Text).Bind(range.Text);
                isStill = find.Step();
                (below, isThere) = (ranks.Steps[step - 1].Rank - 1 + (int)find.Long(0), find.Long(1) > 0);
            });
            if (!isStill) return null;
        }

        var met = new DayPlaces(known.Places);
        met.Add(ranks.Meeting(range, below, isThere).Met, 0, 0, known.Places);
        return met;
    }

    private TextRanks? CallIdsOf(OpenDays days, DateOnly day, DayCalls known, DaySeal seal) => known.Places > MostCallIds ? null
        : _callIds.GetOrAdd(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{day.DayNumber}"), StampOf(days, day), () =>
        {
            if (days.Get(day) is not { } database) return null;
            TextRanks? ranks = null;
            database.InOneState(() =>
            {
                if (DaySeal.StampOf(database) != seal.Stamp || database.Scalar(DaySeal.HasIndexes) == 0) return;
                var builder = new TextRanks.Builder(known.Places, known.Places, isLower: false, CallIdSteps);
                byte[] last = [];
                using SqliteStatement list = database.Prepare(CallIdsInOrder);
                while (list.Step())
                {
                    // Documents without a call are none.
                    if (known.PlaceOf(list.Long(0)) is not { } place) continue;
                    ReadOnlySpan<byte> text = list.TextBytes(1);
                    if (!text.SequenceEqual(last)) builder.Begin(last = text.ToArray());
                    builder.Add(place);
                }

                ranks = builder.Build();
            });
            return ranks;
        });

    private TextSpread? SpreadOfCallIds() => Reading(days =>
    {
        List<DateOnly> all = _files.List();
        var some = new List<(IReadOnlyList<TextStep>, int[])>();
        for (int at = 0; at < all.Count; at += Math.Max(1, all.Count / SpreadDays))
        {
            if (SealOf(days, all[at]) is { Calls: { } known } seal && CallIdsOf(days, all[at], known, seal) is { } ranks) some.Add((ranks.Steps, ranks.CountSteps(null)));
        }

        return TextSpread.Of(some);
    });
}
