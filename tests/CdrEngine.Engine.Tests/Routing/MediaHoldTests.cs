using CdrEngine.Core;
using CdrEngine.Engine.Routing;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Engine.Tests.Routing;

public sealed class MediaHoldTests
{
    private const int Size = 100;

    [Fact]
    public void Packets_AreGivenBackByEitherEnd_Once()
    {
        var hold = new MediaHold(new MediaHoldLimits());
        Add(hold, 1, 2, 0);
        Add(hold, 1, 3, 0.1);
        Add(hold, 4, 5, 0.2);
        Assert.True(hold.TryTake(Phone(1), out HeldPair[] pairs));
        Assert.Equal([(Phone(1), Phone(2)), (Phone(1), Phone(3))], pairs.Select(static pair => (pair.Source, pair.Destination)));
        Assert.Equal([1, 1], pairs.Select(static pair => pair.Packets.Count));
        Assert.False(hold.TryTake(Phone(1), out _));
        Assert.False(hold.TryTake(Phone(2), out _));
        Assert.True(hold.TryTake(Phone(5), out _));
        Assert.Equal((0, 0L, 0L), (hold.Pairs, hold.Expired, hold.Refused));
    }

    [Fact]
    public void Pairs_OverTheLimit_AreRefused_UntilOthersAreOld()
    {
        var hold = new MediaHold(new MediaHoldLimits { MaxPairs = 10 });
        for (int i = 0; i < 15; i++) Add(hold, 100 + i, 1, 0);
        Assert.Equal((10, 5L), (hold.Pairs, hold.Refused));
        Add(hold, 200, 1, 5.1);
        Assert.Equal((1, 5L, 10L), (hold.Pairs, hold.Refused, hold.Expired));
    }

    [Fact]
    public void Bytes_OfOnePair_AreBounded()
    {
        int frame = FrameBuffer.FrameHeaderBytes + Size;
        var hold = new MediaHold(new MediaHoldLimits { MaxBytesPerPair = 10 * frame });
        for (int i = 0; i < 30; i++) Add(hold, 1, 2, i * 0.01);
        Assert.Equal(20, hold.Refused);
        Assert.True(hold.TryTake(Phone(2), out HeldPair[] pairs));
        Assert.Equal(10, pairs.Single().Packets.Count);
    }

    [Fact]
    public void Bytes_OfAll_AreBounded_AndGivenFreeAgain()
    {
        int frame = FrameBuffer.FrameHeaderBytes + Size;
        var hold = new MediaHold(new MediaHoldLimits { MaxBytes = 10 * frame });
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 20; i++) Add(hold, i, 50, round);
            Assert.Equal(10 * (round + 1), hold.Refused);
            Assert.True(hold.TryTake(Phone(50), out HeldPair[] pairs));
            Assert.Equal(10, pairs.Sum(static pair => pair.Packets.Count));
            Assert.Equal(0, hold.Pairs);
        }
    }

    [Fact]
    public void Bytes_OfExpiredPackets_AreGivenFreeAgain()
    {
        int frame = FrameBuffer.FrameHeaderBytes + Size;
        var hold = new MediaHold(new MediaHoldLimits { MaxBytes = 20 * frame });

        // One pair that never falls silent: its packets age, and the room for them comes back.
        for (int i = 0; i < 1000; i++) Add(hold, 1, 2, i);
        Assert.Equal(0, hold.Refused);
        Assert.True(hold.TryTake(Phone(1), out HeldPair[] pairs));
        Assert.InRange(pairs.Single().Packets.Count + pairs.Single().OlderPackets.Count, 6, 12);
        Assert.Equal(1000, hold.Expired + pairs.Single().Packets.Count + pairs.Single().OlderPackets.Count);
    }

    [Fact]
    public void Everything_IsCountedOnce()
    {
        var random = new Random(5);
        var hold = new MediaHold(new MediaHoldLimits { MaxPairs = 20, MaxBytesPerPair = 2000, MaxBytes = 20_000 });
        long taken = 0;
        double now = 0;
        const int steps = 20_000;
        for (int i = 0; i < steps; i++)
        {
            now += random.NextDouble() * 0.05;
            Add(hold, random.Next(40), 100 + random.Next(3), now);
            if (random.Next(50) > 0 || !hold.TryTake(Phone(random.Next(40)), out HeldPair[] pairs)) continue;
            taken += pairs.Sum(static pair => pair.Packets.Count + pair.OlderPackets.Count);
            foreach (HeldPair pair in pairs) pair.Dispose();
        }

        hold.Clear();
        Assert.Equal(0, hold.Pairs);
        Assert.True(taken > 0 && hold.Refused > 0 && hold.Expired > 0);
        Assert.Equal(steps, taken + hold.Refused + hold.Expired);
    }

    private static void Add(MediaHold hold, int source, int destination, double at)
    {
        Timestamp time = Scene.Time(at);
        hold.Add(Phone(source), Phone(destination), PacketBuilder.Captured(new byte[Size], time), new HeldPacket(1, time, 0, Size, 0, 0, 0, 0));
    }

    private static Endpoint Phone(int index) => new(IpAddress.FromV4(0x0A00_0000u + (uint)index), 4000);
}
