using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Core;

namespace CdrEngine.Calls.Sessions;

/// <summary>What the linker knows of one call.</summary>
public sealed class SessionCall
{
    private const int MostPlaces = 8;
    private readonly byte[] _callId;
    private readonly byte[] _fromTag;
    private readonly int _textBytes;
    private string? _id;
    private IpAddress[] _places = new IpAddress[2];
    private int _placeCount;

    internal SessionCall(object owner, byte[] callId, byte[] fromTag, Timestamp startedAt, long order, int textBytes)
    {
        Owner = owner;
        _callId = callId;
        _fromTag = fromTag;
        _textBytes = textBytes;
        StartedAt = startedAt;
        Order = order;
    }

    /// <summary>Whose call it is; the linker never looks at it. Null once the call is closed: what is remembered of it must not keep all of it in memory.</summary>
    public object? Owner { get; private set; }

    /// <summary>What the call's record is to say of its session now; null while it is alone.</summary>
    public SessionStanding? Standing { get; internal set; }

    /// <summary>Id of the call's record: as the call's machine derives it.</summary>
    internal string Id => _id ??= CallId.Derive(Text(_callId), Text(_fromTag), StartedAt);

    internal string SipCallId => Text(_callId);

    internal ReadOnlySpan<byte> CallIdBytes => _callId;

    internal Timestamp StartedAt { get; }

    internal long Order { get; }

    /// <summary>The latest initial INVITE: set-up begins anew with credentials.</summary>
    internal Timestamp InviteAt { get; set; }

    internal uint InviteCSeq { get; set; }

    internal Timestamp AnsweredAt { get; set; } = Timestamp.MaxValue;

    internal Timestamp EndedAt { get; set; } = Timestamp.MaxValue;

    /// <summary>True once the record can change no more.</summary>
    internal bool IsClosed { get; private set; }

    internal bool IsInChanged { get; set; }

    internal bool IsOpen => EndedAt == Timestamp.MaxValue;

    internal bool IsAnswered => AnsweredAt != Timestamp.MaxValue;

    internal NumberSet Callers;

    internal NumberSet Callees;

    internal NumberSet Diverters;

    internal string? CallerText { get; set; }

    internal string? CalleeText { get; set; }

    internal SessionGroup? Group { get; set; }

    internal List<SessionEdge>? Edges { get; set; }

    /// <summary>The one link to the call that a machine made this one of.</summary>
    internal SessionEdge? Upstream { get; set; }

    internal TransferRecord? Transfer { get; set; }

    /// <summary>The other call of the transfer.</summary>
    internal SessionCall? TransferPeer { get; set; }

    /// <summary>Identity keys known already, so that the hops of a message cost nothing.</summary>
    internal ulong[] Keys { get; private set; } = new ulong[8];

    internal int KeyCount { get; set; }

    /// <summary>The call whose payloads were last seen in this one, and how often.</summary>
    internal SessionCall? PayloadPeer { get; set; }

    internal int PayloadMatches { get; set; }

    /// <summary>What is over is looked at no more, but old entries of the linker's tables still lead to it: it must not hold what belongs to the call.</summary>
    internal void Close()
    {
        IsClosed = true;
        Owner = null;
        Keys = [];
        CallerText = CalleeText = null;
        PayloadPeer = null;
    }

    /// <summary>Machine the call begins at.</summary>
    internal IpAddress BeginsAt => _placeCount > 0 ? _places[0] : default;

    /// <summary>Machine the first INVITE went to.</summary>
    internal IpAddress FirstReached => _placeCount > 1 ? _places[1] : default;

    /// <summary>Machines the INVITE came to and did not leave with the same Call-ID.</summary>
    internal bool EndsAt(IpAddress machine)
    {
        bool reached = false;
        for (int i = 0; i + 1 < _placeCount; i += 2)
        {
            if (_places[i] == machine) return false;
            reached |= _places[i + 1] == machine;
        }

        return reached;
    }

    /// <summary>True where the call begins or ends at a machine.</summary>
    internal bool Touches(IpAddress machine) => BeginsAt == machine || EndsAt(machine);

    /// <summary>Notes where the INVITE was seen; false where that was known.</summary>
    internal bool AddPlace(IpAddress source, IpAddress destination)
    {
        for (int i = 0; i + 1 < _placeCount; i += 2)
        {
            if (_places[i] == source && _places[i + 1] == destination) return false;
        }

        if (_placeCount == MostPlaces * 2) return false;
        if (_placeCount == _places.Length) Array.Resize(ref _places, _placeCount * 2);
        _places[_placeCount++] = source;
        _places[_placeCount++] = destination;
        return true;
    }

    /// <summary>True where both came over the same stretch of wire in the same direction: two calls side by side, never one made of the other.</summary>
    internal bool RunsBeside(SessionCall other) => BeginsAt == other.BeginsAt && FirstReached == other.FirstReached;

    /// <summary>The last machine it is known to have reached.</summary>
    internal IpAddress LastReached => _placeCount > 1 ? _places[_placeCount - 1] : default;

    /// <summary>Remembers a key; false where it was known.</summary>
    internal bool AddKey(ulong key)
    {
        if (IsClosed) return false;
        int count = Math.Min(KeyCount, Keys.Length);
        for (int i = 0; i < count; i++)
        {
            if (Keys[i] == key) return false;
        }

        Keys[KeyCount++ % Keys.Length] = key;
        return true;
    }

    private string Text(ReadOnlySpan<byte> bytes) => bytes.IsEmpty ? "" : Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, _textBytes)]);
}

/// <summary>What a call's record says of its session. Immutable.</summary>
/// <param name="SessionId">Id of the session: that of the record of its first call.</param>
/// <param name="Links">Calls it is linked to directly.</param>
/// <param name="Transfer">Its last transfer; null without one.</param>
public sealed record SessionStanding(string SessionId, IReadOnlyList<CallLink> Links, TransferRecord? Transfer)
{
    /// <summary>The record with what is known of its session.</summary>
    public CallRecord Apply(CallRecord record) => record with
    {
        SessionId = SessionId,
        Links = Links,
        Transfer = Transfer,
        Flags = record.Flags
            | (Links.Count > 0 ? CallFlags.Linked : CallFlags.None)
            | (Transfer is { Kind: not TransferKind.Forward, Outcome: not TransferOutcome.Failed } ? CallFlags.Transferred : CallFlags.None),
    };
}

/// <summary>A link between two calls. What it is called by each of them follows from the relation.</summary>
internal sealed class SessionEdge
{
    public required SessionCall One { get; init; }

    public required SessionCall Other { get; init; }

    public required LinkMethod Method { get; init; }

    public required double Score { get; set; }

    /// <summary>What <see cref="Other"/> is to <see cref="One"/>.</summary>
    public required LinkRelation Relation { get; init; }

    /// <summary>The header or the like that made it; 0 for none.</summary>
    public ulong Key { get; init; }

    public SessionCall Peer(SessionCall call) => call == One ? Other : One;

    public LinkRelation RelationFor(SessionCall call) => call == One ? Relation : Inverse(Relation);

    public static LinkRelation Inverse(LinkRelation relation) => relation == LinkRelation.Joined ? relation : (LinkRelation)((int)relation ^ 1);
}

/// <summary>Calls linked with each other.</summary>
internal sealed class SessionGroup
{
    public List<SessionCall> Members { get; } = new(2);

    public string Id { get; set; } = "";
}
