using CdrEngine.Calls.Records;

namespace CdrEngine.Engine.Live;

/// <summary>Bounds and times of the live state.</summary>
public sealed record LiveOptions
{
    /// <summary>Events kept for readers that come back. Default 16,384: some minutes of a busy site, about 100 MB at the most.</summary>
    public int KeptEvents { get; init; } = 16_384;

    /// <summary>Events on their way from the shards; more are lost and counted. Default 65,536.</summary>
    public int QueuedEvents { get; init; } = 65_536;

    /// <summary>Readers of events at once. Default 64.</summary>
    public int Readers { get; init; } = 64;

    /// <summary>How long events go on being made after the last reader left, so that it can come back. Default 10 min; where nobody ever
    /// listens none are made.</summary>
    public TimeSpan KeptFor { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Time between two tellings of a call's quality to those who asked for it. Default 5 s.</summary>
    public TimeSpan QualityPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait for a shard's answer. Default 1 s; a call then comes without figures.</summary>
    public TimeSpan AnswerWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Calls that a shard measures at a time. Default 32: half a millisecond between two batches of packets.</summary>
    public int CallsPerQuestion { get; init; } = 32;

    /// <summary>Calls that a shard outlines at a time. Default 512: likewise.</summary>
    public int OutlinesPerQuestion { get; init; } = 512;
}

/// <summary>A record as others may see it, and whose it is.</summary>
/// <param name="Record">The record with what the directory and the policies say.</param>
/// <param name="Tenant">Tenant; null without a directory.</param>
public readonly record struct LiveMarked(CallRecord Record, string? Tenant);

/// <summary>Puts into a record what the directory and the policies say, and says whose it is; called for live records on any thread but those of
/// the shards. Must not throw.</summary>
public delegate LiveMarked LiveMark(CallRecord record);
