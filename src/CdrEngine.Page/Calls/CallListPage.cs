using System.Globalization;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Pages;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>The list of calls. Everything that makes up a view is in its address; without a script it is a form and a table, with one it answers while
/// typing and goes on at its end.</summary>
internal sealed class CallListPage(PageDesk desk)
{
    private readonly Seats _seats = new(desk.Options.Limits.Lists, desk.Options.Limits.LongestWait, desk.Counters);

    /// <summary>The routes.</summary>
    public IReadOnlyList<PageRoute> Routes => [new("/calls", "calls") { Get = ShowAsync }];

    private async Task<PageAnswer> ShowAsync(PageRequest request)
    {
        CallFilter filter = CallFilter.Read(request);
        if (request.Part == "totals") return await TotalsAsync(request, filter) is { } totals ? new PageFragment(totals) : new AnsweredPage();
        (CallSort sort, bool ascending) = Order(request);
        IReadOnlyList<CallListColumn> columns = CallListColumns.Chosen(request.Values("cols"));
        Html list = Html.None;
        if (filter.Problems.Count == 0)
        {
            if (await PageAsync(request, filter, sort, ascending) is not { } page) return new AnsweredPage();
            if (page.IsLost) return new GoTo(Place.Of(request.Context.Request).Without("cursor", "after", "before").ToString());
            list = List(request, filter, page, columns, sort, ascending);
        }

        Html totalsNow = request.Query("totals") is not null && filter.Problems.Count == 0 ? await TotalsAsync(request, filter) ?? Html.None : Html.None;
        Html results = Results(request, filter, list, totalsNow);
        if (request.Part == "results") return new PageFragment(results);
        return new WholePage("Calls", Html.Of($"""
            {Pieces.Head("Calls", actions: Html.Of($"""<button type="button" class="quiet" data-copy="" hidden>Copy a link to this view</button>"""))}
            {CallFilterForm.Draw(request, columns, sort, ascending)}
            <p class="fresh"><button type="button" id="fresh" hidden data-events="/api/v1/events?types=call.recorded" data-kind="call.recorded">Show new calls</button></p>
            <div id="results" data-noun="calls">{results}</div>
            """))
        {
            Section = "/calls",
            Modules = ["list.js"],
            IsWide = true,
        };
    }

    /// <summary>One page, and where its neighbours are.</summary>
    private async Task<ShownCalls?> PageAsync(PageRequest request, CallFilter filter, CallSort sort, bool ascending)
    {
        int size = request.Number("limit", 10, 500, desk.Options.PageSize);
        CallQuery query = filter.Query with { Sort = sort, Ascending = ascending, Limit = size };
        if (sort == CallSort.StartedAt && request.Query("before") is { } before)
        {
            // Backwards: the same list the other way about, from the first call of the page that was left.
            if (Position(before) is not { } first) return ShownCalls.Lost;
            CallPage? back = await request.SeatedAsync(_seats, () => Read(request, query with { Ascending = !ascending, Start = first, Limit = size + 2 }));
            if (back is null) return null;
            List<CallRecord> calls = [.. back.Calls.Where(call => call.Id != first.Id)];
            bool hasMore = calls.Count > size;
            calls = [.. calls.Take(size)];
            calls.Reverse();
            return new ShownCalls(calls, hasMore ? Text(calls[0]) : null, calls.Count > 0 ? Text(calls[^1]) : null, null);
        }

        if (sort == CallSort.StartedAt && request.Query("after") is { } after)
        {
            if (Position(after) is not { } last) return ShownCalls.Lost;
            CallPage? on = await request.SeatedAsync(_seats, () => Read(request, query with { Start = last, Limit = size + 2 }));
            if (on is null) return null;
            List<CallRecord> calls = [.. on.Calls.Where(call => call.Id != last.Id)];
            bool hasMore = calls.Count > size;
            calls = [.. calls.Take(size)];
            return new ShownCalls(calls, calls.Count > 0 ? Text(calls[0]) : after, hasMore ? Text(calls[^1]) : null, null);
        }

        CallPage? page = await request.SeatedAsync(_seats, () => Read(request, query with { Cursor = request.Query("cursor") }));
        if (page is null) return null;
        if (page.CursorRejected) return ShownCalls.Lost;
        if (sort == CallSort.StartedAt) return new ShownCalls(page.Calls, null, page.NextCursor is null ? null : Text(page.Calls[^1]), null);
        return new ShownCalls(page.Calls, null, null, page.NextCursor) { IsLater = request.Query("cursor") is not null };
    }

    private CallPage Read(PageRequest request, CallQuery query)
    {
        CallPage page = desk.Calls.List(query);
        return request.Viewer.Tenant is null ? page : page with { Calls = [.. page.Calls.Select(call => request.Viewer.Shown(call, desk.Calls))] };
    }

