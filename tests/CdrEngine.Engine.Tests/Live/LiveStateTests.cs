using System.Text;
using System.Text.Json;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Live;

/// <summary>Calls in progress, as they are seen from other threads while the engine works.</summary>
public sealed class LiveStateTests
{
    private const string A = "192.0.2.1:4000";
    private const string B = "192.0.2.2:5000";

    [Fact]
    public async Task Calls_AreListedInTheirStates_AndAreGoneWhenTheyEnd()
    {
        await using var run = new LiveEngine();
        run.Play(new Scene()
            .Sip(0, "192.0.2.9:5060", "192.0.2.2:5060", SipText.Invite("trying@test", "1001@example.com", "2001@example.com", fromTag: "t"))
            .Call("ringing@test", 1)
            .Call("talking@test", 2, answer: 3)
            .Call("over@test", 2, answer: 3, bye: 4)
            .Noise(5));
        LivePage page = await run.Hub.Board.ListAsync(new LiveQuery());
        Assert.Equal(
            [("talking@test", LiveState.Answered), ("ringing@test", LiveState.Ringing), ("trying@test", LiveState.Trying)],
            page.Calls.Select(static call => (call.Record.SipCallId, call.State)));
        Assert.Equal((3, 3), (page.Totals.Calls, page.Matching));
        Assert.Equal([1, 1, 1, 0], page.Totals.States.Select(static state => state.Calls));
        Assert.Equal([("scene", 3)], page.Totals.Sources);
        LiveCall talking = page.Calls[0];
        Assert.Equal((TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(2)), (talking.Ring, talking.Talk));
        Assert.Equal(Disposition.InProgress, talking.Record.Disposition);

        await run.CompleteAsync();
        Assert.Empty((await run.Hub.Board.ListAsync(new LiveQuery())).Calls);
        Assert.Equal(0, run.Hub.Board.Totals().Calls);
    }

    [Fact]
    public async Task Call_LookedAtWhileItTalked_IsGoneAtItsBye()
    {
        await using var run = new LiveEngine();
        PacketTape tape = new Scene().Call("x@test", 0, answer: 1, bye: 9).Tape("scene");
        int bye = tape.Count - 2;
        run.Play(tape, 0, bye);
        Assert.Equal(["x@test"], await run.List(new LiveQuery()));
        run.Play(tape, bye, tape.Count);

        // The engine still keeps it, for what comes late; it goes on no more.
        LivePage page = await run.Hub.Board.ListAsync(new LiveQuery());
        Assert.Empty(page.Calls);
        Assert.Equal((0, 0), (page.Totals.Calls, page.Matching));
        Assert.Empty(await run.List(new LiveQuery { Quality = false }));
    }

    [Fact]
    public async Task Filters_Sort_AndPages_Hold()
    {
        await using var run = new LiveEngine(shards: 3);
        var scene = new Scene();
        for (int i = 0; i < 50; i++) scene.Call($"c{i}@test", i, answer: i % 2 == 0 ? i + 0.5 : null, caller: $"192.0.2.{10 + i}", callee: "192.0.2.200");
        run.Play(scene.Noise(60));
        Assert.Equal(25, (await run.List(new LiveQuery { States = [LiveState.Answered], Limit = 100 })).Count);
        Assert.Equal(["c7@test"], await run.List(new LiveQuery { Address = IpAddress.TryParse("192.0.2.17", out IpAddress at) ? at : default }));
        Assert.Equal(50, (await run.List(new LiveQuery { Number = "ali*", Limit = 100 })).Count);
        Assert.Empty(await run.List(new LiveQuery { Number = "ali" }));
        Assert.Empty(await run.List(new LiveQuery { Source = "eth7" }));
        foreach (LiveSort sort in Enum.GetValues<LiveSort>())
        {
            foreach (bool ascending in (bool[])[false, true])
            {
                var query = new LiveQuery { Sort = sort, Ascending = ascending, Limit = 7, Quality = false };
                var seen = new List<string>();
                LivePage page;
                do
                {
                    page = await run.Hub.Board.ListAsync(query);
                    seen.AddRange(page.Calls.Select(static call => call.Record.SipCallId));
                    query = query with { Cursor = page.NextCursor };
                }
                while (page.NextCursor is not null);

                List<string> whole = await run.List(new LiveQuery { Sort = sort, Ascending = ascending, Limit = 1000 });
                Assert.Equal(50, seen.Distinct().Count());
                Assert.Equal(whole, seen);
            }
        }

        LivePage first = await run.Hub.Board.ListAsync(new LiveQuery { Limit = 1 });
        Assert.True((await run.Hub.Board.ListAsync(new LiveQuery { Limit = 1, Number = "x", Cursor = first.NextCursor })).CursorRejected);
        Assert.True((await run.Hub.Board.ListAsync(new LiveQuery { Cursor = "AAAA" })).CursorRejected);
    }

