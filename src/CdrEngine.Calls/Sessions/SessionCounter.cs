using System.ComponentModel;

namespace CdrEngine.Calls.Sessions;

/// <summary>What linking did.</summary>
public enum SessionCounter
{
    /// <summary>Links by Replaces.</summary>
    [Description("calls linked by a Replaces header")]
    LinkedByReplaces,

    /// <summary>Links by REFER.</summary>
    [Description("calls linked because one does what a REFER in the other asked for")]
    LinkedByRefer,

    /// <summary>Links by 3xx.</summary>
    [Description("calls linked because one goes where a 3xx to the other pointed")]
    LinkedByRedirect,

    /// <summary>Links by header.</summary>
    [Description("calls linked by a configured header")]
    LinkedByHeader,

    /// <summary>Links by Session-ID.</summary>
    [Description("calls linked by Session-ID")]
    LinkedBySessionId,

    /// <summary>Links by Call-ID.</summary>
    [Description("calls linked by their Call-IDs without affixes")]
    LinkedByCallId,

    /// <summary>Links by SDP.</summary>
    [Description("calls linked by the same media address or SDP session")]
    LinkedBySdp,

    /// <summary>Links by RTP.</summary>
    [Description("calls linked by the same RTP into and out of one machine")]
    LinkedByRtp,

    /// <summary>Links by numbers.</summary>
    [Description("calls linked by numbers and time")]
    LinkedByNumbers,

    /// <summary>Links undone.</summary>
    [Description("links undone because a later fact contradicted them")]
    Undone,

    /// <summary>Ambiguous.</summary>
    [Description("calls not linked because more than one other call would have fitted")]
    Ambiguous,

    /// <summary>Common keys.</summary>
    [Description("headers, SDP sessions and the like not used because too many calls have the same")]
    CommonKeys,

    /// <summary>Session limit.</summary>
    [Description("links not made because the session or the call had too many")]
    Refused,

    /// <summary>Forgotten keys.</summary>
    [Description("headers, numbers and the like forgotten early because of a limit")]
    KeysEvicted,

    /// <summary>Forgotten transfers.</summary>
    [Description("REFER and 3xx forgotten early because of a limit")]
    PendingEvicted,
}
