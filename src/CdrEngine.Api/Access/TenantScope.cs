using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Access;

/// <summary>Narrows lists to what a token may see.</summary>
internal static class TenantScope
{
    /// <summary>The tenant to list.</summary>
    /// <param name="context">The request.</param>
    /// <param name="asked">Tenant that the query names; null for all.</param>
    /// <param name="isOther">True where it names another tenant than the token's.</param>
    public static string? Of(HttpContext context, string? asked, out bool isOther)
    {
        string? own = AccessGate.TenantOf(context);
        isOther = own is not null && asked is not null && asked != own;
        return own ?? asked;
    }
}
