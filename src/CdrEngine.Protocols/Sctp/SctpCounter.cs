using System.ComponentModel;

namespace CdrEngine.Protocols.Sctp;

/// <summary>What the SCTP reassembly counts.</summary>
public enum SctpCounter
{
    /// <summary>Packets.</summary>
    [Description("SCTP packets seen")]
    Packets,

    /// <summary>Data chunks.</summary>
    [Description("DATA and I-DATA chunks seen")]
    DataChunks,

    /// <summary>Messages.</summary>
    [Description("SIP messages taken from SCTP")]
    Messages,

    /// <summary>Not SIP.</summary>
    [Description("SCTP user messages, or their first fragments, that are not SIP")]
    NotSip,

    /// <summary>Duplicates.</summary>
    [Description("DATA chunks whose transmission sequence number was seen before")]
    Duplicates,

    /// <summary>Malformed.</summary>
    [Description("SCTP chunks whose length cannot be")]
    Malformed,

    /// <summary>Truncated.</summary>
    [Description("SCTP chunks that the capture cut short")]
    Truncated,

    /// <summary>Interleaved fragments.</summary>
    [Description("fragments in I-DATA chunks (RFC 8260), not read")]
    InterleavedFragments,

    /// <summary>Message too large.</summary>
    [Description("SIP messages longer than the limit, left out")]
    MessageTooLarge,

    /// <summary>Restarts.</summary>
    [Description("directions on which the sequence numbers began anew")]
    Restarts,

    /// <summary>Fragments kept in vain.</summary>
    [Description("fragments dropped because the others did not come in time")]
    FragmentsExpired,

    /// <summary>Fragments over a limit.</summary>
    [Description("fragments dropped because a limit was met")]
    FragmentsOverLimit,

    /// <summary>Fragments that nothing precedes.</summary>
    [Description("fragments not kept: their direction has carried other protocols only")]
    FragmentsNotKept,

    /// <summary>Evicted.</summary>
    [Description("directions forgotten because the limit of directions was met")]
    Evicted,

    /// <summary>Idle.</summary>
    [Description("directions forgotten because nothing came for the idle age")]
    Idle,
}
