using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>Every resource of the API: the one table from which routes are mapped and the OpenAPI document is made.</summary>
internal static class ApiRoutes
{
    /// <summary>Where the versioned part begins.</summary>
    public const string Root = "/api/v1";

    private static readonly ApiParameter Id = new("id", "Id of the call's record.", new ValueShape("string", "20261120-00112233445566778899aabb") { Pattern = "^[0-9]{8}-[0-9a-f]{24}$" })
    {
        IsInPath = true,
    };

    public static IReadOnlyList<ApiRoute> All(CallEndpoints calls, PacketEndpoints packets, ServiceEndpoints service) =>
    [
        new($"{Root}/calls", "listCalls", "Lists call records, a page at a time.", calls.ListAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Filters narrow the list together. Pages are found again by their cursor, so that records which arrive meanwhile neither shift nor repeat what follows.",
            Parameters = CallParameters.All,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.CallPage), (CallEndpoints.CsvType, null), (CallEndpoints.LinesType, null)],
            Headers = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/calls/{{id}}", "getCall", "One call record.", calls.GetAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [Id],
            Answers = [(CallEndpoints.JsonType, RecordSchemas.Call)],
            Headers = [("ETag", "Changes when the record does; send it back in If-None-Match.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable],
            IsConditional = true,
        },
        new($"{Root}/calls/{{id}}.pcap", "getCallPcap", "The call's packets as captured, SIP and RTP of all its hops.", packets.PcapAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "pcap where all packets have one link type, else pcapng. Audited.",
            Parameters = [Id, PacketEndpoints.Kinds],
            Answers = [(PacketEndpoints.PcapType, null), (PacketEndpoints.PcapngType, null)],
            Headers = [("Content-Disposition", "File name.")],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/calls/{{id}}.trace", "getCallTrace", "The call's SIP messages as text.", packets.TraceAsync)
        {
            Scope = ApiScopes.PacketsRead,
            Description = "Audited.",
            Parameters = [Id],
            Answers = [(PacketEndpoints.TextType, null)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/calls/{{id}}/ladder.svg", "getCallLadder", "The call's SIP messages as a picture.", packets.LadderAsync)
        {
            Scope = ApiScopes.CallsRead,
            Parameters = [Id],
            Answers = [(PacketEndpoints.SvgType, null)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{Root}/stats", "getStats", "Every counter of every part, with what it counts.", service.StatsAsync)
        {
            Scope = ApiScopes.StatsRead,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.Stats)],
            Problems = [StatusCodes.Status406NotAcceptable],
        },
        new($"{Root}/openapi.json", "getOpenApi", "This document.", service.DocumentAsync) { Answers = [(CallEndpoints.JsonType, null)] },
        new("/metrics", "getMetrics", "The counters in the text format of Prometheus.", service.MetricsAsync)
        {
            Scope = ApiScopes.StatsRead,
            Answers = [(PacketEndpoints.TextType, null)],
        },
        new("/healthz", "getHealth", "Whether the process answers.", ServiceEndpoints.HealthAsync) { Answers = [(PacketEndpoints.TextType, null)] },
        new("/readyz", "getReadiness", "Whether the store answers too.", service.ReadyAsync)
        {
            Answers = [(PacketEndpoints.TextType, null)],
            Problems = [StatusCodes.Status503ServiceUnavailable],
        },
    ];

    /// <summary>The handler of a route behind the check of its query.</summary>
    public static RequestDelegate Checked(ApiRoute route, int maxLength) => context =>
        QueryCheck.Find(context.Request.Query, route.Parameters, maxLength) is { } fault
            ? Problem.WriteAsync(context, StatusCodes.Status400BadRequest, fault.Detail, fault.Parameter)
            : route.Handler(context);
}
