using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Page.Access;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Calls;

/// <summary>A column that the list of calls can show.</summary>
/// <param name="Name">Its name in the address.</param>
/// <param name="Label">Its heading.</param>
/// <param name="Kind">Class of its cells.</param>
/// <param name="Cell">Its cell of a call.</param>
internal sealed record CallListColumn(string Name, string Label, string Kind, Func<CallRecord, Viewer, Html> Cell)
{
    /// <summary>What the list is sorted by at a click on the heading; null for nothing.</summary>
    public CallSort? Sort { get; init; }

    /// <summary>Whether it is shown where nobody chose.</summary>
    public bool IsUsual { get; init; }
}

/// <summary>The columns of the list of calls: one table.</summary>
internal static class CallListColumns
{
    /// <summary>All of them, in order.</summary>
    public static IReadOnlyList<CallListColumn> All { get; } =
    [
        new("started", "Started", "when", static (call, viewer) => Html.Of($"""<a class="row-link" href="/calls/{call.Id}">{Words.Time(call.StartedAt, viewer.Zone)}</a>""")) { IsUsual = true, Sort = CallSort.StartedAt },
        new("caller", "Caller", "who", static (call, _) => Words.Party(call.Caller)) { IsUsual = true },
        new("callee", "Callee", "who", static (call, _) => Words.Party(call.Callee, call.Dialled)) { IsUsual = true },
        new("direction", "Direction", "", static (call, _) => call.Direction is { } direction ? Html.Of($"""<span class="dim">{Words.Plain(EnumNames<CallDirection>.Of(direction))}</span>""") : Words.None) { IsUsual = true },
        new("outcome", "Outcome", "outcome", static (call, _) => Html.Of($"""{Badge.Of(call.Disposition)}{(call.SipStatus is 0 or 200 ? Html.None : Html.Of($""" <span class="dim">{call.SipStatus}</span>"""))}""")) { IsUsual = true },
        new("duration", "Duration", "num", static (call, _) => Html.Of($"{Words.Span(call.Duration)}")) { IsUsual = true, Sort = CallSort.Duration },
        new("talk", "Talk", "num", static (call, _) => call.AnsweredAt is null ? Words.None : Html.Of($"{Words.Span(call.BillableDuration)}")) { IsUsual = true, Sort = CallSort.Billsec },
        new("pdd", "PDD", "num", static (call, _) => Words.Milliseconds(call.PostDialDelay)) { IsUsual = true },
        new("mos", "MOS", "num", static (call, _) => Badge.Mos(Mos(call))) { IsUsual = true, Sort = CallSort.Mos },
        new("noticed", "Noticed", "flags", static (call, _) => Flags(call.Flags)) { IsUsual = true },
        new("codec", "Codec", "", static (call, _) => Codecs(call)),
        new("dialled", "Dialled", "code", static (call, _) => Words.Text(call.Dialled)),
        new("cause", "Cause", "", static (call, _) => call.Cause is { } cause ? Html.Of($"{cause.Q850} {Html.Wire(cause.Text)}") : Words.None),
        new("hangup", "Ended by", "", static (call, _) => call.HangupBy == HangupBy.None ? Words.None : Html.Of($"{Words.Plain(EnumNames<HangupBy>.Of(call.HangupBy))}")),
        new("caller_address", "Caller address", "code", static (call, _) => Words.Text(call.Caller.Address?.ToString())),
        new("callee_address", "Callee address", "code", static (call, _) => Words.Text(call.Callee.Address?.ToString())),
        new("caller_device", "Caller device", "", static (call, _) => Words.Text(call.Caller.UserAgent)),
        new("callee_device", "Callee device", "", static (call, _) => Words.Text(call.Callee.UserAgent)),
        new("kind", "Kind", "", static (call, _) => call.Marks?.Context is { } context ? Html.Of($"{Words.Plain(EnumNames<CallContext>.Of(context))}") : Words.None),
        new("trunk", "Trunk", "", static (call, _) => Words.Text(call.Marks?.Trunk)),
        new("tenant", "Tenant", "", static (call, _) => Words.Text(call.Tenant)),
        new("cost", "Cost", "num", static (call, _) => call.Marks?.Charge is { } charge ? Html.Of($"{charge.Amount} {charge.Currency}") : Words.None),
        new("session", "Session", "", static (call, _) => Html.Of($"""<a class="above" href="/sessions/{call.SessionId}">{(call.SessionId == call.Id && call.Links.Count == 0 ? "alone" : Words.Count(call.Links.Count + 1, "call"))}</a>""")),
        new("source", "Source", "", static (call, _) => Words.Text(call.CaptureSource)),
        new("call_id", "Call-ID", "code", static (call, _) => Words.Text(call.SipCallId)),
    ];

    /// <summary>Those that were chosen, else the usual ones. The first is always there: it leads to the call.</summary>
    public static IReadOnlyList<CallListColumn> Chosen(IReadOnlyList<string> names)
    {
        var chosen = names.Count == 0 ? [] : All.Where(column => names.Contains(column.Name, StringComparer.Ordinal)).ToList();
        if (chosen.Count == 0) return [.. All.Where(static column => column.IsUsual)];
        if (chosen[0] != All[0]) chosen.Insert(0, All[0]);
        return chosen;
    }

    /// <summary>The worst mean opinion score of a call's streams; null where none has one.</summary>
    public static double? Mos(CallRecord call) => call.Streams.Min(static stream => stream.Mos);

    /// <summary>What was noticed, the routine left out: that a call was challenged or belongs to a session says nothing about how it went.</summary>
    public static Html Flags(CallFlags flags) => Html.Join(Words.Each(flags & ~(CallFlags.Authenticated | CallFlags.Linked)).Select(static flag =>
        Html.Of($"""<span class="flag {Badge.Class(ToneOf(flag))}">{Words.Of(flag)}</span> """)));

    /// <summary>How bad a flag is.</summary>
    public static Tone ToneOf(CallFlags flag) => flag switch
    {
        CallFlags.OneWayAudio or CallFlags.NoRtp => Tone.Bad,
        CallFlags.MissingBye or CallFlags.MissingInvite or CallFlags.Gap or CallFlags.NoAck or CallFlags.Unconfirmed or CallFlags.Limited or CallFlags.Truncated or CallFlags.ClockSet => Tone.Warn,
        _ => Tone.Plain,
    };

    private static Html Codecs(CallRecord call) => (call.Caller.Codec, call.Callee.Codec) switch
    {
        (null, null) => Words.None,
        ({ } one, { } other) when one != other => Html.Of($"{Html.Wire(one)} / {Html.Wire(other)}"),
        var (one, other) => Html.Wire(one ?? other),
    };
}
