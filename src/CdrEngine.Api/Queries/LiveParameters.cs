using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Api.Queries;

/// <summary>The parameters of the list of calls in progress.</summary>
internal static class LiveParameters
{
    private static readonly string[] States = [.. EnumNames<LiveState>.All.Where(static pair => pair.Value != LiveState.Ended).Select(static pair => pair.Name)];

    private static readonly string[] Sorts = [.. EnumNames<LiveSort>.All.SelectMany(static pair => (string[])[pair.Name, "-" + pair.Name])];

    public static IReadOnlyList<ListParameter<LiveQuery>> All { get; } =
    [
        new("state", "In any of these states.", new ValueShape("string", "answered") { Names = States }, static (query, value) =>
            EnumNames<LiveState>.TryParse(value, out LiveState state) && state != LiveState.Ended
                ? (query with { States = [.. query.States, state] }, null)
                : (query, $"is none of {string.Join(", ", States)}"))
        {
            IsList = true,
        },
        new("number", "Number of the caller, the callee or the dialled one; a prefix where it ends in `*`.", Shapes.Text("1001"),
            static (query, value) => (query with { Number = value }, null)),
        new("address", "IP address of either party.", Shapes.Text("192.0.2.1"), static (query, value) =>
        {
            string? problem = ValueText.Address(value, out IpAddress address);
            return (query with { Address = address }, problem);
        }),
        new("source", "Source that saw the call's first message: interface, file or HEP agent.", Shapes.Text("span0"),
            static (query, value) => (query with { Source = value }, null)),
        new("tenant", "Tenant the call belongs to.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("quality", "Whether the figures of the streams are wanted; without them the answer comes sooner.", new ValueShape("string", "off") { Names = ["on", "off"] },
            static (query, value) => (query with { Quality = value == "on" }, value is "on" or "off" ? null : "is none of on, off"))
        {
            Default = "on",
        },
        new("sort", "Order; calls that are not answered come last where it is by the answer.", new ValueShape("string", "-started_at") { Names = Sorts }, static (query, value) =>
        {
            bool descending = value.StartsWith('-');
            return EnumNames<LiveSort>.TryParse(descending ? value[1..] : value, out LiveSort sort)
                ? (query with { Sort = sort, Ascending = !descending }, null)
                : (query, $"is none of {string.Join(", ", Sorts)}");
        })
        {
            Default = "-started_at",
        },
        new("limit", $"Calls on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.", Shapes.Limit, static (query, value) =>
        {
            string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
            return (query with { Limit = limit }, problem);
        }),
        new("cursor", "Where to go on: `next_cursor` of the page before, with the same filters and order.", Shapes.Text("Zm9v…"),
            static (query, value) => (query with { Cursor = value }, null)),
    ];
}

/// <summary>The parameters of the stream of events.</summary>
internal static class EventParameters
{
    public static IReadOnlyList<ListParameter<LiveFilter>> All { get; } =
    [
        new("types", "Only these events.", new ValueShape("string", "call.ended") { Names = LiveEventNames.All }, static (filter, value) =>
            LiveEventNames.TryParse(value, out LiveEventKind kind)
                ? (filter with { Kinds = [.. filter.Kinds, kind] }, null)
                : (filter, $"is none of {string.Join(", ", LiveEventNames.All)}"))
        {
            IsList = true,
        },
        new("number", "Number of the caller, the callee or the dialled one, of a registration's user or of either end of a message; a prefix where it ends in `*`.", Shapes.Text("1001"),
            static (filter, value) => (filter with { Number = value }, null)),
        new("tenant", "Tenant that what happened belongs to.", Shapes.Text("acme"), static (filter, value) => (filter with { Tenant = value }, null)),
        new("quality", "Whether to send `call.updated` with the quality of every answered call every few seconds.", new ValueShape("string", "on") { Names = ["on", "off"] },
            static (filter, value) => (filter with { Quality = value == "on" }, value is "on" or "off" ? null : "is none of on, off"))
        {
            Default = "off",
        },
        new("after", "Number of the last event known, for clients that cannot send the header Last-Event-ID.", new ValueShape("integer", "1795148820000000") { Minimum = 0 },
            static (filter, value) => long.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out long after)
                ? (filter with { After = after }, null)
                : (filter, "is no number of an event")),
    ];
}
