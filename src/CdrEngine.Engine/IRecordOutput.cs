using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Engine;

/// <summary>A finished record and where the call's packets lie.</summary>
/// <param name="Record">The record.</param>
/// <param name="Revision">First telling or a later one.</param>
/// <param name="Chunks">The packet log's list of the call's chunks, encoded; empty where no packets are kept.</param>
public readonly record struct RecordEmission(CallRecord Record, RecordRevision Revision, ReadOnlyMemory<byte> Chunks);

/// <summary>Takes finished records from the shards; called from any shard's thread. The packets of each can be read back by then.</summary>
public interface IRecordOutput
{
    /// <summary>Takes one record. Must not throw; may wait for a short time, which slows the shard and so a file import.</summary>
    void Emit(in RecordEmission emission);

    /// <summary>How many records were taken so far, by whatever count the output keeps; for <see cref="IsKept"/>.</summary>
    long Taken => 0;

    /// <summary>Whether all records taken before <see cref="Taken"/> gave this number would outlive the process now. A call is remembered in its
    /// journal until then. Any thread; quick.</summary>
    bool IsKept(long taken) => true;
}
