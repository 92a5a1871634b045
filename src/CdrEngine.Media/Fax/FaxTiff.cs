using System.Buffers.Binary;

namespace CdrEngine.Media.Fax;

/// <summary>Writes pages as TIFF 6.0 of class F: a strip a page, by T.6.</summary>
public static class FaxTiff
{
    private const ushort Short = 3;
    private const ushort Long = 4;
    private const ushort Rational = 5;

    /// <summary>Writes a file.</summary>
    /// <param name="pages">Its pages, one or more.</param>
    /// <param name="output">Where it goes; written in order.</param>
    public static void Write(IReadOnlyList<FaxPage> pages, Stream output)
    {
        // The first directory follows the first page; each names the place of the next.
        Span<byte> word = stackalloc byte[8];
        "II*\0"u8.CopyTo(word);
        uint at = 8;
        BinaryPrimitives.WriteUInt32LittleEndian(word[4..], DirectoryAt(at, pages[0]));
        output.Write(word);
        for (int number = 0; number < pages.Count; number++)
        {
            FaxPage page = pages[number];
            output.Write(page.Image.Span);
            if ((page.Image.Length & 1) != 0) output.WriteByte(0);
            uint directory = DirectoryAt(at, page);
            byte[] tags = Directory(page, number, pages.Count, at, directory, number + 1 < pages.Count ? pages[number + 1] : null);
            output.Write(tags);
            at = directory + (uint)tags.Length;
        }
    }

    private static uint DirectoryAt(uint imageAt, FaxPage page) => imageAt + (uint)((page.Image.Length + 1) & ~1);

    private static byte[] Directory(FaxPage page, int number, int count, uint imageAt, uint at, FaxPage? next)
    {
        (ushort Tag, ushort Type, uint Count, uint Value)[] tags =
        [
            (254, Long, 1, 2),                              // NewSubfileType: a page of several
            (256, Long, 1, (uint)page.Format.Width),
            (257, Long, 1, (uint)page.Rows),
            (258, Short, 1, 1),                             // BitsPerSample
            (259, Short, 1, 4),                             // Compression: T.6
            (262, Short, 1, 0),                             // PhotometricInterpretation: 0 is white
            (266, Short, 1, 1),                             // FillOrder: highest bit first
            (273, Long, 1, imageAt),                        // StripOffsets
            (277, Short, 1, 1),                             // SamplesPerPixel
            (278, Long, 1, (uint)page.Rows),                // RowsPerStrip
            (279, Long, 1, (uint)page.Image.Length),        // StripByteCounts
            (282, Rational, 1, 0),                          // XResolution, see below
            (283, Rational, 1, 0),                          // YResolution
            (293, Long, 1, 0),                              // T6Options
            (296, Short, 1, 2),                             // ResolutionUnit: inch
            (297, Short, 2, (uint)(number | (count << 16))), // PageNumber
        ];
        int length = 2 + (tags.Length * 12) + 4;
        var bytes = new byte[length + 16];
        uint rationals = at + (uint)length;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)tags.Length);
        for (int i = 0; i < tags.Length; i++)
        {
            Span<byte> entry = bytes.AsSpan(2 + (i * 12), 12);
            BinaryPrimitives.WriteUInt16LittleEndian(entry, tags[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], tags[i].Type);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], tags[i].Count);
            uint value = tags[i].Tag switch { 282 => rationals, 283 => rationals + 8, _ => tags[i].Value };
            BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], value);
        }

        uint end = at + (uint)bytes.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(length - 4), next is null ? 0 : DirectoryAt(end, next));
        WriteRational(bytes.AsSpan(length), page.Format.DotsPerInchAcross);
        WriteRational(bytes.AsSpan(length + 8), page.Format.DotsPerInchDown);
        return bytes;
    }

    private static void WriteRational(Span<byte> bytes, double value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)Math.Round(value * 100));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], 100);
    }
}
