namespace CdrEngine.Protocols.T38;

/// <summary>One frame of a page with error correction (T.30 A.3.6.1, FCD), in place.</summary>
public readonly ref struct FaxDataFrame
{
    private const byte CodedData = 0x60;

    private FaxDataFrame(int number, ReadOnlySpan<byte> data)
    {
        Number = number;
        Data = data;
    }

    /// <summary>Its place in the block, 0..255.</summary>
    public int Number { get; }

    /// <summary>Octets of the page.</summary>
    public ReadOnlySpan<byte> Data { get; }

    /// <summary>Reads a frame that starts with its address; false where it is another one, such as the return to control (RCP).</summary>
    public static bool TryRead(ReadOnlySpan<byte> frame, out FaxDataFrame read)
    {
        read = default;
        if (frame.Length < 4 || frame[0] != 0xFF || (frame[1] & 0xF7) != 0xC0 || (frame[2] & 0x7F) != CodedData) return false;
        read = new FaxDataFrame(T30Frame.Reverse(frame[3]), frame[4..]);
        return true;
    }
}
