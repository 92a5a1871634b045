namespace CdrEngine.Capture.Interfaces;

/// <summary>Which packets of an interface a ring is for. The two shares together are all packets, each once.</summary>
public enum RingShare : byte
{
    /// <summary>All.</summary>
    All = 0,

    /// <summary>All that is not <see cref="Media"/>: signalling, fragments, tunnels, whatever else.</summary>
    Signalling = 1,

    /// <summary>Whole UDP datagrams over Ethernet and IP whose payload begins as RTP, RTCP and SRTP do (version 2 in the top bits, RFC 7983). No SIP message begins
    /// so.</summary>
    Media = 2,
}

/// <summary>Sorts packets between the two shares within the kernel, so that a flood of media fills a ring in which no signalling is.</summary>
/// <remarks>Classic BPF: eight bytes an instruction, the way <see cref="PacketFilter"/> gives them. The instructions stand before those of the user's filter and fall
/// through to them where the packet is of the share. An IPv4 header may have options, an IPv6 header no extensions; a second VLAN tag and tunnels hide
/// media, which then counts as signalling. What is too short to be looked at is no packet of ours.</remarks>
internal static class ShareFilter
{
    private const ushort LoadWord = 0x20;       // BPF_LD | BPF_W | BPF_ABS
    private const ushort LoadHalf = 0x28;       // BPF_LD | BPF_H | BPF_ABS
    private const ushort LoadByte = 0x30;       // BPF_LD | BPF_B | BPF_ABS
    private const ushort LoadByteIndexed = 0x50; // BPF_LD | BPF_B | BPF_IND
    private const ushort LoadHeaderLength = 0xB1; // BPF_LDX | BPF_B | BPF_MSH
    private const ushort IfEqual = 0x15;        // BPF_JMP | BPF_JEQ | BPF_K
    private const ushort IfAnySet = 0x45;       // BPF_JMP | BPF_JSET | BPF_K
    private const ushort And = 0x54;            // BPF_ALU | BPF_AND | BPF_K
    private const ushort Return = 0x06;         // BPF_RET | BPF_K
    private const uint HardwareType = 0xFFFF_F000 + 28; // SKF_AD_OFF + SKF_AD_HATYPE
    private const uint Ethernet = 1;
    private const uint Loopback = 772;
    private const uint Udp = 17;

    /// <summary>The filter of a share: the user's where the packet is of the share, otherwise nothing.</summary>
    public static ulong[] Of(RingShare share, ulong[] filter)
    {
        if (share == RingShare.All) return filter;
        const int refused = 19;
        const int taken = 20;
        int media = share == RingShare.Media ? taken : refused;
        int other = share == RingShare.Media ? refused : taken;
        const int ip4 = 6;
        const int ip6 = 14;
        (ushort Code, uint Value, int IfTrue, int IfFalse)[] program =
        [
            /*  0 */ (LoadWord, HardwareType, 1, 1),
            /*  1 */ (IfEqual, Ethernet, 3, 2),
            /*  2 */ (IfEqual, Loopback, 3, other),
            /*  3 */ (LoadHalf, 12, 4, 4),
            /*  4 */ (IfEqual, 0x0800, ip4, 5),
            /*  5 */ (IfEqual, 0x86DD, ip6, other),
            /*  6 */ (LoadByte, 14 + 9, 7, 7),
            /*  7 */ (IfEqual, Udp, 8, other),
            /*  8 */ (LoadHalf, 14 + 6, 9, 9),
            /*  9 */ (IfAnySet, 0x3FFF, other, 10), // a fragment
            /* 10 */ (LoadHeaderLength, 14, 11, 11),
            /* 11 */ (LoadByteIndexed, 14 + 8, 12, 12),
            /* 12 */ (And, 0xC0, 13, 13),
            /* 13 */ (IfEqual, 0x80, media, other),
            /* 14 */ (LoadByte, 14 + 6, 15, 15),
            /* 15 */ (IfEqual, Udp, 16, other),
            /* 16 */ (LoadByte, 14 + 40 + 8, 17, 17),
            /* 17 */ (And, 0xC0, 18, 18),
            /* 18 */ (IfEqual, 0x80, media, other),
            /* 19 */ (Return, 0, 20, 20),
        ];
        var instructions = new ulong[program.Length + filter.Length];
        for (int i = 0; i < program.Length; i++)
        {
            (ushort code, uint value, int ifTrue, int ifFalse) = program[i];

            // Jumps are relative to the instruction that follows.
            instructions[i] = code | ((ulong)(byte)(ifTrue - i - 1) << 16) | ((ulong)(byte)(ifFalse - i - 1) << 24) | ((ulong)value << 32);
        }

        filter.CopyTo(instructions, program.Length);
        return instructions;
    }
}
