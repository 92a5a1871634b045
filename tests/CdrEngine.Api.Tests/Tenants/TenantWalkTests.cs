using System.Globalization;
using CdrEngine.Api.Tests.Dialects;

namespace CdrEngine.Api.Tests.Tenants;

/// <summary>One tenant walks every route there is, asks for everything of another's by every name it has, and changes and deletes whatever it can: nothing of
/// the other's is ever in an answer, and the other's world stays as it was.</summary>
public sealed class TenantWalkTests : IAsyncLifetime
{
    // A stream has no end; what of it is whose is held by the tests of the feed.
    private const string Endless = "/api/v1/events";

    private TwoTenants _two = null!;
    private IReadOnlyList<Operation> _operations = [];
    private int _asked;

    public async Task InitializeAsync()
    {
        _two = await TwoTenants.StartAsync();
        _operations = await _two.OperationsAsync();
    }

    public async Task DisposeAsync() => await _two.DisposeAsync();

    [Fact]
    public async Task NothingOfAnothers_IsInAnyAnswer_NorChangedByAnyRequest()
    {
        using HttpClient acme = _two.Rig.Client(_two.Acme), beta = _two.Rig.Client(_two.Beta);
        SortedDictionary<string, string> before = await WorldAsync(beta);
        Assert.All(before, static list => Assert.True(list.Value.Length > 0));
        Assert.InRange(before.Values.Count(static text => text.Contains(TwoTenants.Mark, StringComparison.OrdinalIgnoreCase)), 20, 1000);

        Assert.InRange(before.Values.Count(static text => text.Contains(TwoTenants.Hidden, StringComparison.OrdinalIgnoreCase)), 20, 1000);

        // What acme may see is there: a walk through an empty house would prove nothing.
        SortedDictionary<string, string> own = await WorldAsync(acme);
        Assert.InRange(own.Values.Count(static text => text.Contains("acmes", StringComparison.Ordinal) || text.Contains("1001", StringComparison.Ordinal)), 20, 1000);

        foreach (Operation operation in _operations.Where(static operation => operation.Method == "GET" && operation.Path != Endless))
        {
            foreach (string path in Paths(operation))
            {
                await AskAsync(acme, operation, path, null);
                if (operation.Path.Contains("{id}.mp3", StringComparison.Ordinal)) await AskAsync(acme, operation, path, "audio/mpeg");
            }

            string any = Paths(operation, own: true).First();
            foreach (string query in Queries(operation)) await AskAsync(acme, operation, $"{any}?{query}", null);
            foreach (string cursor in await CursorsAsync(beta, operation)) await AskAsync(acme, operation, $"{any}?{cursor}", null);
        }

        foreach (Operation operation in _operations.Where(static operation => operation.Method != "GET"))
        {
            foreach (string path in Paths(operation).Distinct(StringComparer.Ordinal))
            {
                foreach (string body in Bodies(operation)) await WriteAsync(acme, operation, path, body);
            }
        }

        Assert.Equal(before, await WorldAsync(beta));
        Assert.Empty(_two.Rig.Faults);
        Assert.InRange(_asked, 3000, 100_000);
    }

    [Fact]
    public async Task LiveEventsAndTotals_AreAskedForOneTenant()
    {
        using HttpClient acme = _two.Rig.Client(_two.Acme);
        using (HttpResponseMessage events = await acme.GetAsync(Endless, HttpCompletionOption.ResponseHeadersRead)) Assert.Equal(HttpStatusCode.OK, events.StatusCode);
        Assert.Equal("acme", _two.Rig.Live.Filters.Single().Tenant);
        await acme.GetAsync("/api/v1/live");
        Assert.Equal("acme", _two.Rig.Live.Queries[^1].Tenant);
        Assert.Equal(HttpStatusCode.Forbidden, (await acme.GetAsync($"{Endless}?tenant=beta")).StatusCode);
    }

    [Fact]
    public async Task UnknownAndAnothersRecord_LookTheSame_InTheNativeApi()
    {
        using HttpClient acme = _two.Rig.Client(_two.Acme);
        foreach (Operation operation in _operations.Where(static operation => operation is { Dialect: "", Method: "GET" } && operation.Path.Contains("{id}", StringComparison.Ordinal)))
        {
            var answers = new HashSet<string>(StringComparer.Ordinal);
            foreach (string id in (string[])[.. _two.BetaIds, "20261120-000000000000000000000000", new string('0', 24), "x"])
            {
                HttpResponseMessage response = await acme.GetAsync(operation.Path.Replace("{id}", id, StringComparison.Ordinal));
                string answer = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";

                // A conversation of both is told as far as it is acme's.
                if (response.StatusCode == HttpStatusCode.OK || !answer.StartsWith("404", StringComparison.Ordinal)) Assert.StartsWith("/api/v1/sessions/", operation.Path, StringComparison.Ordinal);
                else answers.Add(answer);
            }

            Assert.True(answers.Count is 1 || (answers.Count is 2 or 3 && operation.Path.StartsWith("/api/v1/sessions/", StringComparison.Ordinal)), $"{operation}: {string.Join('\n', answers)}");
        }
    }

