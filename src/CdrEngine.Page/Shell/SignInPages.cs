using CdrEngine.Api.Access;
using CdrEngine.Api.Pages;
using CdrEngine.Page.Access;
using CdrEngine.Page.Markup;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Shell;

/// <summary>Sign-in by token, sign-out, and how the page looks.</summary>
internal sealed class SignInPages(PageDesk desk, PageGate gate)
{
    private const string Here = "/sign-in";

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes =>
    [
        new(Here, "sign-in") { Get = ShowAsync, Post = TakeAsync, IsOpen = true, Scope = null },
        new("/sign-out", "sign-out") { Post = LeaveAsync, Scope = null },
        new("/preferences", "preferences") { Post = PreferAsync, Scope = null },
    ];

    /// <summary>Where one signs in, to go on to a place afterwards.</summary>
    public static string Path(string next) => next is "/" or "" ? Here : $"{Here}?next={Uri.EscapeDataString(next)}";

    private Task<PageAnswer> ShowAsync(PageRequest request)
    {
        string next = Local(request.Query("next"));
        PageAnswer answer = request.Viewer.IsIn ? new GoTo(next) : Form(next, null, StatusCodes.Status200OK);
        return Task.FromResult(answer);
    }

    private async Task<PageAnswer> TakeAsync(PageRequest request)
    {
        string next = Local(request.Field("next"));
        HttpContext context = request.Context;
        if (desk.Tokens is not { } tokens) return new GoTo(next);
        string presented = request.Field("token");
        if (await desk.Gate.MustWaitAsync(context, presented)) return new AnsweredPage();
        if (tokens.Find(presented) is not { } token)
        {
            desk.Gate.Failed(context, presented);
            return Form(next, "This token is not known here, has expired or was withdrawn.", StatusCodes.Status401Unauthorized);
        }

        desk.Gate.Succeeded(context, token.Id);
        AccessGate.Seat(context, token);
        if (!await request.AccountAsync("sign_in", null)) return new AnsweredPage();
        if (request.Viewer.Session is not null) gate.Forget(context, request.Viewer);
        gate.Remember(context, token);
        return new GoTo(next);
    }

    private async Task<PageAnswer> LeaveAsync(PageRequest request)
    {
        if (!await request.AccountAsync("sign_out", null)) return new AnsweredPage();
        gate.Forget(request.Context, request.Viewer);
        return new GoTo(Here);
    }

    private Task<PageAnswer> PreferAsync(PageRequest request)
    {
        Preferences.Keep(request.Context, request.Field("theme") switch { "light" => PageTheme.Light, "dark" => PageTheme.Dark, _ => PageTheme.Auto });
        return Task.FromResult<PageAnswer>(new GoTo(Local(request.Field("back"))));
    }

    // Only places of this server: a path, and none that a browser would take for another host.
    private static string Local(string? path) =>
        path is { Length: > 1 and < 4000 } && path[0] == '/' && path[1] is not ('/' or '\\') && !path.AsSpan().ContainsAnyInRange('\0', ' ') ? path : "/calls";

    private static WholePage Form(string next, string? problem, int status) => new(
        "Sign in",
        Html.Of($"""
            <section class="door">
              <div class="door-mark">{Layout.Mark}<span>CdrEngine</span></div>
              <h1>Sign in</h1>
              <p>Calls on this machine's telephone system, exactly as they were on the wire.</p>
              {(problem is null ? Html.None : Html.Of($"""<p class="problem" role="alert" id="problem">{Icon.Warning.Draw()} {problem}</p>"""))}
              <form method="post" action="/sign-in">
                <input type="hidden" name="next" value="{next}">
                <label for="token">Access token</label>
                <input id="token" name="token" type="password" autocomplete="current-password" required autofocus spellcheck="false" autocapitalize="off" placeholder="cdr_…"{(problem is null ? Html.None : Html.Of($" aria-invalid=\"true\" aria-describedby=\"problem\""))}>
                <button class="primary">Sign in</button>
              </form>
              <p class="dim">The first start of the program printed one; <code>cdrengine token create</code> makes more.</p>
            </section>
            """))
    {
        Status = status,
    };
}
