namespace CdrEngine.Calls.Records;

/// <summary>The coarse outcome that billing systems of the Asterisk school know, beside the exact <see cref="Disposition"/>.</summary>
public static class DispositionClass
{
    /// <summary><c>ANSWERED</c>, <c>NO ANSWER</c>, <c>BUSY</c> or <c>FAILED</c>; null while the call is open.</summary>
    public static string? Of(Disposition disposition) => disposition switch
    {
        Disposition.InProgress => null,
        Disposition.Answered => "ANSWERED",
        Disposition.Busy => "BUSY",
        Disposition.NoAnswer or Disposition.Cancelled or Disposition.NoResponse => "NO ANSWER",
        _ => "FAILED",
    };
}
