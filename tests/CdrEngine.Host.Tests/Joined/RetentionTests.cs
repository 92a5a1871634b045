using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Upkeep;
using CdrEngine.PacketLog;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

public sealed class RetentionTests : IDisposable
{
    private static readonly Timestamp Captured = Timestamp.FromUnix(1_795_000_000, 0);
    private readonly string _data = Directory.CreateTempSubdirectory("retention").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public void PacketsOverAge_Go_MediaBeforeSignalling()
    {
        Log(PacketKind.Sip);
        Log(PacketKind.Rtp);
        var retention = new Retention(Settings(), static _ => { });
        Assert.Equal(0, Gone(retention.CarryOut(Captured + TimeSpan.FromHours(1))));
        Assert.Equal(1, Gone(retention.CarryOut(Captured + TimeSpan.FromHours(3))));
        Assert.Equal(PacketKind.Sip, Assert.Single(SegmentFile.List(DataFolder.Packets(_data))).Id.Kind);
        Assert.Equal(1, Gone(retention.CarryOut(Captured + TimeSpan.FromHours(9))));
    }

    [Fact]
    public void NoFolderYet_IsNoFault()
    {
        var told = new List<string>();
        Assert.Equal(0, Gone(new Retention(Settings(), told.Add).CarryOut(Captured)));
        Assert.Empty(told);
    }

    private static long Gone(RetentionSummary summary) => summary.Items.Sum(static item => item.Items);

    private Settings Settings() => SettingsLoader.Load(
        new SettingsFlags { DataDirectory = _data, Set = ["packet-log.retention.rtp-age=2h", "packet-log.retention.sip-age=8h"] }, static _ => null);

    private void Log(PacketKind kind)
    {
        using PacketLogFolder folder = PacketLogFolder.Open(DataFolder.Packets(_data));
        using PacketLogShard shard = folder.OpenShard(0);
        using CallChunks chunks = shard.Open(CallKey.Of("call"u8));
        shard.Advance(Captured);
        chunks.Append(kind, new CapturedPacket { CapturedAt = Captured, LinkType = LinkType.Ethernet, OriginalLength = 60, Bytes = new byte[60], Sequence = 1 });
    }
}
