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
    /// <param name="machine">The newest machine of the message's Call-ID that is not forgotten; null where there is none.</param>
    /// <param name="message">The message.</param>
    public static CallAdmissionResult Classify(CallMachine? machine, SipMessage message)
    {
        if (message.CallId.IsEmpty) return CallAdmissionResult.NotACall;
        bool isInitialInvite = message is { IsRequest: true, Method: SipMethod.Invite } && message.ToTag.IsEmpty;
        if (machine is null || machine.IsForgotten) return Opens(message, isInitialInvite) ? CallAdmissionResult.NewCall : CallAdmissionResult.NotACall;
        if (!isInitialInvite) return BelongsTo(machine, message) ? CallAdmissionResult.SameCall : CallAdmissionResult.NotACall;
        if (!machine.IsOver) return CallAdmissionResult.SameCall;

        // A retransmission, or the same INVITE on a later hop.
        bool isKnown = machine.KnowsCallerTag(message.FromTag);
        if (isKnown && machine.HasAttempt(message.CSeqNumber)) return CallAdmissionResult.SameCall;
        bool goesOn = isKnown && !machine.WasAnswered && (!machine.IsFinal || machine.MayBeTriedAgain);
        return goesOn ? CallAdmissionResult.SameCall : CallAdmissionResult.NewCall;
    }

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

    private static bool BelongsTo(CallMachine machine, SipMessage message) => message.CSeqMethod switch
    {
        SipMethod.Register or SipMethod.Publish => false,
        SipMethod.Options or SipMethod.Message or SipMethod.Subscribe or SipMethod.Notify or SipMethod.Refer or SipMethod.Unknown =>
            !message.ToTag.IsEmpty && machine.Knows(message),
        _ => true,
    };

    /// <summary>Which of several calls with one Call-ID (the Call-ID was used again) a message belongs to: the newest whose tags it bears,
    /// else the newest.</summary>
    /// <param name="machines">Machines of that Call-ID, oldest first; at least one.</param>
    /// <param name="message">A message that <see cref="Classify"/> put into the same call.</param>
    public static CallMachine Choose(IReadOnlyList<CallMachine> machines, SipMessage message)
    {
        for (int i = machines.Count - 1; i >= 0; i--)
        {
            if (machines[i].Knows(message)) return machines[i];
        }

        return machines[^1];
    }
}
