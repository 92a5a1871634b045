using CdrEngine.Api.Access;
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
        var query = new AuditQuery { Limit = options.PageSize };
        if (ListParameter<AuditQuery>.ReadAll(AuditParameters.All, context.Request.Query, ref query) is { } fault)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Detail, fault.Parameter);
            return;
        }

        query = query with { Tenant = TenantScope.Of(context, query.Tenant, out bool isOther) };
        if (isOther)
        {
            await AccessGate.OtherTenantAsync(context);
            return;
        }

        if (Negotiation.Choose(context.Request, CallEndpoints.JsonType) is null)
        {
            await Negotiation.RefuseAsync(context, CallEndpoints.JsonType);
            return;
        }

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
