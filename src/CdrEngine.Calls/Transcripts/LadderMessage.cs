using CdrEngine.Core;

namespace CdrEngine.Calls.Transcripts;

/// <summary>One SIP message as the ladder shows it. All texts may be as hostile as the wire; the ladder escapes them.</summary>
public sealed record LadderMessage
{
    /// <summary>When it was captured.</summary>
    public required Timestamp At { get; init; }

    /// <summary>Sender.</summary>
    public required Endpoint Source { get; init; }

    /// <summary>Receiver.</summary>
    public required Endpoint Destination { get; init; }

    /// <summary>Method of a request, or status and phrase of a response: <c>INVITE</c>, <c>180 Ringing</c>.</summary>
    public required string Title { get; init; }

    /// <summary>Status of a response; 0 for a request.</summary>
    public int StatusCode { get; init; }

    /// <summary>Number and method of CSeq, for example <c>1 INVITE</c>.</summary>
    public string CSeq { get; init; } = "";

    /// <summary>What its SDP says in a few words, for example <c>PCMU PCMA 192.0.2.1:4000 sendonly</c>; null without SDP.</summary>
    public string? Sdp { get; init; }

    /// <summary>A hash of the whole message. The same bytes between the same two addresses are a retransmission.</summary>
    public ulong Hash { get; init; }
}
