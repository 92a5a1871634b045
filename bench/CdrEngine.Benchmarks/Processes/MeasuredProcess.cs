using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using CdrEngine.Benchmarks.Commands;

namespace CdrEngine.Benchmarks.Processes;

/// <summary>Runs a program to its end and tells what it cost (64-bit Linux).</summary>
/// <remarks>
/// Processor time and bytes written are the difference of getrusage(RUSAGE_CHILDREN) around the run, so one program is measured at a time.
/// Its ru_maxrss is of no use: a child begins with the mark of the process that started it. The peak is read from VmHWM of /proc every few
/// milliseconds instead; being a mark of the highest, it misses only what grows within the last of them.
/// </remarks>
public static partial class MeasuredProcess
{
    private const int RusageChildren = -1;
    private const int BytesPerBlock = 512;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(5);

    /// <summary>Runs <paramref name="command"/> by the shell and kills it after <paramref name="limit"/>.</summary>
    /// <param name="command">A command line of /bin/sh.</param>
    /// <param name="limit">Longest time.</param>
    /// <param name="stop">Kills it too; then <see cref="OperationCanceledException"/> is thrown.</param>
    /// <param name="printed">File for what it prints; null throws it away.</param>
    public static ProcessCost Run(string command, TimeSpan limit, CancellationToken stop, string? printed = null)
    {
        if (!OperatingSystem.IsLinux() || nint.Size != 8) throw new BenchException("programs are measured on 64-bit Linux only");
        string errors = Path.GetTempFileName();
        try
        {
            return Measure(command, limit, errors, printed ?? "/dev/null", stop);
        }
        finally
        {
            File.Delete(errors);
        }
    }

    /// <summary>Quotes one word for /bin/sh.</summary>
    public static string Quote(string word)
    {
        ArgumentNullException.ThrowIfNull(word);
        return $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    private static ProcessCost Measure(string command, TimeSpan limit, string errors, string printed, CancellationToken stop)
    {
        Usage before = UsageOfChildren();
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{{ {command}\n}} </dev/null >{Quote(printed)} 2>{Quote(errors)}"]))
            ?? throw new BenchException("/bin/sh does not start");
        long peak = WatchPeak(process, began + (long)(limit.TotalSeconds * Stopwatch.Frequency), stop);
        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        bool late = !process.HasExited;
        if (late) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        stop.ThrowIfCancellationRequested();
        Usage after = UsageOfChildren();
        return new ProcessCost
        {
            Elapsed = elapsed,
            Cpu = after.Cpu - before.Cpu,
            PeakBytes = peak,
            WrittenBytes = (after.BlocksOut - before.BlocksOut) * BytesPerBlock,
            WasStopped = late,
            Fault = late ? string.Create(CultureInfo.InvariantCulture, $"stopped after {limit.TotalSeconds:N0} s")
                : process.ExitCode == 0 ? null
                : $"exit code {process.ExitCode}: {LastLine(errors)}",
        };
    }

    private static long WatchPeak(Process process, long until, CancellationToken stop)
    {
        long peak = 0;
        do
        {
            peak = Math.Max(peak, Look(process.Id));
        }
        while (!process.WaitForExit(LookEvery) && Stopwatch.GetTimestamp() < until && !stop.IsCancellationRequested);
        return peak;
    }

    // The marks of the program and of all that it started and that is still there: what ran one after the other does not add up. The shell stays or becomes the program; either way the tree is looked at.
    private static long Look(int id)
    {
        long bytes = 0;
        try
        {
            foreach (string line in File.ReadLines($"/proc/{id}/status"))
            {
                if (!line.StartsWith("VmHWM:", StringComparison.Ordinal)) continue;
                bytes = 1024 * long.Parse(line.AsSpan(6, line.Length - 6 - 3), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture);
                break;
            }

            foreach (string child in File.ReadAllText($"/proc/{id}/task/{id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                bytes += Look(int.Parse(child, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // It ended between two looks.
        }
        catch (UnauthorizedAccessException)
        {
            // It belongs to somebody else: a set-user-id program.
        }

        return bytes;
    }

    private static string LastLine(string errors)
    {
        string last = File.ReadLines(errors).LastOrDefault(static line => line.Trim().Length > 0) ?? "";
        return last.Length > 200 ? last[..200] : last;
    }

    private static unsafe Usage UsageOfChildren()
    {
        // struct rusage: two struct timeval, then 14 longs, of which the ninth is ru_oublock.
        long* usage = stackalloc long[18];
        if (GetUsage(RusageChildren, usage) != 0) throw new BenchException($"getrusage fails with error {Marshal.GetLastPInvokeError()}");
        return new Usage(TimeSpan.FromMicroseconds(((usage[0] + usage[2]) * 1_000_000) + usage[1] + usage[3]), usage[12]);
    }

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int GetUsage(int who, long* usage);

    private readonly record struct Usage(TimeSpan Cpu, long BlocksOut);
}
