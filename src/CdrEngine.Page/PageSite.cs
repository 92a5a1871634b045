using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.Pages;
using CdrEngine.Page.Access;
using CdrEngine.Page.Shell;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace CdrEngine.Page;

/// <summary>The page: everything that people look at in a browser, on the listener of the API.</summary>
/// <param name="options">Settings.</param>
public sealed class PageSite(PageOptions options) : ApiPages
{
    private const long LargestForm = 64 * 1024;

    // Where something else than the page lives; what is wrong there is told as the API does.
    private static readonly string[] OtherPlaces = ["/api", "/healthz", "/readyz", "/metrics", SharePages.Root];

    private static readonly AuditWay Way = new(AuditVia.Page);

    private readonly PageAssets _assets = new();
    private Layout? _layout;
    private PageGate? _gate;

    /// <inheritdoc />
    internal override AccessToken? SignedIn(HttpContext context) => _gate?.SignedIn(context);

    /// <inheritdoc />
    internal override IErrorForm? FormOf(PathString path) =>
        _layout is { } layout && _gate is { } gate && !Array.Exists(OtherPlaces, place => path.StartsWithSegments(place, StringComparison.Ordinal)) ? new ErrorView(layout, gate) : null;

    /// <inheritdoc />
    internal override void Map(IEndpointRouteBuilder app, PageDesk desk)
    {
        var gate = new PageGate(desk, new PageSessions(options, desk.Options.Time));
        IReadOnlyList<PageRoute> routes = PageRoutes.All(desk, gate);
        var paths = routes.Where(static route => route.Get is not null).Select(static route => route.Pattern).ToHashSet(StringComparer.Ordinal);
        _gate = gate;
        _layout = new Layout(_assets, [.. Navigation.All.Where(entry => paths.Contains(entry.Path))], desk.Options.Version);
        app.MapMethods("/assets/{hash}/{name}", [HttpMethods.Get, HttpMethods.Head], _assets.ServeAsync).WithDisplayName("page asset");
        foreach (PageRoute route in routes)
        {
            if (route.Get is { } get) app.MapMethods(route.Pattern, [HttpMethods.Get, HttpMethods.Head], context => ShowAsync(context, desk, route, get)).WithDisplayName($"page {route.Name}").WithMetadata(Way);
            if (route.Post is { } post) app.MapMethods(route.Pattern, [HttpMethods.Post], context => TakeAsync(context, desk, route, post)).WithDisplayName($"page form {route.Name}").WithMetadata(Way);
        }
    }

    private async Task ShowAsync(HttpContext context, PageDesk desk, PageRoute route, Func<PageRequest, Task<PageAnswer>> get)
    {
        if (await AdmitAsync(context, desk, route, route.Scope) is not { } viewer) return;
        var request = new PageRequest(context, desk, viewer);
        await _layout!.SendAsync(request, await get(request));
    }

    private async Task TakeAsync(HttpContext context, PageDesk desk, PageRoute route, Func<PageRequest, Task<PageAnswer>> post)
    {
        if (await AdmitAsync(context, desk, route, route.PostScope ?? route.Scope) is not { } viewer) return;
        if (!context.Request.HasFormContentType)
        {
            await Problem.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, "This takes a form.");
            return;
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = LargestForm;
        if (await ReadAsync(context) is not { } form)
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, "The form cannot be read: it is damaged, or larger than a form of this page can be.");
            return;
        }

        // Before the sign-in there is nothing to hang a key on; then the browser has to say where the form comes from.
        bool isOurs = route.IsOpen && !viewer.IsIn ? PageGate.IsTold(context.Request) && !PageGate.IsForeign(context.Request) : PageGate.IsOurs(context, viewer, form);
        if (!isOurs)
        {
            desk.Counters.Count(Api.ApiCounter.Forbidden);
            await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "This form did not come from a page of this sign-in. Go back, load the page again and send it once more.");
            return;
        }

        var request = new PageRequest(context, desk, viewer) { Form = form };
        await _layout!.SendAsync(request, await post(request));
    }

    /// <summary>Whoever asks, where the page is for them; null where it is not, and then the request is answered.</summary>
    private async Task<Viewer?> AdmitAsync(HttpContext context, PageDesk desk, PageRoute route, string? scope)
    {
        PageHeaders.Set(context.Response.Headers);
        if (desk.Tokens is null && desk.Gate.IsRebound(context))
        {
            await Problem.WriteAsync(context, StatusCodes.Status421MisdirectedRequest, "Tokens are switched off and this address is for this machine only: name it by its address or as localhost.");
            return null;
        }

        Viewer viewer = _gate!.Of(context);
        if (route.IsOpen) return viewer;
        if (!viewer.IsIn)
        {
            desk.Counters.Count(Api.ApiCounter.Unauthorized);
            bool isPage = HttpMethods.IsGet(context.Request.Method) && context.Request.Headers["X-Part"].Count == 0;
            if (isPage) context.Response.Redirect(SignInPages.Path(context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent()));
            else await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, "The sign-in is over. Sign in again; what was entered was not kept.");
            return null;
        }

        if (scope is null || viewer.May(scope)) return viewer;
        desk.Counters.Count(Api.ApiCounter.Forbidden);
        await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, $"The token signed in with does not have the scope {scope}.");
        return null;
    }

    private static async Task<IFormCollection?> ReadAsync(HttpContext context)
    {
        try
        {
            return await context.Request.ReadFormAsync(new FormOptions { ValueCountLimit = 128, KeyLengthLimit = 128, ValueLengthLimit = (int)LargestForm, MultipartBodyLengthLimit = LargestForm }, context.RequestAborted);
        }
        catch (Exception e) when (e is InvalidDataException or BadHttpRequestException)
        {
            return null;
        }
    }
}
