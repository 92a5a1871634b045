using CdrEngine.Api.Dialects;
using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Api.Dialects.Ucom;
using CdrEngine.Api.Dialects.VoipStudio;
using CdrEngine.Calls.Ports;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects;

/// <summary>Every filter of every dialect's list of calls, and what answers it: the plan of the query that the request became. A filter without a row fails.</summary>
public sealed class FilterPlanTests
{
    // By the table itself, which is in order of time, or by keys of an index within those times.
    private const string ByTime = "started_at";
    private const string ByNumber = "SEARCH n USING PRIMARY KEY (number=?)";
    private const string ByProfile = "SEARCH o USING COVERING INDEX calls_by_profile_length";
    private const string ByLength = "INDEX calls_by_duration";
    private const string ById = "INDEX calls_by_id (id=?)";
    private const string ByIds = "SEARCH s USING COVERING INDEX calls_by_id (id>? AND id<?)";
    private const string BySipCall = "SEARCH c USING INDEX calls_by_sip_call";
    private const string BySession = "INDEX calls_by_session";

    private const string ByText = "SEARCH o USING COVERING INDEX calls_by_document (document=?)";

    private static readonly string[] Paging = ["page", "per_page", "page_size", "pageSize", "order", "limit", "client_id", "account_id", "call_id", "leg_id", "id"];

    private static readonly (string Dialect, string Filter, string Path, string Plan)[] Rows =
    [
        ("ucom", "start_datetime", "/client/1/calls?start_datetime=2026-11-20 04:00:00", ByTime),
        ("ucom", "end_datetime", "/client/1/calls?end_datetime=2026-11-20 05:00:00", ByTime),
        ("ucom", "from_username", "/client/1/calls?from_username=1001,1002", ByNumber),
        ("ucom", "to_username", "/client/1/calls?to_username=2002", ByNumber),
        ("ucom", "bridged_username", "/client/1/calls?bridged_username=2002", ByNumber),
        ("ucom", "did_number", "/client/1/calls?did_number=2002", ByNumber),
        ("ucom", "extension_id", "/client/1/calls?extension_id=10002", ByNumber),
        ("ucom", "flow", "/client/1/calls?flow=in", ByProfile),
        ("ucom", "start_duration", "/client/1/calls?start_duration=30", ByLength),
        ("ucom", "end_duration", "/client/1/calls?end_duration=3", ByLength),
        ("ucom", "start_bridged_duration", "/client/1/calls?start_bridged_duration=30", ByProfile),
        ("ucom", "end_bridged_duration", "/client/1/calls?end_bridged_duration=3", ByProfile),
        ("vonage", "start:gte", "/cc/accounts/1/calls?start:gte=1795148400", ByTime),
        ("vonage", "start:lte", "/cc/accounts/1/calls?start:lte=1795152000", ByTime),
        ("vonage", "start_time", "/cc/accounts/1/calls?start_time=1795148400", ByTime),
        ("vonage", "end_time", "/cc/accounts/1/calls?end_time=1795152000", ByTime),
        ("fonouc", "startDate", "/api/v2/reports/cdrs?startDate=1795148400", ByTime),
        ("fonouc", "endDate", "/api/v2/reports/cdrs?endDate=1795152000", ByTime),
        ("fonouc", "startKey", "/api/v2/reports/cdrs?startKey=63962369220", ByTime),
        ("voipstudio", "id", Voip("id", "NUMBER"), ById),
        ("voipstudio", "live_id", Voip("live_id", "NUMBER"), ById),
        ("voipstudio", "root_live_id", Voip("root_live_id", "NUMBER"), BySession),
        ("voipstudio", "calldate", Voip("calldate", "2026-11-20 04:00:00", "gte"), ByTime),
        ("voipstudio", "src", Voip("src", "1001"), ByNumber),
        ("voipstudio", "dst", Voip("dst", "2002"), ByNumber),
        ("voipstudio", "user_id", Voip("user_id", "10002"), ByNumber),
        ("voipstudio", "duration", Voip("duration", "30", "gt"), ByLength),
        ("voipstudio", "billsec", Voip("billsec", "3", "lt"), "INDEX calls_by_billable"),
        ("voipstudio", "type", Voip("type", "M"), ByProfile),
        ("voipstudio", "disposition", Voip("disposition", "ON_HOLD"), ByProfile),
        ("voipstudio", "destination", Voip("destination", "webcall"), ByProfile),
        ("voipstudio", "context", Voip("context", "IVR"), "INDEX calls_by_context"),
        ("voipstudio", "src_codec", Voip("src_codec", "PCMU"), ByProfile),
        ("voipstudio", "dst_codec", Voip("dst_codec", "PCMU"), ByProfile),
        ("portsip", "id", Port("id eq 'BASE64'"), ById),
        ("portsip", "caller", Port("caller eq '1001'"), ByNumber),
        ("portsip", "caller_domain", Port("caller_domain eq 'example.com'"), ByText),
        ("portsip", "caller_display_name", Port("caller_display_name eq 'Alice'"), ByText),
        ("portsip", "callee", Port("callee eq '2002'"), ByNumber),
        ("portsip", "callee_domain", Port("callee_domain eq 'example.com'"), ByText),
        ("portsip", "callee_display_name", Port("callee_display_name eq 'Bob'"), ByText),
        ("portsip", "started_at", Port("started_at ge 2026-11-20T04:00:00Z"), ByTime),
        ("portsip", "rang_at", Port("rang_at ne null"), ByProfile),
        ("portsip", "answered_at", Port("answered_at eq null"), ByProfile),
        ("portsip", "ended_at", Port("ended_at le 2026-11-20T05:00:00Z"), ByTime),
        ("portsip", "call_id", Port("call_id eq 'abc@host'"), BySipCall),
        ("portsip", "direction", Port("direction eq INBOUND_CALL"), ByProfile),
        ("portsip", "end_reason", Port("end_reason eq CALLEE_DISCONNECTED"), ByProfile),
        ("portsip", "reroute_reason", Port("reroute_reason eq REFER"), ByProfile),
        ("portsip", "status_code", Port("status_code ge 500"), ByProfile),
        ("portsip", "destination", Port("destination eq '2002'"), ByNumber),
        ("portsip", "outbound_caller_id", Port("outbound_caller_id eq '1001'"), ByText),
        ("portsip", "did_cid", Port("did_cid eq '2002'"), ByNumber),
        ("portsip", "trunk", Port("trunk eq 'carrier'"), ByProfile),
        ("portsip", "duration", Port("duration gt 30"), ByLength),
        ("portsip", "service_number", Port("service_number eq '2002'"), ByText),
        ("portsip", "user_data", Port("user_data eq 'x'"), ByText),
    ];

