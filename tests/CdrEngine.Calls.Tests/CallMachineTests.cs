using System.Diagnostics;
using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Tests;

public sealed class CallMachineTests
{
    [Fact]
    public void Limits_MetByAHostileCall_FlagItAndTheByeStillEndsIt()
    {
        var limits = new CallLimits { MessagesPerCall = 50, LegsPerCall = 4, AttemptsPerCall = 4, TransactionsPerCall = 4, PlacesPerCall = 3, MediaDescriptionsPerCall = 2, KeptHeaders = 2 };
        Scenario s = Scenario.New.With(new CallOptions { Limits = limits });
        for (uint i = 1; i <= 20; i++) s.At(i / 100.0).Invite(i, branch: $"z9hG4bK{i}", edit: t => t.With("Diversion", "<sip:1@x>").With("Diversion", "<sip:2@x>").With("History-Info", "<sip:3@x>;index=1"));
        for (int i = 0; i < 20; i++) s.At(1 + (i / 100.0)).Reply(180, $"t{i}", cseq: 20, sdp: TestKit.SipText.Sdp("192.0.2.2", 5000 + i));
        foreach (char near in "BCDPQ") s.At(2).Request("INVITE", 'A', 20, toTag: null, on: $"{near}A", branch: $"z9hG4bK{near}");
        s.At(3).Reply(200, "t1", cseq: 20).At(3.1).Ack(20, "t1");
        for (uint i = 30; i < 90; i++) s.At(4 + (i / 100.0)).Request("OPTIONS", 'A', i, toTag: "t1");
        CallRecord r = s.At(63).Bye(cseq: 99, toTag: "t1").Record();
        Assert.True(r.Flags.HasFlag(CallFlags.Limited));
        Assert.Equal(4, r.Legs.Count);
        Assert.Equal(2, r.Headers.Count);
        Assert.Equal(3, r.Hops.Count);
        Assert.Equal(Disposition.Answered, r.Disposition);
        Assert.Equal(60, r.BillableDuration.TotalSeconds, 3);
    }

    [Fact]
    public void Counters_OfEachLimit_Count()
    {
        var limits = new CallLimits { MessagesPerCall = 3, LegsPerCall = 1 };
        Outcome o = Scenario.New.With(new CallOptions { Limits = limits }).At(0).Invite().At(1).Reply(180).At(2).Reply(180, "c").At(3).Reply(200).At(4).Bye().Run();
        Assert.Equal(1, o.Counters[CallCounter.LegLimit]);
        Assert.Equal(2, o.Counters[CallCounter.MessageLimit]);
        Assert.Equal(5, o.Counters[CallCounter.Messages]);
        Assert.Equal(1, o.Counters[CallCounter.Finished]);
    }

    [Fact]
    public void Eviction_OfAnOpenCall_GivesItsRecordAtOnce()
    {
        var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        var effects = new CallEffects();
        Apply(call, effects, Scenario.New.Answered());
        Assert.Equal(CallState.Answered, call.State);
        call.Evict(Scenario.Time(50), effects);
        Assert.True(effects.RecordFinal);
        Assert.True(effects.Forget);
        CallRecord r = call.ToRecord([]);
        Assert.Equal(EndReason.Evicted, r.MissingByeReason);
        Assert.Equal(Scenario.Time(3.1), r.EndedAt);
        call.Evict(Scenario.Time(51), effects);
        Assert.False(effects.RecordFinal || effects.RecordUpdated);
    }

    [Fact]
    public void Snapshot_OfALiveCall_IsInProgressUntilAnswered()
    {
        var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        var effects = new CallEffects();
        Apply(call, effects, Scenario.New.At(0).Invite().At(1).Reply(180));
        CallRecord r = call.ToRecord([]);
        Assert.Equal(CallState.Ringing, r.State);
        Assert.Equal(Disposition.InProgress, r.Disposition);
        Assert.Null(r.EndedAt);
        Assert.Equal(TimeSpan.Zero, r.Duration);
        Assert.Equal(LegOutcome.Early, Assert.Single(r.Legs).Outcome);
        Assert.False(call.IsFinal);
        Assert.Equal(Scenario.Time(181), call.NextDeadline);
        Assert.Equal(call.NextDeadline, effects.WakeAt);
    }

