using CdrEngine.Calls.Ports;

namespace CdrEngine.Engine.Recording;

/// <summary>How recordings are made, and the bounds of it.</summary>
public sealed record RecorderOptions
{
    /// <summary>Of which calls, when, and whose voice. Default: of each when asked for, both sides.</summary>
    public IRecordingPolicy Policy { get; init; } = new FixedRecordingPolicy(new RecordingRule(RecordingPolicy.OnDemand, RecordingSides.Both));

    /// <summary>Where they begin.</summary>
    public RecordingStart From { get; init; }

    /// <summary>Recordings made at once, each by a thread of low priority; 1 or more. Default 1.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Recordings that wait in memory; 1 or more. Default 1,000. Beyond it a request is told to come again, and a call to be recorded waits in
    /// the store.</summary>
    public int Queue { get; init; } = 1000;

    /// <summary>Times a recording that failed is tried in all before it is left alone; 1 or more. Default 3.</summary>
    public int Attempts { get; init; } = 3;

    /// <summary>Pause before the second attempt; it doubles with each further. Default 1 min.</summary>
    public TimeSpan RetryFirst { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Longest pause between attempts. Default 1 h.</summary>
    public TimeSpan RetryMost { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Bytes that forms of recordings other than the kept one (WAV, mono, peaks) may take on disk; those not asked for longest go first.
    /// Default 1 GiB.</summary>
    public long CacheBytes { get; init; } = 1L << 30;

    /// <summary>Clock of states and retries.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Pause after this many failed attempts.</summary>
    internal TimeSpan PauseAfter(int attempts)
    {
        TimeSpan pause = RetryFirst;
        for (int i = 1; i < attempts && pause < RetryMost; i++) pause *= 2;
        return pause < RetryMost ? pause : RetryMost;
    }
}