    private static Html List(PageRequest request, CallFilter filter, ShownCalls page, IReadOnlyList<CallListColumn> columns, CallSort sort, bool ascending)
    {
        Place here = Place.Of(request.Context.Request).Without("cursor", "after", "before", "totals");
        if (page.Calls.Count == 0) return Empty(filter, here);
        Column[] heads = [.. columns.Select(column => Head(column, here, sort, ascending))];
        Html table = Pieces.Table("Calls", heads, page.Calls.Select(call => Pieces.Row(heads, [.. columns.Select(column => column.Cell(call, request.Viewer))])));
        string? previous = page.Before is { } before ? here.With("before", before).ToString() : page.IsLater ? here.ToString() : null;
        string? next = page.After is { } after ? here.With("after", after).ToString() : page.Cursor is { } cursor ? here.With("cursor", cursor).ToString() : null;
        Html between = page.Calls.Count == 1 ? Html.Of($"1 call") : Html.Of($"{Words.Count(page.Calls.Count, "call")}");
        return Html.Of($"""{table}{Pieces.Pager("Pages of calls", previous, next, between)}""");
    }

    private static Html Empty(CallFilter filter, Place here) => filter.InForce.Count > 0
        ? Pieces.Empty(Icon.Search, "No call matches", Html.Of($"Take a filter away, or look at a longer time."), Html.Of($"""<a class="button" href="{here.Without([.. CallFilter.Names])}">Show all calls</a>"""))
        : Pieces.Empty(Icon.Phone, "No calls yet", Html.Of($"Calls appear here as they end. <code>cdrengine run -i any</code> captures, <code>cdrengine import FILE</code> reads a capture, <code>cdrengine demo</code> shows what it looks like."));

    private static Html Results(PageRequest request, CallFilter filter, Html list, Html totals)
    {
        Place here = Place.Of(request.Context.Request).Without("cursor", "after", "before");
        Html chips = filter.InForce.Count == 0 ? Html.None : Html.Of($"""
            <ul class="chips" aria-label="Filters in force">{filter.InForce.Select(static chip => Pieces.Chip(chip.Name, chip.Value, chip.Without))}
              {(filter.InForce.Count > 1 ? Html.Of($"""<li><a class="clear" href="{here.Without([.. CallFilter.Names, "totals"])}">Clear all</a></li>""") : Html.None)}</ul>
            """);
        Html sums = filter.Problems.Count > 0 || list.IsEmpty ? Html.None : Html.Of($"""
            <section id="totals" aria-label="Totals of these calls" data-load="totals">{(totals.IsEmpty ? Html.Of($"""<p class="later"><a href="{here.With("totals", "1")}">Show totals</a></p>""") : totals)}</section>
            """);
        return Html.Of($"""<span hidden data-csv="{CallCsvLink.Of(request)}"></span>{chips}{filter.Problems.Select(Pieces.Problem)}{sums}{list}""");
    }

    private async Task<Html?> TotalsAsync(PageRequest request, CallFilter filter)
    {
        if (filter.Problems.Count > 0 || desk.Totals is not { } totals) return Html.None;
        CallFigures? figures = await request.SeatedAsync(_seats, () => CallFigures.Read(request, totals, filter.Query));
        return figures is null ? null : CallFiguresView.Draw(figures, request, filter.Query);
    }

    private static Column Head(CallListColumn column, Place here, CallSort sort, bool ascending)
    {
        if (column.Sort is not { } own) return new Column(column.Label, column.Kind);

        // The first click puts on top what one looks for: the latest, the longest, the worst heard.
        bool isIt = own == sort;
        bool next = isIt ? !ascending : own == CallSort.Mos;
        string name = (next ? "" : "-") + EnumNames<CallSort>.Of(own);
        return new Column(column.Label, column.Kind) { SortLink = here.With("sort", name == "-started_at" ? null : name).ToString(), IsAscending = isIt ? ascending : null };
    }

    private static (CallSort Sort, bool Ascending) Order(PageRequest request)
    {
        string name = request.Query("sort") ?? "-started_at";
        bool descending = name.StartsWith('-');
        return EnumNames<CallSort>.TryParse(descending ? name[1..] : name, out CallSort sort) ? (sort, !descending) : (CallSort.StartedAt, false);
    }

    private static string Text(CallRecord call) => string.Create(CultureInfo.InvariantCulture, $"{call.StartedAt.Microseconds}_{call.Id}");

    private static CallPosition? Position(string text) =>
        text.Split('_') is [var at, var id] && long.TryParse(at, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long microseconds) && CallId.IsWellFormed(id)
            ? new CallPosition(new Timestamp(microseconds), id)
            : null;

    /// <summary>A page of the list.</summary>
    /// <param name="Calls">Its calls.</param>
    /// <param name="Before">Position that the page before ends at; null where there is none.</param>
    /// <param name="After">Position after which the next begins; null where there is none, or it is found by a cursor.</param>
    /// <param name="Cursor">Cursor of the next.</param>
    private sealed record ShownCalls(IReadOnlyList<CallRecord> Calls, string? Before, string? After, string? Cursor)
    {
        /// <summary>The address says a place that is none.</summary>
        public static ShownCalls Lost { get; } = new([], null, null, null) { IsLost = true };

        public bool IsLost { get; private init; }

        /// <summary>A page behind the first, from which only the first can be told.</summary>
        public bool IsLater { get; init; }
    }
}
