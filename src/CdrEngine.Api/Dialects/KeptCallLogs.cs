using System.Globalization;

namespace CdrEngine.Api.Dialects;

/// <summary>What call logs tell of days that are over, as it is kept in files (<see cref="ApiOptions.CallLogFolder"/>).</summary>
public static class KeptCallLogs
{
    /// <summary>Removes what is kept of a day, of which calls are removed; it is made anew of what is left. Nothing happens where there is nothing.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="day">The day that the sessions of the calls began on.</param>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public static void Forget(string folder, DateOnly day)
    {
        if (Directory.Exists(folder)) File.Delete(PathOf(folder, day));
    }

    /// <summary>How names of files end.</summary>
    internal const string Ending = ".logs";

    private const string DayFormat = "yyyy-MM-dd";

    /// <summary>The file of a day.</summary>
    internal static string PathOf(string folder, DateOnly day) => Path.Combine(folder, day.ToString(DayFormat, CultureInfo.InvariantCulture) + Ending);

    /// <summary>The day of a file; null for any other file.</summary>
    internal static DateOnly? DayOf(string path) =>
        path.EndsWith(Ending, StringComparison.Ordinal) && DateOnly.TryParseExact(Path.GetFileName(path.AsSpan())[..^Ending.Length], DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day : null;
}
