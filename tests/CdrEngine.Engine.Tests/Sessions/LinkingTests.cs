using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Resume;
using CdrEngine.Engine.Tests.Runs;
using Xunit;

namespace CdrEngine.Engine.Tests.Sessions;

/// <summary>What links calls beside headers: where a 3xx points, codes that people dial, media; what undoes a link; and that a stop of the program undoes none.</summary>
public sealed class LinkingTests
{
    private const string Trunk = "198.51.100.1";
    private const string OtherTrunk = "198.51.100.2";
    private const string Pbx = "192.0.2.10";
    private const string Phone = "192.0.2.21";
    private const string OtherPhone = "192.0.2.22";

    [Fact]
    public void Redirect_ToANewCallId_IsOneForward()
    {
        var scene = new Scene();
        Call(scene, "first@test", "alice", "bob", Phone, Pbx).Invite(0).Reply(0.5, 302, "Contact", "<sip:carol@example.com>");
        Call(scene, "second@test", "alice", "carol", Phone, OtherPhone).Invite(0.7).Reply(0.8, 180).Reply(2, 200).Bye(9, isCallees: true);
        using EngineRun run = scene.Noise(60).Run();
        CallLink link = Assert.Single(run.Call("first@test").Links);
        Assert.Equal((LinkMethod.Redirect, 1.0, LinkRelation.RedirectedTo, "second@test"), (link.Method, link.Score, link.Relation, link.SipCallId));
        Assert.Equal(LinkRelation.RedirectedFrom, Assert.Single(run.Call("second@test").Links).Relation);
        SessionRecord session = Session(run, "first@test");
        Assert.Equal((SessionKind.Forward, Disposition.Answered, "carol"), (session.Kind, session.Disposition, session.HangupBy));
        Assert.Equal(
            ["alice called bob.", "The call was forwarded by bob to carol.", "carol rang.", "carol answered; alice and carol talked.", "carol hung up."],
            session.Story.Select(static step => step.Text));
    }

    [Theory]
    [InlineData("192.0.2.99", "carol")]
    [InlineData(Phone, "dave")]
    public void Redirect_ByAnotherOrElsewhere_LinksNothing(string second, string called)
    {
        var scene = new Scene();
        Call(scene, "first@test", "alice", "bob", Phone, Pbx).Invite(0).Reply(0.5, 302, "Contact", "<sip:carol@example.com>");
        Call(scene, "second@test", "alice", called, second, OtherPhone).Talk(0.7, 2, 9);
        using EngineRun run = scene.Noise(60).Run();
        Assert.All(run.Records, static call => Assert.Empty(call.Links));
    }

    [Theory]
    [InlineData("*82001")]
    [InlineData("**2001")]
    public void FeatureCode_WithTheExtensionThatRings_IsAPickup(string dialled)
    {
        using EngineRun run = Ringing(dialled).Run();
        CallLink taken = Assert.Single(run.Call("taker@test").Links);
        Assert.Equal((LinkMethod.Numbers, LinkRelation.Replaced, "inner@test"), (taken.Method, taken.Relation, taken.SipCallId));
        Assert.Equal((TransferKind.Pickup, TransferRole.Target, "2001"), (run.Call("taker@test").Transfer!.Kind, run.Call("taker@test").Transfer!.Role, run.Call("taker@test").Transfer!.From));
        SessionRecord session = Session(run, "outer@test");
        Assert.Equal((SessionKind.Pickup, 3), (session.Kind, session.Calls.Count));
        Assert.Equal(
            ["4930555001 called 2001.", "2001 rang.", "2002 picked up the call that rang at 2001.", "4930555001 hung up."],
            session.Story.Select(static step => step.Text));
    }

    [Theory]
    [InlineData("*8")]
    [InlineData("*82009")]
    [InlineData("2001")]
    public void FeatureCode_OfNoPhoneOrAnother_IsNoPickup(string dialled)
    {
        using EngineRun run = Ringing(dialled).Run();
        Assert.Empty(run.Call("taker@test").Links);
    }

    [Fact]
    public void Orbit_CalledByOneAndThenByAnother_IsARetrieval()
    {
        var scene = new Scene();
        Call(scene, "parked@test", "4930555001", "700", Trunk, Pbx).Talk(0, 1, 30);
        Call(scene, "taker@test", "2002", "700", Phone, Pbx).Talk(10, 10.1, 29.99);

        // A number that is no orbit, called by two: nothing.
        Call(scene, "one@test", "4930555009", "800", Trunk, Pbx).Talk(12, 13, 40);
        Call(scene, "two@test", "2003", "800", OtherPhone, Pbx).Talk(15, 16, 40);
        using EngineRun run = scene.Noise(80).Run(static options => options with { Sessions = options.Sessions with { Orbits = ["700"] } });
        CallLink link = Assert.Single(run.Call("taker@test").Links);
        Assert.Equal((LinkMethod.Numbers, LinkRelation.Replaced, "parked@test"), (link.Method, link.Relation, link.SipCallId));
        Assert.Empty(run.Call("one@test").Links);
        Assert.Empty(run.Call("two@test").Links);
        SessionRecord session = Session(run, "parked@test");
        Assert.Equal(SessionKind.Retrieval, session.Kind);
        Assert.Contains("2002 took over the call at 700.", session.Story.Select(static step => step.Text));
    }

