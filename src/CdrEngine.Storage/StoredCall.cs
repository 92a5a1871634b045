using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Storage;

/// <summary>A record on its way to the store, with where its packets lie.</summary>
/// <param name="Record">The record.</param>
/// <param name="Revision">Which telling of the call it is. A final record never replaces an updated one.</param>
/// <param name="Chunks">The packet log's encoded chunk list; empty where there is none, and then one stored before stays.</param>
/// <param name="Tenant">Tenant the call belongs to; left out, the record's own.</param>
public sealed record StoredCall(CallRecord Record, RecordRevision Revision, ReadOnlyMemory<byte> Chunks, string? Tenant = null)
{
    /// <summary>Tenant the call belongs to; null without a directory.</summary>
    public string? Tenant { get; init; } = Tenant ?? Record.Tenant;
}

/// <summary>What one batch did.</summary>
public sealed record WriteReport
{
    /// <summary>Records that were not there before.</summary>
    public int Inserted { get; init; }

    /// <summary>Records that were there and changed.</summary>
    public int Replaced { get; init; }

    /// <summary>Records that were there as they are, or in a later revision; their packets may lie elsewhere now.</summary>
    public int Unchanged { get; init; }

    /// <summary>Records that were not written: their day's file failed, or their id is none.</summary>
    public IReadOnlyList<StoredCall> Failed { get; init; } = [];

    /// <summary>One line for the first failure; null where all went well.</summary>
    public string? Fault { get; init; }
}

/// <summary>Writes batches of records; never throws for what the database does.</summary>
public interface ICallBatchStore
{
    /// <summary>Writes a batch, one transaction for each day in it; what failed is in the report and may be written again.</summary>
    WriteReport Write(IReadOnlyList<StoredCall> calls);
}
