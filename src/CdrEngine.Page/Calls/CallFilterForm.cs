using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;
using CdrEngine.Page.Shell;

namespace CdrEngine.Page.Calls;

/// <summary>The form above the list of calls.</summary>
internal static class CallFilterForm
{
    private static readonly string[] Further = ["caller", "callee", "address", "disposition", "direction", "context", "trunk", "status", "cause", "codec", "mos", "flags", "min", "max", "from", "to", "tenant"];

    /// <summary>The form, filled in as the address says.</summary>
    public static Html Draw(PageRequest request, IReadOnlyList<CallListColumn> columns, CallSort sort, bool ascending)
    {
        int further = Further.Count(name => request.Query(name) is not null);
        bool isChosen = request.Values("cols").Count > 0;
        string order = (ascending ? "" : "-") + EnumNames<CallSort>.Of(sort);
        return Html.Of($"""
            <form class="filter" method="get" action="/calls" role="search" data-live="results">
              {Kept(request, order)}
              <div class="filter-bar">
                <div class="field grow"><label class="unseen" for="q">Number, name, address or Call-ID</label>{Icon.Search.Draw()}<input id="q" name="q" type="search" value="{request.Query("q")}" placeholder="Number, name, address, Call-ID…" autocomplete="off" spellcheck="false"></div>
                <div class="field"><label class="unseen" for="when">Time</label>{Icon.Clock.Draw()}<input id="when" name="when" type="text" value="{request.Query("when")}" placeholder="Any time" list="when-words" autocomplete="off" spellcheck="false"></div>
                <datalist id="when-words">{TimeWords.Offers.Select(static words => Html.Of($"""<option value="{words}"></option>"""))}</datalist>
                <details class="drop"><summary class="button">{Icon.Filter.Draw()} Filters{(further > 0 ? Html.Of($""" <span class="count">{further}</span>""") : Html.None)}</summary><div class="drop-body filter-grid">{Fields(request)}</div></details>
                <details class="drop"><summary class="button">{Icon.Columns.Draw()} Columns</summary><div class="drop-body"><fieldset><legend>Columns shown</legend><div class="ticks">{CallListColumns.All.Select((column, i) => Tick("cols", column.Name, column.Label, isChosen ? columns.Contains(column) : column.IsUsual, i == 0, column.IsUsual))}</div></fieldset></div></details>
                <a class="button" data-with-filter="/api/v1/calls" href="{CallCsvLink.Of(request)}" download="calls.csv">{Icon.Download.Draw()} CSV</a>
                <button class="primary">Search</button>
              </div>
            </form>
            """);
    }

    private static Html Kept(PageRequest request, string order) => Html.Of($"""
        {(order == "-started_at" ? Html.None : Html.Of($"""<input type="hidden" name="sort" value="{order}">"""))}{(request.Query("session") is { } session ? Html.Of($"""<input type="hidden" name="session" value="{session}">""") : Html.None)}
        """);

    private static Html Fields(PageRequest request) => Html.Of($"""
        {Input(request, "caller", "Caller", "1001 or 4930*")}
        {Input(request, "callee", "Callee or dialled", "2002 or 4930*")}
        {Input(request, "address", "IP address", "192.0.2.1")}
        {Input(request, "codec", "Codec", "PCMU")}
        {Input(request, "trunk", "Trunk", "carrier-a")}
        {Input(request, "status", "Final SIP status", "486, 503")}
        {Input(request, "cause", "Cause (Q.850)", "17, 34")}
        {Choice(request, "context", "Kind", "Any kind", EnumNames<CallContext>.All.Select(static pair => (pair.Name, Words.Plain(pair.Name))))}
        {Input(request, "mos", "MOS below", "3.6")}
        {Input(request, "min", "Lasted at least", "30 or 1:30")}
        {Input(request, "max", "Lasted at most", "2m")}
        {(request.Viewer.Tenant is null ? Input(request, "tenant", "Tenant", "acme") : Html.None)}
        <div class="pair"><label>From <input name="from" type="datetime-local" step="1" value="{Picked(request, "from")}"></label><label>Until <input name="to" type="datetime-local" step="1" value="{Picked(request, "to")}"></label></div>
        {Ticks(request, "disposition", "Outcome", EnumNames<Disposition>.All.Where(static pair => pair.Value != Disposition.InProgress).Select(static pair => (pair.Name, Words.Of(pair.Value))))}
        {Ticks(request, "direction", "Direction", EnumNames<CallDirection>.All.Select(static pair => (pair.Name, Words.Plain(pair.Name))))}
        {Ticks(request, "flags", "Noticed (all of these)", EnumNames<CallFlags>.All.Where(static pair => pair.Value != CallFlags.None).Select(static pair => (pair.Name, Words.Of(pair.Value))))}
        """);

    // As the picker takes it: the time in the viewer's zone, or nothing where the address says none.
    private static string Picked(PageRequest request, string name) =>
        request.Query(name) is { } text && CallFilter.Moment(text, request.Viewer.Zone) is { } at ? Words.Local(at, request.Viewer.Zone).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) : "";

    private static Html Input(PageRequest request, string name, string label, string example) =>
        Html.Of($"""<label>{label}<input name="{name}" type="text" value="{request.Query(name)}" placeholder="{example}" autocomplete="off" spellcheck="false"></label>""");

    private static Html Choice(PageRequest request, string name, string label, string any, IEnumerable<(string Value, string Label)> options)
    {
        IReadOnlyList<string> chosen = request.Values(name);
        return Html.Of($"""<label>{label}<select name="{name}"><option value="">{any}</option>{options.Select(option => Html.Of($"""<option value="{option.Value}"{Html.When(chosen.Contains(option.Value), "selected")}>{option.Label}</option>"""))}</select></label>""");
    }

    private static Html Ticks(PageRequest request, string name, string legend, IEnumerable<(string Value, string Label)> options)
    {
        IReadOnlyList<string> chosen = request.Values(name);
        return Html.Of($"""<fieldset><legend>{legend}</legend><div class="ticks">{options.Select(option => Tick(name, option.Value, option.Label, chosen.Contains(option.Value)))}</div></fieldset>""");
    }

    private static Html Tick(string name, string value, string label, bool isOn, bool isFixed = false, bool isUsual = false) =>
        Html.Of($"""<label class="tick"><input type="checkbox" name="{name}" value="{value}"{Html.When(isOn, "checked")}{Html.When(isFixed, "disabled")}{Html.When(isUsual, "data-usual")}>{label}</label>""");
}
