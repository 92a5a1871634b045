using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace CdrEngine.Storage.Sqlite;

/// <summary>When files were written last, by one question to the system each and nothing allocated: a list asks it of two files for each day of an archive.</summary>
internal static unsafe partial class FileTimes
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint SizeAndWritten = 0x200 | 0x40; // STATX_SIZE, STATX_MTIME
    private const long NanosecondsPerTick = 100;

    private static volatile bool s_isMissing = !OperatingSystem.IsLinux();

    /// <summary>When a file was written last, in nanoseconds from 1970 on, and its size in bytes; zeros for one that is not there.</summary>
    /// <param name="path">Its path, with a zero behind.</param>
    [SkipLocalsInit]
    public static (long Written, long Size) Of(ReadOnlySpan<byte> path)
    {
        if (!s_isMissing)
        {
            try
            {
                Answer answer;
                fixed (byte* name = path) return Ask(CurrentFolder, name, 0, SizeAndWritten, &answer) == 0 ? ((answer.Seconds * 1_000_000_000) + answer.Nanoseconds, (long)answer.Size) : default;
            }
            catch (EntryPointNotFoundException)
            {
                // A C library that is older than the question.
                s_isMissing = true;
            }
        }

        var file = new FileInfo(Encoding.UTF8.GetString(path[..^1]));
        return file.Exists ? ((file.LastWriteTimeUtc - DateTime.UnixEpoch).Ticks * NanosecondsPerTick, file.Length) : default;
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Ask(int folder, byte* path, int flags, uint wanted, Answer* answer);

    // Of what the kernel answers, the same on every processor.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Answer
    {
        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long Seconds;

        [FieldOffset(120)]
        public uint Nanoseconds;
    }
}
