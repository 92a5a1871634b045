using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace CdrEngine.Storage.Sqlite;

/// <summary>When files were written last, by one question to the system each and nothing allocated: a list asks it of two files for each day of an archive.</summary>
internal static unsafe partial class FileTimes
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint SizeAndWritten = 0x200 | 0x40; // STATX_SIZE, STATX_MTIME
    private const uint PlaceAndBorn = 0x100 | Born; // STATX_INO
    private const uint Born = 0x800; // STATX_BTIME
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

    /// <summary>What tells a file or folder from another that is put in its place, as far as the file system knows it: its number and when it was made.</summary>
    /// <param name="path">Its path.</param>
    public static string MarkOf(string path)
    {
        if (!s_isMissing)
        {
            try
            {
                Answer answer;
                fixed (byte* name = Sqlite3.ZeroEnded(path))
                {
                    if (Ask(CurrentFolder, name, 0, PlaceAndBorn, &answer) == 0)
                        return string.Create(CultureInfo.InvariantCulture, $"{answer.Number}|{((answer.Has & Born) != 0 ? (answer.BornSeconds * 1_000_000_000) + answer.BornNanoseconds : 0)}");
                }
            }
            catch (EntryPointNotFoundException)
            {
                s_isMissing = true;
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Directory.GetCreationTimeUtc(path).Ticks}");
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int Ask(int folder, byte* path, int flags, uint wanted, Answer* answer);

    // Of what the kernel answers, the same on every processor.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Answer
    {
        [FieldOffset(0)]
        public uint Has;

        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(80)]
        public long BornSeconds;

        [FieldOffset(88)]
        public uint BornNanoseconds;

        [FieldOffset(112)]
        public long Seconds;

        [FieldOffset(120)]
        public uint Nanoseconds;
    }
}
