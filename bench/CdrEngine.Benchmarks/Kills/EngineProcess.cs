using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using CdrEngine.Benchmarks.Commands;
using CdrEngine.Benchmarks.Processes;
using CdrEngine.Core;

namespace CdrEngine.Benchmarks.Kills;

/// <summary>One life of the real program: <c>cdrengine run --hep …</c>, from its start to its kill.</summary>
/// <remarks>When it takes packets is learnt by the datagrams that it sends to whoever supervises it (sd_notify): its reading thread says that it is alive.</remarks>
internal sealed class EngineProcess : IDisposable
{
    private const int WatchdogMicroseconds = 200_000;

    private readonly Process _process;
    private readonly Socket _watch;
    private readonly string _watchPath;
    private readonly List<string> _errors = [];
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _watching;
    private readonly WaitingTimes _waits;
    private Timestamp _aliveAt;

    private EngineProcess(Process process, Socket watch, string watchPath)
    {
        _process = process;
        _watch = watch;
        _watchPath = watchPath;
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith("capturing from ", StringComparison.Ordinal) != true) return;
            OpenAt = Now();
            _open.TrySetResult();
        };
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_lock)
            {
                if (line.Data is { } text && _errors.Count < 100) _errors.Add(text);
            }
        };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _watching = Task.Run(WatchAsync);
        _waits = new WaitingTimes(process.Id);
    }

    /// <summary>When it was known to have its sources open; <see cref="Timestamp.MaxValue"/> before.</summary>
    public Timestamp OpenAt { get; private set; } = Timestamp.MaxValue;

    /// <summary>When its reading thread first said that it is alive; <see cref="Timestamp.MaxValue"/> before.</summary>
    public Timestamp ReadingAt { get; private set; } = Timestamp.MaxValue;

    /// <summary>When it was killed or told to stop; <see cref="Timestamp.MaxValue"/> before.</summary>
    public Timestamp EndedAt { get; private set; } = Timestamp.MaxValue;

    /// <summary>Longest time that the reading thread was silent in the last three seconds of this life: a machine with other things to do.</summary>
    public TimeSpan Stalled { get; private set; }

    /// <summary>How long its threads, all together, were ready to run from some moment to the end of this life, and had no processor or disk to do it with.</summary>
    public TimeSpan WaitedSince(Timestamp moment) => _waits.Since(moment);

    /// <summary>What it said on standard error.</summary>
    public IReadOnlyList<string> Errors
    {
        get
        {
            lock (_lock) return [.. _errors];
        }
    }

    /// <summary>The wall clock, as packets are stamped by it.</summary>
    public static Timestamp Now() => Timestamp.From(DateTimeOffset.UtcNow);

    /// <summary>Starts the program on a data folder.</summary>
    public static EngineProcess Start(string data, int hepPort, IEnumerable<string> settings)
    {
        string watchPath = $"{data}.watch-{Guid.NewGuid():N}"[..Math.Min(100, data.Length + 20)];
        var watch = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        watch.Bind(new UnixDomainSocketEndPoint(watchPath));
        var start = new ProcessStartInfo(
            Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet")),
            [
                EngineProgram.Path, "run", "--hep", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{hepPort}"), "--listen", "127.0.0.1:0", "--data", data,
                .. settings.SelectMany(static setting => (string[])["--set", setting]),
            ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["NOTIFY_SOCKET"] = watchPath;
        start.Environment["WATCHDOG_USEC"] = WatchdogMicroseconds.ToString(CultureInfo.InvariantCulture);
        Process process = Process.Start(start) ?? throw new BenchException("dotnet does not start");
        return new EngineProcess(process, watch, watchPath);
    }

    /// <summary>Waits until it takes packets; false where it ended before.</summary>
    public async Task<bool> TakesPacketsAsync(TimeSpan most)
    {
        Task ended = _process.WaitForExitAsync();
        Task both = Task.WhenAll(_open.Task, _reading.Task);
        Task first = await Task.WhenAny(both, ended, Task.Delay(most)).ConfigureAwait(false);
        return first == both;
    }

    /// <summary>Kills it, by SIGKILL.</summary>
    public async Task KillAsync()
    {
        EndedAt = Now();
        _waits.Stop();
        if (_aliveAt != default && EndedAt - _aliveAt > Stalled) Stalled = EndedAt - _aliveAt;
        _process.Kill();
        await _process.WaitForExitAsync().ConfigureAwait(false);
    }

    /// <summary>Tells it to stop in good order; gives its exit code, or null where it had to be killed.</summary>
    public async Task<int?> StopAsync(TimeSpan most)
    {
        EndedAt = Now();
        _waits.Stop();
        using (Process kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync().ConfigureAwait(false);
        Task exit = _process.WaitForExitAsync();
        if (await Task.WhenAny(exit, Task.Delay(most)).ConfigureAwait(false) == exit) return _process.ExitCode;
        _process.Kill();
        return null;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _waits.Stop();
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
        _watch.Dispose();
        _watching.GetAwaiter().GetResult();
        File.Delete(_watchPath);
    }

    private async Task WatchAsync()
    {
        byte[] buffer = new byte[256];
        var silences = new Queue<(Timestamp At, TimeSpan Silence)>();
        try
        {
            while (true)
            {
                int length = await _watch.ReceiveAsync(buffer.AsMemory()).ConfigureAwait(false);
                if (!Encoding.ASCII.GetString(buffer, 0, length).StartsWith("WATCHDOG=1", StringComparison.Ordinal)) continue;
                Timestamp now = Now();
                if (ReadingAt == Timestamp.MaxValue)
                {
                    ReadingAt = now;
                    _reading.TrySetResult();
                }
                else
                {
                    silences.Enqueue((now, now - _aliveAt));
                }

                while (silences.TryPeek(out (Timestamp At, TimeSpan Silence) oldest) && now - oldest.At > TimeSpan.FromSeconds(3)) silences.Dequeue();
                Stalled = silences.Count == 0 ? TimeSpan.Zero : silences.Max(static one => one.Silence);
                _aliveAt = now;
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Nobody is watched any more.
        }
    }
}
