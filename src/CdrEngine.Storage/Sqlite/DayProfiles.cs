using System.Buffers.Binary;
using CdrEngine.Calls.Totals;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The profile of each call of a day, by its document: what was found by other means (a text) is held against what profiles answer without looking at a call. Immutable.</summary>
internal sealed class DayProfiles
{
    private const int Head = 3 * sizeof(long);

    // Documents of calls that are no more take their place; a day of which next to nothing is left goes without.
    private const long MostPerCall = 16;

    private readonly long _first;
    private readonly ushort[] _places;
    private readonly int[] _profiles;
    private readonly ProfileIndex _index;

    private DayProfiles(ProfileIndex index, long first, ushort[] places, int[] profiles) => (_index, _first, _places, _profiles) = (index, first, places, profiles);

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => ((long)_places.Length * sizeof(ushort)) + ((long)_profiles.Length * sizeof(int));

    /// <summary>Numbers the profiles.</summary>
    public ProfileIndex Index => _index;

    /// <summary>The number of the profile of a call; null where that is not told.</summary>
    public int? ProfileOf(long document) => document - _first is var place && place >= 0 && place < _places.Length && _places[place] > 0 ? _profiles[_places[place] - 1] : null;

    /// <summary>What is kept of a day: the first document, how many places follow and of how many profiles; these, and for each document 0 or the place of its profile, from 1. Nothing where
    /// there are too many profiles.</summary>
    public static byte[] Of(SqliteDatabase database)
    {
        var calls = new List<(long Document, long Profile)>();
        long first = database.Scalar("SELECT ifnull(min(document), 1) FROM calls"), last = database.Scalar("SELECT ifnull(max(document), 0) FROM calls");
        using (SqliteStatement list = database.Prepare("SELECT document, profile FROM calls WHERE profile IS NOT NULL"))
        {
            while (list.Step()) calls.Add((list.Long(0), list.Long(1)));
        }

        return OfCalls(calls, first, last);
    }

