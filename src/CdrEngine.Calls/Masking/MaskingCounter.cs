using System.ComponentModel;

namespace CdrEngine.Calls.Masking;

/// <summary>What masking did to packets.</summary>
public enum MaskingCounter
{
    /// <summary>Packets shown.</summary>
    [Description("packets shown, masked or as they were")]
    Packets = 0,

    /// <summary>Telephone events.</summary>
    [Description("packets whose telephone events were written over")]
    Events = 1,

    /// <summary>SIP.</summary>
    [Description("packets whose digits in SIP were written over")]
    Signalling = 2,

    /// <summary>Sound.</summary>
    [Description("packets whose sound was made silence")]
    Sound = 3,

    /// <summary>Left out.</summary>
    [Description("packets left out because their digits could not be written over: fragments, WebSocket, tunnels without a checksum inside")]
    LeftOut = 4,

    /// <summary>Too late.</summary>
    [Description("packets that had been shown when the message they belong to turned out to hold digits")]
    TooLate = 5,
}