    [Fact]
    public void Orbit_WithTwoParked_IsNobodys()
    {
        var scene = new Scene();
        Call(scene, "a@test", "4930555001", "700", Trunk, Pbx).Talk(0, 1, 30);
        Call(scene, "b@test", "4930555002", "701", Trunk, Pbx).Talk(2, 3, 30);
        Call(scene, "taker@test", "2002", "701", Phone, Pbx).Talk(10, 10.1, 29);
        using EngineRun run = scene.Noise(80).Run(static options => options with { Sessions = options.Sessions with { Orbits = ["70*"] } });
        Assert.Equal("b@test", Assert.Single(run.Call("taker@test").Links).SipCallId);
        Assert.Empty(run.Call("a@test").Links);
    }

    [Fact]
    public void LinkByNumbers_WhereTheInnerCallGoesOn_IsUndone()
    {
        using EngineRun together = Numbers(innerBye: 8.02).Run();
        CallLink link = Assert.Single(together.Call("inner@test").Links);
        Assert.Equal((LinkMethod.Numbers, LinkRelation.Upstream), (link.Method, link.Relation));
        Assert.Equal(0, together["session.undone"]);

        using EngineRun apart = Numbers(innerBye: 40).Run();
        Assert.Equal(1, apart["session.undone"]);
        Assert.All(apart.Records, static call => Assert.Equal((0, call.Id, false), (call.Links.Count, call.SessionId, call.Flags.HasFlag(CallFlags.Linked))));
    }

    [Fact]
    public void LinkByNumbers_ContradictedByASessionId_IsTakenBack()
    {
        const string Session = "0123456789abcdef0123456789abcdef;remote=fedcba9876543210fedcba9876543210";
        var scene = new Scene();
        Call(scene, "looks@test", "4930555001", "2001", Trunk, Pbx).Talk(0, 3, 20);
        Call(scene, "is@test", "4940555002", "2900", OtherTrunk, Pbx).Invite(0.1, "Session-ID", Session).Reply(0.2, 180).Reply(3, 200).Bye(20);
        Call(scene, "inner@test", "4930555001", "2001", Pbx, Phone).Invite(0.3).Reply(0.4, 180, "Session-ID", Session).Reply(3, 200).Bye(20.01);
        using EngineRun run = scene.Noise(60).Run();
        CallLink link = Assert.Single(run.Call("inner@test").Links);
        Assert.Equal((LinkMethod.SessionId, "is@test"), (link.Method, link.SipCallId));
        Assert.Empty(run.Call("looks@test").Links);
        Assert.Equal(run.Call("looks@test").Id, run.Call("looks@test").SessionId);
        Assert.Equal(1, run["session.undone"]);
    }

    [Fact]
    public void Header_OfTwoCallersAtOnce_IsNoNameOfAConversation()
    {
        var scene = new Scene();
        Call(scene, "a@test", "4930555001", "2001", Trunk, Pbx).Invite(0, "X-CID", "same").Reply(0.1, 180).Reply(2, 200).Bye(20);
        Call(scene, "b@test", "4977", "3003", Pbx, Phone).Invite(5, "X-CID", "same").Reply(5.1, 180).Reply(6, 200).Bye(20);
        Call(scene, "c@test", "4930555007", "2002", Trunk, Pbx).Invite(8, "X-CID", "same").Reply(8.1, 180).Reply(9, 200).Bye(21);
        using EngineRun run = scene.Noise(60).Run();
        Assert.Equal(1, run["session.undone"]);
        Assert.All(run.Records, static call => Assert.Equal((0, call.Id), (call.Links.Count, call.SessionId)));
    }

    [Fact]
    public void Media_ThatAMachineDoesNotPassOn_IsToldByTheSession()
    {
        var scene = new Scene();
        Call(scene, "outer@test", "4930555001", "2001", Trunk, Pbx).Talk(0, 1, 30, near: 4000, far: 20000);
        Call(scene, "inner@test", "4930555001", "2001", Pbx, Phone).Talk(0.05, 0.95, 30.02, near: 20002, far: 5000);
        scene.Rtp(1.1, 29.9, $"{Trunk}:4000", $"{Pbx}:20000", 0x11).Rtp(1.1, 9, $"{Pbx}:20002", $"{Phone}:5000", 0x12);
        scene.Rtp(1.1, 29.9, $"{Phone}:5000", $"{Pbx}:20002", 0x21).Rtp(1.1, 29.9, $"{Pbx}:20000", $"{Trunk}:4000", 0x22);
        using EngineRun run = scene.Noise(90).Run();
        SessionRecord session = Session(run, "outer@test");
        SessionOneWay silent = Assert.Single(session.OneWay);
        Assert.Equal(("4930555001", run.Call("outer@test").Id, run.Call("inner@test").Id), (silent.From, silent.CameIn, silent.MissedIn));
        Scene.ExpectBetween(silent.StartedAt, 8.9, 9.1);
        Scene.ExpectBetween(silent.EndedAt, 29.8, 30.1);

        // Of a call alone it is only known that the machine sent nothing.
        Assert.Equal(OneWayKind.NoRtp, Assert.Single(run.Call("inner@test").OneWay).Kind);
        Assert.Empty(run.Call("outer@test").OneWay);
    }

