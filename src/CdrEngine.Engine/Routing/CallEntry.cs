using CdrEngine.Calls;
using CdrEngine.Calls.Transactions;
using CdrEngine.Calls.Sessions;
using CdrEngine.Core;
using CdrEngine.Protocols.Sip;

namespace CdrEngine.Engine.Routing;

/// <summary>What the switchboard knows of an open call: enough to say, in packet order, which shard and which call a packet belongs to.
/// The call itself lives in its shard.</summary>
/// <remarks>The switchboard never asks a shard: every decision here follows from the packets alone, so that the number of shards and
/// their speed cannot change a record.</remarks>
internal sealed class CallEntry : ICallOutline
{
    private DialogSet _confirmedDialogs;
    private DialogSet _endedDialogs;

    public CallEntry() => Age = new LinkedListNode<CallEntry>(this);

    public required byte[] CallId { get; init; }

    /// <summary>Order of creation over all calls; the greater, the newer.</summary>
    public required long Order { get; init; }

    public required int Shard { get; init; }

    /// <summary>Index of the call within its shard.</summary>
    public required int Handle { get; init; }

    /// <summary>The next older call with the same Call-ID, or null.</summary>
    public CallEntry? Older { get; set; }

    /// <summary>Hash of the From-tag of the initial INVITE; 0 where it was not seen.</summary>
    public ulong CallerTag { get; set; }

    public uint LastInviteCSeq { get; set; }

    /// <summary>Last final response other than 2xx to an INVITE of a call not answered; 0 where none.</summary>
    public int FinalStatus { get; set; }

    public Endpoint InviteSource { get; set; }

    public Endpoint InviteDestination { get; set; }

    public bool Answered { get; set; }

    /// <summary>Engine time of the last SIP message; media is looked up in <see cref="Flows"/> when a timer asks.</summary>
    public Timestamp LastSignalAt { get; set; }

    /// <summary>Engine time at which the call was seen to end; <see cref="Timestamp.MaxValue"/> while it is open.</summary>
    public Timestamp EndedAt { get; set; } = Timestamp.MaxValue;

    /// <summary>False once the call has given up its media endpoints.</summary>
    public bool OwnsMedia { get; set; } = true;

    /// <summary>True once an SDP of it offered T.38.</summary>
    public bool OffersFax { get; set; }

    /// <summary>How far it is, where it stands in the order of eviction.</summary>
    public CallStage Stage { get; set; }

    /// <summary>Its place in that order, among those of its stage.</summary>
    public LinkedListNode<CallEntry> Age { get; }

    /// <summary>Whether anybody but a proxy has responded.</summary>
    public bool IsHeard { get; set; }

    /// <summary>Engine time of its last packet.</summary>
    public Timestamp LastHeardAt
    {
        get
        {
            Timestamp last = LastSignalAt;
            foreach (FlowEntry flow in Flows) last = Timestamp.Max(last, flow.LastPacketAt);
            return last;
        }
    }

    public int TimerSlot { get; set; } = -1;

    public CallEntry? TimerNext { get; set; }

    public CallEntry? TimerPrevious { get; set; }

    public List<EndpointEntry> Endpoints { get; } = [];

    public List<FlowEntry> Flows { get; } = [];

    /// <summary>True once it is forgotten and its handle is another's.</summary>
    public bool IsClosed { get; set; }

    /// <summary>What links it with others; null where nothing does.</summary>
    public SessionCall? Session { get; set; }

    /// <summary>MSRP sessions the call announced; null where none.</summary>
    public List<string>? MsrpSessions { get; set; }

    /// <summary>True once the end and the linger have passed, so that the record is out.</summary>
    public bool IsFinal { get; set; }

    /// <summary>The stage that follows from all that was seen.</summary>
    public CallStage StageNow => EndedAt != Timestamp.MaxValue && (Answered || !CallAdmission.InvitesRetry(FinalStatus)) ? CallStage.Over
        : Answered ? CallStage.Answered
        : IsHeard ? CallStage.Ringing : CallStage.Unheard;

    bool ICallOutline.IsForgotten => false;

    bool ICallOutline.IsOver => EndedAt != Timestamp.MaxValue;

    bool ICallOutline.WasAnswered => Answered;

    bool ICallOutline.MayBeTriedAgain => CallAdmission.InvitesRetry(FinalStatus);

    public bool KnowsCallerTag(ReadOnlySpan<byte> tag) => CallerTag != 0 && CallerTag == Hash64.OfTag(tag);

    public bool HasAttempt(uint cseq) => cseq <= LastInviteCSeq;

    /// <summary>By the caller's tag, which every message of the call's dialogs bears; true where the INVITE that would tell it was not seen.</summary>
    public bool Knows(SipMessage message) => CallerTag == 0 || KnowsCallerTag(message.FromTag) || KnowsCallerTag(message.ToTag);

    public void Confirm(ulong toTag)
    {
        Answered = true;
        EndedAt = Timestamp.MaxValue;
        _confirmedDialogs.Add(toTag);
    }

    /// <summary>A BYE of one dialog. The call has ended once every confirmed dialog has.</summary>
    public void Bye(ulong fromTag, ulong toTag, Timestamp now)
    {
        ulong dialog = fromTag == CallerTag ? toTag : fromTag;
        _endedDialogs.Add(dialog);
        if (EndedAt == Timestamp.MaxValue && _confirmedDialogs.IsWithin(_endedDialogs)) EndedAt = now;
    }

    /// <summary>The first few dialogs that something happened to. Most calls have one.</summary>
    private struct DialogSet
    {
        private const int Most = 8;
        private ulong _first;
        private ulong[]? _others;
        private int _count;

        public void Add(ulong dialog)
        {
            if (_count == Most || Contains(dialog)) return;
            if (_count == 0) _first = dialog;
            else (_others ??= new ulong[Most - 1])[_count - 1] = dialog;
            _count++;
        }

        public readonly bool IsWithin(DialogSet other)
        {
            for (int i = 0; i < _count; i++)
            {
                if (!other.Contains(At(i))) return false;
            }

            return true;
        }

        private readonly bool Contains(ulong dialog)
        {
            for (int i = 0; i < _count; i++)
            {
                if (At(i) == dialog) return true;
            }

            return false;
        }

        private readonly ulong At(int index) => index == 0 ? _first : _others![index - 1];
    }
}
