using CdrEngine.Api.Tests.Dialects;

namespace CdrEngine.Api.Tests;

/// <summary>Totals over the wire.</summary>
public sealed class TotalsTests
{
    [Fact]
    public async Task Totals_AreThoseOfTheFilters()
    {
        await using DialectRig rig = await DialectRig.StartAsync();
        rig.Add("acme", TestCalls.Call(0), TestCalls.Call(60) with { PostDialDelay = TimeSpan.FromSeconds(1.5) }, TestCalls.Call(120) with { Disposition = Disposition.Busy, AnsweredAt = null });
        rig.Add("beta", TestCalls.Call(180));
        JsonElement all = await rig.GetAsync("/api/v1/calls/totals");
        Assert.Equal(4, all.GetProperty("calls").GetInt64());
        Assert.Equal(3, all.GetProperty("answered").GetInt64());
        Assert.Equal(0.75, all.GetProperty("asr").GetDouble());
        Assert.Equal(10.5, all.GetProperty("acd_seconds").GetDouble());
        Assert.Equal(31_500, all.GetProperty("billsec_ms").GetDouble());
        Assert.Equal(1.5, all.GetProperty("pdd_seconds").GetDouble());
        Assert.Equal(JsonValueKind.Null, all.GetProperty("mos").ValueKind);
        Assert.True(all.GetProperty("is_complete").GetBoolean());
        Assert.Equal(1, (await rig.GetAsync("/api/v1/calls/totals?disposition=busy")).GetProperty("calls").GetInt64());
        Assert.Equal(2, (await rig.GetAsync("/api/v1/calls/totals?to=2026-11-20T04:28:30Z&number=1001")).GetProperty("calls").GetInt64());

        // A tenant's token sees its own, and asks for no other's.
        using HttpClient client = rig.Client(rig.NewToken("acme"));
        Assert.Equal(3, (await DialectRig.JsonAsync(await client.GetAsync("/api/v1/calls/totals"))).GetProperty("calls").GetInt64());
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/api/v1/calls/totals?tenant=beta")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/api/v1/calls/totals?limit=5")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/api/v1/calls/totals?from=yesterday")).StatusCode);
    }
}
