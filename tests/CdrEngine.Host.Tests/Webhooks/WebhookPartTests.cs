using System.Text.Json;
using System.Threading.Channels;
using CdrEngine.Calls.Alerts;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Webhooks;
using CdrEngine.Storage;
using Xunit;

namespace CdrEngine.Host.Tests.Webhooks;

/// <summary>From an event to a request, over the real store and a real server.</summary>
public sealed class WebhookPartTests
{
    [Fact]
    public async Task Events_ArriveInOrder_AsTheFeedToldThem()
    {
        await using var server = new HookServer();
        await using var rig = new Rig(server);
        for (int i = 0; i < 30; i++) rig.Feed.Tell(Event(i % 3, i));
        IReadOnlyList<Hook> hooks = await server.WaitAsync(30);
        foreach (IGrouping<string, Hook> thing in hooks.GroupBy(ThingOf))
            Assert.Equal(thing.Select(NumberOf).Order(), thing.Select(NumberOf));
        await rig.UntilAsync(() => rig.Status.Waiting == 0);
        Assert.Equal(30, rig.Count("delivered"));
    }

    [Fact]
    public async Task Failure_IsTriedAgain_AndHoldsUpItsOwnThingOnly()
    {
        int failures = 0;
        await using var server = new HookServer { Answer = hook => ThingOf(hook) == Id(0) && NumberOf(hook) == 0 && ++failures < 3 ? "HTTP/1.1 500 No" : "HTTP/1.1 200 OK" };
        await using var rig = new Rig(server);
        for (int i = 0; i < 6; i++) rig.Feed.Tell(Event(i % 2, i));
        await rig.UntilAsync(() => rig.Count("delivered") == 6);
        long[] first = [.. server.Hooks.Where(static hook => ThingOf(hook) == Id(0)).Select(NumberOf)];
        Assert.Equal([0, 0, 0, 2, 4], first);
        Assert.Equal(2, rig.Count("failed"));
        Assert.Equal(0, rig.Status.Dead);
    }

    [Fact]
    public async Task DeliveryThatNeverArrives_BecomesADeadLetter_AndCanBeSentAgain()
    {
        bool works = false;
        await using var server = new HookServer { Answer = _ => works ? "HTTP/1.1 200 OK" : "HTTP/1.1 503 Later" };
        await using var rig = new Rig(server);
        rig.Feed.Tell(Event(0, 0));
        await rig.UntilAsync(() => rig.Status.Dead == 1);
        DeadLetter letter = Assert.Single(rig.Store.DeadLetters("noc", null, 10));
        Assert.Equal((4, 503, "503 Later", "call.ended"), (letter.Delivery.Attempts, letter.Status, letter.Error, letter.Delivery.Event));
        works = true;
        Assert.Equal(1, rig.Store.Resend(null, letter.Delivery.Id, Timestamp.From(DateTimeOffset.UtcNow)));
        rig.Part.Changed();
        await rig.UntilAsync(() => rig.Count("delivered") == 1);
        Assert.Equal((0L, 0L), (rig.Status.Dead, rig.Status.Waiting));
        Assert.Equal(letter.Delivery.Body.ToArray(), server.Hooks[^1].Body);
    }

    [Fact]
    public async Task Gone_SwitchesTheEndpointOff()
    {
        await using var server = new HookServer { Answer = static _ => "HTTP/1.1 410 Gone" };
        await using var rig = new Rig(server);
        rig.Feed.Tell(Event(0, 0));
        await rig.UntilAsync(() => !rig.Status.Endpoint.IsEnabled);
        Assert.Equal(1, rig.Count("gone"));
        Assert.Equal((1L, 1), (rig.Status.Dead, server.Hooks.Count));
    }

