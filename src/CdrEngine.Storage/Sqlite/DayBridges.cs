using System.Buffers.Binary;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The calls of a day that a machine answered and passed on: how long each was bridged to a person, or that nobody took it, which only the records of other calls tell. Immutable.</summary>
internal sealed class DayBridges
{
    /// <summary>What the calls have that it tells of.</summary>
    public const CallTraits Traits = CallTraits.ByMachine | CallTraits.PassedOn;

    private const int Numbers = 5;
    private const int EntrySize = Numbers * sizeof(long);

    // Nobody took it.
    private const long Missed = -1;

    // A call of another day, or of another tenant, has a say in it.
    private const long Unknown = -2;

    // Somebody did, or may yet, and yet there is no length: a mailbox, or who it was transferred to.
    private const long Taken = -3;

    private readonly ProfileIndex _index;
    private readonly Entry[] _entries;
    private readonly Dictionary<long, int> _places;

    private DayBridges(ProfileIndex index, Entry[] entries)
    {
        _index = index;
        _entries = entries;
        _places = new Dictionary<long, int>(entries.Length);
        for (int i = 0; i < entries.Length; i++) _places[entries[i].Document] = i;
        IsComplete = Array.TrueForAll(entries, static entry => entry.Bridged != Unknown);
    }

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => _entries.Length * (EntrySize + 32L);

    /// <summary>Whether it is known of every call.</summary>
    public bool IsComplete { get; }

    /// <summary>What is kept of a day: of each such call its document, profile, how long it was bridged (or what came of it else), lasted and was billable.</summary>
    public static byte[] Of(SqliteDatabase database)
    {
        const int traits = (int)Traits;
        var calls = new List<BridgedCall>();
        using (SqliteStatement list = database.Prepare(
            $"SELECT c.document, c.profile, c.duration_us, c.billsec_us, c.tenant, d.json FROM calls c JOIN call_documents d ON d.document = c.document "
            + $"WHERE c.profile IN (SELECT p.profile FROM call_profiles p WHERE (p.traits & {traits}) = {traits}) ORDER BY c.document"))
        {
            while (list.Step())
            {
                CallRecordJson.TryRead(list.Blob(5), out CallRecord? record);
                calls.Add(new BridgedCall(list.Long(0), list.Long(1), list.Long(2), list.Long(3), list.IsNull(4) ? null : list.Text(4), record));
            }
        }

        return OfCalls(calls, (byte[] id, out string? tenant, out CallRecord? record) =>
        {
            (tenant, record) = (null, null);
            using SqliteStatement find = database.Prepare("SELECT c.tenant, d.json FROM calls c JOIN call_documents d ON d.document = c.document WHERE c.id = ?1");
            if (!find.BindBlob(id.AsSpan()).Step()) return false;
            tenant = find.IsNull(0) ? null : find.Text(0);
            CallRecordJson.TryRead(find.Blob(1), out record);
            return true;
        });
    }

    /// <summary>The same of calls that were read already.</summary>
    /// <param name="calls">The calls that have <see cref="Traits"/>, in order of their documents.</param>
    /// <param name="find">Finds another call of the day.</param>
    public static byte[] OfCalls(IReadOnlyList<BridgedCall> calls, FindCall find)
    {
        var bytes = new MemoryStream();
        Span<byte> word = stackalloc byte[sizeof(long)];
        foreach ((long document, long profile, long lasted, long billed, string? tenant, CallRecord? record) in calls)
        {
            foreach (long value in (ReadOnlySpan<long>)[document, profile, record is null ? Unknown : CameOf(find, record, tenant), lasted, billed])
            {
                BinaryPrimitives.WriteInt64LittleEndian(word, value);
                bytes.Write(word);
            }
        }

        return bytes.ToArray();
    }

