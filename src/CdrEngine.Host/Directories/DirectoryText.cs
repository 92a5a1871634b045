using System.Globalization;
using CdrEngine.Calls.Directory;
using CdrEngine.Calls.Records;

namespace CdrEngine.Host.Directories;

/// <summary>What is said of directories in the terminal.</summary>
internal static class DirectoryText
{
    /// <summary>Problems shown where a start is refused; <c>directory check</c> shows all.</summary>
    private const int ShownProblems = 20;

    /// <summary>How much is in it, in a few words.</summary>
    public static string Summary(CallDirectory directory)
    {
        int Of(PartyKind kind) => directory.Entries.Count(entry => entry.Kind == kind);
        int numbers = directory.Entries.Count - Of(PartyKind.User) - Of(PartyKind.Contact);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Count(directory.Tenants.Count, "tenant")}, {Count(directory.Trunks.Count, "trunk")}, {Count(Of(PartyKind.User), "user")}, {Count(Of(PartyKind.Contact), "contact")}, {Count(numbers, "number")}, {Count(directory.Rates.Sum(static table => table.Entries.Count), "rate")}");
    }

    /// <summary>Why a directory is not taken, a line for each mistake.</summary>
    public static string Refusal(string path, IReadOnlyList<DirectoryProblem> problems)
    {
        IEnumerable<string> lines = problems.Take(ShownProblems).Select(static problem => problem.ToString());
        if (problems.Count > ShownProblems) lines = lines.Append($"and {problems.Count - ShownProblems} more: cdrengine directory check {path}");
        return string.Join("; ", lines);
    }

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
