using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>The audit, as far as its reader may see it.</summary>
internal sealed class AuditEndpoints(AuditReader audit, ApiOptions options, ApiCounters counters)
{
    // Each looks through files: one at a time leaves the disk to the rest.
    private readonly Seats _seats = new(1, options.Limits.LongestWait, counters);

    /// <summary><c>GET audit</c>.</summary>
    public async Task ListAsync(HttpContext context)
    {
        if (await ListRequest.ReadAsync(context, new AuditQuery { Limit = options.PageSize }, AuditParameters.All, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant }) is not { } query) return;
        if (!await Negotiation.TakesAsync(context, CallEndpoints.JsonType)) return;

        AuditPage? page = null;
        await _seats.RunAsync(context, () =>
        {
            page = audit.List(query);
            return Task.CompletedTask;
        });
        if (page is null) return;
        if (page.CursorRejected) await ListAnswer.CursorRejectedAsync(context);
        else await ListAnswer.WriteAsync(context, "entries", page.Entries, AuditRowJson.Write, page.NextCursor);
    }
}
