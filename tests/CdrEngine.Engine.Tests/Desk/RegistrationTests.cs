using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Registrations;
using CdrEngine.Core;
using CdrEngine.Engine.Desk;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Desk;

/// <summary>Registrations, from packets to what is told.</summary>
public sealed class RegistrationTests
{
    private const string Phone = "192.0.2.1:5060";
    private const string Server = "198.51.100.1:5060";

    [Fact]
    public void Register_Accepted_IsABindingWithAllItTells()
    {
        SipText register = SipText.Register("r1", "1001", expires: 600)
            .Set("Contact", "<sip:1001@10.0.0.7:5062;ob>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-00085D112233>\";reg-id=1")
            .With("User-Agent", "Phone 1.0")
            .With("Path", "<sip:edge.example.com;lr>")
            .With("Authorization", "Digest username=\"1001\", realm=\"example.com\", nonce=\"n\", uri=\"sip:example.com\", response=\"r\"");
        SipText answer = register.Reply(200)
            .With("Contact", "<sip:1001@10.0.0.7:5062;ob>;expires=300;pub-gruu=\"sip:1001@example.com;gr=x\"")
            .With("Service-Route", "<sip:core.example.com;lr>");
        using DeskRun run = Run(new Scene().Sip(0, Phone, Server, register).Sip(0.05, Server, Phone, answer));
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal(RegistrationState.Registered, found.State);
        Assert.Equal("1001", found.User);
        Assert.Equal(Phone, found.Source.ToString());
        Assert.Equal(Server, found.Server.ToString());
        Assert.True(found.IsBehindNat);
        Assert.Equal(300, found.Expires);
        Assert.Equal(Scene.Time(300.05), found.ExpiresAt);
        Assert.Equal("00:08:5d:11:22:33", found.Mac);
        Assert.Equal("urn:uuid:00000000-0000-1000-8000-00085D112233", found.Instance);
        Assert.Equal(1, found.RegId);
        Assert.Equal(("1001", "example.com"), (found.AuthUser, found.Realm));
        Assert.Equal("sip:1001@example.com;gr=x", found.Gruu);
        Assert.Equal(["sip:edge.example.com;lr"], found.Path);
        Assert.Equal(["sip:core.example.com;lr"], found.ServiceRoute);
        Assert.Equal(50, found.ResponseTime!.Value.TotalMilliseconds);
        Assert.Equal([RegistrationEventKind.New], run.HistoryOf(found.Id).Select(static happened => happened.Kind));
    }

    [Fact]
    public void Challenge_AnsweredAndAccepted_IsNoFailure()
    {
        SipText first = SipText.Register("r1", "1001");
        SipText second = SipText.Register("r1", "1001", cseq: 2).With("Authorization", "Digest username=\"1001\", realm=\"e\", nonce=\"n\"");
        using DeskRun run = Run(new Scene()
            .Sip(0, Phone, Server, first).Sip(0.1, Server, Phone, first.Reply(401).With("WWW-Authenticate", "Digest realm=\"e\", nonce=\"n\""))
            .Sip(0.2, Phone, Server, second).Sip(0.5, Server, Phone, Granted(second, 60)));
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal((RegistrationState.Registered, 1, 0, 200), (found.State, found.Challenges, found.Failures, found.SipStatus));
        Assert.Equal(300, found.ResponseTime!.Value.TotalMilliseconds);
        Assert.Equal(1, run["exchange.begun"]);
    }

    [Fact]
    public void Credentials_RefusedAgain_AreAFailureAtOnce()
    {
        SipText first = SipText.Register("r1", "1001");
        SipText second = SipText.Register("r1", "1001", cseq: 2).With("Authorization", "Digest username=\"1001\", realm=\"e\", nonce=\"n\"");
        using DeskRun run = Run(new Scene()
            .Sip(0, Phone, Server, first).Sip(0.1, Server, Phone, first.Reply(401).With("WWW-Authenticate", "Digest realm=\"e\", nonce=\"n\""))
            .Sip(0.2, Phone, Server, second).Sip(0.3, Server, Phone, second.Reply(401, "Wrong")));
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal((RegistrationState.Failed, 401, "Wrong", 1), (found.State, found.SipStatus, found.SipReason, found.Failures));
    }

