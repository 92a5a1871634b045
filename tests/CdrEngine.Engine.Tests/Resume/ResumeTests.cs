using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Engine.Resume;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Load;
using CdrEngine.PacketLog;
using Xunit;

namespace CdrEngine.Engine.Tests.Resume;

/// <summary>Open calls outlive the process: written down, told again from their packets, gone on with under the same id.</summary>
public sealed class ResumeTests
{
    private const string A = "192.0.2.1:4000";
    private const string B = "192.0.2.2:5000";

    [Fact]
    public void OpenCall_AfterAStop_GoesOnWithItsAnswerItsIdAndItsPackets()
    {
        PacketTape tape = Talk().Tape();
        int cut = IndexAt(tape, 5);
        using EngineRun whole = EngineRun.Of(tape);
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, cut).Stop();
        Assert.Empty(broken.Records);
        Assert.Equal(1, broken.Counter("shard.calls_checkpointed"));
        broken.Start(Scene.Time(5)).Play(tape, cut, tape.Count);
        Assert.Equal((1, 0, true), (broken.Report.Calls, broken.Report.Lost, broken.Report.WasStopped));
        Assert.Equal((1L, 0L), (broken.Counter("shard.calls_resumed"), broken.Counter("shard.calls_recovered")));
        broken.Complete();

