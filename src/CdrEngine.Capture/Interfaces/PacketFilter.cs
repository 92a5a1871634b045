using System.Runtime.InteropServices;

namespace CdrEngine.Capture.Interfaces;

/// <summary>A capture filter in the language of pcap-filter(7), compiled by libpcap to instructions for the kernel.</summary>
/// <remarks>The kernel takes the outermost VLAN tag off before the filter sees a frame, so <c>udp</c> matches tagged frames too, and <c>vlan 7</c>
/// matches none. The default is no filter: any that names ports loses fragments and tunnels.</remarks>
public static unsafe partial class PacketFilter
{
    private const string Library = "libpcap.so.0.8";
    private const int Ethernet = 1;
    private const uint UnknownNetmask = 0xFFFF_FFFF;
    private const ulong Return = 0x06; // BPF_RET | BPF_K

    /// <summary>Compiles a filter; an empty one takes all.</summary>
    /// <param name="expression">The filter.</param>
    /// <param name="snapLength">Bytes of a packet that are kept.</param>
    /// <param name="problem">One line where there is one.</param>
    /// <returns>The instructions, or null where there is a problem.</returns>
    public static ulong[]? Compile(string expression, int snapLength, out string? problem)
    {
        problem = null;

        // A filter's answer is how much of the packet to keep; code in the low 16 bits, k in the high 32.
        if (string.IsNullOrWhiteSpace(expression)) return [Return | ((ulong)(uint)snapLength << 32)];
        try
        {
            return CompileByLibrary(expression, snapLength, out problem);
        }
        catch (DllNotFoundException)
        {
            problem = "a filter needs libpcap0.8: apt-get install libpcap0.8";
            return null;
        }
    }

    private static ulong[]? CompileByLibrary(string expression, int snapLength, out string? problem)
    {
        problem = null;
        nint handle = OpenDead(Ethernet, snapLength);
        if (handle == 0)
        {
            problem = "libpcap has no memory";
            return null;
        }

        Program program = default;
        try
        {
            if (Compile(handle, &program, expression, 1, UnknownNetmask) != 0)
            {
                string said = Marshal.PtrToStringUTF8(ErrorOf(handle))?.ReplaceLineEndings(" ").Trim() ?? "it does not compile";
                problem = $"filter '{expression}': {said}";
                return null;
            }

            return new ReadOnlySpan<ulong>(program.Instructions, (int)program.Length).ToArray();
        }
        finally
        {
            Free(&program);
            Close(handle);
        }
    }

    [LibraryImport(Library, EntryPoint = "pcap_open_dead")]
    private static partial nint OpenDead(int linkType, int snapLength);

    [LibraryImport(Library, EntryPoint = "pcap_compile", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Compile(nint handle, Program* program, string expression, int optimise, uint netmask);

    [LibraryImport(Library, EntryPoint = "pcap_geterr")]
    private static partial nint ErrorOf(nint handle);

    [LibraryImport(Library, EntryPoint = "pcap_freecode")]
    private static partial void Free(Program* program);

    [LibraryImport(Library, EntryPoint = "pcap_close")]
    private static partial void Close(nint handle);

    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public uint Length;
        public ulong* Instructions;
    }
}
