using System.Text;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage.Postgres;

/// <summary>A media session as it is kept of it.</summary>
/// <param name="Document">The document of its call.</param>
/// <param name="Index">Its m-line.</param>
/// <param name="Kind">Type, codecs and flags.</param>
/// <param name="Mos">Its worst score; null for none.</param>
/// <param name="Addresses">Its addresses, as they are stored: between bars.</param>
internal readonly record struct MediaRow(long Document, int Index, MediaKind Kind, double? Mos, string Addresses);

/// <summary>What few different media sessions of a day differ in.</summary>
/// <param name="Type">Type.</param>
/// <param name="Flags">Flags.</param>
/// <param name="Codecs">Codecs, as they are stored: between bars.</param>
internal readonly record struct MediaKind(MediaSessionType Type, MediaSessionFlags Flags, string Codecs);

/// <summary>A media session of a day.</summary>
/// <param name="Place">The place of its call.</param>
/// <param name="Index">Its m-line.</param>
internal readonly record struct PlacedMedia(int Place, int Index);

/// <summary>The media sessions of the calls of a day that is over, by the places of <see cref="DayCalls"/>: lists of them are told without looking at one. Addresses are kept by sums that nobody
/// outside this process can foresee. Immutable.</summary>
internal sealed class PostgresDayMedia
{
    /// <summary>What it is called in the seal.</summary>
    public const string Name = "sessions";

    private const byte Version = 1;

    // Calls are put in order where they are one in so many of the day's.
    private const int FewPart = 16;

    // For each place how many sessions there are up to its call's last.
    private readonly WholeNumbers _ends;
    private readonly WholeNumbers _indexes;
    private readonly MediaKind[] _kinds;
    private readonly WholeNumbers _kindOf;

    // Ascending; of each session 0 for none, or where its score stands, from 1.
    private readonly double[] _scores;
    private readonly WholeNumbers _scoreOf;

    // The sessions of each address, as steps from one to the next.
    private readonly ulong[] _addresses;
    private readonly int[] _addressEnds;
    private readonly byte[] _steps;

    private PostgresDayMedia(WholeNumbers ends, WholeNumbers indexes, MediaKind[] kinds, WholeNumbers kindOf, double[] scores, WholeNumbers scoreOf, ulong[] addresses, int[] addressEnds, byte[] steps)
    {
        (_ends, _indexes, _kinds, _kindOf) = (ends, indexes, kinds, kindOf);
        (_scores, _scoreOf, _addresses, _addressEnds, _steps) = (scores, scoreOf, addresses, addressEnds, steps);
    }

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => _ends.Size + _indexes.Size + _kindOf.Size + _scoreOf.Size + (_kinds.Length * 96L) + (_scores.Length * (long)sizeof(double))
        + (_addresses.Length * (long)(sizeof(ulong) + sizeof(int))) + _steps.Length;

    /// <summary>What is kept of the media sessions of a day.</summary>
    /// <param name="rows">All of them, those of a call in order of their m-lines.</param>
    /// <param name="first">The first document of the day.</param>
    /// <param name="last">The last.</param>
    public static byte[] Of(IEnumerable<MediaRow> rows, long first, long last)
    {
        var kinds = new Dictionary<MediaKind, int>();
        var scores = new SortedSet<double>();
        var addresses = new Dictionary<string, List<int>>(StringComparer.Ordinal);

        // In order of documents: the numbers of sessions are those of their places.
        MediaRow[] all = [.. rows.OrderBy(static row => row.Document)];
        for (int i = 0; i < all.Length; i++)
        {
            kinds.TryAdd(all[i].Kind, kinds.Count);
            if (all[i].Mos is { } mos) scores.Add(mos);
            foreach (string address in all[i].Addresses.Split('|', StringSplitOptions.RemoveEmptyEntries))
            {
                if (!addresses.TryGetValue(address, out List<int>? its)) addresses.Add(address, its = []);
                if (its.Count == 0 || its[^1] != i) its.Add(i);
            }
        }

        double[] ascending = [.. scores];
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(first);
        writer.Write7BitEncodedInt((int)(last - first + 1));
        writer.Write7BitEncodedInt(all.Length);
        writer.Write7BitEncodedInt(kinds.Count);
        foreach ((MediaKind kind, int _) in kinds.OrderBy(static pair => pair.Value))
        {
            writer.Write7BitEncodedInt((int)kind.Type);
            writer.Write7BitEncodedInt64((long)kind.Flags);
            writer.Write(kind.Codecs);
        }

        writer.Write7BitEncodedInt(ascending.Length);
        foreach (double score in ascending) writer.Write(score);
        foreach (MediaRow row in all)
        {
            writer.Write7BitEncodedInt((int)(row.Document - first));
            writer.Write7BitEncodedInt(row.Index);
            writer.Write7BitEncodedInt(kinds[row.Kind]);
            writer.Write7BitEncodedInt(row.Mos is { } mos ? Array.BinarySearch(ascending, mos) + 1 : 0);
        }

        writer.Write7BitEncodedInt(addresses.Count);
        foreach ((string address, List<int> its) in addresses)
        {
            writer.Write(address);
            writer.Write7BitEncodedInt(its.Count);
            int before = 0;
            foreach (int session in its)
            {
                writer.Write7BitEncodedInt(session - before);
                before = session;
            }
        }

        writer.Flush();
        return bytes.ToArray();
    }

