using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;

namespace CdrEngine.Api.Queries;

/// <summary>The parameters of the list of sessions.</summary>
internal static class SessionParameters
{
    public static IReadOnlyList<ListParameter<SessionQuery>> All { get; } =
    [
        new("from", "Started at or after: RFC 3339 with an offset, or seconds since 1970 with up to six decimals. With `number` its call did.", Shapes.Text("2026-11-20T04:27:00Z"),
            static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Started before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"),
            static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("number", "Number of anyone in any of its calls; a prefix where it ends in `*`.", Shapes.Text("4930*"),
            static (query, value) => (query with { Number = value }, null)),
        new("kind", "What it is, by the most notable thing that happened.", Shapes.Names<SessionKind>(),
            static (query, value) =>
            {
                string? problem = EnumNames<SessionKind>.TryParse(value, out SessionKind kind) ? null : $"is none of {string.Join(", ", ValueText.Names<SessionKind>())}";
                return (query with { Kind = kind }, problem);
            }),
        new("tenant", "With calls of this tenant by the directory, and told of these alone.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("sort", "Order, by start.", Shapes.StartedAt, static (query, value) => (query with { Ascending = value == "started_at" }, Shapes.NoSort(value)))
        {
            Default = "-started_at",
        },
        new("offset", "Sessions before the first page. With `number`, `kind` or `tenant`, and for a tenant's token, no more than some thousands; with `cursor` it does not matter.", new ValueShape("integer", "0") { Minimum = 0, Maximum = int.MaxValue },
            static (query, value) =>
            {
                string? problem = ValueText.Whole(value, 0, int.MaxValue, out int offset);
                return (query with { Offset = offset }, problem);
            }),
        new("limit", $"Sessions on the page at most, 1 to {CallQuery.MaxLimit}. The default is a setting.", Shapes.Limit,
            static (query, value) =>
            {
                string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
                return (query with { Limit = limit }, problem);
            }),
        new("cursor", "Where to go on: `next_cursor` of the page before, with the same filters and order.", Shapes.Text("Ag…"),
            static (query, value) => (query with { Cursor = value }, null)),
    ];
}
