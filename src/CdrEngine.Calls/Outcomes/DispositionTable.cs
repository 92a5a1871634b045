using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Outcomes;

/// <summary>The one table from a final response to the outcome of an unanswered call.</summary>
/// <remarks>
/// <code>
/// 486 600                Q.850 17     busy
/// 487 after the caller's CANCEL       cancelled
/// 408 480 487 otherwise  Q.850 18 19  no_answer
/// 401 403 407 603 607 608 Q.850 21    rejected
/// 404 410 484 604        Q.850 1 28   invalid_number
/// 3xx                                 redirected
/// other                               failed
/// </code>
/// A Q.850 value stands in a Reason header of the response (RFC 6432) and beats the status, save for 3xx and for the 487 that
/// confirms a CANCEL: what those say about the call is not the called side's to explain.
/// </remarks>
public static class DispositionTable
{
    /// <summary>Outcome by final status.</summary>
    /// <param name="status">Final status of the call, 300..699; anything else is <see cref="Disposition.Failed"/>.</param>
    /// <param name="q850">Q.850 value of a Reason header in that response, or -1.</param>
    /// <param name="cancelledByCaller">Whether the caller had sent CANCEL.</param>
    public static Disposition Of(int status, int q850, bool cancelledByCaller)
    {
        if (status is >= 300 and <= 399) return Disposition.Redirected;
        if (status == 487 && cancelledByCaller) return Disposition.Cancelled;
        return OfCause(q850) ?? OfStatus(status);
    }

    private static Disposition? OfCause(int q850) => q850 switch
    {
        17 => Disposition.Busy,
        18 or 19 => Disposition.NoAnswer,
        21 => Disposition.Rejected,
        1 or 28 => Disposition.InvalidNumber,
        _ => null,
    };

    private static Disposition OfStatus(int status) => status switch
    {
        486 or 600 => Disposition.Busy,
        408 or 480 or 487 => Disposition.NoAnswer,
        401 or 403 or 407 or 603 or 607 or 608 => Disposition.Rejected,
        404 or 410 or 484 or 604 => Disposition.InvalidNumber,
        _ => Disposition.Failed,
    };
}