    /// <summary>The same of calls that were read already.</summary>
    /// <param name="calls">Documents and numbers of profiles, in any order.</param>
    /// <param name="first">The first document there is.</param>
    /// <param name="last">The last.</param>
    public static byte[] OfCalls(IReadOnlyList<(long Document, long Profile)> calls, long first, long last)
    {
        if (last - first >= MostPerCall * (calls.Count + 1L)) return [];
        ushort[] places = new ushort[last - first + 1];
        var numbers = new Dictionary<long, ushort>();
        foreach ((long document, long profile) in calls)
        {
            if (!numbers.TryGetValue(profile, out ushort place))
            {
                if (numbers.Count == ushort.MaxValue) return [];
                numbers.Add(profile, place = (ushort)(numbers.Count + 1));
            }

            places[document - first] = place;
        }

        byte[] bytes = new byte[Head + (numbers.Count * sizeof(long)) + (places.Length * sizeof(ushort))];
        Write(0, first);
        Write(1, places.Length);
        Write(2, numbers.Count);
        foreach ((long profile, ushort place) in numbers) Write(2 + place, profile);
        Span<byte> rest = bytes.AsSpan(Head + (numbers.Count * sizeof(long)));
        for (int i = 0; i < places.Length; i++) BinaryPrimitives.WriteUInt16LittleEndian(rest[(i * sizeof(ushort))..], places[i]);
        return bytes;

        void Write(int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at * sizeof(long)), value);
    }

    /// <summary>Reads what <see cref="Of"/> gives; null for anything else.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="index">Numbers profiles for all days.</param>
    /// <param name="numbers">Its numbers of the profiles of this day.</param>
    public static DayProfiles? Read(ReadOnlySpan<byte> bytes, ProfileIndex index, IReadOnlyDictionary<long, int> numbers)
    {
        if (bytes.Length < Head) return null;
        long first = BinaryPrimitives.ReadInt64LittleEndian(bytes), count = BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(long)..]), different = BinaryPrimitives.ReadInt64LittleEndian(bytes[(2 * sizeof(long))..]);
        if (first < 0 || count < 0 || different is < 0 or > ushort.MaxValue || count > bytes.Length || bytes.Length != Head + (different * sizeof(long)) + (count * sizeof(ushort))) return null;
        int[] profiles = new int[different];
        for (int i = 0; i < profiles.Length; i++)
        {
            if (!numbers.TryGetValue(BinaryPrimitives.ReadInt64LittleEndian(bytes[(Head + (i * sizeof(long)))..]), out profiles[i])) return null;
        }

        ushort[] places = new ushort[count];
        ReadOnlySpan<byte> rest = bytes[(Head + (profiles.Length * sizeof(long)))..];
        for (int i = 0; i < places.Length; i++)
        {
            places[i] = BinaryPrimitives.ReadUInt16LittleEndian(rest[(i * sizeof(ushort))..]);
            if (places[i] > profiles.Length) return null;
        }

        return new DayProfiles(index, first, places, profiles);
    }

    /// <summary>Takes those away of some documents whose calls are of no profile that is asked for. True where that is told of all of them; others stay.</summary>
    public bool Narrow(List<long> documents, AskedProfiles asked)
    {
        bool isAll = true;
        documents.RemoveAll(document => !Keeps(document - _first, asked, isEach: true, ref isAll));
        return isAll;
    }

    /// <summary>The same of places, which lie before the documents by a number. A place without a call is taken away where not each is one.</summary>
    public bool Narrow(List<int> places, long toDocument, AskedProfiles asked, bool isEach)
    {
        bool isAll = true;
        long first = _first - toDocument;
        places.RemoveAll(place => !Keeps(place - first, asked, isEach, ref isAll));
        return isAll;
    }

    /// <summary>The documents of all calls of a profile that is asked for, ascending.</summary>
    public List<long> Collect(AskedProfiles asked)
    {
        var found = new List<long>();
        bool[] isAsked = AreAsked(asked);
        for (int i = 0; i < _places.Length; i++)
        {
            if (isAsked[_places[i]]) found.Add(_first + i);
        }

        return found;
    }

    /// <summary>Adds the places of all calls of a profile that is asked for.</summary>
    /// <param name="places">Added to.</param>
    /// <param name="first">The document of the first place that there is.</param>
    /// <param name="asked">What is asked of profiles.</param>
    public void AddTo(DayPlaces places, long first, AskedProfiles asked) => AddTo(places, first, AreAsked(asked));

    /// <summary>Adds the places of all calls of profiles that meet a condition.</summary>
    /// <param name="places">Added to.</param>
    /// <param name="first">The document of the first place that there is.</param>
    /// <param name="meets">The condition.</param>
    public void AddTo(DayPlaces places, long first, Func<CallProfile, bool> meets)
    {
        bool[] isAsked = new bool[_profiles.Length + 1];
        for (int i = 0; i < _profiles.Length; i++) isAsked[i + 1] = meets(_index.ProfileOf(_profiles[i]));
        AddTo(places, first, isAsked);
    }

    private void AddTo(DayPlaces places, long first, bool[] isAsked)
    {
        for (int i = 0; i < _places.Length; i++)
        {
            long place = _first + i - first;
            if (isAsked[_places[i]] && place >= 0 && place < places.Places) places.Add((int)place);
        }
    }

    // By the number that a place has; 0 is none.
    private bool[] AreAsked(AskedProfiles asked)
    {
        bool[] isAsked = new bool[_profiles.Length + 1];
        sbyte[] judged = asked.Judged(_index, _profiles);
        for (int i = 0; i < _profiles.Length; i++) isAsked[i + 1] = judged[_profiles[i]] > 0;
        return isAsked;
    }

    private bool Keeps(long place, AskedProfiles asked, bool isEach, ref bool isAll)
    {
        int profile = place >= 0 && place < _places.Length ? _places[place] : 0;
        if (profile > 0) return asked.Has(_index, _profiles[profile - 1]);
        isAll &= !isEach;
        return isEach;
    }
}
