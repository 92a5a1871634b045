using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// What of sealed days is found in memory: by texts, which are kept of many days together, and by profiles.
public sealed partial class SqliteCallStore
{
    // Calls of a day by profile alone, up to which their rows are asked for by name: finding profiles in the day's file costs as much as these.
    private const int FewByProfile = 500;

    private const string FirstDocument = "SELECT ifnull(min(first), 0) FROM text_segments";
    private const string LastOfSegments = "SELECT ifnull(max(last), 0) FROM text_segments";
    private const string SegmentChunks = "SELECT texts, calls FROM text_terms WHERE chunk BETWEEN ?1 AND ?2 ORDER BY chunk";
    private const int ChunkBits = 32;

    private readonly ArchiveTexts _texts;

    // The calls of a day that a query finds, before times; null where memory does not tell.
    private DayFound? FoundIn(OpenDays days, DayQuestion asked, DateOnly day, DaySeal? seal, long? byProfile)
    {
        if (seal?.Stamp is not { } stamp || asked.Query.Sort != CallSort.StartedAt) return null;
        if (asked.Texts.IsAsked) return GroupOf(days, day, stamp) is { } place && FoundIn(asked.Query, asked.Texts, asked.Profiles, place, seal) is { } found ? found with { Stamp = stamp } : null;
        if (!asked.IsByProfileAlone || !asked.Profiles.Filter.AsksOutcome || seal.Profiles is not { } profiles || byProfile is not <= FewByProfile) return null;
        return profiles.Collect(asked.Profiles) is { } documents && documents.Count == byProfile ? new DayFound(stamp, documents, DayFound.TimesOf(asked.Query), true) : null;
    }

    // How many calls of a whole day there are, of which nothing was deleted.
    private long? CountFound(OpenDays days, DayQuestion asked, DateOnly day, DaySeal? seal)
    {
        if (seal?.Stamp is not { } stamp || GroupOf(days, day, stamp) is not { } place) return null;
        if (asked.Texts is { IsAll: true, Any.Count: 0, Clauses: [var clause] } && asked.Profiles.IsEverything) return _texts.SetOf(place.Group, clause).CountIn(place.Day.Begin, place.Day.End);
        return FoundIn(asked.Query, asked.Texts, asked.Profiles, place, seal) is { IsAll: true } found ? found.Documents.Count : null;
    }

    private (TextGroup Group, TextGroupDay Day)? GroupOf(OpenDays days, DateOnly day, long stamp) => (days.Groups ??= _texts.Now()).Find(day, stamp);

    private DayFound? FoundIn(CallQuery query, AskedTexts texts, AskedProfiles profiles, (TextGroup Group, TextGroupDay Day) place, DaySeal seal)
    {
        if (texts.Any.Count > 0) return FoundInAny(query, texts, profiles, place, seal);
        if (texts.Clauses.Count == 0)
        {
            if (!texts.IsAll || profiles.IsEverything || seal.Profiles is null) return null;
            return new DayFound(0, seal.Profiles.Collect(profiles), DayFound.TimesOf(query), true);
        }

        // The rarest first; the others are asked whether they have it.
        (_, TextGroupDay day) = place;
        GroupSet[] sets = [.. texts.Clauses.Select(clause => _texts.SetOf(place.Group, clause)).OrderBy(set => set.CountIn(day.Begin, day.End))];
        var places = new List<int>();
        sets[0].AddTo(places, day.Begin, day.End);
        if (sets.Length > 1) places.RemoveAll(its => !sets.AsSpan(1).ToArray().All(set => set.Has(its)));
        var documents = new List<long>(places.Count);
        foreach (int its in places) documents.Add(day.First + (its - day.Begin));
        bool isTold = profiles.IsEverything || (seal.Profiles is { } known && known.Narrow(documents, profiles));
        return texts.IsAll && isTold ? new DayFound(0, documents, DayFound.TimesOf(query), true) : new DayFound(0, documents, texts.Rest, false);
    }

