using System.Diagnostics;

namespace CdrEngine.TestKit;

/// <summary>Wireshark's command line as an oracle. Tests that use it are <see cref="ToolFactAttribute"/> of <c>tshark</c>.</summary>
public static class Tshark
{
    /// <summary>Runs it on a file; the lines of its output. Anything on its error output but the warning about running as root is an error.</summary>
    public static string[] Lines(string file, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo("tshark", ["-r", file, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        string complaint = string.Join('\n', errors.GetAwaiter().GetResult().Split('\n').Where(static line => !line.StartsWith("Running as user", StringComparison.Ordinal))).Trim();
        return complaint.Length == 0 && process.ExitCode == 0 ? lines : throw new InvalidOperationException($"tshark on {file}: exit {process.ExitCode}: {complaint}");
    }
}
