using CdrEngine.Host.Joined;
using Xunit;

namespace CdrEngine.Host.Tests.Joined;

// A disk that stands still again and again, each time until more has come than the queue holds.
public sealed partial class StorageTroubleTests
{
    private const int Stalls = 4;

    [SlowDiskFact]
    public void Disk_OfRecordsSlow_HoldsNobodyUp_AndLosesNothing()
    {
        using var rig = new Rig();
        using var disk = new SlowDisk(DataFolder.Records(rig.Folder));
        rig.Start();
        rig.Call(20);
        rig.Await(() => rig.Counter("storage", "inserted") >= 20);
        for (int stall = 1; stall <= Stalls; stall++)
        {
            disk.Freeze();
            long outboxed = rig.Counter("storage", "outboxed");
            rig.Call(130);

            // What finds no room in the queue waits on another disk, and capture goes on.
            rig.Await(() => rig.Counter("packets", "calls_opened") >= 20 + (stall * 130) && rig.Counter("storage", "outboxed") > outboxed);
            long inserted = rig.Counter("storage", "inserted");
            disk.Thaw();
            rig.Await(() => rig.Counter("storage", "inserted") > inserted);
        }

        rig.End("records");
    }

    [SlowDiskFact]
    public void Disk_OfPacketsSlow_CostsTimeAndNoRecord()
    {
        using var rig = new Rig("packet-log.flush=200ms");
        using var disk = new SlowDisk(DataFolder.Packets(rig.Folder));
        rig.Start();
        for (int stall = 1; stall <= Stalls; stall++)
        {
            disk.Freeze();
            rig.Call(100);
            rig.Await(() => rig.Counter("packets", "calls_opened") >= stall * 100);
            disk.Thaw();
        }

        // Records wait for their packets as long as the disk takes them; none is left out.
        rig.Await(() => rig.Counter("storage", "inserted") >= Stalls * 100);
        rig.End("packets");
    }
}