    [Fact]
    public void Challenge_NeverAnswered_IsAFailure_WhenTheWaitIsOver()
    {
        SipText first = SipText.Register("r1", "1001");
        using DeskRun run = Run(new Scene().Sip(0, Phone, Server, first).Sip(0.1, Server, Phone, first.Reply(407)).Noise(40));
        Scene later = new Scene().Sip(0, Phone, Server, first).Sip(0.1, Server, Phone, first.Reply(407)).Sip(40, Phone, Server, SipText.Register("x", "x"));
        using DeskRun waited = Run(later);
        Assert.Equal(RegistrationState.Failed, waited.Registration("sip:1001@example.com").State);
        Assert.Equal(407, waited.Registration("sip:1001@example.com").SipStatus);

        // What the end of the capture cuts short is told by what was seen.
        Assert.Equal(407, run.Registration("sip:1001@example.com").SipStatus);
    }

    [Fact]
    public void IntervalTooBrief_Retried_TellsTheLeast()
    {
        SipText first = SipText.Register("r1", "1001", expires: 10);
        SipText second = SipText.Register("r1", "1001", cseq: 2, expires: 120);
        using DeskRun run = Run(new Scene()
            .Sip(0, Phone, Server, first).Sip(0.1, Server, Phone, first.Reply(423).With("Min-Expires", "120"))
            .Sip(0.2, Phone, Server, second).Sip(0.3, Server, Phone, Granted(second, 120)));
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal((RegistrationState.Registered, 120, 120, 0), (found.State, found.MinExpires, found.Expires, found.Failures));
    }

