using System.Globalization;
using CdrEngine.Api.Access;
using CdrEngine.Api.Access.Shares;
using CdrEngine.Api.Dialects;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.VoipStudio;
using CdrEngine.Api.Tests.Dialects;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Registrations;
using CdrEngine.TestKit;
using NumberText = CdrEngine.Api.Dialects.Common.NumberText;

namespace CdrEngine.Api.Tests.Tenants;

/// <summary>A server over a store with everything of two tenants: acme's plain, beta's with a mark in every text. Two conversations have calls of both.</summary>
internal sealed class TwoTenants : IAsyncDisposable
{
    /// <summary>In beta's numbers, names and whatever can be asked for.</summary>
    public const string Mark = "betasecret";

    /// <summary>In what of beta's nobody can ask for: packets, sound, notes, texts, files.</summary>
    public const string Hidden = "zzhiddenzz";

    private readonly string _sound = Path.GetTempFileName();

    private TwoTenants(DialectRig rig) => Rig = rig;

    public DialectRig Rig { get; }

    /// <summary>Token of acme with every scope but those of no tenant.</summary>
    public string Acme { get; private set; } = "";

    public string Beta { get; private set; } = "";

    /// <summary>Texts that name records of beta, of every kind and in every form.</summary>
    public List<string> BetaIds { get; } = [];

    /// <summary>The same of acme's.</summary>
    public List<string> AcmeIds { get; } = [];

    /// <summary>Parts of beta's ids that stand in no answer to acme, in conversations of both neither.</summary>
    public List<string> BetaMarks { get; } = [];

    public static async Task<TwoTenants> StartAsync()
    {
        var directory = new FakeDirectory();
        foreach ((string name, long id, string text) in ((string, long, string)[])[("acme", 1, "acmes"), ("beta", 2, Mark)])
        {
            Tenant tenant = directory.Tenants.Single(tenant => tenant.Name == name);
            foreach (PartyKind kind in (PartyKind[])[PartyKind.User, PartyKind.Tracking, PartyKind.Queue, PartyKind.Voicemail])
            {
                long number = (id * 10_000) + (long)kind;
                directory.Entries.Add(new DirectoryEntry
                {
                    Kind = kind,
                    Id = number,
                    Name = $"{text} {kind}",
                    Tenant = tenant,
                    Extensions = [$"{text}{kind}"],
                    Numbers = [$"{text}{kind}1"],
                    Devices = [$"{id:x12}"],
                    Identity = new PartyIdentity(kind, number, $"{text} {kind}"),
                });
                directory.Users[number] = [$"{text}{kind}"];
            }
        }

        DialectRig rig = await DialectRig.StartAsync(directory, new FakeControl());
        var two = new TwoTenants(rig);
        await File.WriteAllTextAsync(two._sound, $"sound of {Hidden}");
        two.Fill();
        string[] scopes = [ApiScopes.Admin];
        two.Acme = rig.NewToken("acme", scopes);
        two.Beta = rig.NewToken("beta", scopes);
        return two;
    }

    public async ValueTask DisposeAsync()
    {
        await Rig.DisposeAsync();
        File.Delete(_sound);
    }

    /// <summary>Every operation of every document, with its document.</summary>
    public async Task<IReadOnlyList<Operation>> OperationsAsync()
    {
        using HttpClient anybody = Rig.Client(null);
        var operations = new List<Operation>();
        foreach (string name in (string[])["", .. DialectTable.All().Select(static dialect => dialect.Name)])
        {
            string path = name.Length == 0 ? "/api/v1/openapi.json" : $"/api/v1/dialects/{name}/openapi.json";
            JsonElement document = await DialectRig.JsonAsync(await anybody.GetAsync(path));
            operations.AddRange(document.GetProperty("paths").EnumerateObject().SelectMany(item => item.Value.EnumerateObject().Select(operation => new Operation(name, item.Name, operation.Name.ToUpperInvariant(), operation.Value, document))));
        }

        return operations;
    }

