namespace CdrEngine.Benchmarks.Processes;

/// <summary>What one run of a program cost.</summary>
public sealed record ProcessCost
{
    /// <summary>Time by the clock on the wall.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Processor time, user and system, of the program and the processes it waited for.</summary>
    public required TimeSpan Cpu { get; init; }

    /// <summary>Largest resident set, summed over the program and its children.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Bytes it caused to be written to disk (not to a file system in memory).</summary>
    public required long WrittenBytes { get; init; }

    /// <summary>Whether it was stopped because it took too long.</summary>
    public bool WasStopped { get; init; }

    /// <summary>Why the run does not count, one line; null where it does.</summary>
    public string? Fault { get; init; }
}
