namespace CdrEngine.Calls.Outcomes;

/// <summary>Q.850 cause values: their texts, and how a SIP status becomes one where no Reason header says it.</summary>
public static class Q850
{
    /// <summary>Normal call clearing.</summary>
    public const int NormalClearing = 16;

    /// <summary>User busy.</summary>
    public const int UserBusy = 17;

    /// <summary>Non-selected user clearing: another branch answered (RFC 3326 with Q.850;cause=26).</summary>
    public const int NonSelectedUserClearing = 26;

    /// <summary>Greatest value there is.</summary>
    public const int MaxValue = 127;

    /// <summary>The cause for a final status: RFC 3398 8.2.6.1 and common PBX practice, as the call semantics fix it; -1 for 1xx, 2xx,
    /// 3xx and numbers that are no status.</summary>
    /// <param name="status">Final SIP status.</param>
    /// <param name="rang">Whether the call rang: 480 is 19 (no answer) after ringing, 20 (subscriber absent) before.</param>
    public static int FromStatus(int status, bool rang) => status switch
    {
        404 => 1,
        486 or 600 => UserBusy,
        480 => rang ? 19 : 20,
        408 => 18,
        403 or 603 => 21,
        410 => 22,
        484 => 28,
        502 or 504 => 38,
        503 => 41,
        488 or 606 => 65,
        487 => NormalClearing,
        >= 400 and <= 699 => 31,
        _ => -1,
    };

    /// <summary>The text of a cause (ITU-T Q.850 table 1); "Cause n" for one without a text here.</summary>
    public static string Text(int cause) => cause switch
    {
        1 => "Unallocated (unassigned) number",
        2 => "No route to specified transit network",
        3 => "No route to destination",
        4 => "Send special information tone",
        5 => "Misdialled trunk prefix",
        6 => "Channel unacceptable",
        7 => "Call awarded, being delivered in an established channel",
        8 => "Preemption",
        9 => "Preemption, circuit reserved for reuse",
        14 => "QoR: ported number",
        16 => "Normal call clearing",
        17 => "User busy",
        18 => "No user responding",
        19 => "No answer from user (user alerted)",
        20 => "Subscriber absent",
        21 => "Call rejected",
        22 => "Number changed",
        23 => "Redirection to new destination",
        24 => "Call rejected due to feature at the destination",
        25 => "Exchange routing error",
        26 => "Non-selected user clearing",
        27 => "Destination out of order",
        28 => "Invalid number format (address incomplete)",
        29 => "Facility rejected",
        30 => "Response to STATUS ENQUIRY",
        31 => "Normal, unspecified",
        34 => "No circuit/channel available",
        38 => "Network out of order",
        39 => "Permanent frame mode connection out of service",
        40 => "Permanent frame mode connection operational",
        41 => "Temporary failure",
        42 => "Switching equipment congestion",
        43 => "Access information discarded",
        44 => "Requested circuit/channel not available",
        46 => "Precedence call blocked",
        47 => "Resource unavailable, unspecified",
        49 => "Quality of service not available",
        50 => "Requested facility not subscribed",
        53 => "Outgoing calls barred within CUG",
        55 => "Incoming calls barred within CUG",
        57 => "Bearer capability not authorized",
        58 => "Bearer capability not presently available",
        62 => "Inconsistency in designated outgoing access information and subscriber class",
        63 => "Service or option not available, unspecified",
        65 => "Bearer capability not implemented",
        66 => "Channel type not implemented",
        69 => "Requested facility not implemented",
        70 => "Only restricted digital information bearer capability is available",
        79 => "Service or option not implemented, unspecified",
        81 => "Invalid call reference value",
        82 => "Identified channel does not exist",
        83 => "A suspended call exists, but this call identity does not",
        84 => "Call identity in use",
        85 => "No call suspended",
        86 => "Call having the requested call identity has been cleared",
        87 => "User not member of CUG",
        88 => "Incompatible destination",
        90 => "Non-existent CUG",
        91 => "Invalid transit network selection",
        95 => "Invalid message, unspecified",
        96 => "Mandatory information element is missing",
        97 => "Message type non-existent or not implemented",
        98 => "Message not compatible with call state or message type non-existent",
        99 => "Information element or parameter non-existent or not implemented",
        100 => "Invalid information element contents",
        101 => "Message not compatible with call state",
        102 => "Recovery on timer expiry",
        103 => "Parameter non-existent or not implemented, passed on",
        110 => "Message with unrecognized parameter, discarded",
        111 => "Protocol error, unspecified",
        127 => "Interworking, unspecified",
        _ => "Cause " + cause.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
