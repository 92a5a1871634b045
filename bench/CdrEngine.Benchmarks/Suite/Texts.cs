using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>Where and with what something was measured.</summary>
internal static class Texts
{
    /// <summary>First line that a program prints, either way; empty where it prints none, fails, or does not run.</summary>
    public static string FirstLineOf(string program, params string[] arguments) =>
        LinesOf(program, arguments) is (true, { } lines) ? lines.FirstOrDefault(IsTelling) ?? "" : "";

    /// <summary>What a program says its version is. Some know no option for it and say it above the usage they fail with.</summary>
    public static string VersionOf(string program, string option)
    {
        (bool done, string[] lines) = LinesOf(program, option);
        string? line = lines.FirstOrDefault(line => IsTelling(line) && (done || line.Contains(" version ", StringComparison.Ordinal)));
        return line ?? "says no version";
    }

    private static (bool Done, string[] Lines) LinesOf(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string text = process.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
            process.WaitForExit();
            return (process.ExitCode == 0, text.Split('\n', StringSplitOptions.TrimEntries));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (false, []);
        }
    }

    /// <summary>The processor's name and how many there are.</summary>
    public static string Processor()
    {
        string name = Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        return string.Create(CultureInfo.InvariantCulture, $"{name}, {Environment.ProcessorCount} processors");
    }

    /// <summary>The same, as part of a file name.</summary>
    public static string Machine()
    {
        string name = new([.. Processor().ToLowerInvariant().Select(static letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]);
        return string.Join('-', name.Split('-', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>Load averages of the last 1, 5 and 15 minutes.</summary>
    public static string LoadAverage() => File.Exists("/proc/loadavg") ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ').Take(3)) : "unknown";

    /// <summary>Memory of the machine.</summary>
    public static string Memory() => Field("/proc/meminfo", "MemTotal") ?? "unknown";

    /// <summary>The checkout this program was built from: the nearest folder above it that holds the solution; null where there is none.</summary>
    public static string? Checkout()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "CdrEngine.sln"))) return folder;
        }

        return null;
    }

    /// <summary>Commit of the checkout, and whether files were changed since.</summary>
    public static string Commit()
    {
        if (Checkout() is not { } checkout) return "unknown";
        string commit = FirstLineOf("git", "-C", checkout, "rev-parse", "--short=12", "HEAD");
        bool changed = FirstLineOf("git", "-C", checkout, "status", "--porcelain", "--untracked-files=no").Length > 0;
        return commit.Length == 0 ? "unknown" : commit + (changed ? " with changes" : "");
    }

    // sngrep begins with an empty line, tshark warns of running as root first.
    private static bool IsTelling(string line) => line.Any(char.IsAsciiLetter) && !line.StartsWith("Running as", StringComparison.Ordinal);

    private static string? Field(string file, string name) => File.Exists(file)
        ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
        : null;
}