    [Fact]
    public void Id_IsKnownFromTheFirstMessageAndStays()
    {
        var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        var effects = new CallEffects();
        Apply(call, effects, Scenario.New.At(0.01).Invite(on: "PB"));
        string id = call.Id;
        Apply(call, effects, Scenario.New.At(0).Invite(on: "AP"));
        Assert.Equal(id, call.Id);
        Assert.Equal(Scenario.Time(0), call.ToRecord([]).StartedAt);
        Assert.Equal(CallId.Derive("call-1@test", "a", Scenario.Time(0.01)), id);
    }

    [Fact]
    public void Gap_DuringTheCall_IsFlaggedAndAfterItIsNot()
    {
        var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        var effects = new CallEffects();
        Apply(call, effects, Scenario.New.At(0).Invite());
        call.MarkGap(Timestamp.MaxValue);
        Assert.Equal(CallFlags.Gap, call.Flags);
        var other = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        Apply(other, effects, Scenario.New.At(0).Invite().At(1).Reply(486));
        other.MarkGap(Timestamp.MaxValue);
        other.MarkReusedPort();
        Assert.Equal(CallFlags.ReusedPort, other.Flags);

        // Found out only now, and it may have been while the call was going on.
        other.MarkGap(Timestamp.MinValue);
        Assert.Equal(CallFlags.ReusedPort | CallFlags.Gap, other.Flags);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gap_BehindAChallenge_IsFlaggedWhereTheCallGoesOn(bool isPutAway)
    {
        var counters = new Counters<CallCounter>();
        var options = new CallOptions();
        var call = new CallMachine(options, counters);
        var effects = new CallEffects();
        Scenario challenged = Scenario.New.At(0).Invite().At(0.1).Reply(407, "x").At(0.2).Ack(toTag: "x", ofFailure: true);
        Apply(call, effects, challenged);
        if (isPutAway)
        {
            Timestamp later = Scenario.Time(300);
            call.Advance(later, effects);
            Assert.True(effects.RecordFinal);
            DormantCall dormant = call.PutAway();
            Assert.True(dormant.IsAtRest);
            Assert.False(dormant.MayHaveGap(Timestamp.MaxValue));
            dormant.NoteGap();
            call = CallMachine.Wake(dormant, options, counters);
        }
        else
        {
            call.MarkGap(Timestamp.MaxValue);
        }

        Assert.Equal(CallFlags.None, call.Flags & CallFlags.Gap);
        Apply(call, effects, Scenario.New.At(0.3).Invite(2));
        Assert.Equal(CallFlags.Gap, call.Flags & CallFlags.Gap);
    }

    [Fact]
    public void Truncated_Packet_IsFlagged()
    {
        var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        var message = new SipMessage();
        Scenario.Event e = Scenario.New.At(0).Invite().Events[0];
        SipParser.TryReadCopy(e.Bytes, message, out _, out _);
        call.Apply(message, new MessageContext(e.At, e.Source, e.Destination, Transport.Udp, "eth1", Truncated: true), new CallEffects());
        Assert.Equal(CallFlags.Truncated, call.Flags);
        Assert.Equal("eth1", call.ToRecord([]).CaptureSource);
    }

    [Fact]
    public void Parties_FromHeaders_AreTakenAsWritten()
    {
        CallRecord r = Scenario.New
            .At(0).Invite(edit: t => t.Set("From", "\"Alice \\\"A\\\" Smith\" <sip:+4930123;npdi@example.com;user=phone>;tag=a").Set("To", "<tel:+4940999>").With("User-Agent", "phone/1").With("P-Asserted-Identity", "<sip:4930123@example.com>").With("X-CID", "abc"))
            .At(1).Reply(180).At(3).Reply(200, edit: t => t.With("Server", "pbx/2").With("Contact", "<sip:bob@192.0.2.2:5062>").With("P-Asserted-Identity", "\"Bob\" <sip:4940111@example.com>")).At(3.1).Ack().At(9).Bye().Record();
        Assert.Equal("+4930123", r.Caller.Number);
        Assert.Equal("Alice \"A\" Smith", r.Caller.Name);
        Assert.Equal("sip:+4930123;npdi@example.com;user=phone", r.Caller.Uri);
        Assert.Equal("phone/1", r.Caller.UserAgent);
        Assert.Equal("a", r.Caller.Tag);
        Assert.Equal("bob", r.Dialled);
        Assert.Equal("4940111", r.Callee.Number);
        Assert.Equal("Bob", r.Callee.Name);
        Assert.Equal("pbx/2", r.Callee.UserAgent);
        Assert.Equal("sip:bob@192.0.2.2:5062", r.Legs[0].Contact);
        Assert.Equal(["p-asserted-identity", "x-cid"], r.Headers.Select(static h => h.Key));
        Assert.Equal("<sip:4930123@example.com>", r.Headers[0].Value);
    }

    [Fact]
    public void Retransmission_OfAnyMessage_AllocatesNothing()
    {
        var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
        var effects = new CallEffects();
        var message = new SipMessage();
        Scenario s = Scenario.New.Answered(TestKit.SipText.Sdp("192.0.2.1", 4000), TestKit.SipText.Sdp("192.0.2.2", 5000));
        Apply(call, effects, s);
        Scenario.Event last = s.Events[^2];
        SipParser.TryReadCopy(last.Bytes, message, out _, out _);
        var context = new MessageContext(last.At, last.Source, last.Destination, Transport.Udp);
        call.Apply(message, context, effects);
        Assert.True(effects.IsRetransmission);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) call.Apply(message, context, effects);
        for (int i = 0; i < 100; i++) call.OnMediaPacket(last.At, PartySide.Caller);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Bytes_Damaged_NeverThrow()
    {
        // A seeded loop: each run damages other bytes of whole scripts. The seed is in the failure's message.
        for (int seed = 1; seed <= 40; seed++)
        {
            try
            {
                Damage(seed);
            }
            catch (Exception e)
            {
                throw new UnreachableException($"seed {seed}", e);
            }
        }
    }

    private static void Damage(int seed)
    {
        var random = new Random(seed);
        var message = new SipMessage();
        var effects = new CallEffects();
        foreach (SemanticsRow row in SemanticsTable.All)
        {
            var call = new CallMachine(new CallOptions(), new Counters<CallCounter>());
            Timestamp last = Scenario.Epoch;
            foreach (Scenario.Event e in row.Script().Events)
            {
                byte[] bytes = [.. e.Bytes];
                for (int i = random.Next(4); i > 0 && bytes.Length > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                if (SipParser.TryReadCopy(bytes, message, out _, out _) != ParseOutcome.Message) continue;
                call.Apply(message, new MessageContext(e.At, e.Source, e.Destination, Transport.Udp), effects);
                last = Timestamp.Max(last, e.At);
                CallRecord r = call.ToRecord([]);
                Assert.True(r.BillableDuration <= r.Duration);
            }

            call.CaptureEnded(last, effects);
            if (call.Messages > 0) Assert.Equal(CallState.Ended, call.ToRecord([]).State);
        }
    }

    private static void Apply(CallMachine call, CallEffects effects, Scenario scenario)
    {
        var message = new SipMessage();
        foreach (Scenario.Event e in scenario.Events)
        {
            SipParser.TryReadCopy(e.Bytes, message, out _, out _);
            call.Apply(message, new MessageContext(e.At, e.Source, e.Destination, Transport.Udp), effects);
        }
    }
}