    [Fact]
    public async Task FailuresInARow_LeaveTheEndpointAlone_UntilOneAttemptArrives()
    {
        bool works = false;
        await using var server = new HookServer { Answer = _ => works ? "HTTP/1.1 200 OK" : "HTTP/1.1 500 No" };
        await using var rig = new Rig(server, WebhookSenderTests.Settings with { CircuitFailures = 3, CircuitPause = TimeSpan.FromSeconds(1), RetryMost = TimeSpan.FromSeconds(2), Attempts = 100, Parallel = 1 });
        for (int i = 0; i < 20; i++) rig.Feed.Tell(Event(i, i));
        await rig.UntilAsync(() => rig.Count("circuit_opened") >= 1);
        int sent = server.Hooks.Count;
        Assert.InRange(sent, 3, 5);
        Assert.NotNull(rig.Status.Health.OpenUntil);
        works = true;
        await rig.UntilAsync(() => rig.Count("delivered") == 20);
        Assert.Equal(0, rig.Status.Health.Failures);
    }

    [Fact]
    public async Task WhatWaits_OutlivesAStop()
    {
        using var folder = new TemporaryFolder();
        await using var server = new HookServer { Answer = static _ => null };
        await using (var rig = new Rig(server, folder: folder))
        {
            rig.Feed.Tell(Event(0, 0));
            await server.WaitAsync(1);
        }

        server.Answer = static _ => "HTTP/1.1 200 OK";
        await using var again = new Rig(server, folder: folder);
        await again.UntilAsync(() => again.Count("delivered") == 1);
        Assert.Equal(server.Hooks[0].Body, server.Hooks[^1].Body);
    }

    [Fact]
    public async Task Endpoint_GetsWhatItAskedFor_AndItsTenantsOnly()
    {
        await using var server = new HookServer();
        await using var rig = new Rig(server, endpoint: WebhookSenderTests.Endpoint(server.Url, "noc", "alert.*") with { Tenant = "acme" });
        rig.Feed.Tell(Event(0, 0));
        rig.Feed.Tell(AlertEvent("acme", quiet: true));
        rig.Feed.Tell(AlertEvent("other", quiet: false));
        rig.Feed.Tell(AlertEvent("acme", quiet: false));
        Hook hook = Assert.Single(await server.WaitAsync(1));
        using JsonDocument json = JsonDocument.Parse(hook.Body);
        Assert.Equal(("alert.raised", "acme"), (json.RootElement.GetProperty("type").GetString(), json.RootElement.GetProperty("alert").GetProperty("tenant").GetString()));
        await rig.UntilAsync(() => rig.Count("delivered") == 1);
        Assert.Single(server.Hooks);
    }

    [Fact]
    public async Task Line_IsBounded_AndWhatFindsNoRoomIsCounted()
    {
        await using var server = new HookServer { Answer = static _ => null };
        await using var rig = new Rig(server, WebhookSenderTests.Settings with { Queue = 10 });
        for (int i = 0; i < 50; i++) rig.Feed.Tell(Event(i, i));
        await rig.UntilAsync(() => rig.Count("dropped") == 40);
        Assert.Equal((10L, 10L), (rig.Status.Waiting, rig.Count("queued")));
    }

    [Fact]
    public async Task EndpointsOfTheSettings_AreServed_AndGoWithThem()
    {
        using var folder = new TemporaryFolder();
        await using var server = new HookServer();
        WebhookSettings settings = WebhookSenderTests.Settings with { Endpoints = [WebhookSenderTests.Endpoint(server.Url, "mine") with { IsFromSettings = true }] };
        await using (var rig = new Rig(server, settings, folder, put: false))
        {
            rig.Feed.Tell(Event(0, 0));
            await server.WaitAsync(1);
            Assert.True(rig.Store.Find("mine")!.Endpoint.IsFromSettings);
        }

        await using var without = new Rig(server, folder: folder, put: false);
        await without.UntilAsync(() => without.Store.Find("mine") is null);
    }

