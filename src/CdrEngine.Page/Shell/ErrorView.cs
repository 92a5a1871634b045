using CdrEngine.Api.Answers;
using CdrEngine.Page.Access;
using CdrEngine.Page.Markup;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Shell;

/// <summary>Errors as people read them: what went wrong, and the way on.</summary>
internal sealed class ErrorView(Layout layout, PageGate gate) : IErrorForm
{
    /// <inheritdoc />
    public Task WriteAsync(HttpContext context, int status, string detail, string? parameter)
    {
        PageHeaders.Set(context.Response.Headers);
        Viewer viewer = gate.Of(context);
        Html body = Body(status, detail);
        bool isPart = context.Request.Headers["X-Part"].Count > 0;
        return Layout.WriteAsync(context, status, isPart ? body : layout.Page(viewer, context, new WholePage(Problem.Title(status), body)));
    }

    /// <summary>What stands in the middle.</summary>
    public static Html Body(int status, string detail) => Html.Of($"""
        <section class="notice" role="alert">
          <p class="notice-code" aria-hidden="true">{status}</p>
          <h1>{Heading(status)}</h1>
          <p>{Detail(status, detail)}</p>
          <p><a class="button" href="/">To the calls</a></p>
        </section>
        """);

    private static string Heading(int status) => status switch
    {
        400 => "This request makes no sense here",
        401 => "Not signed in",
        403 => "Not for this sign-in",
        404 => "There is nothing here",
        429 => "Too many wrong tokens",
        503 => "Busy at the moment",
        >= 500 => "Something broke",
        _ => "That did not work",
    };

    private static string Detail(int status, string detail) => status == 404 && detail.StartsWith("There is nothing at this path", StringComparison.Ordinal)
        ? "The address leads nowhere. It may have been cut, or what it led to is no longer kept."
        : detail;
}
