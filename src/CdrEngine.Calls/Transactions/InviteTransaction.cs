using CdrEngine.Calls.Dormant;
using CdrEngine.Core;

namespace CdrEngine.Calls.Transactions;

/// <summary>States of an INVITE transaction as an onlooker can know them (RFC 3261 17.1.1, RFC 6026).</summary>
internal enum InviteTransactionState : byte
{
    /// <summary>INVITE seen, or only its responses.</summary>
    Calling,

    /// <summary>1xx seen.</summary>
    Proceeding,

    /// <summary>3xx-6xx seen.</summary>
    Completed,

    /// <summary>2xx seen.</summary>
    Accepted,
}

/// <summary>One initial INVITE between two machines, and its responses: top Via branch, CSeq number and place (RFC 3261 17.1.3).</summary>
internal struct InviteTransaction
{
    public ulong Branch;
    public int Attempt;
    public int Place;
    public InviteTransactionState State;

    /// <summary>Final status other than 2xx; 0 where none.</summary>
    public int Status;

    /// <summary>Its time.</summary>
    public Timestamp FinalAt;

    /// <summary>Its reason phrase.</summary>
    public string? Phrase;

    /// <summary>Its Reason header (RFC 6432).</summary>
    public ReasonGiven FinalReason;

    /// <summary>ACK of that final seen.</summary>
    public bool IsAcked;

    /// <summary>CANCEL seen here.</summary>
    public bool IsCancelled;

    /// <summary>A response to that CANCEL seen: nobody retransmits it any more.</summary>
    public bool IsCancelAnswered;

    /// <summary>Time of the CANCEL.</summary>
    public Timestamp CancelledAt;

    /// <summary>Its Reason header (RFC 3326).</summary>
    public ReasonGiven CancelReason;

    public readonly bool HasFinal => Status != 0;

    /// <summary>Carries it into a small form or out of it.</summary>
    public void Carry(StateCarrier carrier)
    {
        carrier.Hash(ref Branch);
        carrier.Number(ref Attempt);
        carrier.Number(ref Place);
        carrier.Name(ref State);
        carrier.Number(ref Status);
        carrier.Time(ref FinalAt);
        carrier.Keep(ref Phrase);
        ReasonGiven.Carry(carrier, ref FinalReason);
        bool unused = false;
        carrier.Flags(ref IsAcked, ref IsCancelled, ref IsCancelAnswered, ref unused);
        carrier.Time(ref CancelledAt);
        ReasonGiven.Carry(carrier, ref CancelReason);
    }
}

/// <summary>A Reason header that was understood.</summary>
/// <param name="Q850">Q.850 cause, -1 for none.</param>
/// <param name="Text">Its text; null where it had none.</param>
internal readonly record struct ReasonGiven(int Q850, string? Text)
{
    /// <summary>No Reason header.</summary>
    public static readonly ReasonGiven None = new(-1, null);

    /// <summary>Whether there was one.</summary>
    public bool IsGiven => Q850 >= 0;

    /// <summary>Carries one into a small form or out of it.</summary>
    public static void Carry(StateCarrier carrier, ref ReasonGiven reason) =>
        reason = new ReasonGiven(carrier.Number(reason.Q850), carrier.Text(reason.Text));
}
