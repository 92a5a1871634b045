using System.ComponentModel;

namespace CdrEngine.Calls;

/// <summary>What call machines count.</summary>
public enum CallCounter
{
    /// <summary>SIP messages applied.</summary>
    [Description("SIP messages applied to calls")]
    Messages = 0,

    /// <summary>Retransmissions.</summary>
    [Description("SIP retransmissions: the same message again at the same place")]
    Retransmissions = 1,

    /// <summary>The same message at another place.</summary>
    [Description("SIP messages seen again on another hop")]
    HopSightings = 2,

    /// <summary>A message the call's state has no use for.</summary>
    [Description("messages that fit no transaction or dialog of their call")]
    Unexpected = 3,

    /// <summary>Calls that began before the capture.</summary>
    [Description("calls whose INVITE was not captured")]
    MissingInvite = 4,

    /// <summary>Answered calls whose end had to be inferred.</summary>
    [Description("answered calls without a BYE")]
    MissingBye = 5,

    /// <summary>A record changed after it was final.</summary>
    [Description("records changed by a later fact")]
    LateFacts = 6,

    /// <summary>More messages than looked at.</summary>
    [Description("messages beyond the limit per call")]
    MessageLimit = 7,

    /// <summary>More legs than kept.</summary>
    [Description("To-tags beyond the limit per call")]
    LegLimit = 8,

    /// <summary>More attempts or transactions than kept.</summary>
    [Description("INVITE transactions beyond the limit per call")]
    TransactionLimit = 9,

    /// <summary>More places than kept.</summary>
    [Description("address pairs beyond the limit per call")]
    PlaceLimit = 10,

    /// <summary>More media descriptions than kept.</summary>
    [Description("media descriptions beyond the limit per call")]
    MediaLimit = 11,

    /// <summary>SDP that could not be read.</summary>
    [Description("SDP bodies that could not be read")]
    MalformedSdp = 12,

    /// <summary>More digits, hold intervals or headers than kept.</summary>
    [Description("digits, hold intervals or header fields beyond the limit per call")]
    DetailLimit = 13,

    /// <summary>Final records given out.</summary>
    [Description("calls finished")]
    Finished = 14,
}