    /// <summary>Notes the media sessions of a day with its seal, inside a transaction of a writer.</summary>
    /// <param name="session">A connection.</param>
    /// <param name="day">The day.</param>
    /// <param name="seal">Number of the seal.</param>
    public static void Make(PostgresSession session, DateOnly day, long seal)
    {
        var rows = new List<MediaRow>();
        using (PostgresRows read = session.Query("SELECT m.document, m.session, m.type, m.flags, m.mos, m.codecs, m.addresses FROM media_sessions m WHERE m.day = ? ORDER BY m.document, m.session", day))
        {
            while (read.Step())
                rows.Add(new MediaRow(read.Long(0), (int)read.Long(1), new MediaKind((MediaSessionType)read.Long(2), (MediaSessionFlags)read.Long(3), read.Text(5)), read.Real(4), read.Text(6)));
        }

        long first = session.Scalar("SELECT min(document) FROM calls WHERE day = ?", day), last = session.Scalar("SELECT max(document) FROM calls WHERE day = ?", day);
        session.Execute("DELETE FROM day_calls WHERE day = ? AND name = ?", day, Name);
        session.Execute("INSERT INTO day_calls (day, name, seal, value) VALUES (?, ?, ?, ?)", day, Name, seal, Of(rows, first, last));
    }

    /// <summary>The days before one whose seal has none of it.</summary>
    public static List<DateOnly> Missing(PostgresSession session, DateOnly before)
    {
        var days = new List<DateOnly>();
        using PostgresRows rows = session.Query(
            "SELECT d.day FROM record_days d WHERE d.day < ? AND d.seal <> 0 AND NOT EXISTS (SELECT 1 FROM day_calls k WHERE k.day = d.day AND k.name = ? AND k.seal = d.seal) ORDER BY d.day DESC", before, Name);
        while (rows.Step()) days.Add(rows.Day(0));
        return days;
    }

