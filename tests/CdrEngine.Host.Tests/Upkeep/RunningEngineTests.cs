using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Host.Tests.Upkeep;

/// <summary>The program itself at work, in processes of its own.</summary>
public sealed class RunningEngineTests : IDisposable
{
    private readonly UpkeepRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task BackupUnderLoad_RestoresEveryCallThatWasOver_AndGoesOnWithThoseInProgress()
    {
        int hep = FreePorts.ForUdpAndTcp(), api = FreePorts.ForUdpAndTcp();
        string backup = Path.Combine(_rig.Folder, "backup"), restored = Path.Combine(_rig.Folder, "restored");
        using (RunningEngine engine = await RunningEngine.StartAsync(_rig.Data, hep, api))
        {
            using var agent = new UdpClient();
            agent.Connect(IPAddress.Loopback, hep);
            using var stop = new CancellationTokenSource();
            Task load = Task.Run(() => Load(agent, stop.Token));
            await Until(() => _rig.Calls().Count > 40);
            Assert.True(_rig.Run("backup", backup) == 0, _rig.Error);
            await Until(() => _rig.Calls().Count > 80);
            SortedDictionary<string, string> sure = _rig.Calls();
            JsonElement report = _rig.Json("backup", backup);
            Assert.True(report.GetProperty("open_calls").GetInt32() > 0);
            await Until(() => _rig.Calls().Count > 120);
            await stop.CancelAsync();
            await load;
            Assert.Equal(0, _rig.Run("restore", backup, "--data", restored));

            // Nothing is missing and nothing is too much, as it was restored: calls in progress are no faults, those that began while the copy was made are not in it.
            Assert.True(_rig.Run("verify", "--data", restored) == 0, _rig.Error);
            Assert.True(_rig.Run("verify") == 0, _rig.Error);

            // All that was over when the backup began is in it, and what is in it is as in the engine.
            SortedDictionary<string, string> calls = _rig.Calls(restored);
            Assert.Superset(sure.Keys.ToHashSet(), calls.Keys.ToHashSet());
            await Until(() => calls.Keys.All(_rig.Calls().ContainsKey));
            SortedDictionary<string, string> all = _rig.Calls();
            foreach ((string id, string line) in calls)
            {
                Assert.Equal(all[id], line);
                byte[] packets = _rig.Pcap(id);
                Assert.NotEmpty(packets);
                Assert.Equal(packets, _rig.Pcap(id, restored));
            }

            Assert.Equal("", engine.Fault);
        }

        // The copy of a journal names calls in progress: none of them is over in the restored records.
        HashSet<string> before = [.. _rig.Calls(restored).Values.Select(PurgeTests.SipCallId)];
        using (RunningEngine engine = await RunningEngine.StartAsync(restored, FreePorts.ForUdpAndTcp(), FreePorts.ForUdpAndTcp()))
        {
            await Until(() => engine.Said.Contains("going on with", StringComparison.Ordinal));
            string line = engine.Said.Split('\n').First(static said => said.Contains("going on with", StringComparison.Ordinal));
            Assert.DoesNotContain("cannot be gone on with", engine.Said, StringComparison.Ordinal);
            Assert.True(int.Parse(line.Split("going on with ")[1].Split(' ')[0], CultureInfo.InvariantCulture) > 0);
        }

        SortedDictionary<string, string> after = _rig.Calls(restored);
        Assert.Equal(after.Count, after.Values.Select(PurgeTests.SipCallId).Distinct().Count());
        Assert.Superset(before, after.Values.Select(PurgeTests.SipCallId).ToHashSet());

        Assert.True(_rig.Run("verify", "--data", restored) == 0, _rig.Error);
    }

