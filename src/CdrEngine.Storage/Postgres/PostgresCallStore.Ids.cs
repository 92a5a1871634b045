using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

// Calls by bounds of ids: of all days but those of the bounds nothing is asked of ids. Of these days few calls are looked up in the index of ids, for more the day's order of ids is read once, two bytes a call.
internal sealed partial class PostgresCallStore
{
    // Calls that are looked up one by one.
    private const int MostById = 500;

    private readonly IdOrdersKept _idOrders;

    /// <summary>The plans for looking at calls by their ids, where reading all of the day counts as dear: for tests.</summary>
    internal List<string> ExplainIds(DateOnly day) => _database.Read(session =>
    {
        var lines = new List<string>();
        session.Script("SET enable_seqscan = off");
        foreach ((string sql, object?[] arguments) in ((string, object?[])[])[BetweenIds("c.document", day, 1, 2), BetweenIds("count(*)", day, 1, 2)])
        {
            using PostgresRows rows = session.Query("EXPLAIN (COSTS OFF) " + sql, arguments);
            while (rows.Step()) lines.Add(rows.Text(0));
        }

        session.Script("RESET enable_seqscan");
        return lines;
    });

    // A question for each run of days of which the same is asked; what is told of a day is told to all of it.
    private void Divide(Asked asked, IdRanges ids, bool all)
    {
        foreach (IGrouping<int, StoredDay> some in asked.Days.GroupBy(day => ids.PlaceOf(day.Day)).ToArray())
        {
            if (IdRanges.On(asked.Query, some.First().Day) is not { } query) continue;
            var question = new PostgresQuestion(query);
            Asked part = asked with { Days = [.. some], Query = query, Question = question, Seals = question.AsksSeals ? asked.Seals : s_noSeals, Parts = [] };
            foreach (StoredDay day in some) asked.Parts[day.Day] = part;
            Tell(part, all);
        }

        Rejoin(asked);
    }

    // Asks the parts, where there are some.
    private static bool InParts(Asked asked, Action<Asked> ask)
    {
        if (asked.Parts.Count == 0) return false;
        foreach (Asked part in asked.EachPart()) ask(part);
        Rejoin(asked);
        return true;
    }

    // Leaves out the days that parts have left out.
    private static void Rejoin(Asked asked)
    {
        var left = asked.EachPart().SelectMany(static part => part.Days).Select(static day => day.Day).ToHashSet();
        asked.Days.RemoveAll(day => !left.Contains(day.Day));
    }

    // Which calls of days lie between ids. Memory counts many of them sooner than their index.
    private void FindIds(Asked asked, PostgresTextQuestion question, List<StoredDay> days)
    {
        TextRange[] each = [.. question.EachRange().Where(static range => range.Of == TextOf.Id).Distinct()];
        if (each.Length == 0) return;

        // All of them hold, but where they are of alternatives.
        foreach (TextRange[] ranges in question.Any.Count == 0 ? [each] : each.Select(static range => (TextRange[])[range]))
        {
            foreach (StoredDay day in days)
            {
                if (MetByIds(asked.Session, day, ranges, asked.Seals[day.Day].Seal.Calls!) is not { } met) continue;
                foreach (TextRange range in ranges) asked.ByRange[(range, day.Day)] = met;
            }
        }
    }

    // Null for what is no bound of the day.
    private DayPlaces? MetByIds(PostgresSession session, StoredDay day, TextRange[] ranges, DayCalls known)
    {
        if (IdRanges.Within(ranges, day.Day) is not var (first, behind)) return null;
        if (first >= behind) return new DayPlaces(known.Places);
        DayIdOrder? order = _idOrders.Find(day.Day, StampOf(day));

        // Ids are sums, so that as many stand between two as these are far apart.
        if (order is null && (double)(behind - first) / (double)(UInt128.One << (8 * CallRow.IdBytes)) * known.Calls < MostById)
        {
            var met = new DayPlaces(known.Places);
            (string sql, object?[] arguments) = BetweenIds("c.document", day.Day, first, behind);
            using PostgresRows rows = session.Query(sql, arguments);
            while (rows.Step())
            {
                if (known.PlaceOf(rows.Long(0)) is { } place) met.Add(place);
            }

            return met;
        }

        if (order is null) _idOrders.Keep(day.Day, StampOf(day), order = OrderOf(session, day.Day, known));
        return order.Between(RankOf(session, day.Day, order, first), RankOf(session, day.Day, order, behind));
    }

    private static DayIdOrder OrderOf(PostgresSession session, DateOnly day, DayCalls known)
    {
        var calls = new List<(UInt128, int)>(known.Calls);
        using PostgresRows rows = session.Query("SELECT c.document, c.id FROM calls c WHERE c.day = ?", day);
        while (rows.Step())
        {
            if (known.PlaceOf(rows.Long(0)) is { } place) calls.Add((IdRanges.NumberOf(rows.Blob(1)), place));
        }

        return DayIdOrder.Of(calls, known.Places);
    }

    // How many ids of the day stand before one.
    private static long RankOf(PostgresSession session, DateOnly day, DayIdOrder order, UInt128 id)
    {
        if (id == 0) return 0;
        (int before, UInt128 from) = order.Near(id);
        if (from == id) return before;
        (string sql, object?[] arguments) = BetweenIds("count(*)", day, from, id);
        return before + session.Scalar(sql, [.. arguments.Select(static argument => argument!)]);
    }

    private static (string Sql, object?[] Arguments) BetweenIds(string what, DateOnly day, UInt128 first, UInt128 behind) =>
        ($"SELECT {what} FROM calls c WHERE c.day = ? AND c.id BETWEEN ? AND ?", [day, IdRanges.BytesOf(first), IdRanges.BytesOf(behind - 1)]);
}
