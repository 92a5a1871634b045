using System.Runtime.InteropServices;
using static CdrEngine.Capture.Interfaces.Native;

namespace CdrEngine.Capture.Interfaces;

/// <summary>A packet socket with its TPACKET_V3 ring: opened, bound, mapped, and given back as a whole.</summary>
internal sealed unsafe class PacketRing : IDisposable
{
    private const int ReadWrite = 3;            // PROT_READ | PROT_WRITE
    private const int SharedPopulated = 0x8001; // MAP_SHARED | MAP_POPULATE: no page faults later
    private const int VlanTagBytes = 4;
    private const uint FrameBytes = 2048;       // only a divisor to the kernel in version 3
    private readonly nuint _length;

    private FanoutGroup? _group;

    private PacketRing(int descriptor, int index, nint memory, InterfaceOptions options, int blocks)
    {
        Descriptor = descriptor;
        Index = index;
        Memory = (byte*)memory;
        BlockBytes = options.BlockBytes;
        Blocks = blocks;
        _length = (nuint)((long)blocks * options.BlockBytes);
    }

    public int Descriptor { get; }

    /// <summary>The interface's number; 0 for all.</summary>
    public int Index { get; }

    public byte* Memory { get; private set; }

    public int BlockBytes { get; }

    public int Blocks { get; }

    /// <summary>Whether the adapter stamps packets.</summary>
    public bool HasAdapterStamps { get; private set; }

    /// <summary>Opens a ring on an interface of the calling thread's network namespace.</summary>
    /// <param name="name">The interface, or <see cref="InterfaceOptions.Any"/>.</param>
    /// <param name="options">Sizes and so on.</param>
    /// <param name="filter">See <see cref="PacketFilter"/>.</param>
    /// <param name="problem">One line where there is one.</param>
    /// <param name="error">The kernel's number for it; 0 where we say it ourselves.</param>
    public static PacketRing? Open(string name, InterfaceOptions options, ulong[] filter, out string? problem, out int error)
    {
        // Protocol 0: nothing is received before the filter is in place and the socket is bound.
        int descriptor = OpenSocket(AddressFamilyPacket, SocketRaw | CloseOnExec, 0);
        if (descriptor < 0) return Failed(-1, "raw packet socket", out problem, out error);
        int index = 0;
        if (name != InterfaceOptions.Any && (index = IndexOf(descriptor, name)) == 0)
        {
            _ = CloseSocket(descriptor);
            problem = "no such interface";
            error = ErrorNoDevice;
            return null;
        }

        if (!SetOption(descriptor, LevelPacket, OptionVersion, PacketVersion3)) return Failed(descriptor, "TPACKET_V3", out problem, out error);
        if (!SetOption(descriptor, LevelPacket, OptionReserve, VlanTagBytes)) return Failed(descriptor, "room for VLAN tags", out problem, out error);
        int blocks = (int)Math.Clamp(options.RingBytes / options.BlockBytes, 2, int.MaxValue);
        var request = new RingRequest
        {
            BlockBytes = (uint)options.BlockBytes,
            Blocks = (uint)blocks,
            FrameBytes = FrameBytes,
            Frames = (uint)(options.BlockBytes / FrameBytes * blocks),
            RetireMilliseconds = (uint)options.RetireMilliseconds,
        };
        if (!SetOption(descriptor, LevelPacket, OptionReceiveRing, request)) return Failed(descriptor, $"ring of {blocks} blocks of {options.BlockBytes} bytes", out problem, out error);
        fixed (ulong* instructions = filter)
        {
            var program = new FilterProgram { Length = (ushort)filter.Length, Instructions = instructions };
            if (!SetOption(descriptor, LevelSocket, OptionAttachFilter, program)) return Failed(descriptor, "filter", out problem, out error);
        }

        nint memory = Map(0, (nuint)((long)blocks * options.BlockBytes), ReadWrite, SharedPopulated, descriptor, 0);
        if (memory == -1) return Failed(descriptor, "mapping of the ring", out problem, out error);
        var ring = new PacketRing(descriptor, index, memory, options, blocks);

        // A stamp of arrival, the same for everybody who listens. Without it each ring has the time at which it got its copy.
        _ = SetOption(descriptor, LevelSocket, OptionStampArrivals, 1);
        if (options.IsPromiscuous && index != 0)
            _ = SetOption(descriptor, LevelPacket, OptionAddMembership, new Membership { Interface = index, Type = MembershipPromiscuous });
        var address = new LinkAddress { Family = AddressFamilyPacket, Protocol = AllProtocols, Interface = index };
        if (Bind(descriptor, &address, 20) == 0)
        {
            if (options.Fanout is { } group)
            {
                if (!group.Join(descriptor))
                {
                    error = Marshal.GetLastPInvokeError();
                    problem = $"its packets cannot be shared among threads (capture.threads): {Describe(error)}";
                    ring.Dispose();
                    return null;
                }

                ring._group = group;
            }

            if (options.WantsAdapterStamps && index != 0)
            {
                ring.HasAdapterStamps = StampAllByAdapter(descriptor, name) && SetOption(descriptor, LevelPacket, OptionStamps, RawHardwareStamps);
            }

            problem = null;
            error = 0;
            return ring;
        }

        error = Marshal.GetLastPInvokeError();
        problem = $"cannot be bound: {Describe(error)}";
        ring.Dispose();
        return null;
    }

    /// <summary>What was dropped since the last look.</summary>
    public Statistics TakeStatistics()
    {
        Statistics statistics = default;
        uint length = (uint)sizeof(Statistics);
        return GetSocketOption(Descriptor, LevelPacket, OptionStatistics, &statistics, &length) == 0 ? statistics : default;
    }

    /// <summary>Takes the error that waits at the socket (the interface went down), so that poll(2) waits again; 0 where there is none.</summary>
    public int TakeError()
    {
        int error = 0;
        uint length = sizeof(int);
        return GetSocketOption(Descriptor, LevelSocket, OptionError, &error, &length) == 0 ? error : 0;
    }

    public void Dispose()
    {
        if (Memory is null) return;
        _ = Unmap((nint)Memory, _length);
        Memory = null;
        _ = CloseSocket(Descriptor);
        _group?.Leave();
    }

    private static PacketRing? Failed(int descriptor, string what, out string? problem, out int error)
    {
        error = Marshal.GetLastPInvokeError();
        problem = $"no {what}: {Describe(error)}";
        if (descriptor >= 0) _ = CloseSocket(descriptor);
        return null;
    }
}
