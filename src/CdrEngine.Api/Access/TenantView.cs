using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Access;

/// <summary>A record as the viewer of one tenant is shown it. A conversation between two tenants links their calls, and a link names the other's call by its
/// Call-ID, which often tells a host of the other's.</summary>
internal static class TenantView
{
    /// <summary>The record without what it says of other tenants' calls; itself for a viewer who may see all.</summary>
    /// <param name="call">A record that the viewer may see.</param>
    /// <param name="tenant">The viewer's tenant; null for one who may see all.</param>
    /// <param name="ownerOf">Tenant of the record with an id; null where there is none, or it is nobody's.</param>
    public static CallRecord Of(CallRecord call, string? tenant, Func<string, string?> ownerOf)
    {
        if (tenant is null || (call.Links.Count == 0 && call.Transfer?.CallId is null)) return call;
        CallLink[] links = [.. call.Links.Where(link => IsMine(link.CallId))];
        string? transfer = call.Transfer?.CallId;
        bool keeps = transfer is null || IsMine(transfer);
        return keeps && links.Length == call.Links.Count ? call : call with { Links = links, Transfer = keeps ? call.Transfer : call.Transfer! with { CallId = null } };

        bool IsMine(string id) => ownerOf(id) == tenant;
    }

    /// <summary>The same of all records of a page that was asked for with the viewer's tenant: those of the page are its own, and all others that they name are asked for at once.</summary>
    /// <param name="page">The records.</param>
    /// <param name="tenant">The viewer's tenant.</param>
    /// <param name="ownersOf">Looks up some ids, each once; gives what tells the tenant of each.</param>
    public static IReadOnlyList<CallRecord> OfPage(IReadOnlyList<CallRecord> page, string tenant, Func<IReadOnlyCollection<string>, Func<string, string?>> ownersOf)
    {
        var own = page.Select(static call => call.Id).ToHashSet(StringComparer.Ordinal);
        string[] others = [.. page.SelectMany(Named).Where(id => !own.Contains(id)).Distinct(StringComparer.Ordinal)];
        Func<string, string?> ownerOf = others.Length == 0 ? static _ => null : ownersOf(others);
        return [.. page.Select(call => Of(call, tenant, id => own.Contains(id) ? tenant : ownerOf(id)))];
    }

    private static IEnumerable<string> Named(CallRecord call)
    {
        IEnumerable<string> links = call.Links.Select(static link => link.CallId);
        return call.Transfer?.CallId is { } transfer ? links.Append(transfer) : links;
    }
}
