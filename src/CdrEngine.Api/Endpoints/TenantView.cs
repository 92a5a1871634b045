using CdrEngine.Api.Access;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>What the tenant of a request's token may see.</summary>
internal static class TenantView
{
    /// <summary>The tenant; null for all.</summary>
    public static string? Of(HttpContext context) => AccessGate.Token(context)?.Tenant;

    /// <summary>The record with this id, where the tenant may see it; another tenant's is as one that there is not.</summary>
    public static CallRecord? Find(HttpContext context, ICallReader calls, string id)
    {
        if (Of(context) is not { } tenant) return calls.Get(id);
        IReadOnlyList<CallRecord> found = calls.List(new CallQuery { Ids = [id], Tenant = tenant, Limit = 1 }).Calls;
        return found.Count > 0 && found[0].Id == id ? found[0] : null;
    }
}
