using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Shell;

/// <summary>Header fields of every page.</summary>
internal static class PageHeaders
{
    // Nothing runs and nothing loads that this server did not send as a file of its own: text of the wire that got past the escaping would still do nothing.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; form-action 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types cdrengine";

    /// <summary>Sets them. Pages hold what is confidential, so nobody keeps them.</summary>
    public static void Set(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.CacheControl = "no-store";

        // Forms need their origin, which no-referrer would take away.
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=(), usb=()";
    }
}