    [Fact]
    public async Task TwoProcesses_SendEachDeliveryOnce()
    {
        using var folder = new TemporaryFolder();
        await using var server = new HookServer();
        await using var first = new Rig(server, folder: folder);
        await using var second = new Rig(server, folder: folder);
        for (int i = 0; i < 40; i++) first.Feed.Tell(Event(i, i));
        await first.UntilAsync(() => first.Count("delivered") + second.Count("delivered") == 40);
        Assert.Equal(40, server.Hooks.Select(static hook => hook.Headers["CdrEngine-Delivery"]).Distinct().Count());
        Assert.Equal(40, server.Hooks.Count);
    }

    private static string Id(int call) => $"20261120-{call:x24}";

    private static string ThingOf(Hook hook)
    {
        using JsonDocument json = JsonDocument.Parse(hook.Body);
        return json.RootElement.GetProperty("call").GetProperty("id").GetString()!;
    }

    private static long NumberOf(Hook hook)
    {
        using JsonDocument json = JsonDocument.Parse(hook.Body);
        return json.RootElement.GetProperty("call").GetProperty("duration_ms").GetInt64();
    }

    private static LiveEvent Event(int call, int number) => new()
    {
        Kind = LiveEventKind.CallEnded,
        At = new Timestamp(1_000_000),
        Call = new LiveCall
        {
            Record = new CallRecord { Id = Id(call), SessionId = Id(call), SipCallId = "c", State = CallState.Ended, Disposition = Disposition.Answered, StartedAt = new Timestamp(0), EndedAt = new Timestamp(number * 1000L) },
            State = LiveState.Ended,
            Now = new Timestamp(number * 1000L),
        },
    };

    private static LiveEvent AlertEvent(string tenant, bool quiet) => new()
    {
        Kind = LiveEventKind.AlertRaised,
        At = new Timestamp(1),
        Alert = new Alert { Id = new string('a', 24), Rule = "r", Kind = AlertKind.MosLow, Group = new AlertGroup(), Tenant = tenant, RaisedAt = new Timestamp(1), IsQuiet = quiet },
    };

    /// <summary>A feed as far as webhooks ask of one.</summary>
    private sealed class Feed : ILiveFeed, ILiveSubscription
    {
        private readonly Channel<LiveEvent> _events = Channel.CreateUnbounded<LiveEvent>();
        private long _id;

        public ChannelReader<LiveEvent> Events => _events.Reader;

        public bool HasMissed => false;

        public bool WasDropped => false;

        public void Tell(LiveEvent what) => _events.Writer.TryWrite(what with { Id = Interlocked.Increment(ref _id) });

        public ILiveSubscription? Subscribe(LiveFilter filter) => this;

        public void Dispose()
        {
            // What was told before stays for whoever comes back.
        }
    }

    private sealed class Rig : IAsyncDisposable
    {
        private readonly TemporaryFolder? _own;

        public Rig(HookServer server, WebhookSettings? settings = null, TemporaryFolder? folder = null, WebhookEndpoint? endpoint = null, bool put = true)
        {
            settings ??= WebhookSenderTests.Settings;
            _own = folder is null ? new TemporaryFolder() : null;
            Store = new SqliteWebhookStore((folder ?? _own!).Path, new WebhookLimits { Waiting = settings.Queue, Dead = settings.DeadLetters });
            if (put) Store.Put(endpoint ?? WebhookSenderTests.Endpoint(server.Url));
            Part = new WebhookPart(settings, Store, Feed, new WebhookSender(settings, "1"), BillsecRounding.Nearest, static _ => { }, Guid.NewGuid().ToString());
            Part.Start();
        }

        public Feed Feed { get; } = new();

        public SqliteWebhookStore Store { get; }

        public WebhookPart Part { get; }

        public WebhookStatus Status => Store.Find("noc")!;

        public long Count(string name) => Part.Statistics().Single(counter => counter.Name == name).Value;

        public async Task UntilAsync(Func<bool> holds)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
            while (!holds()) await Task.Delay(20, limit.Token);
        }

        public async ValueTask DisposeAsync()
        {
            await Part.DisposeAsync();
            Store.Dispose();
            _own?.Dispose();
        }
    }
}
