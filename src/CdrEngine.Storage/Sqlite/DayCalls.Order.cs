namespace CdrEngine.Storage.Sqlite;

// Calls by where they stand in order of time, and those that meet any of several alternatives.
internal sealed partial class DayCalls
{
    private const int ProfilesKept = 4;

    private (string Asked, DayPlaces Places)[] _ofProfiles = [];

    /// <summary>Where in order of time a call stands, from 0; null where the day has none of this document.</summary>
    public int? RankOf(long document) => PlaceOf(document) is { } place ? _ranks[place] - 1 : null;

    /// <summary>The places of the calls that stand in order of time from one rank on to before another.</summary>
    public DayPlaces Between(int first, int end)
    {
        var places = new DayPlaces(Places);
        for (int i = first; i < end; i++) places.Add(_order[i]);
        return places;
    }

    // The calls that meet any of some alternatives.
    private DayPlaces? Several(AskedCalls asked, KeyFilter keys)
    {
        var found = new DayPlaces(Places);
        foreach (AskedCalls one in asked.Any)
        {
            if (WantedOf(one) is not { } wanted) return null;
            if (IsByProfile(one))
            {
                _profiles.AddTo(found, _first, one.Profiles);
                continue;
            }

            if ((one.HasNumbers ? OfNumbers(one, keys)?.Where(place => Meets(place, wanted)) : Meeting(wanted, ascending: true)) is not { } its) return null;
            foreach (int place in its) found.Add(place);
        }

        return found;
    }

    // Whether profiles alone tell which calls are asked for, but for the places among which they are.
    private static bool IsByProfile(AskedCalls asked) => asked is { IsByProfile: true, Profiles.IsEverything: false };

    private DayPlaces OfProfiles(AskedCalls asked, DayPlaces? among) => among is null ? OfProfiles(asked.Profiles) : OfProfiles(asked.Profiles).And(among);

    // The calls of some profiles. Counts and pages of a list ask of each day for the same, one after the other: the last are kept, a bit for each call of the day.
    private DayPlaces OfProfiles(AskedProfiles asked)
    {
        (string Asked, DayPlaces Places)[] kept = Volatile.Read(ref _ofProfiles);
        foreach ((string key, DayPlaces known) in kept)
        {
            if (key == asked.Key) return known;
        }

        var places = new DayPlaces(Places);
        _profiles.AddTo(places, _first, asked);
        Volatile.Write(ref _ofProfiles, [(asked.Key, places), .. kept.Take(ProfilesKept - 1)]);
        return places;
    }

    private IEnumerable<int> InOrder(DayPlaces places, bool ascending)
    {
        if (places.Count <= Places / FewPart)
        {
            foreach (int place in Sorted([.. places.All()], ascending)!) yield return place;
            yield break;
        }

        for (int i = 0; i < _order.Count; i++)
        {
            int place = _order[ascending ? i : _order.Count - 1 - i];
            if (places.Has(place)) yield return place;
        }
    }
}
