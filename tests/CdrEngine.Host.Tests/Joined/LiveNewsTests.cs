using System.Text.Json;
using CdrEngine.Api.Statistics;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Peers;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;
using CdrEngine.Engine.Live;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

/// <summary>What goes on outside calls, told as it happens.</summary>
public sealed class LiveNewsTests
{
    [Fact]
    public async Task Import_TellsOfRegistrationsAndMessages()
    {
        var hub = new LiveHub();
        using ILiveSubscription all = hub.Feed.Subscribe(new LiveFilter())!;
        using ILiveSubscription alices = hub.Feed.Subscribe(new LiveFilter { Number = "ali*", Kinds = [LiveEventKind.RegistrationMoved, LiveEventKind.RegistrationRemoved, LiveEventKind.MessageNotified] })!;
        using var folder = new TemporaryFolder();
        Settings settings = SettingsLoader.Load(new SettingsFlags { DataDirectory = folder.Path, Set = [] }, static _ => null);
        using (var runner = new ImportRunner(settings, new StatisticsBoard(), live: hub))
            Assert.Empty(runner.Run([Checkout.Fixture("pcap", "lab", "08-register-unregister.pcap"), Checkout.Fixture("pcap", "lab", "26-message.pcap")], CancellationToken.None).Faults);
        await hub.DisposeAsync();

        List<LiveEvent> told = await AllAsync(all);
        Assert.Equal(
            "registration.new:alice registration.failed:carol registration.new:carol registration.removed:alice registration.expired:carol registration.new:alice registration.new:bob "
                + "message.delivered:bob message.notified:bob message.delivered:alice message.notified:alice message.failed:bob registration.removed:bob registration.removed:alice",
            string.Join(' ', told.Select(static what => $"{LiveEventNames.Of(what.Kind)}:{what.Registration?.User ?? what.Message?.From.Number}")));
        Assert.All(told, static what => Assert.Null(what.Call));
        Assert.All(await AllAsync(alices), static what => Assert.Contains("alice", (what.Registration?.Aor ?? what.Message?.From.Uri + what.Message?.To.Uri)!, StringComparison.Ordinal));
        LiveEvent failed = told.First(static what => what.Kind == LiveEventKind.RegistrationFailed);
        using JsonDocument json = Json(failed);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("call").ValueKind);
        Assert.Equal(failed.Registration!.Id, json.RootElement.GetProperty("registration").GetProperty("id").GetString());
        Assert.Equal(failed.RegistrationEvent!.SipStatus, json.RootElement.GetProperty("registration_event").GetProperty("sip_status").GetInt32());
    }

    [Fact]
    public async Task Peer_ThatStopsAnswering_IsToldOnce_AndThatItAnswersAgain()
    {
        var hub = new LiveHub();
        using ILiveSubscription all = hub.Feed.Subscribe(new LiveFilter { Number = null })!;
        using ILiveSubscription ofANumber = hub.Feed.Subscribe(new LiveFilter { Number = "1*" })!;
        var news = new LiveNews(hub.Feed);
        var start = Timestamp.FromUnix(1_800_000_000, 0);
        var peer = new PeerRecord { Id = "p", Address = new Endpoint(IpAddress.FromV4(0xC000_0201), 5060), Method = "OPTIONS", FirstAt = start, LastAt = start };
        foreach (PeerRecord told in new[] { peer, peer with { UnansweredSince = start }, peer with { UnansweredSince = start, Unanswered = 2 }, peer with { LastAnswerAt = start }, peer, peer with { UnansweredSince = start } })
        {
            var changes = new DeskChanges();
            changes.Peers.Add(told);
            news.Take(changes);
        }

        // One that is forgotten and comes back is silent anew.
        var forgotten = new DeskChanges();
        forgotten.ForgottenPeers.Add("p");
        news.Take(forgotten);
        forgotten = new DeskChanges();
        forgotten.Peers.Add(peer with { UnansweredSince = start });
        news.Take(forgotten);
        await hub.DisposeAsync();
        Assert.Equal(["peer.silent", "peer.answering", "peer.silent", "peer.silent"], (await AllAsync(all)).Select(static what => LiveEventNames.Of(what.Kind)));
        Assert.Empty(await AllAsync(ofANumber));
    }

    private static JsonDocument Json(LiveEvent what)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json)) LiveCallJson.Write(what, writer);
        return JsonDocument.Parse(json.ToArray());
    }

    private static async Task<List<LiveEvent>> AllAsync(ILiveSubscription subscription)
    {
        var all = new List<LiveEvent>();
        await foreach (LiveEvent what in subscription.Events.ReadAllAsync()) all.Add(what);
        return all;
    }
}
