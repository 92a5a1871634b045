using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Processes;

namespace CdrEngine.Benchmarks.Suite;

/// <summary>A program that reads a capture.</summary>
/// <param name="Name">Row of the table.</param>
/// <param name="Command">From capture and folder for output to a line for /bin/sh.</param>
/// <param name="IsOurs">True where the folder is our data folder, whose records are compared.</param>
public sealed record SuiteTool(string Name, Func<string, string, string> Command, bool IsOurs = false)
{
    /// <summary>Says whether what a peer found is right; null where it finds nothing that could be.</summary>
    public PeerCheck? Check { get; init; }

    /// <summary>Whether it makes recordings: only of loads that are for that.</summary>
    public bool IsRecorder { get; init; }

    /// <summary>Whether it is there to see what one processor does: only with loads that are taken apart.</summary>
    public bool IsBound { get; init; }

    /// <summary>Largest load it reads, in packets: one that tells nothing which another row does not, or takes minutes for it, is asked over small ones.</summary>
    public long MostPackets { get; init; } = long.MaxValue;

    /// <summary>What it costs on the wall, roughly: seconds to start, microseconds for each packet, each SIP message, each call with RTP. For the budget only.</summary>
    public (double Start, double Packet, double Sip, double Call) Guess { get; init; } = (0.1, 5, 100, 0);

    /// <summary>Whether it is asked to read a load.</summary>
    public bool Fits(SuiteLoad load)
    {
        ArgumentNullException.ThrowIfNull(load);
        return (!IsRecorder || load.IsRecorded) && (!IsBound || load.IsTakenApart) && load.RoughPackets <= MostPackets;
    }
}

/// <summary>Which programs the suite compares.</summary>
public static class SuiteTools
{
    /// <summary>The row that ratios refer to.</summary>
    public const string Reference = "cdrengine, records";

    /// <summary>The row with the packet log.</summary>
    public const string WithPackets = "cdrengine, records and packets";

    /// <summary>The same with one processor to run on.</summary>
    public const string OnOneProcessor = "cdrengine, records and packets, on one processor";

    /// <summary>The row with recordings as WAV.</summary>
    public const string WithWav = "cdrengine, records, packets and WAV";

    /// <summary>The row with recordings as MP3.</summary>
    public const string WithMp3 = "cdrengine, records, packets and MP3";

    /// <summary>The row that does nothing but read.</summary>
    public const string Reading = "tcpdump, reading only";

    /// <summary>The row that reads and writes, nothing else.</summary>
    public const string Copying = "tcpdump, copying to a file";

    private static readonly (string Program, string Option)[] Versions = [("tcpdump", "--version"), ("tshark", "--version"), ("sngrep", "-V"), ("pcapsipdump", "-V"), ("voipmonitor", "--version")];

    private static readonly (string Program, SuiteTool Tool)[] Known =
    [
        ("tcpdump", Peer(Reading, "exec tcpdump -r {file} -w /dev/null") with { Guess = (0.02, 0.12, 0, 0) }),
        ("tcpdump", Peer(Copying, "exec tcpdump -r {file} -w {out}/copy.pcap") with { Guess = (0.02, 0.4, 0, 0), Check = PeerChecks.Copy }),
        ("tshark", Peer("tshark, RTP streams", "exec tshark -n -q -r {file} -z rtp,streams") with { Guess = (0.5, 4, 10, 0), Check = PeerChecks.TsharkStreams }),
        ("tshark", Peer("tshark, calls by Call-ID", "exec tshark -n -r {file} -Y 'sip.CSeq.method == \"INVITE\"' -T fields -e sip.Call-ID -e sip.Status-Code")
            with { Guess = (0.5, 9, 10, 0), Check = PeerChecks.TsharkCalls, MostPackets = 3_200_000 }),
        ("tshark", Peer("tshark, SIP statistics", "exec tshark -n -q -r {file} -z sip,stat") with { Guess = (0.5, 4, 10, 0), MostPackets = 300_000 }),
        ("sngrep", Peer("sngrep, no screen", "exec sngrep -F -N -c -r -l 200000 -I {file}") with { Guess = (0.5, 10, 20, 0), Check = PeerChecks.SngrepDialogs }),
        ("pcapsipdump", Peer("pcapsipdump, a file for each call", "exec pcapsipdump -f -r {file} -d {out}") with { Guess = (0.1, 2.5, 5, 0), Check = PeerChecks.FilePerCall }),
    ];

