using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

public sealed class StreamMeterTests
{
    private static readonly PayloadTypeMap WithEvents = PayloadTypeMap.Static.With(101, PayloadFormat.Of("telephone-event", 8000));

    [Theory]
    [InlineData("style row", new[] { 5, 6, 65534, 7 }, 4, 3, 0, 0, 1)]
    [InlineData("in order", new[] { 1, 2, 3 }, 3, 3, 0, 0, 0)]
    [InlineData("one lost", new[] { 1, 3 }, 2, 3, 1, 0, 0)]
    [InlineData("late one fills its gap", new[] { 1, 3, 2, 4 }, 4, 4, 0, 0, 1)]
    [InlineData("late first packet", new[] { 2, 1, 3 }, 3, 2, 0, 0, 1)]
    [InlineData("late first packet twice", new[] { 2, 1, 1, 3 }, 4, 2, 0, 1, 1)]
    [InlineData("duplicate at once", new[] { 1, 1, 2 }, 3, 2, 0, 1, 0)]
    [InlineData("duplicate of an older one", new[] { 1, 2, 3, 1 }, 4, 3, 0, 1, 0)]
    [InlineData("late one twice", new[] { 1, 3, 2, 2 }, 4, 3, 0, 1, 1)]
    [InlineData("duplicates do not make up for loss", new[] { 1, 1, 1, 4 }, 4, 4, 2, 2, 0)]
    [InlineData("across the wrap", new[] { 65534, 65535, 0, 1 }, 4, 4, 0, 0, 0)]
    [InlineData("loss across the wrap", new[] { 65534, 1 }, 2, 4, 2, 0, 0)]
    [InlineData("late across the wrap", new[] { 65534, 0, 65535, 1 }, 4, 4, 0, 0, 1)]
    [InlineData("largest dropout", new[] { 0, 2999 }, 2, 3000, 2998, 0, 0)]
    [InlineData("one packet", new[] { 9 }, 1, 1, 0, 0, 0)]
    [InlineData("late by a hundred", new[] { 1, 200, 100 }, 3, 200, 197, 0, 1)]
    public void SequenceNumbers_Counted_AsTheySay(string name, int[] sequences, long packets, long expected, long lost, long duplicates, long late)
    {
        StreamRecord record = new FlowUnderTest().AddSequence(sequences);
        Assert.True(
            (packets, expected, lost, duplicates, late) == (record.Packets, record.Expected, record.Lost, record.Duplicates, record.OutOfOrder),
            $"{name}: {record}");
        Assert.Equal(1, record.Segments);
    }

    [Theory]
    [InlineData("restart forward", new[] { 1, 2, 3001 + 10, 3002 + 10 }, 4, 4, 0, 2, 0)]
    [InlineData("restart backward", new[] { 1000, 1001, 5, 6, 7 }, 5, 5, 0, 2, 0)]
    [InlineData("loss in both segments", new[] { 1, 3, 30000, 30001, 30003 }, 5, 7, 2, 2, 0)]
    [InlineData("a lonely stray", new[] { 1, 2, 30000, 3, 4 }, 5, 4, 0, 1, 1)]
    [InlineData("strays that do not follow each other", new[] { 1, 2, 30000, 40000, 3 }, 5, 3, 0, 1, 2)]
    [InlineData("two interleaved sources of one SSRC", new[] { 1, 30000, 2, 30001, 3, 30002 }, 6, 3, 0, 1, 3)]
    public void SequenceJump_NeedsTwoInARow_ToStartASegment(
        string name, int[] sequences, long packets, long expected, long lost, int segments, long strays)
    {
        StreamRecord record = new FlowUnderTest().AddSequence(sequences);
        Assert.True(
            (packets, expected, lost, segments, strays) == (record.Packets, record.Expected, record.Lost, record.Segments, record.Strays),
            $"{name}: {record}");
    }

