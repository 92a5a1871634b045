using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Queries;

/// <summary>A parameter that becomes part of a list's query; <paramref name="Read"/> gives the query with the value in it, or what is wrong.</summary>
internal sealed record ListParameter<TQuery>(string Name, string Description, ValueShape Shape, Func<TQuery, string, (TQuery Query, string? Problem)> Read)
    : ApiParameter(Name, Description, Shape)
{
    /// <summary>Reads a query that <see cref="QueryCheck"/> found sound; the fault, or null and the query.</summary>
    public static ParameterFault? ReadAll(IReadOnlyList<ListParameter<TQuery>> parameters, IQueryCollection values, ref TQuery query)
    {
        foreach (ListParameter<TQuery> parameter in parameters)
        {
            if (!values.TryGetValue(parameter.Name, out var given)) continue;
            foreach (string? value in given)
            {
                string[] items = parameter.IsList ? value!.Split(',') : [value!];
                foreach (string item in items)
                {
                    (query, string? problem) = parameter.Read(query, item);
                    if (problem is not null) return new ParameterFault(parameter.Name, $"{parameter.Name}: '{QueryCheck.Shown(item)}' {problem}.");
                }
            }
        }

        return null;
    }
}

/// <summary>The parameters of the list of media sessions.</summary>
internal static class MediaSessionParameters
{
    public static IReadOnlyList<ListParameter<MediaSessionQuery>> All { get; } =
    [
        new("from", "Its call started at or after: RFC 3339 with an offset, or seconds since 1970 with up to six decimals.", Shapes.Text("2026-11-20T04:27:00Z"),
            static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Its call started before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"),
            static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("type", "Kind of media.", Shapes.Names<MediaSessionType>(),
            static (query, value) =>
            {
                string? problem = ValueText.Name(value, out MediaSessionType type);
                return (query with { Type = type }, problem);
            }),
        new("call_id", "Id of its call's record.", Shapes.CallId, static (query, value) => (query with { CallId = value }, Shapes.NoCallId(value))),
        new("codec", "Codec either side sent, or agreed to where nothing was sent; with or without its clock rate; case does not matter.", Shapes.Text("PCMU/8000"),
            static (query, value) => (query with { Codec = value }, null)),
        new("mos_below", "Worst ten seconds of either side below this. Sessions without a MOS do not match.", new ValueShape("number", "3.5") { Minimum = 0, Maximum = 5 },
            static (query, value) =>
            {
                string? problem = ValueText.Number(value, 0, 5, out double mos);
                return (query with { MosBelow = mos }, problem);
            }),
        new("address", "Media address of either side, announced or seen.", Shapes.Text("192.0.2.1"),
            static (query, value) =>
            {
                string? problem = ValueText.Address(value, out IpAddress address);
                return (query with { Address = address }, problem);
            }),
        new("flags", "All of these flags set.", Shapes.Names<MediaSessionFlags>(),
            static (query, value) =>
            {
                string? problem = ValueText.Name(value, out MediaSessionFlags flag);
                return (query with { Flags = query.Flags | flag }, problem);
            })
        {
            IsList = true,
        },
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("sort", "Order, by the start of the calls; those of one call stand in order of their m-lines.", Shapes.StartedAt,
            static (query, value) => (query with { Ascending = value == "started_at" }, Shapes.NoSort(value)))
        {
            Default = "-started_at",
        },
        new("limit", $"Records on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.", Shapes.Limit,
            static (query, value) =>
            {
                string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
                return (query with { Limit = limit }, problem);
            }),
        new("cursor", "Where to go on: `next_cursor` of the page before, with the same filters and order.", Shapes.Text("Ag…"),
            static (query, value) => (query with { Cursor = value }, null)),
    ];
}

/// <summary>The parameters of the list of recordings.</summary>
internal static class RecordingParameters
{
    public static IReadOnlyList<ListParameter<RecordingQuery>> All { get; } =
    [
        new("from", "Its call started at or after: RFC 3339 with an offset, or seconds since 1970 with up to six decimals.", Shapes.Text("2026-11-20T04:27:00Z"),
            static (query, value) => (query with { From = Shapes.Time(value, out string? problem) }, problem)),
        new("to", "Its call started before; written as `from`.", Shapes.Text("2026-11-21T00:00:00Z"),
            static (query, value) => (query with { To = Shapes.Time(value, out string? problem) }, problem)),
        new("state", "In this state.", Shapes.Names<RecordingState>(),
            static (query, value) =>
            {
                string? problem = EnumNames<RecordingState>.TryParse(value, out RecordingState state) ? null : $"is none of {string.Join(", ", ValueText.Names<RecordingState>())}";
                return (query with { State = state }, problem);
            }),
        new("tenant", "Tenant by the directory.", Shapes.Text("acme"), static (query, value) => (query with { Tenant = value }, null)),
        new("sort", "Order, by the start of the calls.", Shapes.StartedAt, static (query, value) => (query with { Ascending = value == "started_at" }, Shapes.NoSort(value)))
        {
            Default = "-started_at",
        },
        new("limit", $"Entries on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.", Shapes.Limit,
            static (query, value) =>
            {
                string? problem = ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit);
                return (query with { Limit = limit }, problem);
            }),
        new("cursor", "Where to go on: `next_cursor` of the page before, with the same filters and order.", Shapes.Text("Ag…"),
            static (query, value) => (query with { Cursor = value }, null)),
    ];
}

/// <summary>Shapes that several lists share.</summary>
internal static class Shapes
{
    /// <summary>What an id of a call looks like.</summary>
    public const string CallIdPattern = "^[0-9]{8}-[0-9a-f]{24}$";

    public static ValueShape CallId { get; } = new("string", "20261120-00112233445566778899aabb") { Pattern = CallIdPattern };

    public static ValueShape StartedAt { get; } = new("string", "-started_at") { Names = ["started_at", "-started_at"] };

    public static ValueShape Limit { get; } = new("integer", "100") { Minimum = 1, Maximum = CallQuery.MaxLimit };

    public static ValueShape Text(string example) => new("string", example);

    public static ValueShape Names<TEnum>()
        where TEnum : struct, Enum =>
        new("string", ValueText.Names<TEnum>()[0]) { Names = ValueText.Names<TEnum>() };

    public static Timestamp Time(string value, out string? problem)
    {
        problem = ValueText.Time(value, out Timestamp at);
        return at;
    }

    public static string? NoCallId(string value) =>
        Calls.Records.CallId.IsWellFormed(value) ? null : "is no id of a call such as 20261120-00112233445566778899aabb";

    public static string? NoSort(string value) => value is "started_at" or "-started_at" ? null : "is none of started_at, -started_at";
}
