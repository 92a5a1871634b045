using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Legs;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;

namespace CdrEngine.Calls;

// Putting a call away while it only waits for what hardly ever comes. Every field is carried here; a test changes each and looks whether it comes back.
public sealed partial class CallMachine
{
    /// <summary>Machines that wait for another call, for each thread.</summary>
    private const int MostSpare = 256;

    /// <summary>Transactions that one of them has room for; a machine that grew beyond it is let go.</summary>
    private const int LargestSpare = 8;

    /// <summary>True where the record is out and nothing is known to be due but forgetting: the call waits for late messages only.</summary>
    public bool IsAtRest => _isEmitted && IsOver && !_isDirty && !HasResumed;

    /// <summary>Puts everything the machine knows into a small form, for calls that wait. The machine itself stays as it is.</summary>
    public DormantCall PutAway() => new(Packed(), IsAtRest, _endSeenAt - _setBackBy);

    /// <summary>A machine as it was when it was put away.</summary>
    /// <param name="call">What <see cref="PutAway"/> gave.</param>
    /// <param name="options">The options it had.</param>
    /// <param name="counters">Counters of the shard.</param>
    public static CallMachine Wake(DormantCall call, CallOptions options, Counters<CallCounter> counters)
    {
        CallMachine machine = Take(options, counters);
        machine.Become(call.State);
        if (call.HasGap) machine.MarkGap(Timestamp.MaxValue);
        return machine;
    }

    /// <summary>A machine for one call; it waits for its first message. One that was given back serves again: what calls have while they are set up is of the same size for nearly all.</summary>
    /// <param name="options">Timers and limits, shared by all calls of a thread.</param>
    /// <param name="counters">Counters of the shard, the same for all machines of these options.</param>
    public static CallMachine Take(CallOptions options, Counters<CallCounter> counters) =>
        options.Spare.TryPop(out CallMachine? spare) ? spare : new CallMachine(options, counters);

    /// <summary>Forgets everything and waits for another call. Nobody may use the machine as this call's any more.</summary>
    public void GiveBack()
    {
        if (_options.Spare.Count >= MostSpare || _transactions.Length > LargestSpare || _memory.Room > LargestSpare * 8) return;
        Clear();
        _options.Spare.Push(this);
    }

    /// <summary>As it was when it was made.</summary>
    internal void Clear()
    {
        _attempts.Clear();
        _legs.Clear();
        Array.Clear(_transactions);
        Array.Clear(_callerTags);
        _memory.Clear();
        _media.Clear();
        _places.Clear();

        // Records may have these as their own.
        _headers = null;
        _held = null;
        _digits = null;
        Become(_options.Blank ??= new CallMachine(_options, _counters).Packed());
    }

    private void Become(in DormantState state)
    {
        StateCarrier carrier = _options.Carrier;
        carrier.BeginUnpacking(state);
        Carry(carrier);
        carrier.EndUnpacking();
    }

    private DormantState Packed()
    {
        StateCarrier carrier = _options.Carrier;
        carrier.BeginPacking(_started.At);
        Carry(carrier);
        return carrier.EndPacking();
    }

    private void Carry(StateCarrier carrier)
    {
        CarryStatus(carrier);
        CarryTimes(carrier);
        CarryEnd(carrier);
        CarryTexts(carrier);
        CarryDialogs(carrier);
        CarryMedia(carrier);
        _memory.Carry(carrier);
        _places.Carry(carrier);
    }

    private void CarryStatus(StateCarrier carrier)
    {
        carrier.Name(ref _phase);
        carrier.Name(ref _endKind);
        carrier.Name(ref _endReason);
        carrier.Name(ref _flags);
        carrier.Number(ref _messages);
        carrier.Number(ref _retransmissions);
        carrier.Flags(ref _isOpened, ref _isEmitted, ref _isDirty, ref _isForgotten);
        carrier.Flags(ref _isByeAnswered, ref _isGlare, ref _hasEarlyBye, ref _isAnswerInferred);
        carrier.Flag(ref _callerHolds);
        carrier.Flag(ref _calleeHolds);
        carrier.Flag(ref _reinviteHasOffer);
        carrier.Flag(ref _hasGapBehindEnd);
        carrier.Number(ref _rtpSides);
        carrier.Name(ref _transport);
    }