    /// <summary>Ours, every peer found on the PATH, and those given as <c>NAME=COMMAND</c>, in which <c>{file}</c> is the capture and <c>{out}</c>
    /// an empty folder. Throws <see cref="BenchException"/> where one of them is not so.</summary>
    /// <param name="given">Further peers.</param>
    /// <param name="checks">For some of these <c>NAME=COMMAND</c>, which prints how many calls the peer found; <c>{stdout}</c> is a file with what it printed.</param>
    public static IReadOnlyList<SuiteTool> All(IEnumerable<string> given, IEnumerable<string>? checks = null)
    {
        ArgumentNullException.ThrowIfNull(given);
        var tools = new List<SuiteTool>
        {
            Ours(Reference, static (file, folder) => "exec " + ImportProcess.Command(file, folder, log: false)) with { Guess = (0.7, 0.1, 8, 150) },
            Ours(WithPackets, static (file, folder) => "exec " + ImportProcess.Command(file, folder, log: true)) with { Guess = (0.7, 0.4, 10, 180) },
            Ours(WithWav, static (file, folder) => $"{ImportProcess.Command(file, folder, log: true)} && exec {RecordProcess.Command(folder, "wav")}")
                with { Guess = (1.3, 2, 10, 180), IsRecorder = true },
            Ours(WithMp3, static (file, folder) => "exec " + ImportProcess.Command(file, folder, log: true, "recording.policy=always")) with { Guess = (0.9, 10, 10, 180), IsRecorder = true },
        };
        if (Environment.ProcessorCount > 1 && Find("taskset") is not null)
            tools.Insert(2, Ours(OnOneProcessor, static (file, folder) => "exec taskset -c 0 " + ImportProcess.Command(file, folder, log: true)) with { Guess = (0.75, 0.7, 15, 200), IsBound = true });
        tools.AddRange(Known.Where(static known => Find(known.Program) is not null).Select(static known => known.Tool));
        foreach (string text in given)
        {
            (string name, string command) = Pair(text, "peer");
            if (!command.Contains("{file}", StringComparison.Ordinal)) throw new BenchException($"'{text}' is no peer: write NAME=COMMAND with {{file}} where the capture stands");
            tools.Add(Peer(name, command));
        }

        foreach (string text in checks ?? [])
        {
            (string name, string command) = Pair(text, "check of a peer");
            int at = tools.FindIndex(tool => !tool.IsOurs && tool.Name == name);
            if (at < 0) throw new BenchException($"'{text}': there is no peer {name} to check");
            tools[at] = tools[at] with { Check = PeerChecks.Counting(command) };
        }

        return tools;
    }

    /// <summary>Those whose rows begin with one of the names, whatever the case; all where none is named. Throws <see cref="BenchException"/> where a name
    /// is none's beginning.</summary>
    public static IReadOnlyList<SuiteTool> Chosen(IReadOnlyList<SuiteTool> tools, IEnumerable<string> names)
    {
        string[] wanted = SuiteNames.Split(names);
        foreach (string name in wanted)
        {
            if (!tools.Any(tool => Begins(tool, name))) throw new BenchException($"no tool begins with '{name}'; there are {string.Join("; ", tools.Select(static tool => tool.Name))}");
        }

        return wanted.Length == 0 ? tools : [.. tools.Where(tool => wanted.Any(name => Begins(tool, name)))];
    }

    /// <summary>A line for each peer that is there or not.</summary>
    public static IEnumerable<string> Describe()
    {
        foreach ((string program, string option) in Versions) yield return $"{program}: {(Find(program) is null ? "not found" : Texts.VersionOf(program, option))}";
    }

    /// <summary>A command with its words put in: <c>{file}</c>, <c>{out}</c>, <c>{stdout}</c>.</summary>
    public static string Fill(string command, string file, string folder, string stdout = "/dev/null") => command
        .Replace("{file}", MeasuredProcess.Quote(file), StringComparison.Ordinal)
        .Replace("{out}", MeasuredProcess.Quote(folder), StringComparison.Ordinal)
        .Replace("{stdout}", MeasuredProcess.Quote(stdout), StringComparison.Ordinal);

    /// <summary>Where a program is on the PATH; null where it is not.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    private static SuiteTool Ours(string name, Func<string, string, string> command) => new(name, command, IsOurs: true);

    private static SuiteTool Peer(string name, string command) => new(name, (file, folder) => Fill(command, file, folder));

    private static bool Begins(SuiteTool tool, string name) => tool.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase);

    private static (string Name, string Command) Pair(string text, string what)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1 || equals == text.Length - 1) throw new BenchException($"'{text}' is no {what}: write NAME=COMMAND");
        return (text[..equals], text[(equals + 1)..]);
    }
}
