using System.Globalization;
using CdrEngine.Core;

namespace CdrEngine.Benchmarks.Kills;

/// <summary>How long the threads of a process stood in line for a processor, as the kernel counts it, and for how long the machine's disks held somebody up.</summary>
/// <remarks>A packet passes the reading thread, its shard and the thread that writes the log. On a machine with other things to do it gets on disk later by what these wait for, and that is no fault of the program.</remarks>
internal sealed class WaitingTimes
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(30);

    private readonly string _tasks;
    private readonly Dictionary<string, long> _last = new(StringComparer.Ordinal);
    private readonly Queue<(Timestamp At, TimeSpan Waited)> _samples = new();
    private readonly Lock _lock = new();
    private readonly Timer _timer;
    private TimeSpan _waited;
    private long _disk;
    private bool _stopped;

    /// <summary>Begins to look.</summary>
    /// <param name="process">Its id.</param>
    public WaitingTimes(int process)
    {
        _tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/task");
        _disk = DiskPressure();
        _timer = new Timer(_ => Sample(), null, TimeSpan.Zero, Every);
    }

    /// <summary>What was waited from some moment to when it was stopped; a little more, where nobody looked just then.</summary>
    public TimeSpan Since(Timestamp moment)
    {
        lock (_lock)
        {
            TimeSpan before = TimeSpan.Zero;
            foreach ((Timestamp at, TimeSpan waited) in _samples)
            {
                if (at > moment) break;
                before = waited;
            }

            return _waited - before;
        }
    }

    /// <summary>Looks once more, and no longer. May be called again.</summary>
    public void Stop()
    {
        Sample();
        lock (_lock) _stopped = true;
        _timer.Dispose();
    }

    private void Sample()
    {
        lock (_lock)
        {
            if (_stopped) return;
            foreach (string task in Tasks())
            {
                if (Nanoseconds(task) is not { } nanoseconds) continue;
                _waited += TimeSpan.FromMicroseconds((nanoseconds - _last.GetValueOrDefault(task)) / 1000);
                _last[task] = nanoseconds;
            }

            long disk = DiskPressure();
            _waited += TimeSpan.FromMicroseconds(disk - _disk);
            _disk = disk;
            Timestamp now = EngineProcess.Now();
            _samples.Enqueue((now, _waited));
            while (_samples.TryPeek(out (Timestamp At, TimeSpan) oldest) && now - oldest.At > Kept) _samples.Dequeue();
        }
    }

    private string[] Tasks()
    {
        try
        {
            return Directory.GetDirectories(_tasks);
        }
        catch (IOException)
        {
            // It has ended.
            return [];
        }
    }

    // Microseconds that somebody waited; 0 where the kernel does not tell. The first line is "some avg10=0.00 avg60=0.00 avg300=0.00 total=3199448".
    private static long DiskPressure() => Number(TextOf("/proc/pressure/io")?.Split('\n')[0].Split("total=")) ?? 0;

    private static long? Nanoseconds(string task) => Number(TextOf(Path.Combine(task, "schedstat"))?.Split(' '));

    private static long? Number(string[]? fields) => fields is { Length: > 1 } && long.TryParse(fields[1], CultureInfo.InvariantCulture, out long number) ? number : null;

    private static string? TextOf(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The thread has ended, or the kernel does not count this.
            return null;
        }
    }
}
