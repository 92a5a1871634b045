using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;

namespace CdrEngine.Calls;

// Ends: which final counts, what the timers notice, when the record is due.
public sealed partial class CallMachine
{
    private bool _isAnswerInferred;

    /// <summary>When <see cref="Advance"/> has something to do; <see cref="Timestamp.MaxValue"/> for never. RTP moves it without a call: being
    /// called early is harmless.</summary>
    public Timestamp NextDeadline => NextDue is var due && due == Timestamp.MaxValue ? due : due - _setBackBy;

    // The same in the call's own time.
    private Timestamp NextDue
    {
        get
        {
            if (!_isOpened || _isForgotten) return Timestamp.MaxValue;
            CallTimers timers = _options.Timers;
            switch (_phase)
            {
                case Phase.Calling or Phase.Early:
                    return UnansweredDeadline();
                case Phase.Confirmed:
                    return ConfirmedDeadline();
                default:
                    if (!_isEmitted) return _endSeenAt + timers.Linger;
                    if (HasResumed) return _lastRtpAt;
                    return _isDirty ? _dirtySince + timers.Linger : _forgetAt;
            }
        }
    }

    // RTP after an end that only its absence had proved.
    private bool HasResumed => _endKind == EndKind.Inferred && _endReason is EndReason.RtpTimeout or EndReason.MaxDuration or EndReason.SessionTimer && _lastRtpAt > _endSeenAt;

    private Timestamp LastLifeAt => Timestamp.Max(_lastSeenAt, _lastRtpAt);

    private bool HasRtpSinceAnswer => _lastRtpAt != Timestamp.MinValue && _lastRtpAt >= (_answered.IsSet ? _answered.At : _started.At);

    /// <summary>Tells the machine that packet time has come this far.</summary>
    /// <param name="now">Packet time.</param>
    /// <param name="effects">Cleared, then filled.</param>
    public void Advance(Timestamp now, CallEffects effects)
    {
        effects.Clear();
        now += _setBackBy;
        while (NextDue <= now && !effects.Forget) Expire(now, effects);
        effects.WakeAt = NextDeadline;
    }

    /// <summary>The capture ended: whatever is open is over, and its record due at once.</summary>
    /// <param name="now">Packet time at the end of the capture.</param>
    /// <param name="effects">Cleared, then filled.</param>
    public void CaptureEnded(Timestamp now, CallEffects effects) => Stop(EndReason.CaptureEnd, now, effects);

    /// <summary>The call is pushed out by the limit on open calls: as <see cref="CaptureEnded"/>, with another reason.</summary>
    /// <param name="now">Packet time.</param>
    /// <param name="effects">Cleared, then filled.</param>
    public void Evict(Timestamp now, CallEffects effects) => Stop(EndReason.Evicted, now, effects);

    private void Stop(EndReason reason, Timestamp now, CallEffects effects)
    {
        effects.Clear();
        if (!_isOpened || _isForgotten) return;
        now += _setBackBy;
        switch (_phase)
        {
            case Phase.Calling or Phase.Early:
                _endReason = reason;
                GiveUp(now, effects);
                break;
            case Phase.Confirmed:
                EndInferred(reason, now, effects);
                break;
        }

        if (!_isEmitted || _isDirty) Emit(now, effects);
        Forget(effects);
    }

    private Timestamp UnansweredDeadline()
    {
        Timestamp deadline = LastLifeAt + _options.Timers.SetupTimeout;
        for (int i = 0; i < _transactionCount; i++)
        {
            ref InviteTransaction transaction = ref _transactions[i];
            if (transaction is { IsCancelled: true, HasFinal: false } && IsAwaited(i)) deadline = Min(deadline, transaction.CancelledAt + _options.Timers.CancelConfirm);
        }

        // All inner branches have a final and the caller's hop has none: what the caller got was not captured, or is about to be.
        if (HasOnlyFinals(out Timestamp lastFinalAt)) deadline = Min(deadline, lastFinalAt + _options.Timers.Linger);
        return deadline;
    }

    private Timestamp ConfirmedDeadline()
    {
        CallTimers timers = _options.Timers;
        if (_sessionExpiresSeconds > 0)
        {
            // RFC 4028 10, and no end while media flows: the refresh may have gone past the capture.
            Timestamp expires = _sessionRefreshedAt + TimeSpan.FromSeconds(_sessionExpiresSeconds) + timers.SessionGrace;
            return _lastRtpAt == Timestamp.MinValue ? expires : Timestamp.Max(expires, _lastRtpAt + timers.SessionGrace);
        }

        if (HasRtpSinceAnswer) return LastLifeAt + (IsHeld ? timers.HeldTimeout : timers.RtpTimeout);

        // Only an in-dialog request was seen: it proves little, and the wait is short.
        bool isThin = !_answered.IsSet && _flags.HasFlag(CallFlags.MissingInvite) && _media.Count == 0;
        return LastLifeAt + (isThin ? timers.SetupTimeout : timers.MaxDuration);
    }

