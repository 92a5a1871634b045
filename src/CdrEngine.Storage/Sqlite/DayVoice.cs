using CdrEngine.Calls.Ports;

namespace CdrEngine.Storage.Sqlite;

/// <summary>The calls of a day that is over which a voice mailbox answered, in order of time: lists of voice messages are counted and cut without looking at a call, whatever their tenant and
/// whatever is written about them. Stored with the day's seal, and gone with it. Immutable.</summary>
internal sealed class DayVoice
{
    /// <summary>What it is called in the seal.</summary>
    public const string Name = "voice";

    private const int BytesOfOne = (2 * sizeof(long)) + sizeof(int) + CallRow.IdBytes;

    private static readonly string NothingElse = CallCursor.TextOf(new CallQuery());

    private readonly string[] _tenants;
    private readonly long[] _startedAt;
    private readonly long[] _documents;
    private readonly int[] _tenantOf;
    private readonly byte[] _ids;
    private long[] _counts = [];

    private DayVoice(string[] tenants, int count)
    {
        _tenants = tenants;
        _startedAt = new long[count];
        _documents = new long[count];
        _tenantOf = new int[count];
        _ids = new byte[count * CallRow.IdBytes];
    }

    /// <summary>Memory it takes, bytes.</summary>
    public long Size => ((long)BytesOfOne * _startedAt.Length) + _tenants.Sum(static tenant => 32L + (2 * tenant.Length));

    /// <summary>Whether voice messages, their times, tenant and ids are all that a query asks for, in order of time.</summary>
    public static bool IsAllOf(CallQuery query) =>
        query is { IsVoicemail: true, Sort: CallSort.StartedAt, Start: null }
        && CallCursor.TextOf(query with { IsVoicemail = false, From = null, To = null, Tenant = null, Ids = [], Except = [], Ascending = false }) == NothingElse;

    /// <summary>Those of a day, as they are stored.</summary>
    public static byte[] ToBytes(SqliteDatabase database)
    {
        var calls = new List<(long StartedAt, byte[] Id, long Document, string? Tenant)>();
        using (SqliteStatement list = database.Prepare(
            "SELECT n.started_at, n.id, c.document, c.tenant FROM call_numbers n CROSS JOIN calls c ON c.started_at = n.started_at AND c.id = n.id WHERE n.number = ?1 AND (n.roles & ?2) <> 0 "
            + "ORDER BY n.started_at, n.id"))
        {
            list.Bind(CallRow.VoicemailKey).Bind((long)CallRow.CalleeRole);
            while (list.Step()) calls.Add((list.Long(0), list.Blob(1).ToArray(), list.Long(2), list.IsNull(3) ? null : list.Text(3)));
        }

        return OfCalls(calls);
    }

    /// <summary>The same of calls that were read already.</summary>
    /// <param name="calls">In order of time and id.</param>
    public static byte[] OfCalls(IReadOnlyList<(long StartedAt, byte[] Id, long Document, string? Tenant)> calls)
    {
        var tenants = new List<string>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        using var rows = new MemoryStream();
        using var writer = new BinaryWriter(rows);
        foreach ((long startedAt, byte[] id, long document, string? its) in calls)
        {
            int tenant = 0;
            if (its is not null && !numbers.TryGetValue(its, out tenant))
            {
                tenants.Add(its);
                numbers.Add(its, tenant = tenants.Count);
            }

            writer.Write(startedAt);
            writer.Write(document);
            writer.Write(tenant);
            writer.Write(id);
        }

        writer.Flush();
        using var bytes = new MemoryStream();
        using var head = new BinaryWriter(bytes);
        head.Write(calls.Count);
        head.Write(tenants.Count);
        foreach (string tenant in tenants) head.Write(tenant);
        head.Write(rows.GetBuffer(), 0, (int)rows.Length);
        head.Flush();
        return bytes.ToArray();
    }

