using CdrEngine.Core;

namespace CdrEngine.Calls.Records;

/// <summary>How a fax came out.</summary>
public enum FaxResult
{
    /// <summary>Nothing was heard that tells.</summary>
    Unknown = 0,

    /// <summary>The last page was confirmed.</summary>
    Completed = 1,

    /// <summary>Pages were confirmed, but not the last.</summary>
    Incomplete = 2,

    /// <summary>The machines spoke, and no page was confirmed.</summary>
    Failed = 3,
}

/// <summary>A fax by T.38 within a call.</summary>
public sealed record FaxRecord
{
    /// <summary>Position of its m-line, -1 where unknown.</summary>
    public int MediaIndex { get; init; } = -1;

    /// <summary>Pages confirmed (T.30: MCF, RTP or PIP behind the page's end); where only the sender's side was captured, pages it went on from.</summary>
    public int Pages { get; init; }

    /// <summary>Number that the callee's machine gave (CSI, or TSI when it sent); null where none.</summary>
    public string? RemoteStation { get; init; }

    /// <summary>Number that the caller's machine gave (TSI, CIG, or CSI); null where none.</summary>
    public string? LocalStation { get; init; }

    /// <summary>Bit rate ordered last (DCS), bits per second; 0 where none was heard.</summary>
    public int RateBitsPerSecond { get; init; }

    /// <summary>How it came out.</summary>
    public FaxResult Result { get; init; }

    /// <summary>Pages went with error correction (T.30 Annex A).</summary>
    public bool HasErrorCorrection { get; init; }

    /// <summary>Datagrams of UDPTL, duplicates left out, both ways.</summary>
    public long Packets { get; init; }

    /// <summary>Messages missing by their numbers that nothing gave back.</summary>
    public long Lost { get; init; }

    /// <summary>Missing messages that redundancy or parity of later datagrams gave back.</summary>
    public long Recovered { get; init; }

    /// <summary>Datagrams whose number had been seen.</summary>
    public long Duplicates { get; init; }

    /// <summary>Octets of pages, as sent.</summary>
    public long ImageOctets { get; init; }

    /// <summary>First datagram.</summary>
    public required Timestamp StartedAt { get; init; }

    /// <summary>Last datagram.</summary>
    public required Timestamp EndedAt { get; init; }
}
