using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Sessions;

// Links, and the sessions that they make.
public sealed partial class SessionLinker
{
    private const double Confirmed = 0.9;

    /// <summary>Links two calls. <paramref name="relation"/> is what <paramref name="other"/> is to <paramref name="one"/>.</summary>
    private bool Link(SessionCall one, SessionCall other, LinkMethod method, double score, LinkRelation relation, ulong key = 0)
    {
        if (one == other || one.IsClosed || other.IsClosed) return false;
        if (Between(one, other) is { } known)
        {
            // The surer one stands. What the messages say outright is kept beside nothing else.
            if (known.Method <= method) return false;
            Unlink(known);
        }

        // A call was made of one other at most: the surer claim wins.
        SessionCall? inner = relation == LinkRelation.Downstream ? other : relation == LinkRelation.Upstream ? one : null;
        if (inner?.Upstream is { } claim)
        {
            if (claim.Method <= method) return false;
            Counters.Increment(SessionCounter.Undone);
            Unlink(claim);
        }

        int members = (one.Group?.Members.Count ?? 1) + (other.Group is null ? 1 : other.Group == one.Group ? 0 : other.Group.Members.Count);
        if (members > _options.Limits.CallsPerSession || one.Edges?.Count >= _options.Limits.LinksPerCall || other.Edges?.Count >= _options.Limits.LinksPerCall)
        {
            Counters.Increment(SessionCounter.Refused);
            return false;
        }

        var edge = new SessionEdge { One = one, Other = other, Method = method, Score = score, Relation = relation, Key = key };
        (one.Edges ??= new List<SessionEdge>(2)).Add(edge);
        (other.Edges ??= new List<SessionEdge>(2)).Add(edge);
        if (inner is not null)
        {
            inner.Upstream = edge;
            if (relation == LinkRelation.Downstream) LearnSwitch(one, other);
        }

        Counters.Increment((SessionCounter)(int)method);
        Join(one, other);
        Change(one);
        Change(other);
        return true;
    }

    private void Unlink(SessionEdge edge)
    {
        edge.One.Edges!.Remove(edge);
        edge.Other.Edges!.Remove(edge);
        if (edge.One.Upstream == edge) edge.One.Upstream = null;
        if (edge.Other.Upstream == edge) edge.Other.Upstream = null;
        Change(edge.One);
        Change(edge.Other);
        Split(edge.One.Group!);
    }

    private static SessionEdge? Between(SessionCall one, SessionCall other)
    {
        if (one.Edges is not { } edges) return null;
        foreach (SessionEdge edge in edges)
        {
            if (edge.Peer(one) == other) return edge;
        }

        return null;
    }

    private void Join(SessionCall one, SessionCall other)
    {
        if (one.Group is not null && one.Group == other.Group) return;
        SessionGroup group = one.Group ?? other.Group ?? new SessionGroup();
        Gather(group, one);
        Gather(group, other);
        Name(group);
    }

    private static void Gather(SessionGroup group, SessionCall call)
    {
        if (call.Group == group) return;
        if (call.Group is { } former)
        {
            foreach (SessionCall member in former.Members)
            {
                member.Group = group;
                group.Members.Add(member);
            }

            return;
        }

        call.Group = group;
        group.Members.Add(call);
    }

    /// <summary>After a link has gone: what still hangs together is a session each.</summary>
    private void Split(SessionGroup group)
    {
        var left = new List<SessionCall>(group.Members);
        left.Sort(static (a, b) => a.Order.CompareTo(b.Order));
        var seen = new HashSet<SessionCall>();
        foreach (SessionCall start in left)
        {
            if (!seen.Add(start)) continue;
            var part = new SessionGroup();
            var open = new Queue<SessionCall>();
            open.Enqueue(start);
            while (open.TryDequeue(out SessionCall? call))
            {
                call.Group = part;
                part.Members.Add(call);
                if (call.Edges is not { } edges) continue;
                foreach (SessionEdge edge in edges)
                {
                    if (seen.Add(edge.Peer(call))) open.Enqueue(edge.Peer(call));
                }
            }

            Name(part);
            if (part.Members.Count == 1) start.Group = null;
        }
    }

    /// <summary>A session is called after its first call; after what closed records say already where there are such.</summary>
    private void Name(SessionGroup group)
    {
        SessionCall? first = null;
        SessionCall? told = null;
        foreach (SessionCall member in group.Members)
        {
            if (first is null || IsBefore(member, first)) first = member;
            if (member.IsClosed && (told is null || IsBefore(member, told))) told = member;
        }

        group.Id = told is not null ? told.Standing?.SessionId ?? told.Id : first!.Id;
        foreach (SessionCall member in group.Members)
        {
            if ((member.Standing?.SessionId ?? member.Id) != group.Id) Change(member);
        }
    }

    private static bool IsBefore(SessionCall one, SessionCall other) =>
        one.StartedAt < other.StartedAt || (one.StartedAt == other.StartedAt && one.Order < other.Order);

    /// <summary>Makes a call's standing anew and notes that it changed.</summary>
    private void Change(SessionCall call)
    {
        if (call.IsClosed || call.IsInChanged) return;
        call.IsInChanged = true;
        _changed.Add(call);
    }

    /// <summary>What the record of a call is to say now. Asked when the change is passed on, so that many changes of one message are one.</summary>
    public static SessionStanding Tell(SessionCall call)
    {
        var links = new List<CallLink>(call.Edges?.Count ?? 0);
        if (call.Edges is { } edges)
        {
            foreach (SessionEdge edge in edges)
            {
                SessionCall peer = edge.Peer(call);
                links.Add(new CallLink(peer.Id, peer.SipCallId, edge.Method, edge.Score, edge.RelationFor(call)));
            }
        }

        TransferRecord? transfer = call.Transfer is { } known && call.TransferPeer is { } other ? known with { CallId = other.Id } : call.Transfer;
        var standing = new SessionStanding(call.Group is { } group ? group.Id : call.Id, links, transfer);
        call.Standing = standing;
        return standing;
    }

    private void SetTransfer(SessionCall call, TransferRecord transfer, SessionCall? peer)
    {
        call.Transfer = transfer;
        call.TransferPeer = peer;
        Change(call);
    }
}
