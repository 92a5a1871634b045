using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.PacketLog;

/// <summary>Memory outside the managed heap. Whoever forgets to dispose of it loses nothing but time.</summary>
internal sealed unsafe partial class PlainMemory : SafeHandleZeroOrMinusOneIsInvalid
{
    // MADV_HUGEPAGE of <sys/mman.h>.
    private const int MakeLarge = 14;

    /// <summary>Takes it; what is in it is anything.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="alignment">It begins at a multiple of this.</param>
    /// <param name="large">Whether the processor's large pages are wanted. The system may have none, and nothing is different then but the speed.</param>
    public PlainMemory(int length, int alignment, bool large = false)
        : base(ownsHandle: true)
    {
        SetHandle((nint)NativeMemory.AlignedAlloc((nuint)length, (nuint)alignment));
        if (large && OperatingSystem.IsLinux()) _ = Advise(First, (nuint)length, MakeLarge);
    }

    /// <summary>Where it begins.</summary>
    public byte* First => (byte*)handle;

    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(byte* first, nuint length, int advice);
}
