using System.ComponentModel;

namespace CdrEngine.Calls.Exchanges;

/// <summary>What happened to requests outside calls.</summary>
public enum ExchangeCounter
{
    /// <summary>Exchanges begun.</summary>
    [Description("requests outside calls, retries and repetitions not counted")]
    Begun,

    /// <summary>Retries.</summary>
    [Description("requests sent again because the response asked for it (challenge, interval too brief)")]
    Retries,

    /// <summary>Retransmissions.</summary>
    [Description("requests outside calls seen again at the same place")]
    Retransmissions,

    /// <summary>Hops.</summary>
    [Description("requests outside calls seen again at another place")]
    Hops,

    /// <summary>Answered.</summary>
    [Description("requests outside calls with a final response")]
    Answered,

    /// <summary>Unanswered.</summary>
    [Description("requests outside calls without a final response in time")]
    Unanswered,

    /// <summary>Cut short by the end of the capture.</summary>
    [Description("requests outside calls that waited for their response when the capture ended")]
    CutShort,

    /// <summary>Responses without request.</summary>
    [Description("responses outside calls whose request was not seen")]
    OrphanResponses,

    /// <summary>Late or repeated responses.</summary>
    [Description("final responses outside calls repeated, or of further hops")]
    FurtherResponses,

    /// <summary>Old requests.</summary>
    [Description("requests outside calls older than what the sender has sent since")]
    StaleRequests,

    /// <summary>Evicted.</summary>
    [Description("open requests outside calls given up because of the limit on exchanges")]
    Evicted,
}
