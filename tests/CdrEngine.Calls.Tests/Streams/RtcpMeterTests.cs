using System.Buffers.Binary;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

public sealed class RtcpMeterTests
{
    private const uint A = 0xAAAAAAAA;
    private const uint B = 0xBBBBBBBB;
    private static readonly Endpoint EndA = new(IpAddress.FromV4(0x0A000001), 4001);
    private static readonly Endpoint EndB = new(IpAddress.FromV4(0x0A000002), 5001);

    [Fact]
    public void RoundTrip_IsTheSumOfBothHalves()
    {
        // A's report passes here at 10 ms, B answers after 5 ms of thought, its answer passes at 55 ms: 40 ms to B and back.
        var meter = new RtcpMeter(new StreamLimits());
        meter.Add(At(10), EndA, EndB, SenderReport(A, 0x1234_5678_0000_0000, 50));
        meter.Add(At(55), EndB, EndA, Join(SenderReport(B, 0x2234_5678_0000_0000, 40, (A, 64, 3, 160, 0x5678_0000, 5))));

        // B's report passed at 55 ms; A answers after 10 ms of thought, passing at 85 ms: 20 ms to A and back.
        meter.Add(At(85), EndA, EndB, SenderReport(A, 0x1234_5679_0000_0000, 60, (B, 0, -1, 80, 0x5678_0000, 10)));
        RtcpRecord ofA = meter.ToRecord(A, EndA.Address, EndB.Address, 125)!;
        Assert.Equal(40, ofA.RoundTripToReceiverMilliseconds!.Value, 0.05);
        Assert.Equal(20, ofA.RoundTripToSenderMilliseconds!.Value, 0.05);
        Assert.Equal(60, ofA.RoundTripMilliseconds!.Value, 0.1);
        Assert.Equal((1L, 25.0, 3L, 20.0, 60L, 60L * 160), (ofA.Reports, ofA.LossPercentLast, ofA.CumulativeLost, ofA.JitterMilliseconds, ofA.SenderPackets, ofA.SenderOctets));
        RtcpRecord ofB = meter.ToRecord(B, EndB.Address, EndA.Address, 125)!;
        Assert.Equal((-1L, 10.0), (ofB.CumulativeLost, ofB.JitterMilliseconds));
        Assert.Equal(60, ofB.RoundTripMilliseconds!.Value, 0.1);
    }

    [Fact]
    public void ReceiverWithoutMedia_IsTimedByExtendedReports()
    {
        var meter = new RtcpMeter(new StreamLimits());
        byte[] reference = Words(0x80CF0004, B, 0x04000002, 0x0001_2222, 0x3333_0000);
        byte[] answer = Words(0x80CF0005, A, 0x05000003, B, 0x2222_3333, 65_536 / 10);
        meter.Add(At(0), EndB, EndA, reference);
        meter.Add(At(130), EndA, EndB, answer);
        meter.Add(At(131), EndA, EndB, SenderReport(A, 1, 1));
        Assert.Equal(30, meter.ToRecord(A, EndA.Address, EndB.Address, 125)!.RoundTripToSenderMilliseconds!.Value, 0.1);
        Assert.Null(meter.ToRecord(A, EndA.Address, EndB.Address, 125)!.RoundTripMilliseconds);
    }

    [Theory]
    [InlineData(0x5678_0000u, 50, null)] // longer thought than time passed
    [InlineData(0x1111_1111u, 5, null)] // echo of a report that never passed here
    [InlineData(0u, 0, null)] // no report heard yet
    [InlineData(0x5678_0000u, 45, 0.0)]
    public void RoundTrip_OfNonsense_IsLeftOut(uint echo, int thoughtMilliseconds, double? expected)
    {
        var meter = new RtcpMeter(new StreamLimits());
        meter.Add(At(10), EndA, EndB, SenderReport(A, 0x1234_5678_0000_0000, 50));
        meter.Add(At(55), EndB, EndA, SenderReport(B, 1, 1, (A, 0, 0, 0, echo, thoughtMilliseconds)));
        double? actual = meter.ToRecord(A, EndA.Address, EndB.Address, 125)!.RoundTripToReceiverMilliseconds;
        Assert.Equal(expected is null, actual is null);
        if (expected is { } value) Assert.Equal(value, actual!.Value, 0.1);
    }