    [Fact]
    public async Task Quality_OfBothDirections_IsThatOfNow()
    {
        await using var run = new LiveEngine();
        run.Play(new Scene().Call("x@test", 0, answer: 1).Rtp(1, 30, A, B, 0x11).Rtp(1, 12, B, A, 0x22).Rtp(14, 30, B, A, 0x22, sequence: 1650));
        LiveCall call = Assert.Single((await run.Hub.Board.ListAsync(new LiveQuery())).Calls);
        Assert.True(call.IsMeasured);
        Assert.Equal((1450, 0), (call.CallerSent!.Packets, call.CallerSent.Lost));
        Assert.Equal((1350, 100), (call.CalleeSent!.Packets, call.CalleeSent.Lost));
        Assert.Equal((A, B), (call.CallerSent.Source.ToString(), call.CallerSent.Destination.ToString()));
        Assert.Equal("PCMU/8000", call.CallerSent.Codec);
        Assert.InRange(call.CallerSent.MosNow!.Value, 4.0, 4.5);
        Assert.Equal(0, call.CalleeSent.LostNow);
        Assert.True(call.CalleeSent.Mos < call.CallerSent.Mos);
        Assert.Null(call.Unheard);
        Assert.False((await run.Hub.Board.ListAsync(new LiveQuery { Quality = false })).Calls[0].IsMeasured);
    }

    [Theory]
    [InlineData(4.5, null)]
    [InlineData(9, PartySide.Callee)]
    public async Task OneSide_ThatIsSilentWhileTheOtherFlows_IsSuspected(double until, PartySide? unheard)
    {
        await using var run = new LiveEngine();
        run.Play(new Scene().Call("x@test", 0, answer: 1).Rtp(1, until, A, B, 0x11).Rtp(1, 2, B, A, 0x22));
        Assert.Equal(unheard, Assert.Single((await run.Hub.Board.ListAsync(new LiveQuery())).Calls).Unheard);
    }

    [Fact]
    public async Task Record_OfACallInProgress_IsWholeAndKeepsItsId()
    {
        await using var run = new LiveEngine(keepPackets: true);
        run.Play(new Scene().Call("x@test", 0, answer: 1).Rtp(1, 4, A, B, 0x11).Rtp(1, 4, B, A, 0x22));
        LiveCall open = Assert.Single((await run.Hub.Board.ListAsync(new LiveQuery())).Calls);
        CallRecord record = (await run.Hub.Board.FindAsync(open.Record.Id))!.Record;
        Assert.Equal((CallState.Answered, Disposition.InProgress, (Timestamp?)null), (record.State, record.Disposition, record.EndedAt));
        Assert.Equal((2, 2, 1), (record.Streams.Count, record.Hops.Count + 1, record.MediaSessions.Count));
        Assert.Null(await run.Hub.Board.FindAsync("20260101-000000000000000000000000"));

        // Its packets, those of the last moment too.
        byte[] chunks = (await run.Hub.Board.ChunksAsync(open.Record.Id))!;
        Assert.Equal(4 + 300, run.Count(chunks));
        await run.CompleteAsync();
        Assert.Equal(open.Record.Id, Assert.Single(run.Records).Id);
    }

    [Fact]
    public async Task Mark_SaysWhoseACallIs_AndTenantsSeeOnlyTheirs()
    {
        await using var run = new LiveEngine(mark: static record => new LiveMarked(record with { Dialled = "hidden" }, record.SipCallId[..1]));
        await using IAsyncDisposable feed = run.Hub;
        using ILiveSubscription theirs = run.Hub.Feed.Subscribe(new LiveFilter { Tenant = "b" })!;
        run.Play(new Scene().Call("a1@test", 0).Call("b1@test", 1).Call("a2@test", 2));
        Assert.Equal(["a2@test", "a1@test"], await run.List(new LiveQuery { Tenant = "a" }));
        Assert.Equal((1, "hidden"), (run.Hub.Board.Totals("b").Calls, (await run.Hub.Board.ListAsync(new LiveQuery())).Calls[0].Record.Dialled));
        await run.CompleteAsync();
        await run.Hub.DisposeAsync();
        Assert.All(await All(theirs), static what => Assert.Equal("b", what.Call!.Tenant));
    }

