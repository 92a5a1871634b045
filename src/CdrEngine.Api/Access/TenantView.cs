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
}
