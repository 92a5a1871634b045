using System.ComponentModel;

namespace CdrEngine.Engine.Shards;

/// <summary>What a shard did.</summary>
public enum ShardCounter
{
    /// <summary>SIP messages applied.</summary>
    [Description("SIP messages applied to calls")]
    SipApplied,

    /// <summary>Records.</summary>
    [Description("call records written")]
    Records,

    /// <summary>Updated records.</summary>
    [Description("call records written again because of a later fact")]
    RecordsUpdated,

    /// <summary>Failures.</summary>
    [Description("calls whose state machine failed and was rebuilt from its packets")]
    CallsRebuilt,

    /// <summary>Lost calls.</summary>
    [Description("calls given up after a second failure; their packets are kept")]
    CallsFailed,

    /// <summary>Calls put away.</summary>
    [Description("times that a call whose record is out was put away to take less memory")]
    CallsPutAway,

    /// <summary>Calls brought back.</summary>
    [Description("times that such a call was brought back because something came of it")]
    CallsBroughtBack,

    /// <summary>Unparsed messages.</summary>
    [Description("SIP messages the switchboard understood and the shard did not")]
    SipRefused,

    /// <summary>Calls open at a stop.</summary>
    [Description("open calls written down when the engine stopped, to go on after the next start")]
    CallsCheckpointed,

    /// <summary>Calls that go on after a stop in good order.</summary>
    [Description("calls that went on after a stop in good order, told again from their packets")]
    CallsResumed,

    /// <summary>Calls that go on after a crash.</summary>
    [Description("calls that went on after a crash, told again from their packets")]
    CallsRecovered,

    /// <summary>Journal entries lost.</summary>
    [Description("times that the journal of open calls could not be written for so long that entries were dropped")]
    JournalDropped,
}
