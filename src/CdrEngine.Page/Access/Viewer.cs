using CdrEngine.Api.Access;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Page.Access;

/// <summary>Who looks at a page, what they may see, and how they like it.</summary>
internal sealed record Viewer
{
    /// <summary>Nobody: before the sign-in.</summary>
    public static Viewer Nobody { get; } = new();

    /// <summary>Whether pages may be shown at all.</summary>
    public bool IsIn { get; init; }

    /// <summary>The sign-in; null before one, and where no token is asked for.</summary>
    public PageSession? Session { get; init; }

    /// <summary>The token signed in with; null likewise.</summary>
    public AccessToken? Token { get; init; }

    /// <summary>What forms must send along.</summary>
    public string FormKey { get; init; } = "";

    /// <summary>Zone that times are shown and read in.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Light, dark, or what the machine prefers.</summary>
    public PageTheme Theme { get; init; }

    /// <summary>The one tenant whose calls are shown; null for all.</summary>
    public string? Tenant => Token?.Tenant;

    /// <summary>Whether a scope is theirs. Counters are of all tenants together, so they are nobody's who sees one.</summary>
    public bool May(string scope) => IsIn && (Token is null || Token.Allows(scope)) && (Tenant is null || scope != ApiScopes.StatsRead);

    /// <summary>A record that is theirs to see, as it is shown to them: without what it says of other tenants' calls.</summary>
    public CallRecord Shown(CallRecord call, ICallReader calls) => TenantView.Of(call, Tenant, calls);

    /// <summary>Whether what belongs to a tenant is theirs to see.</summary>
    public bool MaySee(string? owner) => Tenant is null || owner == Tenant;
}

/// <summary>How the page looks.</summary>
internal enum PageTheme
{
    /// <summary>As the machine prefers.</summary>
    Auto = 0,

    /// <summary>Light.</summary>
    Light = 1,

    /// <summary>Dark.</summary>
    Dark = 2,
}
