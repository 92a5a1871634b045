using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace CdrEngine.Api.OpenApi;

/// <summary>Short ways to write schemas.</summary>
internal static class SchemaText
{
    public static OpenApiSchema Text(string description) => Of(JsonSchemaType.String, description);

    public static OpenApiSchema Whole(string description) => new() { Type = JsonSchemaType.Integer, Format = "int64", Description = description };

    public static OpenApiSchema Number(string description) => new() { Type = JsonSchemaType.Number, Format = "double", Description = description };

    public static OpenApiSchema Flag(string description) => Of(JsonSchemaType.Boolean, description);

    public static OpenApiSchema Time(string description) => new()
    {
        Type = JsonSchemaType.String,
        Format = "date-time",
        Description = description,
        Examples = [JsonValue.Create("2026-11-20T04:27:00.000123Z")],
    };

    public static OpenApiSchema Names(string description, IEnumerable<string> names) => new()
    {
        Type = JsonSchemaType.String,
        Description = description,
        Enum = [.. names.Select(static name => (JsonNode)JsonValue.Create(name)!)],
    };

    public static OpenApiSchema List(string description, IOpenApiSchema of) => new() { Type = JsonSchemaType.Array, Description = description, Items = of };

    /// <summary>An object whose members are always there.</summary>
    public static OpenApiSchema Object(string description, params (string Name, IOpenApiSchema Schema)[] members) => new()
    {
        Type = JsonSchemaType.Object,
        Description = description,
        Properties = members.ToDictionary(static member => member.Name, static member => member.Schema, StringComparer.Ordinal),
        Required = members.Select(static member => member.Name).ToHashSet(StringComparer.Ordinal),
    };

    /// <summary>The same, or null.</summary>
    public static OpenApiSchema OrNull(this OpenApiSchema schema)
    {
        schema.Type |= JsonSchemaType.Null;
        if (schema.Enum is { } names) names.Add(JsonNullSentinel.JsonNull);
        return schema;
    }

    private static OpenApiSchema Of(JsonSchemaType type, string description) => new() { Type = type, Description = description };
}
