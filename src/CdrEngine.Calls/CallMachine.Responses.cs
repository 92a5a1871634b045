using CdrEngine.Calls.Hops;
using CdrEngine.Calls.Legs;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Outcomes;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls;

// The response half of the table.
public sealed partial class CallMachine
{
    private void OnResponse(ref Step step)
    {
        switch (step.Message.CSeqMethod)
        {
            case SipMethod.Invite when IsOfInitialInvite(ref step):
                OnInviteResponse(ref step);
                break;
            case SipMethod.Invite:
                OnReinviteResponse(ref step);
                break;
            case SipMethod.Bye:
                OnByeResponse(ref step);
                break;
            case SipMethod.Cancel:
                // Decides nothing (RFC 3261 9.1), but ends the retransmissions of the CANCEL.
                if (FindTransaction(step.Branch, step.Message.CSeqNumber, step.Place) is var cancelled and >= 0) _transactions[cancelled].IsCancelAnswered = true;
                break;
            default:
                OnOtherResponse(ref step);
                break;
        }
    }

    private bool IsOfInitialInvite(ref Step step)
    {
        if (TagSide(step.FromTag) == PartySide.Callee) return false;
        uint cseq = step.Message.CSeqNumber;
        if (FindAttempt(cseq) >= 0) return true;
        if (_reinviteOfCaller == cseq) return false;

        // The INVITE of this CSeq was not seen. Before the answer there is no other INVITE than an initial one (RFC 3261 14.1).
        return _phase is Phase.Calling or Phase.Early || (_attempts.Count == 0 && !_answered.IsSet) || (_phase == Phase.Completed && cseq > _attempts[^1].CSeq);
    }

    private void OnInviteResponse(ref Step step)
    {
        // 1. Attempt and transaction.
        SipMessage message = step.Message;
        int attempt = FindAttempt(message.CSeqNumber);
        if (attempt < 0)
        {
            attempt = AddAttempt(message.CSeqNumber);
            if (_phase == Phase.Completed) Reopen(ref step, Phase.Calling);
        }

        int transaction = FindTransaction(step.Branch, message.CSeqNumber, step.Place);
        if (transaction < 0) transaction = FindTransactionAt(message.CSeqNumber, step.Place);
        if (transaction < 0) transaction = AddTransaction(step.Branch, attempt, step.Place);
        InviteAttempt current = _attempts[attempt];
        current.LastResponseAt = Timestamp.Max(current.LastResponseAt, step.At);

        // 2. By class.
        int status = message.StatusCode;
        switch (status)
        {
            case 100:
                _trying.Note(step.At, step.Place, _places);
                if (transaction >= 0 && _transactions[transaction].State == InviteTransactionState.Calling)
                    _transactions[transaction].State = InviteTransactionState.Proceeding;
                break;
            case < 200:
                OnProvisional(ref step, attempt, transaction);
                break;
            case < 300:
                OnSuccess(ref step, attempt, transaction);
                break;
            default:
                OnFailure(ref step, attempt, transaction);
                break;
        }
    }

    private void OnProvisional(ref Step step, int attempt, int transaction)
    {
        SipMessage message = step.Message;
        int status = message.StatusCode;
        if (transaction >= 0 && _transactions[transaction].State == InviteTransactionState.Calling)
            _transactions[transaction].State = InviteTransactionState.Proceeding;
        LegState? leg = LegOfResponse(ref step, attempt);
        if (status == 199)
        {
            // RFC 6228: this early dialog is over, the others go on.
            if (leg is null) return;
            leg.IsAbandoned = true;
            leg.End(step.At, 199);
            return;
        }

        if (status is >= 180 and <= 189)
        {
            bool wasRinging = _first18x.IsSet;
            _first18x.Note(step.At, step.Place, _places);
            if (status == 180) _rang180.Note(step.At, step.Place, _places);
            if (status == 183) _rang183.Note(step.At, step.Place, _places);
            leg?.Rang.Note(step.At, step.Place, _places);
            if (!wasRinging) step.Effects.Add(CallEventKind.Ringing, step.At);
            if (_phase == Phase.Calling) _phase = Phase.Early;
        }

        MediaRole role = _attempts[attempt].HasOffer ? MediaRole.Answer : MediaRole.Offer;
        if (LearnMedia(ref step, role) && status is >= 180 and <= 189) _earlyMedia.Note(step.At, step.Place, _places);
    }

