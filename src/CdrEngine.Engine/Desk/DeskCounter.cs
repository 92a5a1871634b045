using System.ComponentModel;

namespace CdrEngine.Engine.Desk;

/// <summary>What the desk's thread did.</summary>
public enum DeskCounter
{
    /// <summary>SIP messages.</summary>
    [Description("SIP messages that the desk took")]
    Messages,

    /// <summary>Messages that do not parse.</summary>
    [Description("SIP messages that the desk could not read")]
    MessagesRefused,

    /// <summary>Failures.</summary>
    [Description("messages at which the desk failed, a fault of the engine; the message was left out")]
    Failures,

    /// <summary>Hand-overs.</summary>
    [Description("times at which changes were handed on")]
    HandOvers,

    /// <summary>MSRP messages.</summary>
    [Description("MSRP requests and responses that the desk took")]
    MsrpMessages,
}
