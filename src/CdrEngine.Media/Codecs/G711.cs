namespace CdrEngine.Media.Codecs;

/// <summary>G.711 as tables, for whoever looks into sound without a decoder.</summary>
public static class G711
{
    /// <summary>Expands samples of the mu-law (ITU-T G.711 table 2) to 16 bits.</summary>
    /// <param name="codes">A byte a sample.</param>
    /// <param name="pcm">Room for as many; the rest of the codes is left out where it is shorter.</param>
    public static void ExpandMuLaw(ReadOnlySpan<byte> codes, Span<short> pcm) => Expand(G711Decoder.MuLaw, codes, pcm);

    /// <summary>Expands samples of the A-law (ITU-T G.711 table 1) to 16 bits.</summary>
    /// <inheritdoc cref="ExpandMuLaw" path="/param"/>
    public static void ExpandALaw(ReadOnlySpan<byte> codes, Span<short> pcm) => Expand(G711Decoder.ALaw, codes, pcm);

    private static void Expand(short[] table, ReadOnlySpan<byte> codes, Span<short> pcm)
    {
        int count = Math.Min(codes.Length, pcm.Length);
        for (int i = 0; i < count; i++) pcm[i] = table[codes[i]];
    }
}
