using System.Globalization;

namespace CdrEngine.Api.Tests.Tenants;

/// <summary>Makes requests of a document at random, right ones and wrong ones, the same for the same seed.</summary>
/// <param name="random">Source of chance.</param>
/// <param name="ids">Texts that name records.</param>
internal sealed class RandomRequest(Random random, IReadOnlyList<string> ids)
{
    private static readonly string[] Oddities =
    [
        "", "0", "-1", "1", "2", "99999999999999999999", "9007199254740993", "null", "true", "1e9", "1.5", "-0", "in", "asc", "desc", "2026-11-20 04:27:05", "2026-11-20T04:27:00Z", "1795148825", "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z", "acme", "beta", "../../x", "%00", "'; DROP TABLE calls; --", "*", "a*b", "1001,1002", "[{\"property\":\"src\"}]", "[[]]", "{}", "caller eq '1001'", "((((", "not a filter",
    ];

    /// <summary>A request for an operation.</summary>
    public HttpRequestMessage Make(Operation operation)
    {
        string path = operation.Path;
        foreach (JsonElement parameter in operation.Parameters("path"))
        {
            string name = parameter.GetProperty("name").GetString()!;
            string value = name is "client_id" or "account_id" && random.Next(4) > 0 ? "acme" : random.Next(8) switch { 0 => Noise(), 1 => Pick(Oddities), 2 => Example(parameter), _ => Pick(ids) };
            value = value.Replace('/', '_').Replace('\\', '_');
            path = path.Replace($"{{{name}}}", Uri.EscapeDataString(value.Length == 0 || value.Trim('.').Length == 0 ? "x" : value), StringComparison.Ordinal);
        }

        var query = new List<string>();
        foreach (JsonElement parameter in operation.Parameters("query"))
        {
            if (random.Next(4) != 0) continue;
            string value = random.Next(3) switch { 0 => Wrong(), 1 => Example(parameter), _ => Right(parameter) };
            query.Add($"{parameter.GetProperty("name").GetString()}={Uri.EscapeDataString(value)}");
            if (random.Next(20) == 0) query.Add(query[^1]);
        }

        if (random.Next(15) == 0) query.Add($"{Uri.EscapeDataString(Noise() + "x")}={Uri.EscapeDataString(Noise())}");
        string method = operation.Method == "GET" && random.Next(10) == 0 ? "HEAD" : random.Next(40) == 0 ? Pick(["PUT", "PATCH", "OPTIONS", "TRACE"]) : operation.Method;
        var request = new HttpRequestMessage(new HttpMethod(method), path + (query.Count == 0 ? "" : "?" + string.Join('&', query)));
        foreach (JsonElement parameter in operation.Parameters("header"))
        {
            if (random.Next(4) == 0) request.Headers.TryAddWithoutValidation(parameter.GetProperty("name").GetString()!, Pick(["1", "acme", "beta", "x", "\"abc\"", "*"]));
        }

        if (random.Next(8) == 0) request.Headers.TryAddWithoutValidation("Accept", Pick(["audio/mpeg", "text/csv", "application/json", "image/*;q=0.1", "x", "*/*"]));
        if (random.Next(8) == 0) request.Headers.TryAddWithoutValidation("Range", Pick(["bytes=0-1", "bytes=9-", "bytes=-1", "bytes=99999999-", "bytes=x"]));
        if (method is not ("GET" or "HEAD" or "OPTIONS" or "TRACE")) request.Content = Body(operation);
        return request;
    }

    private ByteArrayContent? Body(Operation operation)
    {
        bool takes = operation.Description.TryGetProperty("requestBody", out JsonElement body);
        if (!takes && random.Next(4) > 0) return null;
        byte[] bytes = random.Next(12) switch
        {
            0 => [],
            1 => Encoding.UTF8.GetBytes(Pick(["{", "[", "null", "7", "\"x\"", "[]", "{}", "[{}]", "[[]]", "[null]", "{\"id\":\"x\"}", "{\"a\":{\"b\":[{\"c\":1}]}}", "{\"\\ud800\":1}", "{\"id\":\"\\ud800\"}", "[{\"id\":1e400}]"])),
            2 => [(byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)':', (byte)'"', 0xFF, 0xFE, (byte)'"', (byte)'}'],
            3 => Encoding.UTF8.GetBytes(new string('[', random.Next(2, 2000))),
            4 when takes => Encoding.UTF8.GetBytes($"{{\"name\":\"{new string('a', random.Next(10_000, 200_000))}\"}}"),
            _ => takes ? Encoding.UTF8.GetBytes(Value(operation.Document, body.GetProperty("content").EnumerateObject().First().Value.GetProperty("schema"), 0)) : "{}"u8.ToArray(),
        };
        if (bytes.Length > 2 && random.Next(15) == 0) bytes = bytes[..random.Next(1, bytes.Length)];
        var content = new ByteArrayContent(bytes);
        string type = random.Next(10) == 0 ? Pick(["text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=utf-16", ""]) : "application/json";
        if (type.Length > 0) content.Headers.TryAddWithoutValidation("Content-Type", type);
        return content;
    }

