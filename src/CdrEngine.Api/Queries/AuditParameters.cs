using CdrEngine.Api.Access.Audit;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Api.Queries;

/// <summary>The parameters of the list of the audit.</summary>
internal static class AuditParameters
{
    public static IReadOnlyList<ListParameter<AuditQuery>> All { get; } =
    [
        new("from", "At or after: RFC 3339 with an offset, or seconds since 1970 with up to six decimals.", Shapes.Text("2026-11-20T04:27:00Z"),
            static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"),
            static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("action", "What was done; all that begin so where it ends in `*`.", Shapes.Text("download_*"), static (query, value) => (query with { Action = value }, null)),
        new("who", "Who did it; all that begin so where it ends in `*`.", Shapes.Text("token:00112233aabb"), static (query, value) => (query with { Who = value }, null)),
        new("via", "By which way: `api`, a dialect's name, `page`, `share`, `command`, `engine`.", Shapes.Text("api"), static (query, value) => (query with { Via = value }, null)),
        new("remote", "From which address.", Shapes.Text("192.0.2.1"), static (query, value) => (query with { Remote = value }, null)),
        new("object", "What it was done to, mostly the id of a record; all that begin so where it ends in `*`.", Shapes.Text("20261120-00112233445566778899aabb"),
            static (query, value) => (query with { Object = value }, null)),
        new("tenant", "Whose record it was.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("result", "How it came out.", new ValueShape("string", AuditResult.Ok) { Names = AuditResult.All },
            static (query, value) => (query with { Result = value }, AuditResult.All.Contains(value, StringComparer.Ordinal) ? null : $"is none of {string.Join(", ", AuditResult.All)}")),
        new("limit", $"Entries on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.", Shapes.Limit,
            static (query, value) =>
            {
                string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
                return (query with { Limit = limit }, problem);
            }),
        new("cursor", "Where to go on: `next_cursor` of the page before.", Shapes.Text("4711"), static (query, value) => (query with { Cursor = value }, null)),
    ];
}
