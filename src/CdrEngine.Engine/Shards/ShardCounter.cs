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

    /// <summary>Unparsed messages.</summary>
    [Description("SIP messages the switchboard understood and the shard did not")]
    SipRefused,
}
