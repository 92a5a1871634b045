using System.Globalization;
using System.Net;
using CdrEngine.Api.Answers;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Access;

/// <summary>Says of an endpoint which scope it asks for. Endpoints without it are open to everybody.</summary>
internal sealed record RequiredScope(string Scope);

/// <summary>Lets requests through to the endpoints that ask for a scope, or answers them itself (RFC 6750).</summary>
internal sealed class AccessGate(ApiOptions options, TokenStore? tokens, ApiCounters counters)
{
    private const string Scheme = "Bearer ";
    private static readonly object TokenKey = new();

    private readonly FailureBackOff _backOff = new(options.Limits, options.Time);
    private string? _toldFault;

    /// <summary>Id of the token a request came with; null where none was asked for.</summary>
    public static string? TokenId(HttpContext context) => (context.Items[TokenKey] as AccessToken)?.Id;

    /// <summary>The one tenant whose calls the request may see; null where it may see all.</summary>
    public static string? TenantOf(HttpContext context) => (context.Items[TokenKey] as AccessToken)?.Tenant;

    /// <summary>Whether the request may see a record.</summary>
    public static bool MaySee(HttpContext context, CallRecord call) => TenantOf(context) is not { } tenant || call.Tenant == tenant;

    /// <summary>Answers that a record is another tenant's.</summary>
    public static Task OtherTenantAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "This belongs to another tenant than the token's.");

    public Task PassAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RequiredScope>() is not { Scope: var scope }) return next(context);
        if (tokens is null) return IsRebound(context) ? Misdirected(context) : next(context);

        IPAddress? remote = context.Connection.RemoteIpAddress;
        if (_backOff.Remaining(remote) is { Ticks: > 0 } wait) return TooMany(context, wait);
        if (Presented(context) is not { } presented) return Unauthorized(context, "");
        AccessToken? found = tokens.Find(presented);
        TellFault(tokens.Fault);
        if (found is not { } token)
        {
            _backOff.Failed(remote);
            return Unauthorized(context, ", error=\"invalid_token\"");
        }

        _backOff.Succeeded(remote);
        if (!token.Allows(scope)) return Forbidden(context, scope);

        // Counters are of all tenants together.
        if (token.Tenant is not null && scope == ApiScopes.StatsRead) return Forbidden(context, scope);
        context.Items[TokenKey] = token;
        return next(context);
    }

    // Null where there is no Authorization header of our scheme; what then follows the scheme is judged by the store.
    private static string? Presented(HttpContext context) =>
        context.Request.Headers.Authorization is { Count: 1 } header && header[0] is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? value[Scheme.Length..].Trim()
            : null;

    // Once for each fault, not for each request that meets it.
    private void TellFault(string? fault)
    {
        if (Interlocked.Exchange(ref _toldFault, fault) == fault || fault is null) return;
        counters.Count(ApiCounter.TokenFileUnreadable);
        options.OnFault?.Invoke($"tokens: {fault}");
    }

    private bool IsRebound(HttpContext context) =>
        IPAddress.IsLoopback(options.Listen.Address)
        && !context.Request.Host.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        && !IPAddress.TryParse(context.Request.Host.Host.AsSpan().Trim("[]"), out _);

    private static Task Misdirected(HttpContext context) => Problem.WriteAsync(
        context,
        StatusCodes.Status421MisdirectedRequest,
        "Tokens are switched off and this address is for this machine only: name it by its address or as localhost.");

    private Task TooMany(HttpContext context, TimeSpan wait)
    {
        counters.Count(ApiCounter.BackedOff);
        context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return Problem.WriteAsync(context, StatusCodes.Status429TooManyRequests, "This address gave wrong tokens too often; wait as Retry-After says.");
    }

    private Task Unauthorized(HttpContext context, string error)
    {
        counters.Count(ApiCounter.Unauthorized);
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"cdrengine\"{error}";
        return Problem.WriteAsync(
            context,
            StatusCodes.Status401Unauthorized,
            error.Length == 0
                ? "A token is needed: send the header 'Authorization: Bearer cdr_…'."
                : "The token is not known here, has expired or was withdrawn.");
    }

    private Task Forbidden(HttpContext context, string scope)
    {
        counters.Count(ApiCounter.Forbidden);
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"cdrengine\", error=\"insufficient_scope\", scope=\"{scope}\"";
        return Problem.WriteAsync(context, StatusCodes.Status403Forbidden, $"The token does not have the scope {scope}.");
    }
}