    [Fact]
    public void Media_ThatNeverCameToTheMachine_IsNotItsFault()
    {
        var scene = new Scene();
        Call(scene, "outer@test", "4930555001", "2001", Trunk, Pbx).Talk(0, 1, 30, near: 4000, far: 20000);
        Call(scene, "inner@test", "4930555001", "2001", Pbx, Phone).Talk(0.05, 0.95, 30.02, near: 20002, far: 5000);
        scene.Rtp(1.1, 9, $"{Trunk}:4000", $"{Pbx}:20000", 0x11).Rtp(1.1, 9, $"{Pbx}:20002", $"{Phone}:5000", 0x12);
        scene.Rtp(1.1, 29.9, $"{Phone}:5000", $"{Pbx}:20002", 0x21).Rtp(1.1, 29.9, $"{Pbx}:20000", $"{Trunk}:4000", 0x22);
        using EngineRun run = scene.Noise(90).Run();
        Assert.Equal(OneWayKind.NoRtp, Assert.Single(run.Call("inner@test").OneWay).Kind);
        Assert.Empty(Session(run, "outer@test").OneWay);
    }

    [Theory]
    [InlineData(0.5, 1)]
    [InlineData(5, 1)]
    [InlineData(5, 3)]
    [InlineData(10.015, 2)]
    [InlineData(15, 2)]
    public void Links_OfCallsOpenAtAStop_AreAsWithoutIt(double stop, int shards)
    {
        // In, out, and sent on by REFER at 10 s: the call that this leads to comes 20 ms later.
        var scene = new Scene();
        Call(scene, "outer@test", "4930555001", "2001", Trunk, Pbx).Talk(0, 2, 25, near: 4000, far: 20000);
        Call(scene, "inner@test", "4930555001", "2001", Pbx, Phone).Invite(0.05, port: 20002).Reply(0.2, 180).Reply(1.9, 200, port: 5000).Refer(10, "2002").Bye(11);
        Call(scene, "target@test", "4930555001", "2002", Pbx, OtherPhone).Invite(10.02, "Referred-By", "<sip:2001@example.com>").Reply(10.2, 180).Reply(12, 200).Bye(25.01);
        PacketTape tape = scene.Noise(90).Tape();
        using EngineRun whole = EngineRun.Of(tape);
        Assert.Equal(2, whole.Call("inner@test").Links.Count);
        int cut = 0;
        foreach (CapturedPacket packet in tape.Frames) cut += packet.CapturedAt < Scene.Time(stop) ? 1 : 0;
        using BrokenRun broken = new BrokenRun(shards).Start().Play(tape, 0, cut).Stop().Start(Scene.Time(stop)).Play(tape, cut, tape.Count).Complete();
        foreach (CallRecord expected in whole.Records)
        {
            CallRecord record = broken.Call(expected.SipCallId);
            Assert.Equal((expected.SessionId, expected.Transfer), (record.SessionId, record.Transfer));
            Assert.Equal(expected.Links, record.Links);
        }
    }

    private static SceneCall Call(Scene scene, string callId, string caller, string callee, string near, string far) => new(scene, callId, caller, callee, near, far);

    // In from a trunk, out to a phone that rings; another phone dials something and is answered as the first stops.
    private static Scene Ringing(string dialled)
    {
        var scene = new Scene();
        Call(scene, "outer@test", "4930555001", "2001", Trunk, Pbx).Invite(0).Reply(0.2, 180).Reply(3.05, 200).Bye(20);
        Call(scene, "inner@test", "4930555001", "2001", Pbx, Phone).Invite(0.05).Reply(0.15, 180).Cancel(3.02);
        Call(scene, "taker@test", "2002", dialled, OtherPhone, Pbx).Invite(2.9).Reply(3, 200).Bye(20.01);
        return scene.Noise(60);
    }

    private static Scene Numbers(double innerBye)
    {
        var scene = new Scene();
        Call(scene, "outer@test", "4930555001", "4989123456", Trunk, Pbx).Talk(0, 2, 8);
        Call(scene, "inner@test", "4930555001", "4989123456", Pbx, OtherTrunk).Talk(0.05, 1.9, innerBye);
        return scene.Noise(90);
    }

    private static SessionRecord Session(EngineRun run, string sipCallId)
    {
        string id = run.Call(sipCallId).SessionId;
        return SessionStory.Tell(id, run.Records.Where(call => call.SessionId == id));
    }
}
