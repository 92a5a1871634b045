using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CdrEngine.Benchmarks.Processes;

namespace CdrEngine.Benchmarks.Live;

/// <summary>A program that listens on an interface, and how it says what it lost.</summary>
/// <param name="Name">As shown.</param>
/// <param name="Command">Program and arguments; {data} is an empty folder.</param>
/// <param name="Started">What it says when it listens; null where it says nothing and a second has to do.</param>
/// <param name="Lost">Packets lost, from all it said; null where it did not say.</param>
internal sealed partial record LiveReceiver(string Name, IReadOnlyList<string> Command, string? Started, Func<string, long?> Lost)
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(60);

    /// <summary>The engine and those it is measured beside, on one interface.</summary>
    public static IReadOnlyList<LiveReceiver> All(string name)
    {
        string program = EngineProgram.Path;
        string[] engine = ["dotnet", program, "run", "-i", name, "--data", "{data}", "--listen", "127.0.0.1:18099", "--set", "api.auth=off"];
        const string capturing = "capturing from";
        const string listening = "listening on";
        return
        [
            new("tcpdump -w /dev/null", ["tcpdump", "-i", name, "-n", "-B", "65536", "-w", "/dev/null"], listening, TcpdumpLost),
            new("engine, records and figures", [.. engine, "--set", "packet-log.enabled=off"], capturing, EngineLost),
            new("tcpdump -w FILE", ["tcpdump", "-i", name, "-n", "-B", "65536", "-w", "{data}/file.pcap"], listening, TcpdumpLost),
            new("engine, with packet log", engine, capturing, EngineLost),
            new("sngrep -N, RTP too", ["sngrep", "-N", "-q", "-r", "-d", name, "-B", "64", "-O", "{data}/file.pcap"], null, static _ => null),
        ];
    }

    /// <summary>Whether its program is installed.</summary>
    public bool IsHere => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, Command[0])));

    /// <summary>Starts it in a namespace, has something sent, ends it, and gives what it lost and the processor time it took.</summary>
    public (long? Lost, TimeSpan Cpu) Run(string networkNamespace, Func<int> send)
    {
        string data = Directory.CreateTempSubdirectory("cdrengine-live-bench-").FullName;
        try
        {
            var start = new ProcessStartInfo("ip", ["netns", "exec", networkNamespace, .. Command.Select(word => word.Replace("{data}", data, StringComparison.Ordinal))])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            var said = new System.Text.StringBuilder();
            using var started = new ManualResetEventSlim(Started is null);
            void Hear(string? line)
            {
                if (line is null) return;
                lock (said) said.AppendLine(line);
                if (Started is { } sign && line.Contains(sign, StringComparison.Ordinal)) started.Set();
            }

            process.OutputDataReceived += (_, heard) => Hear(heard.Data);
            process.ErrorDataReceived += (_, heard) => Hear(heard.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!started.Wait(LongestStart)) throw new Commands.BenchException($"{Name}: did not start: {said}");
            process.WaitForExit(TimeSpan.FromSeconds(1));
            int sent = send();
            process.WaitForExit(TimeSpan.FromMilliseconds(500));
            TimeSpan cpu = process.TotalProcessorTime;
            using (Process kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)])) kill.WaitForExit();
            if (!process.WaitForExit(LongestEnd)) process.Kill();
            process.WaitForExit();
            long? lost;
            lock (said) lost = Lost(said.ToString());
            string file = Path.Combine(data, "file.pcap");
            if (lost is null && File.Exists(file)) lost = sent - CountPackets(file);
            return (lost, cpu);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static long? TcpdumpLost(string said) =>
        DroppedByKernel().Match(said) is { Success: true } match ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    // Packets that were measured and not kept are lost too.
    private static long? EngineLost(string said) => said.Contains(", none lost", StringComparison.Ordinal) ? 0
        : EngineLosses().Match(said) is { Success: true } match ? long.Parse(string.Concat(match.Groups[1].Value.Where(char.IsAsciiDigit)), CultureInfo.InvariantCulture) : null;

    private static long CountPackets(string file)
    {
        using Capture.Files.CaptureFileSource source = Capture.Files.CaptureFileSource.Open(file);
        long count = 0;
        while (source.Read(out _) == Core.ReadOutcome.Packet) count++;
        return count;
    }

    [GeneratedRegex("([0-9]+) packets? dropped by kernel")]
    private static partial Regex DroppedByKernel();

    [GeneratedRegex("(?m), ([^a-z]+) loss(es)?: ")]
    private static partial Regex EngineLosses();
}
