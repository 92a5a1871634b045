using CdrEngine.Host.Parts;
using CdrEngine.Host.Progress;
using Xunit;

namespace CdrEngine.Host.Tests.Progress;

public sealed class ProgressMeterTests
{
    [Fact]
    public void View_OfAKnownSize_TellsShareSpeedAndTimeLeft()
    {
        var clock = new TestClock();
        var meter = new ProgressMeter(clock);
        clock.Advance(TimeSpan.FromSeconds(4));
        ProgressView view = meter.See(new ProgressImage(420_000_000, 1_000_000_000, 6_000_000, 12_000, "/captures/trunk.pcap", 0).Value);
        Assert.Equal(0.42, view.Fraction);
        Assert.Equal(1_500_000, view.PacketsPerSecond);
        Assert.Equal(" 42%  420.0 MB of 1.0 GB, 1,500,000 packets/s, 12,000 calls, 00:00:06 left  trunk.pcap", view.Line());
    }

    [Fact]
    public void View_OfAnUnknownSize_TellsNeitherShareNorTimeLeft()
    {
        var clock = new TestClock();
        var meter = new ProgressMeter(clock);
        clock.Advance(TimeSpan.FromSeconds(1));
        ProgressView view = meter.See(new ProgressImage(1_000, -1, 10, 1, null, 1).Value);
        Assert.Null(view.Fraction);
        Assert.Null(view.Left);
        Assert.Equal("1.0 kB, 10 packets/s, 1 calls, 1 fault", view.Line());
    }

    [Fact]
    public void Speed_IsThatOfTheLastSeconds()
    {
        var clock = new TestClock();
        var meter = new ProgressMeter(clock);
        ProgressView view = meter.See(new ImportProgress());
        for (int second = 1; second <= 60; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            long packets = second <= 30 ? second * 1_000 : 30_000 + ((second - 30) * 100);
            view = meter.See(new ProgressImage(packets, 33_000, packets, 0, null, 0).Value);
        }

        Assert.Equal(100, view.PacketsPerSecond);
        Assert.Equal(TimeSpan.Zero, view.Left);
    }

    [Fact]
    public void FileName_WithControlCharacters_IsEscaped()
    {
        ProgressView view = new ProgressMeter(new TestClock()).See(new ProgressImage(0, 10, 0, 0, "x\e[2J.pcap", 0).Value);
        Assert.EndsWith("x\\x1b[2J.pcap", view.Line(), StringComparison.Ordinal);
    }

    private sealed record ProgressImage(long Bytes, long Total, long Packets, long Calls, string? File, int Faults)
    {
        public ImportProgress Value => new() { Bytes = Bytes, TotalBytes = Total, Packets = Packets, Calls = Calls, CurrentFile = File, Faults = Faults };
    }
}

/// <summary>A clock that moves only when told.</summary>
internal sealed class TestClock : TimeProvider
{
    private long _ticks = 7;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _ticks;

    public void Advance(TimeSpan time) => _ticks += time.Ticks;
}
