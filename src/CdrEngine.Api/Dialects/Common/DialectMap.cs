using System.Globalization;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Joins the dialects with the server: paths, guards, documents.</summary>
internal sealed class DialectMap(IReadOnlyList<Dialect> dialects)
{
    /// <summary>Where the documents are.</summary>
    public const string Root = ApiRoutes.Root + "/dialects";

    /// <summary>The dialect below whose prefixes a path lies; null for none.</summary>
    public Dialect? Of(PathString path)
    {
        foreach (Dialect dialect in dialects)
        {
            foreach (string prefix in dialect.Prefixes)
            {
                if (path.StartsWithSegments(prefix, StringComparison.Ordinal)) return dialect;
            }
        }

        return null;
    }

    /// <summary>What the dialects do by themselves, until they are told to stop.</summary>
    public Task WorkAsync(DialectDesk desk, CancellationToken stop) => Task.WhenAll(dialects.Select(dialect => dialect.WorkAsync(desk, stop)));

    /// <summary>Maps every operation and every document.</summary>
    public void Map(IEndpointRouteBuilder app, DialectDesk desk)
    {
        foreach (Dialect dialect in dialects)
        {
            dialect.Attach(desk);
            foreach (DialectRoute route in dialect.Routes)
            {
                string[] methods = route.Method == HttpMethods.Get ? [HttpMethods.Get, HttpMethods.Head] : [route.Method];
                IEndpointConventionBuilder endpoint = app
                    .MapMethods(route.Pattern, methods, context => RunAsync(context, dialect, route, desk))
                    .WithDisplayName($"{dialect.Name} {route.OperationId}")
                    .WithMetadata(dialect);
                if (route.Scope is { } scope) endpoint.WithMetadata(new RequiredScope(scope));
            }

            byte[] document = DialectDocument.Make(dialect, desk.Options);
            app.MapMethods($"{Root}/{dialect.Name}/openapi.json", [HttpMethods.Get, HttpMethods.Head], context => Body.WriteAsync(context, "application/json", document))
                .WithDisplayName($"{dialect.Name} document");
        }
    }

    private static Task RunAsync(HttpContext context, Dialect dialect, DialectRoute route, DialectDesk desk)
    {
        if (route.Takes is not null && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = Math.Min(route.LargestBody, desk.Options.Limits.RequestBodyBytes);
        return route.Handler(new DialectRequest(context, dialect, desk));
    }
}

/// <summary>Parameters that lists by number of page share.</summary>
internal static class PageParameters
{
    /// <summary>Highest number of a page; beyond it there is nothing anywhere.</summary>
    public const int LastPage = int.MaxValue;

    /// <summary>A page's number, from 1.</summary>
    public static ApiParameter Page(string name) => new(name, "Number of the page, from 1.", new ValueShape("integer", "1") { Minimum = 1, Maximum = LastPage }) { Default = "1" };

    /// <summary>A page's size.</summary>
    public static ApiParameter Size(string name, int fallback, int most) => new(name, $"Records on a page, 1 to {most}.", new ValueShape("integer", fallback.ToString(CultureInfo.InvariantCulture)) { Minimum = 1, Maximum = most })
    {
        Default = fallback.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>A parameter of the path.</summary>
    public static ApiParameter InPath(string name, string description, string example, string type = "string") => new(name, description, new ValueShape(type, example)) { IsInPath = true };
}
