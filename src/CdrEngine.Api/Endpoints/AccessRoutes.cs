using CdrEngine.Api.Access;
using CdrEngine.Api.OpenApi;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>The resources of the audit and of links to recordings; a part of the one table.</summary>
internal static class AccessRoutes
{
    private static readonly (string Name, string Description)[] Next = [("Link", "The next page, rel=\"next\" (RFC 8288); absent on the last.")];

    public static IReadOnlyList<ApiRoute> All(AuditEndpoints audit, ShareEndpoints? shares) =>
    [
        new($"{ApiRoutes.Root}/audit", "listAudit", "Lists who did what, when and from where, a page at a time.", audit.ListAsync)
        {
            Scope = ApiScopes.Admin,
            Description = "Filters narrow the list together. The token of a tenant reads what concerns its tenant.",
            Parameters = AuditParameters.All,
            Answers = [(CallEndpoints.JsonType, AccessSchemas.AuditPage)],
            Headers = Next,
            Problems = [StatusCodes.Status406NotAcceptable, StatusCodes.Status503ServiceUnavailable],
        },
        .. shares is null ? [] : Shares(shares),
    ];

    private static ApiRoute[] Shares(ShareEndpoints shares) =>
    [
        new($"{ApiRoutes.Root}/shares", "listShares", "Lists links to recordings, a page at a time.", shares.ListAsync)
        {
            Scope = ApiScopes.RecordingsShare,
            Description = "Those that ended a month ago are forgotten.",
            Parameters = [ShareEndpoints.OfCall, ShareEndpoints.Limit, ShareEndpoints.Cursor],
            Answers = [(CallEndpoints.JsonType, AccessSchemas.SharePage)],
            Headers = Next,
            Problems = [StatusCodes.Status406NotAcceptable],
        },
        new($"{ApiRoutes.Root}/shares", "createShare", "Makes a link by which somebody without a token hears one recording.", shares.CreateAsync)
        {
            Method = HttpMethods.Post,
            Scope = ApiScopes.RecordingsShare,
            Description = "`path` of the answer opens it, and is told this once. Audited, as is each opening.",
            Takes = AccessSchemas.ShareWish,
            Status = StatusCodes.Status201Created,
            Answers = [(CallEndpoints.JsonType, AccessSchemas.Share)],
            Headers = [("Location", "The link's resource.")],
            Problems =
            [
                StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable, StatusCodes.Status409Conflict, StatusCodes.Status413PayloadTooLarge, StatusCodes.Status415UnsupportedMediaType,
                StatusCodes.Status503ServiceUnavailable,
            ],
        },
        new($"{ApiRoutes.Root}/shares/{{id}}", "getShare", "One link.", shares.GetAsync)
        {
            Scope = ApiScopes.RecordingsShare,
            Parameters = [ShareEndpoints.Id],
            Answers = [(CallEndpoints.JsonType, AccessSchemas.Share)],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status406NotAcceptable],
        },
        new($"{ApiRoutes.Root}/shares/{{id}}", "revokeShare", "Withdraws a link; what is being heard by it ends with the next part asked for.", shares.RevokeAsync)
        {
            Method = HttpMethods.Delete,
            Scope = ApiScopes.RecordingsShare,
            Parameters = [ShareEndpoints.Id],
            Status = StatusCodes.Status204NoContent,
            Answers = [],
            Problems = [StatusCodes.Status404NotFound, StatusCodes.Status503ServiceUnavailable],
        },
    ];
}
