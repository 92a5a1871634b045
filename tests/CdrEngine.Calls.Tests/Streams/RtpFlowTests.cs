using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

public sealed class RtpFlowTests
{
    [Fact]
    public void OtherTraffic_IsNamed_AndNoStream()
    {
        var flow = new FlowUnderTest();
        Assert.Equal(RtpOutcome.NotRtp, flow.AddBytes(0, [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        Assert.Equal(RtpOutcome.NotRtp, flow.AddBytes(0, [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]));
        Assert.Equal(RtpOutcome.NotRtp, flow.AddBytes(0, [0x10, 0, 0, 1, 0x5A, 0x52, 0x54, 0x50]));
        Assert.Equal(RtpOutcome.NotRtp, flow.AddBytes(0, [0x40, 0, 0, 1, 9, 0, 0, 0]));
        Assert.Equal(RtpOutcome.NotRtp, flow.AddBytes(0, [0, 0]));
        Assert.Equal(RtpOutcome.NotRtp, flow.AddBytes(0, [0x9F, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])); // extension past the end
        Assert.Equal(RtpOutcome.Rtcp, flow.AddBytes(0, [0x80, 201, 0, 1, 0, 0, 0, 1]));
        Assert.Empty(flow.Flow.Streams);
        Assert.Null(flow.Flow.FirstAt);
        Assert.Equal(
            (1L, 1L, 1L, 1L, 1L, 1L, 1L),
            (flow.Counters[StreamCounter.Stun], flow.Counters[StreamCounter.Dtls], flow.Counters[StreamCounter.Zrtp], flow.Counters[StreamCounter.TurnChannel],
                flow.Counters[StreamCounter.Unknown], flow.Counters[StreamCounter.RtpMalformed], flow.Counters[StreamCounter.RtcpMuxed]));
    }

    [Fact]
    public void SsrcOverTheLimit_TakesTheRoomOfJunk_ElseIsRefused()
    {
        var flow = new FlowUnderTest(limits: new StreamLimits { StreamsPerFlow = 4 });
        for (uint ssrc = 1; ssrc <= 4; ssrc++)
        {
            for (int i = 0; i < (ssrc == 3 ? 2 : 10); i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { Ssrc = ssrc });
        }

        for (int i = 0; i < 10; i++) Assert.Equal(RtpOutcome.Counted, flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { Ssrc = 9 }));
        Assert.Equal([1u, 2u, 4u, 9u], flow.Records().Select(record => record.Ssrc));
        Assert.Equal(RtpOutcome.Refused, flow.Add(new SentPacket(0, 1, 0) { Ssrc = 10 }));
        Assert.Equal((1L, 1L, 1L), (flow.Flow.Refused, flow.Counters[StreamCounter.SsrcLimit], flow.Counters[StreamCounter.StreamsEvicted]));
    }

    [Fact]
    public void Flow_KnowsItsSpanAndSide()
    {
        var flow = new FlowUnderTest();
        flow.Flow.MediaIndex = 2;
        flow.Add(new SentPacket(1_000, 1, 0));
        flow.Add(new SentPacket(21_000, 2, 160));
        Assert.Equal((new Timestamp(FlowUnderTest.Start + 1_000), new Timestamp(FlowUnderTest.Start + 21_000)), (flow.Flow.FirstAt!.Value, flow.Flow.LastAt!.Value));
        StreamRecord record = flow.Record();
        Assert.Equal((PartySide.Caller, 2, FlowUnderTest.From, FlowUnderTest.To), (record.From, record.MediaIndex, record.Source, record.Destination));
        Assert.Equal((flow.Flow.FirstAt.Value, flow.Flow.LastAt.Value), (record.StartedAt, record.EndedAt));
    }

    [Fact]
    public void SteadyStream_AllocatesNothing()
    {
        var flow = new FlowUnderTest();
        byte[][] datagrams = [.. Enumerable.Range(0, 400).Select(i => new SentPacket(0, (ushort)i, (uint)(i * 160)).Datagram())];
        void Feed(int from, int to)
        {
            for (int i = from; i < to; i++)
            {
                flow.Flow.Add(new RtpPacketView { At = new Timestamp(FlowUnderTest.Start + (i * 20_000L)), Payload = datagrams[i], IpIdentification = (uint)i });
            }
        }

        Feed(0, 100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Feed(100, 400);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void ManyFlows_StayWithinTheirMemory()
    {
        const int flows = 2_000;
        byte[] datagram = new SentPacket(0, 1, 0).Datagram();
        var kept = new RtpFlow[flows];
        var limits = new StreamLimits();
        var counters = new Counters<StreamCounter>();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < flows; i++)
        {
            kept[i] = new RtpFlow(FlowUnderTest.From, FlowUnderTest.To, PayloadTypeMap.Static, limits, counters);
            kept[i].Add(new RtpPacketView { At = new Timestamp(FlowUnderTest.Start), Payload = datagram });
        }

        long each = (GC.GetAllocatedBytesForCurrentThread() - before) / flows;
        Assert.InRange(each, 100, 1_100); // 20,000 calls with four streams each: 90 MB
        GC.KeepAlive(kept);
    }
}
