using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>Which telling of a call a record is.</summary>
public enum RecordRevision
{
    /// <summary>The first and usually only one: the call is over and its linger passed.</summary>
    Final = 0,

    /// <summary>A later fact changed a record that had been final; the same id, the whole record again.</summary>
    Updated = 1,
}

/// <summary>Takes finished call records. Storage, webhooks and files stand behind it.</summary>
/// <remarks>Delivery is at least once; the record's id makes a repeat harmless. An implementation must not block for long: it queues or
/// spills, and counts what it drops.</remarks>
public interface ICallRecordSink
{
    /// <summary>Takes one record, which is immutable.</summary>
    void Emit(CallRecord record, RecordRevision revision);
}
