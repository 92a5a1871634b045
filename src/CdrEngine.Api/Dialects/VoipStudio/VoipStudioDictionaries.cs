using CdrEngine.Calls.Records;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>The codes of enumerated members, with labels.</summary>
internal static class VoipStudioDictionaries
{
    // Q.850 causes that calls end with in practice; any other has its own text.
    private static readonly int[] Causes = [1, 3, 16, 17, 18, 19, 20, 21, 22, 26, 27, 28, 31, 34, 38, 41, 42, 65, 102, 127];

    /// <summary>Call types.</summary>
    public static IReadOnlyList<VoipStudioTerm> Types { get; } = Terms("type", ("O", "Outbound"), ("I", "Inbound"), ("M", "Missed"));

    /// <summary>How far a call came.</summary>
    public static IReadOnlyList<VoipStudioTerm> Dispositions { get; } = Terms(
        "disposition", ("INITIAL", "Initial"), ("RINGING", "Ringing"), ("CONNECTED", "Connected"), ("ON_HOLD", "On hold"), ("VM", "Voicemail"));

    /// <summary>Where a call goes.</summary>
    public static IReadOnlyList<VoipStudioTerm> Destinations { get; } = Terms("destination", ("in", "Inbound"), ("out", "Outbound"), ("webcall", "Web Call"), ("callmeback", "Call Me Back"));

    /// <summary>What a call is.</summary>
    public static IReadOnlyList<VoipStudioTerm> Contexts { get; } = Terms("context", [.. EnumNames<CallContext>.All.Select(static pair => (pair.Name.ToUpperInvariant(), Label(pair.Name)))]);

    /// <summary>Of CDRs.</summary>
    public static IReadOnlyList<VoipStudioTerm> Cdrs { get; } = [.. Types, .. Dispositions, .. Destinations, .. Contexts, .. CausesTerms];

    /// <summary>Of media-session records.</summary>
    public static IReadOnlyList<VoipStudioTerm> Msdrs { get; } = [.. MediaTypes, .. CausesTerms];

    /// <summary>Of SIP MESSAGEs.</summary>
    public static IReadOnlyList<VoipStudioTerm> Sms { get; } =
    [
        .. Terms("result", ("DELIVERED", "Delivered"), ("FAILED", "Failed")),
        .. Terms("type", ("SMS", "Message"), ("CHAT", "Message within a call")),
    ];

    /// <summary>Of media sessions.</summary>
    public static IReadOnlyList<VoipStudioTerm> MediaSessions { get; } =
        [.. MediaTypes, .. Terms("status", ("active", "Active"), ("held", "On hold"), ("ended", "Ended"), ("refused", "Refused"))];

    private static IEnumerable<VoipStudioTerm> MediaTypes => Terms("type", [.. EnumNames<MediaSessionType>.All.Select(static pair => (pair.Name, Label(pair.Name)))]);

    private static IEnumerable<VoipStudioTerm> CausesTerms =>
        Terms("t_cause", [.. Causes.Select(static cause => (VoipStudioMapping.CauseText(cause), VoipStudioMapping.CauseText(cause)))]);

    private static VoipStudioTerm[] Terms(string field, params (string Code, string Label)[] terms) =>
        [.. terms.Select(term => new VoipStudioTerm { Field = field, Code = term.Code, Label = term.Label })];

    private static string Label(string name) => char.ToUpperInvariant(name[0]) + name[1..].Replace('_', ' ');
}
