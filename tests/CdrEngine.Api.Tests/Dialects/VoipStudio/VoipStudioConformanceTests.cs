using System.Text.RegularExpressions;
using CdrEngine.Api.Access;
using CdrEngine.Calls.Messages;
using CdrEngine.Storage;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.VoipStudio;

/// <summary>The vendor's text against the answers: each path with its verb, its status and the shape of its example.</summary>
public sealed class VoipStudioConformanceTests
{
    private const string TextName = "voipstudio-history.txt";
    private const string Root = "/v1.1/voipstudio";

    // Where the examples have numbers the vendor's own table of attributes has words, and the table is right.
    private static string Clean(string text) => Regex.Replace(text, "\"(destination|disposition|type)\": \\d+", "\"$1\": \"value\"", RegexOptions.None, TimeSpan.FromSeconds(1));

    [SharedFact]
    public async Task EveryOperation_AnswersAsItsExample()
    {
        (string Method, string Path, int Status, JsonElement? Example)[] operations = [.. Operations(VendorText.Read(TextName).Text)];
        Assert.Equal(35, operations.Length);
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory { Entries = { VoipStudioMappingTests.Entry(PartyKind.Tracking, 5, "Spring", "+4930123") } });
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string method, string path, int status, JsonElement? example) in operations)
        {
            // Deletions leave nothing for those behind them.
            (long call, long msdr, long message, long chat) = await FillAsync(rig, seen.Count);
            string id = path switch
            {
                _ when path.StartsWith("/msdrs", StringComparison.Ordinal) => $"{msdr}",
                _ when path.StartsWith("/chats", StringComparison.Ordinal) => $"{chat}",
                _ when path.StartsWith("/chatmsgs", StringComparison.Ordinal) => $"{message}",
                _ => $"{call}",
            };
            string asked = path.Replace("{id}", id, StringComparison.Ordinal).Replace("{ids}", id, StringComparison.Ordinal);
            using var request = new HttpRequestMessage(new HttpMethod(method), Root + asked);
            string? body = (method, path) switch
            {
                ("PATCH", "/cdrs") => $"[[], {{\"id\": {call}}}]",
                ("PATCH", "/voicemessages") => $"[{{\"id\": {call}, \"folder\": \"old\"}}]",
                ("PATCH", _) => "{\"transcript\": \"abcd\", \"transcript_speakers\": \"abcd\", \"summary\": \"abcd\", \"sentiment\": \"abcd\", \"cx_score\": 57, \"metadata\": \"abcd\"}",
                _ => null,
            };
            if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await rig.Admin.SendAsync(request);
            string text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
            Assert.True(status == (int)response.StatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
            seen.Add($"{method} {path}");
            string? type = response.Content.Headers.ContentType?.MediaType;
            string? expected = path switch
            {
                _ when method == "DELETE" => null,
                _ when path.EndsWith(".mp3", StringComparison.Ordinal) => "audio/mpeg",
                _ when path.EndsWith(".pcap", StringComparison.Ordinal) => "application/vnd.tcpdump.pcap",
                _ when path.EndsWith(".trace", StringComparison.Ordinal) => "text/plain",
                _ when path.EndsWith(".csv", StringComparison.Ordinal) => "text/csv",
                _ => "application/json",
            };
            Assert.Equal($"{path} {expected}", $"{path} {type}");
            if (expected != "application/json" || path.EndsWith("/dictionaries", StringComparison.Ordinal)) continue;

            // The example of the notes is a CDR; ours has the notes behind its members.
            JsonElement answer = JsonDocument.Parse(path.EndsWith("/notes", StringComparison.Ordinal) ? Regex.Replace(text, ",\"notes\":[^}]*}", "}", RegexOptions.None, TimeSpan.FromSeconds(1)) : text).RootElement;
            Shapes.Fits(example!.Value, answer, $"{method} {path}");
            if (example.Value.GetProperty("data").ValueKind == JsonValueKind.Array) Assert.True(answer.GetProperty("data").GetArrayLength() > 0, path);
        }

        Assert.Equal(35, seen.Count);
    }

    [SharedFact]
    public async Task EveryStatus_OfTheText_IsGiven_InTheFormOfItsErrors_AndDocumented()
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory());
        (long call, long msdr, long message, long chat) = await FillAsync(rig, 0);
        using HttpClient nobody = rig.Client(null), beta = rig.Client(rig.NewToken("beta", ApiScopes.Admin));
        JsonElement paths = (await rig.GetAsync("/api/v1/dialects/voipstudio/openapi.json")).GetProperty("paths");
        var given = new List<string>();
        foreach ((string method, string path, int[] statuses) in Statuses(VendorText.Read(TextName).Text))
        {
            string own = path switch
            {
                _ when path.StartsWith("/msdrs", StringComparison.Ordinal) => $"{msdr}",
                _ when path.StartsWith("/chats", StringComparison.Ordinal) => $"{chat}",
                _ when path.StartsWith("/chatmsgs", StringComparison.Ordinal) => $"{message}",
                _ => $"{call}",
            };
            JsonElement documented = paths.GetProperty(Root + path.Replace("{ids}", "{id}", StringComparison.Ordinal)).GetProperty(method.ToLowerInvariant()).GetProperty("responses");
            foreach (int status in statuses)
            {
                Assert.True(documented.TryGetProperty($"{status}", out _), $"{method} {path}: {status} is not documented");
                if (status < 400) continue;
                string id = status == 404 ? "4503599627370495" : own;
                using var request = new HttpRequestMessage(new HttpMethod(method), Root + path.Replace("{id}", id, StringComparison.Ordinal).Replace("{ids}", id, StringComparison.Ordinal));
                if (method == "PATCH") request.Content = new StringContent(status == 400 ? "{" : path.Contains('{', StringComparison.Ordinal) ? "{\"summary\":\"x\"}" : $"[{{\"id\":{id},\"folder\":1}}]".Replace(path == "/cdrs" ? ",\"folder\":1" : "none", "", StringComparison.Ordinal), Encoding.UTF8, "application/json");
                JsonElement error = await DialectRig.JsonAsync(await (status switch { 401 => nobody, 403 => beta, _ => rig.Admin }).SendAsync(request), (HttpStatusCode)status);
                Assert.Equal((status, Words(status)), (error.GetProperty("code").GetInt32(), error.GetProperty("message").GetString()));
                given.Add($"{method} {path} {status}");
            }
        }

        Assert.Equal(68, given.Count);
    }

    [SharedFact]
    public void CsvHeader_AndMembers_AreTheAttributesOfTheModel()
    {
        string text = VendorText.Read(TextName).Text;
        string[] attributes = [.. Regex.Matches(text[text.IndexOf("Models\nCDR", StringComparison.Ordinal)..], @"^([a-z_]+) \| (integer|string|number|boolean) \|", RegexOptions.Multiline, TimeSpan.FromSeconds(1)).Select(static match => match.Groups[1].Value)];
        Assert.Equal(attributes, Api.Dialects.VoipStudio.VoipStudioMapping.Columns.Select(static column => column.Name));
    }

    private static IEnumerable<(string Method, string Path, int Status, JsonElement? Example)> Operations(string text)
    {
        string[] lines = text[..text.IndexOf("\nModels\n", StringComparison.Ordinal)].Split('\n');
        for (int i = 0; i + 1 < lines.Length; i++)
        {
            if (lines[i] is not ("GET" or "PATCH" or "DELETE" or "POST") || !lines[i + 1].StartsWith('/')) continue;
            string answer = lines.Skip(i).First(static line => line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal));
            int brace = answer.IndexOf('{', StringComparison.Ordinal);
            yield return (
                lines[i],
                lines[i + 1].Split(' ')[0],
                int.Parse(answer.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture),
                brace < 0 ? null : JsonDocument.Parse(Clean(answer[brace..])).RootElement);
        }
    }

    private static string Words(int status) => status switch { 400 => "Validation error", 401 => "Unauthorized", 403 => "Access denied", _ => "Resource not found" };

    private static IEnumerable<(string Method, string Path, int[] Statuses)> Statuses(string text)
    {
        string[] lines = text[..text.IndexOf("\nModels\n", StringComparison.Ordinal)].Split('\n');
        for (int i = 0; i + 1 < lines.Length; i++)
        {
            if (lines[i] is not ("GET" or "PATCH" or "DELETE" or "POST") || !lines[i + 1].StartsWith('/')) continue;
            int begin = Array.IndexOf(lines, "Responses", i), end = Array.IndexOf(lines, "Example Response", i);
            yield return (lines[i], lines[i + 1].Split(' ')[0], [.. lines[(begin + 1)..end].Select(static line => int.Parse(line.AsSpan(0, 3), System.Globalization.CultureInfo.InvariantCulture)).Distinct()]);
        }
    }

    private static async Task<(long Call, long Msdr, long Message, long Chat)> FillAsync(DialectRig rig, int round)
    {
        // Later than whatever was cleared.
        rig.Clock.Move(TimeSpan.FromMinutes(2));
        Timestamp at = Timestamp.From(rig.Clock.GetUtcNow()) + TimeSpan.FromMinutes(1);
        CallRecord call = MediaSessions.Complete(TestCalls.Call(0, $"round{round}@host") with
        {
            Id = CallId.Derive($"round{round}", "t", at),
            StartedAt = at,
            AnsweredAt = at + TimeSpan.FromSeconds(1),
            EndedAt = at + TimeSpan.FromSeconds(9),
            Direction = CallDirection.Inbound,
            Dialled = "44203846719",
            CaptureSource = "hep:192.0.2.9:9060#7",
            Caller = new Party { Number = "12124537768", Name = "Ann", UserAgent = "Phone", Codec = "PCMU/8000", Uri = "sip:12124537768@example.com" },
            Callee = new Party { Number = "44203844711", Name = "Mailbox", UserAgent = "PBX", Codec = "PCMU/8000", Uri = "sip:voicemail@example.com", Identity = new PartyIdentity(PartyKind.User, 10002, "Bob") },
            Cause = new Cause(16, "x", CauseSource.Mapped),
            Marks = new CallMarks { Context = CallContext.Tracking, Charge = new CallCharge(0.6m, 0.11m, "EUR", "Germany") },
            MediaSessions = [new MediaSessionRecord { Index = 0, Media = "audio", Protocol = "RTP/AVP", Caller = TestCalls.Address("192.0.2.1", 4000), Callee = TestCalls.Address("192.0.2.2", 4000), StartedAt = at, EndedAt = at + TimeSpan.FromSeconds(9) }],
        });
        call = call with { SessionId = call.Id };
        rig.Add(call);
        byte[] sdp = Encoding.ASCII.GetBytes("v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n");
        rig.Packets.AddSip(call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite(call.SipCallId, "alice", "bob").WithBody("application/sdp", Encoding.ASCII.GetString(sdp)), round);
        rig.Packets.Add(call.Id, PacketBuilder.UdpFrame("192.0.2.1:4000", "192.0.2.2:4000", new byte[172]).Build(), PacketKinds.Media, round);
        string file = Path.Combine(rig.AccessFolder, "sound.mp3");
        await File.WriteAllBytesAsync(file, [1, 2, 3]);
        rig.Media.Answer = id => new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.Available }, Path = file };
        string chat = CallId.Derive($"chat{round}", "1", at);
        MessageRecord message = VoipStudioMappingTests.Message("12124537768", "44203844711", round) with { Id = CallId.Derive($"message{round}", "1", at), ConversationId = chat, StartedAt = at };
        rig.Messages.Write([new StoredMessage(message, new ConversationRecord(chat, at, "a@b", "c@d"), [])]);
        JsonElement msdrs = await rig.GetAsync(Root + "/msdrs?limit=1");
        return (rig.Store.Find(call.Id)!.Number, msdrs.GetProperty("data")[0].GetProperty("id").GetInt64(), CallNumber.Of(message.Id), CallNumber.Of(chat));
    }
}
