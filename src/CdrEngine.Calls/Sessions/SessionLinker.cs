using CdrEngine.Calls.Records;
using CdrEngine.Core;
using CdrEngine.Protocols.Sdp;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Calls.Sessions;

/// <summary>What the one who knows all open calls says of one of them.</summary>
public interface ISessionCalls
{
    /// <summary>The newest call with a Call-ID; null where none is known.</summary>
    SessionCall? Find(ReadOnlySpan<byte> callId);
}

/// <summary>Finds out which calls are one conversation. Told every message in packet order; answers with calls whose standing has changed.</summary>
/// <remarks>
/// Tried in this order, the surest first; a link found later by a surer method takes the place of one that contradicts it:
/// 1. What messages say outright: Replaces, REFER and what it leads to, 3xx.
/// 2. A configured header; Session-ID; the Call-ID without affixes.
/// 3. The same media address or SDP session.
/// 4. The same RTP into and out of a machine.
/// 5. Numbers and time, one candidate only; undone where the calls then do not end together.
/// But for the first, a call made by a machine has one call that it was made of, which ends at the machine where it begins; and two calls side
/// by side on the same stretch of wire are never one. Pure: results depend on the order of what it is told and on nothing else.
/// </remarks>
public sealed partial class SessionLinker
{
    private readonly SessionOptions _options;
    private readonly ISessionCalls _calls;
    private readonly int _textBytes;
    private readonly byte[][] _headers;
    private readonly byte[][] _affixes;
    private readonly byte[][] _pickupCodes;
    private readonly byte[][] _orbits;
    private readonly Dictionary<IpAddress, IpAddress> _machines = [];
    private readonly RingIndex<SessionCall> _keys;
    private readonly RingIndex<SessionCall> _numbers;
    private readonly RingIndex<Sighting> _sdp;
    private readonly RingIndex<Sighting> _sightings;
    private readonly List<SessionCall> _changed = [];
    private readonly Queue<(Timestamp Due, SessionCall Call)> _ends = new();
    private readonly List<PendingTarget> _pending = [];
    private readonly List<SessionCall> _found = [];
    private readonly HashSet<IpAddress> _switches = [];
    private long _nextOrder;

    /// <summary>A linker that knows nothing yet.</summary>
    /// <param name="options">What links, and bounds.</param>
    /// <param name="calls">Finds calls by Call-ID.</param>
    /// <param name="textBytes"><see cref="CallLimits.TextBytes"/> of the calls' machines: the ids of records depend on it.</param>
    public SessionLinker(SessionOptions options, ISessionCalls calls, int textBytes)
    {
        _options = options;
        _calls = calls;
        _textBytes = textBytes;
        _headers = Bytes(options.Headers);
        _affixes = Bytes(options.CallIdAffixes);
        _pickupCodes = Bytes(options.PickupCodes);
        _orbits = Bytes(options.Orbits);
        foreach (string machine in options.Machines)
        {
            IpAddress? first = null;
            foreach (string text in machine.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                if (!IpAddress.TryParse(text, out IpAddress address)) continue;
                _machines.TryAdd(address, first ??= address);
            }
        }

        _keys = new RingIndex<SessionCall>(options.Limits.Keys, static call => call.IsClosed);
        _numbers = new RingIndex<SessionCall>(options.Limits.Numbers, static call => call.IsClosed);
        _sdp = new RingIndex<Sighting>(options.Limits.Keys, static seen => seen.Call.IsClosed);
        _sightings = new RingIndex<Sighting>(options.Limits.Sightings, static seen => seen.Call.IsClosed);
    }

    /// <summary>What was done.</summary>
    public Counters<SessionCounter> Counters { get; } = new();

    /// <summary>Packets of each stream it wants to see.</summary>
    public int PacketsPerStream => _options.Enabled ? _options.Limits.PacketsPerStream : 0;

    /// <summary>Calls whose standing has changed since <see cref="ClearChanged"/>, in the order in which they first did.</summary>
    public IReadOnlyList<SessionCall> Changed => _changed;

    /// <summary>The changes have been passed on.</summary>
    public void ClearChanged()
    {
        foreach (SessionCall call in _changed) call.IsInChanged = false;
        _changed.Clear();
    }

    /// <summary>A call begins with this message.</summary>
    /// <param name="owner">Whose call it is.</param>
    /// <param name="callId">Its Call-ID; kept, not copied.</param>
    /// <param name="message">Its first message.</param>
    /// <param name="startedAt">Time of the message.</param>
    public SessionCall? Open(object owner, byte[] callId, SipMessage message, Timestamp startedAt) =>
        _options.Enabled ? new SessionCall(owner, callId, message.FromTag.ToArray(), startedAt, ++_nextOrder, _textBytes) : null;