    private static Timestamp Min(Timestamp left, Timestamp right) => left <= right ? left : right;

    private void Expire(Timestamp now, CallEffects effects)
    {
        switch (_phase)
        {
            case Phase.Calling or Phase.Early:
                GiveUp(now, effects);
                Emit(now, effects);
                break;
            case Phase.Confirmed:
                EndInferred(
                    _sessionExpiresSeconds > 0 ? EndReason.SessionTimer : HasRtpSinceAnswer ? EndReason.RtpTimeout : EndReason.MaxDuration, now, effects);
                Emit(now, effects);
                break;
            default:
                if (!_isEmitted || (_isDirty && !HasResumed)) Emit(now, effects);
                else if (HasResumed) Resume(effects);
                else Forget(effects);
                break;
        }
    }

    // An unanswered call that nothing more is heard of.
    private void GiveUp(Timestamp now, CallEffects effects)
    {
        if (_hasEarlyBye && !HasCancel() && _isByeAnswered && !HasAnyFinal())
        {
            // RFC 3261 15.1.2: a BYE in an early dialog brings a 487. None came, so the dialog was confirmed and its 2xx not captured.
            _flags |= CallFlags.Unconfirmed;
            _isAnswerInferred = true;
            if (_legs.Count > 0) _legs[^1].IsInferred = true;
            _endKind = EndKind.Bye;
            SetPhase(Phase.Terminated, now, effects);
            return;
        }

        _flags |= CallFlags.Unconfirmed;
        _endKind = IsCancelledByCaller(_attempts.Count - 1) ? EndKind.CancelUnconfirmed : HasFinalOf(_attempts.Count - 1) ? EndKind.InnerFinal : EndKind.NoFinal;
        SetPhase(Phase.Terminated, now, effects);
    }

    private void EndInferred(EndReason reason, Timestamp now, CallEffects effects)
    {
        _endKind = EndKind.Inferred;
        _endReason = reason;
        _flags |= CallFlags.MissingBye;
        SetPhase(Phase.Terminated, now, effects);
    }

    private void Resume(CallEffects effects)
    {
        _flags &= ~CallFlags.MissingBye;
        _endKind = EndKind.None;
        _phase = Phase.Confirmed;
        _isDirty = false;
        _forgetAt = Timestamp.MaxValue;
        if (_sessionExpiresSeconds > 0) _sessionRefreshedAt = _lastRtpAt;
        effects.Add(CallEventKind.Reopened, _lastRtpAt);
    }

    private void Reopen(ref Step step, Phase phase)
    {
        _flags &= ~CallFlags.Unconfirmed;
        if (_hasGapBehindEnd) _flags |= CallFlags.Gap;
        _hasGapBehindEnd = false;
        _endKind = EndKind.None;
        _isDirty = false;
        _forgetAt = Timestamp.MaxValue;
        step.Effects.Add(CallEventKind.Reopened, step.At);
        if (phase == Phase.Confirmed) SetPhase(phase, step.At, step.Effects);
        else _phase = _first18x.IsSet ? Phase.Early : Phase.Calling;
    }

    private void SetPhase(Phase phase, Timestamp at, CallEffects effects)
    {
        bool wasOver = IsOver;
        _phase = phase;
        if (phase == Phase.Confirmed)
        {
            effects.Add(CallEventKind.Answered, at);
        }
        else if (phase is Phase.Completed or Phase.Terminated)
        {
            _endSeenAt = at;
            Dirty(at);
            if (!wasOver) effects.Add(CallEventKind.Ended, at);
        }
    }

    private void Dirty(Timestamp at)
    {
        if (!_isEmitted || _isDirty) return;
        _isDirty = true;
        _dirtySince = at;
    }

    private void Emit(Timestamp now, CallEffects effects)
    {
        CallTimers timers = _options.Timers;
        if (_isEmitted)
        {
            effects.RecordUpdated = true;
            _counters.Increment(CallCounter.LateFacts);
        }
        else
        {
            effects.RecordFinal = true;
            _counters.Increment(CallCounter.Finished);
            if (_flags.HasFlag(CallFlags.MissingBye)) _counters.Increment(CallCounter.MissingBye);
        }

        _isEmitted = true;
        _isDirty = false;
        _forgetAt = _endKind switch
        {
            EndKind.Inferred => now + timers.InferredEndKept,
            EndKind.Bye when _isByeAnswered => now,
            EndKind.Final when MayBeTriedAgain => Timestamp.Max(now, _endSeenAt + timers.RetryKept),
            EndKind.Final when IsFinalAcked() && !HasUnansweredCancel() => now,
            _ => Timestamp.Max(now, _endSeenAt + timers.LateFacts),
        };
    }

    private void Forget(CallEffects effects)
    {
        _isForgotten = true;
        effects.Forget = true;
    }

    // ---- which final response counts -----------------------------------------------------------------------------------------