    // JSON that fits a schema more often than not.
    private string Value(JsonElement document, JsonElement schema, int depth)
    {
        if (depth > 6 || random.Next(25) == 0) return Pick(["null", "1", "-1", "\"x\"", "[]", "{}", "true", "1e99", "\"" + new string('z', 600) + "\""]);
        if (schema.ValueKind != JsonValueKind.Object) return "1";
        if (schema.TryGetProperty("$ref", out JsonElement reference))
        {
            string name = reference.GetString()!;
            return name.StartsWith("#/components/schemas/", StringComparison.Ordinal) ? Value(document, document.GetProperty("components").GetProperty("schemas").GetProperty(name.Split('/')[^1]), depth + 1) : "null";
        }

        if (schema.TryGetProperty("enum", out JsonElement names)) return names[random.Next(names.GetArrayLength())].GetRawText();
        string type = schema.TryGetProperty("type", out JsonElement given) ? given.ValueKind == JsonValueKind.Array ? given[random.Next(given.GetArrayLength())].GetString()! : given.GetString()! : "object";
        switch (type)
        {
            case "object":
                if (!schema.TryGetProperty("properties", out JsonElement properties)) return "{}";
                IEnumerable<string> members = properties.EnumerateObject().Where(_ => random.Next(5) > 0).Select(member => $"{JsonSerializer.Serialize(member.Name)}:{Named(member.Name) ?? Value(document, member.Value, depth + 1)}");
                return $"{{{string.Join(',', members)}{(random.Next(15) == 0 ? ",\"stranger\":1" : "")}}}".Replace("{,", "{", StringComparison.Ordinal);
            case "array":
                return $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Value(document, schema.GetProperty("items"), depth + 1)))}]";
            case "integer":
            case "number":
                return Pick(["0", "1", "60", "3600", "-7", "2.5", "9007199254740993", "99999999999999999999"]);
            case "boolean":
                return Pick(["true", "false"]);
            case "null":
                return "null";
            default:
                return JsonSerializer.Serialize(random.Next(3) == 0 ? Pick(Oddities) : Noise());
        }
    }

    // What makes a body of some use.
    private string? Named(string name) => random.Next(4) == 0 ? null : name switch
    {
        "id" => Pick([.. ids.Where(static id => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out _))]),
        "call_id" => JsonSerializer.Serialize(Pick(ids)),
        "expires_in" => "3600",
        "type" => JsonSerializer.Serialize(Pick(["NORMAL", "QUEUE_PERFORMANCE", "click2dial", "extension", "pstn"])),
        "format" => "\"CSV\"",
        "range" => Pick(["\"TODAY\"", "\"CUSTOM\""]),
        "folder" => Pick(["0", "1", "2", "\"TRASH\"", "7"]),
        "state" => Pick(["\"parked\"", "\"held\"", "\"active\""]),
        "filter" => "{}",
        "name" => "\"report\"",
        _ => null,
    };

    private string Wrong() => random.Next(5) switch { 0 => Noise() + "\u0001", 1 => new string('9', 300), 2 => Pick(ids), _ => Pick(Oddities) };

    private string Right(JsonElement parameter)
    {
        JsonElement schema = parameter.GetProperty("schema");
        if (schema.TryGetProperty("items", out JsonElement items)) schema = items;
        if (schema.TryGetProperty("enum", out JsonElement names)) return names[random.Next(names.GetArrayLength())].ToString();
        return schema.GetProperty("type").GetString() is "integer" or "number" ? random.Next(0, 5).ToString(CultureInfo.InvariantCulture) : Pick(["1001", "acme", "acmes*", Pick(ids)]);
    }

    private static string Example(JsonElement parameter)
    {
        if (!parameter.TryGetProperty("example", out JsonElement example)) return "1";
        return example.ValueKind == JsonValueKind.Array ? example[0].ToString() : example.ToString();
    }

    // No zero: Kestrel refuses that itself, and without a body.
    private string Noise()
    {
        const string characters = "az09-_:*'\"<>&%+ =,;äé漢\u0007\n\u202e{}[]";
        return string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => characters[random.Next(characters.Length)]));
    }

    private T Pick<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];
}
