using CdrEngine.Calls.Hops;
using CdrEngine.Calls.Legs;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transactions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls;

/// <summary>One call: one SIP Call-ID from its first INVITE to its last BYE. Folds messages, told in packet order, into one record.</summary>
/// <remarks>
/// Pure: no clock, no thread, no output but <see cref="CallEffects"/> and <see cref="ToRecord"/>. Phases (in brackets what others see as
/// <see cref="CallState"/>):
/// <code>
/// event \ phase       Calling [Trying]   Early [Ringing]   Confirmed [Answered]   Completed [Ended]     Terminated [Ended]
/// 100                 noted              noted             -                      -                     -
/// 18x                 Early              noted             -                      -                     -
/// 2xx to INVITE       Confirmed          Confirmed         another leg            Confirmed             noted ¹
/// 3xx-6xx, all ²      Completed          Completed         the leg's end          noted                 Completed ³
/// INVITE, new CSeq    another attempt    another attempt   another attempt        Calling (a retry)     Calling ³
/// CANCEL              noted              noted             -                      -                     -
/// BYE                 noted ⁴            noted ⁴           Terminated ⁵           noted                 glare, or the true end ⁶
/// 481/408 in dialog   -                  -                 Terminated             -                     -
/// timer               Terminated         Terminated        Terminated             record, then forget   record, then forget
/// ¹ Confirmed where the call had been taken for unanswered.  ² On every branch the caller waits for (see FinalOf).  ³ Where the end was
/// only inferred.  ⁴ A caller's BYE in an early dialog gives up like CANCEL (RFC 3261 15); a callee's proves a 2xx that was not seen.
/// ⁵ Save for the leg that lost a fork.  ⁶ Where the end was inferred.
/// </code>
/// What the table has no entry for is counted (<see cref="CallCounter.Unexpected"/>) and changes nothing.
/// </remarks>
public sealed partial class CallMachine : ICallOutline
{
    private readonly CallOptions _options;
    private readonly Counters<CallCounter> _counters;
    private readonly MessageMemory _memory;
    private readonly PlaceTable _places = new();
    private readonly List<InviteAttempt> _attempts = new(1);
    private readonly List<LegState> _legs = new(1);
    private InviteTransaction[] _transactions = new InviteTransaction[2];
    private int _transactionCount;
    private ulong[] _callerTags = new ulong[1];
    private int _callerTagCount;

    private Phase _phase = Phase.Calling;
    private EndKind _endKind;
    private EndReason _endReason;
    private Timestamp _endSeenAt;

    // Capture lost packets since it was over: what goes on after that, as a request with credentials behind a 407, went on meanwhile.
    private bool _hasGapBehindEnd;
    private CallFlags _flags;
    private int _messages;
    private int _retransmissions;
    private bool _isOpened;
    private bool _isEmitted;
    private bool _isDirty;
    private Timestamp _dirtySince;
    private Timestamp _forgetAt = Timestamp.MaxValue;
    private bool _isForgotten;

    private Milestone _started;
    private Milestone _trying;
    private Milestone _first18x;
    private Milestone _rang180;
    private Milestone _rang183;
    private Milestone _earlyMedia;
    private Milestone _answered;
    private Milestone _lastSip;
    private ulong _lastSipMessage;
    private Timestamp _lastSeenAt = Timestamp.MinValue;
    private TimeSpan _setBackBy;
    private Timestamp _lastRtpAt = Timestamp.MinValue;

    private Timestamp _byeAt;
    private PartySide _byeSide;
    private bool _isByeAnswered;
    private bool _isGlare;
    private ulong _byePlacesOfCaller;
    private ulong _byePlacesOfCallee;
    private Milestone _byeConfirmed;
    private ReasonGiven _byeReason = ReasonGiven.None;
    private bool _hasEarlyBye;
    private uint _reinviteOfCaller;
    private uint _reinviteOfCallee;
    private long _sessionExpiresSeconds;
    private Timestamp _sessionRefreshedAt;

