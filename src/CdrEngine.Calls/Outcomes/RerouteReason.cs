using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Outcomes;

/// <summary>Why a call came to where it came, or went on from there. The values are stored: they only ever grow.</summary>
public enum RerouteReason
{
    /// <summary>It was not sent on.</summary>
    None = 0,

    /// <summary>An attended transfer, a pick-up or a retrieval.</summary>
    Transfer = 1,

    /// <summary>Forwarded, whatever happened.</summary>
    Forward = 2,

    /// <summary>Forwarded because nobody answered.</summary>
    NoAnswer = 3,

    /// <summary>Forwarded because the callee was busy.</summary>
    Busy = 4,

    /// <summary>A blind transfer (REFER).</summary>
    Refer = 5,
}

/// <summary>Reads from a record why its call was sent on.</summary>
public static class Rerouting
{
    /// <summary>By its transfer, else by the diversion it tells of (RFC 5806, RFC 4458).</summary>
    public static RerouteReason Of(CallRecord record)
    {
        if (record.Transfer is { Outcome: not TransferOutcome.Failed, Role: not TransferRole.Consultation } transfer)
        {
            return transfer.Kind switch
            {
                TransferKind.Blind => RerouteReason.Refer,
                TransferKind.Attended or TransferKind.Pickup or TransferKind.Retrieval => RerouteReason.Transfer,
                _ => Diversion(record) ?? RerouteReason.Forward,
            };
        }

        return Diversion(record) ?? (record.Disposition == Disposition.Redirected ? RerouteReason.Forward : RerouteReason.None);
    }

    // The topmost Diversion is the latest; else the cause of the last entry of History-Info.
    private static RerouteReason? Diversion(CallRecord record)
    {
        RerouteReason? history = null;
        for (int i = 0; i < record.Headers.Count; i++)
        {
            (string name, string value) = record.Headers[i];
            if (name == "diversion")
            {
                if (value.Contains("reason=no-answer", StringComparison.OrdinalIgnoreCase)) return RerouteReason.NoAnswer;
                return value.Contains("reason=user-busy", StringComparison.OrdinalIgnoreCase) ? RerouteReason.Busy : RerouteReason.Forward;
            }

            if (name != "history-info") continue;
            int at = value.LastIndexOf("cause=", StringComparison.OrdinalIgnoreCase);
            if (at < 0) continue;
            ReadOnlySpan<char> code = value.AsSpan(at + "cause=".Length);
            history = code.StartsWith("408") ? RerouteReason.NoAnswer : code.StartsWith("486") ? RerouteReason.Busy : IsForward(code) ? RerouteReason.Forward : history;
        }

        return history;
    }

    private static bool IsForward(ReadOnlySpan<char> code) => code.StartsWith("302") || code.StartsWith("380") || code.StartsWith("404") || code.StartsWith("480") || code.StartsWith("487");
}
