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
}
