using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Ports;

/// <summary>Files that a fax is given out as.</summary>
public enum FaxForm
{
    /// <summary>TIFF, class F.</summary>
    Tiff = 0,

    /// <summary>PDF.</summary>
    Pdf = 1,
}

/// <summary>What came of making a fax.</summary>
public sealed record FaxOutcome
{
    /// <summary>Pages written; 0 where there is no file.</summary>
    public int Pages { get; init; }

    /// <summary>Rows that could not be read and repeat the one above.</summary>
    public int DamagedRows { get; init; }

    /// <summary>Why there is none, or why pages are missing: <c>no_fax</c>, <c>no_packets</c>, <c>no_pages</c>, <c>policy</c>,
    /// <c>coding_unsupported: JBIG</c>, <c>limit</c>; null where all is there.</summary>
    public string? Reason { get; init; }
}

/// <summary>Makes the pages of a fax by T.38 from its packets.</summary>
public interface IFaxMaker
{
    /// <summary>Writes the pages of a call. Any number of threads; on the caller's.</summary>
    /// <param name="record">Its record.</param>
    /// <param name="packets">Its packets.</param>
    /// <param name="form">As what.</param>
    /// <param name="output">Where they go; nothing is written where there are no pages.</param>
    /// <param name="stop">Gives up, by <see cref="OperationCanceledException"/>.</param>
    FaxOutcome Make(CallRecord record, ICallPackets packets, FaxForm form, Stream output, CancellationToken stop = default);
}
