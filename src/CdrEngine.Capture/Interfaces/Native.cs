using System.Runtime.InteropServices;

namespace CdrEngine.Capture.Interfaces;

/// <summary>The system calls of packet sockets (packet(7), Documentation/networking/packet_mmap.rst of the kernel).</summary>
internal static unsafe partial class Native
{
    public const int AddressFamilyPacket = 17;
    public const int SocketRaw = 3;
    public const int CloseOnExec = 0x80000;
    public const ushort AllProtocols = 0x0300; // ETH_P_ALL in network order

    public const int LevelSocket = 1;
    public const int OptionError = 4;
    public const int OptionAttachFilter = 26;
    public const int OptionStampArrivals = 35; // SO_TIMESTAMPNS

    public const int LevelPacket = 263;
    public const int OptionAddMembership = 1;
    public const int OptionReceiveRing = 5;
    public const int OptionStatistics = 6;
    public const int OptionVersion = 10;
    public const int OptionReserve = 12;
    public const int OptionStamps = 17; // PACKET_TIMESTAMP
    public const int OptionFanout = 18;
    public const int RawHardwareStamps = 1 << 6; // SOF_TIMESTAMPING_RAW_HARDWARE
    public const int PacketVersion3 = 2;
    public const ushort MembershipPromiscuous = 1;

    public const int ErrorNoDevice = 19;
    public const int ErrorNetworkDown = 100;

    private const ulong RequestFlags = 0x8913; // SIOCGIFFLAGS
    private const ulong RequestIndex = 0x8933; // SIOCGIFINDEX
    private const ulong RequestStamping = 0x89B0; // SIOCSHWTSTAMP
    private const int InterfaceRequestBytes = 40;
    private const short FlagUp = 1;
    private const short PollIn = 1;
    private const short PollError = 8;

    /// <summary>Waits until one of the descriptors can be read, or has an error, or the time is over. True where one has an error.</summary>
    public static bool Poll(List<int> descriptors, int milliseconds)
    {
        Span<PollDescriptor> waiting = stackalloc PollDescriptor[Math.Min(descriptors.Count, 256)];
        for (int i = 0; i < waiting.Length; i++) waiting[i] = new PollDescriptor { Descriptor = descriptors[i], Events = PollIn };
        fixed (PollDescriptor* first = waiting)
        {
            if (Poll(first, (ulong)waiting.Length, milliseconds) <= 0) return false;
        }

        foreach (PollDescriptor descriptor in waiting)
        {
            if ((descriptor.Returned & PollError) != 0) return true;
        }

        return false;
    }

    /// <summary>The index of an interface by its name, as the descriptor's network namespace has it; 0 where there is none.</summary>
    public static int IndexOf(int descriptor, string name)
    {
        Span<byte> request = stackalloc byte[InterfaceRequestBytes];
        return Ask(descriptor, name, RequestIndex, request) ? MemoryMarshal.Read<int>(request[16..]) : 0;
    }

    /// <summary>Whether an interface is up.</summary>
    public static bool IsUp(int descriptor, string name)
    {
        Span<byte> request = stackalloc byte[InterfaceRequestBytes];
        return Ask(descriptor, name, RequestFlags, request) && (MemoryMarshal.Read<short>(request[16..]) & FlagUp) != 0;
    }

    /// <summary>Has the adapter stamp every packet it receives; false where it cannot or the right is missing.</summary>
    public static bool StampAllByAdapter(int descriptor, string name)
    {
        // struct hwtstamp_config: flags, tx_type (off), rx_filter (HWTSTAMP_FILTER_ALL).
        int* configuration = stackalloc int[3] { 0, 0, 1 };
        Span<byte> request = stackalloc byte[InterfaceRequestBytes];
        request.Clear();
        for (int i = 0; i < Math.Min(name.Length, 15); i++) request[i] = (byte)name[i];
        MemoryMarshal.Write(request[16..], (nint)configuration);
        fixed (byte* bytes = request) return Control(descriptor, RequestStamping, bytes) == 0;
    }

    /// <summary>An option that is a number; 0 where it cannot be read.</summary>
    public static int GetNumber(int descriptor, int level, int option)
    {
        int value = 0;
        uint length = sizeof(int);
        return GetSocketOption(descriptor, level, option, &value, &length) == 0 ? value : 0;
    }

    public static bool SetOption<T>(int descriptor, int level, int option, T value)
        where T : unmanaged => SetSocketOption(descriptor, level, option, &value, (uint)sizeof(T)) == 0;

    public static string Describe(int error) => Marshal.GetPInvokeErrorMessage(error);

    private static bool Ask(int descriptor, string name, ulong what, Span<byte> request)
    {
        request.Clear();
        for (int i = 0; i < Math.Min(name.Length, 15); i++) request[i] = (byte)name[i];
        fixed (byte* bytes = request) return Control(descriptor, what, bytes) == 0;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    public static partial int OpenSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int CloseSocket(int descriptor);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetSocketOption(int descriptor, int level, int option, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetSocketOption(int descriptor, int level, int option, void* value, uint* length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int descriptor, void* address, uint length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int descriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    public static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    public static partial int OpenEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, void* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, void* bytes, nuint length);

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(PollDescriptor* descriptors, ulong count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int descriptor, ulong request, void* argument);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>tpacket_req3.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct RingRequest
    {
        public uint BlockBytes;
        public uint Blocks;
        public uint FrameBytes;
        public uint Frames;
        public uint RetireMilliseconds;
        public uint PrivateBytes;
        public uint Features;
    }

    /// <summary>packet_mreq.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Membership
    {
        public int Interface;
        public ushort Type;
        public ushort AddressLength;
        public long Address;
    }

    /// <summary>sockaddr_ll.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct LinkAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int Interface;
        public ushort HardwareType;
        public byte PacketType;
        public byte AddressLength;
        public long Address;
    }

    /// <summary>tpacket_stats_v3; reading it sets it to zero.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Statistics
    {
        public uint Packets;
        public uint Drops;
        public uint Freezes;
    }

    /// <summary>sock_fprog: a filter of <see cref="Length"/> instructions of eight bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FilterProgram
    {
        public ushort Length;
        public ulong* Instructions;
    }
}
