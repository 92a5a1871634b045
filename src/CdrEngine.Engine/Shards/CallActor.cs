using CdrEngine.Actors;
using CdrEngine.Calls;
using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Negotiation;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Streams;
using CdrEngine.Core;

namespace CdrEngine.Engine.Shards;

/// <summary>One call. A thin shell: hands messages to the call's machine and carries out what follows.</summary>
/// <remarks>Where the machine throws, the supervisor makes a new actor in the same seat, which folds the call's SIP anew from the packet log,
/// without the message at fault; a second failure gives the call up. Its neighbours never notice.
/// Once the record is out the machine is put away, and brought back by whatever it is told then: of ten calls that are remembered for late messages nine never see one.</remarks>
internal sealed class CallActor : Actor<CallSignal>, IReceiveBorrowed<SipArrival>
{
    private static readonly object WakeTimer = new();
    private readonly CallSeat _seat;
    private readonly Shard _shard;
    private CallMachine? _awake;
    private DormantCall? _dormant;
    private Timestamp _wakeAt = Timestamp.MaxValue;

    public CallActor(CallSeat seat)
    {
        _seat = seat;
        _shard = seat.Shard;
        _awake = CallMachine.Take(_shard.CallOptions, _shard.CallCounters);
    }

    // The machine, to be told something: one that was put away is back from now on.
    private CallMachine Machine
    {
        get
        {
            if (_awake is { } awake) return awake;
            _shard.Counters.Increment(ShardCounter.CallsBroughtBack);
            _awake = Wake();
            _dormant = null;
            return _awake;
        }
    }

    // The machine, to be asked something: one that was put away stays there.
    private CallMachine Asked => _awake ?? Wake();

    private CallMachine Wake() => CallMachine.Wake(_dormant!, _shard.CallOptions, _shard.CallCounters);

    protected override void PreStart() => _seat.Actor = this;

    protected override void PostStop()
    {
        if (_seat.Actor == this) _seat.Actor = null;
    }

    protected override void PostRestart(Exception cause)
    {
        base.PostRestart(cause);
        _shard.Counters.Increment(ShardCounter.CallsRebuilt);
        _shard.Rebuild(_seat, this);
        foreach (RtpFlow flow in _seat.Flows)
        {
            Place(flow);
            if (flow.LastAt is { } last) OnMedia(last, flow.From);
        }

        Follow();
    }

    public void ReceiveBorrowed(in SipArrival message)
    {
        _seat.PassOnMedia();
        if (!Fold(message)) return;
        CallEffects effects = _shard.Effects;
        if (effects.MediaChanged)
        {
            foreach (RtpFlow flow in _seat.Flows) Place(flow);
        }

        Follow();
        if (_shard.PutsAway == PutsAway.Always) PutAway();
    }

    protected override void Receive(CallSignal message)
    {
        _seat.PassOnMedia();
        CallEffects effects = _shard.Effects;
        switch (message)
        {
            case CallSignal.Wake:
                _wakeAt = Timestamp.MaxValue;
                Machine.Advance(_shard.Now, effects);
                break;
            case CallSignal.CaptureEnd or CallSignal.Evict or CallSignal.Suspend when _dormant is { IsAtRest: true }:
                // Its record is out and has nothing to be added: it is closed next, or the engine stops.
                return;
            case CallSignal.CaptureEnd:
                Machine.CaptureEnded(_shard.Now, effects);
                break;
            case CallSignal.Evict:
                Machine.Evict(_shard.Now, effects);
                break;
            case CallSignal.Gap:
                if (_dormant is { } dormant && !dormant.MayHaveGap(_shard.GapSince)) dormant.NoteGap();
                else Machine.MarkGap(_shard.GapSince);
                _seat.Live?.Touch();
                PutAway();
                return;
            case CallSignal.ClockSet:
                Machine.SetClockBack(_shard.SetBackBy, _shard.Now);
                _seat.Live?.Touch();
                PutAway();
                return;
            case CallSignal.PortReused:
                Machine.MarkReusedPort();
                PutAway();
                return;
            case CallSignal.Standing:
                if (Machine.IsFinal) Emit(RecordRevision.Updated);
                PutAway();
                return;
            case CallSignal.Close:
                Close();
                return;
            case CallSignal.Suspend:
                // What is over is told now; what is open goes on after the next start.
                if (!Machine.IsOver) return;
                Machine.CaptureEnded(_shard.Now, effects);
                break;
        }

        Follow();
        PutAway();
    }

    /// <summary>Folds one message into the machine; false where it does not parse. Also how a call is rebuilt.</summary>
    public bool Fold(in SipArrival arrival)
    {
        if (!_shard.TryParse(arrival.Bytes)) return false;
        var context = new MessageContext(
            arrival.At, arrival.Source, arrival.Destination, arrival.Transport, arrival.CaptureSource, arrival.IsTruncated);
        _shard.BeforeFold?.Invoke(_shard.Message);
        Machine.Apply(_shard.Message, context, _shard.Effects);
        return true;
    }

