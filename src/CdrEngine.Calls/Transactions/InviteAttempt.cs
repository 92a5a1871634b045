using CdrEngine.Calls.Dormant;
using CdrEngine.Calls.Hops;
using CdrEngine.Core;

namespace CdrEngine.Calls.Transactions;

/// <summary>One initial INVITE of the caller (one CSeq number), on all its hops and branches.</summary>
internal sealed class InviteAttempt(uint cseq)
{
    /// <summary>CSeq number.</summary>
    public uint CSeq { get; } = cseq;

    /// <summary>The INVITE.</summary>
    public Milestone Invite;

    /// <summary>Came after a 401 or 407, or with credentials.</summary>
    public bool IsAuthenticated { get; set; }

    /// <summary>The INVITE had SDP: what comes back is the answer (RFC 3264).</summary>
    public bool HasOffer { get; set; }

    /// <summary>Latest response of any kind.</summary>
    public Timestamp LastResponseAt { get; set; } = Timestamp.MinValue;

    /// <summary>A 2xx was seen.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>Carries one into a small form (which gives it back as it is) or makes one out of it.</summary>
    public static InviteAttempt Carry(StateCarrier carrier, InviteAttempt? attempt)
    {
        uint cseq = attempt?.CSeq ?? 0;
        carrier.Number(ref cseq);
        attempt ??= new InviteAttempt(cseq);
        attempt.Invite.Carry(carrier);
        attempt.IsAuthenticated = carrier.Flag(attempt.IsAuthenticated);
        attempt.HasOffer = carrier.Flag(attempt.HasOffer);
        attempt.LastResponseAt = carrier.Time(attempt.LastResponseAt);
        attempt.IsAnswered = carrier.Flag(attempt.IsAnswered);
        return attempt;
    }
}
