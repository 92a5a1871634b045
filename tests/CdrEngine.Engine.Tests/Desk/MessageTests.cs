using System.Globalization;
using System.IO.Compression;
using System.Text;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.PacketLog;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Desk;

/// <summary>Messages by SIP MESSAGE and by MSRP, from packets to what is told.</summary>
public sealed class MessageTests
{
    private const string Alice = "192.0.2.1:5060";
    private const string Bob = "192.0.2.2:5060";

    [Fact]
    public void Message_Answered_IsOne_WithAllItTells()
    {
        SipText message = Text("m1", "Grüße").With("P-Asserted-Identity", "<tel:+4930123>").With("User-Agent", "Phone");
        using DeskRun run = Run(new Scene().Sip(0, Alice, Bob, message).Sip(0.02, Bob, Alice, message.Reply(202).With("Server", "Other")));
        MessageRecord found = Assert.Single(run.Messages.Values).Record;
        Assert.Equal((MessageOutcome.Delivered, 202, "Grüße", 7L), (found.Outcome, found.SipStatus, found.Text, found.Size));
        Assert.Equal(("alice", "tel:+4930123", "Phone", "Other"), (found.From.Number, found.From.AssertedUri, found.From.UserAgent, found.To.UserAgent));
        Assert.Equal(("text/plain", "utf-8", 20.0), (found.ContentType, found.Charset, found.ResponseTime!.Value.TotalMilliseconds));
    }

    [Theory]
    [InlineData(404, MessageOutcome.Failed)]
    [InlineData(0, MessageOutcome.Unanswered)]
    public void Message_NotTaken_SaysSo(int status, MessageOutcome outcome)
    {
        SipText message = Text("m1", "hello");
        Scene scene = new Scene().Sip(0, Alice, Bob, message).Sip(40, Alice, Bob, SipText.Register("x", "x"));
        if (status != 0) scene.Sip(0.1, Bob, Alice, message.Reply(status));
        using DeskRun run = Run(scene);
        Assert.Equal((outcome, status), (run.Messages.Values.Single().Record.Outcome, run.Messages.Values.Single().Record.SipStatus));
    }

    [Fact]
    public void CaptureThatEndsFirst_LeavesItPending()
    {
        using DeskRun run = Run(new Scene().Sip(0, Alice, Bob, Text("m1", "hello")));
        Assert.Equal(MessageOutcome.Pending, run.Messages.Values.Single().Record.Outcome);
    }

    [Fact]
    public void Retry_AfterAChallenge_IsTheSameMessage()
    {
        SipText first = Text("m1", "hello");
        SipText second = Text("m1", "hello", cseq: 2).With("Proxy-Authorization", "Digest username=\"alice\", realm=\"e\", nonce=\"n\"");
        using DeskRun run = Run(new Scene()
            .Sip(0, Alice, Bob, first).Sip(0.1, Bob, Alice, first.Reply(407)).Sip(0.2, Alice, Bob, second).Sip(0.3, Alice, Bob, second).Sip(0.4, Bob, Alice, second.Reply(200)));
        MessageRecord found = run.Messages.Values.Single().Record;
        Assert.Equal((1, 1, 200, Scene.Time(0)), (found.Challenges, found.Retransmissions, found.SipStatus, found.StartedAt));
    }

