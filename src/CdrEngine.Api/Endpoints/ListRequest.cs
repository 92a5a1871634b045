using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>What a request asks of a list: its parameters, narrowed to what its token may see.</summary>
internal static class ListRequest
{
    /// <summary>The query; null where a parameter is wrong or it asks for another tenant's, and then the request is answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="query">The query without parameters.</param>
    /// <param name="parameters">Parameters that there are.</param>
    /// <param name="tenant">The tenant that a query names; null for all.</param>
    /// <param name="of">A query for one tenant.</param>
    public static async Task<TQuery?> ReadAsync<TQuery>(
        HttpContext context, TQuery query, IReadOnlyList<ListParameter<TQuery>> parameters, Func<TQuery, string?> tenant, Func<TQuery, string?, TQuery> of)
        where TQuery : class
    {
        ParameterFault? fault = ListParameter<TQuery>.ReadAll(parameters, context.Request.Query, ref query);
        return await NarrowAsync(context, fault, query, tenant, of);
    }

    /// <summary>The same of a list of calls.</summary>
    /// <param name="context">The request.</param>
    /// <param name="pageSize">Calls of a page where it does not say.</param>
    public static async Task<CallQuery?> ReadCallsAsync(HttpContext context, int pageSize)
    {
        ParameterFault? fault = CallParameters.Read(context.Request.Query, pageSize, out CallQuery query);
        return await NarrowAsync(context, fault, query, static query => query.Tenant, static (query, tenant) => query with { Tenant = tenant });
    }

    private static async Task<TQuery?> NarrowAsync<TQuery>(HttpContext context, ParameterFault? fault, TQuery query, Func<TQuery, string?> tenant, Func<TQuery, string?, TQuery> of)
        where TQuery : class
    {
        if (fault is not null)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Detail, fault.Parameter);
            return null;
        }

        query = of(query, TenantScope.Of(context, tenant(query), out bool isOther));
        if (!isOther) return query;
        await AccessGate.OtherTenantAsync(context);
        return null;
    }
}
