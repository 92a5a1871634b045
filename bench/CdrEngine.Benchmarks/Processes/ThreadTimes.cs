using System.Globalization;

namespace CdrEngine.Benchmarks.Processes;

/// <summary>Processor time of the threads of this process, by name, over a stretch of time.</summary>
/// <remarks>Threads that end take their time with them, so all are looked at every few milliseconds; what a thread does after the last look is missing.</remarks>
public sealed class ThreadTimes : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(10);
    private readonly Dictionary<int, (string Name, TimeSpan Before, TimeSpan Now)> _threads = [];
    private readonly Dictionary<string, TimeSpan> _sums = new(StringComparer.Ordinal);
    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _looker;

    private ThreadTimes()
    {
        Look(isFirst: true);
        _looker = new Thread(Watch) { Name = "thread-times", IsBackground = true };
        _looker.Start();
    }

    /// <summary>Begins.</summary>
    public static ThreadTimes Begin() => new();

    /// <summary>Ends it: the time each name took, those that took none left out. Threads of one name count together, and so do those that differ in a
    /// number at the end only (<c>shard-0</c>, <c>shard-1</c>: <c>shard</c>).</summary>
    public IReadOnlyDictionary<string, TimeSpan> End()
    {
        Dispose();
        Look(isFirst: false);
        foreach ((string Name, TimeSpan Before, TimeSpan Now) thread in _threads.Values) Count(thread);
        return _sums;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _over.Set();
        if (_looker.IsAlive) _looker.Join();
    }

    /// <summary>A thread's name without the number at its end.</summary>
    public static string KindOf(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string kind = name.Trim().TrimEnd("0123456789".ToCharArray()).TrimEnd('-');
        return kind.Length == 0 ? name.Trim() : kind;
    }

    private void Watch()
    {
        while (!_over.Wait(LookEvery)) Look(isFirst: false);
    }

    private void Look(bool isFirst)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc/self/task"))
        {
            int id = int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            if (!ThreadClock.TryReadThread(id, out TimeSpan now)) continue;
            bool isKnown = _threads.TryGetValue(id, out (string Name, TimeSpan Before, TimeSpan Now) known);
            if (isKnown && now < known.Now)
            {
                // The number is a new thread's.
                Count(known);
                isKnown = false;
            }

            // A thread bears its creator's name until it has named itself, so the last name counts. One that began meanwhile began with nothing.
            string name = NameOf(folder);
            if (name.Length > 0) _threads[id] = (KindOf(name), isKnown ? known.Before : isFirst ? now : TimeSpan.Zero, now);
        }
    }

    private void Count((string Name, TimeSpan Before, TimeSpan Now) thread)
    {
        if (thread.Now > thread.Before && thread.Name != _looker.Name) _sums[thread.Name] = _sums.GetValueOrDefault(thread.Name) + (thread.Now - thread.Before);
    }

    private static string NameOf(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "comm"));
        }
        catch (IOException)
        {
            // It ended between two looks.
            return "";
        }
    }
}
