using System.Globalization;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace CdrEngine.Api.Tests;

public sealed class OpenApiTests : IAsyncLifetime
{
    private Rig _rig = null!;

    public async Task InitializeAsync() => _rig = await Rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task Document_Parses_AndListsEveryRoute()
    {
        OpenApiDocument document = await DocumentAsync();
        Assert.Equal(
            [
                "/api/v1/audit", "/api/v1/calls", "/api/v1/calls/{id}", "/api/v1/calls/{id}.mp3", "/api/v1/calls/{id}.pcap", "/api/v1/calls/{id}.trace", "/api/v1/calls/{id}.wav",
                "/api/v1/calls/{id}/fax.pdf", "/api/v1/calls/{id}/fax.tiff", "/api/v1/calls/{id}/ladder.svg", "/api/v1/calls/{id}/waveform.json",
                "/api/v1/events", "/api/v1/live",
                "/api/v1/media-sessions", "/api/v1/media-sessions/{id}", "/api/v1/media-sessions/{id}.pcap", "/api/v1/media-sessions/{id}.trace",
                "/api/v1/openapi.json", "/api/v1/recordings",
                "/api/v1/sessions", "/api/v1/sessions/{id}", "/api/v1/sessions/{id}.mp3", "/api/v1/sessions/{id}.pcap", "/api/v1/sessions/{id}.trace",
                "/api/v1/sessions/{id}/ladder.svg", "/api/v1/sessions/{id}/legs", "/api/v1/sessions/{id}/waveform.json", "/api/v1/shares", "/api/v1/shares/{id}", "/api/v1/stats", "/api/v1/streams", "/healthz", "/metrics", "/readyz",
            ],
            document.Paths.Keys.Order(StringComparer.Ordinal));
        Assert.All(document.Paths.SelectMany(static path => path.Value.Operations!.Select(operation => (path.Key, Method: operation.Key, operation.Value))), static path =>
        {
            OpenApiOperation operation = path.Value;
            Assert.NotEmpty(operation.OperationId!);
            Assert.NotEmpty(operation.Summary!);
            Assert.Contains(operation.Responses!.Keys, static status => status[0] == '2');
            Assert.Contains("400", operation.Responses.Keys);
            bool open = path.Key is "/api/v1/openapi.json" or "/healthz" or "/readyz";
            Assert.Equal(open ? 0 : 1, operation.Security?.Count ?? 0);
            Assert.Equal(!open, operation.Responses.ContainsKey("401"));
            Assert.Equal(path.Key.Contains("{id}", StringComparison.Ordinal) || path.Method == HttpMethod.Post, operation.Responses.ContainsKey("404"));
        });
        Assert.Equal(SecuritySchemeType.Http, Assert.Single(document.Components!.SecuritySchemes!).Value.Type);
    }

    [Fact]
    public async Task Document_ListsEveryParameterOfTheList_AndEachDoesSomething()
    {
        OpenApiOperation list = (await DocumentAsync()).Paths["/api/v1/calls"].Operations![HttpMethod.Get];
        string[] names = list.Parameters!.Select(static parameter => parameter.Name!).ToArray();
        string[] members = typeof(CallQuery).GetProperties().Where(static property => property.CanWrite).Select(static property => SnakeCaseName.Of(property.Name)).ToArray();

        // Each member of the query has its parameter, but for the sense of the order (part of sort), and what only
        // the dialects ask: lists of numbers, directions and ids, parts of numbers, alternatives, a place to start at that is no cursor; and what only the list of sessions asks.
        string[] foreign = ["parts", "any", "caller_numbers", "dialled_numbers", "callee_numbers", "party_numbers", "directions", "ids", "except", "start", "is_session_start", "is_voicemail", "is_audible",
            "traits", "sip_statuses", "hangup_bys", "reroute_reasons", "session_callee_numbers", "person_billsec_max", "caller_codec", "callee_codec", "labels", "trunk_part", "ranges", "moments", "without", "skip"];
        Assert.Equal(members.Except(["ascending", "dispositions", "causes", .. foreign]).Append("disposition").Append("cause").Append("sip_status").Append("format").Order(), names.Order());
        Assert.All(list.Parameters!, static parameter => Assert.NotEmpty(parameter.Description!));
    }

