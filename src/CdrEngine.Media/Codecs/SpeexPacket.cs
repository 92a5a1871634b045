namespace CdrEngine.Media.Codecs;

/// <summary>The framing of a Speex payload (RFC 5574 3.2; the Speex manual's tables of narrow-band and wide-band modes): frames follow each other by bits.</summary>
internal static class SpeexPacket
{
    private const int MaxBytes = 2000; // what the library has room for; it complains on the error output about more
    private const int Fewest = 5;      // a frame is no shorter; less is padding
    private const int MaxLayersBefore = 2;
    private const int ModeBits = 4;
    private const int HighModeBits = 3;
    private const int MaxUltraMode = 1; // the layer from 16 to 32 kHz has one mode, and none

    private const int UserSignal = 13;
    private const int Signal = 14;
    private const int Terminator = 15;

    // Bits of a frame by narrow-band mode, the five of its head included.
    private static ReadOnlySpan<short> Narrow => [5, 43, 119, 160, 220, 300, 364, 492, 79];

    // Bits of a high layer by its mode, the four of its head included.
    private static ReadOnlySpan<short> High => [4, 36, 112, 192, 352];

    /// <summary>Frames in the payload; -1 where one is cut or of a mode that there is not.</summary>
    /// <param name="payload">The RTP payload.</param>
    /// <param name="layers">High layers that the decoder reads: 0 narrow, 1 wide, 2 ultra-wide band.</param>
    public static int CountFrames(ReadOnlySpan<byte> payload, int layers)
    {
        if (payload.Length > MaxBytes) return -1;
        var bits = new BitReader(payload);
        int frames = 0;
        while (true)
        {
            // Layers above the decoder's own stand before the next frame and are passed over; the library cannot pass over an empty one.
            for (int layer = 0; layer < MaxLayersBefore && bits.Left >= Fewest && bits.Peek() != 0; layer++)
            {
                if (!TrySkipLayer(ref bits, lowest: 1, High.Length - 1)) return -1;
            }

            if (bits.Left < Fewest) return frames;
            if (bits.Read(1) != 0) return -1;
            int mode = bits.Read(ModeBits);
            switch (mode)
            {
                case Terminator:
                    return frames;
                case Signal:
                    int id = bits.Read(4);
                    bits.Skip(id < 2 ? 1 : id < 8 ? 4 : id < 10 ? 8 : id < 12 ? 16 : id < 14 ? 32 : 64);
                    break;
                case UserSignal:
                    int size = bits.Read(4);
                    bits.Skip(5 + (8 * size));
                    break;
                case int known when known < Narrow.Length:
                    bits.Skip(Narrow[known] - 1 - ModeBits);
                    for (int layer = 0; layer < layers && bits.Left > 0 && bits.Peek() != 0; layer++)
                    {
                        if (!TrySkipLayer(ref bits, lowest: 0, layer == 0 ? High.Length - 1 : MaxUltraMode)) return -1;
                    }

                    frames++;
                    break;
                default:
                    return -1;
            }

            if (bits.Left < 0) return -1;
        }
    }

    private static bool TrySkipLayer(ref BitReader bits, int lowest, int highest)
    {
        bits.Skip(1);
        int mode = bits.Read(HighModeBits);
        if (mode < lowest || mode > highest) return false;
        bits.Skip(High[mode] - 1 - HighModeBits);
        return bits.Left >= 0;
    }
}