    /// <summary>A machine for one call; it waits for its first message.</summary>
    /// <param name="options">Timers and limits, shared by all calls.</param>
    /// <param name="counters">Counters of the shard.</param>
    public CallMachine(CallOptions options, Counters<CallCounter> counters)
    {
        _options = options;
        _counters = counters;
        // Two hashes a message: one for the place, one for the message wherever it is seen.
        _memory = new MessageMemory(options.Limits.MessagesPerCall * 2);
    }

    private enum Phase : byte
    {
        Calling,
        Early,
        Confirmed,
        Completed,
        Terminated,
    }

    private enum EndKind : byte
    {
        None,

        /// <summary>Final response on all branches.</summary>
        Final,

        /// <summary>First BYE on the wire.</summary>
        Bye,

        /// <summary>CANCEL without final response.</summary>
        CancelUnconfirmed,

        /// <summary>Finals on inner hops only; what the caller got was not seen.</summary>
        InnerFinal,

        /// <summary>Unanswered, and nothing more came.</summary>
        NoFinal,

        /// <summary>Answered, and the end known by its last evidence only.</summary>
        Inferred,
    }

    /// <summary>The record's id: known from the first message on and never changed; empty before.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Call-ID header; empty before the first message.</summary>
    public string SipCallId { get; private set; } = "";

    /// <summary>Start of the call as far as known.</summary>
    /// <remarks>Never after the answer, whatever order the hops were captured in.</remarks>
    public Timestamp StartedAt => _answered.IsSet ? Min(_started.At, _answered.At) : _started.At;

    /// <summary>Where the call is.</summary>
    public CallState State => _phase switch
    {
        Phase.Calling => CallState.Trying,
        Phase.Early => CallState.Ringing,
        Phase.Confirmed => CallState.Answered,
        _ => CallState.Ended,
    };

    /// <summary>True where the final record was given out. Later facts may still change it (<see cref="CallEffects.RecordUpdated"/>).</summary>
    public bool IsFinal => _isEmitted;

    /// <summary>True where nothing more is expected and the machine may be dropped.</summary>
    public bool IsForgotten => _isForgotten;

    /// <summary>SIP messages applied.</summary>
    public int Messages => _messages;

    /// <summary>What was noticed so far.</summary>
    public CallFlags Flags => _flags;

    /// <summary>Folds one message of this call. Which messages are this call's is decided by <see cref="CallAdmission"/>.</summary>
    /// <param name="message">The message; borrowed for the call.</param>
    /// <param name="context">Where and when it was seen.</param>
    /// <param name="effects">Cleared, then filled with what follows.</param>
    public void Apply(SipMessage message, in MessageContext context, CallEffects effects)
    {
        // 1. Who sent it, by the dialog's tags; never by IP address where tags say it.
        effects.Clear();
        var step = new Step
        {
            Message = message,
            Context = context,
            Effects = effects,
            At = context.At + _setBackBy,
            FromTag = Hash64.OfTag(message.FromTag),
            ToTag = Hash64.OfTag(message.ToTag),
            Branch = Hash64.Of(message.TopViaBranch),
        };
        if (!_isOpened) Open(ref step);
        step.Sender = SenderOf(ref step);

        // 2. Where on the wire, and whether it was seen there, or elsewhere, before.
        FindPlace(ref step);
        _messages++;
        _counters.Increment(CallCounter.Messages);
        if (context.Truncated) _flags |= CallFlags.Truncated;
        _lastSeenAt = Timestamp.Max(_lastSeenAt, step.At);
        if (!Remember(ref step))
        {
            _retransmissions++;
            _counters.Increment(CallCounter.Retransmissions);

            // A sign of life all the same: a caller that only ever repeats itself is heard of until its last try.
            if (step.Place == _lastSip.Place && step.At > _lastSip.At) _lastSip.Set(step.At, step.Place);
            effects.IsRetransmission = true;
            effects.WakeAt = NextDeadline;
            return;
        }

        // 3. Evidence that the call lives, at the hop nearest the caller.
        if (step.IsNew) _lastSip.Set(step.At, step.Place);
        else if (step.Logical == _lastSipMessage) _lastSip.Note(step.At, step.Place, _places);
        if (step.IsNew) _lastSipMessage = step.Logical;

        // 4. The table.
        if (message.IsRequest) OnRequest(ref step);
        else OnResponse(ref step);
        KeepHeaders(ref step);
        effects.WakeAt = NextDeadline;
    }

