using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CdrEngine.Capture.Files;
using CdrEngine.Core;
using CdrEngine.Engine.Tests.Runs;
using CdrEngine.Protocols.Pcap;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Golden.Tests.Live;

/// <summary>The program killed in the middle of a call and started again: one record, right to the microsecond.</summary>
public sealed class ProgramResumeTests
{
    private const string A = "192.0.2.1:4000";
    private const string B = "192.0.2.2:5000";

    [VethTheory]
    [InlineData("TERM", 18081)]
    [InlineData("KILL", 18082)]
    public async Task Run_KilledInMidCall_GoesOnWithItAfterTheNextStart(string signal, int port)
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        string data = Directory.CreateTempSubdirectory("cdrengine-resume-").FullName;
        try
        {
            // 1. A call that is over and recorded, and one that talks.
            JsonElement open;
            int shown;
            using (RunningProgram program = await RunningProgram.StartAsync(network, data, port))
            {
                await Replay.Send(network, "va", new Scene().Call("over@test", 0, answer: 0.2, bye: 0.5).Tape(), 1);
                await Replay.Send(network, "va", Talk(0, bye: false), 1);
                open = await program.UntilAsync("/api/v1/live", static page => IsTalking(page, 100));
                open = open.GetProperty("calls")[0];
                Assert.Equal(("answered", "talk@test"), (open.GetProperty("state").GetString(), open.GetProperty("sip_call_id").GetString()));
                string path = $"/api/v1/calls/{open.GetProperty("id").GetString()}";
                JsonElement record = await program.JsonAsync(path);
                Assert.Equal(("in_progress", "answered", JsonValueKind.Null), (record.GetProperty("disposition").GetString(), record.GetProperty("state").GetString(), record.GetProperty("ended_at").ValueKind));
                shown = Count(program.Get($"{path}.pcap"), out _);
                Assert.Contains("INVITE sip:bob@example.com", Encoding.UTF8.GetString(program.Get($"{path}.trace")), StringComparison.Ordinal);
                Assert.StartsWith("<svg", Encoding.UTF8.GetString(program.Get($"{path}/ladder.svg")), StringComparison.Ordinal);
                Assert.Contains("cdrengine_live_calls{state=\"answered\"} 1\n", Encoding.UTF8.GetString(program.Get("/metrics")), StringComparison.Ordinal);
                await program.UntilAsync("/api/v1/calls", static page => page.GetProperty("calls").GetArrayLength() == 1);
                await program.EndAsync(signal);
            }

            // 2. Started again.
            JsonElement final;
            int packets;
            Timestamp bye;
            using (RunningProgram program = await RunningProgram.StartAsync(network, data, port))
            {
                JsonElement again = (await program.UntilAsync("/api/v1/live", static page => page.GetProperty("totals").GetProperty("calls").GetInt32() == 1)).GetProperty("calls")[0];
                Assert.Equal((open.GetProperty("id").GetString(), open.GetProperty("answered_at").GetString()), (again.GetProperty("id").GetString(), again.GetProperty("answered_at").GetString()));
                await Replay.Send(network, "va", Talk(4, bye: true), 1);
                Assert.Contains(program.Notices, static line => line.Contains("going on with ", StringComparison.Ordinal));
                JsonElement page = await program.UntilAsync("/api/v1/calls", static page => page.GetProperty("calls").GetArrayLength() == 2);
                final = page.GetProperty("calls").EnumerateArray().Single(static call => call.GetProperty("sip_call_id").GetString() == "talk@test");
                packets = Count(program.Get($"/api/v1/calls/{final.GetProperty("id").GetString()}.pcap"), out bye);
                await program.EndAsync("TERM");
            }

            // 3. One record; whole but for what was not seen.
            Assert.Equal((open.GetProperty("id").GetString(), open.GetProperty("answered_at").GetString()), (final.GetProperty("id").GetString(), final.GetProperty("answered_at").GetString()));
            Assert.Equal(("answered", "caller", bye.ToString()), (final.GetProperty("disposition").GetString(), final.GetProperty("hangup_by").GetString(), final.GetProperty("ended_at").GetString()));
            Assert.Equal(["gap"], final.GetProperty("flags").EnumerateArray().Select(static flag => flag.GetString()));
            TimeSpan talk = bye - Time(final.GetProperty("answered_at").GetString()!);
            Assert.Equal(talk.Ticks / 10 / 1000m, final.GetProperty("billsec_ms").GetDecimal());
            int sent = 4 + 200 + 100 + 2;
            Assert.InRange(packets, signal == "TERM" ? sent : sent - 110, sent);
            Assert.Equal(4 + 200, shown);

            // 4. And it stays so.
            using (RunningProgram program = await RunningProgram.StartAsync(network, data, port))
            {
                Assert.Equal(0, (await program.JsonAsync("/api/v1/live")).GetProperty("totals").GetProperty("calls").GetInt32());
                Assert.Equal(2, (await program.JsonAsync("/api/v1/calls")).GetProperty("calls").GetArrayLength());
                await program.EndAsync("TERM");
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    [VethFact]
    public async Task Events_OfARunningProgram_TellACallFromStartToRecord()
    {
        using var network = new NetworkNamespace();
        network.AddPair("va", "vb");
        string data = Directory.CreateTempSubdirectory("cdrengine-events-").FullName;
        try
        {
            using RunningProgram program = await RunningProgram.StartAsync(network, data, 18083);
            Task<string> events = program.StreamAsync("/api/v1/events?types=call.started,call.ringing,call.answered,call.ended,call.recorded", "event: call.recorded\n");
            await program.UntilAsync("/api/v1/stats", static stats => stats.GetProperty("areas").EnumerateArray()
                .Where(static area => area.GetProperty("area").GetString() == "live").SelectMany(static area => area.GetProperty("counters").EnumerateArray())
                .Any(static counter => counter.GetProperty("name").GetString() == "readers" && counter.GetProperty("value").GetInt64() == 1));
            await Replay.Send(network, "va", new Scene().Call("told@test", 0, answer: 0.3, bye: 0.6).Tape(), 1);
            string text = await events.WaitAsync(TimeSpan.FromSeconds(120));
            Assert.Equal(
                ["call.started", "call.ringing", "call.answered", "call.ended", "call.recorded"],
                text.Split('\n').Where(static line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(static line => line[7..]));
            await program.EndAsync("TERM");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    // The first part with the beginning of the call, the second with its end; the same two streams go on.
    private static PacketTape Talk(double from, bool bye)
    {
        var scene = new Scene();
        if (!bye) scene.Call("talk@test", from, answer: from + 0.2);
        double start = bye ? from : from + 0.25, until = start + (bye ? 0.999 : 1.999);
        ushort sequence = (ushort)(bye ? 1200 : 1000);
        scene.Rtp(start, until, A, B, 0x11, sequence).Rtp(start, until, B, A, 0x22, sequence);
        if (bye)
        {
            SipText hangup = SipText.Bye("talk@test", "alice@example.com", "bob@example.com", fromTag: "f-talk@test");
            scene.Sip(until, "192.0.2.1:5060", "192.0.2.2:5060", hangup).Sip(until + 0.01, "192.0.2.2:5060", "192.0.2.1:5060", hangup.Reply(200));
        }

        return scene.Tape();
    }

    private static bool IsTalking(JsonElement page, int packets) => page.GetProperty("calls").EnumerateArray().Any(call =>
        call.GetProperty("callee_sent") is { ValueKind: JsonValueKind.Object } side && side.GetProperty("packets").GetInt32() == packets);

    private static int Count(byte[] pcap, out Timestamp bye)
    {
        bye = Timestamp.MinValue;
        using var stream = new MemoryStream(pcap);
        using CaptureFileSource source = CaptureFileSource.FromStream("call.pcap", stream, CaptureReaderLimits.Default);
        int count = 0;
        while (source.Read(out CapturedPacket packet) == ReadOutcome.Packet)
        {
            count++;
            if (packet.Bytes.IndexOf("BYE sip:"u8) >= 0) bye = packet.CapturedAt;
        }

        return count;
    }

    private static Timestamp Time(string text) => Timestamp.From(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>The program at work on the pair, with what it says.</summary>
    private sealed class RunningProgram : IDisposable
    {
        private readonly NetworkNamespace _network;
        private readonly Process _process;
        private readonly int _port;
        private readonly List<string> _notices = [];

        private RunningProgram(NetworkNamespace network, Process process, int port)
        {
            _network = network;
            _process = process;
            _port = port;
            process.ErrorDataReceived += (_, line) =>
            {
                lock (_notices) _notices.Add(line.Data ?? "");
            };
            process.BeginErrorReadLine();
        }

        public IReadOnlyList<string> Notices
        {
            get
            {
                lock (_notices) return [.. _notices];
            }
        }

        public static async Task<RunningProgram> StartAsync(NetworkNamespace network, string data, int port)
        {
            string[] arguments =
            [
                "netns", "exec", network.Name, "dotnet", Path.Combine(AppContext.BaseDirectory, "cdrengine.dll"), "run", "-i", "vb", "--data", data,
                "--listen", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "--set", "api.auth=off", "--set", "call.linger=1s",
            ];
            Process process = Process.Start(new ProcessStartInfo("ip", arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var program = new RunningProgram(network, process, port);
            string? line;
            do line = await process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(120));
            while (line is not null && !line.StartsWith("capturing from vb, ", StringComparison.Ordinal));
            Assert.True(line is not null, string.Join('\n', program.Notices));
            await program.UntilAsync("/api/v1/live", static _ => true);
            return program;
        }

        public async Task<JsonElement> UntilAsync(string path, Predicate<JsonElement> isSo)
        {
            long began = Stopwatch.GetTimestamp();
            while (true)
            {
                JsonElement answer = await JsonAsync(path);
                if (isSo(answer)) return answer;
                Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(120), $"{path}: {answer}; {string.Join('\n', Notices)}");
                await Task.Delay(50);
            }
        }

        public Task<JsonElement> JsonAsync(string path) => Task.FromResult(JsonDocument.Parse(Get(path)).RootElement);

        public byte[] Get(string path) => _network.Run(() =>
        {
            using Socket socket = Connect(path, "HTTP/1.0");
            using var stream = new NetworkStream(socket);
            using var answer = new MemoryStream();
            stream.CopyTo(answer);
            byte[] bytes = answer.ToArray();
            int body = bytes.AsSpan().IndexOf("\r\n\r\n"u8) + 4;
            Assert.True(Encoding.ASCII.GetString(bytes, 0, body).Contains(" 200 OK\r\n", StringComparison.Ordinal), $"{path}: {Encoding.UTF8.GetString(bytes)}");
            return bytes[body..];
        });

        /// <summary>Reads a stream until something comes.</summary>
        public Task<string> StreamAsync(string path, string until)
        {
            string text = "";
            Task read = _network.Start(() =>
            {
                using Socket socket = Connect(path, "HTTP/1.0");
                socket.ReceiveTimeout = 25_000;
                byte[] buffer = new byte[16 * 1024];
                while (!text.Contains(until, StringComparison.Ordinal) && socket.Receive(buffer) is var length and > 0) text += Encoding.UTF8.GetString(buffer, 0, length);
            });
            return read.ContinueWith(task => task.IsCompletedSuccessfully ? text : throw task.Exception!, TaskScheduler.Default);
        }

        public async Task EndAsync(string signal)
        {
            using (Process kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"])) await kill.WaitForExitAsync();
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(120));
            if (signal == "TERM") Assert.Equal(0, _process.ExitCode);
        }

        public void Dispose()
        {
            if (!_process.HasExited) _process.Kill();
            _process.Dispose();
        }

        private Socket Connect(string path, string version)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(IPAddress.Loopback, _port);
            socket.Send(Encoding.ASCII.GetBytes($"GET {path} {version}\r\nHost: 127.0.0.1\r\n\r\n"));
            return socket;
        }
    }
}
