using CdrEngine.Calls.Hops;
using CdrEngine.Calls.Legs;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls;

// The request half of the table.
public sealed partial class CallMachine
{
    private void OnRequest(ref Step step)
    {
        switch (step.Message.Method)
        {
            case SipMethod.Invite when step.ToTag == 0:
                OnInvite(ref step);
                break;
            case SipMethod.Invite:
                OnReinvite(ref step);
                break;
            case SipMethod.Ack:
                OnAck(ref step);
                break;
            case SipMethod.Cancel:
                OnCancel(ref step);
                break;
            case SipMethod.Bye:
                OnBye(ref step);
                break;
            case SipMethod.Update:
                LearnMedia(ref step, MediaRole.Offer);
                break;
            case SipMethod.Prack:
                // RFC 3262 5: the answer where the INVITE had no offer, else an offer of its own.
                LearnMedia(ref step, _attempts.Count > 0 && !_attempts[^1].HasOffer ? MediaRole.Answer : MediaRole.Offer);
                break;
            case SipMethod.Info:
                OnInfo(ref step);
                break;
        }
    }

    private void OnInvite(ref Step step)
    {
        SipMessage message = step.Message;
        AddCallerTag(step.FromTag);

        // 1. The attempt (CSeq) and the transaction (branch at this place).
        int attempt = FindAttempt(message.CSeqNumber);
        int transaction = attempt < 0 ? -1 : FindTransaction(step.Branch, message.CSeqNumber, step.Place);
        if (attempt >= 0 && transaction < 0 && IsSettledAt(attempt, step.Place)) attempt = -1; // the caller tries again and forgot to count up
        if (attempt < 0)
        {
            bool isChallenged = DecidingFinal() is var final and >= 0 && _transactions[final].Status is 401 or 407;
            bool isRetry = _attempts.Count > 0;
            attempt = AddAttempt(message.CSeqNumber);
            if (isRetry && (isChallenged || message.HasHeader(SipHeader.Authorization) || message.HasHeader(SipHeader.ProxyAuthorization)))
            {
                _attempts[attempt].IsAuthenticated = true;
                _flags |= CallFlags.Authenticated;
            }

            if (IsOver && !WasAnswered) Reopen(ref step, Phase.Calling);
        }

        if (transaction < 0) AddTransaction(step.Branch, attempt, step.Place);

        // 2. The hop.
        bool isFirstHere = step.Place != PlaceTable.None && !_places[step.Place].HasInvite;
        if (isFirstHere)
        {
            ref Place place = ref _places[step.Place];
            place.HasInvite = true;
            place.ViaCount = message.ViaCount;
            place.MaxForwards = message.MaxForwards;
        }

        // 3. The time and the caller, as seen at the hop nearest the caller.
        InviteAttempt current = _attempts[attempt];
        bool wasKnown = current.Invite.IsSet;
        current.Invite.Note(step.At, step.Place, _places);
        if (attempt == 0)
        {
            if (_started.Place == PlaceTable.None) _started.Set(Min(step.At, _started.At), step.Place);
            else _started.Note(step.At, step.Place, _places);

            // Responses overtook their INVITE between two capture queues: it was not missing after all.
            if (!wasKnown) _flags &= ~CallFlags.MissingInvite;
        }

        if (isFirstHere && _places.Nearest() == step.Place)
        {
            LearnCaller(message, isRequestOfCaller: true);
            _transport = step.Context.Transport;
        }

        if (message.HasHeader(SipHeader.Replaces) || message.HasHeader(SipHeader.ReferredBy)) _flags |= CallFlags.Transferred;

        // 4. The offer.
        current.HasOffer |= LearnMedia(ref step, MediaRole.Offer);
    }

    private void OnReinvite(ref Step step)
    {
        uint cseq = step.Message.CSeqNumber;
        if (step.Sender == PartySide.Callee) _reinviteOfCallee = cseq;
        else _reinviteOfCaller = cseq;

        // A re-INVITE proves a dialog that a 2xx confirmed (RFC 3261 14.1).
        if (_phase is Phase.Calling or Phase.Early) InferAnswer(ref step, LegOf(ref step));
        bool hasOffer = LearnMedia(ref step, MediaRole.Offer);
        if (step.IsNew) _reinviteHasOffer = hasOffer;
    }

    private void OnAck(ref Step step)
    {
        // The ACK of a non-2xx bears the branch of its INVITE (RFC 3261 17.1.1.3), that of a 2xx its own.
        int transaction = FindTransaction(step.Branch, step.Message.CSeqNumber, step.Place);
        if (transaction >= 0 && _transactions[transaction].HasFinal)
        {
            _transactions[transaction].IsAcked = true;
            return;
        }

        LearnMedia(ref step, MediaRole.Answer);
        LegState? leg = LegOf(ref step);
        if (leg is { IsConfirmed: true })
        {
            leg.IsAcked = true;
            CommitHold();
            return;
        }

        int attempt = FindAttempt(step.Message.CSeqNumber);
        if (attempt >= 0 && HasFinalOf(attempt))
        {
            int here = FindTransactionAt(step.Message.CSeqNumber, step.Place);
            if (here >= 0) _transactions[here].IsAcked = true;
            return;
        }

        // A branch of its own, no final seen: the 2xx was lost to the capture.
        if (transaction < 0 && step.ToTag != 0 && step.Sender != PartySide.Callee && _phase is Phase.Calling or Phase.Early)
        {
            leg ??= AddLeg(step.Message.ToTag, step.ToTag, attempt);
            InferAnswer(ref step, leg);
            if (leg is not null) leg.IsAcked = true;
            if (!_answered.IsSet) NoteAnswered(ref step);
            return;
        }

        Unexpected();
    }

