using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Access;

/// <summary>What a browser remembers of how its user likes the page. Hostile like any other cookie: what is not known counts for nothing.</summary>
internal static class Preferences
{
    /// <summary>Cookie of the look.</summary>
    public const string ThemeCookie = "cdrengine-theme";

    /// <summary>Cookie of the time zone, an IANA name; set by the page's script.</summary>
    public const string ZoneCookie = "cdrengine-zone";

    /// <summary>The look.</summary>
    public static PageTheme Theme(HttpRequest request) => request.Cookies[ThemeCookie] switch { "light" => PageTheme.Light, "dark" => PageTheme.Dark, _ => PageTheme.Auto };

    /// <summary>The zone; UTC where nothing sound is told, or this machine does not know it.</summary>
    public static TimeZoneInfo Zone(HttpRequest request)
    {
        // A name with a dot or a leading slash could leave the folder of zones.
        return request.Cookies[ZoneCookie] is { Length: > 0 and <= 64 } name && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+') && char.IsAsciiLetter(name[0])
            && TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone) ? zone : TimeZoneInfo.Utc;
    }

    /// <summary>Notes the look.</summary>
    public static void Keep(HttpContext context, PageTheme theme) => context.Response.Cookies.Append(
        ThemeCookie,
        theme switch { PageTheme.Light => "light", PageTheme.Dark => "dark", _ => "auto" },
        new CookieOptions { SameSite = SameSiteMode.Strict, Secure = context.Request.IsHttps, Path = "/", MaxAge = TimeSpan.FromDays(400), HttpOnly = true });
}