    private void Fill()
    {
        var recorded = new HashSet<string>(StringComparer.Ordinal);
        CallRecord[] acme = [.. Enumerable.Range(0, 6).Select(static i => Dressed(TestCalls.Call(i, $"acme{i}@host"), "acme", "acmes", "1001", i))];
        CallRecord[] beta = [.. Enumerable.Range(100, 6).Select(static i => Dressed(TestCalls.Full(Mark) with { Id = TestCalls.Call(i, Mark + i).Id, SessionId = TestCalls.Call(i, Mark + i).Id, SipCallId = $"{Mark}{i}@host", StartedAt = TestCalls.Start + TimeSpan.FromSeconds(i) }, "beta", Mark, Mark, i))];

        // Of both: acme's queue answers and beta's agent is behind it; and the other way about.
        (CallRecord first, CallRecord second) = Joined(Dressed(TestCalls.Call(50, "acme50@host"), "acme", "acmes", "1001", 3), Dressed(TestCalls.Call(51, Mark + "51@host"), "beta", Mark, Mark, 0));
        (CallRecord third, CallRecord fourth) = Joined(Dressed(TestCalls.Call(60, Mark + "60@host"), "beta", Mark, Mark, 3), Dressed(TestCalls.Call(61, "acme61@host"), "acme", "acmes", "1001", 0));
        acme = [.. acme, first, fourth];
        Rig.Add("acme", acme);
        Rig.Add("beta", [.. beta, second, third]);
        BetaMarks.AddRange(beta.Append(second).Select(static call => call.Id[9..]));
        foreach (CallRecord call in (CallRecord[])[.. beta, second, third])
        {
            BetaIds.AddRange(FormsOf(call));
            recorded.Add(call.Id);
            Rig.Packets.AddSip(call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite(call.SipCallId, Hidden, Hidden));
            Assert.True(Rig.Remarks.Change([new RemarkChange(call.Id, static remark => remark with { Info = Hidden, Notes = Hidden, Transcript = Hidden, Summary = Hidden, Metadata = $"\"{Hidden}\"" })], Hidden, TestCalls.Start));
            Rig.Store.SetRecording(new RecordingEntry { CallId = call.Id, State = RecordingState.Failed, Reason = Hidden });
        }

        foreach (CallRecord call in acme)
        {
            AcmeIds.AddRange(FormsOf(call));
            Rig.Packets.AddSip(call.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite(call.SipCallId, "alice", "bob"));
        }

        Rig.Media.Answer = id => recorded.Contains(id)
            ? new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.Available }, Path = _sound }
            : new RecordingAnswer { Entry = new RecordingEntry { CallId = id, State = RecordingState.None, Reason = "no_rtp" } };
        Rig.Media.FaxOf = id => recorded.Contains(id) ? Hidden : null;
        foreach ((string tenant, string text, string number, int i, List<string> ids) in ((string, string, string, int, List<string>)[])[("acme", "acmes", "1001", 1, AcmeIds), ("beta", Mark, Mark, 2, BetaIds)]) FillDesk(tenant, text, number, i, ids);
        foreach ((string tenant, CallRecord call) in ((string, CallRecord)[])[("acme", acme[0]), ("beta", beta[0])])
        {
            LiveCall live = LiveTests.Measured();
            Rig.Live.Calls.Add(live with { Tenant = tenant, Record = call with { Id = TestCalls.Call(900 + tenant.Length, tenant + call.SipCallId).Id, State = CallState.Answered, EndedAt = null, SessionId = TestCalls.Call(900 + tenant.Length, tenant + call.SipCallId).Id } });
            (tenant == "beta" ? BetaIds : AcmeIds).AddRange(FormsOf(Rig.Live.Calls[^1].Record));
        }
    }

    private void FillDesk(string tenant, string text, string number, int i, List<string> ids)
    {
        string hidden = tenant == "beta" ? Hidden : "hello";
        Timestamp at = TestCalls.Start + TimeSpan.FromSeconds(i);
        var changes = new DeskChanges();
        changes.Registrations.Add(new StoredRegistration(
            new RegistrationRecord { Id = $"{i:x24}", Aor = $"sip:{number}@{text}", User = number, Source = TestCalls.Address($"192.0.2.{i}", 5060), LastRequestAt = at, LastSuccessAt = at, ExpiresAt = at + TimeSpan.FromHours(1), Mac = $"00:00:00:00:00:{i:x2}", Tenant = tenant },
            $"{i}",
            []));
        Rig.Registrations.Write(changes);
        MessageRecord message = VoipStudio.Message(number, number + "2", i);
        string chat = CallId.Derive("chat" + text, "1", at);
        Rig.Messages.Write([new StoredMessage(message with { ConversationId = chat, Tenant = tenant, Text = hidden }, new ConversationRecord(chat, at, $"{number}@{text}", $"{number}2@{text}") { Tenant = tenant }, [])]);
        Rig.Packets.AddSip(message.Id, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("m", hidden, hidden));
        Rig.Packets.AddSip($"{i:x24}", "192.0.2.1:5060", "192.0.2.2:5060", SipText.Invite("r", hidden, hidden));
        long report = Rig.Reports.Add(new ReportDefinition { Tenant = tenant, Name = text, Type = "NORMAL", Format = "CSV", Range = "TODAY", Filter = "{}", Status = "SCHEDULED", CreatedAt = at, Email = $"{text}@example.com", Cron = "0 0 1 1 *", NextRunAt = at + TimeSpan.FromDays(300) })!.Value;
        long result = Rig.Reports.Complete(new CompletedReport { ReportId = report, Tenant = tenant, Name = text, Type = "NORMAL", Format = "CSV", CompletedAt = at, FileName = $"{text}.csv", Key = $"key{text}" }, Encoding.UTF8.GetBytes(hidden));
        ShareLink share = new ShareStore(Rig.AccessFolder, Rig.Clock).Create(new ShareWish(FirstCall(ids), tenant, text, Rig.Clock.GetUtcNow().AddDays(20)) { Name = text })!.Value.Link;
        ids.AddRange(
        [
            $"{i:x24}", message.Id, chat, $"00-00-00-00-00-{i:x2}", report.ToString(CultureInfo.InvariantCulture), NumberText.Of(report), NumberText.Of(result), $"key{text}", share.Id,
            CallNumber.Of(message.Id).ToString(CultureInfo.InvariantCulture), CallNumber.Of(chat).ToString(CultureInfo.InvariantCulture),
        ]);
        if (tenant == "beta") BetaMarks.AddRange([share.Id, message.Id[9..], chat[9..]]);
    }

    private static string FirstCall(List<string> ids) => ids[0];

    private static CallRecord Dressed(CallRecord call, string tenant, string text, string number, int i)
    {
        PartyKind kind = (i % 4) switch { 1 => PartyKind.Voicemail, 2 => PartyKind.Tracking, 3 => PartyKind.Queue, _ => PartyKind.User };
        CallContext? context = kind switch { PartyKind.Voicemail => CallContext.Voicemail, PartyKind.Tracking => CallContext.Tracking, PartyKind.Queue => CallContext.Queue, _ => CallContext.PstnCall };
        return call with
        {
            Direction = CallDirection.Inbound,
            Dialled = $"{text}{kind}",
            Caller = call.Caller with { Number = number, Name = text },
            Callee = call.Callee with { Number = $"{text}{kind}", Name = text, Identity = new PartyIdentity(kind, 10_000 + (long)kind, $"{text} {kind}") },
            Marks = new CallMarks { Tenant = tenant, Context = context, Trunk = text, BilledAccount = text, Charge = new CallCharge(1, 2, "EUR", text) },
            Streams = TestCalls.Full(text).Streams,
            MediaSessions = TestCalls.Full(text).MediaSessions,
            Recording = new RecordingInfo(),
        };
    }

    private static (CallRecord First, CallRecord Second) Joined(CallRecord first, CallRecord second) =>
        (Linked(first, first.Id, second, LinkRelation.Downstream), Linked(second, first.Id, first, LinkRelation.Upstream) with { Transfer = new TransferRecord { Kind = TransferKind.Forward, Role = TransferRole.Target, CallId = first.Id } });

    private static CallRecord Linked(CallRecord call, string session, CallRecord other, LinkRelation relation) =>
        call with { SessionId = session, Flags = call.Flags | CallFlags.Linked, Links = [new CallLink(other.Id, other.SipCallId, LinkMethod.Header, 1, relation)] };

    private static IEnumerable<string> FormsOf(CallRecord call)
    {
        long number = CallNumber.Of(call.Id);
        return
        [
            call.Id, number.ToString(CultureInfo.InvariantCulture), NumberText.Of(number), CallUuid.Of(call.Id).ToString("D"), CallUuid.Of(call.Id, 1).ToString("D"), $"{call.Id}-m0",
            MsdrNumber.Of(number, 0).ToString(CultureInfo.InvariantCulture), $"{call.Id[..6]}-{call.Id[9..]}{call.Id[..8]}",
        ];
    }

    /// <summary>Messages as the tests of VoIPstudio make them.</summary>
    private static class VoipStudio
    {
        public static MessageRecord Message(string from, string to, int seconds) => Dialects.VoipStudio.VoipStudioMappingTests.Message(from, to, seconds);
    }
}

/// <summary>An operation of a document.</summary>
/// <param name="Dialect">Name of the dialect; empty for the native API.</param>
/// <param name="Path">Path, with parameters in braces.</param>
/// <param name="Method">Method.</param>
/// <param name="Description">What the document says of it.</param>
/// <param name="Document">The document.</param>
internal sealed record Operation(string Dialect, string Path, string Method, JsonElement Description, JsonElement Document)
{
    public IEnumerable<JsonElement> Parameters(string place) =>
        Description.TryGetProperty("parameters", out JsonElement all) ? all.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == place) : [];

    public override string ToString() => $"{Method} {Path}";
}
