using System.CommandLine;
using CdrEngine.Benchmarks.Actors;
using CdrEngine.Benchmarks.Calls;
using CdrEngine.Benchmarks.Media;
using CdrEngine.Benchmarks.PacketLog;
using CdrEngine.Benchmarks.Protocols;
using CdrEngine.Benchmarks.Protocols.Link;
using CdrEngine.Benchmarks.Protocols.Pcap;
using CdrEngine.Benchmarks.Protocols.Sip;
using CdrEngine.Benchmarks.Storage;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>list</c> and <c>run [NAME…]</c>: the benchmarks of single parts.</summary>
internal static class MicroCommands
{
    private static readonly (string Name, string What, Action<TextWriter> Run)[] All =
    [
        ("read", "packets of a capture file, against libpcap", CaptureReadBenchmarks.Run),
        ("decode", "link, tunnel and IP layers of a packet", DecodeBenchmarks.Run),
        ("tcp", "TCP segments put together", TcpBenchmarks.Run),
        ("sip", "SIP and SDP parsed", SipBenchmarks.Run),
        ("streams", "RTP packets measured", StreamBenchmarks.Run),
        ("desk", "registrations folded", DeskBenchmarks.Run),
        ("actors", "messages, timers, idle actors", ActorBenchmarks.Run),
        ("packet-log", "packets laid down and gathered", PacketLogBenchmarks.Run),
        ("storage", "records stored and listed", StorageBenchmarks.Run),
        ("directory", "records marked, longest prefixes found", DirectoryBenchmarks.Run),
        ("recording", "calls recorded from their packets", RecordingBenchmarks.Run),
    ];

    public static Command MakeList(TextWriter output)
    {
        var command = new Command("list", "Name the benchmarks of single parts.");
        command.SetAction(_ => List(output));
        return command;
    }

    public static Command MakeRun(TextWriter output)
    {
        var names = new Argument<string[]>("NAME") { Arity = ArgumentArity.ZeroOrMore, Description = "Benchmarks as list names them; all without." };
        var command = new Command("run", "Run benchmarks of single parts.") { names };
        command.SetAction((parsed, stop) =>
        {
            string[] wanted = parsed.GetValue(names) ?? [];
            if (wanted.FirstOrDefault(static name => !All.Any(one => one.Name == name)) is { } stranger)
                throw new BenchException($"no benchmark '{stranger}'; there are {string.Join(", ", All.Select(static one => one.Name))}");
            foreach ((string name, _, Action<TextWriter> run) in All)
            {
                if (stop.IsCancellationRequested) return Task.FromResult(1);
                if (wanted.Length > 0 && !wanted.Contains(name)) continue;
                run(output);
                output.WriteLine();
            }

            return Task.FromResult(0);
        });
        return command;
    }

    private static void List(TextWriter output)
    {
        foreach ((string name, string what, _) in All) output.WriteLine($"{name,-12}{what}");
    }
}
