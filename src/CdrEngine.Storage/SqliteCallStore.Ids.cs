using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// Calls by their ids, several at once: those of one day with one look at its file, several days side by side.
public sealed partial class SqliteCallStore
{
    internal const string ById = "SELECT document, tenant FROM calls WHERE id = ?1";

    /// <inheritdoc />
    public IReadOnlyDictionary<string, ListedCall> FindAll(IReadOnlyCollection<string> ids) =>
        Reading(days => Listed(days, Named(days, ids)).ToDictionary(static call => call.Record.Id, StringComparer.Ordinal));

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string?> TenantsOf(IReadOnlyCollection<string> ids) =>
        Reading(days => Named(days, ids).ToDictionary(static call => CallRow.IdText(call.Day, call.Id), static call => call.Tenant, StringComparer.Ordinal));

    /// <inheritdoc />
    public IReadOnlyDictionary<string, ListedNumber> NumbersOf(IReadOnlyCollection<string> ids) => Reading(days =>
    {
        var numbers = new Dictionary<string, ListedNumber>(StringComparer.Ordinal);
        foreach (IGrouping<DateOnly, FoundCall> day in Named(days, ids).GroupBy(static call => call.Day))
        {
            SqliteDatabase? twins = MayHaveTwins(days, day.Key) ? days.Get(day.Key) : null;
            foreach (FoundCall call in day)
            {
                string id = CallRow.IdText(call.Day, call.Id);
                numbers.Add(id, new ListedNumber(twins is null ? CallNumber.Of(id) : NumberOf(twins, id, call.Id), call.Tenant));
            }
        }

        return numbers;
    });

    private List<FoundCall> Named(OpenDays days, IReadOnlyCollection<string> ids)
    {
        var named = new List<(DateOnly Day, byte[] Id)>(ids.Count);
        byte[] bytes = new byte[CallRow.IdBytes];
        foreach (string id in ids.Distinct(StringComparer.Ordinal))
        {
            if (CallRow.TryReadId(id, out DateOnly day, bytes)) named.Add((day, [.. bytes]));
        }

        var each = new FoundCall?[named.Count];
        ILookup<DateOnly, int> places = Enumerable.Range(0, named.Count).ToLookup(place => named[place].Day);
        _helpers.InDays(days, [.. places.Select(static day => day.Key)], (day, database) =>
        {
            foreach (int place in places[day])
            {
                byte[] id = named[place].Id;
                if (IsHidden(database, day, id)) continue;
                using SqliteStatement find = database.Prepare(ById).BindBlob(id.AsSpan());
                if (find.Step()) each[place] = new FoundCall(0, day, id, find.Long(0), find.IsNull(1) ? null : find.Text(1));
            }
        });
        return [.. each.OfType<FoundCall>()];
    }
}
