using System.Text;
using CdrEngine.Api.Answers;
using CdrEngine.Page.Access;
using CdrEngine.Page.Markup;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Shell;

/// <summary>What stands around every page, and sends it.</summary>
internal sealed class Layout(PageAssets assets, IReadOnlyList<NavigationEntry> navigation, string version)
{
    private const string HtmlType = "text/html; charset=utf-8";

    /// <summary>Sends what a page answered.</summary>
    public async Task SendAsync(PageRequest request, PageAnswer answer)
    {
        HttpContext context = request.Context;
        switch (answer)
        {
            case WholePage page:
                await WriteAsync(context, page.Status, Page(request.Viewer, context, page));
                break;
            case PageFragment fragment:
                await WriteAsync(context, fragment.Status, fragment.Body);
                break;
            case GoTo there:
                context.Response.StatusCode = StatusCodes.Status303SeeOther;
                context.Response.Headers.Location = there.Location;
                break;
            case PageFile file:
                context.Response.Headers.ContentDisposition = $"attachment; filename=\"{file.Name}\"";
                context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";
                await Body.WriteAsync(context, file.MediaType, file.Content);
                break;
            case ErrorPage error:
                await Problem.WriteAsync(context, error.Status, error.Detail);
                break;
        }
    }

    /// <summary>Sends markup.</summary>
    public static Task WriteAsync(HttpContext context, int status, Html markup)
    {
        context.Response.StatusCode = status;
        return Body.WriteAsync(context, HtmlType, Encoding.UTF8.GetBytes(markup.ToString()));
    }

    /// <summary>A whole page.</summary>
    public Html Page(Viewer viewer, HttpContext context, WholePage page) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en" data-theme="{Name(viewer.Theme)}">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <meta name="color-scheme" content="light dark">
          <title>{page.Title} · CdrEngine</title>
          <link rel="icon" href="{assets.Path("mark.svg")}" type="image/svg+xml">
          <link rel="stylesheet" href="{assets.Path("page.css")}">
          <script type="module" src="{assets.Path("shell.js")}"></script>
          {page.Modules.Select(name => Html.Of($"""<script type="module" src="{assets.Path(name)}"></script>"""))}
        </head>
        <body{Html.When(!viewer.IsIn, "class=\"bare\"")}>
          <a class="skip" href="#main">Skip to the content</a>
          {(viewer.IsIn ? Rail(viewer, context, page.Section) : Html.None)}
          <main id="main" tabindex="-1"{Html.When(page.IsWide, "class=\"wide\"")}>
        {page.Body}
          </main>
          <div id="say" class="unseen" role="status" aria-live="polite"></div>
        </body>
        </html>

        """);

    private static string Name(PageTheme theme) => theme switch { PageTheme.Light => "light", PageTheme.Dark => "dark", _ => "auto" };

    private Html Rail(Viewer viewer, HttpContext context, string section) => Html.Of($"""
        <header class="rail">
          <a class="brand" href="/" aria-label="CdrEngine, to the calls">{Mark}<span>CdrEngine</span></a>
          <details class="menu">
            <summary aria-label="Menu">{Icon.Menu.Draw()}</summary>
            <nav aria-label="Sections"><ul>{navigation.Where(entry => entry.Scope is null || viewer.May(entry.Scope)).Select(entry => Entry(entry, section))}</ul></nav>
            <div class="rail-foot">
              <p class="who">{Who(viewer)}</p>
              <p class="zone" title="Times on these pages are in this zone; hover over one for UTC.">{Icon.Clock.Draw()} {viewer.Zone.Id}</p>
              <form method="post" action="/preferences">{Key(viewer)}<input type="hidden" name="back" value="{Back(context)}">
                <button class="quiet" name="theme" value="{Name(Next(viewer.Theme))}" aria-label="Appearance: {Name(viewer.Theme)}. Change to {Name(Next(viewer.Theme))}">{Icon.Theme.Draw()} {Look(viewer.Theme)}</button>
              </form>
              {(viewer.Session is null ? Html.None : Html.Of($"""<form method="post" action="/sign-out">{Key(viewer)}<button class="quiet">{Icon.SignOut.Draw()} Sign out</button></form>"""))}
              <p class="version">version {version}</p>
            </div>
          </details>
        </header>
        """);

    private static Html Entry(NavigationEntry entry, string section) => Html.Of(
        $"""<li><a href="{entry.Path}"{Html.When(entry.Path == section, "aria-current=\"page\"")}>{entry.Icon.Draw()}<span>{entry.Label}</span></a></li>""");

    private static Html Who(Viewer viewer) => viewer.Token is { } token
        ? Html.Of($"""{Html.Wire(token.Name)}{(token.Tenant is { } tenant ? Html.Of($"""<br><span class="dim">tenant</span> {Html.Wire(tenant)}""") : Html.None)}""")
        : Html.Of($"No sign-in is asked for");

    private static Html Key(Viewer viewer) => Html.Of($"""<input type="hidden" name="{PageGate.FormField}" value="{viewer.FormKey}">""");

    private static string Back(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) ? context.Request.Path.ToUriComponent() + context.Request.QueryString.ToUriComponent() : "/";

    private static PageTheme Next(PageTheme theme) => theme switch { PageTheme.Auto => PageTheme.Light, PageTheme.Light => PageTheme.Dark, _ => PageTheme.Auto };

    private static string Look(PageTheme theme) => theme switch { PageTheme.Light => "Light", PageTheme.Dark => "Dark", _ => "As the system" };

    /// <summary>The mark of the program: two voices, one above the other.</summary>
    internal static Html Mark { get; } = Html.Of(
        $"""<svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true"><rect width="24" height="24" rx="6"/><path d="M5 9.500v-2M8.500 10.500v-5M12 9.500v-3M15.500 10.500v-6M19 9.500v-2M5 16.500v-2M8.500 17.500v-4M12 19.500v-6M15.500 17.500v-3M19 16.500v-2"/></svg>""");
}
