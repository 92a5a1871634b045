using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Queries;

/// <summary>Which figures are asked for.</summary>
internal sealed record FigureQuery
{
    public CallQuery Calls { get; init; } = new();

    public TimeSpan? Step { get; init; }

    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    public bool WantsSamples { get; init; } = true;
}

/// <summary>The parameters of the figures: those filters of the list of calls that sums can answer.</summary>
internal static class FigureParameters
{
    public static IReadOnlyList<ListParameter<FigureQuery>> All { get; } =
    [
        new("from", "Calls started at or after; cut to its hour. A day before `to` where it is left out.", Shapes.Text("2026-11-20T00:00:00Z"), static (query, value) => (query with { Calls = query.Calls with { From = Shapes.Time(value, out string? problem) } }, problem)),
        new("to", "Calls started before; the hour it lies in counts whole. Now where it is left out.", Shapes.Text("2026-11-21T00:00:00Z"), static (query, value) => (query with { Calls = query.Calls with { To = Shapes.Time(value, out string? problem) } }, problem)),
        new("step", "Length of a place of `points`; hours up to a week where it is left out, days beyond.", new ValueShape("string", "hour") { Names = ["hour", "day"] }, static (query, value) =>
            (query with { Step = value == "day" ? TimeSpan.FromDays(1) : TimeSpan.FromHours(1) }, value is "hour" or "day" ? null : "is none of hour, day")),
        new("zone", "Time zone of days and of `week`.", Shapes.Text("Europe/Berlin"), static (query, value) =>
            TimeZoneInfo.TryFindSystemTimeZoneById(value, out TimeZoneInfo? zone) ? (query with { Zone = zone }, null) : (query, "is no time zone")) { Default = "UTC" },
        new("disposition", "Any of these outcomes.", Shapes.Names<Disposition>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out Disposition disposition);
            return (query with { Calls = query.Calls with { Dispositions = [.. query.Calls.Dispositions, disposition] } }, problem);
        })
        {
            IsList = true,
        },
        new("direction", "Direction by the directory.", Shapes.Names<CallDirection>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out CallDirection direction);
            return (query with { Calls = query.Calls with { Direction = direction } }, problem);
        }),
        new("context", "What the call was, by the directory.", Shapes.Names<CallContext>(), static (query, value) =>
        {
            string? problem = ValueText.Name(value, out CallContext context);
            return (query with { Calls = query.Calls with { Context = context } }, problem);
        }),
        new("trunk", "Name of the trunk, exactly.", Shapes.Text("carrier-a"), static (query, value) => (query with { Calls = query.Calls with { Trunk = value } }, null)),
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Calls = query.Calls with { Tenant = value } }, null)),
        new("samples", "Whether callers and worst calls are wanted, which read records.", new ValueShape("string", "false") { Names = ["true", "false"] }, static (query, value) =>
            (query with { WantsSamples = value == "true" }, value is "true" or "false" ? null : "is none of true, false")) { Default = "true" },
    ];
}