    /// <summary>True where a message belongs to a dialog of this call by its tags.</summary>
    public bool Knows(SipMessage message) => TagSide(Hash64.OfTag(message.FromTag)) != PartySide.Unknown || TagSide(Hash64.OfTag(message.ToTag)) != PartySide.Unknown;

    /// <summary>Takes note of an RTP packet of the call. Called for each packet or once per batch; it only moves a time.</summary>
    /// <param name="at">Packet time, the latest of a batch.</param>
    /// <param name="from">Which side sent it.</param>
    public void OnMediaPacket(Timestamp at, PartySide from)
    {
        at += _setBackBy;
        if (at > _lastRtpAt) _lastRtpAt = at;
        _rtpSides |= 1 << (int)from;
    }

    /// <summary>Capture lost packets: flags the call where it was going on at any time since then, and one that was over when it goes on after all.</summary>
    /// <param name="since">When the loss was at the earliest; the end of time for just now.</param>
    public void MarkGap(Timestamp since)
    {
        if (!IsOver || (since != Timestamp.MaxValue && _endSeenAt >= since + _setBackBy)) _flags |= CallFlags.Gap;
        else _hasGapBehindEnd = true;
    }

    /// <summary>The clock of the capture was set back while the call was known. From now on its times are told in its own time, as if that had not been, so that nothing in it goes back.</summary>
    /// <param name="by">By how much.</param>
    /// <param name="now">Packet time after that.</param>
    public void SetClockBack(TimeSpan by, Timestamp now)
    {
        if (!_isOpened || by <= TimeSpan.Zero) return;

        // It takes some packets to believe a step: a call that began with them knows no other time.
        if (StartedAt > now - MostDisorder && LastLifeAt < now + MostDisorder) return;
        _setBackBy += by;
        if (!IsOver) _flags |= CallFlags.ClockSet;
    }

    /// <summary>Two calls had a media port in common.</summary>
    public void MarkReusedPort() => _flags |= CallFlags.ReusedPort;

    /// <inheritdoc />
    public bool IsOver => _phase is Phase.Completed or Phase.Terminated;

    /// <inheritdoc />
    public bool WasAnswered => _answered.IsSet || _legs.Exists(static leg => leg.IsConfirmed);

    /// <inheritdoc />
    public bool KnowsCallerTag(ReadOnlySpan<byte> tag)
    {
        ulong hash = Hash64.OfTag(tag);
        return hash != 0 && TagSide(hash) == PartySide.Caller;
    }

    /// <inheritdoc />
    public bool HasAttempt(uint cseq) => FindAttempt(cseq) >= 0;

    /// <inheritdoc />
    public bool MayBeTriedAgain => _phase == Phase.Completed && _attempts.Count > 0 && DecidingFinal() is var final and >= 0 && CallAdmission.InvitesRetry(_transactions[final].Status);

    private void Open(ref Step step)
    {
        _isOpened = true;
        SipMessage message = step.Message;
        SipCallId = CallIdText.Of(message.CallId);
        Id = Records.CallId.Derive(SipCallId, TextOf(message.FromTag) ?? "", step.At);
        _captureSource = step.Context.CaptureSource;
        _transport = step.Context.Transport;
        bool isInitial = message.IsRequest && message.Method == SipMethod.Invite && step.ToTag == 0;
        _started.Set(step.At, PlaceTable.None);
        step.Effects.Add(CallEventKind.Started, step.At);
        if (isInitial) return;

        // The capture began mid-call. From of the first message is taken for the caller: right for all that belongs to the INVITE's own
        // transaction; a guess (flagged) for a request inside the dialog.
        _flags |= CallFlags.MissingInvite;
        _counters.Increment(CallCounter.MissingInvite);
        AddCallerTag(step.FromTag);
        LearnCaller(message, isRequestOfCaller: message.IsRequest);
        bool isInDialog = message.IsRequest && step.ToTag != 0 && message.Method is not (SipMethod.Cancel or SipMethod.Prack);
        if (!isInDialog) return;
        LegState? leg = AddLeg(message.ToTag, step.ToTag, attempt: -1);
        if (leg is not null) leg.IsInferred = true;
        _phase = Phase.Confirmed;
    }

