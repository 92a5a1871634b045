using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using CdrEngine.Core;

namespace CdrEngine.Storage.Sqlite;

/// <summary>Ids of records by their days: taken apart once for a list of ids, however many days it is asked of. Any thread.</summary>
internal sealed class DayIds
{
    // As many are told one by one in the text of a query; more of them by their sum.
    private const int Told = 100;

    private static readonly ConditionalWeakTable<IReadOnlyList<string>, DayIds> s_known = [];

    private static readonly IReadOnlySet<DayId> s_none = new HashSet<DayId>();

    private readonly Dictionary<DateOnly, List<string>> _days = [];
    private readonly ConcurrentDictionary<DateOnly, IReadOnlySet<DayId>> _sets = new();
    private readonly ConcurrentDictionary<(object Of, int Part), long> _counts = new();
    private readonly Lazy<string> _text;

    private DayIds(IReadOnlyList<string> ids)
    {
        _text = new Lazy<string>(() => Summed(ids));
        Span<byte> id = stackalloc byte[CallRow.IdBytes];
        foreach (string text in ids)
        {
            if (!CallRow.TryReadId(text, out DateOnly day, id)) continue;
            if (!_days.TryGetValue(day, out List<string>? list)) _days.Add(day, list = []);
            list.Add(text);
        }
    }

    /// <summary>Those of a list that is not changed any more.</summary>
    public static DayIds Of(IReadOnlyList<string> ids) => s_known.GetValue(ids, static list => new DayIds(list));

    /// <summary>Whether there are any of a day.</summary>
    public bool Has(DateOnly day) => _days.ContainsKey(day);

    /// <summary>Those of a day, as JSON.</summary>
    public string Json(DateOnly day) => _days.TryGetValue(day, out List<string>? ids) ? $"[\"{string.Join("\",\"", ids)}\"]" : "[]";

    /// <summary>Those of a day.</summary>
    public IReadOnlyList<string> On(DateOnly day) => _days.TryGetValue(day, out List<string>? ids) ? ids : [];

    /// <summary>The same as a set.</summary>
    public IReadOnlySet<DayId> SetOf(DateOnly day) => _days.TryGetValue(day, out List<string>? ids)
        ? _sets.GetOrAdd(day, static (_, its) => its.Select(static id => DayId.Of(Convert.FromHexString(id.AsSpan(DayId.Place)))).ToHashSet(), ids)
        : s_none;

    /// <summary>How many of something that never changes are among them; remembered as long as the list is.</summary>
    public long CountOf((object Of, int Part) what, Func<long> count) => _counts.GetOrAdd(what, static (_, its) => its(), count);

    /// <summary>A text that another list has not.</summary>
    public static string TextOf(IReadOnlyList<string> ids)
    {
        if (ids.Count > Told) return Of(ids)._text.Value;
        return string.Join(',', ids.Select(static id => id.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)));
    }

    private static string Summed(IReadOnlyList<string> ids)
    {
        var sum = new Sha256();
        foreach (string id in ids) sum.Append(Encoding.UTF8.GetBytes(id + "\n"));
        return $"#{ids.Count}:{sum.FinishHex()}";
    }
}

/// <summary>What stands behind the day in the id of a record.</summary>
/// <param name="High">Its first eight bytes.</param>
/// <param name="Low">Its last four.</param>
internal readonly record struct DayId(ulong High, uint Low)
{
    /// <summary>Where it begins in the text of an id.</summary>
    public const int Place = 9;

    /// <summary>That of these twelve bytes.</summary>
    public static DayId Of(ReadOnlySpan<byte> id) => new(BinaryPrimitives.ReadUInt64BigEndian(id), BinaryPrimitives.ReadUInt32BigEndian(id[sizeof(ulong)..]));
}
