using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>One request to a dialect, and what answers it.</summary>
/// <param name="http">The request.</param>
/// <param name="dialect">Which dialect.</param>
/// <param name="desk">The parts.</param>
internal sealed class DialectRequest(HttpContext http, Dialect dialect, DialectDesk desk)
{
    /// <summary>The request.</summary>
    public HttpContext Http => http;

    /// <summary>The parts that answers come from.</summary>
    public DialectDesk Desk => desk;

    /// <summary>Reads the query; a fault in it is answered by <see cref="RefusedAsync"/>.</summary>
    public QueryReader Query { get; } = new(http.Request.Query, desk.Options.Limits.ParameterLength);

    /// <summary>The token; null where none is asked for.</summary>
    public AccessToken? Token => AccessGate.Token(http);

    /// <summary>The tenant whose calls may be seen; null for all. An account named in the path narrows it: see <see cref="EnterAsync"/>.</summary>
    public string? Tenant { get; private set; } = AccessGate.Token(http)?.Tenant;

    /// <summary>Tells walks through pages apart: those of one token are one viewer's.</summary>
    public string Viewer => $"{dialect.Name}:{Token?.Id}";

    /// <summary>A parameter of the path; empty where it has none of this name.</summary>
    public string Path(string name) => http.Request.RouteValues[name] as string ?? "";

    /// <summary>A header field; null where it is missing or empty. Given several times it is wrong, and noted as a fault.</summary>
    public string? Header(string name)
    {
        Microsoft.Extensions.Primitives.StringValues values = http.Request.Headers[name];
        if (values.Count > 1) Query.Refuse(name, values[0] ?? "", $"is given {values.Count} times; it may be given once");
        return values.Count == 1 && !string.IsNullOrWhiteSpace(values[0]) ? values[0]!.Trim() : null;
    }

    /// <summary>Enters an account (client, tenant, domain) that the request names. False where it may not, and then the request is answered: 404 where there
    /// is no such account, 403 where it is another tenant's.</summary>
    public async Task<bool> EnterAsync(string account)
    {
        if (desk.Directory.Find(account) is not { } found)
        {
            await ErrorAsync(Token?.Tenant is null ? StatusCodes.Status404NotFound : StatusCodes.Status403Forbidden, "There is no such account, or it is not yours.");
            return false;
        }

        if (Tenant is not null && found.Tenant is not null && Tenant != found.Tenant)
        {
            await ErrorAsync(StatusCodes.Status403Forbidden, "There is no such account, or it is not yours.");
            return false;
        }

        Tenant ??= found.Tenant;
        return true;
    }

    /// <summary>Answers 400 and gives true where a parameter read so far is wrong.</summary>
    public async Task<bool> RefusedAsync()
    {
        if (Query.Fault is not { } fault) return false;
        await ErrorAsync(StatusCodes.Status400BadRequest, fault.Detail, fault.Parameter);
        return true;
    }

    /// <summary>A page of calls that the tenant may see, asked in a place of its own; null where none was free, and then the request is answered.</summary>
    public async Task<CallSlice?> PageAsync(CallPageRequest request)
    {
        CallPageRequest mine = request with { Query = request.Query with { Tenant = Tenant }, Viewer = Viewer };
        CallSlice? slice = null;
        await desk.Lists.RunAsync(http, () =>
        {
            slice = desk.Calls.Page(mine);
            slice = slice with { Calls = Shown(slice.Calls) };
            return Task.CompletedTask;
        });
        return slice;
    }

    /// <summary>The calls of a page as the tenant is shown them: without what they say of other tenants' calls.</summary>
    /// <param name="calls">Calls that it may see.</param>
    public List<ListedCall> Shown(IReadOnlyList<ListedCall> calls) => Tenant is null
        ? [.. calls]
        : [.. calls.Zip(TenantView.OfPage([.. calls.Select(static call => call.Record)], Tenant, desk.Reader), static (call, shown) => call with { Record = shown })];

