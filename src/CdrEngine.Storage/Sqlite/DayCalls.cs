using System.Buffers.Binary;
using System.Security.Cryptography;
using CdrEngine.Storage.Texts;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The calls of a day that is over, as far as lists are about their order, profiles, lengths, numbers and sessions: which calls a query finds is told without looking at one. Stored
/// with the seal of the day, and gone with it. Immutable.</summary>
/// <remarks>A call is named by its place: its document less the first of the day. Numbers are kept by sums that nobody outside this process can foresee, so that two which a list would take
/// for each other are not to be found.</remarks>
internal sealed partial class DayCalls
{
    /// <summary>What it is called in the seal.</summary>
    public const string Name = "calls";

    // Places are put in order where they are one in so many, and else met in it.
    private const int FewPart = 16;

    // Calls of a day that are found one by one where nothing is asked but lengths.
    private const int FewLengths = 64;

    private static readonly byte[] s_secret = RandomNumberGenerator.GetBytes(16);

    private readonly long _first;
    private readonly DayProfiles _profiles;
    private readonly DayLengths _lengths;

    // In order of time; and for each place 0 for none, or where in that order it stands, from 1.
    private readonly WholeNumbers _order;
    private readonly WholeNumbers _ranks;

    // For each place where its lengths stand.
    private readonly WholeNumbers _ofLengths;

    private readonly ulong[] _keys;
    private readonly int[] _ends;
    private readonly byte[] _lists;
    private readonly DaySessions _sessions;
    private readonly DayValues<string> _codecs;
    private readonly DayValues<long> _flags;

    private DayCalls(long first, DayProfiles profiles, DayLengths lengths, WholeNumbers order, WholeNumbers ranks, WholeNumbers ofLengths, ulong[] keys, int[] ends, byte[] lists, DaySessions sessions, DayValues<string> codecs, DayValues<long> flags, bool hasTwins)
    {
        (_first, _profiles, _lengths, _order, _ranks, _ofLengths) = (first, profiles, lengths, order, ranks, ofLengths);
        (_keys, _ends, _lists, _sessions, _codecs, _flags, HasTwins) = (keys, ends, lists, sessions, codecs, flags, hasTwins);
    }

    /// <summary>Memory it takes beside profiles and lengths, bytes.</summary>
    public long Size => _order.Size + _ranks.Size + _ofLengths.Size + (_keys.Length * (long)(sizeof(ulong) + sizeof(int))) + _lists.Length + _sessions.Size + _codecs.Size + _flags.Size;

    /// <summary>Whether any two calls of the day have the same integer id but for its rank.</summary>
    public bool HasTwins { get; }

    /// <summary>Reads what <see cref="DayCallsBytes"/> makes; null for anything else.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="profiles">The profile of each call.</param>
    /// <param name="lengths">Their lengths, within each profile in order of documents.</param>
    public static DayCalls? Read(byte[] bytes, DayProfiles profiles, DayLengths lengths)
    {
        if (bytes.Length < 1 || bytes[0] != DayCallsBytes.Version) return null;
        using var reader = new BinaryReader(new MemoryStream(bytes));
        try
        {
            reader.ReadByte();
            long first = reader.ReadInt64();
            int places = reader.Read7BitEncodedInt(), count = reader.Read7BitEncodedInt();
            bool hasTwins = reader.ReadBoolean();
            if (places < 0 || count < 0 || count > places || count > bytes.Length) return null;
            var order = new WholeNumbers(count, places);
            var ranks = new WholeNumbers(places, count);
            for (int i = 0; i < count; i++)
            {
                int place = Place();
                if (ranks[place] != 0) return null;
                order[i] = place;
                ranks[place] = i + 1;
            }

            int numbers = reader.Read7BitEncodedInt();
            if (numbers < 0 || numbers > bytes.Length) return null;
            var lists = new (ulong Key, byte[] Steps)[numbers];
            long all = 0;
            for (int i = 0; i < numbers; i++)
            {
                ulong key = KeyOf(reader.ReadBytes(reader.Read7BitEncodedInt()));
                lists[i] = (key, reader.ReadBytes(reader.Read7BitEncodedInt()));
                all += lists[i].Steps.Length;
                if (!AreSteps(lists[i].Steps, ranks)) return null;
            }

            Array.Sort(lists, static (left, right) => left.Key.CompareTo(right.Key));
            ulong[] keys = [.. lists.Select(static list => list.Key)];
            int[] ends = new int[numbers];
            byte[] steps = new byte[all];
            for (int i = 0, at = 0; i < numbers; i++)
            {
                if (i > 0 && keys[i] == keys[i - 1]) return null;
                lists[i].Steps.CopyTo(steps, at);
                ends[i] = at += lists[i].Steps.Length;
            }

            if (DaySessions.Read(reader, places) is not { } sessions) return null;
            var codecs = DayValues<string>.Read(reader, places, static from => from.ReadString());
            var flags = DayValues<long>.Read(reader, places, static from => from.ReadInt64());
            if (reader.BaseStream.Position != bytes.Length) return null;
            return LengthsOf(first, places, ranks, profiles, lengths) is { } ofLengths
                ? new DayCalls(first, profiles, lengths, order, ranks, ofLengths, keys, ends, steps, sessions, codecs, flags, hasTwins)
                : null;

            int Place() => reader.Read7BitEncodedInt() is var place && place >= 0 && place < places ? place : throw new FormatException();
        }
        catch (Exception e) when (e is EndOfStreamException or IOException or FormatException or ArgumentException or OverflowException)
        {
            return null;
        }
    }

