using System.Net;
using System.Text;
using System.Text.Json;
using CdrEngine.Api.Access;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Directories;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Parts;
using CdrEngine.Storage;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Directories;

/// <summary>Re-rating, recording by the directory, and tenants kept apart, over real data folders.</summary>
public sealed class RateCommandTests
{
    private static readonly Timestamp Start = Timestamp.From(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task Rate_AfterAChangeOfPrices_RewritesWhatChanges_AndOnlyOnce()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Directory("0.06"));
        Fill(folder, path, 1_300);
        Assert.Equal((0, "1300 calls, 0 changed\nEUR  before 650.0000 of 650 calls, after 650.0000 of 650 calls\n"), await Command($"rate --data {folder.Path} --directory {path}"));

        // Twice the price. First only looked at.
        folder.Write("d.conf", Directory("0.12"));
        string expected = "EUR  before 650.0000 of 650 calls, after 1300.0000 of 650 calls\n";
        Assert.Equal((0, "1300 calls, 650 would change\n" + expected), await Command($"rate --data {folder.Path} --directory {path} --dry-run"));
        Assert.Equal("0.06", Read(folder, 0).Marks!.Charge!.Rate.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((0, "1300 calls, 650 changed\n" + expected), await Command($"rate --data {folder.Path} --directory {path}"));
        Assert.Equal((0, "1300 calls, 0 changed\n" + expected.Replace("650.0000", "1300.0000", StringComparison.Ordinal)), await Command($"rate --data {folder.Path} --directory {path}"));
        CallRecord record = Read(folder, 0);
        Assert.Equal((0.12m, 2.0000m, "acme"), (record.Marks!.Charge!.Rate, record.Marks.Charge.Amount, record.Tenant));

        // A part of the time.
        folder.Write("d.conf", Directory("0.24"));
        (int code, string said, _) = await Command($"rate --data {folder.Path} --directory {path} --from 2026-11-20T10:00 --to 2026-11-20T10:10");
        Assert.Equal((0, "10 calls, 5 changed"), (code, said.Split('\n')[0]));
    }

