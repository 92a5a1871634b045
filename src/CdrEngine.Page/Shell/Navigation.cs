using CdrEngine.Api.Access;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Shell;

/// <summary>An entry of the navigation.</summary>
/// <param name="Path">Where it leads; also the name of the section.</param>
/// <param name="Label">What it is called.</param>
/// <param name="Icon">Its picture.</param>
/// <param name="Scope">Scope without which it is not shown; null for none.</param>
internal sealed record NavigationEntry(string Path, string Label, Icon Icon, string? Scope = ApiScopes.CallsRead);

/// <summary>The navigation: one table. An entry is shown where a page is mapped at its path, so a section appears with its page.</summary>
internal static class Navigation
{
    /// <summary>All entries, in order.</summary>
    public static IReadOnlyList<NavigationEntry> All { get; } =
    [
        new("/calls", "Calls", Icon.Phone),
        new("/sessions", "Sessions", Icon.Branch),
        new("/live", "Live", Icon.Pulse),
        new("/dashboards", "Dashboards", Icon.Chart),
        new("/alerts", "Alerts", Icon.Bell),
        new("/registrations", "Registrations", Icon.Device),
        new("/messages", "Messages", Icon.Message),
        new("/peers", "Peers", Icon.Server),
        new("/system", "System", Icon.Gauge, null),
    ];
}
