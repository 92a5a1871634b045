using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Days that are over: further indexes, and what is known of them without opening them.
public sealed partial class SqliteCallStore
{
    private readonly SealsKept<DaySeal> _seals;

    /// <summary>Gives days that are over the indexes that rare outcomes, lengths, addresses and the like are found by, and a seal that tells what is not in them. Calls stored for such a
    /// day later keep the indexes and remove the seal, which the next pass makes anew; the day that is written to all the time goes without, so that writing stays cheap. Of it too is
    /// noted which calls have which texts, some thousand calls at once.</summary>
    /// <param name="before">Days before this one.</param>
    /// <param name="stop">Ends it between two days.</param>
    /// <returns>How many days were given them.</returns>
    /// <exception cref="StoreException">A day cannot be written.</exception>
    public int Seal(DateOnly before, CancellationToken stop = default)
    {
        int done = 0;
        foreach (DateOnly day in _files.List())
        {
            if (stop.IsCancellationRequested) break;
            bool isOver = day < before;
            if (Reading(days => days.Get(day) is not { } database
                || (isOver ? DaySeal.IsWhole(database) && database.Scalar(DaySeal.HasIndexes) > 0 : DayTexts.RestOf(database) < DayTexts.LeastAdded))) continue;

            // A connection of its own: no writer waits for it longer than for the one day.
            using (SqliteDatabase database = SqliteDatabase.Open(_files.PathOf(day), SqliteAccess.Write, _limits.BusyTimeout, _limits.WriterCacheKibibytes))
            {
                DayTexts.Make(database, isOver);
                if (!isOver) continue;

                // A seal of which nothing is missing stays as it is.
                if (DaySeal.IsWhole(database)) database.Transact(() => database.Execute(DaySeal.Schema));
                else DaySeal.Make(database);
            }

            done++;
        }

        // Connections opened before do not count on them.
        if (done > 0) _readers.Renew();
        GroupTexts(stop);

        // The first to ask for totals finds the figures of all days; the latest come first, as they are asked for first, and seals are kept of as many as fit.
        foreach (DateOnly day in _files.List().AsEnumerable().Reverse())
        {
            if (stop.IsCancellationRequested) break;
            Reading(days =>
            {
                FiguresOf(days, day);
                return SealOf(days, day);
            });
        }

        FreedMemory.HandOn();
        return done;
    }

    // The seal of a day; null where it has none, or there is no room for it.
    private DaySeal? SealOf(OpenDays days, DateOnly day)
    {
        DayStamp stamp = StampOf(days, day);
        if (_seals.TryFind(day, stamp, out DaySeal? known)) return known;
        if (days.Get(day) is not { } database) return null;
        DaySeal? seal = DaySeal.Read(database, _figures.Index);
        _seals.Keep(day, stamp, seal);
        return seal;
    }

    // What is known of a day for a query; null where the query finds nothing there.
    private SelectFrame? Narrowed(OpenDays days, DayQuestion asked, SelectFrame frame)
    {
        if (OfDay(days, asked, frame.Day) is not { } its) return null;
        asked = its;
        if (asked is { Profiles.IsEverything: true, AsksSeal: false }) return frame;
        if (FiguresOf(days, frame.Day) is not { } figures) return null;
        DaySeal? seal = asked.AsksSeal || asked.MayBeFound ? SealOf(days, frame.Day) : null;
        if (asked.SoughtIn(frame.Day, figures, seal) is not { } sought) return null;
        SoughtCalls?[] any = [.. asked.Any.Select(one => one.SoughtIn(frame.Day, figures, seal))];
        DayFound? found = FoundIn(days, asked, frame.Day, seal, sought.Profiles);
        if (found is { Documents.Count: 0 }) return null;
        DayVoice? voice = asked.IsVoice && frame.Hidden.IsNothing ? seal?.Voice : null;
        return frame with { Stored = figures.Last, Sought = sought, Any = any, Texts = seal?.Texts, Profiles = seal?.Profiles, Voice = voice, Found = found };
    }

    // How many calls of a whole day a query finds, where that is known without looking at them. What was deleted of the day is still among its lengths.
    private long? KnownCountOf(OpenDays days, DayQuestion asked, DateOnly day, DayFigures figures)
    {
        if (!IsWhole(asked.Query, day) || asked.Base is not null) return null;
        if (asked.IsVoice && days.HiddenOf(day).IsNothing && SealOf(days, day)?.Voice is { } voice) return voice.Count(asked.WholeQuery, day);
        if (OfDay(days, asked, day) is not { } its) return 0;
        asked = its;
        if (asked.AnyByProfile is { } any) return figures.CallsOf(any);
        DaySeal? seal = asked.AsksSeal ? SealOf(days, day) : null;
        if (seal is not null && !asked.Keys.MayBeIn(day, seal.Keys)) return 0;
        if (KnownNumbers(days, asked, day, seal) is { } known) return known;
        if (asked.Texts.IsAsked && days.HiddenOf(day).IsNothing && CountFound(days, asked, day, seal) is { } found) return found;
        if (asked.AsksLength && !days.HiddenOf(day).IsNothing) return null;
        return asked.CountIn(figures, seal);
    }
}