    // A call each 20 ms, half a second long.
    private static async Task Load(UdpClient agent, CancellationToken stop)
    {
        var due = new PriorityQueue<byte[], long>();
        long began = Stopwatch.GetTimestamp();
        for (int call = 0; !stop.IsCancellationRequested || due.Count > 0; call++)
        {
            long now = (long)Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            if (!stop.IsCancellationRequested)
            {
                string id = $"load-{call}@test", to = $"{1000 + call}";
                SipText invite = SipText.Invite(id, "alice", to), bye = SipText.Bye(id, "alice", to, toTag: "b");
                due.Enqueue(Bytes(invite, true), now);
                due.Enqueue(Bytes(Answer(invite, 180, "Ringing"), false), now + 20);
                due.Enqueue(Bytes(Answer(invite, 200, "OK"), false), now + 40);
                due.Enqueue(Bytes(SipText.Ack(id, "alice", to, toTag: "b"), true), now + 50);
                due.Enqueue(Bytes(bye, true), now + 500);
                due.Enqueue(Bytes(Answer(bye, 200, "OK"), false), now + 510);
            }

            while (due.TryPeek(out byte[]? sip, out long at) && at <= now)
            {
                due.Dequeue();
                (long seconds, long rest) = Math.DivRem(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), 1000);
                bool isCallers = sip[0] == 1;
                await agent.SendAsync(HepBuilder.Sip(
                    isCallers ? "192.0.2.1:5060" : "192.0.2.2:5060", isCallers ? "192.0.2.2:5060" : "192.0.2.1:5060", System.Text.Encoding.UTF8.GetString(sip, 1, sip.Length - 1), seconds, (int)rest * 1000), CancellationToken.None);
            }

            await Task.Delay(20, CancellationToken.None);
        }
    }

    private static byte[] Bytes(SipText sip, bool isCallers) => [(byte)(isCallers ? 1 : 2), .. sip.ToBytes()];

    private static SipText Answer(SipText request, int status, string reason) => request.Reply(status, reason, toTag: "b");

    private static async Task Until(Func<bool> isSo)
    {
        for (long began = Stopwatch.GetTimestamp(); !isSo(); await Task.Delay(100))
        {
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(180)) throw new TimeoutException("it never came");
        }
    }

    private sealed class RunningEngine : IDisposable
    {
        private readonly Process _process;
        private readonly System.Text.StringBuilder _said = new();

        private RunningEngine(Process process)
        {
            _process = process;
            process.ErrorDataReceived += (_, line) =>
            {
                lock (_said) _said.AppendLine(line.Data);
            };
            process.OutputDataReceived += (_, line) =>
            {
                lock (_said) _said.AppendLine(line.Data);
            };
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
        }

        public string Said
        {
            get
            {
                lock (_said) return _said.ToString();
            }
        }

        public string Fault => string.Join('\n', Said.Split('\n').Where(static line => line.Contains("retention:", StringComparison.Ordinal) || line.Contains("engine:", StringComparison.Ordinal)));

        public static async Task<RunningEngine> StartAsync(string data, int hep, int api)
        {
            string[] arguments =
            [
                Path.Combine(AppContext.BaseDirectory, "cdrengine.dll"), "run", "--hep", $"127.0.0.1:{hep}", "--data", data, "--listen", $"127.0.0.1:{api}",
                "--set", "api.auth=off", "--set", "call.linger=200ms", "--set", "packet-log.flush=200ms", "--set", "retention.every=1s",
            ];
            var start = new ProcessStartInfo("dotnet", arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
            var engine = new RunningEngine(Process.Start(start)!);
            using var client = new HttpClient();
            await Until(() =>
            {
                try
                {
                    return client.GetAsync($"http://127.0.0.1:{api}/readyz").GetAwaiter().GetResult().IsSuccessStatusCode;
                }
                catch (HttpRequestException e)
                {
                    return engine._process.HasExited ? throw new InvalidOperationException(engine.Said, e) : false;
                }
            });
            return engine;
        }

        public void Dispose()
        {
            using (Process term = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])) term.WaitForExit();
            if (!_process.WaitForExit(TimeSpan.FromSeconds(30))) _process.Kill();
            _process.Dispose();
        }
    }
}
