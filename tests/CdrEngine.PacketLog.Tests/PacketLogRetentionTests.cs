using CdrEngine.Core;
using Xunit;

namespace CdrEngine.PacketLog.Tests;

public sealed class PacketLogRetentionTests
{
    [Fact]
    public void Plan_ByAge_TakesWholeSegmentsOverItByKind()
    {
        SegmentFile[] files = [File(PacketKind.Rtp, 0, 10), File(PacketKind.Sip, 0, 10), File(PacketKind.Rtp, 59, 10), File(PacketKind.Rtp, 60, 10)];
        var policy = new PacketLogRetentionPolicy { RtpAge = TimeSpan.FromHours(1) };
        Assert.Equal([files[0], files[2]], PacketLogRetention.Plan(files, policy, Frames.Noon + TimeSpan.FromMinutes(120)));
        Assert.Equal([files[0]], PacketLogRetention.Plan(files, policy, Frames.Noon + TimeSpan.FromMinutes(119)));
        Assert.Empty(PacketLogRetention.Plan(files, new PacketLogRetentionPolicy(), Frames.Noon + TimeSpan.FromDays(999)));
    }

    [Fact]
    public void Plan_BySize_TakesTheOldestMediaAndSparesSignalling()
    {
        SegmentFile[] files = [File(PacketKind.Sip, 0, 10), File(PacketKind.Rtp, 0, 100), File(PacketKind.Sip, 1, 10), File(PacketKind.Rtp, 1, 100)];
        Assert.Equal([files[1]], PacketLogRetention.Plan(files, new PacketLogRetentionPolicy { TotalBytes = 150 }, Frames.Noon));
        Assert.Equal([files[1], files[3]], PacketLogRetention.Plan(files, new PacketLogRetentionPolicy { TotalBytes = 40 }, Frames.Noon));
        Assert.Equal([files[1]], PacketLogRetention.Plan(files, new PacketLogRetentionPolicy { BytesToFree = 1 }, Frames.Noon));
        Assert.Empty(PacketLogRetention.Plan(files, new PacketLogRetentionPolicy { TotalBytes = 220 }, Frames.Noon));
    }

    [Fact]
    public void Plan_WhenSignallingIsMoreThanHalf_TakesSignallingToo()
    {
        SegmentFile[] files = [File(PacketKind.Sip, 0, 100), File(PacketKind.Sip, 1, 100), File(PacketKind.Rtp, 0, 100)];
        Assert.Equal([files[0]], PacketLogRetention.Plan(files, new PacketLogRetentionPolicy { TotalBytes = 200 }, Frames.Noon));
    }

    [Fact]
    public void Plan_OfASegmentBeingWritten_NeverTakesIt()
    {
        SegmentFile[] files = [File(PacketKind.Rtp, 0, 1000, open: true), File(PacketKind.Rtp, 1, 10)];
        var policy = new PacketLogRetentionPolicy { RtpAge = TimeSpan.Zero, SipAge = TimeSpan.Zero, TotalBytes = 0, BytesToFree = 1 << 30 };
        Assert.Equal([files[1]], PacketLogRetention.Plan(files, policy, Frames.Noon + TimeSpan.FromDays(1)));
    }

    [Fact]
    public void Execute_OfAPlan_RemovesFilesAndEmptyDays()
    {
        using var folder = new LogFolder();
        using PacketLogFolder log = PacketLogFolder.Open(folder.Path);
        using PacketLogShard shard = log.OpenShard(0);
        CallChunks call = shard.Open(Frames.Key);
        for (int day = 0; day < 3; day++)
        {
            call.Append(PacketKind.Rtp, Frames.Packet(day + 1, Frames.Noon + TimeSpan.FromDays(day), [1]));
            call.Seal();
        }

        shard.Flush();
        List<SegmentFile> files = SegmentFile.List(folder.Path);
        Assert.Equal([false, false, true], files.Select(file => file.IsOpen));
        RetentionReport report = PacketLogRetention.Execute(
            PacketLogRetention.Plan(files, new PacketLogRetentionPolicy { RtpAge = TimeSpan.Zero }, Frames.Noon + TimeSpan.FromDays(30)));
        Assert.Equal(2, report.Segments);
        Assert.Equal(files[0].Bytes + files[1].Bytes, report.Bytes);
        Assert.Empty(report.Lines);
        Assert.Equal(["2026-11-22", "runs"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName).Order());
    }

    private static SegmentFile File(PacketKind kind, int minute, long bytes, bool open = false)
    {
        var id = new SegmentId(kind, 0, SegmentId.MinuteOf(Frames.Noon) + (uint)minute, 1, 0);
        return new SegmentFile(id, id.PathBelow("/log"), bytes, open);
    }
}
