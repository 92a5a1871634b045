using System.Security.Cryptography;
using System.Text;
using CdrEngine.Api.Access;
using CdrEngine.Api.Pages;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Access;

/// <summary>Finds out who looks at a page, and whether a form is one of ours.</summary>
internal sealed class PageGate(PageDesk desk, PageSessions sessions)
{
    /// <summary>Cookie of a sign-in over TLS: the prefix keeps a neighbour on another port or path from setting it (RFC 6265bis 4.1.3.2).</summary>
    private const string SafeCookie = "__Host-cdrengine";

    /// <summary>The same without TLS, where browsers refuse the prefix.</summary>
    private const string PlainCookie = "cdrengine";

    /// <summary>Name of the hidden field of every form.</summary>
    public const string FormField = "form_key";

    private static readonly object ViewerKey = new();

    // Where no token is asked for there is no sign-in to hang it on.
    private readonly string _openFormKey = RandomNumberGenerator.GetHexString(64, lowercase: true);

    /// <summary>Who looks.</summary>
    public Viewer Of(HttpContext context)
    {
        if (context.Items[ViewerKey] is Viewer known) return known;
        Viewer viewer = Find(context) with { Zone = Preferences.Zone(context.Request), Theme = Preferences.Theme(context.Request) };
        context.Items[ViewerKey] = viewer;
        if (viewer.Token is { } token) AccessGate.Seat(context, token);
        return viewer;
    }

    /// <summary>The token signed in with that a request of the page's own carries; null for anything a page elsewhere made the browser send.</summary>
    public AccessToken? SignedIn(HttpContext context) => IsForeign(context.Request) ? null : Of(context).Token;

    /// <summary>Whether a form came from a page of ours that this viewer was shown.</summary>
    public static bool IsOurs(HttpContext context, Viewer viewer, IFormCollection form) =>
        !IsForeign(context.Request) && viewer.FormKey.Length > 0
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(viewer.FormKey), Encoding.UTF8.GetBytes(form[FormField].ToString()));

    /// <summary>Whether the browser says that another site made it send the request (Fetch Metadata), or where it does not say, that the request's origin
    /// is another host (RFC 6454). A proxy before us may speak another scheme than we do, so that is not compared.</summary>
    public static bool IsForeign(HttpRequest request)
    {
        string site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0) return site is not ("same-origin" or "none");
        string origin = request.Headers.Origin.ToString();
        if (origin.Length == 0) return false;
        return !Uri.TryCreate(origin, UriKind.Absolute, out Uri? from) || !string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether the browser says anything of where a request comes from; every one does that knows forms.</summary>
    public static bool IsTold(HttpRequest request) => request.Headers.ContainsKey("Sec-Fetch-Site") || request.Headers.Origin.Count > 0;

    /// <summary>Gives the browser the cookie of a sign-in. It dies with the browser, and with the sign-in here.</summary>
    public void Remember(HttpContext context, AccessToken token)
    {
        bool isSafe = context.Request.IsHttps;
        context.Response.Cookies.Append(isSafe ? SafeCookie : PlainCookie, sessions.Begin(token.Id), Cookie(isSafe));
    }

    /// <summary>Ends the sign-in and takes the cookie back.</summary>
    public void Forget(HttpContext context, Viewer viewer)
    {
        if (viewer.Session is { } session) sessions.End(session);
        bool isSafe = context.Request.IsHttps;
        context.Response.Cookies.Delete(isSafe ? SafeCookie : PlainCookie, Cookie(isSafe));
    }

    private static CookieOptions Cookie(bool isSafe) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = isSafe, Path = "/", IsEssential = true };

    private Viewer Find(HttpContext context)
    {
        if (desk.Tokens is not { } tokens) return new Viewer { IsIn = true, FormKey = _openFormKey };
        if (context.Request.Cookies[context.Request.IsHttps ? SafeCookie : PlainCookie] is not { } secret || sessions.Find(secret) is not { } session) return Viewer.Nobody;
        if (tokens.InForce(session.TokenId) is { } token) return new Viewer { IsIn = true, Session = session, Token = token, FormKey = session.FormKey };
        sessions.End(session);
        return Viewer.Nobody;
    }
}
