using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Kit;

/// <summary>A field of the form above a list.</summary>
/// <param name="Name">Its parameter.</param>
/// <param name="Label">What it is called.</param>
/// <param name="Example">What stands in it while it is empty.</param>
internal sealed record ListField(string Name, string Label, string Example)
{
    /// <summary>What can be chosen: value, words; empty for a text.</summary>
    public IReadOnlyList<(string Value, string Words)> Options { get; init; } = [];
}

/// <summary>A list that is filtered by a form and goes on by cursors. With a script it answers while typing, without one it is a form and a table.</summary>
internal sealed record PlainList
{
    /// <summary>Path of the page.</summary>
    public required string Path { get; init; }

    /// <summary>Its title.</summary>
    public required string Title { get; init; }

    /// <summary>What it is about, in a sentence.</summary>
    public Html Lead { get; init; }

    /// <summary>What is counted, for example <c>registrations</c>.</summary>
    public required string Noun { get; init; }

    /// <summary>Fields of the form.</summary>
    public IReadOnlyList<ListField> Fields { get; init; } = [];

    /// <summary>Columns.</summary>
    public required IReadOnlyList<Column> Columns { get; init; }

    /// <summary>What stands where there is nothing.</summary>
    public required Html Empty { get; init; }

    /// <summary>The answer: the whole page, or the part that a script asked for.</summary>
    /// <param name="request">The request.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="nextCursor">Where it goes on; null for nowhere.</param>
    /// <param name="problem">What is wrong with the filters; null for nothing.</param>
    public PageAnswer Answer(PageRequest request, IReadOnlyList<Html> rows, string? nextCursor, string? problem = null)
    {
        Place here = Kit.Place.Of(request.Context.Request).Without("cursor");
        Html list = problem is not null ? Pieces.Problem(problem)
            : rows.Count == 0 ? Empty
            : Html.Of($"""{Pieces.Table(Title, Columns, rows)}{Pieces.Pager($"Pages of {Noun}", request.Query("cursor") is null ? null : here.ToString(), nextCursor is null ? null : here.With("cursor", nextCursor).ToString(), Html.Of($"{rows.Count} {Noun}"))}""");
        if (request.Part == "results") return new PageFragment(list);
        return new WholePage(Title, Html.Of($"""
            {Pieces.Head(Title, Lead)}
            {(Fields.Count == 0 ? Html.None : Html.Of($"""<form class="filter" method="get" action="{Path}" role="search" data-live="results"><div class="filter-bar">{Fields.Select((field, i) => Field(request, field, i == 0))}<button class="primary">Search</button></div></form>"""))}
            <div id="results" data-noun="{Noun}">{list}</div>
            """))
        {
            Section = Path,
            Modules = ["list.js"],
            IsWide = true,
        };
    }

    private static Html Field(PageRequest request, ListField field, bool isFirst)
    {
        string? value = request.Query(field.Name);
        return field.Options.Count == 0
            ? Html.Of($"""<div class="field{(isFirst ? " grow" : "")}"><label class="unseen" for="f-{field.Name}">{field.Label}</label>{(field.Name == "when" ? Icon.Clock : Icon.Search).Draw()}<input id="f-{field.Name}" name="{field.Name}" type="search" value="{value}" placeholder="{field.Example}" autocomplete="off" spellcheck="false"></div>""")
            : Html.Of($"""<div class="field"><label class="unseen" for="f-{field.Name}">{field.Label}</label><select id="f-{field.Name}" name="{field.Name}"><option value="">{field.Example}</option>{field.Options.Select(option => Html.Of($"""<option value="{option.Value}"{Html.When(option.Value == value, "selected")}>{option.Words}</option>"""))}</select></div>""");
    }
}