    // Every list and every record of beta's own, as it is now.
    private async Task<SortedDictionary<string, string>> WorldAsync(HttpClient client)
    {
        var world = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (Operation operation in _operations.Where(static operation => operation.Method == "GET" && operation.Path is not (Endless or "/api/v1/audit") && !operation.Path.Contains(".mp3", StringComparison.Ordinal)))
        {
            bool isBetas = client.DefaultRequestHeaders.Authorization!.Parameter == _two.Beta;
            foreach (string path in Paths(operation, own: true, isBetas))
            {
                HttpResponseMessage response = await client.GetAsync(path);
                world[path] = $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}";
            }
        }

        return world;
    }

    // Beta's names in each place of a path; where own is set, only the asker's.
    private IEnumerable<string> Paths(Operation operation, bool own = false, bool ofBeta = false)
    {
        IEnumerable<string> paths = [operation.Path];
        foreach (JsonElement parameter in operation.Parameters("path"))
        {
            string name = parameter.GetProperty("name").GetString()!;
            IReadOnlyList<string> values = name switch
            {
                "client_id" or "account_id" => own ? [ofBeta ? "beta" : "acme"] : ["acme", "1", "beta", "2"],
                "id" or "call_id" or "leg_id" or "recording_id" or "key" or "device_id" => own ? (ofBeta ? _two.BetaIds : _two.AcmeIds) : [.. _two.BetaIds, string.Join(',', _two.BetaIds.Take(3)), $"{_two.AcmeIds[1]},{_two.BetaIds[1]}"],
                _ => throw new InvalidOperationException($"{operation}: the walk has no value for the path parameter {name}: add what names a record of the other tenant there"),
            };

            // Of two ids the second is mostly the first's own.
            if (name == "leg_id") values = [.. values.Where(static value => value.Length == 36)];
            paths = [.. paths.SelectMany(path => values.Select(value => path.Replace($"{{{name}}}", Uri.EscapeDataString(value).Replace("%2C", ",", StringComparison.Ordinal), StringComparison.Ordinal)))];
            if (paths.Count() > 600) paths = [.. paths.Where(static (_, i) => i % 5 == 0)];
        }

        return paths;
    }

    // Each parameter of a query with what is beta's.
    private IEnumerable<string> Queries(Operation operation)
    {
        string call = _two.BetaIds[0];
        foreach (JsonElement parameter in operation.Parameters("query"))
        {
            string name = parameter.GetProperty("name").GetString()!;
            JsonElement schema = parameter.GetProperty("schema");
            if (schema.TryGetProperty("items", out JsonElement items)) schema = items;
            if (schema.TryGetProperty("enum", out JsonElement names))
            {
                foreach (JsonElement value in names.EnumerateArray()) yield return $"{name}={value}";
                continue;
            }

            foreach (string value in (string[])[TwoTenants.Mark, TwoTenants.Mark[..6] + "*", "beta", call, _two.BetaIds[1], _two.BetaIds[2], $"{TwoTenants.Mark}100@host", "20002", "2", "1000"])
                yield return $"{name}={Uri.EscapeDataString(value)}";
        }

        if (operation is { Dialect: "voipstudio" })
        {
            foreach (string property in (string[])["src", "dst", "live_id", "id", "call_id", "from", "to", "chat_id", "clid", "src_id", "type", "user"])
            {
                foreach (string value in (string[])[TwoTenants.Mark, _two.BetaIds[1], "*", "20000"])
                    yield return "filter=" + Uri.EscapeDataString($"[{{\"property\":\"{property}\",\"operator\":\"eq\",\"value\":\"{value}\"}}]");
            }
        }

        if (operation is { Dialect: "portsip" })
        {
            foreach (string filter in (string[])[$"caller eq '{TwoTenants.Mark}'", $"contains(caller,'{TwoTenants.Mark[..6]}')", $"id eq '{_two.BetaIds[2]}'", $"call_id ne 'x'", $"name ne 'x'", $"session_id eq '{_two.BetaIds[2]}'", $"duration ge 0 or caller eq '{TwoTenants.Mark}'"])
                yield return "filter=" + Uri.EscapeDataString(filter);
        }
    }

    // Where beta's own pages go on.
    private async Task<IReadOnlyList<string>> CursorsAsync(HttpClient beta, Operation operation)
    {
        string? size = operation.Parameters("query").Select(static parameter => parameter.GetProperty("name").GetString()!).FirstOrDefault(static name => name is "limit" or "pageSize" or "per_page" or "page_size" or "top");
        string? at = operation.Parameters("query").Select(static parameter => parameter.GetProperty("name").GetString()!).FirstOrDefault(static name => name is "cursor" or "startKey" or "page" or "skip");
        if (size is null || at is null) return [];
        HttpResponseMessage response = await beta.GetAsync($"{Paths(operation, own: true, ofBeta: true).First()}?{size}=1");
        string text = await response.Content.ReadAsStringAsync();
        if (at is "page" or "skip") return [$"{size}=1&{at}=2", $"{size}=1&{at}=3"];
        string? cursor = response.IsSuccessStatusCode ? Find(JsonDocument.Parse(text).RootElement, at == "cursor" ? "next_cursor" : "next_start_key") : null;
        return cursor is null ? [] : [$"{at}={Uri.EscapeDataString(cursor)}", $"{size}=1&{at}={Uri.EscapeDataString(cursor)}"];
    }

    private static string? Find(JsonElement element, string name) => element.ValueKind switch
    {
        JsonValueKind.Object => element.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number ? element.GetProperty(name).ToString() : element.EnumerateObject().Select(member => Find(member.Value, name)).FirstOrDefault(static found => found is not null),
        JsonValueKind.Array => element.EnumerateArray().Select(item => Find(item, name)).FirstOrDefault(static found => found is not null),
        _ => null,
    };

    // What would change something of beta's, were it let.
    private string[] Bodies(Operation operation)
    {
        long call = long.Parse(_two.BetaIds[1], CultureInfo.InvariantCulture), own = long.Parse(_two.AcmeIds[1], CultureInfo.InvariantCulture);
        return operation.Description.TryGetProperty("requestBody", out _)
            ?
            [
                $"[{{\"id\":{own},\"info\":\"mine\",\"notes\":\"mine\"}},{{\"id\":{call},\"info\":\"mine\",\"notes\":\"mine\"}}]",
                $"[{{\"id\":{call},\"folder\":2}}]",
                $"{{\"id\":{call},\"info\":\"mine\",\"notes\":\"mine\"}}",
                "{\"transcript\":\"mine\",\"summary\":\"mine\"}",
                $"{{\"call_id\":\"{_two.BetaIds[0]}\",\"expires_in\":3600}}",
                "{\"name\":\"mine\",\"email\":\"mine@example.com\",\"type\":\"NORMAL\",\"format\":\"CSV\",\"range\":\"TODAY\",\"filter\":{}}",
                "{\"state\":\"parked\",\"to\":{\"type\":\"extension\",\"destination\":\"1001\"},\"from\":{\"type\":\"extension\",\"destination\":\"2002\"}}",
                "{\"state\":\"held\"}",
                "{\"username\":\"test\",\"password\":\"" + _two.Acme + "\",\"domain\":\"beta\"}",
                "{\"refresh_token\":\"x\"}",
            ]
            : [""];
    }

    private async Task AskAsync(HttpClient client, Operation operation, string target, string? accept)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, target);
        if (accept is not null) request.Headers.TryAddWithoutValidation("Accept", accept);
        await CheckAsync(await client.SendAsync(request), operation, target);
    }

    private async Task WriteAsync(HttpClient client, Operation operation, string target, string body)
    {
        var request = new HttpRequestMessage(new HttpMethod(operation.Method), target);
        if (body.Length > 0) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        await CheckAsync(await client.SendAsync(request), operation, target + " " + body);
    }

    private async Task CheckAsync(HttpResponseMessage response, Operation operation, string asked)
    {
        _asked++;
        string text = Encoding.Latin1.GetString(await response.Content.ReadAsByteArrayAsync()) + response.Headers + response.Content.Headers;
        string plain = Uri.UnescapeDataString(asked);
        string about = $"{operation} {plain}: {(int)response.StatusCode} {text[..Math.Min(text.Length, 2000)]}";
        Assert.True((int)response.StatusCode < 500, about);
        Assert.False(text.Contains(TwoTenants.Hidden, StringComparison.OrdinalIgnoreCase), about);

        // An answer may repeat what was asked.
        if (!plain.Contains(TwoTenants.Mark[..6], StringComparison.OrdinalIgnoreCase)) Assert.False(text.Contains(TwoTenants.Mark, StringComparison.OrdinalIgnoreCase), about);
        foreach (string mark in _two.BetaMarks)
        {
            if (!plain.Contains(mark, StringComparison.Ordinal)) Assert.False(text.Contains(mark, StringComparison.Ordinal), $"{mark}: {about}");
        }
    }
}
