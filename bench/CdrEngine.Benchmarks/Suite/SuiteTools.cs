using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Processes;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>A program that reads a capture.</summary>
/// <param name="Name">Row of the table.</param>
/// <param name="Command">From capture and folder for output to a line for /bin/sh.</param>
/// <param name="IsOurs">True where the folder is our data folder, whose records are compared.</param>
public sealed record SuiteTool(string Name, Func<string, string, string> Command, bool IsOurs = false);

/// <summary>Which programs the suite compares.</summary>
public static class SuiteTools
{
    /// <summary>The row that ratios refer to.</summary>
    public const string Reference = "cdrengine, records";

    private static readonly (string Program, string Name, string Arguments)[] Peers =
    [
        ("tcpdump", "tcpdump, reading only", "-r {file} -w /dev/null"),
        ("tcpdump", "tcpdump, copying to a file", "-r {file} -w {out}/copy.pcap"),
        ("tshark", "tshark, RTP streams", "-n -q -r {file} -z rtp,streams"),
        ("tshark", "tshark, SIP statistics", "-n -q -r {file} -z sip,stat"),
        ("sngrep", "sngrep, no screen", "-F -N -q -r -l 100000 -I {file}"),
    ];

    private static readonly (string Program, string Option)[] Versions = [("tcpdump", "--version"), ("tshark", "--version"), ("sngrep", "-V")];

    /// <summary>Ours, every peer found on the PATH, and those given as <c>NAME=COMMAND</c>, in which <c>{file}</c> is the capture and <c>{out}</c>
    /// an empty folder. Throws <see cref="BenchException"/> where one of them is not so.</summary>
    public static IReadOnlyList<SuiteTool> All(IEnumerable<string> given)
    {
        ArgumentNullException.ThrowIfNull(given);
        var tools = new List<SuiteTool>
        {
            new(Reference, static (file, folder) => "exec " + ImportProcess.Command(file, folder, log: false), IsOurs: true),
            new("cdrengine, records and packets", static (file, folder) => "exec " + ImportProcess.Command(file, folder, log: true), IsOurs: true),
        };
        foreach ((string program, string name, string arguments) in Peers)
        {
            if (Find(program) is not null) tools.Add(Peer(name, $"exec {program} {arguments}"));
        }

        foreach (string text in given)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || !text.Contains("{file}", StringComparison.Ordinal))
                throw new BenchException($"'{text}' is no peer: write NAME=COMMAND with {{file}} where the capture stands");
            tools.Add(Peer(text[..equals], text[(equals + 1)..]));
        }

        return tools;
    }

    /// <summary>A line for each peer that is there or not.</summary>
    public static IEnumerable<string> Describe()
    {
        foreach ((string program, string option) in Versions) yield return $"{program}: {(Find(program) is null ? "not found" : Texts.FirstLineOf(program, option))}";
    }

    private static SuiteTool Peer(string name, string command) => new(
        name,
        (file, folder) => command
            .Replace("{file}", MeasuredProcess.Quote(file), StringComparison.Ordinal)
            .Replace("{out}", MeasuredProcess.Quote(folder), StringComparison.Ordinal));

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);
}