    /// <summary>Tells a flow which side sends it and what its payload types mean, by all that the call knows now.</summary>
    public void Place(RtpFlow flow)
    {
        CallMachine machine = Machine;
        MediaMatch match = machine.MatchMedia(flow.Source, flow.Destination);
        if (match.IsBySource)
        {
            foreach (RtpFlow other in _seat.Flows)
            {
                MediaMatch beside = match.Beside(flow.Source, flow.Destination, machine.MatchMedia(other.Source, other.Destination), other.Source, other.Destination);
                if (beside.From == match.From) continue;
                match = beside;
                break;
            }
        }

        flow.From = match.From;
        flow.MediaIndex = match.MediaIndex;
        if ((match.Receiver is { IsT38: true } ? match.Receiver : match.Sender) is { IsT38: true } fax)
        {
            flow.Fax = _seat.Fax ??= new T38Meter();
            _seat.Fax.Version = fax.T38Version;
            _seat.Fax.MediaIndex = match.MediaIndex;
        }

        bool isEncrypted = match.Receiver is { IsSrtp: true } || match.Sender is { IsSrtp: true };
        flow.Listeners = isEncrypted ? null : _shard.Listeners;
        flow.SetPayloadTypes(_shard.PayloadTypes.For(match));
    }

    /// <summary>Tells a flow that is new, and those that flow to where it comes from: it may tell more of them than their own addresses do.</summary>
    public void PlaceNew(RtpFlow flow)
    {
        _seat.PassOnMedia();
        Place(flow);
        foreach (RtpFlow other in _seat.Flows)
        {
            if (other != flow && other.Destination == flow.Source) Place(other);
        }
    }

    /// <summary>Notes an RTP packet, or the latest of some that went straight; it does next to nothing.</summary>
    public void OnMedia(Timestamp at, PartySide from) => Machine.OnMediaPacket(at, from);

    /// <summary>The call's record as it stands.</summary>
    public CallRecord ToRecord()
    {
        _seat.PassOnMedia();
        return InSession(Asked.ToRecord(Shard.StreamsOf(_seat), StreamDigits.Of(_seat.Flows), _seat.Fax?.ToRecord(), _seat.Rtcp?.Heard));
    }

    /// <summary>Id of the record; empty before the first message.</summary>
    public string Id => Asked.Id;

    /// <summary>See <see cref="CallMachine.ToOutline"/>.</summary>
    public CallRecord ToOutline()
    {
        _seat.PassOnMedia();
        return InSession(Asked.ToOutline());
    }

    /// <summary>Where the call is.</summary>
    public CallState State => _dormant is { IsAtRest: true } ? CallState.Ended : Asked.State;

    /// <summary>Whether it is on hold.</summary>
    public bool IsHeld => Asked.IsHeld;

    private void Follow()
    {
        CallEffects effects = _shard.Effects;
        _shard.Live?.Step(_seat, this, effects);
        if (effects.RecordFinal || effects.RecordUpdated) Emit(effects.RecordFinal ? RecordRevision.Final : RecordRevision.Updated);
        if (effects.WakeAt >= _wakeAt) return;
        _wakeAt = effects.WakeAt;
        Context.Timers.StartAt(WakeTimer, CallSignal.Wake, _shard.OnDispatcherClock(_wakeAt));
    }

    // Not after a late message: where there was one there may be more, and each would pay for the way there and back.
    private void PutAway()
    {
        if (_awake is null || _shard.PutsAway == PutsAway.Never || (_shard.PutsAway == PutsAway.AtRest && !_awake.IsAtRest)) return;
        _shard.Counters.Increment(ShardCounter.CallsPutAway);
        _dormant = _awake.PutAway();
        _awake.GiveBack();
        _awake = null;
    }

    private void Emit(RecordRevision revision)
    {
        _shard.Emit(_seat, ToRecord(), revision);
    }

    private CallRecord InSession(CallRecord record) => _seat.Standing?.Apply(record) ?? record;

    private void Close()
    {
        CallEffects effects = _shard.Effects;
        if (_dormant is not { IsAtRest: true } && !Machine.IsFinal)
        {
            Machine.Evict(_shard.Now, effects);
            if (effects.RecordFinal) Emit(RecordRevision.Final);
        }
        else if (_seat.Chunks is { } chunks)
        {
            // Packets that came after the record was emitted belong to the call's file all the same.
            chunks.Seal();
            if (chunks.Sealed.Count > _seat.EmittedChunks) Emit(RecordRevision.Updated);
        }

        Context.Stop();
    }
}
