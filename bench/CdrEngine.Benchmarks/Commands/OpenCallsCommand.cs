using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine;
using CdrEngine.Engine.Live;
using CdrEngine.Engine.Resume;
using CdrEngine.Load;
using CdrEngine.PacketLog;

namespace CdrEngine.Benchmarks.Commands;

/// <summary><c>open-calls</c>: many open calls, how fast they are listed, and how fast an engine stops with them and goes on after.</summary>
internal static class OpenCallsCommand
{
    private const int Lists = 30;

    public static Command Make(TextWriter output)
    {
        var calls = new Option<int>("--calls") { Description = "Calls open at once.", DefaultValueFactory = static _ => 20_000 };
        var shards = new Option<int>("--shards") { Description = "Shards.", DefaultValueFactory = static _ => 1 };
        var command = new Command("open-calls", "Open many calls, list them while packets come, stop, and go on with them.") { calls, shards };
        command.SetAction((parsed, stop) => Task.FromResult(Run(parsed.GetValue(calls), parsed.GetValue(shards), output, stop)));
        return command;
    }

    private static int Run(int calls, int shards, TextWriter output, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-live-").FullName;
        try
        {
            Measure(calls, shards, folder, output, stop);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(int calls, int shards, string folder, TextWriter output, CancellationToken stop)
    {
        // 1. All begin within 20 s and none ends before the 60th; a packet every 2 s and direction.
        string capture = Path.Combine(folder, "load.pcap");
        using (FileStream to = File.Create(capture))
        {
            LoadGenerator.Write(
                new LoadOptions
                {
                    Seed = 13,
                    Calls = calls,
                    CallsPerSecond = calls / 20.0,
                    TalkSeconds = 120,
                    RtpInterval = TimeSpan.FromSeconds(2),
                    Mix = new Dictionary<Scenario, double> { [Scenario.CallerHangsUp] = 1 },
                },
                to,
                static _ => { });
        }

        using CaptureFileSource source = CaptureFileSource.Open(capture);
        Timestamp end = Timestamp.MaxValue, last = Timestamp.MinValue;
        long packets = 0;
        var hub = new LiveHub();
        TimeSpan stopped;
        using (PacketLogFolder log = PacketLogFolder.Open(Path.Combine(folder, "packets")))
        {
            var engine = new CaptureEngine(Options(folder, shards, hub), new Counting(), log);
            engine.BeginSource("load");
            while (last < end && source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
            {
                if (end == Timestamp.MaxValue) end = packet.CapturedAt + TimeSpan.FromSeconds(40);
                last = packet.CapturedAt;
                engine.Process(packet);
                packets++;
            }

            engine.Flush();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{engine.OpenCalls:N0} calls open after {packets:N0} packets, {shards} shards"));

            // 2. Listed on a quiet engine, then while packets come as fast as they can.
            ListAll(hub, output, "quiet");
            using var busy = CancellationTokenSource.CreateLinkedTokenSource(stop);
            long fed = 0, began = Stopwatch.GetTimestamp();
            Task feeding = Task.Run(() =>
            {
                while (!busy.IsCancellationRequested && source.Read(out CapturedPacket packet) == ReadOutcome.Packet && packet.CapturedAt < end + TimeSpan.FromSeconds(15))
                {
                    engine.Process(packet);
                    fed++;
                    last = packet.CapturedAt;
                }
            }, stop);
            ListAll(hub, output, "busy");
            busy.Cancel();
            feeding.GetAwaiter().GetResult();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  meanwhile {fed:N0} packets in {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s at most"));

            // 3. The stop.
            began = Stopwatch.GetTimestamp();
            engine.SuspendAsync().GetAwaiter().GetResult();
            stopped = Stopwatch.GetElapsedTime(began);
        }

        long journal = new DirectoryInfo(Path.Combine(folder, "open-calls")).EnumerateFiles().Sum(static file => file.Length);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"stopped in {stopped.TotalSeconds:0.00} s; journal {journal / 1e6:0.0} MB"));

        // 4. And on.
        using (PacketLogFolder log = PacketLogFolder.Open(Path.Combine(folder, "packets")))
        {
            long began = Stopwatch.GetTimestamp();
            var engine = new CaptureEngine(Options(folder, shards, hub), new Counting(), log);
            ResumePlan plan = ResumePlan.Take(Path.Combine(folder, "open-calls"), log);
            TimeSpan read = Stopwatch.GetElapsedTime(began);
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            ResumeReport report = engine.Resume(plan, last);
            cpu = Environment.CpuUsage.TotalTime - cpu;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"going on with {report.Calls:N0} calls ({report.Lost} lost): {read.TotalSeconds:0.00} s for the journal, {report.Elapsed.TotalSeconds:0.00} s for {report.Packets:N0} packets ({cpu.TotalSeconds:0.00} s CPU), {report.UnmeasuredBytes / 1e6:N0} MB of media left"));
            engine.CompleteAsync().GetAwaiter().GetResult();
        }
    }

    private static EngineOptions Options(string folder, int shards, LiveHub hub) => new()
    {
        Shards = shards,
        Live = hub,
        Resume = new ResumeLimits { Folder = Path.Combine(folder, "open-calls") },
    };

    private static void ListAll(LiveHub hub, TextWriter output, string when)
    {
        foreach (int limit in (int[])[50, 1000])
        {
            var times = new List<double>();
            int calls = 0, measured = 0;
            TimeSpan cpu = Environment.CpuUsage.TotalTime;
            for (int i = 0; i < Lists; i++)
            {
                long began = Stopwatch.GetTimestamp();
                LivePage page = hub.Board.ListAsync(new LiveQuery { Limit = limit }).GetAwaiter().GetResult();
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                calls = page.Totals.Calls;
                measured = page.Calls.Count(static call => call.IsMeasured);
            }

            times.Sort();
            cpu = Environment.CpuUsage.TotalTime - cpu;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {when}: page of {limit} of {calls:N0} calls ({measured} measured): median {times[Lists / 2]:0.0} ms, worst {times[^1]:0.0} ms; process CPU {cpu.TotalMilliseconds / Lists:0.0} ms"));
        }
    }

    private sealed class Counting : IRecordOutput
    {
        public void Emit(in RecordEmission emission)
        {
        }
    }
}