    /// <summary>A message of a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="message">The message; borrowed.</param>
    /// <param name="sdp">Its SDP, read; null where it has none.</param>
    /// <param name="source">Sender.</param>
    /// <param name="destination">Receiver.</param>
    /// <param name="now">Packet time.</param>
    /// <param name="isOver">Whether the call is over after this message.</param>
    public void OnMessage(SessionCall call, SipMessage message, SdpSession? sdp, Endpoint source, Endpoint destination, Timestamp now, bool isOver)
    {
        if (message.IsRequest)
        {
            switch (message.Method)
            {
                case SipMethod.Invite when message.ToTag.IsEmpty:
                    OnInvite(call, message, sdp, Machine(source.Address), Machine(destination.Address), now);
                    SettleEnd(call, now, isOver);
                    return;
                case SipMethod.Refer:
                    OnRefer(call, message, Machine(destination.Address), now);
                    break;
                case SipMethod.Notify:
                    OnNotify(call, message);
                    break;
            }
        }
        else if (message.CSeqMethod == SipMethod.Invite)
        {
            int status = message.StatusCode;
            if (status is >= 200 and < 300 && !call.IsAnswered) OnAnswer(call, now);
            else if (status is >= 300 and < 400) OnRedirect(call, message, now);
        }
        else if (message.CSeqMethod == SipMethod.Refer && message.StatusCode >= 300)
        {
            OnReferRefused(call, message);
        }

        // Hops and answers bring what the first message had not: Session-IDs, SDP.
        if (message.IsRequest || message.StatusCode > 100) LearnKeys(call, message, sdp, Machine(source.Address), Machine(destination.Address), now);
        SettleEnd(call, now, isOver);
    }

    /// <summary>Moves time on: calls that should have ended with others are looked at.</summary>
    public void Advance(Timestamp now)
    {
        while (_ends.TryPeek(out (Timestamp Due, SessionCall Call) next) && next.Due <= now)
        {
            _ends.Dequeue();
            CheckEnd(next.Call);
        }
    }

    /// <summary>From when on <see cref="Advance"/> has something to do; the end of time where it has nothing.</summary>
    public Timestamp NextDue => _ends.TryPeek(out (Timestamp Due, SessionCall Call) next) ? next.Due : Timestamp.MaxValue;

    /// <summary>The record of a call can change no more.</summary>
    public void Close(SessionCall call)
    {
        call.Close();
        if (call.Group is not { } group || group.Members.Exists(static member => !member.IsClosed)) return;
        foreach (SessionCall member in group.Members)
        {
            // Nothing may keep a conversation alive that is over.
            member.Group = null;
            member.Edges = null;
            member.Upstream = null;
            member.TransferPeer = null;
            member.PayloadPeer = null;
        }
    }

    /// <summary>Forgets everything: the capture is over.</summary>
    public void Clear()
    {
        _keys.Clear();
        _numbers.Clear();
        _sdp.Clear();
        _sightings.Clear();
        _ends.Clear();
        _pending.Clear();
        _switches.Clear();
        SettleCounters();
    }

    /// <summary>Brings the counters that others keep up to date.</summary>
    public void SettleCounters() =>
        Counters.Add(SessionCounter.KeysEvicted, _keys.Evicted + _sdp.Evicted + _numbers.Evicted + _sightings.Evicted - Counters[SessionCounter.KeysEvicted]);

    private static byte[][] Bytes(IReadOnlyList<string> texts) => [.. texts.Where(static text => text.Length > 0).Select(System.Text.Encoding.UTF8.GetBytes)];

    private IpAddress Machine(IpAddress address) => _machines.Count > 0 && _machines.TryGetValue(address, out IpAddress machine) ? machine : address;

    private void OnInvite(SessionCall call, SipMessage message, SdpSession? sdp, IpAddress source, IpAddress destination, Timestamp now)
    {
        // 1. Where, who.
        bool isFirst = call.InviteCSeq == 0 && call.InviteAt == default;
        bool isRetry = !isFirst && message.CSeqNumber > call.InviteCSeq;
        bool isNewPlace = call.AddPlace(source, destination);
        if (isFirst) call.InviteAt = now;
        if (!isFirst && !isRetry && !isNewPlace) return;
        if (isFirst || isRetry)
        {
            call.InviteAt = now;
            call.InviteCSeq = message.CSeqNumber;
            if (!call.IsAnswered) call.EndedAt = Timestamp.MaxValue;
        }

        LearnNumbers(call, message);

        // 2. What it says outright, then what it has in common with others, then numbers.
        if (isFirst)
        {
            LearnReplaces(call, message, now);
            MatchPending(call, message, source, now);
        }

        LearnKeys(call, message, sdp, source, destination, now);
        if (isFirst)
        {
            if (call.Upstream is null) LinkByNumbers(call, now);
            LearnForward(call, message, now);
        }

        // 3. So that others find it.
        AnnounceNumbers(call, destination, now);
    }

