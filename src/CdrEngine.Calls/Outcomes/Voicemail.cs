using CdrEngine.Calls.Records;

namespace CdrEngine.Calls.Outcomes;

/// <summary>Whether a voice mailbox answered a call.</summary>
public static class Voicemail
{
    private static readonly string[] AgentWords = ["voicemail", "voice mail", "voice-mail", "vmail"];

    // What mailboxes are called in URIs: by programs (voicemail, vmail, vm-1001, mailbox) and by dialling plans (*97, *98 at the usual systems).
    private static readonly string[] Names = ["voicemail", "vmail", "mailbox", "vm-", "vm_", "*97", "*98"];

    /// <summary>True for an answered call to what the directory calls a voice mailbox, or that was sent there (RFC 4458: the URI has a target and a cause), or
    /// whose answering side names itself one: in its URI, its Contact or its User-Agent.</summary>
    public static bool Answered(CallRecord record)
    {
        if (record.AnsweredAt is null) return false;
        if (record.Callee.Identity?.Kind == PartyKind.Voicemail || record.Marks?.Context == CallContext.Voicemail) return true;
        if (IsAgent(record.Callee.UserAgent) || IsMailbox(record.Callee.Uri) || IsSentToOne(record.Callee.Uri)) return true;
        foreach (Leg leg in record.Legs)
        {
            if (leg.Outcome == LegOutcome.Answered && (IsMailbox(leg.Contact) || IsSentToOne(leg.Contact))) return true;
        }

        return false;
    }

    private static bool IsAgent(string? agent)
    {
        if (agent is null) return false;
        foreach (string word in AgentWords)
        {
            if (agent.Contains(word, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    private static bool IsMailbox(string? uri)
    {
        if (uri is null) return false;
        int colon = uri.IndexOf(':', StringComparison.Ordinal);
        int at = uri.IndexOf('@', StringComparison.Ordinal);
        if (colon < 0 || at <= colon) return false;
        ReadOnlySpan<char> user = uri.AsSpan(colon + 1, at - colon - 1);
        foreach (string name in Names)
        {
            if (user.StartsWith(name, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }

    private static bool IsSentToOne(string? uri) =>
        uri is not null && uri.Contains(";target=", StringComparison.OrdinalIgnoreCase) && uri.Contains(";cause=", StringComparison.OrdinalIgnoreCase);
}