    // Alternatives that are all told make one list; where one is not, each is asked for itself.
    private DayFound? FoundInAny(CallQuery query, AskedTexts texts, AskedProfiles profiles, (TextGroup Group, TextGroupDay Day) place, DaySeal seal)
    {
        // A text beside alternatives is one of each of them; nothing else may stand there.
        if (!texts.IsAll || texts.Clauses.Count > (string.IsNullOrEmpty(query.Text) ? 0 : 1)) return null;
        var documents = new List<long>();
        foreach ((CallQuery one, AskedTexts its, AskedProfiles asked) in texts.Any)
        {
            // Times of an alternative are its own.
            if (one.From != query.From || one.To != query.To || FoundIn(one, its, asked, place, seal) is not { IsAll: true } found) return null;
            documents.AddRange(found.Documents);
        }

        documents.Sort();
        documents = [.. documents.Distinct()];
        return profiles.IsEverything || (seal.Profiles is { } known && known.Narrow(documents, profiles)) ? new DayFound(0, documents, DayFound.TimesOf(query), true) : null;
    }

    // What was purged is in no group any more; the next pass makes them anew of what is left.
    private void ForgetTexts(DateOnly day)
    {
        try
        {
            _texts.Forget(day);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"texts of {day:yyyy-MM-dd}: {e.Message}", e);
        }
    }

    // Puts the texts of sealed days together.
    private void GroupTexts(CancellationToken stop)
    {
        var sealedDays = new List<ArchiveDay>();
        foreach (DateOnly day in _files.List())
        {
            if (stop.IsCancellationRequested) return;
            if (!Reading(days => days.Get(day) is { } database && database.Scalar(DaySeal.HasSchema) > 0 && database.Scalar(DaySeal.Stored) > 0)) continue;
            if (Reading(days => DaySeal.StampOf(days.Get(day)!)) is null)
            {
                using SqliteDatabase database = SqliteDatabase.Open(_files.PathOf(day), SqliteAccess.Write, _limits.BusyTimeout, _limits.WriterCacheKibibytes);
                DaySeal.MakeStamp(database);
            }

            if (Reading(days => days.Get(day) is { } database ? DayOf(database, day) : null) is { } its) sealedDays.Add(its);
        }

        try
        {
            _texts.Maintain(sealedDays, Load, day => Reading(days => days.Get(day.Day) is { } database && database.Scalar(DaySeal.HasSchema) > 0 && DaySeal.StampOf(database) == day.Stamp), stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException($"texts of days: {e.Message}", e);
        }
    }

    private static ArchiveDay? DayOf(SqliteDatabase database, DateOnly day)
    {
        ArchiveDay? its = null;
        database.InOneState(() =>
        {
            long first = database.Scalar(FirstDocument), span = database.Scalar(LastOfSegments) - first + 1;
            if (DaySeal.StampOf(database) is { } stamp && first > 0 && span is > 0 and < int.MaxValue) its = new ArchiveDay(day, stamp, first, (int)span);
        });
        return its;
    }

    private List<TextGroupSource>? Load(ArchiveDay day, int begin) => Reading(days =>
    {
        if (days.Get(day.Day) is not { } database) return null;
        List<TextGroupSource>? sources = null;
        database.InOneState(() =>
        {
            if (database.Scalar(DaySeal.HasSchema) == 0 || DaySeal.StampOf(database) != day.Stamp || DayTexts.Segments(database) is not { } segments) return;
            sources = [];
            foreach (DayTextSegment segment in segments)
            {
                var source = new TextGroupSource(begin + (int)(segment.First - day.First));
                using SqliteStatement list = database.Prepare(SegmentChunks).Bind(segment.Segment << ChunkBits).Bind(((segment.Segment + 1) << ChunkBits) - 1);
                while (list.Step()) source.Add(list.Blob(0).ToArray(), list.Blob(1).ToArray(), segment.Fields);
                sources.Add(source);
            }
        });
        return sources;
    });
}
