namespace CdrEngine.Media.Codecs;

/// <summary>The framing of AMR and AMR-WB payloads (RFC 4867 4.3 bandwidth-efficient, 4.4 octet-aligned): a mode request, a table of
/// contents, the frames. Reads frame by frame into the form that files hold (5.3).</summary>
internal ref struct AmrPayload
{
    /// <summary>Room for one frame as a file holds it: the longest has 477 bits.</summary>
    public const int FrameRoom = 64;

    /// <summary>The header byte of a frame without data (type 15).</summary>
    public const byte NoData = 15 << 3;

    private const int SpeechLost = 14;
    private const int RequestBits = 4;

    private readonly bool _isWide;
    private readonly bool _isOctetAligned;
    private BitReader _contents;
    private BitReader _frames;

    private AmrPayload(bool isWide, bool isOctetAligned, BitReader contents)
    {
        _isWide = isWide;
        _isOctetAligned = isOctetAligned;
        _contents = contents;
    }

    // Bits by frame type (table 1 of 3GPP TS 26.101 and TS 26.201); -1 for types that are not sent with this codec.
    private static ReadOnlySpan<short> Narrow => [95, 103, 118, 134, 148, 159, 204, 244, 39, -1, -1, -1, -1, -1, -1, 0];

    private static ReadOnlySpan<short> Wide => [132, 177, 253, 285, 317, 365, 397, 461, 477, 40, -1, -1, -1, -1, 0, 0];

    /// <summary>Frames that the table of contents names.</summary>
    public int Count { get; private set; }

    /// <summary>Reads and checks the framing.</summary>
    /// <param name="bytes">The RTP payload.</param>
    /// <param name="isWide">AMR-WB.</param>
    /// <param name="isOctetAligned">Framing of 4.4; else that of 4.3.</param>
    /// <param name="hasChecksums">A checksum byte for each frame follows the table (4.4.2.1); not verified.</param>
    /// <param name="payload">The framing, at its first frame.</param>
    /// <returns>False where the payload is cut, has bytes over, or names a type that there is not.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, bool isWide, bool isOctetAligned, bool hasChecksums, out AmrPayload payload)
    {
        var reader = new BitReader(bytes);
        reader.Skip(isOctetAligned ? 8 : RequestBits);
        payload = new AmrPayload(isWide, isOctetAligned, reader);
        int dataBits = 0, framesWithData = 0;
        bool isMore = true;
        while (isMore)
        {
            int bits = ReadEntry(ref reader, isWide, isOctetAligned, out isMore, out _, out _);
            if (bits < 0 || reader.Left < 0) return false;
            payload.Count++;
            framesWithData += bits > 0 ? 1 : 0;
            dataBits += isOctetAligned ? (bits + 7) & ~7 : bits;
        }

        if (hasChecksums) reader.Skip(8 * framesWithData);
        payload._frames = reader;
        int over = reader.Left - dataBits;
        return over is >= 0 and < 8;
    }

    /// <summary>Reads the next frame, of <see cref="Count"/>.</summary>
    /// <param name="frame">At least <see cref="FrameRoom"/> bytes: header byte and bits. A damaged frame (Q = 0) becomes one without data.</param>
    public void ReadFrame(Span<byte> frame)
    {
        int bits = ReadEntry(ref _contents, _isWide, _isOctetAligned, out _, out int type, out bool isGood);
        frame[..FrameRoom].Clear();
        if (isGood && type < SpeechLost)
        {
            frame[0] = (byte)((type << 3) | 4);
            _frames.Copy(bits, frame[1..]);
        }
        else
        {
            frame[0] = NoData;
            _frames.Skip(bits);
        }

        if (_isOctetAligned) _frames.Align();
    }

    // One entry of the table: more follow, type, quality; in the octet-aligned framing two bits of padding.
    private static int ReadEntry(ref BitReader reader, bool isWide, bool isOctetAligned, out bool isMore, out int type, out bool isGood)
    {
        isMore = reader.Read(1) != 0;
        type = reader.Read(4);
        isGood = reader.Read(1) != 0;
        if (isOctetAligned) reader.Skip(2);
        return (isWide ? Wide : Narrow)[type];
    }
}