        CallRecord expected = whole.Call("x@test"), record = broken.Call("x@test");
        Assert.Equal((expected.Id, expected.StartedAt, expected.RangAt, expected.AnsweredAt, expected.EndedAt), (record.Id, record.StartedAt, record.RangAt, record.AnsweredAt, record.EndedAt));
        Assert.Equal(expected.BillableDuration, record.BillableDuration);
        Assert.Equal(expected.Flags | CallFlags.Gap, record.Flags);
        Assert.Equal("scene", record.CaptureSource);
        Assert.Equal(expected.Streams.Select(static stream => (stream.Ssrc, stream.Packets, stream.Lost)), record.Streams.Select(static stream => (stream.Ssrc, stream.Packets, stream.Lost)));
        Assert.Equal([1], broken.Finals.Values);
        Assert.Equal(tape.Count, broken.Packets(record).Count);
    }

    [Fact]
    public void OpenCall_AfterACrash_LosesAtMostTheLastSecond()
    {
        PacketTape tape = Talk().Tape();
        int cut = IndexAt(tape, 5);
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, cut);
        Settle(broken);
        broken.Crash().Start(Scene.Time(5)).Play(tape, cut, tape.Count);
        Assert.Equal((1, false), (broken.Report.Calls, broken.Report.WasStopped));
        Assert.Equal(1, broken.Counter("shard.calls_recovered"));
        broken.Complete();
        CallRecord record = broken.Call("x@test");
        using EngineRun whole = EngineRun.Of(tape);
        Assert.Equal((whole.Call("x@test").Id, whole.Call("x@test").AnsweredAt, whole.Call("x@test").BillableDuration), (record.Id, record.AnsweredAt, record.BillableDuration));
        Assert.True(record.Flags.HasFlag(CallFlags.Gap));

        // 100 packets a second.
        Assert.InRange(broken.Packets(record).Count, tape.Count - 100, tape.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void AnyLoad_StoppedAnywhere_GivesTheRecordsOfARunThatOnlyHadAGap(int shards)
    {
        PacketTape tape = PacketTape.OfLoad(new LoadOptions { Seed = 11, Calls = 60, CallsPerSecond = 6, TalkSeconds = 6, TcpShare = 0, MirrorShare = 0 }, out _);
        for (int piece = 1; piece < 6; piece++)
        {
            int cut = tape.Count * piece / 6;
            Timestamp at = TimeOf(tape, cut - 1);
            using BrokenRun whole = new BrokenRun(shards).Start().Play(tape, 0, cut);
            whole.Engine.MarkGap(at);
            whole.Play(tape, cut, tape.Count).Complete();
            using BrokenRun broken = new BrokenRun(shards).Start().Play(tape, 0, cut).Stop().Start(at).Play(tape, cut, tape.Count).Complete();
            Assert.Equal(whole.Json(), broken.Json());
            Assert.Equal(0, broken.Report.Lost);
            foreach (CallRecord record in whole.Records) Assert.Equal(whole.Packets(record).Count, broken.Packets(broken.Call(record.SipCallId)).Count);
        }
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    public void CallsOverTcp_StoppedAnywhere_GoOn(int seed)
    {
        PacketTape tape = PacketTape.OfLoad(new LoadOptions { Seed = (ulong)seed, Calls = 40, CallsPerSecond = 8, TalkSeconds = 4, TcpShare = 1, IPv6Share = 0.3 }, out List<ExpectedCall> expected);
        for (int piece = 1; piece < 5; piece++)
        {
            int cut = tape.Count * piece / 5;
            using BrokenRun broken = new BrokenRun(2).Start().Play(tape, 0, cut).Stop().Start(TimeOf(tape, cut - 1)).Play(tape, cut, tape.Count).Complete();
            Assert.Equal(0, broken.Report.Lost);
            Dictionary<string, CallRecord> records = broken.Records.ToDictionary(static record => record.SipCallId, StringComparer.Ordinal);
            foreach (ExpectedCall call in expected)
            {
                CallRecord record = records[call.SipCallId];

                // A message of which half was captured before the stop is gone, an ACK for example.
                Assert.Empty(call.Differences(record with { Flags = record.Flags & ~(CallFlags.Gap | CallFlags.NoAck) }));
            }
        }
    }

    [Fact]
    public void ManyStops_OfOneCall_StillGiveOneRecord()
    {
        PacketTape tape = Talk().Tape();
        using var broken = new BrokenRun(2);
        int done = 0;
        for (int second = 1; second < 10; second++)
        {
            int cut = IndexAt(tape, second);
            broken.Start(Scene.Time(second - 1)).Play(tape, done, cut);
            if (second % 3 == 0)
            {
                broken.Engine.Tick(Scene.Time(second + 1));
                Settle(broken);
                broken.Crash();
            }
            else
            {
                broken.Stop();
            }

            done = cut;
        }

        broken.Start(Scene.Time(9)).Play(tape, done, tape.Count).Complete();
        CallRecord record = Assert.Single(broken.Records);
        using EngineRun whole = EngineRun.Of(tape);
        Assert.Equal((whole.Records[0].Id, whole.Records[0].AnsweredAt, whole.Records[0].EndedAt), (record.Id, record.AnsweredAt, record.EndedAt));
        Assert.Equal(CallFlags.Gap, record.Flags & (CallFlags.Gap | CallFlags.MissingBye | CallFlags.MissingInvite));
        Assert.Equal([1], broken.Finals.Values);
    }

    [Fact]
    public void EngineAwayTooLong_EndsItsCallsAtTheirLastEvidence()
    {
        PacketTape tape = Talk(bye: false).Tape();
        int cut = IndexAt(tape, 5);
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, cut).Stop().Start(Scene.Time(5 + 3600));
        Assert.Equal(1, broken.Report.Calls);
        broken.Engine.Tick(Scene.Time(5 + 3610));
        broken.Complete();
        CallRecord record = Assert.Single(broken.Records);
        Assert.Equal((CallState.Ended, Disposition.Answered, EndReason.RtpTimeout), (record.State, record.Disposition, record.MissingByeReason));
        Assert.True(record.Flags.HasFlag(CallFlags.MissingBye) && record.Flags.HasFlag(CallFlags.Gap));
        Scene.ExpectBetween(record.EndedAt!.Value, 4.9, 5.0);
    }

    [Fact]
    public void CallThatHadEnded_IsNotToldTwice_NorBegunAnewByARetransmission()
    {
        // The BYE is sent again after the start.
        var scene = new Scene();
        scene.Call("x@test", 0, answer: 1, bye: 3).Rtp(1, 3, A, B, 1).Rtp(1, 3, B, A, 2);
        TestKit.SipText bye = TestKit.SipText.Bye("x@test", "alice@example.com", "bob@example.com", fromTag: "f-x@test");
        scene.Sip(9, "192.0.2.1:5060", "192.0.2.2:5060", bye);
        PacketTape tape = scene.Tape();
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, tape.Count - 1).Stop();
        string before = broken.Json();
        Assert.Single(broken.Records);
        Assert.Equal(0, broken.Counter("shard.calls_checkpointed"));
        broken.Start(Scene.Time(8)).Play(tape, tape.Count - 1, tape.Count).Complete();
        CallRecord record = Assert.Single(broken.Records);
        Assert.False(record.Flags.HasFlag(CallFlags.MissingInvite) || record.Flags.HasFlag(CallFlags.Gap));
        Assert.Equal(1, record.Retransmissions);
        Assert.NotEqual("", before);
    }

    [Fact]
    public void ClosedCall_StaysInTheJournalUntilItsRecordIsKept()
    {
        PacketTape tape = new Scene().Call("x@test", 0, answer: 1, bye: 2).Noise(60).Noise(61).Noise(62).Noise(63).Tape();
        using BrokenRun broken = new BrokenRun { KeepsRecords = false }.Start().Play(tape, 0, tape.Count).Stop();
        Assert.Equal(1, broken.Start(Scene.Time(63)).Report.Calls);
        broken.KeepsRecords = true;
        broken.Play(new Scene().Noise(120).Noise(121).Noise(122).Tape(), 0, 3).Stop();
        Assert.Equal(0, broken.Start(Scene.Time(123)).Report.Calls);
    }

    [Fact]
    public void CallWhosePacketsRetentionRemoved_IsCountedAsLost()
    {
        PacketTape tape = Talk().Tape();
        int cut = IndexAt(tape, 5);
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, cut).Stop();
        foreach (SegmentFile file in SegmentFile.List(Path.Combine(broken.Folder, "packets"))) File.Delete(file.Path);
        broken.Start(Scene.Time(5));
        Assert.Equal((0, 1), (broken.Report.Calls, broken.Report.Lost));
        broken.Play(tape, cut, tape.Count).Complete();
        Assert.True(Assert.Single(broken.Records).Flags.HasFlag(CallFlags.MissingInvite));
    }

    [Fact]
    public void MoreMediaThanMayBeReadBack_IsLeftUnmeasuredAndCounted()
    {
        PacketTape tape = Talk().Tape();
        int cut = IndexAt(tape, 5);
        using BrokenRun broken = new BrokenRun(adjust: static limits => limits with { MediaBytes = 40_000 }).Start().Play(tape, 0, cut).Stop();
        broken.Start(Scene.Time(5)).Play(tape, cut, tape.Count).Complete();
        CallRecord record = Assert.Single(broken.Records);
        Assert.True(broken.Report.UnmeasuredBytes > 10_000);
        using EngineRun whole = EngineRun.Of(tape);
        Assert.Equal(whole.Records[0].BillableDuration, record.BillableDuration);
        Assert.True(record.Streams[0].Packets < whole.Records[0].Streams[0].Packets);
        Assert.Equal(tape.Count, broken.Packets(record).Count);
    }

    [Fact]
    public void Journal_OfManyCalls_HoldsLittleMoreThanTheOpenOnes()
    {
        PacketTape tape = PacketTape.OfLoad(new LoadOptions { Seed = 5, Calls = 600, CallsPerSecond = 4, TalkSeconds = 3, TcpShare = 0.5 }, out _);
        int cut = tape.Count * 3 / 4;
        using BrokenRun unbounded = new BrokenRun().Start().Play(tape, 0, cut).Stop();
        using BrokenRun broken = new BrokenRun(adjust: static limits => limits with { PieceBytes = 20_000 }).Start();
        bool isTogether = false;
        for (int from = 0; from < cut; from += 2_000)
        {
            // Pieces are put together beside the shard, here with the time for it: one that is put together, and one that grows.
            broken.Play(tape, from, Math.Min(cut, from + 2_000)).Engine.Flush();
            Assert.True(SpinWait.SpinUntil(() => FilesOf(broken).Count <= 2, TimeSpan.FromSeconds(30)));

            // What was not begun yet is not seen in the folder, and while it goes on no further piece ends: a busy machine gets its turn here, too.
            if (!isTogether) isTogether = SpinWait.SpinUntil(() => FilesOf(broken).Exists(static file => file.Last > file.First), TimeSpan.FromMilliseconds(100));
        }

        broken.Stop();
        Assert.True(isTogether);
        Assert.True(BytesOf(broken) < BytesOf(unbounded) * 3 / 4, $"{BytesOf(broken)} of {BytesOf(unbounded)}");
        broken.Start(TimeOf(tape, cut - 1));
        unbounded.Start(TimeOf(tape, cut - 1));
        Assert.Equal(unbounded.Report.Calls, broken.Report.Calls);
        broken.Play(tape, cut, tape.Count).Complete();
        unbounded.Play(tape, cut, tape.Count).Complete();
        Assert.Equal(0, broken.Report.Lost);
        Assert.Equal(unbounded.Json(), broken.Json());
    }

    [Fact]
    public void TakeOverThatCrashed_IsTakenOverAgain()
    {
        PacketTape tape = Talk().Tape();
        int cut = IndexAt(tape, 5);
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, cut).Stop();
        string folder = Path.Combine(broken.Folder, "open-calls");

        // A run that took it over and died before its own journal had it.
        using (PacketLogFolder log = PacketLogFolder.Open(Path.Combine(broken.Folder, "packets")))
        {
            Assert.Equal(1, ResumePlan.Take(folder, log).Count);
            File.WriteAllBytes(Path.Combine(folder, new JournalFile(log.Run, 0, 1, 1, 0).Name), [1, 2, 3]);
        }

        broken.Start(Scene.Time(5));
        Assert.Equal(1, broken.Report.Calls);
        broken.Play(tape, cut, tape.Count).Complete();
        Assert.NotNull(Assert.Single(broken.Records).AnsweredAt);
    }

    [Fact]
    public void JournalOfARunAtWork_IsLeftAlone()
    {
        PacketTape tape = Talk().Tape();
        using BrokenRun broken = new BrokenRun().Start().Play(tape, 0, IndexAt(tape, 5));
        broken.Engine.Flush();
        using PacketLogFolder other = PacketLogFolder.Open(Path.Combine(broken.Folder, "packets"));
        Assert.Equal(0, ResumePlan.Take(Path.Combine(broken.Folder, "open-calls"), other).Count);
    }

    private static List<JournalFile> FilesOf(BrokenRun run) => JournalFile.List(Path.Combine(run.Folder, "open-calls"));

    private static long BytesOf(BrokenRun run) => FilesOf(run).Sum(file => new FileInfo(Path.Combine(run.Folder, "open-calls", file.Name)).Length);

    private static Scene Talk(bool bye = true) => new Scene()
        .Call("x@test", 0, answer: 2, bye: bye ? 10 : null)
        .Rtp(2, bye ? 10 : 9, A, B, 0x11).Rtp(2, bye ? 10 : 9, B, A, 0x22);

    private static int IndexAt(PacketTape tape, double seconds)
    {
        int index = 0;
        foreach (CapturedPacket packet in tape.Frames)
        {
            if (packet.CapturedAt >= Scene.Time(seconds)) return index;
            index++;
        }

        return index;
    }

    private static Timestamp TimeOf(PacketTape tape, int index)
    {
        int at = 0;
        foreach (CapturedPacket packet in tape.Frames)
        {
            if (at++ == index) return packet.CapturedAt;
        }

        return Timestamp.MinValue;
    }

    // The shards work on threads of their own.
    private static void Settle(BrokenRun run)
    {
        run.Engine.Flush();
        SpinWait.SpinUntil(() => run.Engine.IsIdle, TimeSpan.FromSeconds(120));
    }
}
