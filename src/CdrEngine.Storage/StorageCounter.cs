using System.ComponentModel;

namespace CdrEngine.Storage;

/// <summary>What the way of records into the store counts.</summary>
public enum StorageCounter
{
    /// <summary>Records taken.</summary>
    [Description("Records taken for writing")]
    Accepted,

    /// <summary>Records inserted.</summary>
    [Description("Records inserted")]
    Inserted,

    /// <summary>Records replaced.</summary>
    [Description("Records replaced by a later revision")]
    Replaced,

    /// <summary>Records that were there already.</summary>
    [Description("Records that were there already")]
    Unchanged,

    /// <summary>Batches of which something failed.</summary>
    [Description("Batches of which something could not be written")]
    FailedBatches,

    /// <summary>Records put into the outbox.</summary>
    [Description("Records put into the outbox because the database failed or was too slow")]
    Outboxed,

    /// <summary>Records taken out of the outbox.</summary>
    [Description("Records written from the outbox later")]
    Drained,

    /// <summary>Records lost.</summary>
    [Description("Records lost: the outbox was full or failing too")]
    Refused,
}