    /// <summary>How many places there are.</summary>
    public int Places => _ranks.Count;

    /// <summary>How many of them have a call.</summary>
    public int Calls => _order.Count;

    /// <summary>The document of a call.</summary>
    public long DocumentOf(int place) => _first + place;

    /// <summary>The place of a call; null where the day has none of this document.</summary>
    public int? PlaceOf(long document) => document >= _first && document - _first < _ranks.Count && _ranks[(int)(document - _first)] > 0 ? (int)(document - _first) : null;

    /// <summary>The tenant of a call; empty for none.</summary>
    public string TenantOf(int place) => _profiles.ProfileOf(_first + place) is { } profile ? _profiles.Index.ProfileOf(profile).Tenant : "";

    /// <summary>How long a call lasted, as <see cref="DayLengths"/> keeps it.</summary>
    public uint LastedOf(int place) => _lengths.LastedAt(_ofLengths[place]);

    /// <summary>Whether a call is of any of some profiles; of any at all where nothing is asked of them.</summary>
    public bool Has(int place, AskedProfiles asked) => asked.IsEverything || (_profiles.ProfileOf(_first + place) is { } profile && asked.Has(_profiles.Index, profile));

    /// <summary>The places of the calls that are asked for, in order of time; null where nothing here tells.</summary>
    /// <param name="asked">What is asked for, of the whole day.</param>
    /// <param name="keys">Tells which numbers the day has not.</param>
    /// <param name="ascending">The earliest first.</param>
    /// <param name="among">Only these places; null for all.</param>
    public IEnumerable<int>? Find(AskedCalls asked, KeyFilter keys, bool ascending, DayPlaces? among = null)
    {
        if (asked.Any.Count > 0) return Several(asked, keys) is { } any ? InOrder(among is null ? any : any.And(among), ascending) : null;
        if (WantedOf(asked) is not { } wanted) return null;
        if (among is { IsEmpty: true }) return [];
        if (IsByProfile(asked)) return InOrder(OfProfiles(asked, among), ascending);
        if (asked.HasNumbers) return Sorted(OfNumbers(asked, keys), ascending)?.Where(place => among?.Has(place) != false && Meets(place, wanted));
        if (among is not null && among.Count <= Places / FewPart) return Among(among, wanted, ascending);
        if (asked.Bounds is { } bounds && OfLengths(bounds) is { } few) return Sorted([.. few.Where(place => among?.Has(place) != false && Meets(place, wanted))], ascending);
        return among is null ? Meeting(wanted, ascending) : Among(among, wanted, ascending);
    }

    /// <summary>How many calls are asked for; null where nothing here tells.</summary>
    /// <param name="asked">What is asked for, of the whole day.</param>
    /// <param name="keys">Tells which numbers the day has not.</param>
    public long? Count(AskedCalls asked, KeyFilter keys) =>
        asked.Any.Count > 0 ? Several(asked, keys)?.Count
        : WantedOf(asked) is not { } wanted ? null
        : IsByProfile(asked) ? OfProfiles(asked.Profiles).Count
        : asked.HasNumbers ? OfNumbers(asked, keys)?.Count(place => Meets(place, wanted))
        : Meeting(wanted, ascending: true).LongCount();

    /// <summary>How many of some places are asked for; null where nothing here tells.</summary>
    /// <param name="asked">What is asked for, of the whole day.</param>
    /// <param name="keys">Tells which numbers the day has not.</param>
    /// <param name="among">The places.</param>
    public long? Count(AskedCalls asked, KeyFilter keys, DayPlaces among)
    {
        if (among.IsEmpty) return 0;
        if (asked.Any.Count > 0) return Several(asked, keys)?.And(among).Count;
        if (asked.IsByProfile) return asked.Profiles.IsEverything ? among.Count : OfProfiles(asked.Profiles).CountAnd(among);
        if (WantedOf(asked) is not { } wanted) return null;
        return asked.HasNumbers ? OfNumbers(asked, keys)?.Count(place => among.Has(place) && Meets(place, wanted)) : among.All().LongCount(place => Meets(place, wanted));
    }

