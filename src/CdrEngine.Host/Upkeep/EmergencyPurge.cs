using System.Globalization;
using CdrEngine.Core;
using CdrEngine.Host.Configuration;
using CdrEngine.PacketLog;

namespace CdrEngine.Host.Upkeep;

/// <summary>Makes room before the disk is full: media packets first, oldest first, then recordings, then packets of SIP. Never records, and nothing that is held.</summary>
/// <param name="stores">The data folder.</param>
/// <param name="audit">The audit; where the disk lets nothing be written any more it goes on without.</param>
/// <param name="space">Bytes free and in all of the disk; null for that of the data folder.</param>
internal sealed class EmergencyPurge(UpkeepStores stores, UpkeepAudit audit, Func<(long Free, long Total)>? space = null)
{
    private readonly Func<(long Free, long Total)> _space = space ?? (() => Space(stores.Settings.DataDirectory));

    /// <summary>Bytes that are to be free on a disk of so many.</summary>
    public static long Wanted(KeepingSettings settings, long total) => Math.Max(settings.MinFree, (long)(total / 100.0 * settings.MinFreePercent));

    /// <summary>Looks, and makes room where there is too little: a tenth more than is wanted, so that it does not come again at once. Null where there is enough.</summary>
    public EmergencyReport? Run()
    {
        (long free, long total) = _space();
        long wanted = Wanted(stores.Settings.Retention, total);
        if (free >= wanted) return null;
        long missing = wanted + (wanted / 10) - free;
        var summary = new RetentionSummary();
        var holds = new HoldKeeper(stores, acts: true);
        Note($"{free} of {total} bytes are free, {wanted} are to be", summary);
        missing -= Drop(PacketKind.Rtp, missing, holds, summary);
        if (missing > 0) missing -= DropRecordings(missing, summary);
        if (missing > 0) Drop(PacketKind.Sip, missing, holds, summary);
        return new EmergencyReport(free, _space().Free, wanted, summary);
    }

    /// <summary>Bytes free for us and in all of the disk that a folder is on.</summary>
    public static (long Free, long Total) Space(string folder)
    {
        var drive = new DriveInfo(Path.GetFullPath(folder));
        return (drive.AvailableFreeSpace, drive.TotalSize);
    }

    private long Drop(PacketKind kind, long bytes, HoldKeeper holds, RetentionSummary summary)
    {
        var policy = new PacketLogRetentionPolicy { HeldRuns = holds.Runs };
        IReadOnlyList<SegmentFile> plan = holds.Secure(PacketLogRetention.PlanToFree(SegmentFile.List(stores.Packets), kind, bytes, policy), acts: true, summary);
        RetentionReport report = PacketLogRetention.Execute(plan);
        foreach (string line in report.Lines) summary.Fault(line);
        summary.Add(kind == PacketKind.Rtp ? "rtp_packets" : "sip_packets", "disk", null, report.Segments, report.Bytes);
        return report.Bytes;
    }

    // What can be made anew first.
    private long DropRecordings(long bytes, RetentionSummary summary)
    {
        long freed = stores.Recordings.DropCache();
        summary.Add("recordings", "disk", null, 0, freed);
        var pass = new RetentionPass(stores, (action, about, tenant, detail) => Note(detail ?? action, summary), acts: true);
        foreach (DateOnly day in stores.Recordings.Days())
        {
            if (freed >= bytes) break;
            try
            {
                freed += pass.RemoveRecordings(day, null, Timestamp.MaxValue, "disk", bytes - freed);
            }
            catch (Storage.StoreException e)
            {
                summary.Fault(e.Message);
            }
        }

        foreach (RetentionItem item in pass.Summary.Items) summary.Add(item.Class, item.Reason, item.Tenant, item.Items, item.Bytes);
        return freed;
    }

    private void Note(string detail, RetentionSummary summary)
    {
        try
        {
            audit("purge_emergency", null, null, detail);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            summary.Fault(string.Create(CultureInfo.InvariantCulture, $"audit: {e.Message}"));
        }
    }
}

/// <summary>What an emergency purge did.</summary>
/// <param name="FreeBefore">Bytes free when it began.</param>
/// <param name="FreeAfter">Bytes free when it was done.</param>
/// <param name="Wanted">Bytes that are to be free.</param>
/// <param name="Summary">What went.</param>
internal sealed record EmergencyReport(long FreeBefore, long FreeAfter, long Wanted, RetentionSummary Summary)
{
    /// <summary>Whether there is enough now.</summary>
    public bool IsEnough => FreeAfter >= Wanted;
}
