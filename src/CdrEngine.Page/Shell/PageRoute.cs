using CdrEngine.Api.Access;

namespace CdrEngine.Page.Shell;

/// <summary>One page: where it is, who may see it, what makes it.</summary>
/// <param name="Pattern">Path, from the root.</param>
/// <param name="Name">Name, for logs.</param>
internal sealed record PageRoute(string Pattern, string Name)
{
    /// <summary>Answers GET and HEAD; null where there is nothing to see.</summary>
    public Func<PageRequest, Task<PageAnswer>>? Get { get; init; }

    /// <summary>Answers a form; only forms of our own come this far. Null where there are none.</summary>
    public Func<PageRequest, Task<PageAnswer>>? Post { get; init; }

    /// <summary>Scope asked for; null where any sign-in will do.</summary>
    public string? Scope { get; init; } = ApiScopes.CallsRead;

    /// <summary>Scope asked for by the form; null for that of the page.</summary>
    public string? PostScope { get; init; }

    /// <summary>Also for those who are not signed in.</summary>
    public bool IsOpen { get; init; }
}
