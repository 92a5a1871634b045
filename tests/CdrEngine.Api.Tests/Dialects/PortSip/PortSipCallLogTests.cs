using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Storage;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>Call logs where there are more than are judged one by one: against a server that judges them all.</summary>
public sealed class PortSipCallLogTests : IAsyncLifetime
{
    private const int Sessions = 120;
    private const int MostJudged = 7;

    private static readonly string[] Fields = [.. PortSipCalls.SessionFields.Select(static field => field.Name)];
    private static readonly DateOnly Over = new(2030, 1, 1);

    private readonly List<string> _wrong = [];
    private DialectRig _judging = null!;
    private DialectRig _rig = null!;

    public async Task InitializeAsync() => _judging = await DialectRig.StartAsync(new FakeDirectory());

    public async Task DisposeAsync()
    {
        await _judging.DisposeAsync();
        await _rig.DisposeAsync();
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("callee ne '1001'", null)]
    [InlineData("duration gt 8", "acme")]
    [InlineData("end_reason eq CALLER_DISCONNECTED or callee eq '1001'", null)]
    [InlineData("answered_at ne null", "beta")]
    [InlineData("", "acme", false)]
    public async Task EveryOrder_IsThatOfAll(string filter, string? tenant, bool tellsAll = true)
    {
        await StartAsync(null, isSealed: true);
        _rig.Noted.TellsAll = tellsAll;
        foreach (string field in Fields)
        {
            foreach (string sense in (string[])["", " desc"]) await CompareAsync($"filter={Uri.EscapeDataString(filter)}&orderby={field}{sense}", tenant, 0, 30, 45);
        }

        AssertRight();
    }

    [PostgresFact]
    public async Task EveryOrder_IsThatOfAll_OnPostgresToo()
    {
        await StartAsync(PostgresStores.Calls(new PostgresOptions { Url = PostgresServer.Shared.Connection, Schema = "calllogs" }), isSealed: true);
        foreach (string field in Fields)
        {
            await CompareAsync($"orderby={field}", null, 0, 45);
            await CompareAsync($"filter=duration gt 8&orderby={field} desc", "acme", 0, 20);
        }

        AssertRight();
    }

    /// <summary>The filters that legs are asked by, of which some find by what only the session tells, in order of their starts.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("acme")]
    public async Task EveryFilter_FindsThoseOfAll(string? tenant)
    {
        await StartAsync(null, isSealed: false);
        foreach (object[] filter in (IEnumerable<object[]>)PortSipListTests.Filters)
        {
            string asked = "filter=" + Uri.EscapeDataString((string)filter[0]);
            await CompareAsync(asked, tenant, 0, 7);
            await CompareAsync(asked + "&orderby=started_at desc", tenant, 0, 31);
        }

        foreach (string filter in (string[])["callee eq '1001'", "callee_domain eq '3.example'", "reroute_reason ne NONE", "duration ge 60", "contains(callee_display_name,'li')", "status_code gt 300", "duration lt 10.5 and duration gt 3.5"])
            await CompareAsync("filter=" + Uri.EscapeDataString(filter), tenant, 0, 5, 20);

        // Few of many, and none.
        foreach (string filter in (string[])["callee eq '*97' and direction eq INBOUND_CALL", "callee eq 'nobody'"]) await CompareAsync($"filter={Uri.EscapeDataString(filter)}&orderby=duration desc", tenant, 0);
        AssertRight();
    }

    /// <summary>A search looks at more than is kept in memory.</summary>
    [Fact]
    public async Task SearchBesideAFilter_FindsThoseOfAll()
    {
        await StartAsync(null, isSealed: true, mostJudged: 70);
        foreach (string order in (string[])["", "&orderby=callee", "&orderby=ended_at desc"]) await CompareAsync("search=other&filter=callee ne 'x'" + order, null, 0, 5, 33);
        AssertRight();
        Assert.Contains(_rig.Noted.Asked, static query => query.Text == "other" && query.Traits.Count > 0);
    }

    /// <summary>What is written, linked later, deleted or gone is told by the next first page; pages behind one stand still.</summary>
    [Fact]
    public async Task WhatChanges_IsTold()
    {
        await StartAsync(null, isSealed: true);
        await ChangeAsync();
    }

    [PostgresFact]
    public async Task WhatChanges_IsTold_OnPostgresToo()
    {
        await StartAsync(PostgresStores.Calls(new PostgresOptions { Url = PostgresServer.Shared.Connection, Schema = "calllogchanges" }), isSealed: true);
        await ChangeAsync();
    }