    [Fact]
    public void SameSsrc_OnBothSidesOfABridge_IsKeptApart()
    {
        var endC = new Endpoint(IpAddress.FromV4(0x0A000003), 6001);
        var meter = new RtcpMeter(new StreamLimits());
        meter.Add(At(0), EndB, EndA, SenderReport(B, 1, 1, (A, 10, 1, 0, 0, 0)));
        meter.Add(At(0), endC, EndB, SenderReport(0xC, 1, 1, (A, 20, 2, 0, 0, 0)));
        Assert.Equal(1, meter.ToRecord(A, EndA.Address, EndB.Address, 0)!.CumulativeLost);
        Assert.Equal(2, meter.ToRecord(A, EndB.Address, endC.Address, 0)!.CumulativeLost);
        Assert.Null(meter.ToRecord(A, endC.Address, EndA.Address, 0));
    }

    [Fact]
    public void Sources_OverTheLimit_PushOutTheLeastMentioned()
    {
        var meter = new RtcpMeter(new StreamLimits { RtcpSources = 4 });
        for (int i = 0; i < 5; i++) meter.Add(At(i), EndA, EndB, SenderReport(A, 1, (uint)i));
        for (uint junk = 100; junk < 150; junk++) meter.Add(At(junk), EndA, EndB, SenderReport(junk, 1, 1));
        Assert.Equal(4, meter.ToRecord(A, EndA.Address, EndB.Address, 0)!.SenderPackets);
        Assert.Null(meter.ToRecord(100, EndA.Address, EndB.Address, 0));
        Assert.NotNull(meter.ToRecord(149, EndA.Address, EndB.Address, 0));
    }

    [Fact]
    public void MuxedRtcp_ReachesTheStreamsRecord()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 10; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { Ssrc = A });
        Assert.Equal(RtpOutcome.Rtcp, flow.AddBytes(200_000, SenderReport(A, 1, 10)));
        byte[] bye = Words(0x81CB0001, A);
        flow.AddBytes(210_000, bye);
        RtcpRecord rtcp = flow.Record().Rtcp!;
        Assert.Equal((0L, 10L, null), (rtcp.Reports, rtcp.SenderPackets, rtcp.LossPercentLast));
        Assert.Equal(new Timestamp(FlowUnderTest.Start + 210_000), rtcp.ByeAt);
    }

    [Fact]
    public void KnownRoundTrip_MakesMosConversational()
    {
        var flow = new FlowUnderTest();
        for (int i = 0; i < 100; i++) flow.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { Ssrc = A });
        double listening = flow.Record().Mos!.Value;
        Endpoint from = FlowUnderTest.From, to = FlowUnderTest.To;
        Timestamp Later(int milliseconds) => new(FlowUnderTest.Start + (milliseconds * 1000L));
        flow.Rtcp.Add(Later(0), from, to, SenderReport(A, 0x1234_5678_0000_0000, 50));
        flow.Rtcp.Add(Later(400), to, from, SenderReport(B, 0x2234_5678_0000_0000, 40, (A, 0, 0, 0, 0x5678_0000, 0)));
        flow.Rtcp.Add(Later(700), from, to, SenderReport(A, 0x1234_5679_0000_0000, 60, (B, 0, 0, 0, 0x5678_0000, 0)));
        StreamRecord record = flow.Record();
        Assert.Equal("g107_conversational", record.MosBasis);
        Assert.Equal(700, record.Rtcp!.RoundTripMilliseconds!.Value, 0.1);
        Assert.True(record.Mos < listening - 0.5);
    }

    private static Timestamp At(long milliseconds) => new(FlowUnderTest.Start + (milliseconds * 1000));

    private static byte[] Join(params byte[][] packets) => [.. packets.SelectMany(packet => packet)];

    private static byte[] SenderReport(
        uint ssrc, ulong ntp, uint packets, params (uint Ssrc, byte Fraction, int Lost, uint Jitter, uint Echo, int ThoughtMilliseconds)[] blocks)
    {
        var words = new List<uint>
        {
            0x80C80000 | ((uint)blocks.Length << 24) | (uint)(6 + (blocks.Length * 6)), ssrc, (uint)(ntp >> 32), (uint)ntp, 0, packets, packets * 160,
        };
        foreach ((uint about, byte fraction, int lost, uint jitter, uint echo, int thought) in blocks)
        {
            words.AddRange([about, ((uint)fraction << 24) | ((uint)lost & 0xFFFFFF), 0, jitter, echo, (uint)(thought * 65.536)]);
        }

        return Words([.. words]);
    }

    private static byte[] Words(params uint[] words)
    {
        byte[] bytes = new byte[words.Length * 4];
        for (int i = 0; i < words.Length; i++) BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * 4), words[i]);
        return bytes;
    }
}