    /// <summary>Whether every attempt has the final response its caller waits for, so that the call is over unanswered.</summary>
    private bool IsSettled()
    {
        for (int i = 0; i < _attempts.Count; i++)
        {
            if (_attempts[i].IsAnswered) return false;
            if (FinalOf(i) >= 0) continue;

            // An attempt that went silent when the next one began was given up for it (its final was not captured).
            bool isSuperseded = i + 1 < _attempts.Count && _attempts[i + 1].Invite.IsSet && _attempts[i].LastResponseAt <= _attempts[i + 1].Invite.At;
            if (!isSuperseded) return false;
        }

        return _attempts.Count > 0;
    }

    /// <summary>The transaction whose final response the caller got for an attempt; -1 while one is awaited.</summary>
    /// <remarks>The caller waits for the transactions at the hop nearest the caller. Where that hop is not captured, a forking proxy shows as
    /// several branches side by side, and all must be final: then 487 after CANCEL counts before 6xx before the first (RFC 3261 16.7.6).</remarks>
    private int FinalOf(int attempt)
    {
        int best = -1;
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].Attempt != attempt || !IsAwaited(i)) continue;
            if (!_transactions[i].HasFinal) return -1;
            if (best < 0 || Weight(i) > Weight(best)) best = i;
        }

        return best;
    }

    private int Weight(int transaction)
    {
        ref InviteTransaction t = ref _transactions[transaction];
        if (t.Status == 487 && t.IsCancelled && t.CancelReason.Q850 != Outcomes.Q850.NonSelectedUserClearing) return 2;
        return t.Status >= 600 ? 1 : 0;
    }

    /// <summary>Whether the caller waits for this transaction: it is at the place nearest the caller, or beside it.</summary>
    private bool IsAwaited(int transaction)
    {
        int place = _transactions[transaction].Place;
        int attempt = _transactions[transaction].Attempt;
        int nearest = place;
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].Attempt == attempt && _places.IsNearer(_transactions[i].Place, nearest)) nearest = _transactions[i].Place;
        }

        if (nearest == place) return true;
        if (nearest < 0 || place < 0) return false;
        return _places[nearest].CallerSide.Address == _places[place].CallerSide.Address && _places[nearest].ViaCount == _places[place].ViaCount;
    }

    /// <summary>The transaction whose final response decides the call; -1 where there is none.</summary>
    private int DecidingFinal()
    {
        for (int attempt = _attempts.Count - 1; attempt >= 0; attempt--)
        {
            int final = FinalOf(attempt);
            if (final >= 0) return final;
        }

        return -1;
    }

    /// <summary>For a call given up: the final of the last attempt seen nearest the caller; -1 where it has none.</summary>
    private int BestFinalKnown()
    {
        int best = DecidingFinal();
        if (best >= 0 && _transactions[best].Attempt == _attempts.Count - 1) return best;
        best = -1;
        for (int i = 0; i < _transactionCount; i++)
        {
            if (!_transactions[i].HasFinal || _transactions[i].Attempt != _attempts.Count - 1) continue;
            if (best < 0 || _places.IsNearer(_transactions[i].Place, _transactions[best].Place)) best = i;
        }

        return best;
    }

    private bool IsFinalAcked() => DecidingFinal() is var final and >= 0 && _transactions[final].IsAcked;

    private bool IsSettledAt(int attempt, int place)
    {
        bool any = false;
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].Attempt != attempt || _transactions[i].Place != place) continue;
            if (!_transactions[i].HasFinal) return false;
            any = true;
        }

        return any && FinalOf(attempt) >= 0;
    }

    private bool HasFinalOf(int attempt)
    {
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].Attempt == attempt && _transactions[i].HasFinal) return true;
        }

        return false;
    }

    private bool HasAnyFinal()
    {
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].HasFinal) return true;
        }

        return false;
    }

    private bool HasCancel()
    {
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].IsCancelled && _transactions[i].CancelledAt != _byeAt) return true;
        }

        return false;
    }

    private bool HasUnansweredCancel()
    {
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i] is { IsCancelled: true, IsCancelAnswered: false }) return true;
        }

        return false;
    }

    private bool HasOnlyFinals(out Timestamp lastFinalAt)
    {
        lastFinalAt = Timestamp.MinValue;
        int last = _attempts.Count - 1;
        bool anyInner = false;
        for (int i = 0; i < _transactionCount; i++)
        {
            ref InviteTransaction transaction = ref _transactions[i];
            if (transaction.Attempt != last) continue;
            if (transaction.HasFinal)
            {
                anyInner = true;
                lastFinalAt = Timestamp.Max(lastFinalAt, transaction.FinalAt);
            }
            else if (!IsAwaited(i))
            {
                return false;
            }
        }

        return anyInner;
    }

    /// <summary>Whether the caller gave an attempt up: CANCEL (or an early BYE) at the hop the caller waits at.</summary>
    private bool IsCancelledByCaller(int attempt)
    {
        for (int i = 0; i < _transactionCount; i++)
        {
            if (_transactions[i].Attempt == attempt && _transactions[i].IsCancelled && IsAwaited(i)) return true;
        }

        return false;
    }
}
