using System.Globalization;
using System.Runtime.InteropServices;
using CdrEngine.Host.Output;

namespace CdrEngine.Host.Diagnosis;

/// <summary>Clock, memory and limits as the kernel tells them.</summary>
internal static partial class Kernel
{
    private const int ClockError = 5;           // TIME_ERROR of adjtimex(2)
    private const int StatusOffset = 40;        // timex.status on 64-bit Linux
    private const int Unsynchronised = 0x40;    // STA_UNSYNC
    private const long WantedBuffer = 8 << 20;
    private const long WantedMemory = 1L << 30;
    private const long WantedFiles = 4096;

    public static Finding Clock()
    {
        // Zero modes: adjtimex only reads. The structure is 208 bytes.
        byte[] timex = new byte[512];
        int state = AdjustTime(timex);
        if (state < 0) return new Finding("clock", FindingState.Doubtful, "the kernel does not tell whether it is synchronised");
        int status = BitConverter.ToInt32(timex, StatusOffset);
        return state == ClockError || (status & Unsynchronised) != 0
            ? new Finding(
                "clock",
                FindingState.Doubtful,
                "not synchronised: times of records may be off, and those of several machines apart",
                "timedatectl set-ntp true, or run chrony; in a container it is the host's affair")
            : new Finding("clock", FindingState.Good, "synchronised");
    }

    public static Finding SocketBuffers()
    {
        long most = Number("/proc/sys/net/core/rmem_max");
        if (most < 0) return new Finding("socket buffers", FindingState.Doubtful, "net.core.rmem_max cannot be read");
        string text = $"net.core.rmem_max is {Units.Bytes(most)}, page size {Environment.SystemPageSize} B";
        return most >= WantedBuffer
            ? new Finding("socket buffers", FindingState.Good, text)
            : new Finding(
                "socket buffers",
                FindingState.Doubtful,
                text,
                $"sysctl -w net.core.rmem_max={WantedBuffer} (for what comes by UDP; the capture ring does not need it)");
    }

    public static Finding Memory()
    {
        string[] fields = Fields("/proc/meminfo", "MemAvailable:");
        long available = fields.Length > 0 && long.TryParse(fields[0], CultureInfo.InvariantCulture, out long kibibytes) ? kibibytes << 10 : -1;
        if (available < 0) return new Finding("memory", FindingState.Doubtful, "/proc/meminfo cannot be read");
        return available >= WantedMemory
            ? new Finding("memory", FindingState.Good, $"{Units.Bytes(available)} available for ring and calls")
            : new Finding("memory", FindingState.Doubtful, $"{Units.Bytes(available)} available", "a busy trunk wants 1 GB for ring and calls");
    }

    public static Finding OpenFiles()
    {
        string[] limits = Fields("/proc/self/limits", "Max open files");
        if (limits.Length == 0) return new Finding("open files", FindingState.Doubtful, "/proc/self/limits cannot be read");
        long soft = limits[0] == "unlimited" ? long.MaxValue : long.Parse(limits[0], CultureInfo.InvariantCulture);
        string text = $"at most {limits[0]}";
        return soft >= WantedFiles
            ? new Finding("open files", FindingState.Good, text)
            : new Finding("open files", FindingState.Doubtful, text, $"ulimit -n {WantedFiles}, or LimitNOFILE= in the service's unit");
    }

    private static long Number(string path) =>
        long.TryParse(Text(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : -1;

    // The words after a line's name; empty where there is no such line.
    private static string[] Fields(string path, string name) => Text(path).Split('\n')
        .FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?[name.Length..]
        .Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "adjtimex")]
    private static partial int AdjustTime([In, Out] byte[] timex);
}
