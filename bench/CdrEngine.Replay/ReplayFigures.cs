namespace CdrEngine.Replay;

/// <summary>What one replay did and cost.</summary>
public sealed record ReplayFigures
{
    /// <summary>Packets read.</summary>
    public required long Packets { get; init; }

    /// <summary>SIP messages understood.</summary>
    public required long SipMessages { get; init; }

    /// <summary>Media packets that reached their calls.</summary>
    public required long MediaPackets { get; init; }

    /// <summary>Calls begun.</summary>
    public required long Calls { get; init; }

    /// <summary>Records emitted, later revisions included.</summary>
    public required long Records { get; init; }

    /// <summary>Time by the clock on the wall.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Processor time of the whole process: reader, shards, writer, collector, compiler.</summary>
    public required TimeSpan Cpu { get; init; }

    /// <summary>Bytes allocated on the managed heap by all threads.</summary>
    public required long AllocatedBytes { get; init; }

    /// <summary>Collections of generation 0, 1 and 2; each counts in the lower ones too.</summary>
    public required (int Gen0, int Gen1, int Gen2) Collections { get; init; }

    /// <summary>Time in which the collector held all threads.</summary>
    public required TimeSpan Paused { get; init; }

    /// <summary>Largest resident set during this replay (Linux); elsewhere of the process since its start.</summary>
    public required long PeakWorkingSetBytes { get; init; }

    /// <summary>What went wrong, a line each; empty where nothing did.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];

    /// <summary>Packets a second of wall time.</summary>
    public double PacketsPerSecond => Per(Packets, Elapsed);

    /// <summary>Nanoseconds of processor time for each packet.</summary>
    public double CpuNanosecondsPerPacket => Packets == 0 ? 0 : Cpu.TotalNanoseconds / Packets;

    /// <summary>SIP messages for each second of processor time.</summary>
    public double SipMessagesPerCpuSecond => Per(SipMessages, Cpu);

    /// <summary>Calls for each second of processor time.</summary>
    public double CallsPerCpuSecond => Per(Calls, Cpu);

    /// <summary>Managed bytes allocated for each packet.</summary>
    public double AllocatedBytesPerPacket => Packets == 0 ? 0 : (double)AllocatedBytes / Packets;

    private static double Per(long count, TimeSpan time) => time <= TimeSpan.Zero ? 0 : count / time.TotalSeconds;
}
