using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Queries;

/// <summary>Puts one value of a parameter into the query; returns what is wrong with it, or null.</summary>
internal delegate string? ReadValue(ref CallQuery query, string value);

/// <summary>A parameter that becomes part of a <see cref="CallQuery"/>.</summary>
internal sealed record CallParameter(string Name, string Description, ValueShape Shape, ReadValue Read) : ApiParameter(Name, Description, Shape);

/// <summary>The parameters of the list of calls: the one table from which they are read, refused and described.</summary>
internal static class CallParameters
{
    /// <summary>Longest duration that can be asked for, seconds: some thirty years.</summary>
    private const double MaxSeconds = 1e9;

    private static readonly CallParameter[] Filters =
    [
        new("from", "Started at or after: RFC 3339 with an offset, or seconds since 1970 with up to six decimals.", Text("2026-11-20T04:27:00Z"),
            static (ref query, value) => ValueText.Time(value, out Timestamp at) ?? Set(ref query, query with { From = at })),
        new("to", "Started before; written as `from`.", Text("2026-11-21T00:00:00Z"),
            static (ref query, value) => ValueText.Time(value, out Timestamp at) ?? Set(ref query, query with { To = at })),
        new("number", "Number of the caller, the callee or the dialled one, as on the wire or in full (`+4930…`, by the directory); a prefix where it ends in `*`.", Text("4930*"),
            static (ref query, value) => Set(ref query, query with { Number = value })),
        new("caller", "Number of the caller; a prefix where it ends in `*`.", Text("1001"),
            static (ref query, value) => Set(ref query, query with { Caller = value })),
        new("callee", "Number of the callee or the dialled one; a prefix where it ends in `*`.", Text("2002"),
            static (ref query, value) => Set(ref query, query with { Callee = value })),
        new("address", "IP address of either party.", Text("192.0.2.1"),
            static (ref query, value) => ValueText.Address(value, out IpAddress address) ?? Set(ref query, query with { Address = address })),
        new("disposition", "Any of these outcomes.", Names<Disposition>(), ReadDisposition) { IsList = true },
        new("direction", "Direction by the directory.", Names<CallDirection>(),
            static (ref query, value) => ValueText.Name(value, out CallDirection direction) ?? Set(ref query, query with { Direction = direction })),
        new("context", "What the call was, by the directory.", Names<CallContext>(),
            static (ref query, value) => ValueText.Name(value, out CallContext context) ?? Set(ref query, query with { Context = context })),
        new("tenant", "Tenant by the directory.", Text("acme"),
            static (ref query, value) => Set(ref query, query with { Tenant = value })),
        new("user", "Id of the directory's user who called or was called.", new ValueShape("integer", "10002") { Minimum = 1, Maximum = int.MaxValue },
            static (ref query, value) => ValueText.Whole(value, 1, int.MaxValue, out int user) ?? Set(ref query, query with { User = user })),
        new("trunk", "Name of the trunk by the directory, exactly.", Text("carrier-a"),
            static (ref query, value) => Set(ref query, query with { Trunk = value })),
        new("sip_status", "Any of these final statuses; 0 for none seen.", new ValueShape("integer", "486") { Minimum = 0, Maximum = 699 },
            static (ref query, value) => ValueText.Whole(value, 0, 699, out int status) ?? Set(ref query, query with { SipStatuses = [.. query.SipStatuses, status] })) { IsList = true },
        new("cause", "Any of these Q.850 causes; 0 for none told.", new ValueShape("integer", "17") { Minimum = 0, Maximum = 127 },
            static (ref query, value) => ValueText.Whole(value, 0, 127, out int cause) ?? Set(ref query, query with { Causes = [.. query.Causes, cause] })) { IsList = true },
        new("codec", "Codec either side sent, with or without its clock rate; case does not matter.", Text("PCMU/8000"),
            static (ref query, value) => Set(ref query, query with { Codec = value })),
        new("mos_below", "Worst MOS of a stream below this. Calls without a MOS do not match.", Range("3.5", 0, 5),
            static (ref query, value) => ValueText.Number(value, 0, 5, out double mos) ?? Set(ref query, query with { MosBelow = mos })),
        new("flags", "All of these flags set.", Names<CallFlags>(), ReadFlag) { IsList = true },
        new("duration_min", "Lasted at least, seconds from start to end.", Range("30", 0, MaxSeconds),
            static (ref query, value) => ValueText.Number(value, 0, MaxSeconds, out double seconds)
                ?? Set(ref query, query with { DurationMin = TimeSpan.FromSeconds(seconds) })),
        new("duration_max", "Lasted at most, seconds.", Range("3600", 0, MaxSeconds),
            static (ref query, value) => ValueText.Number(value, 0, MaxSeconds, out double seconds)
                ?? Set(ref query, query with { DurationMax = TimeSpan.FromSeconds(seconds) })),
        new("billsec_min", "Was billable for at least, seconds from answer to end.", Range("30", 0, MaxSeconds),
            static (ref query, value) => ValueText.Number(value, 0, MaxSeconds, out double seconds)
                ?? Set(ref query, query with { BillsecMin = TimeSpan.FromSeconds(seconds) })),
        new("billsec_max", "Was billable for at most, seconds.", Range("3600", 0, MaxSeconds),
            static (ref query, value) => ValueText.Number(value, 0, MaxSeconds, out double seconds)
                ?? Set(ref query, query with { BillsecMax = TimeSpan.FromSeconds(seconds) })),
        new("recorded", "Whether its recording is there.", new ValueShape("string", "true") { Names = ["true", "false"] },
            static (ref query, value) => value is "true" or "false" ? Set(ref query, query with { Recorded = value == "true" }) : "is none of true, false"),
        new("sip_call_id", "Call-ID header, exactly.", Text("a84b4c76e66710@pc33.example.com"),
            static (ref query, value) => Set(ref query, query with { SipCallId = value })),
        new("session_id", "Session the call belongs to.", Text("20261120-00112233445566778899aabb"),
            static (ref query, value) => Set(ref query, query with { SessionId = value })),
        new("text", "Part of a number, name, URI, user agent or Call-ID; case does not matter.", Text("alice"),
            static (ref query, value) => Set(ref query, query with { Text = value })),
        new("sort", "Order: the greatest or latest first with `-`. Where the key is equal the id decides.", SortNames(), ReadSort) { Default = "-started_at" },
        new("limit", $"Records on the page, 1 to {CallQuery.MaxLimit}. The default is a setting.", new ValueShape("integer", "100") { Minimum = 1, Maximum = CallQuery.MaxLimit },
            static (ref query, value) => ValueText.Whole(value, 1, CallQuery.MaxLimit, out int limit) ?? Set(ref query, query with { Limit = limit })),
        new("cursor", "Where to go on: `next_cursor` of the page before, with the same filters and order.", Text("AQ…"),
            static (ref query, value) => Set(ref query, query with { Cursor = value })),
    ];