    /// <summary>Reads what <see cref="Make"/> gives; null for anything else, and for what is of other calls.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="calls">The calls of the day.</param>
    public static PostgresDayMedia? Read(byte[] bytes, DayCalls calls)
    {
        if (bytes.Length < 1 || bytes[0] != Version) return null;
        using var reader = new BinaryReader(new MemoryStream(bytes));
        try
        {
            reader.ReadByte();
            long first = reader.ReadInt64();
            int places = reader.Read7BitEncodedInt(), count = Bounded(bytes.Length);
            if (places != calls.Places || first != calls.DocumentOf(0)) return null;
            var kinds = new MediaKind[Bounded(bytes.Length)];
            for (int i = 0; i < kinds.Length; i++) kinds[i] = new MediaKind((MediaSessionType)reader.Read7BitEncodedInt(), (MediaSessionFlags)reader.Read7BitEncodedInt64(), reader.ReadString());
            double[] scores = new double[Bounded(bytes.Length)];
            for (int i = 0; i < scores.Length; i++)
            {
                scores[i] = reader.ReadDouble();
                if (i > 0 && !(scores[i] > scores[i - 1])) return null;
            }

            var ends = new WholeNumbers(places, count);
            var indexes = new int[count];
            WholeNumbers kindOf = new(count, kinds.Length), scoreOf = new(count, scores.Length);
            int at = 0;
            for (int i = 0; i < count; i++)
            {
                int place = Bounded(places - 1);
                if (place < at || calls.PlaceOf(first + place) is null) return null;
                for (; at < place; at++) ends[at] = i;
                indexes[i] = Bounded(int.MaxValue);
                kindOf[i] = Bounded(kinds.Length - 1);
                scoreOf[i] = Bounded(scores.Length);
            }

            for (; at < places; at++) ends[at] = count;
            var lists = new (ulong Key, byte[] Steps)[Bounded(bytes.Length)];
            for (int i = 0; i < lists.Length; i++) lists[i] = (DayCalls.KeyOf(reader.ReadString()), Steps());
            if (reader.BaseStream.Position != bytes.Length) return null;
            Array.Sort(lists, static (left, right) => left.Key.CompareTo(right.Key));
            var addressEnds = new int[lists.Length];
            for (int i = 0, end = 0; i < lists.Length; i++) addressEnds[i] = end += lists[i].Steps.Length;
            return new PostgresDayMedia(ends, Small(indexes), kinds, kindOf, scores, scoreOf, [.. lists.Select(static list => list.Key)], addressEnds, [.. lists.SelectMany(static list => list.Steps)]);

            int Bounded(int most) => reader.Read7BitEncodedInt() is var value && value >= 0 && value <= most ? value : throw new FormatException();

            byte[] Steps()
            {
                int sessions = Bounded(count);
                using var steps = new MemoryStream();
                using var step = new BinaryWriter(steps);
                long session = 0;
                for (int i = 0; i < sessions; i++)
                {
                    int next = Bounded(count);
                    if ((session += next) >= count) throw new FormatException();
                    step.Write7BitEncodedInt(next);
                }

                step.Flush();
                return steps.ToArray();
            }
        }
        catch (Exception e) when (e is EndOfStreamException or IOException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The sessions of the day that a query asks for, in its order; a call's in order of their m-lines.</summary>
    /// <param name="query">The query, of all of the day and of no single call.</param>
    /// <param name="asked">Its tenant, as a question about calls.</param>
    /// <param name="seal">The seal of the day; with its calls.</param>
    public IEnumerable<PlacedMedia> Find(MediaSessionQuery query, AskedCalls asked, DaySeal seal)
    {
        if (Meeting(query) is not { } meets || seal.Calls is not { } calls) return [];
        DayPlaces? among = PlacesOf(query, meets);
        return (calls.Find(asked, seal.Keys, query.Ascending, among) ?? []).SelectMany(place => Of(place, meets));
    }

    // Those of a call.
    private IEnumerable<PlacedMedia> Of(int place, Func<int, bool> meets)
    {
        for (int i = place == 0 ? 0 : _ends[place - 1]; i < _ends[place]; i++)
        {
            if (meets(i)) yield return new PlacedMedia(place, _indexes[i]);
        }
    }

    // Whether a session is asked for but for its tenant; null where none is.
    private Func<int, bool>? Meeting(MediaSessionQuery query)
    {
        string? codec = query.Codec is { } asked ? CallSelect.CodecItem(asked) : null;
        bool[] kinds = [.. _kinds.Select(kind => (query.Type is not { } type || kind.Type == type) && (kind.Flags & query.Flags) == query.Flags && (codec is null || kind.Codecs.Contains(codec, StringComparison.Ordinal)))];
        if (!kinds.Contains(true)) return null;
        bool isEachKind = !kinds.Contains(false);
        int below = 0;
        if (query.MosBelow is { } mos)
        {
            below = Array.BinarySearch(_scores, mos);
            if (below < 0) below = ~below;
            if (below == 0) return null;
        }

        HashSet<int>? having = null;
        if (query.Address is { } address)
        {
            having = OfAddress(DayCalls.KeyOf(address.ToString()));
            if (having.Count == 0) return null;
        }

        return session => (isEachKind || kinds[_kindOf[session]]) && (below == 0 || (_scoreOf[session] > 0 && _scoreOf[session] <= below)) && having?.Contains(session) != false;
    }

    // The calls of what few sessions meet; null where nothing is asked that only few could.
    private DayPlaces? PlacesOf(MediaSessionQuery query, Func<int, bool> meets)
    {
        if (MediaFigures.AsksOnlySums(query) && query.Type is null) return null;
        var places = new DayPlaces(_ends.Count);
        int session = 0;
        for (int place = 0; place < _ends.Count; place++)
        {
            for (int end = _ends[place]; session < end; session++)
            {
                if (meets(session)) places.Add(place);
            }
        }

        return places.Count <= _ends.Count / FewPart ? places : null;
    }

    private HashSet<int> OfAddress(ulong key)
    {
        var sessions = new HashSet<int>();
        int i = Array.BinarySearch(_addresses, key);
        if (i < 0) return sessions;
        using var reader = new BinaryReader(new MemoryStream(_steps, i == 0 ? 0 : _addressEnds[i - 1], _addressEnds[i] - (i == 0 ? 0 : _addressEnds[i - 1])));
        for (int session = 0; reader.BaseStream.Position < reader.BaseStream.Length;)
        {
            session += reader.Read7BitEncodedInt();
            sessions.Add(session);
        }

        return sessions;
    }

    private static WholeNumbers Small(int[] numbers)
    {
        var small = new WholeNumbers(numbers.Length, numbers.Length == 0 ? 0 : numbers.Max());
        for (int i = 0; i < numbers.Length; i++) small[i] = numbers[i];
        return small;
    }
}
