using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls;

/// <summary>Where a SIP message belongs.</summary>
public enum CallAdmissionResult
{
    /// <summary>To the call asked about.</summary>
    SameCall = 0,

    /// <summary>To a call that begins with it (or whose beginning was not captured).</summary>
    NewCall = 1,

    /// <summary>To no call: registrations, subscriptions, messages outside a dialog, and tails that bill nothing.</summary>
    NotACall = 2,
}

/// <summary>What of a call must be known to say whether a message is its. The call's machine knows it, and so does whoever routes messages to
/// machines without asking them.</summary>
public interface ICallOutline
{
    /// <summary>True where nothing more can be told to the call.</summary>
    bool IsForgotten { get; }

    /// <summary>True after a BYE, a final response or the call's timers.</summary>
    bool IsOver { get; }

    /// <summary>True where a 2xx to an initial INVITE was seen.</summary>
    bool WasAnswered { get; }

    /// <summary>True where the call's record is out.</summary>
    bool IsFinal { get; }

    /// <summary>Whether the final response of the unanswered call is one that invites another try.</summary>
    bool MayBeTriedAgain { get; }

    /// <summary>Whether this is the From-tag of the call's initial INVITE.</summary>
    bool KnowsCallerTag(ReadOnlySpan<byte> tag);

    /// <summary>Whether an initial INVITE with this CSeq number was seen.</summary>
    bool HasAttempt(uint cseq);

    /// <summary>Whether a message belongs to a dialog of the call by its tags.</summary>
    bool Knows(SipMessage message);
}

/// <summary>Decides which messages make calls. Pure; the engine asks it for each message, with the newest machine of the same Call-ID.</summary>
/// <remarks>
/// A message without a Call-ID belongs nowhere. For a Call-ID without a call:
/// <code>
/// INVITE                                             a call (with To-tag: missing_invite)
/// response to INVITE, any status                     a call, missing_invite
/// CANCEL, PRACK                                      a call, missing_invite: both exist only beside an INVITE
/// ACK BYE UPDATE INFO with To-tag                    a call, missing_invite; INFO is INVITE's own by RFC 6086
/// responses to CANCEL BYE ACK PRACK UPDATE INFO      none: the tail of something over, it says nothing worth a record
/// OPTIONS MESSAGE SUBSCRIBE NOTIFY REFER REGISTER…   none: they exist without INVITE
/// </code>
/// For a Call-ID with a call, all the same messages are the call's, also those of other methods inside its dialogs; an initial INVITE
/// after the end is another call where its From-tag is another one, or where the call had been answered, or where its record is out and
/// its final response did not invite another try.
/// </remarks>
public static class CallAdmission
{
    /// <summary>Where a message belongs.</summary>
    /// <param name="call">The newest call of the message's Call-ID; null where there is none.</param>
    /// <param name="message">The message.</param>
    public static CallAdmissionResult Classify(ICallOutline? call, SipMessage message)
    {
        if (message.CallId.IsEmpty) return CallAdmissionResult.NotACall;
        bool isInitialInvite = message is { IsRequest: true, Method: SipMethod.Invite } && message.ToTag.IsEmpty;
        if (call is null || call.IsForgotten) return Opens(message, isInitialInvite) ? CallAdmissionResult.NewCall : CallAdmissionResult.NotACall;
        if (!isInitialInvite) return BelongsTo(call, message) ? CallAdmissionResult.SameCall : CallAdmissionResult.NotACall;
        if (!call.IsOver) return CallAdmissionResult.SameCall;

        // A retransmission, or the same INVITE on a later hop.
        bool isKnown = call.KnowsCallerTag(message.FromTag);
        if (isKnown && call.HasAttempt(message.CSeqNumber)) return CallAdmissionResult.SameCall;
        bool goesOn = isKnown && !call.WasAnswered && (!call.IsFinal || call.MayBeTriedAgain);
        return goesOn ? CallAdmissionResult.SameCall : CallAdmissionResult.NewCall;
    }

    /// <summary>Whether a final response invites the caller to try again with the same Call-ID (RFC 3261 8.1.3.4, 8.1.3.5, RFC 4028 6).</summary>
    public static bool InvitesRetry(int status) =>
        status is 401 or 407 or 413 or 415 or 416 or 420 or 421 or 422 or 428 or 484 or 491 or 494 or (>= 300 and <= 399);

    private static bool Opens(SipMessage message, bool isInitialInvite)
    {
        if (isInitialInvite) return true;
        if (!message.IsRequest) return message.CSeqMethod == SipMethod.Invite;
        return message.Method switch
        {
            SipMethod.Invite or SipMethod.Cancel or SipMethod.Prack => true,
            SipMethod.Ack or SipMethod.Bye or SipMethod.Update or SipMethod.Info => !message.ToTag.IsEmpty,
            _ => false,
        };
    }

    private static bool BelongsTo(ICallOutline call, SipMessage message) => message.CSeqMethod switch
    {
        SipMethod.Register or SipMethod.Publish => false,
        SipMethod.Options or SipMethod.Message or SipMethod.Subscribe or SipMethod.Notify or SipMethod.Refer or SipMethod.Unknown =>
            !message.ToTag.IsEmpty && call.Knows(message),
        _ => true,
    };
}
