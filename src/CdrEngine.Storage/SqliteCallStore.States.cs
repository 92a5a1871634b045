using System.Globalization;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Storage.Sqlite;

namespace CdrEngine.Storage;

// What has changed since it was looked at: days, and sessions of several calls in them.
public sealed partial class SqliteCallStore
{
    // The documents are read whole, and not understood: that takes a twentieth of the time.
    private static readonly string s_linkedCalls = string.Create(
        CultureInfo.InvariantCulture,
        $"((c.flags & {(long)CallFlags.Linked}) <> 0 OR c.profile IN (SELECT p.profile FROM call_profiles p WHERE (p.traits & {(long)CallTraits.PassedOn}) <> 0))");

    /// <inheritdoc />
    /// <remarks>Stamps are times of files, which a copy may have as well: the folder's path, its number in the file system and when it was made, which no copy shares. An archive that is moved is another one.</remarks>
    public string? Identity
    {
        get
        {
            try
            {
                string folder = Directory.ResolveLinkTarget(_files.Folder, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(_files.Folder);
                return $"{folder}|{FileTimes.MarkOf(folder)}";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <inheritdoc />
    public IReadOnlyDictionary<DateOnly, string> DayStamps() => Reading(days =>
    {
        var stamps = new Dictionary<DateOnly, string>();
        foreach (DateOnly day in _files.List())
        {
            DayStamp stamp = StampOf(days, day);
            stamps[day] = stamp.IsSettled ? stamp.Text : "";
        }

        return stamps;
    });

    /// <inheritdoc />
    public IReadOnlyDictionary<string, long> SessionStates(DateOnly day) => Reading(days =>
    {
        var states = new SessionStates();
        if (days.Get(day) is not { } database) return states.All;
        var where = new SqlConditions();
        where.And(s_linkedCalls).AndShown(days.HiddenOf(day), "c");
        using SqliteStatement calls = where.Bound(database, $"SELECT c.id, c.session_id, c.tenant, d.json FROM calls c CROSS JOIN call_documents d ON d.document = c.document{where} LIMIT ?", long.MaxValue);
        while (calls.Step())
        {
            string id = CallRow.IdText(day, calls.Blob(0));
            states.Add(calls.IsNull(1) ? id : calls.Text(1), id, calls.IsNull(2) ? null : calls.Text(2), Hash64.Of(calls.Blob(3)));
        }

        return states.All;
    });
}