    /// <summary>Reads what <see cref="Of"/> gives; null for anything else.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="index">Numbers profiles for all days.</param>
    /// <param name="numbers">Its numbers of the profiles of this day.</param>
    public static DayBridges? Read(ReadOnlySpan<byte> bytes, ProfileIndex index, IReadOnlyDictionary<long, int> numbers)
    {
        if (bytes.Length % EntrySize != 0) return null;
        var entries = new Entry[bytes.Length / EntrySize];
        Span<long> values = stackalloc long[Numbers];
        for (int i = 0; i < entries.Length; i++)
        {
            for (int at = 0; at < Numbers; at++) values[at] = BinaryPrimitives.ReadInt64LittleEndian(bytes[((i * EntrySize) + (at * sizeof(long)))..]);
            if (!numbers.TryGetValue(values[1], out int profile) || values[2] < Taken) return null;
            entries[i] = new Entry(values[0], profile, values[2], values[3], values[4]);
        }

        return new DayBridges(index, entries);
    }

    /// <summary>Whether a call is what bounds ask for; null where that is not known.</summary>
    public bool? Meets(long document, BridgeBounds bounds) =>
        !_places.TryGetValue(document, out int place) || _entries[place].Bridged == Unknown ? null : IsWithin(_entries[place], bounds);

    /// <summary>How many calls of the profiles asked for are, that lasted and were billable within the bounds of a query.</summary>
    public long CallsOf(AskedProfiles asked, BridgeBounds bounds, Calls.Ports.CallQuery query)
    {
        long calls = 0;
        foreach (Entry entry in _entries)
        {
            if (!IsWithin(entry, bounds) || !asked.Has(_index, entry.Profile)) continue;
            if (entry.Lasted < Of(query.DurationMin) || entry.Lasted > Of(query.DurationMax) || entry.Billed < Of(query.BillsecMin) || entry.Billed > Of(query.BillsecMax)) continue;
            calls++;
        }

        return calls;

        static long? Of(TimeSpan? span) => span is { } length ? CallRow.Microseconds(length) : null;
    }

    private bool IsWithin(Entry entry, BridgeBounds bounds)
    {
        if (bounds.Missed is { } missed) return _index.ProfileOf(entry.Profile).Direction is not (CallDirection.Inbound or CallDirection.Transit) || missed == (entry.Bridged == Missed);
        long bridged = entry.Bridged;
        return bridged >= 0 && !(bounds.Least is { } least && bridged < CallRow.Microseconds(least)) && !(bounds.Most is { } most && bridged > CallRow.Microseconds(most));
    }

    private static long CameOf(FindCall find, CallRecord record, string? tenant)
    {
        bool isKnown = true;
        long? length = Bridge.Of(record, Find) is { Length: { } bridged } ? CallRow.Microseconds(bridged) : null;
        bool isMissed = length is null && MissedCall.Is(record, Find);
        return !isKnown ? Unknown : length ?? (isMissed ? Missed : Taken);

        CallRecord? Find(string other)
        {
            byte[] id = new byte[CallRow.IdBytes];
            if (!CallRow.TryReadId(other, out _, id)) return null;
            if (!other.AsSpan(0, 8).SequenceEqual(record.Id.AsSpan(0, 8)))
            {
                isKnown = false;
                return null;
            }

            if (!find(id, out string? its, out CallRecord? found)) return null;
            isKnown &= found is not null && its == tenant;
            return found;
        }
    }

    private readonly record struct Entry(long Document, int Profile, long Bridged, long Lasted, long Billed);
}

/// <summary>A call that a machine answered and passed on.</summary>
/// <param name="Document">Its document.</param>
/// <param name="Profile">Number of its profile.</param>
/// <param name="Lasted">How long it lasted, microseconds.</param>
/// <param name="Billed">How long it was billable, microseconds.</param>
/// <param name="Tenant">Its tenant; null for none.</param>
/// <param name="Record">Its record; null where it cannot be read.</param>
internal sealed record BridgedCall(long Document, long Profile, long Lasted, long Billed, string? Tenant, CallRecord? Record);

/// <summary>Finds a call of the day by the bytes of its id; false where there is none.</summary>
internal delegate bool FindCall(byte[] id, out string? tenant, out CallRecord? record);
