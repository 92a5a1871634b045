using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Hops;
using CdrEngine.Core;

namespace CdrEngine.Calls.Legs;

/// <summary>One dialog of a call while it is going on (RFC 3261 12).</summary>
internal sealed class LegState(ulong tag, string toTag, int attempt)
{
    /// <summary>Hash of the To-tag.</summary>
    public ulong Tag { get; } = tag;

    /// <summary>To-tag.</summary>
    public string ToTag { get; } = toTag;

    /// <summary>Attempt that created it; -1 where unknown.</summary>
    public int Attempt { get; } = attempt;

    /// <summary>First 18x.</summary>
    public Milestone Rang;

    /// <summary>2xx.</summary>
    public Milestone Answered;

    /// <summary>Confirmed, though its 2xx was not seen.</summary>
    public bool IsInferred { get; set; }

    /// <summary>ACK of the 2xx seen.</summary>
    public bool IsAcked { get; set; }

    /// <summary>Final status; 0 where none.</summary>
    public int Status { get; set; }

    /// <summary>Its end: final response or BYE; set once.</summary>
    public Timestamp? EndedAt { get; private set; }

    /// <summary>Lost the fork (RFC 3261 13.2.2.4).</summary>
    public bool IsForkLoser { get; set; }

    /// <summary>Given up by the proxy (199, RFC 6228).</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Place nearest the callee that showed this dialog.</summary>
    public int Farthest { get; set; } = PlaceTable.None;

    /// <summary>URI of its Contact.</summary>
    public string? Contact { get; set; }

    /// <summary>Server or User-Agent.</summary>
    public string? UserAgent { get; set; }

    /// <summary>Who it says it is: number, name, URI of P-Asserted-Identity or Remote-Party-ID in its responses.</summary>
    public Identity? Identity { get; set; }

    /// <summary>Confirmed by a 2xx, seen or inferred.</summary>
    public bool IsConfirmed => Answered.IsSet || IsInferred;

    /// <summary>Confirmed and not yet over.</summary>
    public bool IsOpen => IsConfirmed && EndedAt is null;

    /// <summary>Ends the leg; only the first end counts.</summary>
    public void End(Timestamp at, int status)
    {
        if (EndedAt is not null) return;
        EndedAt = at;
        if (Status == 0) Status = status;
    }

    /// <summary>The inferred end was wrong.</summary>
    public void Reopen() => EndedAt = null;

    /// <summary>Carries one into a small form (which gives it back as it is) or makes one out of it.</summary>
    public static LegState Carry(StateCarrier carrier, LegState? leg)
    {
        ulong tag = leg?.Tag ?? 0;
        carrier.Hash(ref tag);
        string toTag = carrier.Text(leg?.ToTag)!;
        int attempt = carrier.Number(leg?.Attempt ?? 0);
        leg ??= new LegState(tag, toTag, attempt);
        leg.Rang.Carry(carrier);
        leg.Answered.Carry(carrier);
        leg.IsInferred = carrier.Flag(leg.IsInferred);
        leg.IsAcked = carrier.Flag(leg.IsAcked);
        leg.Status = carrier.Number(leg.Status);
        leg.EndedAt = carrier.Time(leg.EndedAt);
        leg.IsForkLoser = carrier.Flag(leg.IsForkLoser);
        leg.IsAbandoned = carrier.Flag(leg.IsAbandoned);
        leg.Farthest = carrier.Number(leg.Farthest);
        leg.Contact = carrier.Text(leg.Contact);
        leg.UserAgent = carrier.Keep(leg.UserAgent);
        Identity? identity = leg.Identity;
        Identity.Carry(carrier, ref identity);
        leg.Identity = identity;
        return leg;
    }
}

/// <summary>Who somebody is by a header.</summary>
/// <param name="Number">User part of the URI.</param>
/// <param name="Name">Display name.</param>
/// <param name="Uri">The URI.</param>
internal sealed record Identity(string? Number, string? Name, string? Uri)
{
    /// <summary>Carries one into a small form or out of it.</summary>
    public static void Carry(StateCarrier carrier, ref Identity? identity)
    {
        if (!carrier.Flag(identity is not null)) return;
        string? number = carrier.Text(identity?.Number), name = carrier.Text(identity?.Name), uri = carrier.Text(identity?.Uri);
        identity ??= new Identity(number, name, uri);
    }
}
