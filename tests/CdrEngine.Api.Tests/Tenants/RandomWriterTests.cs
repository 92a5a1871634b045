using System.Diagnostics;
using System.Globalization;
using CdrEngine.Api.Dialects;
using Xunit.Abstractions;

namespace CdrEngine.Api.Tests.Tenants;

/// <summary>A client that reads all documents, native and of the dialects, and asks and writes whatever they allow and what they do not.</summary>
/// <remarks>The environment variable CDRENGINE_RANDOM_SECONDS makes it walk for so long, CDRENGINE_RANDOM_SEED another way.</remarks>
public sealed class RandomWriterTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Endless = "/api/v1/events";
    private const int Rounds = 18;
    private const int Fewest = 4;
    private static readonly TimeSpan LongestShort = TimeSpan.FromSeconds(15);

    private TwoTenants _two = null!;
    private IReadOnlyList<Operation> _operations = [];

    public async Task InitializeAsync()
    {
        _two = await TwoTenants.StartAsync();
        _operations = [.. (await _two.OperationsAsync()).Where(static operation => operation.Path != Endless)];
    }

    public async Task DisposeAsync() => await _two.DisposeAsync();

    [Fact]
    public async Task Client_ThatWritesToo_NeverMeetsAFault_NorAnothersRecord_NorAnUndocumentedAnswer()
    {
        int seconds = int.TryParse(Environment.GetEnvironmentVariable("CDRENGINE_RANDOM_SECONDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : 0;
        int seed = int.TryParse(Environment.GetEnvironmentVariable("CDRENGINE_RANDOM_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int other) ? other : 20261120;
        using HttpClient acme = _two.Rig.Client(_two.Acme);
        var random = new Random(seed);
        var maker = new RandomRequest(random, [.. _two.AcmeIds, .. _two.BetaIds]);
        long began = Stopwatch.GetTimestamp();
        var walked = _operations.ToDictionary(static operation => $"{operation.Dialect} {operation}", static _ => 0, StringComparer.Ordinal);
        var succeeded = new HashSet<string>(StringComparer.Ordinal);
        var statuses = new SortedDictionary<int, int>();
        var faults = new SortedDictionary<string, string>(StringComparer.Ordinal);
        string before = "";
        int i = -1;
        foreach (Operation operation in Walk(random, round => seconds > 0 ? Stopwatch.GetElapsedTime(began).TotalSeconds < seconds : round < Fewest || (round < Rounds && Stopwatch.GetElapsedTime(began) < LongestShort)))
        {
            i++;
            walked[$"{operation.Dialect} {operation}"]++;
            using HttpRequestMessage request = maker.Make(operation);
            string body = request.Content is null ? "" : Encoding.Latin1.GetString(await request.Content.ReadAsByteArrayAsync());
            (HttpResponseMessage Response, byte[] Body) got;
            try
            {
                HttpResponseMessage came = await acme.SendAsync(request);
                got = (came, await came.Content.ReadAsByteArrayAsync());
            }
            catch (HttpRequestException broken)
            {
                faults.TryAdd($"{operation} an answer that breaks off", $"seed {seed}, request {i}: {request.Method} {request.RequestUri} {(body.Length > 400 ? body[..400] : body)}\n-> {broken.InnerException?.Message ?? broken.Message}, behind {before}");
                continue;
            }

            using HttpResponseMessage response = got.Response;
            byte[] answer = got.Body;
            string about = $"seed {seed}, request {i}: {request.Method} {request.RequestUri} {(body.Length > 400 ? body[..400] : body)}\n-> {(int)response.StatusCode} {response.Content.Headers.ContentType} {Encoding.UTF8.GetString(answer)[..Math.Min(1500, Encoding.UTF8.GetString(answer).Length)]}";
            before = about;
            statuses[(int)response.StatusCode] = statuses.GetValueOrDefault((int)response.StatusCode) + 1;
            if (response.IsSuccessStatusCode) succeeded.Add($"{operation.Dialect} {operation}");
            if (Fault(operation, request, body, response, answer) is { } fault) faults.TryAdd($"{operation} {(int)response.StatusCode} {fault}", about);
        }

        output.WriteLine($"{i + 1} requests in {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s: {string.Join(", ", statuses.Select(static pair => $"{pair.Value} x {pair.Key}"))}");
        Assert.True(faults.Count == 0, $"{faults.Count} kinds of fault:\n{string.Join('\n', faults.Take(60).Select(static fault => $"{fault.Key}\n  {fault.Value}"))}");
        output.WriteLine($"{walked.Count} operations, {succeeded.Count} of them with a success; without: {string.Join(", ", walked.Keys.Except(succeeded))}");
        Assert.All(walked, static operation => Assert.InRange(operation.Value, IsClearing(operation.Key) ? 1 : Fewest, int.MaxValue));
        Assert.Empty(_two.Rig.Faults);
    }

    // Every operation once a round, in another order each time, so that none is left out however short the walk is; at last those that clear everything, behind which there is
    // little left to meet.
    private IEnumerable<Operation> Walk(Random random, Func<int, bool> goesOn)
    {
        Operation[] most = [.. _operations.Where(static operation => !IsClearing(operation.ToString()))];
        for (int round = 0; goesOn(round); round++)
        {
            random.Shuffle(most);
            foreach (Operation operation in most) yield return operation;
        }

        foreach (Operation operation in _operations.Where(static operation => IsClearing(operation.ToString()))) yield return operation;
    }

    private static bool IsClearing(string operation) => operation.Contains("DELETE ", StringComparison.Ordinal) && !operation.Contains('{', StringComparison.Ordinal);

    private string? Fault(Operation operation, HttpRequestMessage request, string body, HttpResponseMessage response, byte[] answer)
    {
        int status = (int)response.StatusCode;
        string text = Encoding.Latin1.GetString(answer) + response.Headers + response.Content.Headers, target = Uri.UnescapeDataString(request.RequestUri!.OriginalString) + body;
        if (status >= 500) return "a fault of the engine";
        if (text.Contains(TwoTenants.Hidden, StringComparison.OrdinalIgnoreCase)) return "another tenant's record";
        if (text.Contains(TwoTenants.Mark, StringComparison.OrdinalIgnoreCase) && !target.Contains("beta", StringComparison.OrdinalIgnoreCase)) return "another tenant's record";
        if (request.Method == HttpMethod.Head || request.Method == HttpMethod.Options) return answer.Length > 0 && request.Method == HttpMethod.Head ? "HEAD has a body" : null;

        // Another method on a path that has it is that operation.
        Operation? asked = request.Method.Method == operation.Method ? operation : _operations.FirstOrDefault(other => other.Path == operation.Path && other.Method == request.Method.Method);
        if (asked is null) return status is 405 or 404 or 400 ? Form(operation, response, answer) : $"a method that is not there gave {status}";
        JsonElement responses = asked.Description.GetProperty("responses");
        string? mediaType = response.Content.Headers.ContentType?.MediaType;
        if (!responses.TryGetProperty(status.ToString(CultureInfo.InvariantCulture), out JsonElement documented)) return $"the status {status} is in no document";
        if (documented.TryGetProperty("$ref", out JsonElement reference)) documented = asked.Document.GetProperty("components").GetProperty("responses").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (status >= 400)
        {
            if (Form(asked, response, answer) is { } fault) return fault;
            if (status == 400 && !Names(asked, target, Encoding.UTF8.GetString(answer))) return "the error names no parameter";
        }

        if (answer.Length == 0 || mediaType is null) return null;
        if (!documented.TryGetProperty("content", out JsonElement content)) return status is 202 or 206 or 304 ? null : $"a body of {mediaType} where the document has none";
        if (!content.TryGetProperty(mediaType, out JsonElement form)) return $"{mediaType} is in no document";
        if (!mediaType.EndsWith("json", StringComparison.Ordinal) || !form.TryGetProperty("schema", out JsonElement schema)) return null;
        using JsonDocument json = JsonDocument.Parse(answer);
        return SchemaCheck.Find(asked.Document, schema, json.RootElement);
    }

    // Errors look as the API they are of has them.
    private static string? Form(Operation operation, HttpResponseMessage response, byte[] answer)
    {
        string wanted = operation.Dialect.Length == 0 ? "application/problem+json" : "application/json";
        if (response.Content.Headers.ContentType?.MediaType != wanted) return $"an error as {response.Content.Headers.ContentType}";
        using JsonDocument error = JsonDocument.Parse(answer);
        string[] members = operation.Dialect switch
        {
            "" => ["type", "title", "status", "detail"],
            _ => [.. DialectTable.All().First(dialect => dialect.Name == operation.Dialect).ErrorType.GetProperties().SelectMany(static property => property.GetCustomAttributes(typeof(System.Text.Json.Serialization.JsonPropertyNameAttribute), false)).Cast<System.Text.Json.Serialization.JsonPropertyNameAttribute>().Select(static attribute => attribute.Name)],
        };
        string[] has = [.. error.RootElement.EnumerateObject().Select(static member => member.Name)];
        return members.All(member => has.Contains(member, StringComparer.Ordinal)) ? null : $"an error without {string.Join(',', members.Except(has, StringComparer.Ordinal))}";
    }

    // The answer says which parameter, member or part of the request is wrong.
    private static bool Names(Operation operation, string target, string answer)
    {
        IEnumerable<string> names = operation.Parameters("query").Concat(operation.Parameters("path")).Concat(operation.Parameters("header")).Select(static parameter => parameter.GetProperty("name").GetString()!);
        if (answer.Contains("\"parameter\":\"", StringComparison.Ordinal)) return true;
        return names.Concat(["body", "Content-Type", "There is no parameter", "stranger", "is missing"]).Any(name => answer.Contains(name, StringComparison.Ordinal))
            || target.Split('"', '{', '}', '[', ']').Any(member => member.Length is > 1 and < 40 && answer.Contains(member, StringComparison.Ordinal));
    }
}
