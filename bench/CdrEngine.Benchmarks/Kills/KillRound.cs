using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Core;
using CdrEngine.Load;
using CdrEngine.TestKit;

namespace CdrEngine.Benchmarks.Kills;

/// <summary>One data folder: a load is sent to the program in real time, the program is killed again and again at random moments and started anew, and in the end its records are judged.</summary>
public static class KillRound
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(60);

    /// <summary>So many times as long as it should take may it take on a machine that has much else to do.</summary>
    private const double LongestStretch = 5;

    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(2);

    /// <summary>Timers short enough that calls whose end was lost are over when the round is.</summary>
    private static readonly TimeSpan Timers = TimeSpan.FromSeconds(9);

    /// <summary>How long a call that is over takes what comes late: longer than the sender of packets stands still on a machine that has much else to do.</summary>
    internal static readonly TimeSpan Linger = TimeSpan.FromSeconds(5);

    /// <summary>Runs all rounds, some at a time.</summary>
    public static async Task<KillResult> RunAsync(KillOptions options, Action<string>? tell, CancellationToken stop)
    {
        var sum = new KillResult();
        var gate = new Lock();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, options.Rounds),
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallel, CancellationToken = stop },
            async (round, cancelled) =>
            {
                KillResult result = await RunOneAsync(options, options.Seed + round, cancelled).ConfigureAwait(false);
                lock (gate)
                {
                    sum += result;
                    tell?.Invoke(string.Create(CultureInfo.InvariantCulture, $"round {round}: {result.Kills} kills, {result.Calls} calls, {result.Exact} exact, {result.Cut} cut, {result.Gone} gone, {result.Faults.Count} faults; {sum.Kills} kills in all"));
                    foreach (string fault in result.Faults) tell?.Invoke($"fault: {fault}");
                }
            }).ConfigureAwait(false);
        return sum;
    }

    private static async Task<KillResult> RunOneAsync(KillOptions options, int seed, CancellationToken stop)
    {
        string folder = Directory.CreateTempSubdirectory("cdrengine-kill-").FullName;
        bool keeps = false;
        try
        {
            string data = Path.Combine(folder, "data");
            Directory.CreateDirectory(data);
            int port = FreePorts.ForUdpAndTcp();
            string[] settings = Settings(options);
            var random = new Random(seed);

            // 1. The first life begins before the load does.
            EngineProcess life = EngineProcess.Start(data, port, settings);
            var lives = new List<EngineProcess> { life };
            try
            {
                if (!await life.TakesPacketsAsync(LongestStart).ConfigureAwait(false)) throw new BenchException($"the program does not start: {string.Join("; ", life.Errors)}");
                double seconds = options.Kills * (1.5 + (options.LongestLife / 2));
                Timestamp start = EngineProcess.Now() + TimeSpan.FromMilliseconds(500);
                KillScript script = KillScript.Of(LoadOf(options, seed, (int)(options.CallsPerSecond * seconds * LongestStretch), start));

                // 2. Load and kills: calls begin until a while after the last kill.
                using var ended = new CancellationTokenSource();
                Task<int> killing = KillAsync(options, random, data, port, settings, lives, ended.Token);
                await FeedAsync(script, port, killing, stop).ConfigureAwait(false);
                await ended.CancelAsync().ConfigureAwait(false);
                int atStart = await killing.ConfigureAwait(false);

                // 3. What is open ends by its timers.
                life = lives[^1];
                bool runs = life.ReadingAt != Timestamp.MaxValue || await life.TakesPacketsAsync(LongestStart).ConfigureAwait(false);
                var faults = new List<string>();
                if (!runs) faults.Add($"the last start failed: {string.Join("; ", life.Errors)}");
                await Task.Delay(Timers + Linger + TimeSpan.FromSeconds(3), stop).ConfigureAwait(false);
                if (await life.StopAsync(LongestStop).ConfigureAwait(false) is not 0) faults.Add($"the last life does not end in good order: {string.Join("; ", life.Errors)}");

                // 4. The verdict.
                var judge = new KillJudge(options, script, lives, data, Timers);
                KillResult result = judge.Judge() with { Kills = lives.Count - 1, KillsAtStart = atStart };
                foreach (string line in lives.SelectMany(static one => one.Errors).Where(IsFault)) faults.Add($"standard error: {line}");
                result = result with { Faults = [.. result.Faults.Concat(faults).Select(fault => $"seed {seed}: {fault}")] };
                keeps = result.Faults.Count > 0 && options.KeepsFolders;
                return keeps ? result with { Faults = [.. result.Faults, $"seed {seed}: the folder is {folder}"] } : result;
            }
            finally
            {
                foreach (EngineProcess one in lives) one.Dispose();
            }
        }
        finally
        {
            if (!keeps) Directory.Delete(folder, recursive: true);
        }
    }

    // What a start after a kill has to say; anything else is worth a look.
    private static bool IsFault(string line) =>
        !line.Contains("going on with ", StringComparison.Ordinal) && !line.Contains(" calls cannot be gone on with: ", StringComparison.Ordinal);

    private static string[] Settings(KillOptions options)
    {
        string timers = string.Create(CultureInfo.InvariantCulture, $"{(int)Timers.TotalSeconds}s");
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"call.linger={(int)Linger.TotalSeconds}s"), $"call.setup-timeout={timers}", $"call.rtp-timeout={timers}", $"call.held-timeout={timers}", $"call.max-duration={timers}", "session.enabled=off",
            string.Create(CultureInfo.InvariantCulture, $"packet-log.flush={(int)options.Flush.TotalMilliseconds}ms"),
        ];
    }

    private static LoadOptions LoadOf(KillOptions options, int seed, int calls, Timestamp start) => new()
    {
        Seed = (ulong)seed,
        Calls = calls,
        CallsPerSecond = options.CallsPerSecond,
        TalkSeconds = 1.5,
        Start = start,
        RtpInterval = TimeSpan.FromMilliseconds(200),
        Mix = options.Mix,
        TcpShare = 0.3,
        IPv6Share = 0.1,
        VlanShare = 0,
        FragmentShare = 0,
        LossShare = 0,
        ReorderShare = 0,
        DuplicateShare = 0,
        MirrorShare = 0,
        RetransmissionShare = 0.05,
        RegistersPerCall = 0,
    };

    // Sends each packet at its time, whether or not anybody is there, by a thread of its own: those of the pool have other tests to run. Calls that had not begun when it was enough are left
    // out of the script.
    private static Task FeedAsync(KillScript script, int port, Task killing, CancellationToken stop)
    {
        Task enough = killing.ContinueWith(_ => Task.Delay(Afterwards, stop), stop, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
        return Task.Factory.StartNew(() => Feed(script, port, enough, stop), stop, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private static void Feed(KillScript script, int port, Task enough, CancellationToken stop)
    {
        var begun = new HashSet<int>();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var to = new IPEndPoint(IPAddress.Loopback, port);
        foreach (ScriptedPacket packet in script.Packets)
        {
            if (enough.IsCompleted && !begun.Contains(packet.Call)) continue;
            begun.Add(packet.Call);
            while (packet.At - EngineProcess.Now() is { Ticks: > 0 } wait) stop.WaitHandle.WaitOne(wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait);
            stop.ThrowIfCancellationRequested();
            packet.SentAt = EngineProcess.Now();
            socket.SendTo(packet.Hep, to);
        }

        script.Keep(begun);
    }

    private static async Task<int> KillAsync(KillOptions options, Random random, string data, int port, string[] settings, List<EngineProcess> lives, CancellationToken ended)
    {
        int atStart = 0;
        for (int kill = 0; kill < options.Kills && !ended.IsCancellationRequested; kill++)
        {
            EngineProcess life = lives[^1];

            // One in five does not get as far as taking packets.
            bool early = kill > 0 && random.Next(5) == 0;
            if (early)
            {
                await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * 1.5), CancellationToken.None).ConfigureAwait(false);
                if (life.ReadingAt == Timestamp.MaxValue) atStart++;
            }
            else
            {
                if (!await life.TakesPacketsAsync(LongestStart).ConfigureAwait(false)) return atStart;
                await Task.Delay(TimeSpan.FromSeconds(random.NextDouble() * options.LongestLife), CancellationToken.None).ConfigureAwait(false);
            }

            await life.KillAsync().ConfigureAwait(false);
            lives.Add(EngineProcess.Start(data, port, settings));
        }

        return atStart;
    }
}
