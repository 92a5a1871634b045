using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Answers one operation of a dialect.</summary>
internal delegate Task DialectHandler(DialectRequest request);

/// <summary>The API of another telephone system, spoken over our records: its paths, its errors, its credentials. It knows no other dialect.</summary>
internal abstract class Dialect : IErrorForm, ICredentialForm
{
    /// <summary>Name, lower case; also that of its document: <c>/api/v1/dialects/NAME/openapi.json</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What it is, for people.</summary>
    public abstract string Title { get; }

    /// <summary>Below these paths all errors are in its form, also where there is no such resource. Without a slash at the end.</summary>
    public abstract IReadOnlyList<string> Prefixes { get; }

    /// <summary>Every operation.</summary>
    public abstract IReadOnlyList<DialectRoute> Routes { get; }

    /// <summary>How its JSON is read and written; the types of all bodies are known to it.</summary>
    public abstract JsonSerializerOptions Json { get; }

    /// <inheritdoc />
    public virtual string Challenge => "Bearer realm=\"cdrengine\"";

    /// <summary>How a credential is sent, as a security scheme of OpenAPI.</summary>
    public virtual object SecurityScheme => new { type = "http", scheme = "bearer" };

    /// <inheritdoc />
    public virtual string? Presented(HttpContext context) => AccessGate.Presented(context);

    /// <inheritdoc />
    public virtual AccessToken? Find(HttpContext context, string presented, TokenStore tokens) => tokens.Find(presented);

    /// <inheritdoc />
    public abstract Task WriteAsync(HttpContext context, int status, string detail, string? parameter);

    /// <summary>Is called once before anything else, with the parts that answers come from, for a dialect whose credentials need them.</summary>
    public virtual void Attach(DialectDesk desk)
    {
        // Most find their credentials in the store of tokens.
    }

    /// <summary>What it does by itself while the server runs; ends when it is told to stop.</summary>
    public virtual Task WorkAsync(DialectDesk desk, CancellationToken stop) => Task.CompletedTask;

    /// <summary>Type of the body of an error, for the document.</summary>
    public abstract Type ErrorType { get; }

    /// <summary>Writes a body of JSON.</summary>
    protected Task WriteJsonAsync(HttpContext context, int status, object body)
    {
        context.Response.StatusCode = status;
        return Body.WriteAsync(context, "application/json", JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Json));
    }
}

/// <summary>One operation: what is mapped, guarded and described.</summary>
/// <param name="Method">GET (which serves HEAD too), POST, PATCH, PUT or DELETE.</param>
/// <param name="Pattern">Path from the root, with parameters in braces.</param>
/// <param name="OperationId">Name in the document.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Handler">Answers it.</param>
internal sealed record DialectRoute(string Method, string Pattern, string OperationId, string Summary, DialectHandler Handler)
{
    /// <summary>Scope asked for; null where it is open to everybody.</summary>
    public string? Scope { get; init; } = ApiScopes.CallsRead;

    /// <summary>Parameters of path, query and header, for the document. What others there are is ignored.</summary>
    public IReadOnlyList<ApiParameter> Parameters { get; init; } = [];

    /// <summary>Type of the body it takes; null for none.</summary>
    public Type? Takes { get; init; }

    /// <summary>Largest body it takes, bytes.</summary>
    public long LargestBody { get; init; } = 1024 * 1024;

    /// <summary>Type of its JSON answer; null where it has none.</summary>
    public Type? Gives { get; init; }

    /// <summary>Status of a success.</summary>
    public int Status { get; init; } = StatusCodes.Status200OK;

    /// <summary>Media types of further successful answers.</summary>
    public IReadOnlyList<string> MediaTypes { get; init; } = [];

    /// <summary>Statuses of the errors it may answer with, besides 400, 401, 403, 429, 500 and 503.</summary>
    public IReadOnlyList<int> Errors { get; init; } = [];
}