    [Fact]
    public void Unanswered_AfterItsTime_IsAFailure()
    {
        SipText first = SipText.Register("r1", "1001");
        using DeskRun run = Run(new Scene().Sip(0, Phone, Server, first).Sip(0.5, Phone, Server, first).Sip(1.5, Phone, Server, first).Sip(33, Phone, Server, SipText.Register("x", "x")));
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal((RegistrationState.Failed, 0, "no_response", 2), (found.State, found.SipStatus, found.SipReason, found.Retransmissions));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hops_AreOne_AndTheSourceIsThatNearestTheDevice(bool isLaterHopFirst)
    {
        const string proxy = "203.0.113.5:5060";
        SipText near = SipText.Register("r1", "1001");
        SipText far = near.Copy().WithTopVia("SIP/2.0/UDP 203.0.113.5;branch=z9hG4bKp");
        SipText answer = Granted(near, 60);
        SipText farAnswer = Granted(far, 60);
        Scene scene = new Scene()
            .Sip(isLaterHopFirst ? 0.01 : 0, Phone, proxy, near).Sip(isLaterHopFirst ? 0 : 0.01, proxy, Server, far)
            .Sip(0.1, Server, proxy, farAnswer).Sip(0.11, proxy, Phone, answer);
        using DeskRun run = Run(scene);
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal((Phone, proxy), (found.Source.ToString(), found.Server.ToString()));
        Assert.Equal(Scene.Time(0.11), found.LastSuccessAt);
        Assert.Equal(1, found.LastEvent!.Count);
        Assert.Equal(1, run["exchange.hops"]);
    }

    [Fact]
    public void AnswerOfTheFarHopOnly_CountsAfterAMoment()
    {
        const string proxy = "203.0.113.5:5060";
        SipText near = SipText.Register("r1", "1001");
        SipText far = near.Copy().WithTopVia("SIP/2.0/UDP 203.0.113.5;branch=z9hG4bKp");
        using DeskRun run = Run(new Scene().Sip(0, Phone, proxy, near).Sip(0.01, proxy, Server, far).Sip(0.1, Server, proxy, Granted(far, 60)));
        Assert.Equal(RegistrationState.Registered, run.Registration("sip:1001@example.com").State);
    }

    [Fact]
    public void Refreshes_AreOneEventWithACount()
    {
        var scene = new Scene();
        for (uint i = 0; i < 20; i++) Register(scene, i * 30, "r1", 1 + i, Phone, 60);
        using DeskRun run = Run(scene);
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        RegistrationEvent[] history = [.. run.HistoryOf(found.Id)];
        Assert.Equal([(RegistrationEventKind.New, 1), (RegistrationEventKind.Refreshed, 19)], history.Select(static happened => (happened.Kind, happened.Count)));
        Assert.Equal((Scene.Time(30.1), Scene.Time(570.1)), (history[1].At, history[1].LastAt));
        Assert.Equal(19, found.Refreshes);
    }

    [Fact]
    public void NotRefreshed_Expires_AtItsTime_AndComesBackAsNew()
    {
        var scene = new Scene();
        Register(scene, 0, "r1", 1, Phone, 60);
        Register(scene, 100, "r1", 2, Phone, 60);
        using DeskRun run = Run(scene);
        RegistrationEvent[] history = [.. run.HistoryOf(run.Registration("sip:1001@example.com").Id)];
        Assert.Equal([RegistrationEventKind.New, RegistrationEventKind.Expired, RegistrationEventKind.New], history.Select(static happened => happened.Kind));
        Assert.Equal(Scene.Time(60.1), history[1].At);
    }

    [Fact]
    public void RefreshWithinTheGrace_IsARefresh()
    {
        var scene = new Scene();
        Register(scene, 0, "r1", 1, Phone, 60);
        Register(scene, 63, "r1", 2, Phone, 60);
        using DeskRun run = Run(scene);
        Assert.Equal((1, RegistrationState.Registered), (run.Registration("sip:1001@example.com").Refreshes, run.Registration("sip:1001@example.com").State));
    }

    [Theory]
    [InlineData("same_call_id")]
    [InlineData("same_instance")]
    public void Device_FromAnotherAddress_HasMoved(string by)
    {
        const string elsewhere = "203.0.113.77:5060";
        string contact(string host) => by == "same_instance" ? $"<sip:1001@{host}:5060>;+sip.instance=\"<urn:uuid:a>\"" : $"<sip:1001@{host}:5060>";
        SipText first = SipText.Register("r1", "1001", expires: 600).Set("Contact", contact("192.0.2.1"));
        SipText second = SipText.Register(by == "same_instance" ? "r2" : "r1", "1001", cseq: 2, expires: 600).Set("Contact", contact("203.0.113.77"));
        using DeskRun run = Run(new Scene()
            .Sip(0, Phone, Server, first).Sip(0.1, Server, Phone, first.Reply(200).With("Contact", contact("192.0.2.1") + ";expires=600"))
            .Sip(10, elsewhere, Server, second).Sip(10.1, Server, elsewhere, second.Reply(200).With("Contact", contact("203.0.113.77") + ";expires=600")));
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal((1, elsewhere), (found.Moves, found.Source.ToString()));
        RegistrationEvent moved = run.HistoryOf(found.Id).Last();
        Assert.Equal((RegistrationEventKind.Moved, Phone), (moved.Kind, moved.Before?.ToString()));
    }

    [Fact]
    public void SecondDevice_ListedBesideTheFirst_HasNotMoved()
    {
        const string other = "203.0.113.77:5060";
        var scene = new Scene();
        Register(scene, 0, "r1", 1, Phone, 600);
        SipText second = SipText.Register("r2", "1001").Set("Contact", "<sip:1001@203.0.113.77:5060>");
        scene.Sip(10, other, Server, second).Sip(10.1, Server, other, second.Reply(200).With("Contact", "<sip:1001@192.0.2.1:5060>;expires=590, <sip:1001@203.0.113.77:5060>;expires=3600"));
        using DeskRun run = Run(scene);
        Assert.Equal(2, run.Registrations.Count);
        Assert.All(run.Registrations.Values, static stored => Assert.Equal((RegistrationState.Registered, 0), (stored.Record.State, stored.Record.Moves)));
    }

    [Theory]
    [InlineData("<sip:1001@192.0.2.1:5060>;expires=0", null)]
    [InlineData("<sip:1001@192.0.2.1:5060>", "0")]
    [InlineData("*", "0")]
    public void Unregister_TakesTheBindingBack(string contact, string? expires)
    {
        var scene = new Scene();
        Register(scene, 0, "r1", 1, Phone, 600);
        SipText leave = SipText.Register("r1", "1001", cseq: 2).Without("Expires").Set("Contact", contact);
        if (expires is not null) leave.With("Expires", expires);
        scene.Sip(10, Phone, Server, leave).Sip(10.1, Server, Phone, leave.Reply(200));
        using DeskRun run = Run(scene);
        RegistrationRecord found = run.Registration("sip:1001@example.com");
        Assert.Equal((RegistrationState.Removed, Scene.Time(10.1)), (found.State, found.EndedAt));
    }

    [Fact]
    public void Query_ListsWhatTheRegistrarKnows_AndWhatItNoLongerDoes()
    {
        var scene = new Scene();
        Register(scene, 0, "r1", 1, Phone, 600);
        SipText query = SipText.Register("q", "1001").Without("Contact").Without("Expires");
        scene.Sip(10, "203.0.113.9:5060", Server, query).Sip(10.1, Server, "203.0.113.9:5060", query.Reply(200).With("Contact", "<sip:1001@203.0.113.50:5060>;expires=100"));
        using DeskRun run = Run(scene);
        Assert.Equal(
            [("sip:1001@192.0.2.1:5060", RegistrationState.Removed), ("sip:1001@203.0.113.50:5060", RegistrationState.Registered)],
            run.Registrations.Values.OrderBy(static stored => stored.Record.Contact, StringComparer.Ordinal).Select(static stored => (stored.Record.Contact, stored.Record.State)));
        Assert.Equal("not_listed", run.Registrations.Values.Single(static stored => stored.Record.State == RegistrationState.Removed).Record.LastEvent!.Reason);
    }

    [Fact]
    public void FailureOfARefresh_LeavesTheBindingUntilItsTimeRunsOut()
    {
        var scene = new Scene();
        Register(scene, 0, "r1", 1, Phone, 60);
        SipText again = SipText.Register("r1", "1001", cseq: 2);
        scene.Sip(30, Phone, Server, again).Sip(30.1, Server, Phone, again.Reply(503));
        using DeskRun before = Run(scene);
        Assert.Equal((RegistrationState.Registered, 503, 1), (before.Registration("sip:1001@example.com").State, before.Registration("sip:1001@example.com").SipStatus, before.Registration("sip:1001@example.com").Failures));
    }

    [Fact]
    public void Packets_OfTheLastExchange_CanBeReadBack()
    {
        SipText first = SipText.Register("r1", "1001");
        SipText second = SipText.Register("r1", "1001", cseq: 2).With("Authorization", "Digest username=\"1001\", realm=\"e\", nonce=\"n\"");
        Scene scene = new Scene().Sip(0, Phone, Server, first).Sip(0.1, Server, Phone, first.Reply(401)).Sip(0.2, Phone, Server, second).Sip(0.5, Server, Phone, Granted(second, 60));
        using DeskRun run = DeskRun.Of(scene.Tape(), keepsPackets: true);
        using PacketLog.PacketLogReader reader = run.OpenLog();
        using PacketLog.PacketGather gather = reader.Gather(run.Registrations.Values.Single().Chunks, PacketLog.PacketKindSet.All);
        int packets = 0;
        while (gather.MoveNext()) packets++;
        Assert.Equal(4, packets);
    }

    [Fact]
    public void Flood_OfAttemptsOfNobody_PushesOutNoLiveBinding()
    {
        var scene = new Scene();
        for (int i = 0; i < 8; i++) Register(scene, i * 0.01, $"live{i}", 1, $"192.0.2.{i + 1}:5060", 3600, $"{2000 + i}");
        for (int i = 0; i < 400; i++)
        {
            SipText attempt = SipText.Register($"bad{i}", $"scan{i}");
            scene.Sip(1 + (i * 0.01), "203.0.113.66:5060", Server, attempt).Sip(1.005 + (i * 0.01), Server, "203.0.113.66:5060", attempt.Reply(403));
        }

        var options = new EngineOptions { Shards = 1, Desk = new DeskOptions { Registrations = new RegistrationLimits { MaxBindings = 20 } } };
        using DeskRun run = DeskRun.Of(scene.Tape(), options);
        Assert.Equal(20, run.Registrations.Count);
        Assert.Equal(8, run.Registrations.Values.Count(static stored => stored.Record.State == RegistrationState.Registered));
        Assert.Equal(388, run["registration.evicted"]);
        Assert.Equal(400, run["registration.failed"]);
    }

    [Fact]
    public void Restart_GoesOnWithWhatWasKnown()
    {
        var before = new Scene();
        Register(before, 0, "r1", 1, Phone, 60);
        Register(before, 10, "s1", 1, "192.0.2.9:5060", 60, "1002");
        using DeskRun first = Run(before);
        var after = new Scene();
        Register(after, 50, "r1", 2, "203.0.113.4:5060", 60);
        Register(after, 120, "x", 1, "192.0.2.77:5060", 60, "1003");
        using DeskRun second = DeskRun.Of(after.Tape(), start: new DeskStart(first.Registrations.Values, []));
        Assert.Equal(RegistrationEventKind.Expired, second.Registration("sip:1002@example.com").LastEvent!.Kind);
        Assert.Equal(2, second.Registration("sip:1002@example.com").LastEvent!.Sequence);
        Assert.Equal(1, second.Registration("sip:1001@example.com").Moves);
        Assert.Equal([RegistrationEventKind.Moved, RegistrationEventKind.Expired], second.HistoryOf(second.Registration("sip:1001@example.com").Id).Select(static happened => happened.Kind));
    }

    [Fact]
    public void SamePacketsAgain_AfterARestart_ChangeNothing()
    {
        var scene = new Scene();
        for (uint i = 0; i < 5; i++) Register(scene, i * 30, "r1", 1 + i, Phone, 60);
        SipText bad = SipText.Register("b", "1009");
        scene.Sip(200, Phone, Server, bad).Sip(200.1, Server, Phone, bad.Reply(404));
        using DeskRun first = Run(scene);
        using DeskRun second = DeskRun.Of(scene.Tape(), start: new DeskStart(first.Registrations.Values, []));
        Assert.Empty(second.Registrations);
        Assert.Empty(second.History);
    }

    [Theory]
    [InlineData("00000000-0000-1000-8000-0004f2aabbcc", "", "", "00:04:f2:aa:bb:cc")]
    [InlineData("00000000-0000-0000-0000-00083121b4f7", "", "", "00:08:31:21:b4:f7")]
    [InlineData("f81d4fae-7dec-41d0-a765-00a0c91e6bf6", "", "", null)]
    [InlineData("", "sip:000413241234@192.0.2.1", "Yealink SIP-T46S 66.85.0.5 805EC0AABBCC", "80:5e:c0:aa:bb:cc")]
    [InlineData("", "sip:1001@192.0.2.1;mac=00-15-65-01-02-03", "Phone", "00:15:65:01:02:03")]
    [InlineData("", "sip:493012345678@192.0.2.1", "Phone 201911201234", null)]
    [InlineData("", "", "PolycomVVX/5.9 00:04:f2:12:34:56", "00:04:f2:12:34:56")]
    [InlineData("", "", "x 01005e0000fb", null)]
    public void HardwareAddress_IsFound_AsVendorsWriteIt(string uuid, string contact, string agent, string? expected) =>
        Assert.Equal(expected, HardwareAddress.Find(uuid.Length == 0 ? "" : $"urn:uuid:{uuid}", contact, agent));

    private static DeskRun Run(Scene scene) => DeskRun.Of(scene.Tape());

    private static SipText Granted(SipText register, int seconds, string contact = "<sip:1001@192.0.2.1:5060>") => register.Reply(200).With("Contact", $"{contact};expires={seconds}");

    private static void Register(Scene scene, double at, string callId, uint cseq, string from, int seconds, string user = "1001")
    {
        string contact = $"<sip:{user}@{from}>";
        SipText register = SipText.Register(callId, user, cseq: cseq, expires: seconds).Set("Contact", contact);
        scene.Sip(at, from, Server, register).Sip(at + 0.1, Server, from, Granted(register, seconds, contact));
    }
}
