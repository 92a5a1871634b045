using CdrEngine.Core;
using Xunit;

namespace CdrEngine.Engine.Tests.Truth;

/// <summary>A difference from a truth file that <c>semantics.md</c> or the capture itself demands.</summary>
/// <param name="File">Capture.</param>
/// <param name="Subject">Call-ID, stream, or empty for the file; * for any, and it need not happen.</param>
/// <param name="Member">What differs.</param>
/// <param name="Ours">Exactly what the engine says; * for anything.</param>
/// <param name="Reason">Why that is right.</param>
internal sealed record Deviation(string File, string Subject, string Member, string Ours, string Reason);

/// <summary>Gathers the differences of one capture and holds them against the table of deviations.</summary>
internal sealed class Findings(string file, IReadOnlyList<Deviation> deviations)
{
    private readonly List<string> _differences = [];
    private readonly HashSet<Deviation> _met = [];

    public int Compared { get; private set; }

    public void Compare<T>(string subject, string member, T expected, T ours)
    {
        Compared++;
        if (!EqualityComparer<T>.Default.Equals(expected, ours)) Note(subject, member, Show(expected), Show(ours));
    }

    /// <summary>Compares to the microsecond: a null truth is not tested by callers.</summary>
    public void CompareTime(string subject, string member, Timestamp? ours, params Timestamp?[] allowed)
    {
        Compared++;
        if (allowed.Any(one => one is { } time && ours is { } at && (at - time).Duration() <= TimeSpan.FromMicroseconds(1))) return;
        Note(subject, member, string.Join(" or ", allowed.Select(Show)), Show(ours));
    }

    public void Note(string subject, string member, string expected, string ours)
    {
        if (deviations.FirstOrDefault(row => row.File == file && Fits(row.Subject, subject) && row.Member == member && Fits(row.Ours, ours)) is { } row) _met.Add(row);
        else _differences.Add($"{file} | {subject} | {member} | expected {expected} | ours {ours}");
    }

    /// <summary>Fails with all differences that no row explains, and with the rows that explain nothing any more.</summary>
    public void Conclude()
    {
        _differences.AddRange(deviations.Where(row => row.File == file && row.Subject != "*" && !_met.Contains(row)).Select(row => $"{file} | {row.Subject} | {row.Member} | the deviation did not happen"));
        Assert.True(_differences.Count == 0, string.Join('\n', _differences));
    }

    private static bool Fits(string pattern, string text) => pattern == "*" || pattern == text;

    private static string Show<T>(T value) => value?.ToString() ?? "null";
}