    private void OnSuccess(ref Step step, int attempt, int transaction)
    {
        // 1. The transaction and its leg.
        if (transaction >= 0) _transactions[transaction].State = InviteTransactionState.Accepted;
        InviteAttempt current = _attempts[attempt];
        current.IsAnswered = true;
        LegState? leg = LegOfResponse(ref step, attempt);
        if (leg is not null)
        {
            leg.Answered.Note(step.At, step.Place, _places);
            leg.Status = step.Message.StatusCode;
        }

        // 2. The call. What had been taken for unanswered is answered: a 2xx wins over everything (RFC 3261 9.1, 16.7).
        if (_isAnswerInferred)
        {
            // The ACK or BYE overtook the 2xx: nothing was missing.
            _isAnswerInferred = false;
            _answered = default;
            _flags &= ~CallFlags.Unconfirmed;
        }

        bool isFirst = !_answered.IsSet;
        _answered.Note(step.At, step.Place, _places);
        RefreshSession(step.Message, step.At);
        if (IsOver && _endKind is not (EndKind.Bye or EndKind.Inferred)) Reopen(ref step, Phase.Confirmed);
        else if (_phase is Phase.Calling or Phase.Early) SetPhase(Phase.Confirmed, step.At, step.Effects);
        else if (isFirst) step.Effects.Add(CallEventKind.Answered, step.At);

        // 3. The answer, or the offer of a late-offer call.
        LearnMedia(ref step, current.HasOffer ? MediaRole.Answer : MediaRole.Offer);
    }

    private void OnFailure(ref Step step, int attempt, int transaction)
    {
        // 1. Keep it with its transaction: the first final counts, what follows is a fault or an answer to a retry without a new CSeq.
        if (transaction < 0) return;
        ref InviteTransaction here = ref _transactions[transaction];
        if (here.HasFinal || here.State == InviteTransactionState.Accepted) return;
        SipMessage message = step.Message;
        here.State = InviteTransactionState.Completed;
        here.Status = message.StatusCode;
        here.FinalAt = step.At;
        here.Phrase = CommonTextOf(message.ReasonPhrase);
        here.FinalReason = ReasonOf(message);

        // 2. The leg. A challenge is no dialog; a final with a tag of its own (a proxy's) ends the one leg that waits.
        if (message.StatusCode is not (401 or 407))
        {
            LegState? leg = FindLeg(step.ToTag);
            if (leg is null)
            {
                LegState? waiting = null;
                int count = 0, ofAttempt = 0;
                foreach (LegState other in _legs)
                {
                    if (other.Attempt != attempt) continue;
                    ofAttempt++;
                    if (other.IsConfirmed || other.EndedAt is not null) continue;
                    waiting = other;
                    count++;
                }

                bool isInner = _places.IsNearer(_places.Nearest(), step.Place);
                leg = count == 1 && !isInner ? waiting : ofAttempt == 0 || isInner ? LegOfResponse(ref step, attempt) : null;
            }

            if (leg is { IsConfirmed: false })
            {
                LearnLeg(ref step, leg);
                leg.End(step.At, message.StatusCode);
            }
        }

        // 3. The call, where this was the last branch the caller waited for.
        if (_phase is Phase.Calling or Phase.Early)
        {
            if (!IsSettled()) return;
            _endKind = EndKind.Final;
            SetPhase(Phase.Completed, step.At, step.Effects);
        }
        else if (_phase == Phase.Terminated && _endKind is EndKind.CancelUnconfirmed or EndKind.NoFinal or EndKind.InnerFinal && IsSettled())
        {
            // The final came after a timer had given it up.
            _endKind = EndKind.Final;
            _flags &= ~CallFlags.Unconfirmed;
            SetPhase(Phase.Completed, step.At, step.Effects);
            Dirty(step.At);
        }
    }

    private void OnReinviteResponse(ref Step step)
    {
        int status = step.Message.StatusCode;
        if (status < 200) return;
        if (status < 300)
        {
            if (_phase is Phase.Calling or Phase.Early) InferAnswer(ref step, LegOf(ref step));
            RefreshSession(step.Message, step.At);
            LearnMedia(ref step, _reinviteHasOffer ? MediaRole.Answer : MediaRole.Offer);
            if (_reinviteHasOffer) CommitHold(); // else the answer comes with the ACK (RFC 3261 14.1)
            return;
        }

        DropPendingOffers();
        LoseDialog(ref step);
    }

    private void OnOtherResponse(ref Step step)
    {
        SipMessage message = step.Message;
        int status = message.StatusCode;
        if (status < 200) return;
        switch (message.CSeqMethod)
        {
            case SipMethod.Update when status < 300:
                RefreshSession(message, step.At);
                LearnMedia(ref step, MediaRole.Answer);
                CommitHold();
                break;
            case SipMethod.Update:
                DropPendingOffers();
                LoseDialog(ref step);
                break;
            case SipMethod.Prack when status < 300:
                LearnMedia(ref step, MediaRole.Answer);
                break;
            case SipMethod.Refer when status < 300:
                _flags |= CallFlags.Transferred;
                break;
            case SipMethod.Info or SipMethod.Options or SipMethod.Message:
                LoseDialog(ref step);
                break;
        }
    }