    private void OnAnswer(SessionCall call, Timestamp now)
    {
        call.AnsweredAt = now;
        call.EndedAt = Timestamp.MaxValue;
        if (call.Transfer is { Role: TransferRole.Target, Outcome: TransferOutcome.Unknown })
        {
            SetTransfer(call, call.Transfer with { Outcome = TransferOutcome.Succeeded }, call.TransferPeer);
            if (call.TransferPeer is { Transfer.Outcome: TransferOutcome.Unknown } peer && peer.TransferPeer == call) Outcome(peer, TransferOutcome.Succeeded, 0);
        }

        // A machine answers the call when the call it made of it is answered: what was concluded from numbers is surer now.
        if (call.Edges is { } edges)
        {
            foreach (SessionEdge edge in edges)
            {
                if (edge.Method != LinkMethod.Numbers || edge.Relation != LinkRelation.Downstream || edge.One != call || edge.Score >= Confirmed) continue;
                if (!edge.Other.IsAnswered || now - edge.Other.AnsweredAt > _options.NumberWindow) continue;
                edge.Score = Confirmed;
                Change(call);
                Change(edge.Other);
            }
        }

        LinkFeatureCodes(call, now);
    }

    private void SettleEnd(SessionCall call, Timestamp now, bool isOver)
    {
        if (isOver == !call.IsOpen) return;
        call.EndedAt = isOver ? now : Timestamp.MaxValue;
        if (!isOver) return;
        if (call.Transfer is { Role: TransferRole.Target, Outcome: TransferOutcome.Unknown, Kind: not TransferKind.Forward } && !call.IsAnswered)
        {
            SetTransfer(call, call.Transfer with { Outcome = TransferOutcome.Failed }, call.TransferPeer);
            if (call.TransferPeer is { Transfer.Outcome: TransferOutcome.Unknown } peer && peer.TransferPeer == call) Outcome(peer, TransferOutcome.Failed, 0);
        }

        if (!call.IsAnswered) NoteCancelled(call, now);
        if (call.Edges is { } edges && edges.Exists(static edge => edge.Method == LinkMethod.Numbers)) _ends.Enqueue((now + _options.EndWindow, call));
    }

    /// <summary>A call has ended a while ago: those that were made of it must have ended too, or it was not they.</summary>
    private void CheckEnd(SessionCall call)
    {
        if (call.IsOpen || call.Edges is not { } edges) return;
        for (int i = edges.Count - 1; i >= 0; i--)
        {
            SessionEdge edge = edges[i];
            if (edge.Method != LinkMethod.Numbers || edge.One != call || edge.Relation != LinkRelation.Downstream) continue;
            SessionCall inner = edge.Other;

            // One who was transferred away leaves the other side behind, and that is as it should be.
            if (!inner.IsOpen && !(inner.IsAnswered && inner.AnsweredAt > call.EndedAt + _options.EndWindow)) continue;
            if (IsInTransfer(call) || IsInTransfer(inner)) continue;
            Counters.Increment(SessionCounter.Undone);
            Unlink(edge);
        }
    }

    private static bool IsInTransfer(SessionCall call) => call.Transfer is { Kind: not TransferKind.Forward };

    // Addresses by their hashes: what is found so is looked at more closely, and there are many.
    private readonly record struct Sighting(SessionCall Call, uint From, uint To, ushort Sequence)
    {
        public static uint Of(IpAddress address) => (uint)(Transactions.Hash64.Mix(address.Low, address.High) >> 32);
    }

    /// <summary>A REFER or a 3xx that has not led to a call yet.</summary>
    private sealed class PendingTarget
    {
        public required SessionCall Call { get; init; }

        public required Timestamp At { get; init; }

        public required bool IsRedirect { get; init; }

        public required NumberKey Target { get; init; }

        public required string? TargetText { get; init; }

        public required string? From { get; init; }

        public uint CSeq { get; init; }

        public ulong Sender { get; init; }

        /// <summary>Hash of the URI in Referred-By; 0 without one.</summary>
        public ulong ReferredBy { get; init; }

        /// <summary>Who is to make the call.</summary>
        public IpAddress Recipient { get; set; }

        /// <summary>Whether Refer-To has Replaces.</summary>
        public bool IsAttended { get; init; }

        /// <summary>The call that Replaces within Refer-To names.</summary>
        public SessionCall? Replaced { get; init; }

        public bool IsDone { get; set; }
    }
}
