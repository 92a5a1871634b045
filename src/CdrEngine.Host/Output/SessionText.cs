using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Sessions;

namespace CdrEngine.Host.Output;

/// <summary>Sessions for people at a terminal.</summary>
public static class SessionText
{
    /// <summary>What happened, a line each, under a head.</summary>
    public static IEnumerable<string> Story(SessionRecord session)
    {
        yield return $"Session {session.Id}  {EnumNames<SessionKind>.Of(session.Kind)}, {EnumNames<Disposition>.Of(session.Disposition)}, {session.Calls.Count} calls, {Seconds(session.Duration)}";
        foreach (SessionStep step in session.Story) yield return WireText.Escape($"{step.At.ToString()[11..23]}  {step.Text}");
        foreach (SessionLink link in session.Links)
            yield return $"{link.From} - {link.To}  {EnumNames<LinkRelation>.Of(link.Relation)} by {EnumNames<LinkMethod>.Of(link.Method)} ({link.Score.ToString("0.##", CultureInfo.InvariantCulture)})";
    }

    /// <summary>One line for a list.</summary>
    public static string Line(SessionRecord session) => WireText.Escape(string.Join("  ",
        session.StartedAt.ToString()[..19].Replace('T', ' '),
        EnumNames<SessionKind>.Of(session.Kind).PadRight(9),
        EnumNames<Disposition>.Of(session.Disposition).PadRight(14),
        Seconds(session.Duration).PadLeft(11),
        session.Id,
        string.Join(", ", session.Participants.Select(static person => person.Label))));

    private static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture) + " s";
}
