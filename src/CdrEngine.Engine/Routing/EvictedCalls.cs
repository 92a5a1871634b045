using CdrEngine.Calls.Transactions;
using CdrEngine.PacketLog;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Engine.Routing;

/// <summary>Calls that <c>engine.max-calls</c> pushed out, so that what still comes of them begins no second record. The last ones only: the eldest are forgotten.</summary>
/// <param name="capacity">Calls remembered at most.</param>
internal sealed class EvictedCalls(int capacity)
{
    private readonly Dictionary<CallKey, Evicted> _calls = [];
    private readonly Queue<(CallKey Key, long Number)> _since = new();
    private long _number;

    /// <summary>Remembers a call.</summary>
    public void Add(CallEntry call)
    {
        CallKey key = CallKey.Of(call.CallId);
        _calls[key] = new Evicted(++_number, call.CallerTag, call.LastInviteCSeq);
        _since.Enqueue((key, _number));
        while (_since.Count > capacity)
        {
            (CallKey eldest, long number) = _since.Dequeue();
            if (_calls.TryGetValue(eldest, out Evicted known) && known.Number == number) _calls.Remove(eldest);
        }
    }

    /// <summary>Whether a message, which would begin a call, is of one that was pushed out and goes on. A further try of its caller, or another call with its Call-ID, is not; nor is a 2xx that
    /// answers it after all: a conversation is told of, from there on.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isAnswered">Whether these calls were answered when they went.</param>
    public bool Takes(SipMessage message, bool isAnswered)
    {
        if (_calls.Count == 0) return false;
        CallKey key = CallKey.Of(message.CallId);
        if (!_calls.TryGetValue(key, out Evicted call)) return false;
        bool isInitialInvite = message is { IsRequest: true, Method: SipMethod.Invite } && message.ToTag.IsEmpty;
        bool begins = isInitialInvite
            ? call.CallerTag != Hash64.OfTag(message.FromTag) || message.CSeqNumber > call.LastInviteCSeq
            : !isAnswered && message is { IsRequest: false, CSeqMethod: SipMethod.Invite, StatusCode: >= 200 and < 300 };
        if (begins) _calls.Remove(key);
        return !begins;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _calls.Clear();
        _since.Clear();
    }

    private readonly record struct Evicted(long Number, ulong CallerTag, uint LastInviteCSeq);
}
