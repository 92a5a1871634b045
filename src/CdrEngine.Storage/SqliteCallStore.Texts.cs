using CdrEngine.Calls.Ports;
using CdrEngine.Storage.Sqlite;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage;

// What of sealed days is found in memory: by texts, which are kept of many days together, and by profiles.
public sealed partial class SqliteCallStore
{
    // Calls of a day by profile alone, up to which their rows are asked for by name: finding profiles in the day's file costs as much as these.
    private const int FewByProfile = 500;

    // Groups that are looked into at once at first.
    private const int FirstGroups = 2;

    private const string FirstDocument = "SELECT ifnull(min(first), 0) FROM text_segments";
    private const string LastOfSegments = "SELECT ifnull(max(last), 0) FROM text_segments";
    private const string SegmentChunks = "SELECT texts, calls FROM text_terms WHERE chunk BETWEEN ?1 AND ?2 ORDER BY chunk";
    private const int ChunkBits = 32;

    private readonly ArchiveTexts _texts;

    // The calls of a day that a query finds, before times; null where memory does not tell.
    private DayFound? FoundIn(OpenDays days, DayQuestion asked, DateOnly day, DaySeal? seal, long? byProfile)
    {
        if (seal?.Stamp is not { } stamp || asked.Query.Sort != CallSort.StartedAt) return null;
        CallQuery times = DayFound.TimesOf(asked.Query);
        if (asked.Texts.IsAsked)
        {
            if (GroupOf(days, asked, day, stamp) is not { } place || PlacesIn(asked.Query, asked.Texts, asked.Profiles, place, seal, asked.Places) is not { } isAll) return null;
            var documents = new List<long>(asked.Places.Count);
            foreach (int its in asked.Places) documents.Add(place.Day.DocumentOf(its));
            return new DayFound(stamp, documents, isAll ? times : asked.Texts.Rest, isAll);
        }

        if (!asked.IsByProfileAlone || !asked.Profiles.Filter.AsksOutcome || seal.Profiles is not { } profiles || byProfile is not <= FewByProfile) return null;
        return profiles.Collect(asked.Profiles) is { } all && all.Count == byProfile ? new DayFound(stamp, all, times, true) : null;
    }

    // How many calls of a whole day there are, of which nothing was deleted.
    private long? CountFound(OpenDays days, DayQuestion asked, DateOnly day, DaySeal? seal)
    {
        if (seal?.Stamp is not { } stamp || GroupOf(days, asked, day, stamp) is not { } place) return null;
        if (asked.Texts is { IsAll: true, Any.Count: 0, Clauses: [var clause] } && asked.Profiles.IsEverything) return _texts.SetOf(place.Group, clause).CountIn(place.Day.Begin, place.Day.End);
        return PlacesIn(asked.Query, asked.Texts, asked.Profiles, place, seal, asked.Places) == true ? asked.Places.Count : null;
    }

    // The group of a day. What it has is read of several groups at once: few for the first page, which may not need more, then as many as can be.
    private (TextGroup Group, TextGroupDay Day)? GroupOf(OpenDays days, DayQuestion asked, DateOnly day, long stamp)
    {
        ArchiveTexts.Known known = days.Groups ??= _texts.Now();
        if (known.Find(day, stamp) is not { } place) return null;
        if (asked.Ready.Contains(place.Group)) return place;
        Action<TextGroup>[] looks =
        [
            .. asked.Clauses.Select(clause => (Action<TextGroup>)(group => _texts.SetOf(group, clause))),
            .. TextRanges.ByText(asked.Query.Ranges).Where(static ranges => ranges[0].Of != TextOf.Id).Select(ranges => (Action<TextGroup>)(group => Look(group, ranges))),
        ];
        IEnumerable<TextGroup> order = asked.Query.Ascending ? known.Groups.Values : known.Groups.Values.Reverse();
        TextGroup[] next = [.. order.Where(group => group == place.Group || (asked.Query.Ascending ? group.Days[0].Day > day : group.Days[0].Day < day))
            .OrderBy(group => group == place.Group ? 0 : 1).Where(group => !asked.Ready.Contains(group)).Take(asked.Ready.Count == 0 ? FirstGroups : ReadHelpers.Threads + 1)];
        _helpers.ForEach([.. next.SelectMany(group => looks.Select(look => (group, look)))], pair => pair.look(pair.group));
        asked.Ready.UnionWith(next);
        return place;
    }