    private async Task ChangeAsync()
    {
        // Days are known one after the other.
        foreach (string day in (string[])["2026-11-21", "2026-11-20", "2026-11-22"])
            await CompareAsync($"filter={Uri.EscapeDataString($"callee ne 'x' and started_at ge {day}T00:00:00Z and started_at lt {day}T23:59:59Z")}&orderby=callee", null, 0);
        string[] asked = ["filter=callee ne '1001'", "orderby=duration desc", "orderby=callee", "filter=duration gt 3&orderby=ended_at"];
        foreach (string one in asked) await CompareAsync(one, "acme", 0);

        // A call that stood alone goes on to another on a later day.
        CallRecord[] alone = [.. Enumerable.Range(0, Sessions).Where(static i => i % 4 == 0).Select(static i => Session(i)[0])];
        for (int i = 0; i < 6; i++)
        {
            CallRecord next = At(alone[i].StartedAt + TimeSpan.FromSeconds(3) + TimeSpan.FromDays(i % 2), 5_000 + i);
            Add("acme", Linked(alone[i], next, LinkRelation.Downstream));
        }

        foreach (string one in asked) await CompareAsync(one, null, 0, 40);

        // What was stored says otherwise now, and nothing else came: of a call behind the first, of the first, and that it belongs to another tenant.
        for (int i = 1; i < Sessions; i += 8)
        {
            CallRecord[] calls = Session(i);
            CallRecord written = calls[i % 3 == 0 ? 0 : ^1];
            Add(i % 5 == 0 ? "gamma" : "acme", written with { EndedAt = written.EndedAt + TimeSpan.FromSeconds(40 + i) });
        }

        foreach (string one in asked)
        {
            foreach (string? tenant in (string?[])[null, "acme", "gamma"]) await CompareAsync(one, tenant, 0, 40);
        }

        // Of some sessions a call is deleted: the first, or one behind it, on its day or the next.
        string[] gone = [.. Enumerable.Range(0, Sessions).Where(static i => i % 4 != 0 && i % 7 == 0).Select(static i => Session(i)).Select(static (calls, i) => calls[i % 2].Id)];
        foreach (DialectRig rig in (DialectRig[])[_judging, _rig]) Assert.Equal(gone.Length, rig.Calls.Hide(gone, "test", TestCalls.Start));
        foreach (string one in asked) await CompareAsync(one, "acme", 0, 20);

        // Pages behind a first one are of the same calls.
        foreach (string one in asked)
        {
            JsonElement first = await PageAsync(_rig, one, null, 0);
            string[] behind = Ids(await PageAsync(_rig, one, null, 20));
            Add("acme", PortSipOrderTests.Call(6_000 + Array.IndexOf(asked, one)));
            JsonElement again = await PageAsync(_rig, one, null, 20);
            Assert.Equal(first.GetProperty("count").GetInt32(), again.GetProperty("count").GetInt32());
            Assert.Equal(behind, Ids(again));
        }

        AssertRight();
    }

    /// <summary>What is deleted between two pages is on none of them any more, and nothing else is missing or told twice.</summary>
    [Theory]
    [InlineData("filter=callee ne 'x'")]
    [InlineData("orderby=callee")]
    [InlineData("orderby=duration desc")]
    public async Task WhatIsDeletedBetweenPages_IsLeftOut(string asked)
    {
        await StartAsync(null, isSealed: true);
        JsonElement first = await PageAsync(_rig, asked, null, 0);
        string[] gone = [.. Enumerable.Range(0, Sessions).Where(static i => i % 6 == 1).Select(static i => Session(i)[0])
            .Where(call => !Ids(first).Contains(call.SipCallId)).Select(static call => call.Id)];
        Assert.Equal(gone.Length, _rig.Calls.Hide(gone, "test", TestCalls.Start));
        string[] left = [.. Enumerable.Range(0, Sessions).Select(static i => Session(i)[0]).Where(call => !gone.Contains(call.Id)).Select(static call => call.SipCallId)];
        List<string> found = [.. Ids(first)];
        for (int skip = 20; skip < Sessions; skip += 20) found.AddRange(Ids(await PageAsync(_rig, asked, null, skip)));
        Assert.Empty(found.Except(left));
        Assert.Equal(found.Count, found.Distinct().Count());
        Assert.InRange(found.Count, left.Length - gone.Length, left.Length);
    }

    /// <summary>While calls come, a list tells those anew that changed, and not the day that they are of.</summary>
    [Fact]
    public async Task WhatCame_IsToldAlone()
    {
        await StartAsync(null, isSealed: false);
        const string asked = "filter=callee ne '1001'&orderby=duration desc";
        await CompareAsync(asked, null, 0);
        _rig.Noted.Found.Clear();
        CallRecord first = PortSipOrderTests.Call(7_000);
        CallRecord[] came = Linked(first, At(first.StartedAt + TimeSpan.FromSeconds(3), 7_001), LinkRelation.Downstream);
        Add("acme", came);
        await CompareAsync(asked, null, 0, 20);
        AssertRight();
        Assert.Contains(first.Id, _rig.Noted.Found);

        // Besides, what two pages show is found.
        Assert.InRange(_rig.Noted.Found.Count, 1, 2 * (20 + 1));
    }

