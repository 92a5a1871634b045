using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog;

/// <summary>Writes past the page cache: the system's, or one that fails on demand in tests. Errors are those of errno(3).</summary>
internal interface IDirectDisk
{
    /// <summary>Opens a file that is there; null with the error where that cannot be.</summary>
    SafeFileHandle? Open(string path, out int error);

    /// <summary>Writes whole blocks; gives how many bytes were written, -1 with the error where none were.</summary>
    nint Write(SafeFileHandle file, ReadOnlySpan<byte> blocks, long offset, out int error);
}

/// <summary>open(2) and pwrite(2) with <c>O_DIRECT</c>, which .NET has no name for.</summary>
internal sealed unsafe partial class LinuxDirectDisk : IDirectDisk
{
    /// <summary>The file system, or this file, takes no such writes, or not at this alignment.</summary>
    public const int InvalidArgument = 22;

    /// <summary>Likewise, of some network file systems.</summary>
    public const int NotSupported = 95;

    private const int Interrupted = 4;
    private const int WriteOnly = 0x1;
    private const int CloseOnExec = 0x8_0000;

    private readonly int _flags;

    private LinuxDirectDisk(int direct) => _flags = WriteOnly | CloseOnExec | direct;

    /// <summary>That of this system; null where it has none that we know.</summary>
    public static LinuxDirectDisk? Here { get; } = !OperatingSystem.IsLinux() ? null : RuntimeInformation.ProcessArchitecture switch
    {
        // O_DIRECT of <fcntl.h>: one of the few flags whose value is the processor's.
        Architecture.X64 => new LinuxDirectDisk(0x4000),
        Architecture.Arm64 => new LinuxDirectDisk(0x1_0000),
        _ => null,
    };

    public SafeFileHandle? Open(string path, out int error)
    {
        nint file;
        do
        {
            file = Open(path, _flags);
            error = file < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == Interrupted);
        return file < 0 ? null : new SafeFileHandle(file, ownsHandle: true);
    }

    public nint Write(SafeFileHandle file, ReadOnlySpan<byte> blocks, long offset, out int error)
    {
        nint written;
        fixed (byte* first = blocks)
        {
            do
            {
                written = Write(file, first, (nuint)blocks.Length, offset);
                error = written < 0 ? Marshal.GetLastPInvokeError() : 0;
            }
            while (error == Interrupted);
        }

        return written;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint Write(SafeFileHandle file, byte* bytes, nuint count, long offset);
}
