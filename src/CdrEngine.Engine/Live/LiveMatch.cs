using CdrEngine.Calls.Records;

namespace CdrEngine.Engine.Live;

/// <summary>Whether a call is of a number.</summary>
internal static class LiveMatch
{
    /// <summary>True where the caller's, the callee's or the dialled number is this one, or begins so where it ends in <c>*</c>.</summary>
    public static bool IsOf(CallRecord record, string? number) =>
        number is null || Fits(record.Caller.Number, number) || Fits(record.Callee.Number, number) || Fits(record.Dialled, number);

    private static bool Fits(string? given, string wanted)
    {
        if (given is null) return false;
        return wanted.EndsWith('*') ? given.AsSpan().StartsWith(wanted.AsSpan(0, wanted.Length - 1), StringComparison.Ordinal) : given == wanted;
    }
}
