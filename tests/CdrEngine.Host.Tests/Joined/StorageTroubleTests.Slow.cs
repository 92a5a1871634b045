using CdrEngine.Host.Joined;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

// A disk that takes most of a second for what it is told, again and again.
public sealed partial class StorageTroubleTests
{
    [SlowDiskFact]
    public void Disk_OfRecordsSlow_HoldsNobodyUp_AndLosesNothing()
    {
        using var rig = new Rig();
        using var disk = new SlowDisk(DataFolder.Records(rig.Folder));
        rig.Start();
        rig.Call(20);
        rig.Await(() => rig.Counter("storage", "inserted") >= 20);
        disk.Slow();
        rig.Call(400);

        // What finds no room in the queue waits on another disk, and capture goes on.
        rig.Await(() => rig.Counter("packets", "calls_opened") >= 420 && rig.Counter("storage", "outboxed") > 0);
        rig.Call(100);
        rig.Await(() => rig.Counter("packets", "calls_opened") >= 520 && rig.Counter("storage", "inserted") > 40);
        Assert.True(disk.Stalls > 2, $"it stalled {disk.Stalls} times");
        disk.Fast();
        rig.End("records");
    }

    [SlowDiskFact]
    public void Disk_OfPacketsSlow_CostsTimeAndNoRecord()
    {
        using var rig = new Rig("packet-log.flush=200ms");
        using var disk = new SlowDisk(DataFolder.Packets(rig.Folder));
        rig.Start();
        disk.Slow();
        rig.Call(300);

        // Records wait for their packets as long as the disk takes them; none is left out.
        rig.Await(() => rig.Counter("storage", "inserted") >= 300);
        Assert.True(disk.Stalls > 1, $"it stalled {disk.Stalls} times");
        disk.Fast();
        rig.End("packets");
    }
}