    private void CarryTimes(StateCarrier carrier)
    {
        _started.Carry(carrier);
        _trying.Carry(carrier);
        _first18x.Carry(carrier);
        _rang180.Carry(carrier);
        _rang183.Carry(carrier);
        _earlyMedia.Carry(carrier);
        _answered.Carry(carrier);
        _lastSip.Carry(carrier);
        carrier.Hash(ref _lastSipMessage);
        carrier.Time(ref _lastSeenAt);
        carrier.Span(ref _setBackBy);
        carrier.Time(ref _lastRtpAt);
        carrier.Time(ref _endSeenAt);
        carrier.Time(ref _dirtySince);
        carrier.Time(ref _forgetAt);
    }

    private void CarryEnd(StateCarrier carrier)
    {
        carrier.Time(ref _byeAt);
        carrier.Name(ref _byeSide);
        carrier.Number(ref _byePlacesOfCaller);
        carrier.Number(ref _byePlacesOfCallee);
        _byeConfirmed.Carry(carrier);
        ReasonGiven.Carry(carrier, ref _byeReason);
        carrier.Number(ref _reinviteOfCaller);
        carrier.Number(ref _reinviteOfCallee);
        carrier.Number(ref _sessionExpiresSeconds);
        carrier.Time(ref _sessionRefreshedAt);
    }

    private void CarryTexts(StateCarrier carrier)
    {
        Id = carrier.Text(Id)!;
        SipCallId = carrier.Text(SipCallId)!;
        carrier.Keep(ref _captureSource!);
        carrier.Keep(ref _callerAgent);
        carrier.Text(ref _fromTag);
        Identity.Carry(carrier, ref _from);
        Identity.Carry(carrier, ref _to);
        carrier.Text(ref _dialled);
        int headers = carrier.Number(_headers?.Count ?? -1);
        if (!carrier.IsPacking && headers >= 0) _headers = new List<KeyValuePair<string, string>>(headers);
        for (int i = 0; i < headers; i++)
        {
            KeyValuePair<string, string> header = carrier.IsPacking ? _headers![i] : default;
            header = new KeyValuePair<string, string>(carrier.Keep(header.Key)!, carrier.Text(header.Value)!);
            if (!carrier.IsPacking) _headers!.Add(header);
        }
    }

    private void CarryDialogs(StateCarrier carrier)
    {
        carrier.Number(ref _callerTagCount);
        if (_callerTags.Length < _callerTagCount) _callerTags = new ulong[_callerTagCount];
        for (int i = 0; i < _callerTagCount; i++) carrier.Hash(ref _callerTags[i]);

        int attempts = carrier.Number(_attempts.Count);
        for (int i = 0; i < attempts; i++)
        {
            InviteAttempt attempt = InviteAttempt.Carry(carrier, carrier.IsPacking ? _attempts[i] : null);
            if (!carrier.IsPacking) _attempts.Add(attempt);
        }

        int legs = carrier.Number(_legs.Count);
        for (int i = 0; i < legs; i++)
        {
            LegState leg = LegState.Carry(carrier, carrier.IsPacking ? _legs[i] : null);
            if (!carrier.IsPacking) _legs.Add(leg);
        }

        carrier.Number(ref _transactionCount);
        if (_transactions.Length < _transactionCount) _transactions = new InviteTransaction[_transactionCount];
        for (int i = 0; i < _transactionCount; i++) _transactions[i].Carry(carrier);
    }

    private void CarryMedia(StateCarrier carrier)
    {
        _media.Carry(carrier);
        PendingHold.Carry(carrier, ref _pendingOfCaller);
        PendingHold.Carry(carrier, ref _pendingOfCallee);
        int held = carrier.Number(_held?.Count ?? -1);
        if (!carrier.IsPacking && held >= 0) _held = new List<HeldInterval>(held);
        for (int i = 0; i < held; i++)
        {
            HeldInterval? interval = carrier.IsPacking ? _held![i] : null;
            PartySide by = interval?.By ?? default;
            carrier.Name(ref by);
            interval = new HeldInterval(by, carrier.Time(interval?.From ?? default), carrier.Time(interval?.To));
            if (!carrier.IsPacking) _held!.Add(interval);
        }

        int digits = carrier.Number(_digits?.Count ?? -1);
        if (!carrier.IsPacking && digits >= 0) _digits = new List<(DtmfDigit, int, ulong)>(digits);
        for (int i = 0; i < digits; i++)
        {
            // Immutable, and few calls have any.
            (DtmfDigit? digit, int place, ulong message) = carrier.IsPacking ? _digits![i] : default;
            carrier.Keep(ref digit);
            carrier.Number(ref place);
            carrier.Hash(ref message);
            if (!carrier.IsPacking) _digits!.Add((digit!, place, message));
        }
    }
}
