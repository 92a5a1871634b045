namespace CdrEngine.Media.Fax;

/// <summary>Bounds of a fax that is made of packets.</summary>
public sealed record FaxLimits
{
    /// <summary>Pages of one fax. Default 500; later ones are left out.</summary>
    public int Pages { get; init; } = 500;

    /// <summary>Coded octets of one page. Default 4 MiB: a page of the finest grain, all in grey, has some 1 MiB.</summary>
    public int PageBytes { get; init; } = 4 << 20;

    /// <summary>Coded octets of all pages. Default 64 MiB.</summary>
    public int TotalBytes { get; init; } = 64 << 20;

    /// <summary>Rows of one page. Default 20,000: 1.3 m at the finest grain.</summary>
    public int PageRows { get; init; } = 20_000;
}

/// <summary>What a fax machine said of the pages that follow (T.30 DCS).</summary>
/// <param name="Coding">How they are coded.</param>
/// <param name="Width">Dots of a row.</param>
/// <param name="DotsPerInchAcross">Dots an inch along a row.</param>
/// <param name="DotsPerInchDown">Rows an inch.</param>
public readonly record struct FaxFormat(FaxCoding Coding, int Width, double DotsPerInchAcross, double DotsPerInchDown);

/// <summary>One page, decoded and coded anew by ITU-T T.6, so that damage on the line is damage no more for whoever reads it.</summary>
public sealed class FaxPage
{
    private FaxPage(in FaxFormat format, byte[] image, int rows, int damagedRows)
    {
        Format = format;
        Image = image;
        Rows = rows;
        DamagedRows = damagedRows;
    }

    /// <summary>Width and grain; the coding is that of the line.</summary>
    public FaxFormat Format { get; }

    /// <summary>The page by T.6, the first dot the highest bit.</summary>
    public ReadOnlyMemory<byte> Image { get; }

    /// <summary>Rows.</summary>
    public int Rows { get; }

    /// <summary>Rows that could not be read and repeat the one above.</summary>
    public int DamagedRows { get; }

    /// <summary>Decodes a page; null where it has no row.</summary>
    /// <param name="data">Octets of the page as sent, the first bit the highest of each.</param>
    /// <param name="format">What was said of it.</param>
    /// <param name="limits">Bounds.</param>
    public static FaxPage? Read(ReadOnlySpan<byte> data, in FaxFormat format, FaxLimits limits)
    {
        var encoder = new FaxEncoder(format.Width, limits.PageRows, limits.PageBytes);
        int damaged = FaxDecoder.Decode(data, format.Coding, format.Width, encoder);
        return encoder.Rows == 0 ? null : new FaxPage(format, encoder.ToArray(), encoder.Rows, damaged);
    }

    /// <summary>The page as bits, black being 1, each row filled up to a whole byte.</summary>
    public byte[] ToBits()
    {
        var bits = new Bits(Format.Width, Rows);
        FaxDecoder.Decode(Image.Span, FaxCoding.ModifiedModifiedRead, Format.Width, bits);
        return bits.Bytes;
    }

    private sealed class Bits(int width, int rows) : IFaxRows
    {
        private readonly int _stride = (width + 7) / 8;
        private int _row;

        public byte[] Bytes { get; } = new byte[(width + 7) / 8 * rows];

        public bool Add(FaxRow row)
        {
            row.WriteBits(Bytes.AsSpan(_row * _stride, _stride));
            return ++_row < Bytes.Length / _stride;
        }
    }
}