    [Theory]
    [InlineData("deflate")]
    [InlineData("gzip")]
    [InlineData("multipart")]
    [InlineData("cpim")]
    [InlineData("latin1")]
    public void Body_IsUnwrapped(string how)
    {
        const string text = "Grüße an alle";
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        SipText message = SipText.Request("MESSAGE", "m1", "alice@example.com", "bob@example.com");
        switch (how)
        {
            case "multipart":
                message.WithBody("multipart/mixed;boundary=b", Encoding.UTF8.GetBytes($"--b\r\nContent-Type: application/x\r\n\r\n1\r\n--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b--\r\n"));
                break;
            case "cpim":
                message.WithBody("message/cpim", Encoding.UTF8.GetBytes(
                    $"From: <im:alice@example.com>\r\nTo: <im:bob@example.com>\r\nNS: imdn <urn:ietf:params:imdn>\r\nimdn.Message-ID: 34jk324j\r\n\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}"));
                break;
            case "latin1":
                message.WithBody("text/plain;charset=ISO-8859-1", Encoding.Latin1.GetBytes(text));
                break;
            default:
                message.WithBody("text/plain", Packed(utf8, how)).With("Content-Encoding", how);
                break;
        }

        using DeskRun run = Run(new Scene().Sip(0, Alice, Bob, message).Sip(0.1, Bob, Alice, message.Reply(200)));
        MessageRecord found = run.Messages.Values.Single().Record;
        Assert.Equal((text, "text/plain"), (found.Text, found.ContentType));
        Assert.Equal(how == "cpim" ? "34jk324j" : null, found.MessageId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Notification_IsTiedToItsMessage_WhicheverIsSettledFirst(bool isEarly)
    {
        SipText message = Text("m1", "hello");
        SipText told = SipText.Request("MESSAGE", "n1", "bob@example.com", "alice@example.com").WithBody("message/imdn+xml", Encoding.UTF8.GetBytes(
            "<?xml version=\"1.0\"?><i:imdn xmlns:i=\"urn:ietf:params:xml:ns:imdn\"><i:message-id>m1</i:message-id><i:display-notification><i:status><i:displayed/></i:status></i:display-notification></i:imdn>"));
        using DeskRun run = Run(new Scene()
            .Sip(0, Alice, Bob, message).Sip(isEarly ? 0.5 : 0.1, Bob, Alice, message.Reply(200)).Sip(0.2, Bob, Alice, told).Sip(0.3, Alice, Bob, told.Reply(200)));
        MessageRecord found = run.Messages.Values.Single().Record;
        Assert.Equal([new MessageNotification(NotificationKind.Display, "displayed", Scene.Time(0.2))], found.Notifications);
        Assert.Equal(0, run["message.notifications_orphaned"]);
    }

    [Fact]
    public void Notification_FromSomebodyElse_IsNotBelieved()
    {
        SipText message = Text("m1", "hello");
        SipText told = SipText.Request("MESSAGE", "n1", "mallory@example.com", "alice@example.com").WithBody("message/imdn+xml", "<imdn><message-id>m1</message-id><status><delivered/></status></imdn>"u8);
        using DeskRun run = Run(new Scene().Sip(0, Alice, Bob, message).Sip(0.1, Bob, Alice, message.Reply(200)).Sip(0.2, Bob, Alice, told).Sip(0.3, Alice, Bob, told.Reply(200)));
        Assert.Empty(run.Messages.Values.Single().Record.Notifications);
        Assert.Equal(1, run["message.notifications_orphaned"]);
    }

    [Fact]
    public void Composing_IsCounted_NotTold()
    {
        SipText writing = SipText.Request("MESSAGE", "c1", "alice@example.com", "bob@example.com").WithBody("application/im-iscomposing+xml", "<isComposing/>"u8);
        using DeskRun run = Run(new Scene().Sip(0, Alice, Bob, writing).Sip(0.1, Bob, Alice, writing.Reply(200)));
        Assert.Empty(run.Messages);
        Assert.Equal(1, run["message.composing"]);
    }

    [Fact]
    public void Conversation_EndsWithTheGap_WhicheverSideWrites()
    {
        var scene = new Scene();
        double[] times = [0, 100, 1800, 3700, 3800];
        for (int i = 0; i < times.Length; i++)
        {
            SipText message = i % 2 == 0 ? Text($"m{i}", "x") : SipText.Request("MESSAGE", $"m{i}", "bob@example.com", "alice@example.com").WithBody("text/plain", "y"u8);
            scene.Sip(times[i], i % 2 == 0 ? Alice : Bob, i % 2 == 0 ? Bob : Alice, message).Sip(times[i] + 0.1, i % 2 == 0 ? Bob : Alice, i % 2 == 0 ? Alice : Bob, message.Reply(200));
        }

        using DeskRun run = Run(scene);
        Assert.Equal([3, 2], run.Messages.Values.GroupBy(static message => message.Record.ConversationId).Select(static conversation => conversation.Count()));
        using DeskRun again = Run(scene);
        Assert.Equal(run.Json(), again.Json());
    }

    [Fact]
    public void Policy_ThatKeepsNoText_KeepsNoPacketsEither()
    {
        SipText message = Text("m1", "secret");
        Scene scene = new Scene().Sip(0, Alice, Bob, message).Sip(0.1, Bob, Alice, message.Reply(200));
        var options = new EngineOptions { Shards = 1, Desk = new DeskOptions { Messages = new MessageLimits { KeepText = false } } };
        using DeskRun run = DeskRun.Of(scene.Tape(), options, keepsPackets: true);
        StoredMessage found = run.Messages.Values.Single();
        Assert.Equal((null, 6L, 0), (found.Record.Text, found.Record.Size, found.Chunks.Length));
        Assert.Equal(0, run["log.frames"]);
    }

    [Fact]
    public void Message_WithinACall_BelongsToBoth()
    {
        Scene scene = new Scene().Call("c1", 0, answer: 1, bye: 10);
        SipText inside = SipText.Request("MESSAGE", "c1", "alice@example.com", "bob@example.com", cseq: 5, fromTag: "f-c1", toTag: "to-tag").WithBody("text/plain", "inside"u8);
        scene.Sip(5, Alice, Bob, inside).Sip(5.1, Bob, Alice, inside.Reply(200));
        using DeskRun run = Run(scene);
        MessageRecord found = run.Messages.Values.Single().Record;
        Assert.Equal((true, "c1", "inside", MessageOutcome.Delivered), (found.IsInCall, found.SipCallId, found.Text, found.Outcome));
        Assert.Equal(8, run["packets.call_messages"]);
    }

    [Fact]
    public void LongText_IsCut_AtACharacter()
    {
        SipText message = SipText.Request("MESSAGE", "m1", "alice@example.com", "bob@example.com").WithBody("text/plain", Encoding.UTF8.GetBytes(new string('ä', 300)));
        var options = new EngineOptions { Shards = 1, Desk = new DeskOptions { Messages = new MessageLimits { MaxTextBytes = 101 } } };
        using DeskRun run = DeskRun.Of(new Scene().Sip(0, Alice, Bob, message).Sip(0.1, Bob, Alice, message.Reply(200)).Tape(), options);
        MessageRecord found = run.Messages.Values.Single().Record;
        Assert.Equal((new string('ä', 50), true, 600L), (found.Text, found.IsTextCut, found.Size));
    }

    [Fact]
    public void Msrp_OneChunk_IsAMessageOfItsCall()
    {
        MsrpScene msrp = new MsrpScene().SetUp();
        msrp.Write(1, true, MsrpScene.Send("t1", "id1", "1-5/5", "Hello")).Write(1.1, false, MsrpScene.Ok("t1")).HangUp(5);
        using DeskRun run = DeskRun.Of(msrp.Scene.Tape(), keepsPackets: true);
        StoredMessage found = run.Messages.Values.Single();
        Assert.Equal((MessageKind.Msrp, "Hello", "alice", "bob", "msrp-call"), (found.Record.Kind, found.Record.Text, found.Record.From.Number, found.Record.To.Number, found.Record.SipCallId));
        Assert.Equal((MessageOutcome.Delivered, 200, 0, true), (found.Record.Outcome, found.Record.SipStatus, found.Record.MediaIndex, found.Record.IsInCall));
        using PacketLogReader reader = run.OpenLog();
        using PacketGather gather = reader.Gather(found.Chunks, PacketKindSet.All);
        int packets = 0;
        while (gather.MoveNext()) packets++;
        Assert.Equal(2, packets);
    }

    [Theory]
    [InlineData(1400)]
    [InlineData(7)]
    [InlineData(1)]
    public void Msrp_InterleavedChunks_OfSeveralMessages_AreEachPutTogether(int segment)
    {
        MsrpScene msrp = new MsrpScene().SetUp();
        msrp.Write(1, true, MsrpScene.Send("a1", "idA", "1-6/12", "Hello ", flag: '+') + MsrpScene.Send("b1", "idB", "1-3/*", "one", flag: '+') + MsrpScene.Send("a2", "idA", "7-12/12", "world!")
            + MsrpScene.Send("b2", "idB", "4-10/10", "-------"), segment);
        msrp.Write(2, false, MsrpScene.Ok("a1") + MsrpScene.Ok("b1") + MsrpScene.Ok("a2") + MsrpScene.Ok("b2"), segment).HangUp(5);
        using DeskRun run = Run(msrp.Scene);
        Assert.Equal(["Hello world!", "one-------"], run.Messages.Values.Select(static message => message.Record.Text));
        Assert.All(run.Messages.Values, static message => Assert.Equal((2, false, MessageOutcome.Delivered), (message.Record.Chunks, message.Record.IsIncomplete, message.Record.Outcome)));
    }

    [Fact]
    public void Msrp_Refused_Aborted_AndReported_SaySo()
    {
        MsrpScene msrp = new MsrpScene().SetUp();
        msrp.Write(1, true, MsrpScene.Send("a1", "refused", "1-3/3", "abc")).Write(1.1, false, MsrpScene.Ok("a1", status: "413 Stop"));
        msrp.Write(2, true, MsrpScene.Send("b1", "aborted", "1-3/9", "abc", flag: '#'));
        msrp.Write(3, true, MsrpScene.Send("c1", "reported", "1-3/3", "abc", more: "Success-Report: yes\r\nFailure-Report: no\r\n"));
        msrp.Write(3.5, false, $"MSRP r1 REPORT\r\nTo-Path: {MsrpScene.AlicePath}\r\nFrom-Path: {MsrpScene.BobPath}\r\nMessage-ID: reported\r\nByte-Range: 1-3/3\r\nStatus: 000 200 OK\r\n-------r1$\r\n").HangUp(5);
        using DeskRun run = Run(msrp.Scene);
        MessageRecord[] found = [.. run.Messages.Values.Select(static message => message.Record)];
        Assert.Equal([(MessageOutcome.Failed, 413, false), (MessageOutcome.Failed, 0, true), (MessageOutcome.Delivered, 0, false)], found.Select(static message => (message.Outcome, message.SipStatus, message.IsIncomplete)));
        Assert.Equal("delivered", Assert.Single(found[2].Notifications).Status);
    }

    [Fact]
    public void Msrp_BothWays_IsOneConversation()
    {
        MsrpScene msrp = new MsrpScene().SetUp();
        for (int i = 0; i < 6; i++)
        {
            string id = i.ToString(CultureInfo.InvariantCulture);
            bool isAlice = i % 2 == 0;
            msrp.Write(1 + i, isAlice, MsrpScene.Send($"t{id}", $"id{id}", "1-1/1", id, isAlice)).Write(1.1 + i, !isAlice, MsrpScene.Ok($"t{id}", isAlice));
        }

        using DeskRun run = Run(msrp.HangUp(20).Scene);
        Assert.Equal(["alice", "bob", "alice", "bob", "alice", "bob"], run.Messages.Values.Select(static message => message.Record.From.Number));
        Assert.Single(run.Messages.Values.Select(static message => message.Record.ConversationId).Distinct());
    }

    [Fact]
    public void Msrp_HoleInTheStream_CostsItsChunkOnly()
    {
        MsrpScene msrp = new MsrpScene().SetUp();
        msrp.Write(1, true, MsrpScene.Send("t1", "id1", "1-5/5", "Hello"));
        Scene without = new MsrpScene().SetUp().Write(1, true, MsrpScene.Send("t1", "id1", "1-5/5", "Hello")).Scene;
        msrp.Write(2, true, MsrpScene.Send("t2", "id2", "1-5/5", "World")).Write(3, true, MsrpScene.Send("t3", "id3", "1-5/5", "again"));
        PacketTape whole = msrp.Scene.Tape();
        PacketTape cut = new PacketTape().Source("scene");
        int index = 0, dropped = without.Tape().Count;
        foreach (Core.CapturedPacket packet in whole.Frames)
        {
            if (index++ != dropped) cut.Add(packet);
        }

        using DeskRun run = DeskRun.Of(cut);
        Assert.Equal(["Hello", "again"], run.Messages.Values.Select(static message => message.Record.Text).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Results_DoNotDependOnShards(int shards)
    {
        static PacketTape tape()
        {
            MsrpScene msrp = new MsrpScene().SetUp();
            msrp.Write(1, true, MsrpScene.Send("t1", "id1", "1-5/5", "Hello")).Write(1.1, false, MsrpScene.Ok("t1")).HangUp(5);
            SipText message = Text("m1", "hello");
            return msrp.Scene.Call("c1", 2, answer: 3, bye: 9).Sip(4, Alice, Bob, message).Sip(4.5, Bob, Alice, message.Reply(200)).Sip(6, Alice, Bob, SipText.Register("x", "x")).Tape();
        }

        using DeskRun one = DeskRun.Of(tape());
        using DeskRun many = DeskRun.Of(tape(), new EngineOptions { Shards = shards, BatchItems = shards });
        Assert.Equal(one.Json(), many.Json());
    }

    [Fact]
    public void Peer_ThatStopsAnswering_IsSilentSince()
    {
        var scene = new Scene();
        for (uint i = 0; i < 10; i++)
        {
            SipText ping = SipText.Request("OPTIONS", $"o{i}", "proxy@example.com", "trunk@example.com");
            scene.Sip(i * 60, Alice, Bob, ping);
            if (i < 6) scene.Sip((i * 60) + 0.02, Bob, Alice, ping.Reply(200));
        }

        using DeskRun run = Run(scene.Sip(700, Alice, Bob, SipText.Register("x", "x")));
        Calls.Peers.PeerRecord peer = run.Peers.Values.Single(static peer => peer is { Method: "OPTIONS", Direction: Calls.Peers.PeerDirection.Received });
        Assert.Equal((10, 6, 4, Scene.Time(360)), (peer.Requests, peer.Answered, peer.Unanswered, peer.UnansweredSince));
        Assert.Equal(20, peer.ResponseMax!.Value.TotalMilliseconds);
        Assert.InRange(peer.ResponseP95!.Value.TotalMilliseconds, 20, 24);
    }

    [Fact]
    public void Notify_TellsMailboxesAndDialogStates()
    {
        SipText waiting = SipText.Request("NOTIFY", "n1", "vm@example.com", "1001@example.com").With("Event", "message-summary").WithBody(
            "application/simple-message-summary", "Messages-Waiting: yes\r\nMessage-Account: sip:1001@example.com\r\nVoice-Message: 2/8 (1/0)\r\n"u8);
        SipText dialogs = SipText.Request("NOTIFY", "n2", "pbx@example.com", "1001@example.com").With("Event", "dialog;id=1").WithBody(
            "application/dialog-info+xml", "<dialog-info state=\"full\"><dialog id=\"1\"><state>early</state></dialog><dialog id=\"2\"><state>confirmed</state></dialog></dialog-info>"u8);
        using DeskRun run = Run(new Scene().Sip(0, Alice, Bob, waiting).Sip(0.1, Bob, Alice, waiting.Reply(200)).Sip(1, Alice, Bob, dialogs).Sip(1.1, Bob, Alice, dialogs.Reply(200)));
        Calls.Peers.MailboxRecord mailbox = run.Mailboxes["sip:1001@example.com"];
        Assert.Equal((true, 2, 8, 1, 0), (mailbox.IsWaiting, mailbox.NewVoice, mailbox.OldVoice, mailbox.NewUrgent, mailbox.OldUrgent));
        Assert.Equal([0, 0, 1, 1, 0], run.Peers.Values.First(static peer => peer.Event == "dialog").DialogStates);
    }

    private static DeskRun Run(Scene scene) => DeskRun.Of(scene.Tape());

    private static SipText Text(string callId, string text, uint cseq = 1) =>
        SipText.Request("MESSAGE", callId, "alice@example.com", "bob@example.com", cseq: cseq).WithBody("text/plain;charset=utf-8", Encoding.UTF8.GetBytes(text));

    private static byte[] Packed(byte[] bytes, string how)
    {
        using var packed = new MemoryStream();
        using (Stream stream = how == "gzip" ? new GZipStream(packed, CompressionMode.Compress, leaveOpen: true) : new ZLibStream(packed, CompressionMode.Compress, leaveOpen: true))
            stream.Write(bytes);
        return packed.ToArray();
    }
}
