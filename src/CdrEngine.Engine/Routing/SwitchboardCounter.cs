using System.ComponentModel;

namespace CdrEngine.Engine.Routing;

/// <summary>What the switchboard did with packets and messages.</summary>
public enum SwitchboardCounter
{
    /// <summary>Packets read.</summary>
    [Description("packets read from all sources")]
    Packets,

    /// <summary>Bytes read.</summary>
    [Description("captured bytes read from all sources")]
    Bytes,

    /// <summary>SIP messages.</summary>
    [Description("SIP messages understood, all methods")]
    SipMessages,

    /// <summary>SIP messages of calls.</summary>
    [Description("SIP messages that belong to a call")]
    CallMessages,

    /// <summary>Registrations.</summary>
    [Description("REGISTER requests and their responses")]
    RegisterMessages,

    /// <summary>Text messages.</summary>
    [Description("MESSAGE requests and their responses")]
    TextMessages,

    /// <summary>Other methods outside calls.</summary>
    [Description("OPTIONS, SUBSCRIBE, NOTIFY, PUBLISH and other SIP outside calls")]
    OtherMessages,

    /// <summary>SIP without Call-ID.</summary>
    [Description("SIP messages without a Call-ID, which belong to no call")]
    SipWithoutCallId,

    /// <summary>SIP that does not parse.</summary>
    [Description("messages that look like SIP and are malformed")]
    SipMalformed,

    /// <summary>SIP cut by the snap length or a lost fragment.</summary>
    [Description("SIP messages cut off before their end")]
    SipIncomplete,

    /// <summary>Mirror duplicates of SIP.</summary>
    [Description("copies of the same packet seen twice by the mirror, dropped")]
    MirrorDuplicates,

    /// <summary>Calls begun.</summary>
    [Description("calls begun")]
    CallsOpened,

    /// <summary>Calls pushed out.</summary>
    [Description("open calls ended early because engine.max-calls was met")]
    CallsEvicted,

    /// <summary>Packets of known flows.</summary>
    [Description("media packets handed to their calls")]
    MediaPackets,

    /// <summary>Media before its SDP.</summary>
    [Description("media packets that came before their SDP and were attached later")]
    MediaAttachedLate,

    /// <summary>Media of nobody.</summary>
    [Description("RTP that no call had announced within media.unknown-hold")]
    MediaUnclaimed,

    /// <summary>Held media refused.</summary>
    [Description("RTP of no call not kept because media.unknown-pairs or a byte limit was met")]
    MediaHoldRefused,

    /// <summary>Flow limit.</summary>
    [Description("packets to a call's media ports from more addresses than media.flows-per-call, not measured")]
    FlowLimit,

    /// <summary>Endpoint limit.</summary>
    [Description("media addresses not learnt because a call announced more than media.endpoints-per-call")]
    EndpointLimit,

    /// <summary>Broken SDP.</summary>
    [Description("SDP bodies that do not parse")]
    SdpMalformed,

    /// <summary>Keep-alives.</summary>
    [Description("keep-alive datagrams (CRLF, zero bytes) on any port")]
    KeepAlives,

    /// <summary>UDP that is none of ours.</summary>
    [Description("UDP datagrams that are neither SIP nor media of a call")]
    OtherUdp,

    /// <summary>Clock doubts.</summary>
    [Description("packets whose time stamp leapt and was not believed")]
    DoubtedTimestamps,

    /// <summary>Gaps.</summary>
    [Description("moments at which the capture had lost packets; calls open then are flagged gap")]
    Gaps,

    /// <summary>Not logged under pressure.</summary>
    [Description("media packets measured but not kept, because the reader fell behind")]
    PayloadLetGo,

    /// <summary>Let go under pressure.</summary>
    [Description("media packets neither measured nor kept, because a shard fell far behind")]
    MediaLetGo,

    /// <summary>MSRP.</summary>
    [Description("MSRP requests and responses taken from TCP")]
    MsrpMessages,

    /// <summary>Log lines of calls.</summary>
    [Description("log lines of HEP agents kept with the call whose Call-ID they name")]
    LogLines,

    /// <summary>Log lines of no call.</summary>
    [Description("log lines of HEP agents that name no open call, not kept")]
    LogLinesElsewhere,

    /// <summary>Messages of calls pushed out.</summary>
    [Description("SIP messages of calls ended early because engine.max-calls was met, not kept: they begin no second record")]
    EvictedMessages,
}
