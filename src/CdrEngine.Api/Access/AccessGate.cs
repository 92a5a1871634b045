using System.Globalization;
using System.Net;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Calls.Records;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Access;

/// <summary>Says of an endpoint which scope it asks for. Endpoints without it are open to everybody.</summary>
internal sealed record RequiredScope(string Scope);

/// <summary>How a request shows who it comes from, where that is no bearer token. Metadata of an endpoint.</summary>
internal interface ICredentialForm
{
    /// <summary>What the WWW-Authenticate header asks for, without an error.</summary>
    string Challenge { get; }

    /// <summary>The credential a request came with; null where it has none.</summary>
    string? Presented(HttpContext context);

    /// <summary>The token behind a credential; null where it is not in force.</summary>
    AccessToken? Find(HttpContext context, string presented, TokenStore tokens);
}

/// <summary>Lets requests through to the endpoints that ask for a scope, or answers them itself (RFC 6750).</summary>
internal sealed class AccessGate(ApiOptions options, TokenStore? tokens, ApiCounters counters, RequestAudit audit)
{
    private const string Scheme = "Bearer ";
    private static readonly object TokenKey = new();

    private readonly FailureBackOff _backOff = new(options.Limits, options.Time);
    private readonly TokenBackOff _tokenBackOff = new(options.Limits, options.Time);
    private string? _toldFault;

    /// <summary>The token of somebody who signed in at the page; null where nobody can.</summary>
    public Func<HttpContext, AccessToken?>? SignedIn { get; init; }

    /// <summary>The token a request came with; null where none was asked for.</summary>
    public static AccessToken? Token(HttpContext context) => context.Items[TokenKey] as AccessToken;

    /// <summary>Notes whose request it is.</summary>
    public static void Seat(HttpContext context, AccessToken token) => context.Items[TokenKey] = token;

    /// <summary>Counts and notes a wrong credential that an endpoint itself was given.</summary>
    /// <param name="context">The request.</param>
    /// <param name="presented">What was given; the id of a token in it tells which one is tried.</param>
    public void Failed(HttpContext context, string presented)
    {
        string? id = TokenStore.IdIn(presented);
        _backOff.Failed(context.Connection.RemoteIpAddress);
        _tokenBackOff.Failed(id);
        counters.Count(ApiCounter.Unauthorized);
        AccessToken? aimedAt = id is null ? null : tokens?.Known(id);
        audit.Refused(context, "sign_in", aimedAt is null ? null : $"token:{aimedAt.Id}", aimedAt?.Tenant, aimedAt is null ? "not known here" : aimedAt.IsInForce(options.Time.GetUtcNow()) ? "wrong secret" : "expired or withdrawn");
    }

    /// <summary>Counts a right one.</summary>
    public void Succeeded(HttpContext context, string tokenId)
    {
        _backOff.Succeeded(context.Connection.RemoteIpAddress);
        _tokenBackOff.Succeeded(tokenId, context.Connection.RemoteIpAddress);
    }

    /// <summary>Answers 429 and gives true where an address must wait before it may show another credential, or where a token is being guessed at.</summary>
    /// <param name="context">The request.</param>
    /// <param name="presented">What it came with.</param>
    public async Task<bool> MustWaitAsync(HttpContext context, string presented)
    {
        if (Wait(context, presented) is not { Ticks: > 0 } wait) return false;
        await TooMany(context, wait);
        return true;
    }

    private TimeSpan Wait(HttpContext context, string presented)
    {
        TimeSpan own = _backOff.Remaining(context.Connection.RemoteIpAddress);
        TimeSpan guessed = _tokenBackOff.Remaining(TokenStore.IdIn(presented), context.Connection.RemoteIpAddress);
        return own > guessed ? own : guessed;
    }

    /// <summary>The one tenant whose calls the request may see; null where it may see all.</summary>
    public static string? TenantOf(HttpContext context) => (context.Items[TokenKey] as AccessToken)?.Tenant;

