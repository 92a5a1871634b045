using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;

namespace CdrEngine.Engine.Live;

/// <summary>Whether a call, or what happened, is of a number.</summary>
internal static class LiveMatch
{
    /// <summary>True where the caller's, the callee's or the dialled number is this one, or begins so where it ends in <c>*</c>.</summary>
    public static bool IsOf(CallRecord record, string? number) =>
        number is null || Fits(record.Caller.Number, number) || Fits(record.Callee.Number, number) || Fits(record.Dialled, number);

    /// <summary>True where what happened is of this number.</summary>
    public static bool IsOf(LiveEvent what, string? number)
    {
        if (number is null) return true;
        if (what.Call is { } call) return IsOf(call.Record, number);
        if (what.Registration is { } registration) return Fits(registration.User, number);
        return what.Message is { } message && (Fits(message.From.Number, number) || Fits(message.To.Number, number));
    }

    private static bool Fits(string? given, string wanted)
    {
        if (given is null) return false;
        return wanted.EndsWith('*') ? given.AsSpan().StartsWith(wanted.AsSpan(0, wanted.Length - 1), StringComparison.Ordinal) : given == wanted;
    }
}
