using CdrEngine.Api.Dialects.Common;
using CdrEngine.Api.Dialects.PortSip;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Storage.Postgres;
using CdrEngine.TestKit;

namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>Legs in order of any of their fields where there are more than are judged one by one: against all of them, put in order here.</summary>
public sealed class PortSipOrderTests
{
    private const int Calls = 150;
    private const int MostJudged = 7;

    // Texts of both cases, with parts of each other, beyond ASCII, beyond what databases and programs put in the same order, and empty ones.
    private static readonly string?[] Names = ["Alice", "alice", "Bob", "bob", null, "Zoë", "Al ", "Al", "Alice B", "\U0001F600 x", "\uFF21", "Bob \U0001F600", "anonymous", "ALICE"];
    private static readonly string?[] Numbers = ["1001", "1002", "+49301", "alice", "Alice", "anonymous", null, "10010", "", "*97", "a1", "A1", "1001", "1003"];
    private static readonly string?[] Dialled = ["2000", "+4930123", null, "Echo", "echo", "2000", "2001"];
    private static readonly DateOnly Over = new(2030, 1, 1);

    private static readonly string[] Fields = [.. PortSipCalls.LegFields.Select(static field => field.Name).Except(["started_at"])];

    [Theory]
    [InlineData(false, "", null)]
    [InlineData(true, "", null)]
    [InlineData(true, "", null, false)]
    [InlineData(true, "direction eq INBOUND_CALL", null)]
    [InlineData(true, "caller ne '1001'", "acme")]
    [InlineData(true, "duration gt 5 and callee ne null", "acme", false)]
    [InlineData(false, "status_code eq 200 or end_reason eq BUSY", "beta")]
    public async Task EveryOrder_IsThatOfAll(bool isSealed, string filter, string? tenant, bool tellsAll = true)
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged);
        rig.Noted.TellsAll = tellsAll;
        await AllAsync(rig, isSealed, filter, tenant);
    }

    [PostgresTheory]
    [InlineData(false, "", "acme")]
    [InlineData(true, "", null)]
    [InlineData(true, "direction eq INBOUND_CALL", "acme")]
    public async Task EveryOrder_IsThatOfAll_OnPostgresToo(bool isSealed, string filter, string? tenant)
    {
        string schema = $"orders{(isSealed ? 1 : 0)}{filter.Length}";
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged, calls: PostgresStores.Calls(new PostgresOptions { Url = PostgresServer.Shared.Connection, Schema = schema }));
        await AllAsync(rig, isSealed, filter, tenant);
    }

    /// <summary>Ids are held against others by the numbers they are texts of, whether indexes answer or each call is judged.</summary>
    [Theory]
    [InlineData(false, MostJudged, "", null)]
    [InlineData(true, MostJudged, "", null)]
    [InlineData(true, MostJudged, " and direction eq INBOUND_CALL", "acme")]
    [InlineData(true, MostJudged, " and (caller eq '1001' or caller eq '1002' or duration gt 9)", null)]
    [InlineData(true, MostJudged, " and caller ne '1001' and contains(destination,'20')", "acme")]
    [InlineData(false, 20_000, " and contains(end_reason,'B')", null)]
    [InlineData(false, 20_000, " and (outbound_caller_id ne 'x' or contains(id,'M'))", null)]
    public async Task Ids_AreHeldAgainstOthers(bool isSealed, int mostJudged, string filter, string? tenant)
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: mostJudged);
        await IdsAsync(rig, isSealed, filter, tenant);
    }

    [PostgresTheory]
    [InlineData(false, "", "acme")]
    [InlineData(true, "", null)]
    [InlineData(true, " and direction eq INBOUND_CALL", "acme")]
    [InlineData(true, " and (caller eq '1001' or caller eq '1002' or duration gt 9)", null)]
    public async Task Ids_AreHeldAgainstOthers_OnPostgresToo(bool isSealed, string filter, string? tenant)
    {
        string schema = $"ids{(isSealed ? 1 : 0)}{filter.Length}";
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged, calls: PostgresStores.Calls(new PostgresOptions { Url = PostgresServer.Shared.Connection, Schema = schema }));
        await IdsAsync(rig, isSealed, filter, tenant);
    }

    /// <summary>What is no id has no place among them.</summary>
    [Theory]
    [InlineData("id gt 'x'", 7)]
    [InlineData("duration eq 1 or id le 17", 24)]
    [InlineData("id ge ''", 7)]
    [InlineData("id lt 'LTE'", 7)]
    public async Task WhatIsNoId_HasNoPlaceAmongThem(string filter, int position)
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory());
        rig.Add("acme", Call(0), Call(1));
        foreach (string list in (string[])["cdrs", "calllogs"])
        {
            JsonElement refused = await rig.GetAsync($"/api/{list}?filter={Uri.EscapeDataString(filter)}", HttpStatusCode.BadRequest);
            Assert.Equal("filter", refused.GetProperty("parameter").GetString());
            Assert.Contains($"at character {position}: an id is expected", refused.ToString(), StringComparison.Ordinal);
            Assert.Equal(0, (await rig.GetAsync($"/api/{list}?filter=id eq 'x'")).GetProperty("count").GetInt32());
            Assert.Equal(2, (await rig.GetAsync($"/api/{list}?filter=id ne 'x'")).GetProperty("count").GetInt32());
        }
    }

    /// <summary>Sessions stand in the same order, where they are few.</summary>
    [Theory]
    [InlineData("id")]
    [InlineData("session_id")]
    public async Task SessionsStandInOrderOfTheirNumbers(string field)
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory());
        rig.Add("acme", [.. Enumerable.Range(0, 40).Select(Call)]);
        decimal[] all = await NumbersAsync("");
        Assert.Equal(40, all.Length);
        Assert.Equal(all.Order(), all);
        Assert.Equal(all.Reverse(), await NumbersAsync("", " desc"));
        Assert.Equal(all.Skip(17), await NumbersAsync($"{field} ge '{NumberText.Of((long)all[17])}'"));
        Assert.Equal(all.Take(17), await NumbersAsync($"{field} lt '{NumberText.Of((long)all[17])}'"));
        Assert.Equal(all.Skip(18), await NumbersAsync($"{field} gt '{NumberText.Of((long)all[17])}' and {field} ne null"));

        async Task<decimal[]> NumbersAsync(string filter, string sense = "") =>
            [.. (await rig.GetAsync($"/api/calllogs?orderby={field}{sense}&filter={Uri.EscapeDataString(filter)}")).GetProperty("items").EnumerateArray().Select(static item => NumberOf(item.GetProperty("id").GetString()!))];
    }

    /// <summary>What arrives and what is deleted between two pages neither shifts nor repeats anything else.</summary>
    [Fact]
    public async Task Pages_StandStill_WhileCallsArrive()
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged);
        rig.Add("acme", [.. Enumerable.Range(0, Calls).Select(Call)]);
        rig.Calls.Seal(Over);
        int late = Calls;
        foreach (string field in Fields)
        {
            foreach (string sense in (string[])["", " desc"])
            {
                JsonElement[] all = await AllOfAsync(rig.Admin, "");
                string[] expected = Ordered(all, field, sense.Length > 0);
                var found = new List<string>();
                for (int skip = 0; skip < expected.Length; skip += 60)
                {
                    found.AddRange(await PageAsync(rig.Admin, $"/api/cdrs?orderby={field}{sense}&skip={skip}&top=60", expected.Length));

                    // On days that are over, and before all that is there.
                    rig.Add("acme", Call(late++));
                }

                Assert.Equal(expected, found);
            }
        }
    }

    [Fact]
    public async Task DeletedCalls_AreOnNoPage()
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged);
        rig.Add("acme", [.. Enumerable.Range(0, Calls).Select(Call)]);
        rig.Calls.Seal(Over);
        string[] gone = [.. (await AllOfAsync(rig.Admin, "")).Where(static (_, i) => i % 9 == 0).Select(item => NumberText.TryRead(item.GetProperty("id").GetString()!, out long number) ? rig.Calls.FindByNumber(number)!.Record.Id : "")];
        Assert.Equal(gone.Length, rig.Calls.Hide(gone, "test", TestCalls.Start));
        JsonElement[] left = await AllOfAsync(rig.Admin, "");
        Assert.InRange(left.Length, 1, Calls - 10);
        var wrong = new List<string>();
        foreach (string field in Fields) wrong.AddRange(await WrongAsync(rig.Admin, left, "", field, isDescending: true));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>Whose the calls are that a record names is looked up, so that it is shown without those of other tenants, in any order.</summary>
    [Theory]
    [InlineData("started_at")]
    [InlineData("duration")]
    [InlineData("caller")]
    [InlineData("direction")]
    [InlineData("ended_at desc")]
    [InlineData("caller&filter=caller eq '1001'")]
    public async Task OtherTenantsCalls_AreNotToldOf(string order)
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged);
        CallRecord others = Call(1_000);
        rig.Add("beta", others);
        rig.Add("acme", [.. Enumerable.Range(0, 30).Select(Call).Select(call => call with { Links = [new CallLink(others.Id, others.SipCallId, LinkMethod.Replaces, 1, LinkRelation.Upstream)] })]);
        using HttpClient acme = rig.Client(rig.NewToken("acme"));
        JsonElement page = await DialectRig.JsonAsync(await acme.GetAsync($"/api/cdrs?orderby={order}"));
        Assert.InRange(page.GetProperty("count").GetInt32(), 1, 30);
        Assert.Contains(others.Id, rig.Noted.Found);
    }

    /// <summary>A filter that no index answers is judged, in whatever order, and so refused where there are too many.</summary>
    [Theory]
    [InlineData("cdrs?orderby=caller&filter=contains(trunk,'a') and contains(trunk,'b')", "filter")]
    [InlineData("calllogs?orderby=duration&filter=contains(id,'a')", "filter")]
    public async Task WhatNoIndexAnswers_IsRefused(string list, string parameter)
    {
        await using DialectRig rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged);
        rig.Add("acme", [.. Enumerable.Range(0, 30).Select(static i => Call(i) with { Marks = new CallMarks { Trunk = "ab" } })]);
        Assert.Equal(parameter, (await rig.GetAsync($"/api/{list}", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());
    }

    private static async Task AllAsync(DialectRig rig, bool isSealed, string filter, string? tenant)
    {
        rig.Add("acme", [.. Enumerable.Range(0, Calls).Where(static i => i % 3 != 0).Select(Call)]);
        rig.Add("beta", [.. Enumerable.Range(0, Calls).Where(static i => i % 3 == 0).Select(Call)]);
        if (isSealed)
        {
            rig.Calls.Seal(Over);

            // A day that is written to again.
            rig.Add("beta", Call(Calls), Call(Calls + 3));
        }

        using HttpClient client = tenant is null ? rig.Client(rig.AdminToken) : rig.Client(rig.NewToken(tenant));
        JsonElement[] all = await AllOfAsync(client, filter);
        Assert.InRange(all.Length, MostJudged + 1, Calls + 2);
        var wrong = new List<string>();
        foreach (string field in Fields)
        {
            wrong.AddRange(await WrongAsync(client, all, filter, field, isDescending: false));
            wrong.AddRange(await WrongAsync(client, all, filter, field, isDescending: true));
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static async Task IdsAsync(DialectRig rig, bool isSealed, string filter, string? tenant)
    {
        rig.Add("acme", [.. Enumerable.Range(0, Calls).Where(static i => i % 3 != 0).Select(Call)]);
        rig.Add("beta", [.. Enumerable.Range(0, Calls).Where(static i => i % 3 == 0).Select(Call)]);

        // Those with the same day and 35 bits stand by when they were stored, whatever else their ids have.
        foreach ((string tenant1, int i, char last) in ((string, int, char)[])[("acme", 205, 'c'), ("beta", 206, 'a'), ("acme", 207, 'b')]) rig.Add(tenant1, Call(i) with { Id = $"20261120-0123456789abcdef0123456{last}", SessionId = $"20261120-0123456789abcdef0123456{last}", Direction = CallDirection.Inbound });
        if (isSealed)
        {
            rig.Calls.Seal(Over);
            rig.Add("beta", Call(Calls), Call(Calls + 3));
        }

        using HttpClient client = tenant is null ? rig.Client(rig.AdminToken) : rig.Client(rig.NewToken(tenant));
        JsonElement[] every = await AllOfAsync(client, "");
        JsonElement[] all = await AllOfAsync(client, filter.Length == 0 ? "" : filter[5..]);
        decimal[] ids = [.. every.Select(static item => NumberOf(item.GetProperty("id").GetString()!)).Order()];
        long some = (long)ids[^40], day = some >> 37 << 37, twin = CallNumber.Of("20261120-0123456789abcdef01234567");
        Assert.Equal(tenant is null ? 3 : 2, ids.Count(id => id >= twin && id < twin + 4));
        var wrong = new List<string>();
        foreach (long bound in (long[])[0, (long)ids[0], some - 1, some, some + 1, some + 3, some + 4, day, day + 1, day + (1L << 36), day + (1L << 37), twin - 1, twin, twin + 1, twin + 2, twin + 3, twin + 4, (long)ids[^1], (long)ids[^1] + 1, (1L << 53) - 1, 1L << 53, long.MaxValue])
        {
            foreach ((string comparison, Func<decimal, bool> meets) in ((string, Func<decimal, bool>)[])[("gt", id => id > bound), ("ge", id => id >= bound), ("lt", id => id < bound), ("le", id => id <= bound)])
            {
                string asked = $"id {comparison} '{NumberText.Of(bound)}'{filter}";
                string[] expected = [.. all.Where(item => meets(NumberOf(item.GetProperty("id").GetString()!))).Select(static item => item.GetProperty("id").GetString()!)];
                string[] found = [.. (await AllOfAsync(client, asked)).Select(static item => item.GetProperty("id").GetString()!)];
                if (!expected.SequenceEqual(found)) wrong.Add($"{asked}: {expected.Length}, {found.Length}");
                if (bound != some && bound != twin + 1) continue;
                JsonElement page = await DialectRig.JsonAsync(await client.GetAsync($"/api/cdrs?filter={Uri.EscapeDataString(asked)}&orderby=id desc&skip=3&top=20"));
                expected = [.. expected.OrderByDescending(NumberOf).Skip(3).Take(20)];
                found = [.. page.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("id").GetString()!)];
                if (!expected.SequenceEqual(found)) wrong.Add($"{asked} desc: {expected.Length}, {found.Length}");
            }
        }

        wrong.AddRange(await WrongAsync(client, all, filter.Length == 0 ? "" : filter[5..], "id", isDescending: false));
        wrong.AddRange(await WrongAsync(client, all, filter.Length == 0 ? "" : filter[5..], "id", isDescending: true));
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static decimal NumberOf(string id) => NumberText.TryRead(id, out long number) ? number : -1;

    private static async Task<List<string>> WrongAsync(HttpClient client, JsonElement[] all, string filter, string field, bool isDescending)
    {
        var wrong = new List<string>();
        string[] expected = Ordered(all, field, isDescending);
        foreach (int skip in (int[])[0, 40, 47, 9, expected.Length - 5, expected.Length + 10])
        {
            if (skip < 0) continue;
            JsonElement page = await DialectRig.JsonAsync(await client.GetAsync($"/api/cdrs?filter={Uri.EscapeDataString(filter)}&orderby={field}{(isDescending ? " desc" : "")}&skip={skip}&top=20"));
            string[] found = [.. page.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("call_id").GetString()!)];
            if (page.GetProperty("count").GetInt32() != expected.Length || !expected.Skip(skip).Take(20).SequenceEqual(found))
                wrong.Add($"{field} {(isDescending ? "desc" : "asc")} {skip}, {page.GetProperty("count")} of {expected.Length}: {string.Join(' ', expected.Skip(skip).Take(20))} | {string.Join(' ', found)}");
        }

        return wrong;
    }

    private static async Task<string[]> PageAsync(HttpClient client, string path, int count)
    {
        JsonElement page = await DialectRig.JsonAsync(await client.GetAsync(path));
        Assert.True(count == page.GetProperty("count").GetInt32(), $"{path}: {page.GetProperty("count")} of {count}");
        return [.. page.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("call_id").GetString()!)];
    }

    // All that meet, in order of their starts.
    private static async Task<JsonElement[]> AllOfAsync(HttpClient client, string filter)
    {
        var all = new List<JsonElement>();
        JsonElement page;
        do
        {
            page = await DialectRig.JsonAsync(await client.GetAsync($"/api/cdrs?filter={Uri.EscapeDataString(filter)}&skip={all.Count}&top=100"));
            all.AddRange(page.GetProperty("items").EnumerateArray());
        }
        while (all.Count < page.GetProperty("count").GetInt32());
        return [.. all];
    }

    // What is null is greatest; those of one value stand by their starts, and all the other way round where the greatest come first.
    private static string[] Ordered(JsonElement[] all, string field, bool isDescending)
    {
        if (field == "id") return [.. (isDescending ? all.OrderByDescending(Number) : all.OrderBy(Number)).Select(static item => item.GetProperty("call_id").GetString()!)];
        Comparer<JsonElement> order = Comparer<JsonElement>.Create((left, right) => (left.ValueKind, right.ValueKind) switch
        {
            (JsonValueKind.Null, JsonValueKind.Null) => 0,
            (JsonValueKind.Null, _) => 1,
            (_, JsonValueKind.Null) => -1,
            (JsonValueKind.Number, _) => left.GetDecimal().CompareTo(right.GetDecimal()),
            _ => string.CompareOrdinal(left.GetString(), right.GetString()),
        });
        return [.. (isDescending ? all.Reverse().OrderByDescending(item => item.GetProperty(field), order) : all.OrderBy(item => item.GetProperty(field), order)).Select(static item => item.GetProperty("call_id").GetString()!)];

        static decimal Number(JsonElement item) => NumberOf(item.GetProperty("id").GetString()!);
    }

    // Over three days.
    internal static CallRecord Call(int i)
    {
        CallRecord call = TestCalls.Call(i * 37 % 101 * 1_700, $"{(i % 2 == 0 ? "c" : "C")}{i * 7919 % 1000}-{i}@{(i % 3 == 0 ? "host" : "Other")}");
        bool isAnswered = i % 5 > 1;
        return call with
        {
            Caller = new Party { Number = Numbers[i % Numbers.Length], Name = Names[i * 5 % Names.Length], Uri = i % 4 == 0 ? null : $"sip:x@{(i % 3 == 0 ? "a" : "B")}.example", E164 = i % 14 == 0 ? "+491001" : null },
            Callee = new Party { Number = Numbers[i * 3 % Numbers.Length], Name = Names[i / 3 % Names.Length], Uri = i % 6 == 0 ? null : $"sip:y@{i % 7}.example", Identity = i % 11 == 0 ? new PartyIdentity(PartyKind.Queue, 5, "Support") : null },
            Dialled = Dialled[i % Dialled.Length],
            Direction = i % 6 == 5 ? null : (CallDirection)(i % 4),
            Disposition = isAnswered ? Disposition.Answered : (Disposition)(1 + (i % 7)),
            SipStatus = i % 13 == 0 ? 0 : isAnswered ? 200 : 480 + (i % 9),
            HangupBy = (HangupBy)(i % 4),
            RangAt = i % 7 == 0 ? null : call.StartedAt + TimeSpan.FromMilliseconds(i * 90),
            AnsweredAt = isAnswered ? call.StartedAt + TimeSpan.FromMilliseconds(500 + (i * 300)) : null,
            EndedAt = call.StartedAt + TimeSpan.FromMilliseconds(1_000 + (i % 40 * 700)),
            Headers = i % 4 == 1 ? [new("user-to-user", $"{i % 5:x}A;encoding=hex"), new("p-asserted-identity", $"<sip:+49{i % 3}@x>")] : i % 4 == 2 ? [new("diversion", "<sip:2001@x>;reason=user-busy")] : [],
            Marks = i % 5 == 0 ? null : new CallMarks { Context = (CallContext)(i % 12), Trunk = i % 3 == 0 ? null : $"{(i % 2 == 0 ? "C" : "c")}arrier-{i % 3}" },
        };
    }
}