    /// <summary>How many of some calls of a group are asked for; null where nothing here tells.</summary>
    /// <param name="asked">What is asked for, of the whole day.</param>
    /// <param name="keys">Tells which numbers the day has not.</param>
    /// <param name="set">The calls.</param>
    /// <param name="day">The day in the group.</param>
    public long? Count(AskedCalls asked, KeyFilter keys, GroupSet set, TextGroupDay day)
    {
        bool isAligned = day.First == _first && day.End - day.Begin <= Places;
        if (!isAligned || !asked.IsByProfile) return Count(asked, keys, DayPlaces.Of(set, day, this));
        return asked.Profiles.IsEverything ? set.CountIn(day.Begin, day.End) : OfProfiles(asked.Profiles).CountAnd(set, day.Begin, day.End);
    }

    /// <summary>The places of calls by the name of their trunk.</summary>
    /// <param name="meets">Told the name of each trunk; null for calls over none.</param>
    public DayPlaces OfTrunks(Func<string?, bool> meets)
    {
        var found = new DayPlaces(Places);
        _profiles.AddTo(found, _first, profile => meets(profile.Trunk is { Length: > 0 } trunk ? trunk : null));
        return found;
    }

    /// <summary>The places of those of some calls that are asked for, in order of time; null where nothing here tells.</summary>
    /// <param name="documents">The calls.</param>
    /// <param name="asked">What is asked for, of the whole day.</param>
    /// <param name="keys">Tells which numbers the day has not; null where the calls are those that have the numbers.</param>
    /// <param name="ascending">The earliest first.</param>
    public IEnumerable<int>? Narrow(IEnumerable<long> documents, AskedCalls asked, KeyFilter? keys, bool ascending)
    {
        // Which alternative has a call's number is not said, and each may ask for something else beside, such as a tenant.
        if (keys is null && asked.Any.Count > 0) return null;
        var among = new DayPlaces(Places);
        var seen = new HashSet<int>();
        var others = new List<int>();
        foreach (long document in documents)
        {
            if (PlaceOf(document) is not { } place) return null;
            among.Add(place);
            if (keys is null && asked.WithSessions && seen.Add(place)) _sessions.AddOf(place, seen, others);
        }

        if (keys is not null) return Find(asked, keys, ascending, among);
        foreach (int place in others) among.Add(place);
        return WantedOf(asked) is { } wanted ? Among(among, wanted, ascending) : null;
    }

    /// <summary>The places behind one in order of time.</summary>
    public IEnumerable<int> Behind(IEnumerable<int> places, int after, bool ascending) => places.Where(place => IsBehind(place, after, ascending));

    /// <summary>Whether a place stands behind one in order of time.</summary>
    public bool IsBehind(int place, int after, bool ascending) => ascending ? _ranks[place] > _ranks[after] : _ranks[place] < _ranks[after];

    /// <summary>The sum that stands for a number, or for something else that is looked for.</summary>
    public static ulong KeyOf(ReadOnlySpan<byte> utf8)
    {
        Span<byte> sum = stackalloc byte[SHA256.HashSizeInBytes];
        byte[] text = [.. s_secret, .. utf8];
        SHA256.HashData(text, sum);
        return BinaryPrimitives.ReadUInt64LittleEndian(sum);
    }

    /// <summary>The sum of a number that is asked for.</summary>
    public static ulong KeyOf(string number) => KeyOf(System.Text.Encoding.UTF8.GetBytes(number));

    private static bool AreSteps(ReadOnlySpan<byte> steps, WholeNumbers ranks)
    {
        int place = 0;
        for (int at = 0; at < steps.Length;)
        {
            long next = place + (Step(steps, ref at) >> DayCallsBytes.RoleBits);
            if (next >= ranks.Count || ranks[(int)next] == 0) return false;
            place = (int)next;
        }

        return true;
    }

