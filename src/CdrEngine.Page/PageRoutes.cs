using CdrEngine.Api.Pages;
using CdrEngine.Page.Access;
using CdrEngine.Page.Calls;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page;

/// <summary>Every page: the one table from which routes are mapped and the navigation is made.</summary>
internal static class PageRoutes
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<PageRoute> All(PageDesk desk, PageGate gate)
    {
        var calls = new CallListPage(desk);
        return
        [
            new("/", "start") { Get = static _ => Task.FromResult<PageAnswer>(new GoTo("/calls")) },
            .. new SignInPages(desk, gate).Routes,
            .. calls.Routes,
        ];
    }
}