    // What can be asked of texts, and alternatives.
    private static readonly (string Dialect, string Filter, string Path, string Plan)[] Further =
    [
        ("portsip", "search", "/api/cdrs?search=41@HOST", ByText),
        ("portsip", "search of sessions", "/api/calllogs?search=7@host", ByText),
        ("portsip", "contains(caller)", Port("contains(caller,'00')"), ByText),
        ("portsip", "contains(callee)", Port("contains(callee,'2002')"), ByText),
        ("portsip", "contains(destination)", Port("contains(destination,'200')"), ByText),
        ("portsip", "contains(did_cid)", Port("contains(did_cid,'200')"), ByText),
        ("portsip", "contains(call_id)", Port("contains(call_id,'7@')"), ByText),
        ("portsip", "contains(caller_domain)", Port("contains(caller_domain,'ample')"), ByText),
        ("portsip", "contains(callee_domain)", Port("contains(callee_domain,'ample')"), ByText),
        ("portsip", "contains(caller_display_name)", Port("contains(caller_display_name,'lic')"), ByText),
        ("portsip", "contains(callee_display_name)", Port("contains(callee_display_name,'ob')"), ByText),
        ("portsip", "contains(outbound_caller_id)", Port("contains(outbound_caller_id,'100')"), ByText),
        ("portsip", "contains(service_number)", Port("contains(service_number,'20')"), ByText),
        ("portsip", "contains(user_data)", Port("contains(user_data,'x')"), ByText),
        ("portsip", "contains(trunk)", Port("contains(trunk,'arri')"), ByProfile),
        ("portsip", "caller_display_name of sessions", "/api/calllogs?filter=" + Uri.EscapeDataString("caller_display_name eq 'Alice'"), ByText),
        ("portsip", "caller or callee", Port("caller eq '1001' or callee eq '2002'"), ByNumber),
        ("portsip", "contains or number", Port("contains(caller,'1001') or callee eq '2002'"), ByText),
        ("portsip", "contains or number, the other", Port("contains(caller,'1001') or callee eq '2002'"), ByNumber),
        ("portsip", "other numbers", Port("caller ne '1001' and started_at ge 2026-11-20T04:00:00Z"), "SEARCH n USING PRIMARY KEY (number=? AND started_at>?)"),
        ("portsip", "other names", Port("callee_display_name ne 'Bob' and started_at ge 2026-11-20T04:00:00Z"), ByTime),
        ("portsip", "other outcomes", Port("end_reason ne BUSY and caller eq '1001'"), ByNumber),
        ("portsip", "ids between", Port("id ge 'BASE64' and id le 'BASE64'"), ByIds),
        ("portsip", "number or length", Port("caller eq '1001' or duration gt 30"), ByLength),
    ];

