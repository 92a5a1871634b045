using System.Data;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using Npgsql;

namespace CdrEngine.Storage.Postgres;

// How many calls are shorter than each of many lengths: of days that are over as memory tells, of the others the server groups them.
internal sealed partial class PostgresCallStore
{
    private long _daysGrouped;

    /// <summary>Days so far whose lengths the server was asked for: for tests.</summary>
    internal long DaysGrouped => Interlocked.Read(ref _daysGrouped);

    /// <inheritdoc />
    public IReadOnlyList<long>? CountShorter(CallQuery query, CallMark until, LengthSteps lengths)
    {
        query = query with { Sort = CallSort.StartedAt, Ascending = true, Cursor = null, Start = null, Limit = CallQuery.MaxLimit };
        if (LengthCounter.Of(lengths, new DayQuestion(query)) is not { } counter) return null;
        TellDays(query);
        if (query.Excluded() is { } excluded) TellDays(excluded);
        return _database.Read(session =>
        {
            // What seals tell and what is asked of the other days are of one moment, though a writer goes on.
            using NpgsqlTransaction moment = session.Connection.BeginTransaction(IsolationLevel.RepeatableRead);
            (PostgresDays store, List<StoredDay> days) = DaysOf(session, query);
            Walk walk = Begin(days, until);
            Asked asked = AskedOf(session, store, days, query, all: true);
            CountTexts(asked);
            var open = new List<PostgresFrame>();
            foreach (StoredDay day in asked.Days)
            {
                if (FrameOf(asked, day, walk) is { } frame && !TryLengths(asked, frame, counter)) open.Add(frame);
            }

            if (open.Count == 0) return counter.Below();
            Interlocked.Add(ref _daysGrouped, open.Count);
            PostgresWindow window = WindowOf(asked, [.. open.Select(static frame => frame.Days[0])]);
            foreach ((long lasted, long calls) in PostgresCallSelect.Lengths(session, frame => asked.QueryOn(frame.Days[0].Day), open.ConvertAll(frame => frame with { Window = window })))
                counter.Add(DayLengths.Kept(lasted), calls);
            return counter.Below();
        });
    }

    // Adds what memory tells of a day; false where it does not.
    private bool TryLengths(Asked asked, PostgresFrame frame, LengthCounter counter)
    {
        StoredDay day = frame.Days[0];
        if (!asked.Seals.TryGetValue(day.Day, out PostgresDaySeal? seal) || !asked.Store.IsWhole(day)) return false;
        if (frame.Mark is null && IsWholeDay(asked.Query, day.Day) && asked.QuestionOn(day.Day).AddLengths(day.Day, seal, counter)) return true;
        if (seal.Seal.Calls is not { } known || (PlacesOf(asked, day, known) ?? PlacesLeft(asked, day)) is not { } places) return false;
        foreach (int place in places)
        {
            if (!(known.DocumentOf(place) > frame.Mark)) counter.Add(known.LastedOf(place), 1);
        }

        return true;
    }
}