    [Fact]
    public async Task Events_OfACall_ComeInOrderWithItsMediaSessions()
    {
        await using var run = new LiveEngine();
        using ILiveSubscription all = run.Hub.Feed.Subscribe(new LiveFilter())!;
        var scene = new Scene().Call("x@test", 0, answer: 1).Rtp(1, 6, A, B, 0x11).Rtp(1, 6, B, A, 0x22);
        Reinvite(scene, 2, 2, "sendonly", "recvonly");
        Reinvite(scene, 4, 3, "sendrecv", "sendrecv");
        SipText bye = SipText.Bye("x@test", "alice@example.com", "bob@example.com", cseq: 9, fromTag: "f-x@test");
        scene.Sip(6, "192.0.2.1:5060", "192.0.2.2:5060", bye).Sip(6.01, "192.0.2.2:5060", "192.0.2.1:5060", bye.Reply(200)).Noise(20);
        run.Play(scene);
        await run.CompleteAsync();
        await run.Hub.DisposeAsync();
        List<LiveEvent> events = await All(all);
        Assert.Equal(
            [
                "call.started", "call.ringing", "call.answered", "media_session.started", "call.held", "media_session.updated", "call.resumed", "media_session.updated",
                "call.ended", "media_session.ended", "call.recorded",
            ],
            events.Select(static what => LiveEventNames.Of(what.Kind)));
        Assert.Equal(Enumerable.Range(0, events.Count).Select(i => events[0].Id + i), events.Select(static what => what.Id));
        Assert.All(events, what => Assert.Equal(run.Records[0].Id, what.Call!.Record.Id));
        Assert.Equal(LiveState.Held, events[4].Call!.State);
        Assert.Equal(250, events[9].MediaSession!.CallerSent!.Packets);
        Assert.Equal((Disposition.Answered, TimeSpan.FromSeconds(5)), (events[10].Call!.Record.Disposition, events[10].Call!.Record.BillableDuration));
        using var json = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(json)) LiveCallJson.Write(events[10], writer);
        using JsonDocument document = JsonDocument.Parse(json.ToArray());
        Assert.Equal(run.Records[0].Id, document.RootElement.GetProperty("record").GetProperty("id").GetString());
        Assert.Equal("ended", document.RootElement.GetProperty("call").GetProperty("state").GetString());
    }

    [Fact]
    public async Task Reader_ThatComesBack_GetsWhatItMissed_AndIsToldWhereThatIsGone()
    {
        await using var run = new LiveEngine(options: new LiveOptions { KeptEvents = 40 });
        using ILiveSubscription first = run.Hub.Feed.Subscribe(new LiveFilter { Kinds = [LiveEventKind.CallStarted] })!;
        run.Play(new Scene().Call("c0@test", 0).Call("c1@test", 1).Call("c2@test", 2));
        LiveEvent known = await Next(first);
        Assert.Equal("c0@test", known.Call!.Record.SipCallId);
        await Next(first);
        await Next(first);
        using ILiveSubscription back = run.Hub.Feed.Subscribe(new LiveFilter { Kinds = [LiveEventKind.CallStarted], After = known.Id })!;
        Assert.False(back.HasMissed);
        Assert.Equal(["c1@test", "c2@test"], [(await Next(back)).Call!.Record.SipCallId, (await Next(back)).Call!.Record.SipCallId]);
        var scene = new Scene();
        for (int i = 3; i < 40; i++) scene.Call($"c{i}@test", i);
        run.Play(scene);
        while ((await Next(first)).Call!.Record.SipCallId != "c39@test")
        {
            // All of them.
        }

        using ILiveSubscription late = run.Hub.Feed.Subscribe(new LiveFilter { After = known.Id })!;
        Assert.True(late.HasMissed);
        using ILiveSubscription fromElsewhere = run.Hub.Feed.Subscribe(new LiveFilter { After = 7 })!;
        Assert.True(fromElsewhere.HasMissed);
    }

    [Fact]
    public async Task SlowReader_IsDropped_AndNobodyElse()
    {
        await using var run = new LiveEngine();
        using ILiveSubscription slow = run.Hub.Feed.Subscribe(new LiveFilter { Capacity = 3 })!;
        using ILiveSubscription quick = run.Hub.Feed.Subscribe(new LiveFilter())!;
        var scene = new Scene();
        for (int i = 0; i < 20; i++) scene.Call($"c{i}@test", i);
        run.Play(scene);
        await run.CompleteAsync();
        await run.Hub.DisposeAsync();
        Assert.Equal(3, (await All(slow)).Count);
        Assert.True(slow.WasDropped);
        Assert.Equal(20, (await All(quick)).Count(static what => what.Kind == LiveEventKind.CallEnded));
        Assert.False(quick.WasDropped);
        Assert.Equal(1, run.Hub.Statistics().Single(static counter => counter.Name == "readers_dropped").Value);
    }

    [Fact]
    public async Task Readers_AreBounded_AndWithoutAnyNothingIsMade()
    {
        await using var run = new LiveEngine(options: new LiveOptions { Readers = 1 });
        run.Play(new Scene().Call("before@test", 0));
        ILiveSubscription one = run.Hub.Feed.Subscribe(new LiveFilter())!;
        Assert.Null(run.Hub.Feed.Subscribe(new LiveFilter()));
        one.Dispose();
        Assert.NotNull(run.Hub.Feed.Subscribe(new LiveFilter()));
        Assert.Equal(0, run.Hub.Statistics().Single(static counter => counter.Name == "events").Value);
    }

    [Fact]
    public async Task Quality_IsToldFromTimeToTime_ToThoseWhoAskOnly()
    {
        await using var run = new LiveEngine(options: new LiveOptions { QualityPeriod = TimeSpan.FromMilliseconds(50) });
        using ILiveSubscription asks = run.Hub.Feed.Subscribe(new LiveFilter { Quality = true, Kinds = [LiveEventKind.CallUpdated] })!;
        using ILiveSubscription other = run.Hub.Feed.Subscribe(new LiveFilter { Kinds = [LiveEventKind.CallUpdated] })!;
        run.Play(new Scene().Call("x@test", 0, answer: 1).Call("ringing@test", 0.5).Rtp(1, 4, A, B, 0x11).Rtp(1, 4, B, A, 0x22));
        LiveEvent what = await Next(asks);
        Assert.Equal((0L, LiveUpdate.Quality, "x@test", 150L), (what.Id, what.Update, what.Call!.Record.SipCallId, what.Call!.CallerSent!.Packets));
        await run.CompleteAsync();
        await run.Hub.DisposeAsync();
        Assert.Empty(await All(other));
    }

    [Fact]
    public async Task Records_AreTheSame_WhetherAnybodyWatchesOrNot()
    {
        PacketTape tape = new Scene().Call("x@test", 0, answer: 1, bye: 9).Rtp(1, 9, A, B, 0x11).Rtp(1, 9, B, A, 0x22).Call("y@test", 2).Tape();
        using EngineRun plain = EngineRun.Of(tape);
        await using var run = new LiveEngine();
        using ILiveSubscription all = run.Hub.Feed.Subscribe(new LiveFilter { Quality = true })!;
        for (int from = 0; from < tape.Count; from += 50)
        {
            run.Play(tape, from, from + 50);
            await run.Hub.Board.ListAsync(new LiveQuery());
        }

        await run.CompleteAsync();
        string json = string.Concat(run.Records.OrderBy(static record => record.Id, StringComparer.Ordinal).Select(static record => Encoding.UTF8.GetString(CallRecordJson.ToUtf8(record)) + "\n"));
        Assert.Equal(plain.Json(), json);
    }

    private static void Reinvite(Scene scene, double at, uint cseq, string offer, string answer)
    {
        SipText invite = SipText.Invite("x@test", "alice@example.com", "bob@example.com", cseq: cseq, fromTag: "f-x@test", toTag: "to-tag").WithSdp("192.0.2.1", 4000, offer);
        scene.Sip(at, "192.0.2.1:5060", "192.0.2.2:5060", invite);
        scene.Sip(at + 0.01, "192.0.2.2:5060", "192.0.2.1:5060", invite.Reply(200).WithSdp("192.0.2.2", 5000, answer));
        scene.Sip(at + 0.02, "192.0.2.1:5060", "192.0.2.2:5060", SipText.Ack("x@test", "alice@example.com", "bob@example.com", cseq: cseq, fromTag: "f-x@test"));
    }

    private static async Task<LiveEvent> Next(ILiveSubscription subscription)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        return await subscription.Events.ReadAsync(late.Token);
    }

    private static async Task<List<LiveEvent>> All(ILiveSubscription subscription)
    {
        var events = new List<LiveEvent>();
        await foreach (LiveEvent what in subscription.Events.ReadAllAsync()) events.Add(what);
        return events;
    }
}
