using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>Reads stored call records.</summary>
public interface ICallReader
{
    /// <summary>The record with this id; null where there is none.</summary>
    CallRecord? Get(string id);

    /// <summary>One page of the records a query asks for. A cursor that is damaged or belongs to another query gives the first page's
    /// <see cref="CallPage.CursorRejected"/>, never an exception.</summary>
    CallPage List(CallQuery query);

    /// <summary>The tenants of some calls, by the calls' ids: null where a call belongs to none; ids that there is no call of are left out.</summary>
    IReadOnlyDictionary<string, string?> TenantsOf(IReadOnlyCollection<string> ids)
    {
        var found = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (string id in ids)
        {
            if (Get(id) is { } call) found[id] = call.Tenant;
        }

        return found;
    }

    /// <summary>The calls of several sessions at once that began on the day of the session's id or the next, each session's in order of time: what <see cref="CallQuery.SessionId"/> finds on these two days.
    /// Null where the reader does not answer that at once, or there are too many; sessions that are left out are to be asked one by one.</summary>
    /// <param name="sessions">Well-formed ids of sessions.</param>
    IReadOnlyDictionary<string, IReadOnlyList<CallRecord>>? OfSessions(IReadOnlyCollection<string> sessions) => null;
}

/// <summary>One page of records.</summary>
public sealed record CallPage
{
    /// <summary>Records in the order asked for.</summary>
    public required IReadOnlyList<CallRecord> Calls { get; init; }

    /// <summary>Pass it as <see cref="CallQuery.Cursor"/> to get what follows; null on the last page.</summary>
    public string? NextCursor { get; init; }

    /// <summary>What would be <see cref="NextCursor"/> had only the first so many calls of the page been asked for, 1 to all of them; null where the store does not tell.</summary>
    public Func<int, string?>? CursorBehind { get; init; }

    /// <summary>True where the cursor given was not one of ours for this query; the page is then empty.</summary>
    public bool CursorRejected { get; init; }
}