    private void OnCancel(ref Step step)
    {
        SipMessage message = step.Message;
        int transaction = FindTransaction(step.Branch, message.CSeqNumber, step.Place);
        if (transaction < 0) transaction = FindTransactionAt(message.CSeqNumber, step.Place);
        if (transaction < 0)
        {
            if (_phase is not (Phase.Calling or Phase.Early))
            {
                Unexpected();
                return;
            }

            int attempt = FindAttempt(message.CSeqNumber);
            transaction = AddTransaction(step.Branch, attempt >= 0 ? attempt : AddAttempt(message.CSeqNumber), step.Place);
        }

        if (transaction < 0) return;
        ref InviteTransaction cancelled = ref _transactions[transaction];
        if (cancelled.IsCancelled) return;
        cancelled.IsCancelled = true;
        cancelled.CancelledAt = step.At;
        cancelled.CancelReason = ReasonOf(message);
    }

    private void OnBye(ref Step step)
    {
        // 1. Whose, and of which leg.
        LegState? leg = LegOf(ref step);
        if (step.Sender == PartySide.Callee) _byePlacesOfCallee |= PlaceBit(step.Place);
        else _byePlacesOfCaller |= PlaceBit(step.Place);

        switch (_phase)
        {
            case Phase.Calling or Phase.Early:
                if (step.Sender == PartySide.Callee || leg is { IsConfirmed: true })
                {
                    // RFC 3261 15: a callee may not BYE an early dialog, so there was a 2xx.
                    InferAnswer(ref step, leg);
                    TerminateByBye(ref step);
                }
                else
                {
                    GiveUpEarly(ref step);
                }

                break;

            case Phase.Confirmed:
                if (leg is not null && IsForkLoser(leg, step.At))
                {
                    leg.IsForkLoser = leg.IsConfirmed;
                    leg.IsAbandoned = !leg.IsConfirmed;
                    leg.End(step.At, leg.IsConfirmed ? 200 : 0);
                    break;
                }

                TerminateByBye(ref step);
                break;

            case Phase.Terminated when _endKind == EndKind.Inferred:
                // The timer was wrong about the end, or right about the fact: the BYE tells the time.
                _flags &= ~CallFlags.MissingBye;
                TerminateByBye(ref step);
                Dirty(step.At);
                break;

            case Phase.Terminated when _endKind == EndKind.Bye:
                if (leg is { IsOpen: true }) leg.End(step.At, 200);
                if (step.Sender != _byeSide && step.Sender != PartySide.Unknown && !_isByeAnswered && !_isGlare)
                {
                    _isGlare = true;
                    if (_isEmitted) Dirty(step.At);
                }

                break;

            default:
                Unexpected();
                break;
        }
    }

    private void TerminateByBye(ref Step step)
    {
        _byeAt = step.At;
        _byeSide = step.Sender;
        _byeReason = ReasonOf(step.Message);
        _endKind = EndKind.Bye;
        LegOf(ref step)?.End(step.At, 200);
        SetPhase(Phase.Terminated, step.At, step.Effects);
    }

    // RFC 3261 15: the caller may BYE an early dialog instead of CANCEL; the INVITE is then answered 487 (15.1.2).
    private void GiveUpEarly(ref Step step)
    {
        _hasEarlyBye = true;
        _byeAt = step.At;
        _byeSide = step.Sender;
        _byeReason = ReasonOf(step.Message);
        for (int i = 0; i < _transactionCount; i++)
        {
            ref InviteTransaction transaction = ref _transactions[i];
            if (transaction.HasFinal || transaction.IsCancelled || transaction.Place != step.Place) continue;
            transaction.IsCancelled = true;
            transaction.CancelledAt = step.At;
            transaction.CancelReason = _byeReason;
        }
    }

    private void OnInfo(ref Step step) => LearnDigit(ref step);

    /// <summary>Whether a BYE of this leg ends only the leg: another dialog goes on, and this one was not the one kept.</summary>
    private bool IsForkLoser(LegState leg, Timestamp at)
    {
        LegState? winner = Winner();
        bool hasOther = _legs.Exists(other => other != leg && other.IsOpen && !(leg.Answered.IsSet && IsFartherAnswer(other, leg)));
        if (!hasOther) return false;
        if (winner != leg) return true;
        return leg.Answered.IsSet && at - leg.Answered.At <= _options.Timers.ForkLoserWindow;
    }

    // A 2xx seen only on an inner hop was dropped by the machine in between: that dialog does not keep the call alive.
    private bool IsFartherAnswer(LegState leg, LegState than) =>
        leg.Answered.IsSet && leg.Answered.Place != than.Answered.Place && _places.IsNearer(than.Answered.Place, leg.Answered.Place);

    /// <summary>The dialog that was kept: confirmed, not a fork's loser; the one whose 2xx came nearest the caller, then first.</summary>
    private LegState? Winner()
    {
        LegState? winner = null;
        foreach (LegState leg in _legs)
        {
            if (!leg.IsConfirmed || leg.IsForkLoser) continue;
            if (winner is null || (leg.Answered.IsSet && winner.Answered.IsSet && IsFartherAnswer(winner, leg))) winner = leg;
        }

        return winner;
    }

    private LegState? LegOf(ref Step step)
    {
        // The callee's tag stands in To of what the caller asks and of what the callee answers.
        LegState? leg = FindLeg(step.ToTag);
        return leg ?? FindLeg(step.FromTag);
    }

    private void InferAnswer(ref Step step, LegState? leg)
    {
        if (leg is not null) leg.IsInferred = true;
        _flags |= CallFlags.Unconfirmed;
        _isAnswerInferred = true;
        SetPhase(Phase.Confirmed, step.At, step.Effects);
    }

    private static ulong PlaceBit(int place) => place == PlaceTable.None ? 0 : 1UL << place;
}
