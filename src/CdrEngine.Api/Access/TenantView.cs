using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Access;

/// <summary>A record as the viewer of one tenant is shown it. A conversation between two tenants links their calls, and a link names the other's call by its
/// Call-ID, which often tells a host of the other's.</summary>
internal static class TenantView
{
    /// <summary>The record without what it says of other tenants' calls; itself for a viewer who may see all.</summary>
    /// <param name="call">A record that the viewer may see.</param>
    /// <param name="tenant">The viewer's tenant; null for one who may see all.</param>
    /// <param name="calls">Tells whose the calls are that it names.</param>
    public static CallRecord Of(CallRecord call, string? tenant, ICallReader calls) => tenant is null ? call : OfPage([call], tenant, calls)[0];

    /// <summary>The same of all records of a page that was asked for with the viewer's tenant: those of the page are its own, and all others that they name are asked for at once.</summary>
    /// <param name="page">The records.</param>
    /// <param name="tenant">The viewer's tenant.</param>
    /// <param name="calls">Tells whose the calls are that they name.</param>
    public static IReadOnlyList<CallRecord> OfPage(IReadOnlyList<CallRecord> page, string tenant, ICallReader calls)
    {
        var own = page.Select(static call => call.Id).ToHashSet(StringComparer.Ordinal);
        string[] others = [.. page.SelectMany(Named).Where(id => !own.Contains(id)).Distinct(StringComparer.Ordinal)];
        if (others.Length > 0) own.UnionWith(calls.TenantsOf(others).Where(other => other.Value == tenant).Select(static other => other.Key));
        return [.. page.Select(call => Without(call, own))];
    }

    private static CallRecord Without(CallRecord call, HashSet<string> own)
    {
        CallLink[] links = [.. call.Links.Where(link => own.Contains(link.CallId))];
        bool keeps = call.Transfer?.CallId is not { } transfer || own.Contains(transfer);
        return keeps && links.Length == call.Links.Count ? call : call with { Links = links, Transfer = keeps ? call.Transfer : call.Transfer! with { CallId = null } };
    }

    private static IEnumerable<string> Named(CallRecord call)
    {
        IEnumerable<string> links = call.Links.Select(static link => link.CallId);
        return call.Transfer?.CallId is { } transfer ? links.Append(transfer) : links;
    }
}
