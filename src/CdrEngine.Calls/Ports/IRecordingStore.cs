using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Ports;

/// <summary>What is known of the recording of one call.</summary>
public sealed record RecordingEntry
{
    /// <summary>Id of the call's record.</summary>
    public required string CallId { get; init; }

    /// <summary>State.</summary>
    public required RecordingState State { get; init; }

    /// <summary>Why there is none: a word, then perhaps a colon and more; else null.</summary>
    public string? Reason { get; init; }

    /// <summary>Size of the file; 0 where there is none.</summary>
    public long Bytes { get; init; }

    /// <summary>Length of the sound; zero where there is none. Kept in milliseconds.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Samples a second; 0 where there is none.</summary>
    public int SampleRateHz { get; init; }

    /// <summary>1 or 2; 0 where there is none.</summary>
    public int Channels { get; init; }

    /// <summary>Times it was tried to make it.</summary>
    public int Attempts { get; init; }

    /// <summary>When the state was come to, wall time.</summary>
    public Timestamp CreatedAt { get; init; }

    /// <summary>Why a part of it is silent although there were packets: a word, then perhaps a colon and more; null where none is.</summary>
    public string? PartReason { get; init; }
}

/// <summary>What recordings to list.</summary>
public sealed record RecordingQuery
{
    /// <summary>Its call started at or after.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Its call started before.</summary>
    public Timestamp? To { get; init; }

    /// <summary>In this state.</summary>
    public RecordingState? State { get; init; }

    /// <summary>Tenant; null for all.</summary>
    public string? Tenant { get; init; }

    /// <summary>True for the earliest first.</summary>
    public bool Ascending { get; init; }

    /// <summary>Entries on the page, 1..<see cref="CallQuery.MaxLimit"/>; clamped.</summary>
    public int Limit { get; init; } = 50;

    /// <summary>Where to go on; null for the first page.</summary>
    public string? Cursor { get; init; }
}

/// <summary>One page of recordings, in order of the start of their calls.</summary>
public sealed record RecordingPage
{
    /// <summary>Entries in the order asked for.</summary>
    public required IReadOnlyList<RecordingEntry> Recordings { get; init; }

    /// <summary>Pass it as <see cref="RecordingQuery.Cursor"/>; null on the last page.</summary>
    public string? NextCursor { get; init; }

    /// <summary>True where the cursor given was not one of ours for this query; the page is then empty.</summary>
    public bool CursorRejected { get; init; }
}

/// <summary>Keeps the states of recordings beside the records of their calls.</summary>
public interface IRecordingStore
{
    /// <summary>The entry of a call; null where none was ever made, or there is no such call.</summary>
    RecordingEntry? GetRecording(string callId);

    /// <summary>Stores an entry in place of what was there; false where there is no such call. Throws where the store cannot be written.</summary>
    bool SetRecording(RecordingEntry entry);

    /// <summary>One page of entries.</summary>
    RecordingPage ListRecordings(RecordingQuery query);
}