    [Fact]
    public async Task Rate_KeepsPacketsRecordingsAndMediaSessions_AndMarksTheRevision()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Directory("0.06"));
        Fill(folder, path, 4);
        string id = Call(0).Id;
        using (var store = SqliteCallStore.Open(DataFolder.Records(folder.Path)))
            Assert.True(store.SetRecording(new RecordingEntry { CallId = id, State = RecordingState.Available, Bytes = 77, CreatedAt = Start }));
        folder.Write("d.conf", Directory("0.12"));
        Assert.Equal(0, (await Command($"rate --data {folder.Path} --directory {path} --remark")).Code);
        using (var store = SqliteCallStore.Open(DataFolder.Records(folder.Path)))
        {
            Assert.Equal(77, store.GetRecording(id)?.Bytes);
            Assert.Equal(RecordingState.Available, store.Get(id)?.Recording.State);
            Assert.Equal([1, 2, 3], store.GetChunks(id));
            Assert.NotNull(store.GetMediaSession(id + "-m0"));

            // The final record of a second import does not undo it.
            Assert.Equal(1, store.Write([new StoredCall(Call(0), RecordRevision.Final, ReadOnlyMemory<byte>.Empty)]).Unchanged);
            Assert.Equal(0.12m, store.Get(id)?.Marks?.Charge?.Rate);
        }
    }

    [Fact]
    public async Task Remark_WithOtherTenants_MovesTheCallWithAllThatBelongsToIt()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Directory("0.06"));
        Fill(folder, path, 4);
        string id = Call(0).Id;
        using (var store = SqliteCallStore.Open(DataFolder.Records(folder.Path)))
        {
            store.SetRecording(new RecordingEntry { CallId = id, State = RecordingState.Available, CreatedAt = Start });
            Assert.Equal(2, store.List(new CallQuery { User = 1 }).Calls.Count);
        }

        folder.Write("d.conf", Directory("0.06").Replace("acme {", "omega {", StringComparison.Ordinal).Replace("tenant = acme", "tenant = omega", StringComparison.Ordinal).Replace("id = 1,", "id = 9,", StringComparison.Ordinal));
        Assert.Equal((0, "4 calls, 2 changed"), ((await Command($"rate --data {folder.Path} --directory {path} --remark")) is var done ? (done.Code, done.Out.Split('\n')[0]) : default));
        using (var store = SqliteCallStore.Open(DataFolder.Records(folder.Path)))
        {
            Assert.Empty(store.List(new CallQuery { Tenant = "acme" }).Calls);
            Assert.Equal(2, store.List(new CallQuery { Tenant = "omega" }).Calls.Count);
            Assert.Equal(2, store.ListMediaSessions(new MediaSessionQuery { Tenant = "omega" }).MediaSessions.Count);
            Assert.Single(store.ListRecordings(new RecordingQuery { Tenant = "omega" }).Recordings);
            Assert.Empty(store.ListRecordings(new RecordingQuery { Tenant = "acme" }).Recordings);
            Assert.Empty(store.List(new CallQuery { User = 1 }).Calls);
            Assert.Equal(2, store.List(new CallQuery { User = 9 }).Calls.Count);
        }
    }

    [Fact]
    public async Task Rate_BesideAWriterOfTheSameDay_LosesNothingOfEither()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Directory("0.06"));
        Fill(folder, path, 1_200);
        folder.Write("d.conf", Directory("0.12"));
        using var store = SqliteCallStore.Open(DataFolder.Records(folder.Path));
        using DirectoryHolder holder = DirectoryHolder.Open(Settings(folder, path));
        Task writing = Task.Run(() =>
        {
            for (int part = 0; part < 20; part++)
            {
                WriteReport report = store.Write([.. Enumerable.Range(1_200 + (part * 50), 50).Select(i => Stored(holder.Mark(Call(i))))]);
                Assert.Equal((50, 0), (report.Inserted, report.Failed.Count));
            }
        });
        while (!writing.IsCompleted) Assert.Equal(0, (await Command($"rate --data {folder.Path} --directory {path}")).Code);
        await writing;
        Assert.Equal((0, "2200 calls, 0 changed\nEUR  before 2200.0000 of 1100 calls, after 2200.0000 of 1100 calls\n"), await Command($"rate --data {folder.Path} --directory {path}"));
    }

    [Fact]
    public async Task Commands_WithMistakes_SayWhat()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("there is no directory; give --directory FILE", (await Command($"rate --data {folder.Path}")).Error, StringComparison.Ordinal);
        string path = folder.Write("d.conf", "directory { tenats {}\ntenant {} }");
        (int code, string said, string error) = await Command($"directory check {path}");
        Assert.Equal((1, ""), (code, said));
        Assert.Equal($"{path}:1:13: directory has no key 'tenats'; did you mean 'tenants'?\n{path}:2:1: directory has no key 'tenant'; did you mean 'tenants'?\ncdrengine: {path}: 2 mistakes\n", error);
        folder.Write("d.conf", Directory("0.06"));
        Assert.Equal($"{path}: right: 2 tenants, 2 trunks, 2 users, 0 contacts, 0 numbers, 1 rate\n", (await Command($"directory check {path}")).Out);
        Assert.Equal(
            "kind      e164\ne164      +442079460000\nidentity  none\ntenant    acme\nrate      0.06 EUR a minute, 0 a call, 1/1, UK (+44, table r)\n",
            (await Command($"directory lookup 0044-20-79460000 --tenant acme --directory {path}")).Out);
        Assert.Contains("there is no tenant 'x'", (await Command($"directory lookup 1 --tenant x --directory {path}")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("recording = always", "on-demand", RecordingState.Pending, null)]
    [InlineData("recording = never", "always", RecordingState.None, "policy")]
    [InlineData("recording = on-demand", "always", RecordingState.None, null)]
    [InlineData("department = none", "always", RecordingState.Pending, null)]
    public void Recording_OfAUser_IsAsTheDirectoryWishes(string wish, string policy, RecordingState state, string? reason)
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("d.conf", Directory("0.06").Replace("name = Alice", $"name = Alice, {wish}", StringComparison.Ordinal));
        Settings settings = Settings(folder, path, $"recording.policy={policy}");
        using DirectoryHolder holder = DirectoryHolder.Open(settings);
        using var recorder = new RecorderPart(settings, RecordingPolicies.Of(settings, holder));
        RecordingInfo info = recorder.Marked(holder.Mark(Call(0))).Recording;
        Assert.Equal((state, reason), (info.State, info.Reason));
    }

    [Theory]
    [InlineData("caller", RecordingSides.Both, RecordingPolicy.Always, RecordingPolicy.Always, RecordingSides.Caller)]
    [InlineData("caller", RecordingSides.Both, RecordingPolicy.Never, RecordingPolicy.OnDemand, RecordingSides.Caller)]
    [InlineData("callee", RecordingSides.Callee, RecordingPolicy.OnDemand, RecordingPolicy.OnDemand, RecordingSides.Callee)]
    [InlineData("callee", RecordingSides.Caller, RecordingPolicy.Always, RecordingPolicy.Never, RecordingSides.Callee)]
    public void Recording_OfOneVoice_IsWithinWhatTheSettingsAllow(string wish, RecordingSides allowed, RecordingPolicy policy, RecordingPolicy then, RecordingSides voices)
    {
        using var folder = new TemporaryFolder();
        DirectoryLoad load = DirectoryReaderTests.LoadText(folder, Directory("0.06").Replace("name = Alice", $"name = Alice, recording = {wish}", StringComparison.Ordinal));
        var asked = new DirectoryRecordingPolicy(() => load.Directory, new RecordingRule(policy, allowed));
        Assert.Equal(new RecordingRule(then, voices), asked.For(load.Directory!.Mark(Call(0))));
        Assert.True(asked.MayRecord);
        Assert.Equal(policy == RecordingPolicy.Always, asked.MayRecordUnasked);
        Assert.Equal(new RecordingRule(policy, allowed), asked.For(Call(0)));
    }

    [Fact]
    public void Import_WithADirectory_MarksEveryRecord_AndShowsIt()
    {
        using var folder = new TemporaryFolder();
        var board = new StatisticsBoard();
        Settings settings = Settings(folder, Checkout.Path("demo", "directory.conf"));
        using (var runner = new ImportRunner(settings, board)) runner.Run([Checkout.Path("demo", "09-answered-opus.pcap"), Checkout.Path("demo", "11-ipv6.pcap"), Checkout.Path("demo", "04-unknown-number.pcap")], CancellationToken.None);
        using var archive = new CallArchive(settings);
        string[] shown = [.. archive.Calls.List(new CallQuery { Ascending = true }).Calls.Select(static call => FormattableString.Invariant(
            $"{call.Direction} {call.Tenant} {call.Marks?.Context} {call.Caller.Identity?.Name} {call.Callee.Identity?.Kind} {call.Callee.E164} {call.Marks?.Charge?.Amount} {call.Marks?.BilledAccount}"))];
        Assert.Equal(
            [
                "Internal lab TestCall Alice Archer Test   ",
                "Outbound lab PstnCall Alice Archer Contact +442079460123 0.0575 LAB-1",
                "Internal lab6 UserLocal Alice Archer User +493055502002  ",
            ],
            shown);
        Assert.Single(archive.Calls.List(new CallQuery { Context = CallContext.UserLocal }).Calls);
        Assert.Equal(2, archive.Calls.List(new CallQuery { User = 1001 }).Calls.Count);
        Assert.Single(archive.Calls.List(new CallQuery { Number = "+4420*" }).Calls);
        Assert.Contains(board.Read(), static counter => counter is { Area: "directory", Name: "marked", Value: 3 });
    }

    [Fact]
    public async Task Tokens_OfOneTenant_SeeItsOwnAndNothingElse()
    {
        using var folder = new TemporaryFolder();
        Settings settings = Settings(folder, folder.Write("d.conf", Directory("0.06")), "api.listen=127.0.0.1:0");
        using DirectoryHolder holder = DirectoryHolder.Open(settings);
        using (var store = SqliteCallStore.Open(DataFolder.Records(folder.Path)))
        {
            store.Write([.. Enumerable.Range(0, 6).Select(i => Stored(holder.Mark(Call(i))))]);
            foreach (int i in new[] { 0, 1 }) store.SetRecording(new RecordingEntry { CallId = Call(i).Id, State = RecordingState.None, Reason = "no_rtp", CreatedAt = Start });

            // A conversation between both: zeta's call, and acme's that was made of it.
            CallRecord outer = Call(7), inner = Call(8);
            store.Write(
            [
                Stored(holder.Mark(Joined(outer, outer, inner))),
                Stored(holder.Mark(Joined(inner, outer, outer))),
            ]);
        }

        Tell(settings, holder);
        using (var alerts = new SqliteAlertStore(DataFolder.Records(folder.Path))) alerts.Write([AlertOf("acme"), AlertOf("zeta")]);
        await using var hub = new LiveHub();
        await using var server = new ApiServer(settings, new StatisticsBoard(), null, holder, hub);
        ApiStart start = await server.StartAsync(CancellationToken.None);
        (int code, string token, _) = await Command($"token create acme --scope calls:read --scope calls:write --scope packets:read --scope recordings:read --scope stats:read --tenant acme --data {folder.Path}");
        Assert.Equal(0, code);

        // A running server sees new tokens within a second.
        using var client = new HttpClient { BaseAddress = new Uri(start.Url) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", token.Trim());
        DateTime limit = DateTime.UtcNow.AddSeconds(20);
        while ((await client.GetAsync("/api/v1/calls")).StatusCode == HttpStatusCode.Unauthorized && DateTime.UtcNow < limit) await Task.Delay(200);

        // Lists hold the tenant's own, and another's is not to be asked for.
        (string Path, int Own)[] lists =
            [("calls", 4), ("media-sessions", 4), ("recordings", 1), ("sessions", 4), ("live", 0), ("registrations", 1), ("messages", 1), ("conversations", 1), ("peers", 1), ("mailboxes", 1), ("alerts", 1)];
        foreach ((string path, int own) in lists)
        {
            string list = await client.GetStringAsync($"/api/v1/{path}");
            using JsonDocument document = JsonDocument.Parse(list);
            Assert.Equal((path, own), (path, document.RootElement.EnumerateObject().First().Value.GetArrayLength()));
            Assert.DoesNotContain("zeta", list, StringComparison.Ordinal);
            Assert.Equal((path, HttpStatusCode.OK), (path, (await client.GetAsync($"/api/v1/{path}?tenant=acme")).StatusCode));
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, (await client.GetAsync($"/api/v1/{path}?tenant=zeta")).StatusCode));
        }

        using (JsonDocument totals = JsonDocument.Parse(await client.GetStringAsync("/api/v1/calls/totals"))) Assert.Equal(4, totals.RootElement.GetProperty("calls").GetInt64());
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/api/v1/calls/totals?tenant=zeta")).StatusCode);
        Assert.DoesNotContain("zeta", await client.GetStringAsync("/api/v1/calls?format=csv"), StringComparison.Ordinal);
        Assert.DoesNotContain("zeta", await client.GetStringAsync("/api/v1/calls?format=ndjson"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/api/v1/events?tenant=zeta")).StatusCode);

        // Nothing of another tenant's, whatever is asked of it, in no form; of its own all that there is.
        (string Form, string Own, string Other)[] forms =
        [
            .. new[] { "calls/{0}", "calls/{0}.pcap", "calls/{0}.trace", "calls/{0}/ladder.svg", "calls/{0}.mp3", "calls/{0}.wav", "calls/{0}/waveform.json", "calls/{0}/fax.tiff", "calls/{0}/fax.pdf", "streams?call_id={0}", "messages?call_id={0}" }
                .Concat(["sessions/{0}", "sessions/{0}.pcap", "sessions/{0}.trace", "sessions/{0}/ladder.svg", "sessions/{0}/legs", "sessions/{0}.mp3", "sessions/{0}/waveform.json"])
                .Select(static form => (form, Call(0).Id, Call(1).Id)),
            .. new[] { "media-sessions/{0}", "media-sessions/{0}.pcap", "media-sessions/{0}.trace" }.Select(static form => (form, Call(0).Id + "-m0", Call(1).Id + "-m0")),
            .. new[] { "registrations/{0}", "registrations/{0}/history", "registrations/{0}.pcap", "registrations/{0}.trace" }.Select(static form => (form, Registration("acme").Record.Id, Registration("zeta").Record.Id)),
            .. new[] { "messages/{0}", "messages/{0}.pcap", "messages/{0}.trace" }.Select(static form => (form, Message("acme").Record.Id, Message("zeta").Record.Id)),
            ("alerts/{0}", AlertOf("acme").Id, AlertOf("zeta").Id),
            ("conversations/{0}", Message("acme").Record.ConversationId, Message("zeta").Record.ConversationId),
        ];
        foreach ((string form, string own, string other) in forms)
        {
            string path = "/api/v1/" + form;

            // As if it were not there: of what belongs to a call an empty list, of all else 404 in the same words.
            HttpResponseMessage others = await client.GetAsync(path.Replace("{0}", other, StringComparison.Ordinal));
            HttpResponseMessage none = await client.GetAsync(path.Replace("{0}", other.Length == 24 ? new string('0', 24) : $"20261120-{new string('0', 24)}{other[33..]}", StringComparison.Ordinal));
            Assert.Equal((path, form.Contains('?', StringComparison.Ordinal) ? HttpStatusCode.OK : HttpStatusCode.NotFound), (path, others.StatusCode));
            Assert.Equal((path, none.StatusCode, await none.Content.ReadAsStringAsync()), (path, others.StatusCode, await others.Content.ReadAsStringAsync()));
            Assert.NotEqual((path, HttpStatusCode.Forbidden), (path, (await client.GetAsync(path.Replace("{0}", own, StringComparison.Ordinal))).StatusCode));
        }

        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/v1/calls/20261120-000000000000000000000000")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/api/v1/sessions/20261120-000000000000000000000000")).StatusCode);
        string[] closed =
        [
            "/api/v1/stats", "/metrics", "/api/v1/webhooks", "/api/v1/figures?tenant=zeta", "/api/v1/alerts/trial?rule=failures&tenant=zeta",
            "/api/v1/audit", "/api/v1/shares", "/api/v1/shares/00112233aabb", "/api/v1/calls/totals?tenant=zeta",
        ];
        foreach (string path in closed) Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(path)).StatusCode);

        // Nothing of another's is changed, what is counted is the tenant's own, and webhooks are not a tenant's affair.
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync($"/api/v1/alerts/{AlertOf("zeta").Id}/acknowledge", null)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync($"/api/v1/alerts/{AlertOf("acme").Id}/acknowledge", null)).StatusCode);
        string range = "from=2026-11-20T00:00:00Z&to=2026-11-21T00:00:00Z";
        using (JsonDocument figures = JsonDocument.Parse(await client.GetStringAsync($"/api/v1/figures?{range}"))) Assert.Equal(4, figures.RootElement.GetProperty("all").GetProperty("calls").GetInt64());
        using (JsonDocument trial = JsonDocument.Parse(await client.GetStringAsync($"/api/v1/alerts/trial?rule=failures&{range}"))) Assert.Equal(4, trial.RootElement.GetProperty("calls_read").GetInt64());
        Assert.DoesNotContain("zeta", await client.GetStringAsync("/api/v1/alerts/rules"), StringComparison.Ordinal);
        string[] more = ["alerts/{id}/acknowledge", "alerts/rules", "alerts/trial", "figures"];
        string[] hooks = ["webhooks", "webhooks/{id}", "webhooks/{id}/test", "webhooks/{id}/resend", "webhooks/dead-letters", "webhooks/dead-letters/{letter}", "webhooks/dead-letters/{letter}/resend"];
        foreach (string path in hooks)
        {
            using var asked = new HttpRequestMessage(path.EndsWith("test", StringComparison.Ordinal) || path.EndsWith("resend", StringComparison.Ordinal) ? HttpMethod.Post : HttpMethod.Get, "/api/v1/" + path.Replace("{id}", "x", StringComparison.Ordinal).Replace("{letter}", "1", StringComparison.Ordinal));
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, (await client.SendAsync(asked)).StatusCode));
        }

        // Holds are looked at with the right to delete only; HoldApiTests asks as a tenant that has it.
        foreach (string path in new[] { "holds", "holds/1" }) Assert.DoesNotContain("zeta", await (await client.GetAsync($"/api/v1/{path}")).Content.ReadAsStringAsync(), StringComparison.Ordinal);

        // Of a conversation between tenants each is told its own part.
        string shared = await client.GetStringAsync($"/api/v1/sessions/{Call(7).Id}");
        Assert.Contains(Call(8).Id, shared, StringComparison.Ordinal);
        Assert.DoesNotContain("zeta", shared, StringComparison.Ordinal);

        // Events are the tenant's, of calls and of all else.
        await using (Stream events = await client.GetStreamAsync("/api/v1/events"))
        {
            using var reader = new StreamReader(events);
            await reader.ReadLineAsync();
            var news = new LiveNews(hub.Feed);
            foreach (string tenant in new[] { "zeta", "acme" })
            {
                var changes = new DeskChanges();
                Fill(changes, tenant);
                new DeskMarks(() => holder.Current).Apply(changes);
                news.Take(changes);
            }

            var told = new List<string>();
            while (told.Count < 3 && await reader.ReadLineAsync() is { } line)
            {
                Assert.DoesNotContain("zeta", line, StringComparison.Ordinal);
                if (line.StartsWith("event: ", StringComparison.Ordinal)) told.Add(line["event: ".Length..]);
            }

            Assert.Equal(["registration.new", "message.delivered", "peer.silent"], told);
        }

        // Every route is among those tried above, so that a new one is not forgotten here.
        using JsonDocument description = JsonDocument.Parse(await client.GetByteArrayAsync("/api/v1/openapi.json"));
        string[] tried = [.. forms.Select(static form => form.Form.Split('?')[0].Replace("{0}", "{id}", StringComparison.Ordinal)), .. lists.Select(static list => list.Path), .. more, .. hooks, "events", "stats", "openapi.json", "audit", "shares", "shares/{id}", "holds", "holds/{id}", "calls/totals"];
        Assert.Empty(description.RootElement.GetProperty("paths").EnumerateObject().Select(static path => path.Name).Where(static path => path.StartsWith("/api/v1/", StringComparison.Ordinal)).Select(static path => path["/api/v1/".Length..]).Except(tried));

        // The administrator sees all, and one tenant's where asked.
        client.DefaultRequestHeaders.Authorization = new("Bearer", start.NewAdminToken);
        foreach ((string path, int all, int one) in new[] { ("calls", 8, 4), ("sessions", 7, 4), ("registrations", 2, 1), ("messages", 2, 1), ("conversations", 2, 1), ("peers", 2, 1), ("mailboxes", 2, 1) })
        {
            using JsonDocument every = JsonDocument.Parse(await client.GetByteArrayAsync($"/api/v1/{path}"));
            using JsonDocument zetas = JsonDocument.Parse(await client.GetByteArrayAsync($"/api/v1/{path}?tenant=zeta"));
            Assert.Equal((path, all, one), (path, every.RootElement.EnumerateObject().First().Value.GetArrayLength(), zetas.RootElement.EnumerateObject().First().Value.GetArrayLength()));
        }

        using JsonDocument narrowed = JsonDocument.Parse(await client.GetByteArrayAsync("/api/v1/calls?tenant=zeta&context=pstn_call&user=2"));
        Assert.Equal(4, narrowed.RootElement.GetProperty("calls").GetArrayLength());
        Assert.StartsWith("ready\ndirectory: in force since ", await client.GetStringAsync("/readyz"), StringComparison.Ordinal);
        await server.StopAsync();
    }

    [Fact]
    public async Task Token_Commands_MakeListAndWithdraw()
    {
        using var folder = new TemporaryFolder();
        string data = $"--data {folder.Path}";
        string token = (await Command($"token create dashboards --scope stats:read --expires 2030-01-01 {data}")).Out.Trim();
        Assert.Matches("^cdr_[0-9a-f]{12}_[0-9a-f]{64}$", token);
        string id = token.Split('_')[1];
        await Command($"token create acme --scope calls:read --tenant acme {data}");
        string[] lines = (await Command($"token list {data}")).Out.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith($"{id}  in force   all tenants  stats:read  ", lines[0], StringComparison.Ordinal);
        Assert.Contains("  in force   acme  calls:read  ", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain(token.Split('_')[2], lines[0], StringComparison.Ordinal);
        Assert.Equal(0, (await Command($"token revoke {id} {data}")).Code);
        Assert.Contains("withdrawn", (await Command($"token list {data}")).Out.Split('\n')[0], StringComparison.Ordinal);
        Assert.Equal("cdrengine: there is no token 'x'\n", (await Command($"token revoke x {data}")).Error);
        Assert.StartsWith("cdrengine: --scope: say what the token allows", (await Command($"token create x {data}")).Error, StringComparison.Ordinal);
        Assert.StartsWith("cdrengine: --scope: 'all' is none of ", (await Command($"token create x --scope all {data}")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatCommandsDo_IsInTheAudit_AndLinksAreMadeByThem()
    {
        using var folder = new TemporaryFolder();
        string data = $"--data {folder.Path}";
        Settings settings = Settings(folder, folder.Write("d.conf", Directory("0.06")), "api.listen=127.0.0.1:0");
        using (DirectoryHolder holder = DirectoryHolder.Open(settings))
        using (var store = SqliteCallStore.Open(DataFolder.Records(folder.Path))) store.Write([Stored(holder.Mark(Call(0)))]);
        string token = (await Command($"token create x --scope calls:read --tenant acme {data}")).Out.Trim();
        await Command($"trace {Call(0).Id} {data}");
        Assert.Equal("cdrengine: --expires: it lies in the past\n", (await Command($"share create {Call(0).Id} --expires 2020-01-01 {data}")).Error);
        string link = (await Command($"share create {Call(0).Id} --uses 3 --name Ann --passphrase-file {folder.Write("phrase", "correct horse\n")} {data}")).Out.Trim();
        Assert.Matches("^http://127.0.0.1:8080/share/[0-9a-f]{12}-[0-9a-f]{48}$", link);
        string id = link.Split('/')[^1].Split('-')[0];
        string listed = (await Command($"share list {data}")).Out;
        Assert.StartsWith($"{id}  in force   {Call(0).Id}  until ", listed, StringComparison.Ordinal);
        Assert.Contains("  0 of 3 uses  passphrase  user:", listed, StringComparison.Ordinal);
        Assert.Equal(0, (await Command($"share revoke {id} {data}")).Code);
        Assert.Equal("cdrengine: there is no link 'x'\n", (await Command($"share revoke x {data}")).Error);
        await Command($"token revoke {token.Split('_')[1]} {data}");

        string[] lines = (await Command($"audit --format json {data}")).Out.TrimEnd('\n').Split('\n');
        JsonElement[] entries = [.. lines.Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["revoke_token", "revoke_share", "create_share", "download_trace", "create_token"], entries.Select(static entry => entry.GetProperty("action").GetString()));
        Assert.All(entries, static entry => Assert.Equal(("command", "acme", $"user:{Environment.UserName}"), (entry.GetProperty("via").GetString(), entry.GetProperty("tenant").GetString(), entry.GetProperty("who").GetString()!.Split(' ')[0])));
        Assert.Contains("download_trace", (await Command($"audit --action download_* --object {Call(0).Id} {data}")).Out, StringComparison.Ordinal);
        (int code, string text, _) = await Command($"audit verify {data}");
        Assert.Equal((0, true), (code, text.StartsWith("5 entries in 1 files, 1 to 5; the last has the hash ", StringComparison.Ordinal)));
        string file = Path.Combine(DataFolder.Access(folder.Path), "audit.jsonl");
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace("download_trace", "download_nothin", StringComparison.Ordinal));
        (code, text, string error) = await Command($"audit verify {data}");
        Assert.Equal((1, "cdrengine: the audit is not as it was written\n"), (code, error));
        Assert.Contains("audit.jsonl:2: entry 2 was changed", text, StringComparison.Ordinal);

        // What cannot be accounted for is not given out, and no token of it lives.
        File.Delete(file);
        System.IO.Directory.CreateDirectory(file);
        Assert.StartsWith("cdrengine: the audit cannot be written", (await Command($"trace {Call(0).Id} {data}")).Error, StringComparison.Ordinal);
        (code, text, _) = await Command($"token create y --scope admin {data}");
        Assert.Equal((1, ""), (code, text));
        Assert.All((await Command($"token list {data}")).Out.TrimEnd('\n').Split('\n'), static line => Assert.Contains("withdrawn", line, StringComparison.Ordinal));
    }

    private static string Directory(string rate) => $$"""
        directory {
          default-plan = p
          plans.p { country-code = "49", national-prefix = "0", extension-lengths = [4] }
          tenants {
            acme { domains = [acme.example], rates = r }
            zeta2 { domains = [zeta.example] }
          }
          trunks {
            acme-in { tenant = acme, side = pbx, addresses = ["192.0.2.1"] }
            zeta-in { tenant = zeta2, side = pbx, addresses = ["198.51.100.1"] }
          }
          users = [
            { id = 1, tenant = acme, name = Alice, extensions = ["1001"] }
            { id = 2, tenant = zeta2, name = Zoe, extensions = ["1001"] }
          ]
          rates.r { currency = EUR, entries = [ { prefix = "44", name = UK, rate = "{{rate}}" } ] }
        }
        """.Replace("zeta2", "zeta", StringComparison.Ordinal);

    // A call a minute; a thousand seconds long, so that 0.06 a minute are 1.0000. Even ones are Alice's, odd ones Zoe's.
    private static CallRecord Call(int index)
    {
        string domain = index % 2 == 0 ? "acme.example" : "zeta.example";
        Timestamp at = Start + TimeSpan.FromMinutes(index);
        string id = CallId.Derive($"call-{index}", "tag", at);
        return MediaSessions.Complete(new CallRecord
        {
            Id = id,
            SessionId = id,
            SipCallId = $"call-{index}",
            State = CallState.Ended,
            Disposition = Disposition.Answered,
            Dialled = "00442079460000",
            Caller = new Party { Number = "1001", Uri = $"sip:1001@{domain}" },
            Callee = new Party { Number = "00442079460000", Uri = $"sip:00442079460000@{domain}" },
            StartedAt = at,
            AnsweredAt = at,
            EndedAt = at + TimeSpan.FromSeconds(1_000),
            MediaSessions = [new MediaSessionRecord { Index = 0, Media = "audio", Protocol = "RTP/AVP", StartedAt = at, EndedAt = at + TimeSpan.FromSeconds(1_000) }],
        });
    }

    // The call as a part of a session, linked with another.
    private static CallRecord Joined(CallRecord call, CallRecord first, CallRecord other) => call with
    {
        SessionId = first.Id,
        Flags = call.Flags | CallFlags.Linked,
        Links = [new CallLink(other.Id, other.SipCallId, LinkMethod.Header, 1, call.Id == first.Id ? LinkRelation.Downstream : LinkRelation.Upstream)],
    };

    // A registration, a message, a silent peer and a mailbox of each tenant, as the desk tells them.
    private static void Tell(Settings settings, DirectoryHolder holder)
    {
        using var desk = new DeskPart(settings, new DeskMarks(() => holder.Current), static () => true);
        foreach (string tenant in new[] { "acme", "zeta" })
        {
            var changes = new DeskChanges();
            Fill(changes, tenant);
            desk.Emit(changes);
        }

        desk.Flush();
    }

    private static void Fill(DeskChanges changes, string tenant)
    {
        changes.Registrations.Add(Registration(tenant));
        changes.Messages.Add(Message(tenant));
        changes.Peers.Add(new PeerRecord
        {
            Id = tenant + "-peer",
            Address = new Endpoint(IpAddress.FromV4(tenant == "acme" ? 0xC000_0201 : 0xC633_6401), 5060),
            Method = "OPTIONS",
            FirstAt = Start,
            LastAt = Start,
            UnansweredSince = Start,
        });
        changes.Mailboxes.Add(new MailboxRecord($"sip:1001@{tenant}.example", true, 1, 0, 0, 0, Start));
    }

    private static StoredRegistration Registration(string tenant)
    {
        var happened = new RegistrationEvent(1, RegistrationEventKind.New, Start, Start, 1);
        var record = new RegistrationRecord
        {
            Id = tenant == "acme" ? "00112233445566778899aabb" : "00112233445566778899aabc",
            Aor = $"sip:1001@{tenant}.example",
            User = "1001",
            Domain = $"{tenant}.example",
            Contact = "sip:1001@192.0.2.9",
            ExpiresAt = Start + TimeSpan.FromHours(1),
            LastRequestAt = Start,
            LastEvent = happened,
        };
        return new StoredRegistration(record, "1001@192.0.2.9", []) { Events = [happened] };
    }

    private static StoredMessage Message(string tenant)
    {
        string id = CallId.Derive("message", tenant, Start), conversation = CallId.Derive("conversation", tenant, Start);
        var record = new MessageRecord
        {
            Id = id,
            ConversationId = conversation,
            SipCallId = $"{tenant}-message",
            From = new MessageParty { Number = "1001", Uri = $"sip:1001@{tenant}.example" },
            To = new MessageParty { Number = "1002", Uri = $"sip:1002@{tenant}.example" },
            StartedAt = Start,
            EndedAt = Start,
            Outcome = MessageOutcome.Delivered,
            SipStatus = 200,
        };
        return new StoredMessage(record, new ConversationRecord(conversation, Start, $"1001@{tenant}.example", $"1002@{tenant}.example"), []);
    }

    private static Calls.Alerts.Alert AlertOf(string tenant)
    {
        var group = new Calls.Alerts.AlertGroup { Tenant = tenant };
        return new Calls.Alerts.Alert { Id = Calls.Alerts.Alert.IdOf("mos-low", group, Start), Rule = "mos-low", Kind = Calls.Alerts.AlertKind.MosLow, Group = group, Tenant = tenant, RaisedAt = Start, UpdatedAt = Start };
    }

    private static StoredCall Stored(CallRecord record) => new(record, RecordRevision.Final, new byte[] { 1, 2, 3 });

    private static void Fill(TemporaryFolder folder, string path, int calls)
    {
        using DirectoryHolder holder = DirectoryHolder.Open(Settings(folder, path));
        using var store = SqliteCallStore.Open(DataFolder.Records(folder.Path));
        Assert.Equal(calls, store.Write([.. Enumerable.Range(0, calls).Select(i => Stored(holder.Mark(Call(i))))]).Inserted);
    }

    private static CallRecord Read(TemporaryFolder folder, int index)
    {
        using var store = SqliteCallStore.Open(DataFolder.Records(folder.Path));
        return store.Get(Call(index).Id)!;
    }

    private static Settings Settings(TemporaryFolder folder, string path, params string[] set) =>
        SettingsLoader.Load(new SettingsFlags { DataDirectory = folder.Path, Set = [$"directory.file={path}", .. set] }, static _ => null);

    private static async Task<Said> Command(string arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = await CommandLine.RunAsync(arguments.Split(' '), new CommandContext
        {
            Parts = new Wiring(),
            Out = output,
            Error = error,
            OpenBinaryOutput = static () => Stream.Null,
            OutIsTerminal = false,
            ErrorIsTerminal = false,
            Width = 160,
            Environment = static _ => null,
            Time = TimeProvider.System,
            Stop = CancellationToken.None,
        });
        return new Said(code, output.ToString(), error.ToString());
    }

    private sealed record Said(int Code, string Out, string Error)
    {
        public static implicit operator (int Code, string Out)(Said said) => (said.Code, said.Out);
    }
}