    [Fact]
    public void EveryFilter_HasARow()
    {
        var filters = new List<(string, string)>();
        foreach (Dialect dialect in (Dialect[])[new UcomDialect(), new Api.Dialects.Vonage.VonageDialect(), new Api.Dialects.FonoUc.FonoUcDialect()])
        {
            DialectRoute list = dialect.Routes.First(static route => route.Method == "GET" && route.Parameters.Count > 2);
            filters.AddRange(list.Parameters.Select(static parameter => parameter.Name).Where(static name => !Paging.Contains(name) && name != "X-Account-ID").Select(name => (dialect.Name, name)));
        }

        filters.AddRange(VoipStudioCalls.Members.Select(static name => ("voipstudio", name)));
        filters.AddRange(PortSipCalls.LegFields.Select(static field => ("portsip", field.Name)));
        Assert.Equal(filters.Order(), Rows.Select(static row => (row.Dialect, row.Filter)).Order());
    }

    [Fact]
    public async Task EveryFilter_IsAnsweredFromAnIndex()
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory());
        CallRecord[] calls = [.. Enumerable.Range(0, 60).Select(Call)];
        rig.Add("acme", calls);
        rig.Store.Seal(new DateOnly(2030, 1, 1));
        long number = rig.Store.Find(calls[7].Id)!.Number;
        string text = NumberText.Of(number);
        var wrong = new List<string>();
        foreach ((string dialect, string filter, string path, string expected) in Rows.Concat(Further))
        {
            rig.Noted.Asked.Clear();
            string asked = path.Replace("NUMBER", $"{number}", StringComparison.Ordinal).Replace("BASE64", text, StringComparison.Ordinal);
            using HttpResponseMessage response = await rig.Admin.GetAsync(asked);
            Assert.True(response.IsSuccessStatusCode, $"{asked}: {await response.Content.ReadAsStringAsync()}");
            Assert.True(rig.Noted.Asked.Count > 0, $"{asked}: no list was asked for");
            string plan = string.Join('\n', rig.Store.ExplainPage(rig.Noted.Asked[0], new DateOnly(2026, 11, 20)));

            // Of days that are over memory may tell which calls these are: then their documents lead.
            bool isTold = expected is ByNumber or ByProfile && plan.Contains(ByText, StringComparison.Ordinal);
            if (!isTold && !plan.Contains(expected, StringComparison.Ordinal)) wrong.Add($"{dialect} {filter}: {expected}\n{plan}\n");

            // Keys that were collected, and the few profiles there are, may be read over.
            if (plan.Split('\n').Any(static step => step.StartsWith("SCAN", StringComparison.Ordinal) && !step.StartsWith("SCAN k", StringComparison.Ordinal) && !step.StartsWith("SCAN p", StringComparison.Ordinal) && !step.StartsWith("SCAN json_each", StringComparison.Ordinal) && !step.StartsWith("SCAN (subquery", StringComparison.Ordinal)))
                wrong.Add($"{dialect} {filter} reads over more than it asks for:\n{plan}\n");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    [PostgresFact]
    public async Task EveryFilter_IsAnsweredFromAnIndex_OnPostgresToo()
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory());

        // Of a few thousand calls it is cheap to read all; of millions it is not, which is what the planner is told here.
        using var server = new PostgresServer();
        using (var first = (PostgresCallStore)PostgresStores.Calls(new PostgresOptions { Url = server.Connection, Schema = "plans" })) first.Script("ALTER ROLE cdrengine SET enable_seqscan = off");
        using var store = (PostgresCallStore)PostgresStores.Calls(new PostgresOptions { Url = server.Connection + ";Keepalive=60", Schema = "plans" });
        rig.Add("acme", [.. Enumerable.Range(0, 60).Select(Call)]);

        // Many others, so that the planner has something to choose by.
        IEnumerable<CallRecord> others = Enumerable.Range(0, 8_000).Select(static i => TestCalls.Call(i * 8, $"other{i}@host") with
        {
            Caller = TestCalls.Call(0).Caller with { Number = $"{5_000 + (i % 900)}" },
            Callee = TestCalls.Call(0).Callee with { Number = $"{7_000 + (i % 900)}" },
            Dialled = $"{7_000 + (i % 900)}",
            Direction = CallDirection.Internal,
        });
        foreach (CallRecord[] batch in Enumerable.Range(0, 60).Select(Call).Concat(others).Chunk(2_000)) Assert.Null(store.Write([.. batch.Select(static call => new StoredCall(call, RecordRevision.Final, default, "acme"))]).Fault);
        store.Seal(new DateOnly(2030, 1, 1));
        long number = rig.Store.Find(Call(7).Id)!.Number;
        var wrong = new List<string>();
        foreach ((string dialect, string filter, string path, string expected) in Rows.Concat(Further))
        {
            rig.Noted.Asked.Clear();
            string asked = path.Replace("NUMBER", $"{number}", StringComparison.Ordinal).Replace("BASE64", NumberText.Of(number), StringComparison.Ordinal);
            using HttpResponseMessage response = await rig.Admin.GetAsync(asked);
            Assert.True(response.IsSuccessStatusCode, $"{asked}: {await response.Content.ReadAsStringAsync()}");
            string plan = string.Join('\n', store.Explain(rig.Noted.Asked[0] with { Limit = 50 }, new DateOnly(2026, 11, 20), new DateOnly(2026, 11, 20)));
            string index = expected switch
            {
                // Whose calls they are is found by number first, then these are asked for.
                ByNumber when filter == "bridged_username" => "calls_20261120_",
                ByNumber => "call_numbers_20261120_pkey",
                ById or ByIds => "calls_20261120_day_id_idx",
                BySipCall => "calls_20261120_sip_call_hash_idx",
                BySession => "calls_20261120_session_id_idx",

                // What every call has is met soon in order of time.
                ByText when filter.Contains("caller_domain", StringComparison.Ordinal) || filter.Contains("caller_display_name", StringComparison.Ordinal) => "calls_20261120_pkey",
                ByText => "calls_20261120_document",

                // By time, or by what the server knows to be rarer.
                _ => "calls_20261120_",
            };

            // Texts tell which calls have them before the day is asked: of none nothing is read, and many of one day are met soon in order of time.
            bool isTold = expected == ByText && (plan.Contains("One-Time Filter: false", StringComparison.Ordinal)
                || (plan.Contains("Index Scan using calls_20261120_pkey", StringComparison.Ordinal) && plan.Contains("document = ANY", StringComparison.Ordinal)));
            if (!isTold && !plan.Contains(index, StringComparison.Ordinal)) wrong.Add($"{dialect} {filter}: {index}\n{plan}\n");
            if (plan.Contains("Seq Scan on calls", StringComparison.Ordinal) || plan.Contains("Seq Scan on call_numbers", StringComparison.Ordinal)) wrong.Add($"{dialect} {filter} reads over more than it asks for:\n{plan}\n");
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static CallRecord Call(int i) => TestCalls.Call(i * 60, $"{i}@host") with
    {
        Direction = (CallDirection)(i % 4),
        Dialled = "2002",
        HangupBy = i % 3 == 0 ? HangupBy.Caller : HangupBy.Callee,
        Marks = new CallMarks { Context = (CallContext)(i % 3), Trunk = "carrier" },
    };

    private static string Voip(string property, string value, string operation = "eq") =>
        "/v1.1/voipstudio/cdrs?filter=" + Uri.EscapeDataString($"[{{\"property\":\"{property}\",\"operator\":\"{operation}\",\"value\":\"{value}\"}}]");

    private static string Port(string filter) => "/api/cdrs?filter=" + Uri.EscapeDataString(filter) + "&orderby=started_at desc";
}
