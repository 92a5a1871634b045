namespace CdrEngine.Api.Tests.Tenants;

/// <summary>Holds JSON against a schema of an OpenAPI 3.1 document: as much of JSON Schema as our documents use.</summary>
internal static class SchemaCheck
{
    /// <summary>What does not fit, with its path; null where all does.</summary>
    public static string? Find(JsonElement document, JsonElement schema, JsonElement value, string path = "$")
    {
        if (schema.ValueKind != JsonValueKind.Object) return schema.ValueKind == JsonValueKind.False ? $"{path}: nothing may be here" : null;
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            string name = reference.GetString()!;

            // Others are relative to the type they were made from.
            return name.StartsWith("#/components/schemas/", StringComparison.Ordinal)
                ? Find(document, document.GetProperty("components").GetProperty("schemas").GetProperty(name.Split('/')[^1]), value, path)
                : null;
        }

        if (schema.TryGetProperty("anyOf", out JsonElement any) && any.EnumerateArray().All(one => Find(document, one, value, path) is not null)) return $"{path}: fits none of anyOf";
        if (schema.TryGetProperty("type", out JsonElement type))
        {
            string[] types = type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(static one => one.GetString()!)] : [type.GetString()!];
            if (!types.Any(one => IsOf(one, value))) return $"{path}: {value.ValueKind} is none of {string.Join(',', types)}";
        }

        if (schema.TryGetProperty("enum", out JsonElement names) && !names.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value))) return $"{path}: {value} is none of the names";
        return value.ValueKind switch
        {
            JsonValueKind.Object => Members(document, schema, value, path),
            JsonValueKind.Array when schema.TryGetProperty("items", out JsonElement items) => value.EnumerateArray().Select((item, i) => Find(document, items, item, $"{path}[{i}]")).FirstOrDefault(static fault => fault is not null),
            _ => null,
        };
    }

    private static string? Members(JsonElement document, JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("required", out JsonElement required))
        {
            foreach (JsonElement name in required.EnumerateArray())
            {
                if (!value.TryGetProperty(name.GetString()!, out _)) return $"{path}: {name} is missing";
            }
        }

        if (!schema.TryGetProperty("properties", out JsonElement properties)) return null;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (properties.TryGetProperty(member.Name, out JsonElement one))
            {
                if (Find(document, one, member.Value, $"{path}.{member.Name}") is { } fault) return fault;
            }
            else if (!schema.TryGetProperty("additionalProperties", out _))
            {
                return $"{path}: {member.Name} is in no schema";
            }
        }

        return null;
    }

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number) && number == decimal.Truncate(number),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => false,
    };
}