    /// <summary>How the list is served; it does not change which calls are on it.</summary>
    public static readonly ApiParameter Format = new("format", "Form of the answer; goes before the Accept header.", new ValueShape("string", "csv") { Names = ["json", "csv", "ndjson"] });

    /// <summary>All parameters of the list.</summary>
    public static IReadOnlyList<ApiParameter> All { get; } = [.. Filters, Format];

    /// <summary>Those that say which calls: the parameters of their totals.</summary>
    public static IReadOnlyList<ApiParameter> Totals { get; } = [.. Filters.Where(static parameter => parameter.Name is not ("sort" or "limit" or "cursor"))];

    /// <summary>Reads a query that <see cref="QueryCheck"/> found sound; the fault, or null and the query.</summary>
    public static ParameterFault? Read(IQueryCollection values, int pageSize, out CallQuery query)
    {
        query = new CallQuery { Limit = pageSize };
        foreach (CallParameter parameter in Filters)
        {
            if (!values.TryGetValue(parameter.Name, out var given)) continue;
            foreach (string? value in given)
            {
                string[] items = parameter.IsList ? value!.Split(',') : [value!];
                foreach (string item in items)
                {
                    if (parameter.Read(ref query, item) is { } problem)
                        return new ParameterFault(parameter.Name, $"{parameter.Name}: '{QueryCheck.Shown(item)}' {problem}.");
                }
            }
        }

        return null;
    }

    private static string? Set(ref CallQuery query, CallQuery now)
    {
        query = now;
        return null;
    }

    private static string? ReadDisposition(ref CallQuery query, string value) =>
        ValueText.Name(value, out Disposition disposition) ?? Set(ref query, query with { Dispositions = [.. query.Dispositions, disposition] });

    private static string? ReadFlag(ref CallQuery query, string value) =>
        ValueText.Name(value, out CallFlags flag) ?? Set(ref query, query with { Flags = query.Flags | flag });

    private static string? ReadSort(ref CallQuery query, string value)
    {
        bool descending = value.StartsWith('-');
        return EnumNames<CallSort>.TryParse(descending ? value[1..] : value, out CallSort sort)
            ? Set(ref query, query with { Sort = sort, Ascending = !descending })
            : $"is none of {string.Join(", ", SortNames().Names)}";
    }

    private static ValueShape Text(string example) => new("string", example);

    private static ValueShape Range(string example, double minimum, double maximum) => new("number", example) { Minimum = minimum, Maximum = maximum };

    private static ValueShape Names<TEnum>()
        where TEnum : struct, Enum =>
        new("string", ValueText.Names<TEnum>()[0]) { Names = ValueText.Names<TEnum>() };

    private static ValueShape SortNames() => new("string", "-started_at")
    {
        Names = [.. EnumNames<CallSort>.All.SelectMany(static pair => (string[])[pair.Name, "-" + pair.Name])],
    };
}
