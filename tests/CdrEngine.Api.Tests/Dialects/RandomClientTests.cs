using System.Globalization;
using CdrEngine.Api.Dialects;
using CdrEngine.Api.Dialects.Common;
using FsCheck;
using FsCheck.Fluent;

namespace CdrEngine.Api.Tests.Dialects;

/// <summary>A client that reads the documents of all dialects and asks whatever they allow, and what they do not.</summary>
public sealed class RandomClientTests : IAsyncLifetime
{
    private const string Secret = "betasecret";

    private DialectRig _rig = null!;

    public static TheoryData<string> Names => new(DialectTable.All().Select(static dialect => dialect.Name));

    public async Task InitializeAsync()
    {
        _rig = await DialectRig.StartAsync(new FakeDirectory());
        CallRecord Others(int i) => TestCalls.Full(Secret) with { Id = TestCalls.Call(i, Secret).Id, SessionId = TestCalls.Call(i, Secret).Id, SipCallId = Secret + i };
        _rig.Add("acme", [.. Enumerable.Range(0, 40).Select(static i => TestCalls.Call(i, $"acme{i}")), TestCalls.Full("1001") with { Recording = new RecordingInfo() }]);
        _rig.Add("beta", [.. Enumerable.Range(50, 20).Select(Others)]);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Document_IsSound_AndListsWhatIsMapped(string name)
    {
        JsonElement document = await DocumentAsync(name);
        Dialect dialect = DialectTable.All().First(dialect => dialect.Name == name);
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(dialect.Routes.Count, document.GetProperty("paths").EnumerateObject().Sum(static path => path.Value.EnumerateObject().Count()));
        Assert.Equal(dialect.Routes.Count, dialect.Routes.Select(static route => route.OperationId).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(
            dialect.Routes.Where(static route => route.Scope is null).Select(static route => route.OperationId).Order(StringComparer.Ordinal),
            document.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject())
                .Where(static operation => operation.Value.GetProperty("security").GetArrayLength() == 0)
                .Select(static operation => operation.Value.GetProperty("operationId").GetString()).Order(StringComparer.Ordinal));
        foreach (JsonProperty path in document.GetProperty("paths").EnumerateObject())
        {
            Assert.Contains(dialect.Prefixes, prefix => path.Name.StartsWith(prefix + "/", StringComparison.Ordinal) || path.Name == prefix);
            foreach (JsonProperty operation in path.Value.EnumerateObject())
            {
                string[] inPath = [.. operation.Value.GetProperty("parameters").EnumerateArray().Where(static parameter => parameter.GetProperty("in").GetString() == "path").Select(static parameter => parameter.GetProperty("name").GetString()!)];
                Assert.Equal(inPath.Order(StringComparer.Ordinal), path.Name.Split('{').Skip(1).Select(static part => part.Split('}')[0]).Order(StringComparer.Ordinal));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Client_NeverMeetsAFault_NorAnothersCalls(string name)
    {
        JsonElement document = await DocumentAsync(name);
        using HttpClient acme = _rig.Client(_rig.NewToken("acme", "calls:read", "recordings:read", "packets:read"));
        Operation[] operations = [.. document.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject().Select(operation => new Operation(path.Name, operation.Name, operation.Value)))];
        Dialect dialect = DialectTable.All().First(dialect => dialect.Name == name);
        string[] ids = [.. KnownIds()];
        Gen<Ask> asks = Asks(operations, ids);
        foreach (Ask ask in asks.Sample(150, 20))
        {
            HttpRequestMessage request = ask.Request();
            HttpResponseMessage response = await acme.SendAsync(request);
            string body = await response.Content.ReadAsStringAsync();
            string about = $"{request.Method} {request.RequestUri}: {(int)response.StatusCode} {body}";
            Assert.True((int)response.StatusCode < 500, about);

            // An answer may repeat what was asked.
            if (!request.RequestUri!.OriginalString.Contains(Secret, StringComparison.Ordinal)) Assert.DoesNotContain(Secret, body, StringComparison.Ordinal);
            if ((int)response.StatusCode >= 400 && request.Method != HttpMethod.Head)
            {
                Assert.True(response.Content.Headers.ContentType?.MediaType == "application/json", about);
                JsonElement error = JsonDocument.Parse(body).RootElement;
                string[] members = [.. dialect.ErrorType.GetProperties().SelectMany(static property => property.GetCustomAttributes(typeof(System.Text.Json.Serialization.JsonPropertyNameAttribute), false)).Cast<System.Text.Json.Serialization.JsonPropertyNameAttribute>().Select(static attribute => attribute.Name)];
                if (members.Length > 0) Assert.True(error.EnumerateObject().Select(static member => member.Name).SequenceEqual(members, StringComparer.Ordinal), about);
            }
        }

        Assert.Empty(_rig.Faults);
    }

    // Ids in every form there is, of calls of both tenants.
    private IEnumerable<string> KnownIds()
    {
        foreach (ListedCall call in _rig.Store.Page(new CallPageRequest { Query = new CallQuery(), Take = 100 }).Calls)
        {
            yield return call.Record.Id;
            yield return call.Number.ToString(CultureInfo.InvariantCulture);
            yield return NumberText.Of(call.Number);
            yield return CallUuid.Of(call.Record.Id).ToString("D");
            yield return CallUuid.Of(call.Record.Id, 1).ToString("D");
            yield return $"{call.Record.Id[..6]}-{call.Record.Id[9..]}{call.Record.Id[..8]}";
        }
    }

    private static Gen<Ask> Asks(Operation[] operations, string[] ids)
    {
        Gen<string> noise = Gen.Choose(0, 20).SelectMany(static length => Gen.Elements("az09-_:*'\"<>&%+ =,;äé漢\u0007\n\u202e{}[]".ToCharArray()).ArrayOf(length)).Select(static characters => new string(characters));
        Gen<string> values = Gen.OneOf(
            noise,
            Gen.Elements(ids),
            Gen.Elements("", "0", "-1", "1", "2", "99999999999999999999", "9007199254740993", "null", "true", "1e9", "1.5", "in", "asc", "desc", "2026-11-20 04:27:05", "2026-11-20T04:27:05Z", "1795148825", "acme", "beta", "1", Secret, "1001,1002", "../../x"));
        return
            from operation in Gen.Elements(operations)
            from path in values.ArrayOf(4)
            from query in values.ArrayOf(40)
            from pick in Gen.Choose(0, int.MaxValue)
            from json in Gen.OneOf(Gen.Elements("", "{", "[]", "[[]]", "null", "7", "{}", "[{}]", "{\"id\":\"x\"}", "[{\"id\":1}]", "[[],{\"id\":9284}]"), noise.Select(static text => JsonSerializer.Serialize(new { username = text, password = text, id = text, name = text, folder = 1, filter = text })))
            select new Ask(operation, path, query, pick, json);
    }

    private async Task<JsonElement> DocumentAsync(string name)
    {
        using HttpClient anybody = _rig.Client(null);
        return await DialectRig.JsonAsync(await anybody.GetAsync($"/api/v1/dialects/{name}/openapi.json"));
    }

    private sealed record Operation(string Path, string Method, JsonElement Description);

    private sealed record Ask(Operation Operation, string[] InPath, string[] InQuery, int Pick, string Json)
    {
        public HttpRequestMessage Request()
        {
            string path = Operation.Path;
            var query = new List<string>();
            var headers = new List<(string Name, string Value)>();
            int at = 0, i = 0;
            var random = new Random(Pick);
            foreach (JsonElement parameter in Operation.Description.GetProperty("parameters").EnumerateArray())
            {
                string name = parameter.GetProperty("name").GetString()!;
                JsonElement example = parameter.GetProperty("example");
                string sound = example.ValueKind == JsonValueKind.Array ? example[0].ToString() : example.ToString();
                string value = random.Next(2) == 0 ? sound : InQuery[i++ % InQuery.Length];
                switch (parameter.GetProperty("in").GetString())
                {
                    case "path":
                        // An account of one's own more often than not, so that there is something behind it.
                        string part = random.Next(2) == 0 ? (name.Contains("client", StringComparison.Ordinal) || name.Contains("account", StringComparison.Ordinal) ? "acme" : sound) : InPath[at++ % InPath.Length];
                        path = path.Replace($"{{{name}}}", Uri.EscapeDataString(part.Length == 0 || part.Contains("..", StringComparison.Ordinal) ? "x" : part.Replace('/', '_')), StringComparison.Ordinal);
                        break;
                    case "header":
                        if (random.Next(3) == 0 && value.All(static c => c is > ' ' and < '\u007f')) headers.Add((name, value));
                        break;
                    default:
                        if (random.Next(4) == 0) query.Add($"{name}={Uri.EscapeDataString(value)}");
                        break;
                }
            }

            if (random.Next(8) == 0) query.Add($"{Uri.EscapeDataString(InQuery[^1])}=1");
            string method = random.Next(12) == 0 ? "DELETE" : Operation.Method == "get" && random.Next(5) == 0 ? "HEAD" : Operation.Method.ToUpperInvariant();
            var request = new HttpRequestMessage(new HttpMethod(method), path + (query.Count == 0 ? "" : "?" + string.Join('&', query)));
            foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
            if (random.Next(4) == 0) request.Headers.TryAddWithoutValidation("Accept", "audio/mpeg");
            if (method is not ("GET" or "HEAD")) request.Content = new StringContent(Json, Encoding.UTF8, random.Next(6) == 0 ? "text/plain" : "application/json");
            return request;
        }
    }
}