    [Fact]
    public void PacketsOf20ms_Every25ms_GiveJitter5ms()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 400; i++) flow.Add(new SentPacket(i * 25_000L, (ushort)i, (uint)(i * 160)));
        Assert.Equal(5.0, flow.Flow.Streams[0].JitterMilliseconds, 3);
        Assert.Equal(40.0, flow.Flow.Streams[0].JitterTimestampUnits, 2);
        Assert.Equal(5.0, flow.Record().JitterMillisecondsMax!.Value, 3);
        Assert.InRange(flow.Record().JitterMillisecondsMean!.Value, 4.7, 5.0);
    }

    [Fact]
    public void AlternatingDelayOf10ms_GivesJitter10ms()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 400; i++) flow.Add(new SentPacket((i * 20_000L) + (i % 2 * 10_000), (ushort)i, (uint)(i * 160)));
        Assert.Equal(10.0, flow.Flow.Streams[0].JitterMilliseconds, 3);
    }

    [Fact]
    public void PerfectPacing_AcrossATimestampWrap_GivesNoJitter()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 100; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)(65500 + i), unchecked((uint)((i * 160) - 8000))));
        StreamRecord record = flow.Record();
        Assert.Equal((0.0, 0.0, 0L), (record.JitterMillisecondsMean!.Value, record.JitterMillisecondsMax!.Value, record.Lost));
        Assert.Equal(20.0, record.DeltaMillisecondsMax);
        Assert.Equal(20.0, record.PacketMilliseconds);
    }

    [Fact]
    public void G722_UsesIts8000HzClock()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 100; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { PayloadType = 9 });
        StreamRecord record = flow.Record();
        Assert.Equal(("G722/8000", 0.0), (record.Codec, record.JitterMillisecondsMax!.Value));
        Assert.Equal("g107.1_listening_estimated", record.MosBasis);
    }

    [Fact]
    public void DtxGap_IsNeitherLossNorJitter()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 50; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        for (int i = 50; i < 100; i++)
        {
            flow.Add(new SentPacket(5_000_000 + (i * 20_000L), (ushort)i, (uint)(40_000 + (i * 160))) { Marker = i == 50 });
        }

        StreamRecord record = flow.Record();
        Assert.Equal((0L, 0.0, 1L), (record.Lost, record.JitterMillisecondsMax!.Value, record.Markers));
        Assert.Equal(5_020.0, record.DeltaMillisecondsMax);
    }

    [Fact]
    public void TelephoneEventAndComfortNoise_DoNotTouchJitter()
    {
        var flow = new FlowUnderTest(WithEvents);
        ushort sequence = 0;
        for (int i = 0; i < 50; i++) flow.Add(new SentPacket(i * 20_000L, sequence++, (uint)(i * 160)));
        for (int i = 0; i < 5; i++)
        {
            flow.Add(new SentPacket(1_000_000 + (i * 20_000L), sequence++, 50 * 160) { PayloadType = 101, Payload = [5, 10, 0, (byte)(i * 160)] });
        }

        flow.Add(new SentPacket(1_100_000, sequence++, 7) { PayloadType = 13, Payload = [60] });
        for (int i = 56; i < 100; i++) flow.Add(new SentPacket(i * 20_000L, sequence++, (uint)(i * 160)));
        StreamRecord record = flow.Record();
        Assert.Equal((0.0, 0L, 0), (record.JitterMillisecondsMax!.Value, record.Lost, record.PayloadType));
        Assert.Equal([(0, 94L), (101, 5L), (13, 1L)], record.PayloadTypes.Select(use => (use.PayloadType, use.Packets)));
        Assert.Equal("PCMU/8000", record.Codec);
    }

    [Fact]
    public void PayloadTypeChange_FirstPacket_IsOutOfJitter()
    {
        var flow = new FlowUnderTest(PayloadTypeMap.Static.With(96, PayloadFormat.Of("opus", 48000, 2)));
        for (int i = 0; i < 50; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        for (int i = 50; i < 200; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 960)) { PayloadType = 96 });
        StreamRecord record = flow.Record();
        Assert.Equal((0.0, "OPUS/48000/2", 96), (record.JitterMillisecondsMax!.Value, record.Codec, record.PayloadType));
        Assert.Equal(20.0, record.PacketMilliseconds);
    }

    [Fact]
    public void PayloadTypeRemapped_MidFlow_IsAnotherCodec()
    {
        var flow = new FlowUnderTest(PayloadTypeMap.Static.With(96, PayloadFormat.Of("opus", 48000, 2)));
        for (int i = 0; i < 10; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 960)) { PayloadType = 96 });
        flow.Flow.SetPayloadTypes(PayloadTypeMap.Static.With(96, PayloadFormat.Of("speex", 16000)));
        for (int i = 10; i < 40; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 320)) { PayloadType = 96 });
        StreamRecord record = flow.Record();
        Assert.Equal(["SPEEX/16000", "OPUS/48000/2"], record.PayloadTypes.Select(use => use.Codec));
        Assert.Equal(("SPEEX/16000", 0.0), (record.Codec, record.JitterMillisecondsMax!.Value));
        Assert.Null(record.Mos);
        Assert.Null(record.MosBasis);
    }

    [Fact]
    public void PacketsBeforeTheSdp_AreOfTheCodecItNames()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 30; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 960)) { PayloadType = 96 });
        flow.Flow.SetPayloadTypes(PayloadTypeMap.Static.With(96, PayloadFormat.Of("opus", 48000, 2)));
        for (int i = 30; i < 40; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 960)) { PayloadType = 96 });
        StreamRecord record = flow.Record();
        Assert.Equal([(96, "OPUS/48000/2", 40L)], record.PayloadTypes.Select(use => (use.PayloadType, use.Codec, use.Packets)));
        Assert.Equal(0.0, record.JitterMillisecondsMax);
    }

    [Fact]
    public void IntervalsOfAnotherScale_HaveNoPartInTheMean()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 500; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { PayloadType = 9 });
        for (int i = 500; i < 1500; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        StreamRecord record = flow.Record();
        Assert.Equal(("PCMU/8000", "g107_listening"), (record.Codec, record.MosBasis));
        Assert.Equal([true, false, false], record.Intervals.Select(interval => interval.Mos is null));
        Assert.Equal(4.41, record.Mos!.Value, 0.01);

        var narrow = new FlowUnderTest();
        for (int i = 0; i < 1000; i++)
        {
            narrow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { PayloadType = (byte)(i < 500 ? 18 : 0), Payload = new byte[i < 500 ? 20 : 160] });
        }

        Assert.True(narrow.Record().Intervals[0].Mos < narrow.Record().Intervals[1].Mos);
    }

    [Fact]
    public void SsrcChange_MidStream_IsAnotherStream()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 20; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { Ssrc = 1 });
        for (int i = 0; i < 30; i++) flow.Add(new SentPacket((20 + i) * 20_000L, (ushort)(9000 + i), (uint)(777 + (i * 160))) { Ssrc = 2 });
        List<StreamRecord> records = flow.Records();
        Assert.Equal([(1u, 20L, 0L), (2u, 30L, 0L)], records.Select(record => (record.Ssrc, record.Packets, record.Lost)));
        Assert.All(records, record => Assert.Equal(0.0, record.JitterMillisecondsMax));
        Assert.Equal(50, flow.Flow.Packets);
    }

    [Fact]
    public void MirrorCopies_Within50ms_AreCountedNowhereElse()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 50; i++)
        {
            var packet = new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { Identification = (uint)(i + 1) };
            Assert.Equal(RtpOutcome.Counted, flow.Add(packet));
            Assert.Equal(RtpOutcome.MirrorDuplicate, flow.Add(packet with { AtMicroseconds = packet.AtMicroseconds + 300, Ttl = 63 }));
        }

        StreamRecord record = flow.Record();
        Assert.Equal((50L, 0L, 50L, 50 * 160L), (record.Packets, record.Duplicates, record.MirrorDuplicates, record.Octets));
        Assert.Equal((0.0, 64), (record.JitterMillisecondsMax!.Value, record.TtlMin));
        Assert.Equal(50, flow.Counters[StreamCounter.MirrorDuplicates]);
    }

    [Fact]
    public void SamePacketOfAnotherIdentification_IsARealDuplicate()
    {
        var flow = new FlowUnderTest();
        flow.Add(new SentPacket(0, 1, 0) { Identification = 1 });
        Assert.Equal(RtpOutcome.Counted, flow.Add(new SentPacket(100, 1, 0) { Identification = 2 }));
        Assert.Equal(RtpOutcome.MirrorDuplicate, flow.Add(new SentPacket(200, 1, 0) { Identification = 2 }));
        Assert.Equal((2L, 1L, 1L), (flow.Record().Packets, flow.Record().Duplicates, flow.Record().MirrorDuplicates));
    }

    [Fact]
    public void SamePacket_After50ms_IsARealDuplicate()
    {
        var flow = new FlowUnderTest();
        flow.Add(new SentPacket(0, 1, 0) { Identification = 1 });
        Assert.Equal(RtpOutcome.Counted, flow.Add(new SentPacket(50_000, 1, 0) { Identification = 1 }));
        Assert.Equal(1, flow.Record().Duplicates);
    }

    [Fact]
    public void VideoFrame_MirroredAfterItsLastPacket_IsStillRecognised()
    {
        var flow = new FlowUnderTest(PayloadTypeMap.Static.With(99, PayloadFormat.Of("H264", 90000, isVideo: true)));
        for (int copy = 0; copy < 2; copy++)
        {
            for (int i = 0; i < 40; i++)
            {
                flow.Add(new SentPacket((copy * 5_000) + (i * 50), (ushort)i, 1000) { PayloadType = 99, Identification = (uint)(i + 1) });
            }
        }

        Assert.Equal((40L, 40L, 0L), (flow.Record().Packets, flow.Record().MirrorDuplicates, flow.Record().Duplicates));
    }

    [Fact]
    public void LossRuns_AreTakenInSequenceOrder()
    {
        // Lost: 3 | 6,7 | 20..39 (20 in a row) | 60; 7 comes late after all, so one run of two becomes one of one.
        var flow = new FlowUnderTest();
        var sent = Enumerable.Range(0, 300).Where(i => i != 3 && i is not (6 or 7) && i is not (>= 20 and < 40) && i != 60).ToList();
        sent.Insert(sent.IndexOf(50), 7);
        for (int i = 0; i < sent.Count; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)sent[i], (uint)(sent[i] * 160)));
        StreamRecord record = flow.Record();
        Assert.Equal([3, 0, 0, 0, 0, 0, 0, 0, 0, 1], record.LossRuns);
        Assert.Equal(23, record.Lost);

        // One burst from 3 to 39: 3, 6, then 20..39 after 13 received; 60 comes after 20 received and stands alone.
        BurstRecord bursts = record.Bursts!;
        Assert.Equal((1L, 37L, 22L, 1L), (bursts.Count, bursts.Packets, bursts.Lost, bursts.GapLost));
        Assert.Equal(100.0 * 22 / 37, bursts.DensityPercent, 9);
        Assert.Equal(37 * 20.0, bursts.MeanMilliseconds!.Value, 9);
        Assert.Equal(23 / 4.0 * (1 - (23 / 300.0)), bursts.BurstR, 9);
    }

    [Fact]
    public void DelayBeyondThePlayoutPoint_FallsIntoItsBand()
    {
        var flow = new FlowUnderTest();
        int[] delays = [0, 0, 55, 0, 75, 0, 100, 0, 130, 0, 170, 0, 250, 0, 500, 0, 49];
        for (int i = 0; i < delays.Length; i++) flow.Add(new SentPacket((i * 1_000_000L) + (delays[i] * 1000), (ushort)i, (uint)(i * 8000)));
        StreamRecord record = flow.Record();
        Assert.Equal([1, 1, 1, 1, 1, 1, 1], record.DelayVariation);
        Assert.Equal(6, record.Late);
    }

    [Fact]
    public void LastingRiseOfDelay_IsFollowedWithinSeconds()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 1000; i++) flow.Add(new SentPacket((i * 20_000L) + (i >= 500 ? 100_000 : 0), (ushort)i, (uint)(i * 160)));
        Assert.InRange(flow.Record().Late, 100, 160); // ln(100/60) * 256 packets
    }

    [Fact]
    public void TenSecondIntervals_HoldWhatHappenedInThem()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 1500; i++)
        {
            if (i is >= 600 and < 650) continue;
            flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        }

        StreamRecord record = flow.Record();
        Assert.Equal([(0, 500, 0), (10, 450, 50), (20, 500, 0)], record.Intervals.Select(i => ((int)i.StartSecond, (int)i.Packets, (int)i.Lost)));
        Assert.Equal(record.Intervals[1].Mos, record.MosMin);
        Assert.True(record.Intervals[0].Mos > 4.4 && record.Intervals[1].Mos < 3.9);
        Assert.InRange(record.Mos!.Value, record.MosMin!.Value, 4.5);
        Assert.Equal("g107_listening", record.MosBasis);
    }

    [Fact]
    public void LatePacketsAcrossAnIntervalBoundary_AreNotLostAnywhere()
    {
        var flow = new FlowUnderTest();
        int[] order = [.. Enumerable.Range(0, 497), 499, 500, 501, 497, 498, .. Enumerable.Range(502, 300)];
        for (int i = 0; i < order.Length; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)order[i], (uint)(order[i] * 160)));
        StreamRecord record = flow.Record();
        Assert.Equal((0L, 0L), (record.Lost, record.Intervals.Sum(interval => interval.Lost)));
    }

    [Fact]
    public void HoleWithSequenceGap_ScoresAsLoss_InEveryIntervalItCovers()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 500; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        for (int i = 2000; i < 2500; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        StreamRecord record = flow.Record();
        Assert.Equal([0, 10, 20, 30, 40], record.Intervals.Select(interval => (int)interval.StartSecond));
        Assert.Equal(1500, record.Intervals.Sum(interval => interval.Lost));
        Assert.All(record.Intervals.Skip(1).Take(3), interval => Assert.InRange(interval.Lost, 498, 501));
        Assert.All(record.Intervals.Skip(1).Take(3), interval => Assert.True(interval.Mos < 1.5));
        Assert.True(record.MosMin < 1.5);
    }

    [Fact]
    public void HoldWithoutSequenceGap_LeavesNoIntervalAndNoLoss()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 500; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        for (int i = 500; i < 1000; i++) flow.Add(new SentPacket(60_000_000 + (i * 20_000L), (ushort)i, (uint)(480_000 + (i * 160))));
        StreamRecord record = flow.Record();
        Assert.Equal([0, 70], record.Intervals.Select(interval => (int)interval.StartSecond));
        Assert.Equal((0L, 0.0), (record.Lost, record.JitterMillisecondsMax!.Value));
        Assert.True(record.MosMin > 4.4);
    }

    [Fact]
    public void ShortTailWithLoss_IsJudgedWithTheIntervalBefore()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 503; i++)
        {
            if (i != 501) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        }

        StreamRecord record = flow.Record();
        Assert.Equal((10L, 2L, 1L), (record.Intervals[1].StartSecond, record.Intervals[1].Packets, record.Intervals[1].Lost));
        Assert.True(record.MosMin > 4.3);
    }

    [Fact]
    public void ClockStepOfYears_SpoilsNothing()
    {
        var flow = new FlowUnderTest();
        const long years = 24L * 365 * 86_400 * 1_000_000;
        for (int i = 0; i < 1000; i++) flow.Add(new SentPacket((i * 20_000L) + (i is 300 or 301 ? years : 0), (ushort)i, (uint)(i * 160)));
        StreamRecord record = flow.Record();
        Assert.Equal((0L, 0.0), (record.Lost, record.JitterMillisecondsMax!.Value));
        Assert.True(record.DeltaMillisecondsMax <= 60);
        Assert.True(record.Intervals.Count <= 5);
        Assert.Equal(1000, record.Intervals.Sum(interval => interval.Packets));
    }

    [Theory]
    [InlineData(100.0)]
    [InlineData(-200.0)]
    [InlineData(0.0)]
    public void ClockDrift_IsFoundThroughJitter(double ppm)
    {
        var random = new Random(7);
        var flow = new FlowUnderTest();
        for (int i = 0; i < 50 * 180; i++)
        {
            double sentAt = i * 20_000 / (1 + (ppm / 1e6)); // a fast sender sends its 20 ms earlier
            flow.Add(new SentPacket((long)sentAt + random.Next(0, 8_000), (ushort)i, (uint)(i * 160)));
        }

        Assert.InRange(flow.Record().ClockDriftPpm!.Value, ppm - 10, ppm + 10);
    }

    [Fact]
    public void ShortStream_HasNoDrift()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 50 * 40; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)));
        Assert.Null(flow.Record().ClockDriftPpm);
    }

    [Fact]
    public void Octets_LeaveOutHeaderPaddingAndExtension_ButNotWhatCaptureCut()
    {
        var flow = new FlowUnderTest();
        byte[] padded = new SentPacket(0, 1, 0).Datagram();
        padded[0] |= 0x20;
        padded[^1] = 40;
        flow.AddBytes(0, padded);
        byte[] cut = new SentPacket(0, 2, 160).Datagram();
        cut[0] |= 0x20;
        flow.Flow.Add(new RtpPacketView { At = new(FlowUnderTest.Start + 20_000), Payload = cut.AsSpan(0, 30), CutBytes = 142 });
        Assert.Equal(120 + 160, flow.Record().Octets);
    }

    [Fact]
    public void DscpAndTtl_AreRemembered()
    {
        var flow = new FlowUnderTest();
        flow.Add(new SentPacket(0, 1, 0) { Dscp = 46, Ttl = 60 });
        flow.Add(new SentPacket(20_000, 2, 160) { Dscp = 0, Ttl = 59 });
        flow.Add(new SentPacket(40_000, 3, 320) { Dscp = 255, Ttl = 61 });
        StreamRecord record = flow.Record();
        Assert.Equal([0, 46, 63], record.Dscp);
        Assert.Equal((59, 61), (record.TtlMin, record.TtlMax));
    }

    [Fact]
    public void UnknownClock_HasCountsButNoJitterAndNoMos()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 50; i++) flow.Add(new SentPacket(i * 25_000L, (ushort)i, (uint)(i * 160)) { PayloadType = 110 });
        StreamRecord record = flow.Record();
        Assert.Equal((50L, null, null, null), (record.Packets, record.Codec, record.JitterMillisecondsMean, record.Mos));
        Assert.Equal(110, record.PayloadType);
    }

    [Fact]
    public void TimestampJump_IsNoJitter()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 100; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)((i * 160) + (i >= 50 ? 900_000_000 : 0))));
        Assert.Equal(0.0, flow.Record().JitterMillisecondsMax);
    }

    [Fact]
    public void Record_TakenTwice_IsTheSame_AndTheMeterGoesOn()
    {
        var flow = new FlowUnderTest();
        var random = new Random(5);
        for (int i = 0; i < 2000; i++)
        {
            if (random.Next(20) != 0) flow.Add(new SentPacket((i * 20_000L) + random.Next(20_000), (ushort)i, (uint)(i * 160)));
            if (i % 100 == 0) _ = flow.Record();
        }

        var undisturbed = new FlowUnderTest();
        random = new Random(5);
        for (int i = 0; i < 2000; i++)
        {
            if (random.Next(20) != 0) undisturbed.Add(new SentPacket((i * 20_000L) + random.Next(20_000), (ushort)i, (uint)(i * 160)));
        }

        Assert.Equivalent(undisturbed.Record(), flow.Record(), strict: true);
    }
}