    /// <summary>Where there are more than are kept they are judged, or refused.</summary>
    [Fact]
    public async Task MoreSessionsThanAreKept_AreJudged()
    {
        await StartAsync(null, isSealed: false, mostSessions: 20);
        JsonElement error = await _rig.GetAsync("/api/calllogs?orderby=duration", HttpStatusCode.BadRequest);
        Assert.Equal("orderby", error.GetProperty("parameter").GetString());
    }

    private async Task StartAsync(ICallStore? calls, bool isSealed, int? mostSessions = null, int mostJudged = MostJudged)
    {
        _rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: mostJudged, calls: calls, mostSessions: mostSessions);
        for (int i = 0; i < Sessions; i++)
        {
            CallRecord[] session = Session(i);

            // Some conversations are between two tenants.
            Add(i % 3 == 0 ? "beta" : "acme", session[0]);
            if (session.Length > 1) Add((i % 3 == 0) != (i % 5 == 0) ? "beta" : "acme", session[1..]);
        }

        if (!isSealed) return;
        _judging.Calls.Seal(Over);
        _rig.Calls.Seal(Over);
    }

    private void Add(string tenant, params CallRecord[] calls)
    {
        _judging.Add(tenant, calls);
        _rig.Add(tenant, calls);
    }

    private async Task CompareAsync(string asked, string? tenant, params int[] skips)
    {
        foreach (int skip in skips)
        {
            JsonElement expected = await PageAsync(_judging, asked, tenant, skip), found = await PageAsync(_rig, asked, tenant, skip);
            if (expected.GetProperty("count").GetInt32() == found.GetProperty("count").GetInt32() && Ids(expected).SequenceEqual(Ids(found))) continue;
            _wrong.Add($"{asked} {tenant} {skip}: {expected.GetProperty("count")} {string.Join(' ', Ids(expected))} | {found.GetProperty("count")} {string.Join(' ', Ids(found))}");
        }
    }

    private void AssertRight() => Assert.True(_wrong.Count == 0, $"{_wrong.Count}\n{string.Join('\n', _wrong.Take(20))}");

    private static async Task<JsonElement> PageAsync(DialectRig rig, string asked, string? tenant, int skip)
    {
        using HttpClient client = rig.Client(tenant is null ? rig.AdminToken : rig.NewToken(tenant));
        return await DialectRig.JsonAsync(await client.GetAsync($"/api/calllogs?{asked}&skip={skip}&top=20"));
    }

    private static string[] Ids(JsonElement page) => [.. page.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("call_id").GetString()!)];

    // Calls that stand alone, that a machine made another of, that were passed on by that, and that were tried again: nothing went on from these.
    internal static CallRecord[] Session(int i)
    {
        CallRecord first = PortSipOrderTests.Call(i);
        if (i % 4 == 0) return [first];
        TimeSpan after = i % 10 == 1 ? TimeSpan.FromHours(20) : TimeSpan.FromSeconds(3);
        CallRecord second = At(first.StartedAt + after, 1_000 + i);
        CallRecord[] both = Linked(first, second, i % 4 == 3 ? LinkRelation.RetriedAs : LinkRelation.Downstream);
        if (i % 4 != 2) return both;
        CallRecord[] further = Linked(both[1], At(second.StartedAt + after, 2_000 + i), LinkRelation.TransferredTo);
        return [both[0], further[0], further[1] with { SessionId = first.Id }];
    }

    internal static CallRecord At(Timestamp start, int i)
    {
        CallRecord call = PortSipOrderTests.Call(i);
        TimeSpan by = start - call.StartedAt;
        string id = CallId.Derive(call.SipCallId, "tag", start);
        return call with { Id = id, SessionId = id, StartedAt = start, RangAt = call.RangAt + by, AnsweredAt = call.AnsweredAt + by, EndedAt = call.EndedAt + by };
    }

    internal static CallRecord[] Linked(CallRecord first, CallRecord second, LinkRelation relation)
    {
        LinkRelation back = relation switch { LinkRelation.Downstream => LinkRelation.Upstream, LinkRelation.RetriedAs => LinkRelation.RetryOf, _ => LinkRelation.TransferredFrom };
        return
        [
            first with { Flags = first.Flags | CallFlags.Linked, Links = [.. first.Links, new CallLink(second.Id, second.SipCallId, LinkMethod.Sdp, 1, relation)] },
            second with { SessionId = first.SessionId, Flags = second.Flags | CallFlags.Linked, Links = [new CallLink(first.Id, first.SipCallId, LinkMethod.Sdp, 1, back)] },
        ];
    }
}
