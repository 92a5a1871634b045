using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using CdrEngine.Api.Statistics;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit.Hostile;
using Xunit;

namespace CdrEngine.Host.Tests.Output;

/// <summary>Hostile text from the wire through every output: each is read by its own strict parser, and nothing in it does anything.</summary>
public sealed partial class InjectionTests : IAsyncLifetime
{
    private static readonly HashSet<string> DrawingElements = new(StringComparer.Ordinal)
    {
        "svg", "g", "title", "desc", "text", "tspan", "line", "path", "rect", "circle", "defs", "marker", "style", "polygon", "polyline",
    };

    private readonly TemporaryFolder _folder = new();
    private Settings _settings = null!;
    private ApiServer _server = null!;
    private HttpClient _client = null!;
    private string[] _ids = [];

    public async Task InitializeAsync()
    {
        string capture = HostileCapture.WriteFile(Path.Combine(_folder.Path, "hostile.pcap"));
        string data = Path.Combine(_folder.Path, "data");
        _settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = data, Listen = "127.0.0.1:0", Set = ["call.keep-headers=[Subject, Organization, Diversion, User-Agent]"] }, static _ => null);
        using (var runner = new ImportRunner(_settings, new StatisticsBoard()))
        {
            ImportSummary summary = runner.Run([capture], CancellationToken.None);
            Assert.Empty(summary.Faults);
        }

        _server = new ApiServer(_settings, new StatisticsBoard());
        ApiStart start = await _server.StartAsync(CancellationToken.None);
        _client = new HttpClient { BaseAddress = new Uri(start.Url) };
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", start.NewAdminToken);
        using JsonDocument page = await JsonAsync("/api/v1/calls?limit=1000");
        _ids = [.. page.RootElement.GetProperty("calls").EnumerateArray().Select(static call => call.GetProperty("id").GetString()!)];
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Json_OfEveryList_IsStrictAndHasOnlyItsOwnMembers()
    {
        // Two calls for each text; every list holds something.
        Assert.Equal(HostileText.All.Count * 2, _ids.Length);
        foreach (string path in new[] { "calls", "media-sessions", "registrations", "messages", "peers", "stats" })
        {
            using JsonDocument page = await JsonAsync($"/api/v1/{path}");
            AssertNoMember(page.RootElement, path);
        }

        foreach (string id in _ids)
        {
            using JsonDocument call = await JsonAsync($"/api/v1/calls/{id}");
            AssertNoMember(call.RootElement, id);
            Assert.StartsWith("20", call.RootElement.GetProperty("id").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Lines_AreOneRecordEach()
    {
        string text = await _client.GetStringAsync("/api/v1/calls?format=ndjson&limit=1000");
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(_ids.Length, lines.Length);
        foreach (string line in lines)
        {
            using JsonDocument record = JsonDocument.Parse(line);
            AssertNoMember(record.RootElement, "ndjson");
        }
    }

    [Fact]
    public async Task Csv_HasItsColumnsInEveryRow_AndNoFormula()
    {
        byte[] bytes = await _client.GetByteArrayAsync("/api/v1/calls?format=csv&limit=1000");
        AssertCsv(Encoding.UTF8.GetString(bytes), _ids.Length);
        var output = new StringWriter();
        Assert.Equal(0, await CommandAsync(output, terminal: false, "calls", "--format", "csv"));
        AssertCsv(output.ToString(), _ids.Length);
    }

    [Fact]
    public async Task Ladder_IsADrawingAndNothingElse()
    {
        foreach (string id in _ids)
        {
            using HttpResponseMessage answer = await _client.GetAsync($"/api/v1/calls/{id}/ladder.svg");
            answer.EnsureSuccessStatusCode();
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            using XmlReader reader = XmlReader.Create(new StringReader(await answer.Content.ReadAsStringAsync()), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
            while (reader.Read())
            {
                if (reader.NodeType != XmlNodeType.Element) continue;
                Assert.Contains(reader.LocalName, DrawingElements);
                while (reader.MoveToNextAttribute())
                {
                    Assert.DoesNotMatch("^on|href", reader.LocalName);
                    if (reader.LocalName != "xmlns" && reader.Prefix != "xmlns") Assert.DoesNotMatch("javascript:|data:|url\\(", reader.Value);
                }
            }
        }
    }

    [Fact]
    public async Task Downloads_HaveNamesWithoutPathsOrParameters_AndTypesThatNoBrowserRuns()
    {
        foreach (string id in _ids)
        {
            foreach (string ending in new[] { ".pcap", ".trace", ".wav" })
            {
                using HttpResponseMessage answer = await _client.GetAsync($"/api/v1/calls/{id}{ending}");
                if (!answer.IsSuccessStatusCode)
                {
                    Assert.True((int)answer.StatusCode is 404 or 409 or 422 or 202, $"{id}{ending}: {answer.StatusCode}");
                    continue;
                }

                Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
                ContentDispositionHeaderValue name = Assert.IsType<ContentDispositionHeaderValue>(answer.Content.Headers.ContentDisposition);
                Assert.Matches("^\"?[A-Za-z0-9._-]+\"?$", name.FileName!);
                Assert.Null(name.FileNameStar);
                Assert.Single(name.Parameters);
                Assert.DoesNotContain("html", answer.Content.Headers.ContentType!.MediaType!, StringComparison.Ordinal);
                Assert.DoesNotContain("xml", answer.Content.Headers.ContentType.MediaType!, StringComparison.Ordinal);
                foreach ((string header, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
                    Assert.True(!header.Contains("Set-Cookie", StringComparison.OrdinalIgnoreCase) && values.All(static value => !value.Any(char.IsControl)), header);
                if (ending != ".pcap") continue;
                using CaptureFileSource source = CaptureFileSource.FromStream("call.pcap", await answer.Content.ReadAsStreamAsync(), CaptureReaderLimits.Default);
                int packets = 0;
                while (source.Read(out CapturedPacket _) == ReadOutcome.Packet) packets++;
                Assert.True(packets > 2 && source.Fault is null, id);
            }
        }
    }

    [Fact]
    public async Task Terminal_IsNeverTakenOver()
    {
        foreach (string[] command in (string[][])[["calls"], ["registrations"], ["messages"], ["peers"], .. _ids.Select(static id => (string[])["show", id]), .. _ids.Select(static id => (string[])["trace", id])])
        {
            var output = new StringWriter();
            await CommandAsync(output, terminal: true, command);
            string text = output.ToString();
            Assert.True(text.Length > 0, $"nothing from {string.Join(' ', command)}");
            foreach (char c in text)
                Assert.False((char.IsControl(c) && c is not '\n') || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069'), $"{string.Join(' ', command)}: U+{(int)c:x4}");
        }
    }

    [Fact]
    public async Task Recordings_BearTagsThatAreTextsAndNoMore()
    {
        int read = 0;
        foreach (string id in _ids)
        {
            using HttpResponseMessage answer = await _client.GetAsync($"/api/v1/calls/{id}.mp3");
            if (!answer.IsSuccessStatusCode) continue;
            List<(string Id, string Text)> tags = StrictId3.Read(await answer.Content.ReadAsByteArrayAsync());
            Assert.Equal(tags.Count, tags.Select(static tag => tag.Id == "TXXX" ? tag.Text.Split('\0')[0] : tag.Id).Distinct().Count());
            foreach ((string frame, string text) in tags)
            {
                Assert.Contains(frame, (string[])["TIT2", "TPE1", "TPE2", "TDRC", "TLEN", "TXXX"]);
                string[] parts = text.Split('\0');
                Assert.Equal(frame == "TXXX" ? 2 : 1, parts.Length);
                if (frame == "TXXX") Assert.Contains(parts[0], (string[])["started_at", "call_id", "sip_call_id"]);
                Assert.DoesNotContain(parts[^1], static c => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029');
                Assert.InRange(parts[^1].Length, 1, 600);
            }

            read++;
        }

        // Without the encoder's library there is no recording, and that is said elsewhere.
        Assert.True(read == 0 || read >= HostileText.All.Count, $"{read} recordings");
    }

    [Fact]
    public async Task Logs_AreOneLineForOneThing_WhateverFilesAreCalled()
    {
        foreach (HostileText hostile in HostileText.All)
        {
            string name = string.Concat(hostile.Text.Where(static c => c is not ('/' or '\0') && !char.IsSurrogate(c)));
            if (name.Length is 0 or > 100 || name.Trim().Length == 0) continue;
            string path = Path.Combine(_folder.Path, $"{name}.pcap");
            File.WriteAllText(path, "no capture");
            var output = new StringWriter();
            await CommandAsync(output, terminal: false, "import", path);
            string[] lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Single(lines, static line => line.Contains("no capture", StringComparison.Ordinal) || line.Contains("neither pcap", StringComparison.Ordinal));
            foreach (string line in lines)
                Assert.DoesNotContain(line, static c => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u2028' or '\u2029');
            Assert.DoesNotContain(lines, static line => line.StartsWith("pwn", StringComparison.Ordinal) || line.StartsWith("2026", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Metrics_AreLinesOfTheirFormat()
    {
        string text = await _client.GetStringAsync("/metrics");
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.Matches(MetricLine(), line);
    }

    [Fact]
    public async Task HostileRequests_AreRefusedInOneProblem()
    {
        foreach (HostileText hostile in HostileText.All)
        {
            string text = Uri.EscapeDataString(hostile.Text.Length > 500 ? hostile.Text[..500] : hostile.Text);
            foreach (string path in new[] { $"calls?number={text}", $"calls?sip_call_id={text}", $"calls?cursor={text}", $"calls?limit={text}", $"calls/{text}", $"calls?text={text}", $"messages?text={text}", $"calls?sort={text}" })
            {
                using HttpResponseMessage answer = await _client.GetAsync($"/api/v1/{path}");
                Assert.True((int)answer.StatusCode < 500, $"{path}: {answer.StatusCode}");
                string body = await answer.Content.ReadAsStringAsync();
                if (answer.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) == true) JsonDocument.Parse(body).Dispose();
                else Assert.DoesNotContain("<script", body, StringComparison.Ordinal);
            }
        }
    }

    [GeneratedRegex("^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .*|[a-zA-Z_:][a-zA-Z0-9_:]*(\\{([a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\\\n]|\\\\[\\\\\"n])*\",?)*\\})? [-+0-9.eEInfNa]+( [0-9]+)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex MetricLine();

    private static void AssertNoMember(JsonElement element, string where)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    Assert.False(member.Name.Contains("pwn", StringComparison.Ordinal), $"{where}: a member {member.Name}");
                    AssertNoMember(member.Value, where);
                }

                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray()) AssertNoMember(item, where);
                break;
        }
    }

    private static void AssertCsv(string text, int rows)
    {
        List<List<string>> table = StrictCsv.Read(text);
        Assert.Equal(rows + 1, table.Count);
        foreach (List<string> row in table)
        {
            Assert.Equal(table[0].Count, row.Count);
            foreach (string cell in row)
                Assert.False(cell.Length > 0 && cell[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' && !double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out _), cell);
        }
    }

    private async Task<JsonDocument> JsonAsync(string path)
    {
        using HttpResponseMessage answer = await _client.GetAsync(path);
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {answer.StatusCode}");
        return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
    }

    private async Task<int> CommandAsync(StringWriter output, bool terminal, params string[] command)
    {
        output.NewLine = "\n";
        return await CommandLine.RunAsync([.. command, "--data", _settings.DataDirectory], new CommandContext
        {
            Parts = new Wiring(),
            Out = output,
            Error = output,
            OpenBinaryOutput = static () => Stream.Null,
            OutIsTerminal = terminal,
            ErrorIsTerminal = terminal,
            Width = 120,
            Environment = static name => name == "NO_COLOR" ? "1" : null,
            Time = TimeProvider.System,
            Stop = CancellationToken.None,
        });
    }
}
