using CdrEngine.Api.Statistics;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.Host.Upkeep;
using CdrEngine.PacketLog;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Upkeep;

public sealed class EmergencyTests : IDisposable
{
    private readonly UpkeepRig _rig = new("recording.policy=always");

    public void Dispose() => _rig.Dispose();

    [SmallDiskFact]
    public void NearlyFullDisk_LosesMediaThenRecordingsThenSignalling_NeverRecordsNorWhatIsHeld()
    {
        using var disk = new SmallDisk(32);
        _rig.Data = Path.Combine(disk.Path, "data");
        _rig.Import(UpkeepRig.Demo);
        SortedDictionary<string, string> calls = _rig.Calls();
        string held = calls.First(static call => call.Value.Contains("06-held", StringComparison.Ordinal)).Key;
        _rig.Do("hold", "place", held, "--reason", "case");
        byte[] packets = _rig.Pcap(held);
        (long free, _) = EmergencyPurge.Space(_rig.Data);
        using (var ballast = new FileStream(Path.Combine(disk.Path, "ballast"), FileMode.CreateNew)) ballast.Write(new byte[free - (1 << 20)]);
        int recordings = Recordings();

        // 1. A part of the media is enough.
        var told = new List<string>();
        var board = new StatisticsBoard();
        Assert.Null(new Retention(Settings(0), told.Add, board).MakeRoom());
        EmergencyReport report = MakeRoom(Free() + 300_000, told, board);
        Assert.True(report.IsEnough);
        Assert.InRange(report.Summary["rtp_packets", "disk"], 1, 5);
        Assert.Equal(0, report.Summary["recordings", "disk"] + report.Summary["sip_packets", "disk"]);
        Assert.Equal(1, report.Summary["held_calls", "copied"]);
        Assert.Equal(recordings, Recordings());
        Assert.Contains(told, static line => line.StartsWith("retention: disk nearly full", StringComparison.Ordinal));
        Assert.Equal(1, board.Read().Single(static counter => counter is { Area: "retention", Name: "emergencies" }).Value);

        // 2. All media, then recordings.
        long media = SegmentFile.List(DataFolder.Packets(_rig.Data)).Where(static file => file.Id.Kind == PacketKind.Rtp && file.Id.Shard != SegmentId.HeldShard).Sum(static file => file.Bytes);
        report = MakeRoom(Free() + media - 50_000, told, board);
        Assert.True(report.Summary["recordings", "disk"] > 0);
        Assert.True(Recordings() < recordings);
        Assert.DoesNotContain(SegmentFile.List(DataFolder.Packets(_rig.Data)), static file => file.Id.Kind == PacketKind.Rtp && file.Id.Shard != SegmentId.HeldShard);

        // 3. All that may go, and still not enough: it is told, and records stay.
        var last = new Retention(Settings(30 << 20), told.Add, board);
        report = last.MakeRoom()!;
        Assert.False(report.IsEnough);
        Assert.NotNull(last.Unready);
        Assert.NotNull(last.Note);
        Assert.True(report.Summary["sip_packets", "disk"] > 0);
        Assert.All(SegmentFile.List(DataFolder.Packets(_rig.Data)), static file => Assert.Equal(SegmentId.HeldShard, file.Id.Shard));
        Assert.Equal(calls.Keys, _rig.Calls().Keys);
        Assert.Equal(packets, _rig.Pcap(held));
        Assert.Single(Directory.GetFiles(Path.Combine(_rig.Data, "recordings"), "*.mp3", SearchOption.AllDirectories));
        Assert.Empty(_rig.Json("verify").GetProperty("faults").EnumerateArray());
        File.Delete(Path.Combine(disk.Path, "ballast"));
        Assert.Null(new Retention(Settings(1 << 20), told.Add, board).MakeRoom());
    }

    private int Recordings() => Directory.GetFiles(Path.Combine(_rig.Data, "recordings"), "*.mp3", SearchOption.AllDirectories).Length;

    private long Free() => EmergencyPurge.Space(_rig.Data).Free;

    private EmergencyReport MakeRoom(long wanted, List<string> told, StatisticsBoard board)
    {
        // A tenth more than is wanted is made.
        EmergencyReport? report = new Retention(Settings(wanted), told.Add, board).MakeRoom();
        Assert.NotNull(report);
        return report;
    }

    private Settings Settings(long minFree) => SettingsLoader.Load(
        new SettingsFlags { DataDirectory = _rig.Data, Set = [$"retention.min-free={minFree}", "retention.min-free-percent=0"] }, static _ => null);
}
