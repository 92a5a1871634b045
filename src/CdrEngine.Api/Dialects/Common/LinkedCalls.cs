using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>The calls that a machine made of those of a page, as far as the client may see them: what only their records tell of a call. Those of a page are asked for at once.</summary>
internal sealed class LinkedCalls
{
    private readonly DialectRequest _request;
    private readonly Dictionary<string, ListedCall?> _known = new(StringComparer.Ordinal);

    /// <summary>Asks for those of a page.</summary>
    /// <param name="request">The request.</param>
    /// <param name="page">The calls of the page.</param>
    public LinkedCalls(DialectRequest request, IEnumerable<CallRecord> page)
    {
        _request = request;
        HashSet<string> behind = [.. page.Where(static call => Answerer.IsPerson(call) == false).SelectMany(MissedCall.Behind)];
        if (behind.Count == 0) return;
        IReadOnlyDictionary<string, ListedCall> found = request.Desk.Calls.FindAll(behind);
        foreach (string id in behind) _known[id] = found.GetValueOrDefault(id);
    }

    /// <summary>What the packets of a call do not show, with what stands in the records of calls linked with it.</summary>
    public CallFacts Facts(CallRecord record) => CallFacts.Of(record, Find);

    // Another tenant's is none.
    private CallRecord? Find(string id)
    {
        if (!_known.TryGetValue(id, out ListedCall? other)) _known[id] = other = _request.Desk.Calls.Find(id);
        return other is not null && (_request.Tenant is null || other.Tenant == _request.Tenant) ? other.Record : null;
    }
}
