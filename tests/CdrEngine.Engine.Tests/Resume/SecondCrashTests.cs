using System.Text;
using CdrEngine.Calls.Desk;
using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Desk;
using CdrEngine.Engine.Tests.Desk;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Resume;

/// <summary>What killing the program hundreds of times has found, each as a row of its own.</summary>
public sealed class SecondCrashTests
{
    private const string Alice = "192.0.2.1:5060";
    private const string Bob = "192.0.2.2:5060";

    [Fact]
    public void Gap_OfAStop_OutlivesTheCrashAfterIt_AlsoWhereTheCallIsOverByThen()
    {
        // Stopped while it talks; killed between its BYE and its record, when the BYE is on disk.
        PacketTape tape = new Scene().Call("x@test", 0, answer: 2, bye: 10).Noise(11.5).Noise(12).Noise(12.5).Noise(13).Tape();
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, 4).Stop();
        broken.Start(Scene.Time(5)).Play(tape, 4, tape.Count);
        broken.Engine.Flush();
        SpinWait.SpinUntil(() => broken.Engine.IsIdle, TimeSpan.FromSeconds(120));
        Assert.Empty(broken.Records);
        broken.Crash().Start(Scene.Time(13)).Complete();
        CallRecord record = Assert.Single(broken.Records);
        Assert.True(record.Flags.HasFlag(CallFlags.Gap));
        Assert.Equal(Scene.Time(10), record.EndedAt);
        Assert.Equal(HangupBy.Caller, record.HangupBy);
    }

    [Fact]
    public void TimerThatRanOutMeanwhile_IsAfterWhatWaitsInTheSources()
    {
        // Set-up time is 180 s. The program starts at 179 s, and is ready at 185 s; the answer came at 179.5 s.
        PacketTape tape = new Scene().Call("x@test", 0, answer: 179.5, bye: 190).Tape();
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, 2).Stop();
        broken.Start(Scene.Time(179)).Play(tape, 2, tape.Count).Complete();
        CallRecord record = Assert.Single(broken.Records);
        Assert.Equal(Disposition.Answered, record.Disposition);
        Assert.Equal(Scene.Time(179.5), record.AnsweredAt);
    }

    [Fact]
    public void MsrpSessionOfAJournaledMessage_IsKnownAfterTheStart_AndTheNextMessageIsItsOwn()
    {
        // The call is set up over TCP, so that its SDP is in the journal alone.
        var before = new Scene();
        SipText invite = SipText.Invite("msrp-call", "alice@example.com", "bob@example.com", fromTag: "f").WithBody("application/sdp", Sdp("192.0.2.1", MsrpScene.AlicePath));
        Tcp(before, 0, Alice, Bob, invite);
        Tcp(before, 0.1, Bob, Alice, invite.Reply(200).WithBody("application/sdp", Sdp("192.0.2.2", MsrpScene.BobPath)));
        Tcp(before, 0.2, Alice, Bob, SipText.Ack("msrp-call", "alice@example.com", "bob@example.com", fromTag: "f"));
        PacketTape first = before.Noise(2).Noise(3).Tape();

        var after = new MsrpScene();
        after.Scene.Call("other@test", 5, answer: 5.5, bye: 6, caller: "192.0.2.7", callee: "192.0.2.8");
        after.Scene.Frame(7, PacketBuilder.TcpFrame(MsrpScene.Alice, MsrpScene.Bob, 999, flags: 2));
        after.Write(7.1, true, MsrpScene.Send("t1", "id1", "1-5/5", "Hello")).Write(7.2, false, MsrpScene.Ok("t1"));
        PacketTape second = after.Scene.Noise(9).Tape();

        var desk = new Desk();
        using BrokenRun broken = new BrokenRun { Desk = desk }.Start().Play(first, 0, first.Count).Stop();
        Assert.Equal(1, broken.Start(Scene.Time(4)).Report.Calls);
        broken.Play(second, 0, second.Count).Complete();
        MessageRecord message = Assert.Single(desk.Messages.Values);
        Assert.Equal((MessageKind.Msrp, "Hello", "msrp-call"), (message.Kind, message.Text, message.SipCallId));
        Assert.Equal(["msrp-call", "other@test"], broken.Records.Select(static record => record.SipCallId));
    }

    // Each message is one segment that begins a stream.
    private static void Tcp(Scene scene, double at, string from, string to, SipText text) =>
        scene.Frame(at, PacketBuilder.TcpFrame(from, to, (uint)(1000 + (at * 100_000)), text.ToBytes(), flags: 0x12));

    private static byte[] Sdp(string host, string path) => Encoding.ASCII.GetBytes(
        $"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=message 2855 TCP/MSRP *\r\na=accept-types:message/cpim text/plain\r\na=path:{path}\r\n");

    private sealed class Desk : IDeskOutput
    {
        public Dictionary<string, MessageRecord> Messages { get; } = new(StringComparer.Ordinal);

        public void Emit(DeskChanges changes)
        {
            foreach (StoredMessage message in changes.Messages) Messages[message.Record.Id] = message.Record;
        }
    }
}
