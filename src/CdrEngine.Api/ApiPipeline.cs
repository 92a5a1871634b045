using System.Globalization;
using CdrEngine.Api.Answers;
using CdrEngine.Calls.Ports;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CdrEngine.Api;

/// <summary>What every request passes: header fields of security, counting, and the one boundary at which exceptions become answers.</summary>
/// <param name="options">Settings.</param>
/// <param name="counters">Counters.</param>
/// <param name="formOf">The form of errors below a path; null for problem details.</param>
internal sealed class ApiPipeline(ApiOptions options, ApiCounters counters, Func<PathString, IErrorForm?> formOf)
{
    private readonly string? _hsts = options.Tls is { Hsts: { Ticks: > 0 } life } ? string.Create(CultureInfo.InvariantCulture, $"max-age={life.TotalSeconds:F0}") : null;

    public async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        counters.Count(ApiCounter.Requests);
        Secure(context);
        if (HttpProtocol.IsHttp11(context.Request.Protocol) && context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true) context.Response.OnStarting(TellOfTheEnd, context);
        if (formOf(context.Request.Path) is { } form) context.Features.Set(form);
        try
        {
            await next(context);
            await ExplainAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to be told. What was under way is given up.
            counters.Count(ApiCounter.AnswersBroken);
            context.Abort();
        }
        catch (BadHttpRequestException e)
        {
            await FailAsync(context, e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The body is longer than this resource takes." : "The request is not well-formed HTTP.");
        }
        catch (Exception e) when (e is IStoreFault)
        {
            // Not a fault of the engine, and told once by readyz and by whoever watches the store.
            counters.Count(ApiCounter.StoreAway);
            if (context.Response.HasStarted) counters.Count(ApiCounter.AnswersBroken);
            else context.Response.Headers.RetryAfter = "5";
            await FailAsync(context, StatusCodes.Status503ServiceUnavailable, "The store of the records does not answer.");
        }
        catch (Exception e)
        {
            options.OnFault?.Invoke($"{context.GetEndpoint()?.DisplayName ?? "no endpoint"}: {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}");
            if (context.Response.HasStarted) counters.Count(ApiCounter.AnswersBroken);
            await FailAsync(context, StatusCodes.Status500InternalServerError, "A fault of the engine; it is counted in stats.");
        }

        if (context.Response.StatusCode >= 500) counters.Count(ApiCounter.ServerErrors);
        else if (context.Response.StatusCode >= 400) counters.Count(ApiCounter.ClientErrors);
    }

    // A body that is longer than may be is not read to its end: the connection is of no use after that, which a client cannot know that is told nothing (RFC 9112 9.6). How long one
    // is that comes in chunks nobody says.
    private static Task TellOfTheEnd(object state)
    {
        var context = (HttpContext)state;
        long? most = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        bool isTooLong = context.Request.ContentLength is { } length ? length > most : context.Response.StatusCode >= StatusCodes.Status400BadRequest;
        if (isTooLong) context.Response.Headers.Connection = "close";
        return Task.CompletedTask;
    }

    // Pictures and texts of hostile content are served: nothing in them may run, load, be framed or be taken for another type.
    private void Secure(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        if (context.Request.IsHttps && _hsts is { } hsts) headers.StrictTransportSecurity = hsts;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    // Routing answers 404 and 405 (with Allow) without a body.
    private static Task ExplainAsync(HttpContext context)
    {
        HttpResponse response = context.Response;
        if (response.HasStarted || response.StatusCode < 400 || response.ContentType is not null) return Task.CompletedTask;
        string detail = response.StatusCode switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at this path; {Endpoints.ApiRoutes.Root}/openapi.json lists what there is.",
            StatusCodes.Status405MethodNotAllowed => $"This path takes {response.Headers.Allow}.",
            _ => "The request was refused.",
        };
        return Problem.WriteAsync(context, response.StatusCode, detail);
    }

    private async Task FailAsync(HttpContext context, int status, string detail)
    {
        if (context.Response.HasStarted)
        {
            // The client must see that the answer is not whole.
            context.Abort();
            return;
        }

        string? retryAfter = context.Response.Headers.RetryAfter;
        context.Response.Clear();
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        Secure(context);
        await Problem.WriteAsync(context, status, detail);
    }
}