    /// <summary>Asks for a page by a filter that is judged call by call; null where that would take too many, and then the request is answered with 400.</summary>
    /// <param name="narrowedBy">The parameter that would help.</param>
    /// <param name="ask">Asks.</param>
    public async Task<CallSlice?> WithinAsync(string narrowedBy, Func<Task<CallSlice?>> ask)
    {
        try
        {
            return await ask();
        }
        catch (TooWideException)
        {
            await ErrorAsync(StatusCodes.Status400BadRequest, $"{narrowedBy}: too few of the calls that come into question meet the filter; narrow it.", narrowedBy);
            return null;
        }
    }

    /// <summary>A page of records that the tenant may see, by key, asked in a place of its own; null where none was free, and then the request is answered.</summary>
    public async Task<CallPage?> ListAsync(CallQuery query)
    {
        CallQuery mine = query with { Tenant = Tenant };
        CallPage? page = null;
        await desk.Lists.RunAsync(http, () =>
        {
            page = desk.Reader.List(mine);
            if (Tenant is not null) page = page with { Calls = TenantView.OfPage(page.Calls, Tenant, desk.Reader) };
            return Task.CompletedTask;
        });
        return page;
    }

    /// <summary>What the packets of a call do not show, with what stands in the records of calls linked with it.</summary>
    public CallFacts Facts(CallRecord record) => new LinkedCalls(this, [record]).Facts(record);

    /// <summary>The call that a lookup found, where the tenant may see it; null where not, and then the request is answered: 404 or 403.</summary>
    public async Task<ListedCall?> AllowedAsync(ListedCall? call)
    {
        if (call is null)
        {
            await ErrorAsync(StatusCodes.Status404NotFound, "There is none with this id.");
            return null;
        }

        if (Tenant is null) return call;
        if (Tenant == call.Tenant) return call with { Record = TenantView.Of(call.Record, Tenant, desk.Reader) };
        await ErrorAsync(StatusCodes.Status403Forbidden, "It belongs to another tenant.");
        return null;
    }

    /// <summary>Whether the token has a further scope; false where not, and then the request is answered with 403.</summary>
    public async Task<bool> HasAsync(string scope)
    {
        if (Token is null || Token.Allows(scope)) return true;
        await ErrorAsync(StatusCodes.Status403Forbidden, $"The token does not have the scope {scope}.");
        return false;
    }

    /// <summary>The body as JSON; null where it is none, or not of this shape, and then the request is answered with 400 that names the member.</summary>
    public async Task<T?> BodyAsync<T>()
        where T : class
    {
        string? mediaType = http.Request.ContentType?.Split(';')[0].Trim();
        if (mediaType is not null && !mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) && !mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase))
        {
            await ErrorAsync(StatusCodes.Status400BadRequest, "The body is JSON: send Content-Type: application/json.", "Content-Type");
            return null;
        }

        try
        {
            if (await JsonSerializer.DeserializeAsync<T>(http.Request.Body, dialect.Json, http.RequestAborted) is { } body) return body;
            await ErrorAsync(StatusCodes.Status400BadRequest, "The body is empty; it is to be JSON.", "body");
        }
        catch (JsonException e)
        {
            string member = e.Path is { Length: > 2 } path ? path.TrimStart('$', '.') : "body";
            await ErrorAsync(StatusCodes.Status400BadRequest, member == "body" ? "The body is not the JSON that is asked for." : $"{QueryCheck.Shown(member)} is missing or not of its type.", QueryCheck.Shown(member));
        }

        return null;
    }

    /// <summary>Notes in the audit what is about to be done. False where that cannot be written, and then the request is answered and nothing is to be done.</summary>
    public Task<bool> AccountAsync(string action, string? about, string? tenant = null, string? detail = null) =>
        desk.Audit.AccountAsync(http, action, about, tenant ?? Tenant, detail);

    /// <summary>Answers with JSON.</summary>
    public Task JsonAsync<T>(T body, int status = StatusCodes.Status200OK)
    {
        http.Response.StatusCode = status;
        return Body.WriteAsync(http, "application/json", JsonSerializer.SerializeToUtf8Bytes(body, dialect.Json));
    }

    /// <summary>Answers without a body.</summary>
    public Task EmptyAsync(int status)
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Answers with an error in the dialect's form.</summary>
    public Task ErrorAsync(int status, string detail, string? parameter = null) => Problem.WriteAsync(http, status, detail, parameter);
}
