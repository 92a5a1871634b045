using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using CdrEngine.Api.Answers;
using CdrEngine.Api.Queries;
using Microsoft.AspNetCore.Http;

namespace CdrEngine.Api.Dialects.Common;

/// <summary>Makes the OpenAPI 3.1 document of a dialect from its routes and the types of its bodies.</summary>
internal static class DialectDocument
{
    private static readonly int[] EveryError = [400, 429, 500, 503];

    /// <summary>The document as UTF-8.</summary>
    public static byte[] Make(Dialect dialect, ApiOptions options)
    {
        var schemas = new JsonObject();
        var paths = new JsonObject();
        foreach (DialectRoute route in dialect.Routes)
        {
            string path = WithoutConstraints(route.Pattern);
            if (paths[path] is not JsonObject item) paths[path] = item = [];
            item[route.Method.ToLowerInvariant()] = Operation(dialect, route, options.Auth, schemas);
        }

        var document = new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject { ["title"] = dialect.Title, ["version"] = options.Version },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["schemas"] = schemas,
                ["securitySchemes"] = new JsonObject { ["token"] = JsonSerializer.SerializeToNode(dialect.SecurityScheme, Plain) },
            },
        };
        return JsonSerializer.SerializeToUtf8Bytes(document, Plain);
    }

    private static JsonSerializerOptions Plain { get; } = new(JsonSerializerDefaults.Web);

    private static JsonObject Operation(Dialect dialect, DialectRoute route, bool auth, JsonObject schemas)
    {
        var parameters = new JsonArray();
        foreach (ApiParameter parameter in route.Parameters) parameters.Add(Parameter(parameter));
        var operation = new JsonObject
        {
            ["operationId"] = route.OperationId,
            ["summary"] = route.Summary,
            ["parameters"] = parameters,
        };
        if (route.Scope is { } scope && auth)
        {
            operation["description"] = $"Asks for the scope `{scope}`.";
            operation["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() });
        }
        else
        {
            // Open to everybody, which is said.
            operation["security"] = new JsonArray();
        }

        if (route.Takes is { } takes)
            operation["requestBody"] = new JsonObject { ["required"] = true, ["content"] = Content("application/json", Reference(dialect, takes, schemas)) };
        var responses = new JsonObject { [route.Status.ToString(CultureInfo.InvariantCulture)] = Success(dialect, route, schemas) };
        IEnumerable<int> errors = EveryError.Concat(route.Errors).Concat(route.Takes is null ? [] : [StatusCodes.Status413PayloadTooLarge]).Concat(route.Scope is null ? [] : [StatusCodes.Status401Unauthorized, StatusCodes.Status403Forbidden]);
        foreach (int status in errors.Distinct().Order())
        {
            var response = new JsonObject { ["description"] = Problem.Title(status) };
            responses[status.ToString(CultureInfo.InvariantCulture)] = response;

            // Not made yet, a part, known already: no errors.
            if (status >= StatusCodes.Status400BadRequest) response["content"] = Content("application/json", Reference(dialect, dialect.ErrorType, schemas));
        }

        operation["responses"] = responses;
        return operation;
    }

    private static JsonObject Success(Dialect dialect, DialectRoute route, JsonObject schemas)
    {
        var response = new JsonObject { ["description"] = route.Summary };
        var content = new JsonObject();
        if (route.Gives is { } gives) content["application/json"] = new JsonObject { ["schema"] = Reference(dialect, gives, schemas) };
        foreach (string mediaType in route.MediaTypes) content[mediaType] = new JsonObject();
        if (content.Count > 0) response["content"] = content;
        return response;
    }

    private static JsonObject Content(string mediaType, JsonNode schema) => new() { [mediaType] = new JsonObject { ["schema"] = schema } };

    private static JsonObject Reference(Dialect dialect, Type type, JsonObject schemas)
    {
        string name = NameOf(type);
        if (!schemas.ContainsKey(name)) schemas[name] = dialect.Json.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true });
        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    // Page of one thing and page of another are two schemas.
    private static string NameOf(Type type) =>
        type.IsArray ? NameOf(type.GetElementType()!) + "List"
        : string.Concat(type.Name.Split('`')[0].Where(char.IsAsciiLetterOrDigit)) + string.Concat(type.GetGenericArguments().Select(static argument => "Of" + NameOf(argument)));

    private static JsonObject Parameter(ApiParameter parameter)
    {
        ValueShape shape = parameter.Shape;
        var schema = new JsonObject { ["type"] = shape.Type };
        if (shape.Names.Count > 0) schema["enum"] = new JsonArray([.. shape.Names.Select(static name => (JsonNode)name)]);
        if (shape.Minimum is { } minimum) schema["minimum"] = minimum;
        if (shape.Maximum is { } maximum) schema["maximum"] = maximum;
        if (shape.Pattern is { } pattern) schema["pattern"] = pattern;
        if (parameter.Default is { } fallback) schema["default"] = Literal(shape, fallback);
        JsonNode example = Literal(shape, shape.Example);
        if (parameter.IsList)
        {
            schema = new JsonObject { ["type"] = "array", ["items"] = schema };
            example = new JsonArray(example);
        }

        return new JsonObject
        {
            ["name"] = parameter.Name,
            ["in"] = parameter.IsInPath ? "path" : parameter is HeaderParameter ? "header" : "query",
            ["description"] = parameter.Description,
            ["required"] = parameter.IsInPath || parameter.IsRequired,
            ["schema"] = schema,
            ["example"] = example,
        };
    }

    private static JsonNode Literal(ValueShape shape, string text) => shape.Type == "string" ? JsonValue.Create(text)! : JsonNode.Parse(text)!;

    // Routing's {name:constraint} is {name} in a document.
    private static string WithoutConstraints(string pattern)
    {
        var text = new StringBuilder();
        bool within = false;
        foreach (char c in pattern)
        {
            if (c == ':') within = true;
            if (c == '}') within = false;
            if (!within) text.Append(c);
        }

        return text.ToString();
    }
}

/// <summary>A parameter that is sent as a header field.</summary>
internal sealed record HeaderParameter(string Name, string Description, ValueShape Shape) : ApiParameter(Name, Description, Shape);
