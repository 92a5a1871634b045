using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>Deletes calls softly: from then on no list and no lookup shows them, nor their packets, recordings and media sessions. The bytes
/// stay until retention purges them.</summary>
public interface ICallEraser
{
    /// <summary>Hides these calls; gives how many were shown before. Texts that are no id, and calls that there are not, count for nothing.</summary>
    /// <param name="ids">Ids of records.</param>
    /// <param name="by">Who asked, for the retention job's log.</param>
    /// <param name="at">When.</param>
    int Hide(IReadOnlyCollection<string> ids, string by, Timestamp at);

    /// <summary>Hides every call that is stored by now and that a tenant may see; null for all calls. Calls that are stored later are shown.</summary>
    void HideAll(string? tenant, string by, Timestamp at);

    /// <summary>Calls that are hidden and whose packets and recordings may go, the longest hidden first.</summary>
    IReadOnlyList<HiddenCall> Hidden(Timestamp before, int limit);
}

/// <summary>A deleted call.</summary>
/// <param name="Id">Id of its record.</param>
/// <param name="HiddenAt">When it was deleted.</param>
public sealed record HiddenCall(string Id, Timestamp HiddenAt);
