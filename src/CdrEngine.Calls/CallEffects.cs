using CdrEngine.Calls.Negotiation;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;

namespace CdrEngine.Calls;

/// <summary>A step in a call's life that others may want to hear of.</summary>
public enum CallEventKind
{
    /// <summary>First message.</summary>
    Started = 0,

    /// <summary>First 18x.</summary>
    Ringing = 1,

    /// <summary>First 2xx to the initial INVITE.</summary>
    Answered = 2,

    /// <summary>Over.</summary>
    Ended = 3,

    /// <summary>What had been over goes on: a retry after the final response, or RTP after an inferred end.</summary>
    Reopened = 4,
}

/// <summary>A step and the packet time at which it was noticed.</summary>
/// <param name="Kind">Which.</param>
/// <param name="At">Packet time of the message that showed it (or of the timer).</param>
public readonly record struct CallEvent(CallEventKind Kind, Timestamp At);

/// <summary>What follows from one step of a call's machine. One object serves many steps: each step clears it first.</summary>
public sealed class CallEffects
{
    private readonly List<CallEvent> _events = new(4);
    private readonly List<MediaDescription> _media = new(4);

    /// <summary>The record is final now: ask the machine for it and emit it.</summary>
    public bool RecordFinal { get; internal set; }

    /// <summary>A later fact changed a record that had been final: emit it again.</summary>
    public bool RecordUpdated { get; internal set; }

    /// <summary>Nothing more is expected: the machine may be dropped (after its record, if one is due in the same step).</summary>
    public bool Forget { get; internal set; }

    /// <summary>The message was a retransmission and changed nothing but a counter.</summary>
    public bool IsRetransmission { get; internal set; }

    /// <summary>When to call <see cref="CallMachine.Advance"/> next; <see cref="Timestamp.MaxValue"/> for never.</summary>
    public Timestamp WakeAt { get; internal set; } = Timestamp.MaxValue;

    /// <summary>Steps in the call's life, in order.</summary>
    public IReadOnlyList<CallEvent> Events => _events;

    /// <summary>Media descriptions learnt in this step: endpoints to listen for, payload types that changed.</summary>
    public IReadOnlyList<MediaDescription> Media => _media;

    /// <summary>True where <see cref="Media"/> has anything.</summary>
    public bool MediaChanged => _media.Count > 0;

    /// <summary>Room to read an SDP body in; shared by all machines that use this object.</summary>
    internal SdpSession Sdp { get; } = new();

    /// <summary>Forgets everything of the last step.</summary>
    public void Clear()
    {
        RecordFinal = RecordUpdated = Forget = IsRetransmission = false;
        WakeAt = Timestamp.MaxValue;
        _events.Clear();
        _media.Clear();
    }

    internal void Add(CallEventKind kind, Timestamp at) => _events.Add(new CallEvent(kind, at));

    internal void Add(MediaDescription description) => _media.Add(description);
}