    private PartySide SenderOf(ref Step step)
    {
        if (step.Message.IsRequest && step.Message.Method == SipMethod.Invite && step.ToTag == 0) return PartySide.Caller;
        PartySide from = TagSide(step.FromTag);
        if (from == PartySide.Unknown) from = Opposite(TagSide(step.ToTag));
        if (from == PartySide.Unknown)
        {
            // Tags rewritten by a machine in between: the place says which way the message goes.
            if (_places.Find(step.Context.Source, step.Context.Destination, out bool fromCaller) == PlaceTable.None) return PartySide.Unknown;
            return fromCaller ? PartySide.Caller : PartySide.Callee;
        }

        return step.Message.IsRequest ? from : Opposite(from);
    }

    private static PartySide Opposite(PartySide side) => side switch
    {
        PartySide.Caller => PartySide.Callee,
        PartySide.Callee => PartySide.Caller,
        _ => PartySide.Unknown,
    };

    private void FindPlace(ref Step step)
    {
        MessageContext context = step.Context;
        int place = _places.Find(context.Source, context.Destination, out _);
        if (place == PlaceTable.None && !step.Message.IsRequest && step.Message.CSeqMethod == SipMethod.Invite)
        {
            // A response that came back to another port than the request left from (RFC 3261 18.2.2 without rport) is known by its branch.
            int transaction = FindTransaction(step.Branch, step.Message.CSeqNumber, PlaceTable.None);
            if (transaction >= 0) place = _transactions[transaction].Place;
        }

        if (place == PlaceTable.None)
        {
            bool fromCaller = step.Sender != PartySide.Callee;
            Endpoint callerSide = fromCaller ? context.Source : context.Destination;
            Endpoint calleeSide = fromCaller ? context.Destination : context.Source;
            place = _places.Add(callerSide, calleeSide, context.Transport, step.At, _options.Limits.PlacesPerCall);
            if (place == PlaceTable.None)
            {
                _counters.Increment(CallCounter.PlaceLimit);
                _flags |= CallFlags.Limited;
            }
        }

        step.Place = place;
        if (place != PlaceTable.None) _places[place].Messages++;
    }

    /// <summary>False for a retransmission: the same message at the same place. Sets whether the message is new on the whole wire.</summary>
    private bool Remember(ref Step step)
    {
        SipMessage message = step.Message;
        ulong kind = message.IsRequest ? (ulong)message.Method : (ulong)message.StatusCode << 8;
        if (message.Method == SipMethod.Unknown) kind = Hash64.Mix(kind, Hash64.Of(message.MethodText));
        ulong logical = Hash64.Mix(((ulong)message.CSeqNumber << 32) | (kind << 8) | (ulong)message.CSeqMethod, step.FromTag);
        logical = Hash64.Mix(logical, step.ToTag ^ ((ulong)message.RSeq << 1));
        ulong here = Hash64.Mix(logical, step.Branch ^ Hash64.Of(message.Body));
        here = Hash64.Mix(here, step.Context.Source.Hash64() ^ (step.Context.Destination.Hash64() << 1));
        if (_messages > _options.Limits.MessagesPerCall)
        {
            _counters.Increment(CallCounter.MessageLimit);
            _flags |= CallFlags.Limited;
        }

        step.Logical = logical;
        if (!_memory.Add(here)) return false;
        step.IsNew = _memory.Add(~logical);
        if (!step.IsNew) _counters.Increment(CallCounter.HopSightings);
        return true;
    }

