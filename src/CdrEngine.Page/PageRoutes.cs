using CdrEngine.Api.Pages;
using CdrEngine.Page.Access;
using CdrEngine.Page.Alerts;
using CdrEngine.Page.Calls;
using CdrEngine.Page.Conversations;
using CdrEngine.Page.Dashboards;
using CdrEngine.Page.Live;
using CdrEngine.Page.OneCall;
using CdrEngine.Page.Outside;
using CdrEngine.Page.Service;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page;

/// <summary>Every page: the one table from which routes are mapped and the navigation is made.</summary>
internal static class PageRoutes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<PageRoute> All(PageDesk desk, PageGate gate) =>
    [
        new("/", "start") { Get = static _ => Task.FromResult<PageAnswer>(new GoTo("/calls")) },
        .. new SignInPages(desk, gate).Routes,
        .. new CallListPage(desk).Routes,
        .. new CallPages(desk).Routes,
        .. new SessionPages(desk).Routes,
        .. desk.Outside is { } outside
            ? (IEnumerable<PageRoute>)[.. new RegistrationPages(desk, outside).Routes, .. new MessageListPages(desk, outside).Routes, .. new PeerPages(desk, outside).Routes]
            : [],
        .. new LivePages(desk).Routes,
        .. desk.Traffic is { } traffic ? new DashboardPage(desk, traffic).Routes : [],
        .. desk.Alerts is { } alerts ? (IEnumerable<PageRoute>)[.. new AlertPages(desk, alerts).Routes, .. new AlertRulePages(desk, alerts).Routes] : [],
        .. new SystemPages(desk).Routes,
    ];
}