    /// <summary>Whether the request may see a record.</summary>
    public static bool MaySee(HttpContext context, CallRecord call) => MaySee(context, call.Tenant);

    /// <summary>Whether the request may see a tenant's records.</summary>
    /// <param name="context">The request.</param>
    /// <param name="owner">Whose they are; null for nobody's.</param>
    public static bool MaySee(HttpContext context, string? owner) => TenantOf(context) is not { } tenant || owner == tenant;

    /// <summary>Answers that a record is another tenant's.</summary>
    public static Task OtherTenantAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "This belongs to another tenant than the token's.");

    public Task PassAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RequiredScope>() is not { Scope: var scope }) return next(context);
        if (tokens is null) return IsRebound(context) ? Misdirected(context) : next(context);

        if (tokens.LookIsUnread())
        {
            context.Response.Headers.RetryAfter = "60";
            return Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "The tokens cannot be read; whoever looks after the engine is told why on its standard error.");
        }

        IPAddress? remote = context.Connection.RemoteIpAddress;
        ICredentialForm? form = context.GetEndpoint()!.Metadata.GetMetadata<ICredentialForm>();

        // What the page loads (sound, pictures, files, events) comes with the cookie of who signed in there, and such a request only ever reads.
        if (form is null && SignedIn is { } signedIn && IsRead(context.Request) && signedIn(context) is { } own) return PassAsync(context, next, own, scope);
        if (_backOff.Remaining(remote) is { Ticks: > 0 } wait) return TooMany(context, wait);
        if ((form is null ? Presented(context) : form.Presented(context)) is not { } presented) return Unauthorized(context, "");
        if (_tokenBackOff.Remaining(TokenStore.IdIn(presented), remote) is { Ticks: > 0 } longer) return TooMany(context, longer);
        AccessToken? found = form is null ? tokens.Find(presented) : form.Find(context, presented, tokens);
        TellFault(tokens.Fault);
        if (found is not { } token)
        {
            Failed(context, presented);
            return Unauthorized(context, ", error=\"invalid_token\"");
        }

        Succeeded(context, token.Id);
        return PassAsync(context, next, token, scope);
    }

    private Task PassAsync(HttpContext context, RequestDelegate next, AccessToken token, string scope)
    {
        if (!token.Allows(scope)) return Forbidden(context, token, scope);

        // Counters are of all tenants together.
        if (token.Tenant is not null && scope == ApiScopes.StatsRead) return Forbidden(context, token, scope);
        Seat(context, token);
        return next(context);
    }

    private static bool IsRead(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && request.Headers.Authorization.Count == 0;

    // Null where there is no Authorization header of our scheme; what then follows the scheme is judged by the store.
    public static string? Presented(HttpContext context) =>
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

    /// <summary>Whether a page elsewhere may be asking, by a name of its own for this address (DNS rebinding).</summary>
    public bool IsRebound(HttpContext context) =>
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
        // A wrong credential is counted where it is found to be wrong.
        if (error.Length == 0) counters.Count(ApiCounter.Unauthorized);
        ICredentialForm? form = context.GetEndpoint()!.Metadata.GetMetadata<ICredentialForm>();
        context.Response.Headers.WWWAuthenticate = form is null ? $"Bearer realm=\"cdrengine\"{error}" : form.Challenge;
        return Problem.WriteAsync(
            context,
            StatusCodes.Status401Unauthorized,
            error.Length == 0
                ? form is null ? "A token is needed: send the header 'Authorization: Bearer cdr_…'." : "A credential is needed."
                : "The token is not known here, has expired or was withdrawn.");
    }

    private Task Forbidden(HttpContext context, AccessToken token, string scope)
    {
        counters.Count(ApiCounter.Forbidden);
        audit.Refused(context, "use_token", $"token:{token.Id}", token.Tenant, $"it does not have the scope {scope}");
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"cdrengine\", error=\"insufficient_scope\", scope=\"{scope}\"";
        return Problem.WriteAsync(context, StatusCodes.Status403Forbidden, $"The token does not have the scope {scope}.");
    }
}
