namespace CdrEngine.Media.Fax;

/// <summary>The codes of ITU-T T.4 and T.6: runs of white and black, and the modes of two-dimensional coding.</summary>
internal static class FaxCodes
{
    /// <summary>Longest run that has a code of its own.</summary>
    public const int LongestRun = 2560;

    /// <summary>Bits of the longest code.</summary>
    public const int MaxBits = 13;

    private const int MakeUpStep = 64;

    // T.4 table 2: runs of 0 to 63.
    private const string WhiteShort =
        "00110101 000111 0111 1000 1011 1100 1110 1111 10011 10100 00111 01000 001000 000011 110100 110101 101010 101011 0100111 0001100 0001000 0010111 "
        + "0000011 0000100 0101000 0101011 0010011 0100100 0011000 00000010 00000011 00011010 00011011 00010010 00010011 00010100 00010101 00010110 00010111 "
        + "00101000 00101001 00101010 00101011 00101100 00101101 00000100 00000101 00001010 00001011 01010010 01010011 01010100 01010101 00100100 00100101 "
        + "01011000 01011001 01011010 01011011 01001010 01001011 00110010 00110011 00110100";

    private const string BlackShort =
        "0000110111 010 11 10 011 0011 0010 00011 000101 000100 0000100 0000101 0000111 00000100 00000111 000011000 0000010111 0000011000 0000001000 "
        + "00001100111 00001101000 00001101100 00000110111 00000101000 00000010111 00000011000 000011001010 000011001011 000011001100 000011001101 "
        + "000001101000 000001101001 000001101010 000001101011 000011010010 000011010011 000011010100 000011010101 000011010110 000011010111 "
        + "000001101100 000001101101 000011011010 000011011011 000001010100 000001010101 000001010110 000001010111 000001100100 000001100101 "
        + "000001010010 000001010011 000000100100 000000110111 000000111000 000000100111 000000101000 000001011000 000001011001 000000101011 "
        + "000000101100 000001011010 000001100110 000001100111";

    // T.4 table 3a: 64, 128 … 1728.
    private const string WhiteMakeUp =
        "11011 10010 010111 0110111 00110110 00110111 01100100 01100101 01101000 01100111 011001100 011001101 011010010 011010011 011010100 011010101 "
        + "011010110 011010111 011011000 011011001 011011010 011011011 010011000 010011001 010011010 011000 010011011";

    private const string BlackMakeUp =
        "0000001111 000011001000 000011001001 000001011011 000000110011 000000110100 000000110101 0000001101100 0000001101101 0000001001010 "
        + "0000001001011 0000001001100 0000001001101 0000001110010 0000001110011 0000001110100 0000001110101 0000001110110 0000001110111 0000001010010 "
        + "0000001010011 0000001010100 0000001010101 0000001011010 0000001011011 0000001100100 0000001100101";

    // T.4 table 3b: 1792 … 2560, both colours.
    private const string CommonMakeUp =
        "00000001000 00000001100 00000001101 000000010010 000000010011 000000010100 000000010101 000000010110 000000010111 000000011100 000000011101 "
        + "000000011110 000000011111";

    /// <summary>Codes of white runs: 0 to 63, then 64, 128 … 2560.</summary>
    public static readonly FaxCode[] White = Read($"{WhiteShort} {WhiteMakeUp} {CommonMakeUp}");

    /// <summary>Codes of black runs: 0 to 63, then 64, 128 … 2560.</summary>
    public static readonly FaxCode[] Black = Read($"{BlackShort} {BlackMakeUp} {CommonMakeUp}");

    /// <summary>Codes of modes by <see cref="FaxMode"/> (T.4 table 4).</summary>
    public static readonly FaxCode[] Modes = Read("0001 001 0000010 000010 010 1 011 000011 0000011");

    private static readonly short[] WhiteLookup = Lookup(White);
    private static readonly short[] BlackLookup = Lookup(Black);
    private static readonly short[] ModeLookup = Lookup(Modes);

    /// <summary>Place of a run in <see cref="White"/> and <see cref="Black"/>.</summary>
    public static int PlaceOf(int run) => run < MakeUpStep ? run : MakeUpStep - 1 + (run / MakeUpStep);

    /// <summary>Run at a place.</summary>
    public static int RunAt(int place) => place < MakeUpStep ? place : (place - MakeUpStep + 1) * MakeUpStep;

    /// <summary>Place of the code that stands at the start of the next 13 bits; -1 where none does.</summary>
    public static int FindRun(bool isBlack, int bits) => (isBlack ? BlackLookup : WhiteLookup)[bits];

    /// <summary>Mode whose code stands at the start of the next 13 bits; -1 where none does.</summary>
    public static int FindMode(int bits) => ModeLookup[bits];

    private static FaxCode[] Read(string text) =>
        Array.ConvertAll(text.Split(' '), static code => new FaxCode(Convert.ToUInt16(code, 2), (byte)code.Length));

    private static short[] Lookup(FaxCode[] codes)
    {
        var table = new short[1 << MaxBits];
        Array.Fill(table, (short)-1);
        for (int place = 0; place < codes.Length; place++)
        {
            int free = MaxBits - codes[place].Length;
            Array.Fill(table, (short)place, codes[place].Bits << free, 1 << free);
        }

        return table;
    }
}

/// <summary>A code of variable length.</summary>
/// <param name="Bits">Its bits, the last one lowest.</param>
/// <param name="Length">How many they are.</param>
internal readonly record struct FaxCode(ushort Bits, byte Length);

/// <summary>How the next change of colour is told (T.4 4.2.1.3).</summary>
internal enum FaxMode
{
    /// <summary>The change above is passed over.</summary>
    Pass = 0,

    /// <summary>Two runs follow.</summary>
    Horizontal = 1,

    /// <summary>Three to the left of the one above; the rest up to <see cref="VerticalRight3"/> in order.</summary>
    VerticalLeft3 = 2,

    /// <summary>Just below the one above.</summary>
    Vertical = 5,

    /// <summary>Three to the right.</summary>
    VerticalRight3 = 8,
}