    [Fact]
    public async Task Schemas_HaveTheMembersThatAreWritten()
    {
        using JsonDocument document = JsonDocument.Parse(await _rig.Client.GetByteArrayAsync("/api/v1/openapi.json"));
        JsonElement schemas = document.RootElement.GetProperty("components").GetProperty("schemas");
        using JsonDocument call = JsonDocument.Parse(CallRecordJson.ToUtf8(TestCalls.Full()));
        AssertFits(schemas, schemas.GetProperty("Call"), call.RootElement, "call");
        _rig.Calls.Add(TestCalls.Full());
        AssertFits(schemas, schemas.GetProperty("CallPage"), await _rig.JsonAsync("/api/v1/calls"), "page");
        AssertFits(schemas, schemas.GetProperty("MediaSessionPage"), await _rig.JsonAsync("/api/v1/media-sessions"), "sessions");
        AssertFits(schemas, schemas.GetProperty("MediaSession"), await _rig.JsonAsync($"/api/v1/media-sessions/{TestCalls.Full().Id}-m0"), "session");
        AssertFits(schemas, schemas.GetProperty("SessionPage"), await _rig.JsonAsync("/api/v1/sessions"), "conversations");
        AssertFits(schemas, schemas.GetProperty("Session"), await _rig.JsonAsync($"/api/v1/sessions/{TestCalls.Full().Id}"), "conversation");
        AssertFits(schemas, schemas.GetProperty("StreamList"), await _rig.JsonAsync($"/api/v1/streams?call_id={TestCalls.Full().Id}"), "streams");
        _rig.Media.Entries.Add(new RecordingEntry { CallId = TestCalls.Full().Id, State = RecordingState.Failed, Reason = "no_rtp" });
        AssertFits(schemas, schemas.GetProperty("RecordingPage"), await _rig.JsonAsync("/api/v1/recordings"), "recordings");
        _rig.Live.Calls.Add(LiveTests.Measured());
        AssertFits(schemas, schemas.GetProperty("LivePage"), await _rig.JsonAsync("/api/v1/live"), "live");
        AssertFits(schemas, schemas.GetProperty("Stats"), await _rig.JsonAsync("/api/v1/stats"), "stats");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20261120)]
    [InlineData(424242)]
    public async Task RandomClient_ThatWalksTheDocument_NeverMeetsAFault(int seed)
    {
        var random = new Random(seed);
        OpenApiDocument document = await DocumentAsync();
        CallRecord call = TestCalls.Full();
        _rig.Calls.Add(call, TestCalls.Call(7));
        _rig.Packets.Add(call.Id, [1, 2, 3]);

        // A stream of events has no end.
        KeyValuePair<string, IOpenApiPathItem>[] paths = [.. document.Paths.Where(static path => path.Key != "/api/v1/events" && path.Value.Operations!.ContainsKey(HttpMethod.Get))];
        for (int i = 0; i < 250; i++)
        {
            (string path, IOpenApiPathItem item) = paths[random.Next(paths.Length)];
            OpenApiOperation operation = item.Operations![HttpMethod.Get];
            bool valid = true;
            string known = path.Contains("media", StringComparison.Ordinal) ? call.Id + "-m0" : call.Id;
            string target = path.Replace("{id}", random.Next(3) == 0 ? known : random.Next(2) == 0 ? TestCalls.Call(99).Id : Uri.EscapeDataString(Noise(random)), StringComparison.Ordinal);
            var query = new List<string>();
            foreach (IOpenApiParameter parameter in operation.Parameters ?? [])
            {
                if (parameter.In != ParameterLocation.Query || parameter.Name == "cursor" || (!parameter.Required && random.Next(4) != 0)) continue;
                bool good = random.Next(3) != 0;
                valid &= good;
                query.Add($"{parameter.Name}={Uri.EscapeDataString(good ? Sample(parameter, random) : Noise(random) + "\u0001")}");
            }

            if (random.Next(8) == 0)
            {
                query.Add($"{Uri.EscapeDataString(Noise(random))}x={random.Next()}");
                valid = false;
            }

            if (query.Count > 0) target += "?" + string.Join('&', query);
            HttpResponseMessage response = await _rig.GetAsync(target, random.Next(4) == 0 ? "text/csv, */*;q=0.1" : null, random.Next(5) == 0 ? HttpMethod.Head : HttpMethod.Get);
            string about = $"seed {seed}, request {i}: {target} gave {(int)response.StatusCode}";
            string status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            Assert.True((int)response.StatusCode < 500, about);
            Assert.True(operation.Responses!.ContainsKey(status) || (int)response.StatusCode == 404, about);
            if (valid && !path.Contains("{id}", StringComparison.Ordinal)) Assert.True(response.StatusCode == HttpStatusCode.OK, about);
            if (!valid && target.IndexOf('?', StringComparison.Ordinal) > 0) Assert.True((int)response.StatusCode is 400 or 404, about);
            if (response.StatusCode != HttpStatusCode.OK && response.RequestMessage!.Method == HttpMethod.Get) await Rig.ProblemAsync(response, response.StatusCode);
        }

        Assert.Empty(_rig.Faults);
    }

    private static string Sample(IOpenApiParameter parameter, Random random)
    {
        IOpenApiSchema schema = parameter.Schema!;
        if (schema.Type == JsonSchemaType.Array && schema.Items!.Enum is not { Count: > 0 })
        {
            schema = schema.Items;
        }
        else if (schema.Type == JsonSchemaType.Array)
        {
            string[] choices = schema.Items!.Enum!.Select(static node => node.GetValue<string>()).ToArray();
            return string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => choices[random.Next(choices.Length)]));
        }

        if (schema.Enum is { Count: > 0 } names) return names[random.Next(names.Count)].GetValue<string>();
        if (schema.Type == JsonSchemaType.String) return parameter.Example!.GetValue<string>();
        double minimum = double.Parse(schema.Minimum!, CultureInfo.InvariantCulture);
        double maximum = Math.Min(double.Parse(schema.Maximum!, CultureInfo.InvariantCulture), 1e6);
        double value = minimum + (random.NextDouble() * (maximum - minimum));
        return value.ToString(schema.Type == JsonSchemaType.Integer ? "F0" : "F3", CultureInfo.InvariantCulture);
    }

    // No slashes and dots: the path is to stay the one that was drawn. No zero: Kestrel refuses that itself, and without a body.
    private static string Noise(Random random)
    {
        const string characters = "az09-_:*'\"<>&%+ =,;äé漢\u0007\n\u202e";
        return string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => characters[random.Next(characters.Length)]));
    }

    private static void AssertFits(JsonElement schemas, JsonElement schema, JsonElement value, string path)
    {
        if (schema.TryGetProperty("$ref", out JsonElement reference)) schema = schemas.GetProperty(reference.GetString()!.Split('/')[^1]);
        string type = value.ValueKind switch
        {
            JsonValueKind.Object => "object",
            JsonValueKind.Array => "array",
            JsonValueKind.Number => "number",
            JsonValueKind.Null => "null",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            _ => "string",
        };
        string[] types = schema.GetProperty("type") is { ValueKind: JsonValueKind.Array } several ? [.. several.EnumerateArray().Select(static one => one.GetString()!)] : [schema.GetProperty("type").GetString()!];
        Assert.True(types.Contains(type, StringComparer.Ordinal) || (type == "number" && types.Contains("integer", StringComparer.Ordinal)), $"{path}: {type} is none of {string.Join(',', types)}");
        if (schema.TryGetProperty("enum", out JsonElement names)) Assert.Contains(value.GetString(), names.EnumerateArray().Select(static name => name.GetString()));
        if (type == "object")
        {
            JsonElement properties = schema.GetProperty("properties");
            Assert.Equal($"{path}: {string.Join(' ', properties.EnumerateObject().Select(static member => member.Name))}", $"{path}: {string.Join(' ', value.EnumerateObject().Select(static member => member.Name))}");
            foreach (JsonProperty member in value.EnumerateObject()) AssertFits(schemas, properties.GetProperty(member.Name), member.Value, $"{path}.{member.Name}");
        }

        if (type == "array")
        {
            foreach (JsonElement item in value.EnumerateArray()) AssertFits(schemas, schema.GetProperty("items"), item, $"{path}[]");
        }
    }

    private async Task<OpenApiDocument> DocumentAsync()
    {
        using HttpClient anybody = _rig.NewClient(null);
        ReadResult read = OpenApiDocument.Parse(await anybody.GetStringAsync("/api/v1/openapi.json"), "json");
        Assert.Empty(read.Diagnostic!.Errors);
        Assert.Empty(read.Diagnostic.Warnings);
        return read.Document!;
    }
}