    /// <summary>Reads what <see cref="ToBytes"/> gives; null for anything else.</summary>
    public static DayVoice? Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        try
        {
            int count = reader.ReadInt32(), tenants = reader.ReadInt32();
            if (count < 0 || tenants < 0 || (long)count * BytesOfOne > bytes.Length || tenants > bytes.Length) return null;
            string[] names = new string[tenants];
            for (int i = 0; i < tenants; i++) names[i] = reader.ReadString();
            var voice = new DayVoice(names, count);
            for (int i = 0; i < count; i++)
            {
                voice._startedAt[i] = reader.ReadInt64();
                voice._documents[i] = reader.ReadInt64();
                voice._tenantOf[i] = reader.ReadInt32();
                if (voice._tenantOf[i] < 0 || voice._tenantOf[i] > tenants) return null;
                reader.ReadExactly(voice._ids.AsSpan(i * CallRow.IdBytes, CallRow.IdBytes));
            }

            voice._counts = new long[tenants + 1];
            foreach (int tenant in voice._tenantOf) voice._counts[tenant]++;
            return reader.BaseStream.Position == bytes.Length ? voice : null;
        }
        catch (Exception e) when (e is EndOfStreamException or IOException or FormatException)
        {
            return null;
        }
    }

    /// <summary>How many of them a query asks for.</summary>
    public long Count(CallQuery query, DateOnly day)
    {
        if (query.From is not null || query.To is not null || (query.Ids.Count > 0 && query.Except.Count > 0)) return In(query, day).LongCount();
        int tenant = query.Tenant is { } name ? Array.IndexOf(_tenants, name) + 1 : -1;
        if (tenant == 0) return 0;
        long all = tenant < 0 ? _startedAt.Length : _counts[tenant];
        IReadOnlyList<string> ids = query.Ids.Count > 0 ? query.Ids : query.Except;
        if (ids.Count == 0) return all;

        // Lists of ids stand for what is written about voice messages, and are asked for again and again.
        long among = DayIds.Of(ids).CountOf((this, tenant), () => In(query with { Ids = ids, Except = [] }, day).LongCount());
        return query.Ids.Count > 0 ? among : all - among;
    }

    /// <summary>Those that a query asks for, in its order, as a frame cuts them.</summary>
    public List<FoundCall> Rows(CallQuery query, SelectFrame frame)
    {
        var found = new List<FoundCall>();
        long skip = frame.Offset;
        foreach (int i in In(query, frame.Day))
        {
            if (frame.After is { } after && after.Day == frame.Day && !IsBehind(after, i, query.Ascending)) continue;
            if (skip-- > 0) continue;
            if (found.Count >= frame.Limit) break;
            found.Add(new FoundCall(_startedAt[i], frame.Day, IdOf(i).ToArray(), _documents[i], _tenantOf[i] == 0 ? null : _tenants[_tenantOf[i] - 1]));
        }

        return found;
    }

    // Their places, in the order of the query.
    private IEnumerable<int> In(CallQuery query, DateOnly day)
    {
        int tenant = query.Tenant is { } name ? Array.IndexOf(_tenants, name) + 1 : -1;
        if (tenant == 0) yield break;
        IReadOnlySet<DayId>? only = query.Ids.Count == 0 ? null : DayIds.Of(query.Ids).SetOf(day), except = query.Except.Count == 0 ? null : DayIds.Of(query.Except).SetOf(day);
        for (int at = 0; at < _startedAt.Length; at++)
        {
            int i = query.Ascending ? at : _startedAt.Length - 1 - at;
            if (tenant > 0 && _tenantOf[i] != tenant) continue;
            if ((query.From is { } from && _startedAt[i] < from.Microseconds) || (query.To is { } to && _startedAt[i] >= to.Microseconds)) continue;
            if (only is not null && !only.Contains(DayId.Of(IdOf(i)))) continue;
            if (except is not null && except.Contains(DayId.Of(IdOf(i)))) continue;
            yield return i;
        }
    }

    private bool IsBehind(CallCursor after, int i, bool ascending)
    {
        int order = _startedAt[i].CompareTo(after.Key);
        if (order == 0) order = IdOf(i).SequenceCompareTo(after.Id);
        return ascending ? order > 0 : order < 0;
    }

    private ReadOnlySpan<byte> IdOf(int i) => _ids.AsSpan(i * CallRow.IdBytes, CallRow.IdBytes);
}
