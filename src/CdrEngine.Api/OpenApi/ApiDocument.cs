using System.Globalization;
using System.Text.Json.Nodes;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Endpoints;
using CdrEngine.Api.Queries;
using Microsoft.OpenApi;

namespace CdrEngine.Api.OpenApi;

/// <summary>Makes the OpenAPI 3.1 document from the table of routes, once at the start.</summary>
internal static class ApiDocument
{
    private const string Scheme = "token";

    private static readonly int[] GuardedProblems = [401, 403, 429];
    private static readonly int[] Statuses = [400, 401, 403, 404, 406, 409, 410, 413, 415, 416, 429, 500, 503];

    public static byte[] Make(IReadOnlyList<ApiRoute> routes, ApiOptions options)
    {
        var document = new OpenApiDocument
        {
            Info = new OpenApiInfo
            {
                Title = "CdrEngine",
                Version = options.Version,
                Description = "Call records, packets and traces of SIP calls. Times are RFC 3339 in UTC; units are in the names. What answers GET answers HEAD too, and errors are problem details (RFC 9457).",
            },
            Servers = [new OpenApiServer { Url = "/" }],
            Components = new OpenApiComponents
            {
                Schemas = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal),
                Responses = new Dictionary<string, IOpenApiResponse>(StringComparer.Ordinal),
                SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal),
            },
            Paths = [],
        };
        document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "cdr_ID_SECRET",
            Description = "A token with the scope that the operation names. The first start of the program makes one for the administrator and prints it once.",
        };
        foreach ((string name, OpenApiSchema schema) in RecordSchemas.All(document).Concat(DeskSchemas.All(document))) document.Components.Schemas[name] = schema;
        foreach ((string name, OpenApiSchema schema) in SessionSchemas.All(document)) document.Components.Schemas[name] = schema;
        foreach ((string name, OpenApiSchema schema) in AccessSchemas.All(document)) document.Components.Schemas[name] = schema;
        foreach ((string name, OpenApiSchema schema) in AlertSchemas.All(document).Concat(FigureSchemas.All(document))) document.Components.Schemas[name] = schema;
        foreach ((string name, OpenApiSchema schema) in HoldSchemas.All(document)) document.Components.Schemas[name] = schema;
        foreach (int status in Statuses) document.Components.Responses[ProblemName(status)] = ProblemResponse(status, document);
        document.RegisterComponents();
        foreach (IGrouping<string, ApiRoute> path in routes.GroupBy(static route => route.Pattern, StringComparer.Ordinal))
        {
            var item = new OpenApiPathItem();
            foreach (ApiRoute route in path) item.AddOperation(HttpMethod.Parse(route.Method), Operation(route, options.Auth, document));
            document.Paths[path.Key] = item;
        }

        return System.Text.Encoding.UTF8.GetBytes(document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1).GetAwaiter().GetResult());
    }

    private static OpenApiOperation Operation(ApiRoute route, bool auth, OpenApiDocument document)
    {
        bool guarded = route.Scope is not null && auth;
        var operation = new OpenApiOperation
        {
            OperationId = route.OperationId,
            Summary = route.Summary,
            Description = guarded ? $"{route.Description} Asks for the scope `{route.Scope}`.".TrimStart() : route.Description,
            Parameters = [.. route.Parameters.Select(Parameter)],
            Responses = new OpenApiResponses { [route.Status.ToString(CultureInfo.InvariantCulture)] = Answer(route, document) },
        };
        if (route.Takes is { } takes)
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [CallEndpoints.JsonType] = new() { Schema = new OpenApiSchemaReference(takes, document) } },
            };
        }

        if (route.IsConditional)
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "If-None-Match",
                In = ParameterLocation.Header,
                Description = "ETag of what is known already.",
                Schema = SchemaText.Text("ETag."),
            });
            operation.Responses["304"] = new OpenApiResponse { Description = "What is known is still so." };
        }

        foreach ((int status, string description) in route.Others)
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse { Description = description };
        IEnumerable<int> problems = route.Problems.Append(400).Append(500).Concat(guarded ? GuardedProblems : []).Order();
        foreach (int status in problems) operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponseReference(ProblemName(status), document);
        if (guarded) operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, document)] = [] }];
        return operation;
    }

    private static IOpenApiParameter Parameter(ApiParameter parameter)
    {
        OpenApiSchema value = Shape(parameter.Shape);
        if (parameter.Default is { } preset) value.Default = JsonValue.Create(preset);
        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = parameter.IsInPath ? ParameterLocation.Path : ParameterLocation.Query,
            Required = parameter.IsInPath || parameter.IsRequired,
            Description = parameter.Description,
            Schema = parameter.IsList ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = value } : value,
            Style = parameter.IsInPath ? ParameterStyle.Simple : ParameterStyle.Form,
            Explode = parameter is { IsInPath: false, IsList: true },
            Example = Literal(parameter.Shape, asList: parameter.IsList),
        };
    }

    private static OpenApiSchema Shape(ValueShape shape) => new()
    {
        Type = shape.Type switch { "integer" => JsonSchemaType.Integer, "number" => JsonSchemaType.Number, _ => JsonSchemaType.String },
        Enum = shape.Names.Count == 0 ? null : [.. shape.Names.Select(static name => (JsonNode)JsonValue.Create(name)!)],
        Minimum = shape.Minimum?.ToString(CultureInfo.InvariantCulture),
        Maximum = shape.Maximum?.ToString("F0", CultureInfo.InvariantCulture),
        Pattern = shape.Pattern,
    };

    private static JsonNode Literal(ValueShape shape, bool asList)
    {
        JsonNode literal = shape.Type == "string" ? JsonValue.Create(shape.Example)! : JsonNode.Parse(shape.Example)!;
        return asList ? new JsonArray(literal) : literal;
    }

    private static OpenApiResponse Answer(ApiRoute route, OpenApiDocument document) => new()
    {
        Description = route.Summary,
        Content = route.Answers.ToDictionary(
            static answer => answer.MediaType,
            answer => new OpenApiMediaType { Schema = answer.Schema is null ? null : new OpenApiSchemaReference(answer.Schema, document) },
            StringComparer.Ordinal),
        Headers = route.Headers.ToDictionary(
            static header => header.Name,
            static IOpenApiHeader (header) => new OpenApiHeader { Description = header.Description, Schema = SchemaText.Text(header.Description) },
            StringComparer.Ordinal),
    };

    private static OpenApiResponse ProblemResponse(int status, OpenApiDocument document) => new()
    {
        Description = Problem.Title(status),
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            [Problem.MediaType] = new() { Schema = new OpenApiSchemaReference(RecordSchemas.ProblemDetails, document) },
        },
    };

    private static string ProblemName(int status) => $"Problem{status}";
}
