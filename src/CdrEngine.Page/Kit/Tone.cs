using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Registrations;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Kit;

/// <summary>What a colour means, everywhere. Words stand beside it always.</summary>
internal enum Tone
{
    /// <summary>Nothing in particular.</summary>
    Plain,

    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Goes on.</summary>
    Active,

    /// <summary>Not reached, for a reason that is nobody's fault.</summary>
    Mild,

    /// <summary>Worth a look.</summary>
    Warn,

    /// <summary>Went wrong.</summary>
    Bad,

    /// <summary>Sent elsewhere, or a number that there is not.</summary>
    Odd,
}

/// <summary>Words with a colour.</summary>
internal static class Badge
{
    /// <summary>A badge.</summary>
    public static Html Of(Tone tone, string text) => Html.Of($"""<span class="badge {Class(tone)}">{text}</span>""");

    /// <summary>How a call came out.</summary>
    public static Html Of(Disposition disposition) => Of(ToneOf(disposition), Words.Of(disposition));

    /// <summary>Where a registration stands.</summary>
    public static Html Of(RegistrationState state) => Of(
        state switch { RegistrationState.Registered => Tone.Good, RegistrationState.Failed => Tone.Bad, RegistrationState.Expired => Tone.Warn, _ => Tone.Plain }, Words.Plain(EnumNames<RegistrationState>.Of(state)));

    /// <summary>What became of a message.</summary>
    public static Html Of(MessageOutcome outcome) => Of(
        outcome switch { MessageOutcome.Delivered => Tone.Good, MessageOutcome.Failed => Tone.Bad, MessageOutcome.Unanswered => Tone.Warn, _ => Tone.Plain }, Words.Plain(EnumNames<MessageOutcome>.Of(outcome)));

    /// <summary>A mean opinion score; a dash where there is none.</summary>
    public static Html Mos(double? mos) => mos is { } score
        ? Html.Of($"""<span class="mos {Class(MosTone(score))}" title="{MosWords(score)}">{Words.Number(score, 2)}</span>""")
        : Words.None;

    /// <summary>The colour of an outcome.</summary>
    public static Tone ToneOf(Disposition disposition) => disposition switch
    {
        Disposition.Answered => Tone.Good,
        Disposition.InProgress => Tone.Active,
        Disposition.Cancelled or Disposition.NoAnswer => Tone.Mild,
        Disposition.Busy => Tone.Warn,
        Disposition.InvalidNumber or Disposition.Redirected => Tone.Odd,
        _ => Tone.Bad,
    };

    /// <summary>The colour of a score: G.107 Annex B calls 4.03 and more satisfying, below 3.10 nearly all are dissatisfied.</summary>
    public static Tone MosTone(double mos) => mos switch { >= 4.0 => Tone.Good, >= 3.6 => Tone.Mild, >= 3.1 => Tone.Warn, _ => Tone.Bad };

    /// <summary>What a score means to those who talk (G.107 Annex B).</summary>
    public static string MosWords(double mos) => mos switch
    {
        >= 4.34 => "very satisfied",
        >= 4.03 => "satisfied",
        >= 3.60 => "some are dissatisfied",
        >= 3.10 => "many are dissatisfied",
        >= 2.58 => "nearly all are dissatisfied",
        _ => "not recommended",
    };

    /// <summary>The class that the style sheet knows a tone by.</summary>
    public static string Class(Tone tone) => tone switch
    {
        Tone.Good => "t-good",
        Tone.Active => "t-active",
        Tone.Mild => "t-mild",
        Tone.Warn => "t-warn",
        Tone.Bad => "t-bad",
        Tone.Odd => "t-odd",
        _ => "t-plain",
    };
}
