using CdrEngine.Core;

namespace CdrEngine.PacketLog;

/// <summary>What may stay.</summary>
public sealed record PacketLogRetentionPolicy
{
    /// <summary>Age of RTP segments, by packet time; null keeps them whatever their age.</summary>
    public TimeSpan? RtpAge { get; init; }

    /// <summary>Age of SIP segments; null keeps them whatever their age.</summary>
    public TimeSpan? SipAge { get; init; }

    /// <summary>Bytes of all segments together; null for no bound.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>Bytes to be freed beyond that, for example what the disk lacks; 0 or more.</summary>
    public long BytesToFree { get; init; }

    /// <summary>Runs whose segments of <see cref="SegmentId.HeldShard"/> stay whatever their age and size.</summary>
    public IReadOnlySet<uint> HeldRuns { get; init; } = new HashSet<uint>();

    /// <summary>Whether a segment stays whatever its age and size.</summary>
    public bool IsHeld(SegmentId id) => id.Shard == SegmentId.HeldShard && HeldRuns.Contains(id.Run);
}

/// <summary>Removes whole segments by age and by size. The plan is a pure function; carrying it out is apart.</summary>
public static class PacketLogRetention
{
    /// <summary>Says which segments go, oldest first. A segment being written never does.</summary>
    /// <remarks>1. What is over age goes. 2. Where the rest is too large, RTP goes, oldest minute first; SIP is spared as long as it takes no more than
    /// half of what may stay, so that signalling outlives media and still cannot crowd it out.</remarks>
    public static IReadOnlyList<SegmentFile> Plan(IEnumerable<SegmentFile> segments, PacketLogRetentionPolicy policy, Timestamp now)
    {
        var removed = new List<SegmentFile>();
        var rtp = new Queue<SegmentFile>();
        var sip = new Queue<SegmentFile>();
        long open = 0, rtpBytes = 0, sipBytes = 0;
        foreach (SegmentFile file in segments.OrderBy(static file => file.Id))
        {
            bool isRtp = file.Id.Kind == PacketKind.Rtp;
            if (file.IsOpen || policy.IsHeld(file.Id))
            {
                open += file.Bytes;
            }
            else if ((isRtp ? policy.RtpAge : policy.SipAge) is { } age && file.Id.Start + TimeSpan.FromMinutes(1) + age <= now)
            {
                removed.Add(file);
            }
            else
            {
                (isRtp ? rtp : sip).Enqueue(file);
                if (isRtp) rtpBytes += file.Bytes;
                else sipBytes += file.Bytes;
            }
        }

        long all = open + rtpBytes + sipBytes;
        long freed = removed.Sum(static file => file.Bytes);
        long target = Math.Min(policy.TotalBytes ?? long.MaxValue, all - Math.Max(0, policy.BytesToFree - freed));
        while (open + rtpBytes + sipBytes > target && (rtp.Count > 0 || sip.Count > 0))
        {
            bool takeSip = rtp.Count == 0 || (sip.Count > 0 && sipBytes > Math.Max(0, target) / 2);
            SegmentFile file = (takeSip ? sip : rtp).Dequeue();
            if (takeSip) sipBytes -= file.Bytes;
            else rtpBytes -= file.Bytes;
            removed.Add(file);
        }

        return removed;
    }

    /// <summary>Says which segments of one kind go so that some bytes are freed, oldest first; fewer bytes where there are no more.</summary>
    public static IReadOnlyList<SegmentFile> PlanToFree(IEnumerable<SegmentFile> segments, PacketKind kind, long bytes, PacketLogRetentionPolicy policy)
    {
        var removed = new List<SegmentFile>();
        foreach (SegmentFile file in segments.Where(file => file.Id.Kind == kind && !file.IsOpen && !policy.IsHeld(file.Id)).OrderBy(static file => file.Id))
        {
            if (bytes <= 0) break;
            removed.Add(file);
            bytes -= file.Bytes;
        }

        return removed;
    }

    /// <summary>Removes the segments of a plan and the day folders left empty. What cannot be removed is reported and stays for the next time.</summary>
    public static RetentionReport Execute(IEnumerable<SegmentFile> plan)
    {
        int files = 0;
        long bytes = 0;
        var lines = new List<string>();
        var days = new SortedSet<string>(StringComparer.Ordinal);
        foreach (SegmentFile file in plan)
        {
            if (file.IsOpen) continue;
            try
            {
                File.Delete(file.Path);
                files++;
                bytes += file.Bytes;
                days.Add(Path.GetDirectoryName(file.Path)!);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                lines.Add($"{file.Path}: {e.Message}");
            }
        }

        foreach (string day in days)
        {
            try
            {
                if (!Directory.EnumerateFileSystemEntries(day).Any()) Directory.Delete(day);
            }
            catch (IOException)
            {
                // A writer made a segment there just now.
            }
        }

        return new RetentionReport(files, bytes, lines);
    }
}

/// <summary>What retention did.</summary>
/// <param name="Segments">Segments removed.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="Lines">One line for each that could not be removed.</param>
public sealed record RetentionReport(int Segments, long Bytes, IReadOnlyList<string> Lines);
