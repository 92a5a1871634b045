using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Calls of a sealed day by bounds of ids, beside what else memory tells of them: few are looked up in the index of ids, for more the day's order of ids is read once, two bytes a call.
public sealed partial class SqliteCallStore
{
    /// <summary>The calls of a day between two ids.</summary>
    internal const string BetweenIds = $"SELECT document FROM calls INDEXED BY {CallSelect.IdIndex} WHERE id >= ?1 AND id <= ?2";

    /// <summary>How many these are.</summary>
    internal const string CountBetweenIds = $"SELECT count(*) FROM calls INDEXED BY {CallSelect.IdIndex} WHERE id >= ?1 AND id <= ?2";

    private const string IdsOfDay = "SELECT document, id FROM calls";

    // Calls that are looked up one by one.
    private const int MostById = 500;

    private readonly IdOrdersKept _idOrders;

    // Null where the day is not as it was when it was sealed, and for what is no bound of it.
    private DayPlaces? MetByIds(OpenDays days, DateOnly day, IReadOnlyList<TextRange> ranges, DayCalls known, DaySeal seal)
    {
        if (IdRanges.Within(ranges, day) is not var (first, behind)) return null;
        if (first >= behind) return new DayPlaces(known.Places);
        DayStamp stamp = StampOf(days, day);
        DayIdOrder? order = _idOrders.Find(day, stamp);

        // Ids are sums, so that as many stand between two as these are far apart.
        bool areFew = (double)(behind - first) / (double)(UInt128.One << (8 * CallRow.IdBytes)) * known.Calls < MostById;
        if (days.Get(day) is not { } database) return null;
        DayPlaces? met = null;
        database.InOneState(() =>
        {
            if (DaySeal.StampOf(database) != seal.Stamp) return;
            if (areFew && order is null)
            {
                met = new DayPlaces(known.Places);
                using SqliteStatement list = database.Prepare(BetweenIds).BindBlob(IdRanges.BytesOf(first).AsSpan()).BindBlob(IdRanges.BytesOf(behind - 1).AsSpan());
                while (list.Step())
                {
                    if (known.PlaceOf(list.Long(0)) is { } place) met.Add(place);
                }

                return;
            }

            order ??= OrderOf(database, known);
            met = order.Between(RankOf(database, order, first), RankOf(database, order, behind));
        });
        if (order is not null && met is not null) _idOrders.Keep(day, stamp, order);
        return met;
    }

    private static DayIdOrder OrderOf(SqliteDatabase database, DayCalls known)
    {
        var calls = new List<(UInt128, int)>(known.Calls);
        using SqliteStatement list = database.Prepare(IdsOfDay);
        while (list.Step())
        {
            if (known.PlaceOf(list.Long(0)) is { } place) calls.Add((IdRanges.NumberOf(list.Blob(1)), place));
        }

        return DayIdOrder.Of(calls, known.Places);
    }

    // How many ids of the day stand before one.
    private static long RankOf(SqliteDatabase database, DayIdOrder order, UInt128 id)
    {
        if (id == 0) return 0;
        (int before, UInt128 from) = order.Near(id);
        if (from == id) return before;
        using SqliteStatement count = database.Prepare(CountBetweenIds).BindBlob(IdRanges.BytesOf(from).AsSpan()).BindBlob(IdRanges.BytesOf(id - 1).AsSpan());
        return count.Step() ? before + count.Long(0) : before;
    }
}
