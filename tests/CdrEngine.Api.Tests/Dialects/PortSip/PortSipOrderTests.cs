namespace CdrEngine.Api.Tests.Dialects.PortSip;

/// <summary>Legs in order of their lengths, and of when they rang, were answered or ended, where there are more than are judged one by one.</summary>
public sealed class PortSipOrderTests : IAsyncLifetime
{
    private const int Calls = 60;
    private const int MostJudged = 7;

    private DialectRig _rig = null!;

    public async Task InitializeAsync()
    {
        _rig = await DialectRig.StartAsync(new FakeDirectory(), mostJudged: MostJudged);
        _rig.Add("acme", [.. Enumerable.Range(0, Calls).Select(static i =>
        {
            CallRecord call = TestCalls.Call((i * 37 % Calls) * 3_000, $"call{i}@host");
            return call with { Caller = call.Caller with { Number = $"{1000 + (i % 4)}" }, RangAt = i % 7 == 0 ? null : call.StartedAt + TimeSpan.FromMilliseconds(i * 90), AnsweredAt = i % 5 == 0 ? null : call.StartedAt + TimeSpan.FromMilliseconds(500 + (i * 300)), EndedAt = call.StartedAt + TimeSpan.FromMilliseconds(1_000 + (i * 700)) };
        })]);
    }

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Theory]
    [InlineData("duration", "", false)]
    [InlineData("duration", "", true)]
    [InlineData("duration desc", "", false)]
    [InlineData("duration desc", "", true)]
    [InlineData("duration", "caller ne '1001'", true)]
    [InlineData("duration desc", "caller ne '1001' and duration gt 5", false)]
    [InlineData("duration desc", "caller eq '1002' or caller eq '1003'", true)]
    public async Task Pages_FollowOneAnother(string order, string filter, bool isSealed)
    {
        if (isSealed) _rig.Store.Seal(new DateOnly(2030, 1, 1));
        int[] expected = [.. Enumerable.Range(0, Calls).Where(i => Meets(i, filter))];
        if (order.EndsWith("desc", StringComparison.Ordinal)) Array.Reverse(expected);
        var found = new List<string?>();
        for (int skip = 0; skip < expected.Length; skip += MostJudged)
        {
            JsonElement page = await _rig.GetAsync($"/api/cdrs?orderby={order}&filter={Uri.EscapeDataString(filter)}&skip={skip}&top={MostJudged}");
            Assert.Equal(expected.Length, page.GetProperty("count").GetInt32());
            found.AddRange(page.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("call_id").GetString()));
        }

        Assert.Equal(expected.Select(static i => $"call{i}@host"), found);

        // Any page is found from one that was asked for before.
        JsonElement again = await _rig.GetAsync($"/api/cdrs?orderby={order}&filter={Uri.EscapeDataString(filter)}&skip=17&top=2");
        Assert.Equal(expected.Skip(17).Take(2).Select(static i => $"call{i}@host"), again.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("call_id").GetString()));
    }

    [Theory]
    [InlineData("ended_at", "", false)]
    [InlineData("ended_at desc", "", true)]
    [InlineData("answered_at", "", true)]
    [InlineData("answered_at desc", "", false)]
    [InlineData("rang_at", "caller ne '1001'", true)]
    [InlineData("rang_at desc", "caller eq '1002' or caller eq '1003' or duration gt 30", true)]
    [InlineData("answered_at desc", "callee ne 'x' and answered_at ne null", true)]
    [InlineData("ended_at", "caller ne '1001' or duration gt 20", true)]
    public async Task PagesByMoments_AreInOrder(string order, string filter, bool isSealed)
    {
        if (isSealed) _rig.Store.Seal(new DateOnly(2030, 1, 1));
        string field = order.Split(' ')[0], asked = $"/api/cdrs?filter={Uri.EscapeDataString(filter)}";
        JsonElement[] plain = [.. (await _rig.GetAsync(asked)).GetProperty("items").EnumerateArray()];
        Assert.InRange(plain.Length, MostJudged + 1, Calls);
        string?[] expected = [.. (order.EndsWith("desc", StringComparison.Ordinal) ? Enumerable.Reverse(plain).OrderByDescending(Moment) : plain.OrderBy(Moment)).Select(CallIdOf)];
        int[] skips = [0, .. Enumerable.Range(0, 9).Select(static i => i * 7), 3, 58, 100];
        foreach (int skip in skips)
        {
            JsonElement page = await _rig.GetAsync($"{asked}&orderby={order}&skip={skip}&top=7");
            Assert.Equal(plain.Length, page.GetProperty("count").GetInt32());
            Assert.Equal(expected.Skip(skip).Take(7), page.GetProperty("items").EnumerateArray().Select(CallIdOf));

            // What comes later is not on pages that follow those asked for before.
            if (skip == 7) _rig.Add("acme", TestCalls.Call(900_000, "late@host") with { Callee = new Party { Number = "x" } });
        }

        // Nothing is null behind all that is not.
        (bool, string) Moment(JsonElement item) => item.GetProperty(field).GetString() is { } at ? (false, at) : (true, "");
        static string? CallIdOf(JsonElement item) => item.GetProperty("call_id").GetString();
    }

    [Fact]
    public async Task PageFarBehindAnyOther_IsRefused_AndSaysWhy()
    {
        JsonElement error = await _rig.GetAsync("/api/cdrs?orderby=duration&skip=40", HttpStatusCode.BadRequest);
        Assert.Equal("skip", error.GetProperty("parameter").GetString());
        Assert.Empty((await _rig.GetAsync($"/api/cdrs?orderby=duration&skip={MostJudged}&top=1&filter=duration gt 1000")).GetProperty("items").EnumerateArray());
    }

    [Theory]
    [InlineData("cdrs?orderby=caller")]
    [InlineData("calllogs?orderby=duration")]
    public async Task OtherOrders_AreRefused(string list) => Assert.Equal("orderby", (await _rig.GetAsync($"/api/{list}", HttpStatusCode.BadRequest)).GetProperty("parameter").GetString());

    private static bool Meets(int i, string filter) => filter switch
    {
        "" => true,
        "caller ne '1001'" => i % 4 != 1,
        "caller ne '1001' and duration gt 5" => i % 4 != 1 && Math.Floor((1_000 + (i * 700) + 500) / 1000.0) > 5,
        _ => i % 4 is 2 or 3,
    };
}
