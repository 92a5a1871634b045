using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Endpoints;

/// <summary>One resource: what is mapped, guarded, checked and described.</summary>
/// <param name="Pattern">Path, from the root.</param>
/// <param name="OperationId">Name in the OpenAPI document.</param>
/// <param name="Summary">What it gives, in a line.</param>
/// <param name="Handler">Answers it; where it is a GET, HEAD too.</param>
internal sealed record ApiRoute(string Pattern, string OperationId, string Summary, RequestDelegate Handler)
{
    /// <summary>GET (which serves HEAD too), POST, PUT, PATCH or DELETE.</summary>
    public string Method { get; init; } = HttpMethods.Get;

    /// <summary>Schema of the JSON body it takes; null for none.</summary>
    public string? Takes { get; init; }

    /// <summary>Status of a success.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>Scope asked for; null where it is open to everybody.</summary>
    public string? Scope { get; init; }

    /// <summary>More about it.</summary>
    public string Description { get; init; } = "";

    /// <summary>Parameters of path and query. Any other in the query is refused.</summary>
    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    /// <summary>Media types of its answer, the preferred first, each with the name of its schema; null for no schema.</summary>
    public required IReadOnlyList<(string MediaType, string? Schema)> Answers { get; init; }

    /// <summary>Header fields of the answer worth knowing: name, meaning.</summary>
    public IReadOnlyList<(string Name, string Description)> Headers { get; init; } = [];

    /// <summary>Statuses of the problems it may answer with, besides those of every resource.</summary>
    public IReadOnlyList<int> Problems { get; init; } = [];

    /// <summary>Statuses of further answers that are no problems, each with what it says.</summary>
    public IReadOnlyList<(int Status, string Description)> Others { get; init; } = [];

    /// <summary>True where 304 may be the answer.</summary>
    public bool IsConditional { get; init; }
}