    // A 7-bit encoded number, as BinaryWriter writes it.
    private static long Step(ReadOnlySpan<byte> bytes, ref int at)
    {
        long value = 0;
        for (int shift = 0; shift < 63; shift += 7)
        {
            if (at >= bytes.Length) throw new FormatException();
            byte next = bytes[at++];
            value |= (long)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw new FormatException();
    }

    // Null where a call has no profile, or lengths are those of other calls.
    private static WholeNumbers? LengthsOf(long first, int places, WholeNumbers ranks, DayProfiles profiles, DayLengths lengths)
    {
        Dictionary<int, int> next = lengths.Groups();
        var of = new WholeNumbers(places, lengths.Count);
        int calls = 0;
        for (int place = 0; place < places; place++)
        {
            if (ranks[place] == 0) continue;
            if (profiles.ProfileOf(first + place) is not { } profile || !next.TryGetValue(profile, out int at) || at >= lengths.Count) return null;
            of[place] = at;
            next[profile] = at + 1;
            calls++;
        }

        return calls == lengths.Count ? of : null;
    }

    // The places of calls whose lengths lie within bounds, where these are few.
    private List<int>? OfLengths(in LengthBounds bounds)
    {
        if (_lengths.Within(bounds, FewLengths) is not { } all) return null;
        var places = new List<int>(all.Count);
        foreach (int at in all)
        {
            // Places without a call have 0 as the first call has.
            int place = _ofLengths.IndexOf(at, 0);
            while (place >= 0 && _ranks[place] == 0) place = _ofLengths.IndexOf(at, place + 1);
            if (place >= 0) places.Add(place);
        }

        return places;
    }

    // Few are put in order, of many the day is gone through.
    private IEnumerable<int> Among(DayPlaces among, Wanted wanted, bool ascending) =>
        among.Count <= Places / FewPart ? Sorted([.. among.All().Where(place => Meets(place, wanted))], ascending)! : Meeting(wanted, ascending).Where(among.Has);

    private IEnumerable<int> Meeting(Wanted wanted, bool ascending)
    {
        for (int i = Next(0, wanted, ascending); i < _order.Count; i = Next(i + 1, wanted, ascending)) yield return _order[ascending ? i : _order.Count - 1 - i];
    }

    // The first from one on, in order: a loop of its own, since most lists of what is rare look at many days.
    private int Next(int i, in Wanted wanted, bool ascending)
    {
        while (i < _order.Count && !Meets(_order[ascending ? i : _order.Count - 1 - i], wanted)) i++;
        return i;
    }

    // What is asked of the day's codecs and flags; null where these are not told.
    private Wanted? WantedOf(AskedCalls asked)
    {
        bool[]? codecs = null, flags = null;
        if (asked.Codec is { } codec && (codecs = _codecs.Meeting(list => list.Contains(codec, StringComparison.Ordinal))) is null) return null;
        if (asked.Flags != 0 && (flags = _flags.Meeting(value => (value & asked.Flags) == asked.Flags)) is null) return null;
        return new Wanted(asked, asked.Bounds, codecs, flags);
    }

    private bool Meets(int place, in Wanted wanted)
    {
        AskedCalls asked = wanted.Asked;

        // What leaves fewest first.
        if (wanted.Bounds is { } bounds && !_lengths.Meets(_ofLengths[place], bounds, byPerson: false)) return false;
        if (wanted.Codecs is { } codecs && !codecs[_codecs.Of(place)]) return false;
        if (wanted.Flags is { } flags && !flags[_flags.Of(place)]) return false;
        if (!Has(place, asked.Profiles)) return false;
        return !asked.AsksPerson || wanted.Bounds is not { } person || !asked.ByPerson.Has(_profiles.Index, _profiles.ProfileOf(_first + place)!.Value) || _lengths.Meets(_ofLengths[place], person, byPerson: true);
    }

    private int[]? Sorted(List<int>? found, bool ascending)
    {
        if (found is null) return null;
        int[] places = [.. found];
        int[] ranks = [.. found.Select(place => ascending ? _ranks[place] : -_ranks[place])];
        Array.Sort(ranks, places);
        return places;
    }

    // Those of any of some numbers, each once; null where one of them may be of a single call.
    private List<int>? OfNumbers(AskedCalls asked, KeyFilter keys)
    {
        var found = new List<int>();
        HashSet<int>? seen = asked.Numbers.Count > 1 || asked.WithSessions ? [] : null;
        foreach (AskedNumber number in asked.Numbers)
        {
            int i = Array.BinarySearch(_keys, number.Key);
            if (i < 0)
            {
                if (!number.IsAlways && keys.MayHave(number.InFilter)) return null;
                continue;
            }

            ReadOnlySpan<byte> steps = _lists.AsSpan((i == 0 ? 0 : _ends[i - 1]).._ends[i]);
            int place = 0;
            for (int at = 0; at < steps.Length;)
            {
                long step = Step(steps, ref at);
                place += (int)(step >> DayCallsBytes.RoleBits);
                if ((step & asked.Roles) == 0) continue;
                if (seen?.Add(place) != false) found.Add(place);
                if (asked.WithSessions) _sessions.AddOf(place, seen!, found);
            }
        }

        return found;
    }

    private readonly record struct Wanted(AskedCalls Asked, LengthBounds? Bounds, bool[]? Codecs, bool[]? Flags);
}
