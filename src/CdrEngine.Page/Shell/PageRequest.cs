using System.Globalization;
using CdrEngine.Api.Pages;
using CdrEngine.Page.Access;
using CdrEngine.Page.Markup;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Page.Shell;

/// <summary>A request for a page.</summary>
/// <param name="Context">The request itself.</param>
/// <param name="Desk">The ports.</param>
/// <param name="Viewer">Who asks.</param>
internal sealed record PageRequest(HttpContext Context, PageDesk Desk, Viewer Viewer)
{
    /// <summary>Longest text of a form field that is not said to be longer, characters.</summary>
    public const int FieldLength = 4000;

    /// <summary>The form, where it is one.</summary>
    public IFormCollection? Form { get; init; }

    /// <summary>Path and query, as they go into links.</summary>
    public string Here => Context.Request.Path.ToUriComponent() + Context.Request.QueryString.ToUriComponent();

    /// <summary>True where a module asks for a part of the page only; it names the part.</summary>
    public string? Part => Context.Request.Headers["X-Part"].ToString() is { Length: > 0 and < 40 } part ? part : null;

    /// <summary>Is cancelled when nobody waits any more.</summary>
    public CancellationToken Gone => Context.RequestAborted;

    /// <summary>A part of the path.</summary>
    public string Path(string name) => Context.Request.RouteValues[name]?.ToString() ?? "";

    /// <summary>A parameter; null where it is missing, empty or longer than a parameter may be.</summary>
    public string? Query(string name) => Context.Request.Query[name] is { Count: > 0 } values && Sound(values[0]) is { } value ? value : null;

    /// <summary>All values of a parameter, those between commas apart.</summary>
    public IReadOnlyList<string> Values(string name) =>
        [.. Context.Request.Query[name].Take(32).Select(Sound).OfType<string>().SelectMany(static value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)).Distinct(StringComparer.Ordinal).Take(32)];

    /// <summary>A whole number from the query; what is none, or lies outside, is the other value.</summary>
    public int Number(string name, int least, int most, int otherwise) =>
        int.TryParse(Query(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number : otherwise;

    /// <summary>A field of the form, without blanks around it; empty where it is missing.</summary>
    public string Field(string name) => Form?[name].ToString().Trim() ?? "";

    /// <summary>The hidden field that every form must have.</summary>
    public Html FormKey => Html.Of($"""<input type="hidden" name="{PageGate.FormField}" value="{Viewer.FormKey}">""");

    /// <summary>Does work that holds a thread in a place of its own; null where none came free, and then the request is answered.</summary>
    public async Task<T?> SeatedAsync<T>(Api.Answers.Seats seats, Func<T> work)
        where T : class
    {
        T? result = null;
        await seats.RunAsync(Context, () =>
        {
            result = work();
            return Task.CompletedTask;
        });
        return result;
    }

    /// <summary>Notes in the audit who did what; false where it cannot be noted, and then it must not happen and the request is answered.</summary>
    /// <param name="action">What is done.</param>
    /// <param name="about">What it is done to; null for nothing.</param>
    /// <param name="tenant">Whose that is; null for the tenant of who asks.</param>
    public Task<bool> AccountAsync(string action, string? about, string? tenant = null) => Desk.Audit.AccountAsync(Context, action, about, tenant);

    private string? Sound(string? value) => value is { Length: > 0 } && value.Length <= Desk.Options.Limits.ParameterLength ? value : null;
}