    private PartySide TagSide(ulong tag)
    {
        if (tag == 0) return PartySide.Unknown;
        for (int i = 0; i < _callerTagCount; i++)
        {
            if (_callerTags[i] == tag) return PartySide.Caller;
        }

        return FindLeg(tag) is null ? PartySide.Unknown : PartySide.Callee;
    }

    private void AddCallerTag(ulong tag)
    {
        if (tag == 0 || TagSide(tag) == PartySide.Caller) return;
        if (_callerTagCount == _options.Limits.LegsPerCall)
        {
            _counters.Increment(CallCounter.LegLimit);
            _flags |= CallFlags.Limited;
            return;
        }

        if (_callerTagCount == _callerTags.Length) Array.Resize(ref _callerTags, _callerTagCount * 2);
        _callerTags[_callerTagCount++] = tag;
    }

    private LegState? FindLeg(ulong tag)
    {
        if (tag == 0) return null;
        foreach (LegState leg in _legs)
        {
            if (leg.Tag == tag) return leg;
        }

        return null;
    }

    private LegState? AddLeg(ReadOnlySpan<byte> toTag, ulong tag, int attempt)
    {
        if (_legs.Count >= _options.Limits.LegsPerCall)
        {
            _counters.Increment(CallCounter.LegLimit);
            _flags |= CallFlags.Limited;
            return null;
        }

        var leg = new LegState(tag, TextOf(toTag) ?? "", attempt);
        _legs.Add(leg);
        for (int i = 0; i < _legs.Count - 1 && attempt >= 0; i++)
        {
            if (_legs[i].Attempt == attempt) _flags |= CallFlags.Forked;
        }

        return leg;
    }

    private int FindAttempt(uint cseq)
    {
        for (int i = _attempts.Count - 1; i >= 0; i--)
        {
            if (_attempts[i].CSeq == cseq) return i;
        }

        return -1;
    }

    private int FindTransaction(ulong branch, uint cseq, int place)
    {
        int found = -1;
        for (int i = _transactionCount - 1; i >= 0; i--)
        {
            ref InviteTransaction transaction = ref _transactions[i];
            if (transaction.Branch != branch || _attempts[transaction.Attempt].CSeq != cseq) continue;
            if (transaction.Place == place) return i;
            if (place == PlaceTable.None) found = i;
        }

        return found;
    }

    private int FindTransactionAt(uint cseq, int place)
    {
        for (int i = _transactionCount - 1; i >= 0; i--)
        {
            if (_transactions[i].Place == place && _attempts[_transactions[i].Attempt].CSeq == cseq) return i;
        }

        return -1;
    }

    private int AddTransaction(ulong branch, int attempt, int place)
    {
        if (_transactionCount >= _options.Limits.TransactionsPerCall)
        {
            _counters.Increment(CallCounter.TransactionLimit);
            _flags |= CallFlags.Limited;
            return -1;
        }

        if (_transactionCount == _transactions.Length) Array.Resize(ref _transactions, _transactionCount * 2);
        _transactions[_transactionCount] = new InviteTransaction
        {
            Branch = branch,
            Attempt = attempt,
            Place = place,
            FinalReason = ReasonGiven.None,
            CancelReason = ReasonGiven.None,
        };
        return _transactionCount++;
    }

    private int AddAttempt(uint cseq)
    {
        if (_attempts.Count >= _options.Limits.AttemptsPerCall)
        {
            _counters.Increment(CallCounter.TransactionLimit);
            _flags |= CallFlags.Limited;
            return _attempts.Count - 1;
        }

        _attempts.Add(new InviteAttempt(cseq));
        return _attempts.Count - 1;
    }

    private void Unexpected() => _counters.Increment(CallCounter.Unexpected);

    /// <summary>One message on its way through the table.</summary>
    private ref struct Step
    {
        public SipMessage Message;
        public MessageContext Context;
        public CallEffects Effects;
        public Timestamp At;
        public ulong FromTag;
        public ulong ToTag;
        public ulong Branch;
        public ulong Logical;
        public PartySide Sender;
        public int Place;
        public bool IsNew;
    }
}
