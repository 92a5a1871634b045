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

    private readonly Dictionary<DateOnly, List<string>> _days = [];

    private DayIds(IReadOnlyList<string> ids)
    {
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

    /// <summary>A text that another list has not.</summary>
    public static string TextOf(IReadOnlyList<string> ids)
    {
        if (ids.Count <= Told) return string.Join(',', ids.Select(static id => id.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal)));
        var sum = new Sha256();
        foreach (string id in ids) sum.Append(Encoding.UTF8.GetBytes(id + "\n"));
        return $"#{ids.Count}:{sum.FinishHex()}";
    }
}