    private void OnByeResponse(ref Step step)
    {
        if (step.Message.StatusCode < 200) return;
        PartySide asker = Opposite(step.Sender);
        bool isSuccess = step.Message.StatusCode < 300;
        switch (_phase)
        {
            case Phase.Terminated when _endKind == EndKind.Bye && asker == _byeSide:
                _isByeAnswered = true;
                if (isSuccess)
                {
                    bool wasKnown = _byeConfirmed.IsSet;
                    _byeConfirmed.Note(step.At, step.Place, _places);
                    if (!wasKnown && _isEmitted) Dirty(step.At);
                }

                break;

            case Phase.Early or Phase.Calling when _hasEarlyBye && isSuccess:
                _isByeAnswered = true;
                _byeConfirmed.Note(step.At, step.Place, _places);
                break;

            case Phase.Confirmed when isSuccess && LegOf(ref step) is not { IsForkLoser: true } && step.IsNew:
                // The BYE itself was lost to the capture; its 200 is the last that is known of it.
                _flags |= CallFlags.Unconfirmed;
                _byeAt = step.At;
                _byeSide = asker;
                _isByeAnswered = true;
                _endKind = EndKind.Bye;
                _byeConfirmed.Note(step.At, step.Place, _places);
                LegOf(ref step)?.End(step.At, 200);
                SetPhase(Phase.Terminated, step.At, step.Effects);
                break;
        }
    }

    /// <summary>RFC 3261 12.2.1.2: 481 or 408 to a request inside the dialog ends it.</summary>
    private void LoseDialog(ref Step step)
    {
        if (step.Message.StatusCode is not (481 or 408) || _phase != Phase.Confirmed) return;
        LegState? leg = LegOf(ref step);
        if (leg is not null && leg != Winner()) return;
        EndInferred(EndReason.DialogLost, step.At, step.Effects);
    }

    private void NoteAnswered(ref Step step)
    {
        _answered.Note(step.At, step.Place, _places);
    }

    private void RefreshSession(SipMessage message, Timestamp at)
    {
        // RFC 4028 7.2, 9: the 2xx says what holds; without the header there is no session timer. 90 s is the least allowed.
        _sessionExpiresSeconds = message.TryGetSessionExpires(out SipSessionExpires expires) ? Math.Max(expires.Seconds, 90) : 0;
        _sessionRefreshedAt = at;
    }

    private LegState? LegOfResponse(ref Step step, int attempt)
    {
        LegState? leg = FindLeg(step.ToTag);
        if (leg is null)
        {
            // Without a To-tag (RFC 2543) there is one dialog at most.
            if (step.ToTag == 0 && step.Message.StatusCode is < 200 or >= 300) return null;
            leg = AddLeg(step.Message.ToTag, step.ToTag, attempt);
        }

        if (leg is not null) LearnLeg(ref step, leg);
        return leg;
    }

    private void LearnLeg(ref Step step, LegState leg)
    {
        SipMessage message = step.Message;
        bool isFarther = leg.Farthest == PlaceTable.None || _places.IsNearer(leg.Farthest, step.Place);
        if (isFarther) leg.Farthest = step.Place;
        if (leg.Contact is null && message.Contact is { IsEmpty: false } contact) leg.Contact = TextOf(contact.UriText);
        if ((isFarther || leg.UserAgent is null) && CommonTextOf(message.UserAgent) is { } agent) leg.UserAgent = agent;
        if (leg.Identity is null)
        {
            NameAddr asserted = message.AssertedIdentity;
            if (asserted.IsEmpty) asserted = message.RemotePartyId;
            if (!asserted.IsEmpty) leg.Identity = IdentityOf(asserted);
        }
    }

    private static ReasonGiven ReasonOf(SipMessage message)
    {
        if (!message.HasHeader(SipHeader.Reason)) return ReasonGiven.None;
        if (message.TryGetReason("Q.850"u8, out SipReason q850) && q850.Cause is >= 0 and <= Q850.MaxValue)
            return new ReasonGiven(q850.Cause, q850.Text.IsEmpty ? null : SipGrammar.UnescapeQuoted(q850.Text[..Math.Min(q850.Text.Length, 256)]));
        if (!message.TryGetReason("SIP"u8, out SipReason sip)) return ReasonGiven.None;
        // RFC 3326 2: SIP;cause=200 in a CANCEL says that another branch answered, which Q.850 calls 26.
        int cause = sip.Cause is >= 200 and < 300 ? Q850.NonSelectedUserClearing : Q850.FromStatus(sip.Cause, rang: true);
        return cause < 0 ? ReasonGiven.None : new ReasonGiven(cause, sip.Text.IsEmpty ? null : SipGrammar.UnescapeQuoted(sip.Text[..Math.Min(sip.Text.Length, 256)]));
    }
}
