using CdrEngine.Benchmarks.Processes;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>One run of one tool over one load.</summary>
/// <param name="Cost">What it cost.</param>
/// <param name="RecordsFault">Ours only: how its records differ from those that must come; null where they do not.</param>
/// <param name="Peer">A peer's only: what it found; null where nothing of it can be compared.</param>
public sealed record SuiteRun(ProcessCost Cost, string? RecordsFault = null, PeerVerdict? Peer = null);

/// <summary>All runs of one tool over one load.</summary>
public sealed record ToolResult
{
    /// <summary>Name of the row.</summary>
    public required string Tool { get; init; }

    /// <summary>True where the tool is this engine, so that its records were compared.</summary>
    public required bool IsOurs { get; init; }

    /// <summary>Its runs.</summary>
    public required IReadOnlyList<SuiteRun> Runs { get; init; }

    /// <summary>Why it was not run at all; null where it was.</summary>
    public string? NotRun { get; init; }

    /// <summary>Why the tool has no figures; null where it has.</summary>
    public string? Fault => Runs.FirstOrDefault(static run => run.Cost.Fault is not null)?.Cost.Fault ?? (Runs.Count == 0 ? NotRun ?? "not run" : null);

    /// <summary>Whether what it found was right, in words; empty where nothing can be compared. Of ours <c>all right</c> or the first fault.</summary>
    public string Right => IsOurs
        ? Runs.FirstOrDefault(static run => run.RecordsFault is not null)?.RecordsFault ?? "all right"
        : (Runs.FirstOrDefault(static run => run.Peer is { IsRight: false }) ?? Runs.FirstOrDefault())?.Peer is { } verdict ? $"{(verdict.IsRight ? "right" : "wrong")}: {verdict.Text}" : "";

    /// <summary>Seconds on the wall, median.</summary>
    public double WallSeconds => Median(static cost => cost.Elapsed.TotalSeconds);

    /// <summary>Seconds of processor time, median.</summary>
    public double CpuSeconds => Median(static cost => cost.Cpu.TotalSeconds);

    /// <summary>Largest resident set, median.</summary>
    public double PeakBytes => Median(static cost => cost.PeakBytes);

    /// <summary>Bytes written to disk, median.</summary>
    public double WrittenBytes => Median(static cost => cost.WrittenBytes);

    private double Median(Func<ProcessCost, double> of)
    {
        double[] sorted = [.. Runs.Select(run => of(run.Cost)).Order()];
        if (sorted.Length == 0) return 0;
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}

/// <summary>One load and every tool's runs over it.</summary>
public sealed record LoadResult
{
    /// <summary>Short name: S, M, C and others.</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required string Description { get; init; }

    /// <summary>Packets.</summary>
    public required long Packets { get; init; }

    /// <summary>SIP messages among them.</summary>
    public required long SipMessages { get; init; }

    /// <summary>RTP packets among them.</summary>
    public required long RtpPackets { get; init; }

    /// <summary>Calls.</summary>
    public required int Calls { get; init; }

    /// <summary>Registrations of its own: devices, or REGISTER transactions.</summary>
    public int Registrations { get; init; }

    /// <summary>Seconds of sound that there are to record.</summary>
    public double SoundSeconds { get; init; }

    /// <summary>Most calls open at one instant.</summary>
    public required int MostConcurrent { get; init; }

    /// <summary>Size of the capture.</summary>
    public required long Bytes { get; init; }

    /// <summary>Tools in the order of the table.</summary>
    public required IReadOnlyList<ToolResult> Tools { get; init; }

    /// <summary>A tool that has figures; null where there is none of that name.</summary>
    public ToolResult? Of(string tool) => Tools.FirstOrDefault(candidate => candidate.Tool == tool && candidate.Fault is null);
}
