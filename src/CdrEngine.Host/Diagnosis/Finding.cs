using CdrEngine.Host.Output;

namespace CdrEngine.Host.Diagnosis;

/// <summary>How good or bad a finding is.</summary>
internal enum FindingState
{
    /// <summary>As it should be.</summary>
    Good,

    /// <summary>Something optional is not there; all else works.</summary>
    Absent,

    /// <summary>Works, and may fall short under load.</summary>
    Doubtful,

    /// <summary>Capture would fail.</summary>
    Fails,
}

/// <summary>One thing looked at.</summary>
/// <param name="Subject">What.</param>
/// <param name="State">How it stands.</param>
/// <param name="Text">What was found.</param>
/// <param name="Remedy">What to do; null where nothing is to be done.</param>
internal sealed record Finding(string Subject, FindingState State, string Text, string? Remedy = null);

/// <summary>Findings as a table.</summary>
internal static class FindingsText
{
    public static IEnumerable<string> Lines(IReadOnlyList<Finding> findings, bool colour)
    {
        int width = findings.Max(static finding => finding.Subject.Length);
        foreach (Finding finding in findings)
        {
            (string word, string code) = finding.State switch
            {
                FindingState.Good => ("ok", "\e[32m"),
                FindingState.Absent => ("absent", "\e[36m"),
                FindingState.Doubtful => ("check", "\e[33m"),
                _ => ("FAILS", "\e[31m"),
            };
            string state = colour ? $"{code}{word,-6}\e[0m" : $"{word,-6}";
            yield return $"{state}  {finding.Subject.PadRight(width)}  {WireText.Escape(finding.Text)}";
            if (finding.Remedy is { } remedy) yield return $"{new string(' ', 8 + width + 2)}-> {WireText.Escape(remedy)}";
        }

        int failures = findings.Count(static finding => finding.State == FindingState.Fails);
        yield return failures == 0 ? "nothing stands in the way of capture" : $"capture would fail: {failures} to mend";
    }
}
