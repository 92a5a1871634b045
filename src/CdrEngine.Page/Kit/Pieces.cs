using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Kit;

/// <summary>A column of a table.</summary>
/// <param name="Label">Its heading.</param>
/// <param name="Kind">Class of its cells: <c>num</c> for figures, <c>code</c> for addresses and ids, empty for text.</param>
internal sealed record Column(string Label, string Kind = "")
{
    /// <summary>Where a click on the heading leads; null where it cannot be sorted by.</summary>
    public string? SortLink { get; init; }

    /// <summary>Whether the table is in this order, and in which sense; null where it is not.</summary>
    public bool? IsAscending { get; init; }
}

/// <summary>A figure with its name.</summary>
/// <param name="Label">Name.</param>
/// <param name="Value">Figure, as it is read.</param>
/// <param name="Note">What stands small below it.</param>
internal sealed record Tile(string Label, Html Value, Html Note = default)
{
    /// <summary>Colour of the figure.</summary>
    public Tone Tone { get; init; }

    /// <summary>A small drawing beside it.</summary>
    public Html Drawing { get; init; }
}

/// <summary>What pages are put together from.</summary>
internal static class Pieces
{
    /// <summary>A heading with what can be done beside it.</summary>
    public static Html Head(string title, Html lead = default, Html actions = default) => Html.Of($"""
        <div class="head">
          <div><h1>{title}</h1>{(lead.IsEmpty ? Html.None : Html.Of($"""<p class="lead">{lead}</p>"""))}</div>
          {(actions.IsEmpty ? Html.None : Html.Of($"""<div class="actions">{actions}</div>"""))}
        </div>
        """);

    /// <summary>A table.</summary>
    /// <param name="caption">What it lists; for screen readers.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="rows">Rows; see <see cref="Row"/>.</param>
    /// <param name="isStacked">Whether each row becomes a card where there is no room for columns.</param>
    public static Html Table(string caption, IReadOnlyList<Column> columns, IEnumerable<Html> rows, bool isStacked = true) => Html.Of($"""
        <div class="table" role="region" aria-label="{caption}" tabindex="0"><table{Html.When(isStacked, "class=\"stacks\"")}>
          <caption class="unseen">{caption}</caption>
          <thead><tr>{columns.Select(Heading)}</tr></thead>
          <tbody>{rows}</tbody>
        </table></div>
        """);

    /// <summary>A row: its cells in the order of the columns.</summary>
    public static Html Row(IReadOnlyList<Column> columns, params IReadOnlyList<Html> cells) =>
        Html.Of($"<tr>{cells.Select((cell, i) => Html.Of($"""<td{Kind(columns[i])} data-label="{columns[i].Label}">{cell}</td>"""))}</tr>\n");

    /// <summary>Names and values; what has no value is left out.</summary>
    public static Html Facts(IEnumerable<(string Name, Html Value)> facts) =>
        Html.Of($"""<dl class="facts">{facts.Where(static fact => !fact.Value.IsEmpty && fact.Value.ToString() != Words.None.ToString()).Select(static fact => Html.Of($"<div><dt>{fact.Name}</dt><dd>{fact.Value}</dd></div>"))}</dl>""");

    /// <summary>A part of a page with a heading of the second order.</summary>
    /// <param name="id">Its place in the address.</param>
    /// <param name="title">Heading.</param>
    /// <param name="body">What stands in it.</param>
    /// <param name="actions">What can be done with it.</param>
    public static Html Card(string id, string title, Html body, Html actions = default) => Html.Of($"""
        <section class="card" id="{id}" aria-labelledby="{id}-title">
          <header><h2 id="{id}-title">{title}</h2>{(actions.IsEmpty ? Html.None : Html.Of($"""<div class="actions">{actions}</div>"""))}</header>
          {body}
        </section>
        """);

    /// <summary>Figures in a row.</summary>
    public static Html Tiles(IEnumerable<Tile> tiles) => Html.Of($"""<dl class="tiles">{tiles.Select(Draw)}</dl>""");

    /// <summary>What stands where there is nothing to list, and what to do about it.</summary>
    public static Html Empty(Icon icon, string title, Html text, Html action = default) => Html.Of($"""
        <div class="empty"><span class="empty-icon">{icon.Draw()}</span><p class="empty-title">{title}</p><p>{text}</p>{action}</div>
        """);

    /// <summary>Something is wrong with what was asked for.</summary>
    public static Html Problem(string text) => Html.Of($"""<p class="problem" role="alert">{Icon.Warning.Draw()} {text}</p>""");

    /// <summary>Links to the pages beside this one; null for none.</summary>
    public static Html Pager(string label, string? previous, string? next, Html between = default) => Html.Of($"""
        <nav class="pager" aria-label="{label}">
          {Step(previous, "prev", "Previous", Icon.Left.Draw(), Html.None)}
          <span class="pager-place">{between}</span>
          {Step(next, "next", "Next", Html.None, Icon.Right.Draw())}
        </nav>
        """);

    /// <summary>A filter in force, which a click takes away.</summary>
    public static Html Chip(string name, Html value, string without) => Html.Of(
        $"""<li class="chip"><span class="chip-name">{name}</span> {value} <a href="{without}" aria-label="Remove the filter {name}">{Icon.Close.Draw()}</a></li>""");

    private static Html Step(string? link, string relation, string text, Html before, Html after) => link is null
        ? Html.Of($"""<span class="button" aria-disabled="true">{before}{text}{after}</span>""")
        : Html.Of($"""<a class="button" rel="{relation}" href="{link}">{before}{text}{after}</a>""");

    private static Html Draw(Tile tile) => Html.Of($"""
        <div class="tile"><dt>{tile.Label}</dt><dd><span class="figure {Badge.Class(tile.Tone)}">{tile.Value}</span>{tile.Drawing}{(tile.Note.IsEmpty ? Html.None : Html.Of($"""<span class="note">{tile.Note}</span>"""))}</dd></div>
        """);

    private static Html Kind(Column column) => column.Kind.Length == 0 ? Html.None : Html.Of($""" class="{column.Kind}" """);

    private static Html Heading(Column column)
    {
        Html sense = column.IsAscending is { } ascending ? Html.Of($""" aria-sort="{(ascending ? "ascending" : "descending")}" """) : Html.None;
        return column.SortLink is { } link
            ? Html.Of($"""<th scope="col"{Kind(column)}{sense}><a href="{link}">{column.Label}</a></th>""")
            : Html.Of($"""<th scope="col"{Kind(column)}{sense}>{column.Label}</th>""");
    }
}
