using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Rtp;
using Xunit;

namespace CdrEngine.Calls.Tests.Streams;

/// <summary>Gaps and sound of one stream: what one-way audio is told from.</summary>
public sealed class StreamActivityTests
{
    private static readonly byte[] Quiet = Enumerable.Repeat((byte)0xFF, 160).ToArray();

    [Fact]
    public void Gap_OfFiveSeconds_IsNoted()
    {
        var test = new FlowUnderTest();
        test.Add(new SentPacket(0, 1, 160));
        test.Add(new SentPacket(4_999_999, 2, 320));
        test.Add(new SentPacket(9_999_999, 3, 480));
        StreamGap gap = Assert.Single(test.Record().Gaps);
        Assert.Equal((4_999_999, 9_999_999), (gap.From.Microseconds - FlowUnderTest.Start, gap.To.Microseconds - FlowUnderTest.Start));
    }

    [Theory]
    [InlineData(2, 80_160, true, 0)]
    [InlineData(2, 80_160, false, 1)]
    [InlineData(502, 80_160, true, 1)]
    [InlineData(2, 320, true, 1)]
    public void SilenceSuppression_IsNoGap(int sequence, uint timestamp, bool marker, int gaps)
    {
        var test = new FlowUnderTest();
        test.Add(new SentPacket(0, 1, 160));
        test.Add(new SentPacket(10_000_000, (ushort)sequence, timestamp) { Marker = marker });
        Assert.Equal(gaps, test.Record().Gaps.Count);
    }

    [Fact]
    public void Gaps_OverTheLimit_BecomeOne()
    {
        var test = new FlowUnderTest();
        for (int i = 0; i < 100; i++) test.Add(new SentPacket(i * 6_000_000L, (ushort)i, (uint)(i * 160)));
        IReadOnlyList<StreamGap> gaps = test.Record().Gaps;
        Assert.Equal(64, gaps.Count);
        Assert.Equal(99 * 6_000_000L, gaps[^1].To.Microseconds - FlowUnderTest.Start);
    }

    [Theory]
    [InlineData(0, 0xFF, 0xF7, false)]
    [InlineData(0, 0xFF, 0xF6, true)]
    [InlineData(0, 0x7F, 0x77, false)]
    [InlineData(0, 0x7F, 0x76, true)]
    [InlineData(0, 0xFF, 0x80, true)]
    [InlineData(8, 0xD5, 0xD1, false)]
    [InlineData(8, 0xD5, 0xD0, true)]
    [InlineData(8, 0x55, 0x51, false)]
    [InlineData(8, 0x55, 0x50, true)]
    [InlineData(8, 0xD5, 0xAA, true)]
    public void Sound_IsWhatIsAboveTheFloor(byte payloadType, byte rest, byte peak, bool isLoud)
    {
        for (int place = 0; place < 32; place++)
        {
            byte[] payload = Enumerable.Repeat(rest, 160).ToArray();
            payload[place] = peak;
            var test = new FlowUnderTest();
            test.Add(new SentPacket(0, 1, 160) { PayloadType = payloadType, Payload = payload });
            StreamRecord record = test.Record();
            Assert.True(record.IsSoundKnown);
            Assert.Equal(isLoud, record.LastSoundAt is not null);
        }
    }

    [Fact]
    public void Sound_LastHeard_IsRightWithin200Milliseconds()
    {
        byte[] loud = Enumerable.Repeat((byte)0x20, 160).ToArray();
        var test = new FlowUnderTest();
        for (int i = 0; i < 500; i++) test.Add(new SentPacket(i * 20_000L, (ushort)i, (uint)(i * 160)) { Payload = i is >= 100 and < 250 ? loud : Quiet });
        long last = test.Record().LastSoundAt!.Value.Microseconds - FlowUnderTest.Start;
        Assert.InRange(last, (249 * 20_000) - 201_000, (249 * 20_000) + 1024);
    }

    [Theory]
    [InlineData(9)]
    [InlineData(3)]
    public void Sound_OfOtherCodecs_IsNotKnown(byte payloadType)
    {
        var test = new FlowUnderTest();
        test.Add(new SentPacket(0, 1, 160) { PayloadType = payloadType });
        Assert.False(test.Record().IsSoundKnown);
    }

    [Fact]
    public void Sound_OfAStreamThatChangesCodec_IsNotKnown()
    {
        var test = new FlowUnderTest();
        test.Add(new SentPacket(0, 1, 160) { Payload = Quiet });
        test.Add(new SentPacket(20_000, 2, 320) { PayloadType = 9 });
        test.Add(new SentPacket(40_000, 3, 480) { Payload = Quiet });
        test.Add(new SentPacket(60_000, 4, 640) { Payload = Quiet });
        Assert.False(test.Record().IsSoundKnown);
    }

    [Fact]
    public void Sound_WithEventsAndComfortNoiseBetween_IsKnown()
    {
        var test = new FlowUnderTest(PayloadTypeMap.Static.With([(101, PayloadFormat.Of("telephone-event", 8000))]));
        test.Add(new SentPacket(0, 1, 160) { Payload = Quiet });
        test.Add(new SentPacket(20_000, 2, 320) { PayloadType = 101, Payload = [1, 10, 0, 160] });
        test.Add(new SentPacket(40_000, 3, 480) { PayloadType = 13, Payload = [60] });
        test.Add(new SentPacket(60_000, 4, 640) { Payload = Quiet });
        StreamRecord record = test.Record();
        Assert.Equal((true, (Timestamp?)null), (record.IsSoundKnown, record.LastSoundAt));
    }
}
