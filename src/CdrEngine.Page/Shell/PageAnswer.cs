using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Shell;

/// <summary>What a page answers.</summary>
internal abstract record PageAnswer
{
    /// <summary>Status.</summary>
    public int Status { get; init; } = 200;
}

/// <summary>A whole page.</summary>
/// <param name="Title">Title of the window and of nothing else; short, the most particular first.</param>
/// <param name="Body">What stands in the middle, its heading of the first order included.</param>
internal sealed record WholePage(string Title, Html Body) : PageAnswer
{
    /// <summary>Path of the entry of the navigation that it belongs to; empty for none.</summary>
    public string Section { get; init; } = "";

    /// <summary>Names of the modules it needs, for example <c>list.js</c>.</summary>
    public IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>True where the middle takes all the width there is.</summary>
    public bool IsWide { get; init; }
}

/// <summary>A part of a page, for a module to put in its place.</summary>
/// <param name="Body">The part.</param>
internal sealed record PageFragment(Html Body) : PageAnswer;

/// <summary>Go there: after a form, so that going back does not send it again (303).</summary>
/// <param name="Location">Path on this server.</param>
internal sealed record GoTo(string Location) : PageAnswer;

/// <summary>A file to keep.</summary>
/// <param name="MediaType">Media type.</param>
/// <param name="Name">Name; of characters that need no quoting.</param>
/// <param name="Content">Content.</param>
internal sealed record PageFile(string MediaType, string Name, byte[] Content) : PageAnswer;

/// <summary>The answer is on its way already.</summary>
internal sealed record AnsweredPage : PageAnswer;

/// <summary>An error page.</summary>
/// <param name="Detail">What is wrong, in a sentence.</param>
internal sealed record ErrorPage(string Detail) : PageAnswer;
