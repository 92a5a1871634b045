using CdrEngine.Api.Access;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>The resources of the live state.</summary>
internal static class LiveRoutes
{
    public static IReadOnlyList<ApiRoute> All(LiveEndpoints live, EventEndpoints events) =>
    [
        new($"{ApiRoutes.Root}/live", "listLive", "Lists the calls in progress, with their quality now.", live.ListAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Calls that this process captures or imports. Filters narrow the list together. `calls/{id}` and what is below it answer for these calls too.",
            Parameters = LiveParameters.All,
            Answers = [(CallEndpoints.JsonType, RecordSchemas.LivePage)],
            Headers = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        new($"{ApiRoutes.Root}/events", "streamEvents", "Tells what happens to calls, registrations, messages and peers as it happens, as server-sent events.", events.StreamAsync)
        {
            Scope = ApiScopes.CallsRead,
            Description = "Each event has `id` (it rises by one; a jump says that some are missing), `event` (its type) and `data` (LiveEvent). The header Last-Event-ID resumes after an event while it is kept; "
                + "`event: missed` comes first where some are gone, `event: dropped` last where the reader was too slow. A comment line comes every 15 seconds.",
            Parameters = EventParameters.All,
            Answers = [(EventEndpoints.StreamType, RecordSchemas.LiveEvent)],
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
    ];
}