    // What is left open is asked of each by itself.
    private void Look(TextGroup group, TextRange[] ranges)
    {
        if (MeetingOf(group, ranges) is { Open: null } || ranges.Length == 1) return;
        foreach (TextRange range in ranges) _texts.MeetingOf(group, range);
    }

    // The places of the calls that a query may find: true where these are all that it finds, but for times; null where nothing is told.
    private bool? PlacesIn(CallQuery query, AskedTexts texts, AskedProfiles profiles, (TextGroup Group, TextGroupDay Day) place, DaySeal seal, List<int> places)
    {
        places.Clear();
        TextGroupDay day = place.Day;
        if (texts.Any.Count > 0)
        {
            if (!AddAlternatives(query, texts, place, seal, places)) return null;
        }
        else if (texts.Clauses.Count == 0)
        {
            if (!texts.IsAll || profiles.IsEverything) return null;
            for (int its = day.Begin; its < day.End; its++) places.Add(its);
        }
        else
        {
            // The rarest first; the others are asked whether they have it.
            GroupSet[] sets = [.. texts.Clauses.Select(clause => _texts.SetOf(place.Group, clause)).OrderBy(set => set.CountIn(day.Begin, day.End))];
            sets[0].AddTo(places, day.Begin, day.End);
            foreach (GroupSet set in sets.Skip(1)) places.RemoveAll(its => !set.Has(its));
        }

        bool isTold = profiles.IsEverything || (seal.Profiles is { } known && known.Narrow(places, day.First - day.Begin, profiles, isEach: texts.Any.Count + texts.Clauses.Count > 0));
        return texts.IsAll && isTold ? true : texts.Any.Count + texts.Clauses.Count > 0 && texts.Any.Count == 0 ? false : null;
    }

    // Alternatives that are all told make one list; where one is not, each is asked for itself. False for that.
    private bool AddAlternatives(CallQuery query, AskedTexts texts, (TextGroup Group, TextGroupDay Day) place, DaySeal seal, List<int> places)
    {
        // A text beside alternatives is one of each of them; nothing else may stand there.
        if (!texts.IsAll || texts.Clauses.Count > (string.IsNullOrEmpty(query.Text) ? 0 : 1)) return false;
        var its = new List<int>();
        foreach ((CallQuery one, AskedTexts asked, AskedProfiles profiles) in texts.Any)
        {
            // Times of an alternative are its own.
            if (one.From != query.From || one.To != query.To || PlacesIn(one, asked, profiles, place, seal, its) != true) return false;
            places.AddRange(its);
        }

        places.SortDistinct();
        return true;
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
            if (database.Scalar(DaySeal.HasSchema) == 0 || database.Scalar(DaySeal.HasIndexes) == 0 || DaySeal.StampOf(database) != day.Stamp || DayTexts.Segments(database) is not { } segments) return;
            sources = [];
            foreach (DayTextSegment segment in segments)
            {
                var source = new TextGroupSource(begin + (int)(segment.First - day.First));
                using SqliteStatement list = database.Prepare(SegmentChunks).Bind(segment.Segment << ChunkBits).Bind(((segment.Segment + 1) << ChunkBits) - 1);
                while (list.Step()) source.Add(list.Blob(0).ToArray(), list.Blob(1).ToArray(), segment.Fields);
                sources.Add(source);
            }

            sources.Add(FieldsOf(database, day).ToSource(begin));
        });
        return sources;
    });

    // What groups have of a day beside its segments.
    private static FieldTexts FieldsOf(SqliteDatabase database, ArchiveDay day)
    {
        var texts = new FieldTexts();
        bool[] isThere = new bool[day.Span];
        using (SqliteStatement list = database.Prepare("SELECT document, caller_ip, callee_ip FROM calls"))
        {
            while (list.Step())
            {
                if (PlaceOf(list.Long(0)) is not { } place) continue;
                isThere[place] = true;
                for (int column = 1; column <= 2; column++)
                {
                    if (!list.IsNull(column)) texts.AddAddress(list.Blob(column), place);
                }
            }
        }

        // From the index, which has nothing else; documents without a call are none.
        using SqliteStatement ids = database.Prepare($"SELECT document, sip_call_id FROM call_documents INDEXED BY {TextRanges.CallIdIndex}");
        while (ids.Step())
        {
            if (PlaceOf(ids.Long(0)) is { } place && isThere[place]) texts.AddCallId(ids.Text(1), place);
        }

        return texts;

        int? PlaceOf(long document) => document >= day.First && document - day.First < day.Span ? (int)(document - day.First) : null;
    }
}
