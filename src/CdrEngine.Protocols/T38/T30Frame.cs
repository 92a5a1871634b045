namespace CdrEngine.Protocols.T38;

/// <summary>Control frames of fax that the engine heeds; the number is the facsimile control field as T.30 5.3.6 writes it, first bit sent
/// first, without the bit X that tells the sides apart.</summary>
public enum T30Command : byte
{
    /// <summary>Anything else.</summary>
    Other = 0,

    /// <summary>Digital identification signal: what the called machine can do.</summary>
    Dis = 0x01,

    /// <summary>Called subscriber identification.</summary>
    Csi = 0x02,

    /// <summary>Non-standard facilities.</summary>
    Nsf = 0x04,

    /// <summary>Confirmation to receive.</summary>
    Cfr = 0x21,

    /// <summary>Failure to train.</summary>
    Ftt = 0x22,

    /// <summary>Message confirmation: the page is good.</summary>
    Mcf = 0x31,

    /// <summary>Retrain negative: the page is bad.</summary>
    Rtn = 0x32,

    /// <summary>Retrain positive: the page is good.</summary>
    Rtp = 0x33,

    /// <summary>Procedure interrupt negative: the page is bad.</summary>
    Pin = 0x34,

    /// <summary>Procedure interrupt positive: the page is good.</summary>
    Pip = 0x35,

    /// <summary>Partial page request: some frames are to come again.</summary>
    Ppr = 0x3D,

    /// <summary>Digital command signal: what is going to be done.</summary>
    Dcs = 0x41,

    /// <summary>Transmitting subscriber identification.</summary>
    Tsi = 0x42,

    /// <summary>Disconnect.</summary>
    Dcn = 0x5F,

    /// <summary>End of message: the page is over, other parameters follow.</summary>
    Eom = 0x71,

    /// <summary>Multipage signal: the page is over, another follows.</summary>
    Mps = 0x72,

    /// <summary>End of procedure: the page is over, it was the last.</summary>
    Eop = 0x74,

    /// <summary>As <see cref="Eom"/>, and an operator is wanted.</summary>
    PriEom = 0x79,

    /// <summary>As <see cref="Mps"/>, and an operator is wanted.</summary>
    PriMps = 0x7A,

    /// <summary>As <see cref="Eop"/>, and an operator is wanted.</summary>
    PriEop = 0x7C,

    /// <summary>Partial page signal: a block is over (T.30 Annex A).</summary>
    Pps = 0x7D,

    /// <summary>Digital transmit command: the caller wants to be sent to.</summary>
    Dtc = 0x81,

    /// <summary>Calling subscriber identification, before polling.</summary>
    Cig = 0x82,
}

/// <summary>One control frame (T.30 5.3), in place.</summary>
public readonly ref struct T30Frame
{
    private readonly ReadOnlySpan<byte> _frame;

    private T30Frame(ReadOnlySpan<byte> frame, T30Command command)
    {
        _frame = frame;
        Command = command;
    }

    /// <summary>What it says.</summary>
    public T30Command Command { get; }

    /// <summary>The last of a sequence of frames: the other side's turn.</summary>
    public bool IsFinal => (_frame[1] & 0x08) != 0;

    /// <summary>Facsimile information field.</summary>
    public ReadOnlySpan<byte> Information => _frame[3..];

    /// <summary>What ends behind a block (T.30 A.4.3): for <see cref="T30Command.Pps"/> the command within it, <see cref="T30Command.Other"/>
    /// where only a part of a page is over; else <see cref="Command"/>.</summary>
    public T30Command PageEnd
    {
        get
        {
            if (Command != T30Command.Pps) return Command;
            return Information.IsEmpty ? T30Command.Other : (T30Command)(Information[0] & 0x7F) switch
            {
                T30Command.Eom or T30Command.PriEom => T30Command.Eom,
                T30Command.Mps or T30Command.PriMps => T30Command.Mps,
                T30Command.Eop or T30Command.PriEop => T30Command.Eop,
                _ => T30Command.Other,
            };
        }
    }

    /// <summary>Bit rate that a DCS orders (T.30 Table 2, bits 11 to 14), bits per second; 0 for others or where it makes no sense.</summary>
    public int RateBitsPerSecond
    {
        get
        {
            if (Command != T30Command.Dcs || Information.Length < 2) return 0;
            return ((Information[1] >> 2) & 0x0F) switch
            {
                0b0000 => 2400,
                0b0100 => 4800,
                0b1000 or 0b1001 => 9600,
                0b1100 or 0b1101 => 7200,
                0b0110 or 0b0101 => 12_000,
                0b0010 or 0b0001 => 14_400,
                _ => 0,
            };
        }
    }

    /// <summary>True where a DCS orders error correction (bit 27).</summary>
    public bool HasErrorCorrection => Command == T30Command.Dcs && Information.Length >= 4 && (Information[3] & 0x20) != 0;

    /// <summary>A bit of the facsimile information field by its number in T.30 table 2, from 1; false beyond its end.</summary>
    public bool Bit(int number) => (uint)(number - 1) / 8 < (uint)Information.Length && (Information[(number - 1) / 8] & (0x80 >> ((number - 1) % 8))) != 0;

    /// <summary>A number of eight bits in the information field, sent lowest bit first (T.30 A.3.6.2: page, block and frame counters).</summary>
    /// <param name="index">Its octet; 0 beyond the end.</param>
    public int Number(int index) => (uint)index < (uint)Information.Length ? Reverse(Information[index]) : 0;

    /// <summary>Reads a frame that starts with its address; false where it is none.</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out T30Frame read)
    {
        read = default;
        if (frame.Length < 3 || frame[0] != 0xFF || (frame[1] & 0xF7) != 0xC0) return false;
        read = new T30Frame(frame, CommandOf(frame[2]));
        return true;
    }

    /// <summary>Reads the number that a CSI, TSI or CIG gives into <paramref name="digits"/> (20 characters are enough); its length.</summary>
    /// <remarks>T.30 5.3.6.2.4: twenty characters, the last first, each with its lowest bit first. Blanks around it are taken off; what is no
    /// digit, letter, plus or other printable sign becomes a question mark.</remarks>
    public int ReadStation(Span<char> digits)
    {
        if (Command is not (T30Command.Csi or T30Command.Tsi or T30Command.Cig)) return 0;
        int length = 0;
        for (int i = Math.Min(Information.Length, 20) - 1; i >= 0 && length < digits.Length; i--)
        {
            char c = (char)Reverse(Information[i]);
            if (length == 0 && c is ' ' or '\0') continue;
            digits[length++] = c is >= ' ' and < (char)0x7F ? c : '?';
        }

        while (length > 0 && digits[length - 1] == ' ') length--;
        return length;
    }

    // X is the first bit of all but the identification of the called machine (DIS, CSI, NSF) and its kin of the polling one (DTC, CIG).
    private static T30Command CommandOf(byte field)
    {
        if (field is 0x01 or 0x02 or 0x04 or 0x81 or 0x82) return (T30Command)field;
        int command = field & 0x7F;
        return command > 0x20 && Enum.IsDefined((T30Command)command) ? (T30Command)command : T30Command.Other;
    }

    internal static byte Reverse(byte value)
    {
        int bits = ((value & 0xF0) >> 4) | ((value & 0x0F) << 4);
        bits = ((bits & 0xCC) >> 2) | ((bits & 0x33) << 2);
        return (byte)(((bits & 0xAA) >> 1) | ((bits & 0x55) << 1));
    }
}
