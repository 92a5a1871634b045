using System.Runtime.InteropServices;
using CdrEngine.Benchmarks.Commands;

namespace CdrEngine.Benchmarks.Processes;

/// <summary>Processor time of single threads of this process (64-bit Linux).</summary>
public static partial class ThreadClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>User and system time that the thread which asks has had so far.</summary>
    public static TimeSpan Now => TryRead(ThreadCpuTime, out TimeSpan time) ? time : throw new BenchException("this system tells no processor time of threads");

    /// <summary>The same of another thread of this process; false where there is none any more.</summary>
    /// <param name="id">Number of the thread, as below /proc/self/task.</param>
    /// <param name="time">Its time.</param>
    public static bool TryReadThread(int id, out TimeSpan time) => TryRead((~id << 3) | 6, out time);

    // clock_getcpuclockid(3): the clock of thread T is ~T, three bits up, with "of one thread" (4) and "as the scheduler counts" (2).
    private static unsafe bool TryRead(int clock, out TimeSpan time)
    {
        // struct timespec: seconds, nanoseconds.
        long* spec = stackalloc long[2];
        bool isRead = GetTime(clock, spec) == 0;
        time = isRead ? new TimeSpan((spec[0] * TimeSpan.TicksPerSecond) + (spec[1] / TimeSpan.NanosecondsPerTick)) : default;
        return isRead;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int GetTime(int clock, long* time);
}
