using System.Text;
using CdrEngine.Media.Fax;
using CdrEngine.Media.Tests.Encoders;
using CdrEngine.TestKit;
using Xunit;

namespace CdrEngine.Media.Tests.Fax;

/// <summary>Pages of fax: the codes, reading and writing them, damage, and the files.</summary>
public sealed class FaxCodecTests
{
    private static readonly FaxLimits Limits = new();

    [Fact]
    public void Codes_NoneBeginsAnother_AndTheRestIsEndOfLineAndExtension()
    {
        foreach (FaxCode[] codes in (FaxCode[][])[FaxCodes.White, FaxCodes.Black])
        {
            Assert.Equal(104, codes.Length);
            AssertPrefixFree(codes);

            // What the codes leave over: the zeros of ends of line and filling. All codes of eight and more zeros are reserved for them.
            double taken = codes.Sum(static code => Math.Pow(2, -code.Length));
            Assert.InRange(taken, 0.99, 1);
        }

        AssertPrefixFree(FaxCodes.Modes);

        // T.4 table 4: all seven-bit codes but 0000001 and below belong to a mode.
        Assert.Equal(1 - (2 / 128.0), FaxCodes.Modes.Sum(static code => Math.Pow(2, -code.Length)), 1e-9);
        for (int run = 0; run <= FaxCodes.LongestRun; run = run < 64 ? run + 1 : run + 64) Assert.Equal(run, FaxCodes.RunAt(FaxCodes.PlaceOf(run)));
    }

    [Theory]
    [InlineData(1728)]
    [InlineData(2432)]
    [InlineData(4864)]
    [InlineData(1)]
    [InlineData(17)]
    public void Page_OfAnyRows_ComesBackFromEachCoding(int width)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            bool[][] rows = Rows(width, 40, seed);
            byte[] expected = Bits(rows);
            foreach (FaxCoding coding in Enum.GetValues<FaxCoding>())
            {
                var page = FaxPage.Read(PlainEncoder.Encode(rows, coding), new FaxFormat(coding, width, 204, 98), Limits)!;
                Assert.Equal((rows.Length, 0), (page.Rows, page.DamagedRows));
                Assert.Equal(expected, page.ToBits());
            }
        }
    }

    [Fact]
    public void Page_WithADamagedRow_RepeatsTheOneAbove_AndGoesOn()
    {
        bool[][] rows = Rows(1728, 30, 5);
        byte[] data = PlainEncoder.Encode(rows, FaxCoding.ModifiedHuffman);

        // The second half of the bits is damaged in one place: at most two rows differ.
        data[data.Length / 2] ^= 0x5A;
        var page = FaxPage.Read(data, new FaxFormat(FaxCoding.ModifiedHuffman, 1728, 204, 98), Limits)!;
        Assert.InRange(page.Rows, rows.Length - 1, rows.Length + 1);
        byte[] expected = Bits(rows), actual = page.ToBits();
        int same = Enumerable.Range(0, Math.Min(page.Rows, rows.Length)).Count(row => expected.AsSpan(row * 216, 216).SequenceEqual(actual.AsSpan(row * 216, 216)));
        Assert.InRange(same, 12, rows.Length - 1);
        Assert.True(page.DamagedRows > 0);
    }

    [Fact]
    public void Page_OfNoise_OrCutAnywhere_NeverThrowsAndStaysWithinItsBounds()
    {
        var random = new Random(4);
        var limits = new FaxLimits { PageRows = 50, PageBytes = 5_000 };
        bool[][] rows = Rows(1728, 20, 1);
        for (int round = 0; round < 3_000; round++)
        {
            var coding = (FaxCoding)(round % 3);
            byte[] data = round % 2 == 0 ? new byte[random.Next(400)] : PlainEncoder.Encode(rows, coding);
            if (round % 2 == 0) random.NextBytes(data);
            else
                for (int i = random.Next(8); i >= 0; i--) data[random.Next(data.Length)] = (byte)random.Next(256);
            int width = round % 5 == 0 ? random.Next(1, 5000) : 1728;
            var page = FaxPage.Read(data.AsSpan(0, random.Next(data.Length + 1)), new FaxFormat(coding, width, 204, 98), limits);
            if (page is null) continue;
            Assert.InRange(page.Rows, 1, 50);
            Assert.Equal(page.Rows * ((width + 7) / 8), page.ToBits().Length);
        }
    }

    [Fact]
    public void Rows_WithoutEndsOfLine_AreReadToo()
    {
        // Rows right after one another, as some programs send them with error correction.
        bool[][] rows = Rows(1728, 10, 9);
        var page = FaxPage.Read(PlainEncoder.Encode(rows, FaxCoding.ModifiedHuffman, hasEnds: false), new FaxFormat(FaxCoding.ModifiedHuffman, 1728, 204, 98), Limits)!;
        Assert.Equal(Bits(rows), page.ToBits());
    }

    [ToolFact("ffmpeg")]
    public void Tiff_ReadByAnotherProgram_HasEveryPage()
    {
        FaxPage[] pages = [Page(1728, 60, 3), Page(2048, 41, 4)];
        using var scratch = new ScratchFile(".tiff");
        using (FileStream file = File.Create(scratch.Path)) FaxTiff.Write(pages, file);
        byte[] pixels = ForeignTool.Run("ffmpeg", "-v", "error", "-i", scratch.Path, "-f", "rawvideo", "-pix_fmt", "monow", "-");

        // It reads the first page of a file.
        Assert.Equal(pages[0].ToBits(), pixels);
        byte[] whole = File.ReadAllBytes(scratch.Path);
        Assert.Equal(2, Directories(whole));
    }

    [Fact]
    public void Pdf_HasEachPageAtItsSize_AndOffsetsThatAreRight()
    {
        using var output = new MemoryStream();
        FaxPdf.Write([Page(1728, 980, 3), Page(1728, 1078, 4)], output);
        string text = Encoding.Latin1.GetString(output.ToArray());
        Assert.Contains("/MediaBox [0 0 609.88 720]", text, StringComparison.Ordinal);
        Assert.Contains("/MediaBox [0 0 609.88 792]", text, StringComparison.Ordinal);
        int table = int.Parse(text[(text.LastIndexOf("startxref", StringComparison.Ordinal) + 10)..].Split('\n')[0], System.Globalization.CultureInfo.InvariantCulture);
        string[] lines = text[table..].Split('\n');
        Assert.Equal("xref", lines[0]);
        Assert.Equal("0 9", lines[1]);
        for (int i = 1; i < 9; i++)
            Assert.StartsWith($"{i} 0 obj\n", text[int.Parse(lines[2 + i][..10], System.Globalization.CultureInfo.InvariantCulture)..], StringComparison.Ordinal);
    }

    private static int Directories(byte[] tiff)
    {
        int count = 0;
        for (uint at = BitConverter.ToUInt32(tiff, 4); at != 0; count++) at = BitConverter.ToUInt32(tiff, (int)at + 2 + (BitConverter.ToUInt16(tiff, (int)at) * 12));
        return count;
    }

    private static FaxPage Page(int width, int rows, int seed) =>
        FaxPage.Read(PlainEncoder.Encode(Rows(width, rows, seed), FaxCoding.ModifiedHuffman), new FaxFormat(FaxCoding.ModifiedHuffman, width, 204, 98), Limits)!;

    private static void AssertPrefixFree(FaxCode[] codes)
    {
        string[] texts = Array.ConvertAll(codes, static code => Convert.ToString(code.Bits, 2).PadLeft(code.Length, '0'));
        foreach (string one in texts)
            Assert.Single(texts, other => other.StartsWith(one, StringComparison.Ordinal));
    }

    private static bool[][] Rows(int width, int count, int seed)
    {
        var random = new Random(seed);
        var rows = new bool[count][];
        for (int y = 0; y < count; y++)
        {
            rows[y] = new bool[width];
            if (y > 0 && random.Next(3) > 0)
            {
                // Like the one above, moved a little here and there.
                int shift = random.Next(-4, 5);
                for (int x = 0; x < width; x++) rows[y][x] = rows[y - 1][Math.Clamp(x + shift, 0, width - 1)] ^ (random.Next(200) == 0);
                continue;
            }

            bool isBlack = random.Next(2) == 0;
            for (int x = 0; x < width; isBlack = !isBlack)
            {
                int run = random.Next(4) == 0 ? random.Next(1, 3000) : random.Next(1, 40);
                for (int end = Math.Min(width, x + run); x < end; x++) rows[y][x] = isBlack;
            }
        }

        return rows;
    }

    private static byte[] Bits(bool[][] rows)
    {
        int stride = (rows[0].Length + 7) / 8;
        var bits = new byte[stride * rows.Length];
        for (int y = 0; y < rows.Length; y++)
        {
            for (int x = 0; x < rows[y].Length; x++)
            {
                if (rows[y][x]) bits[(y * stride) + (x / 8)] |= (byte)(0x80 >> (x % 8));
            }
        }

        return bits;
    }

    /// <summary>Writes pages by all three codings, dot by dot and slowly.</summary>
    private static class PlainEncoder
    {
        public static byte[] Encode(bool[][] rows, FaxCoding coding, bool hasEnds = true)
        {
            var bits = new StringBuilder();
            bool[] above = new bool[rows[0].Length];
            for (int y = 0; y < rows.Length; y++)
            {
                bool isAlone = coding == FaxCoding.ModifiedHuffman || (coding == FaxCoding.ModifiedRead && y % 4 == 0);
                if (coding != FaxCoding.ModifiedModifiedRead && hasEnds) bits.Append("000000000001");
                if (coding == FaxCoding.ModifiedRead) bits.Append(isAlone ? '1' : '0');
                if (isAlone) Alone(bits, rows[y]);
                else ByAbove(bits, rows[y], above);
                above = rows[y];
            }

            for (int i = 0; i < (coding == FaxCoding.ModifiedModifiedRead ? 2 : hasEnds ? 6 : 0); i++) bits.Append(coding == FaxCoding.ModifiedRead ? "0000000000011" : "000000000001");
            while (bits.Length % 8 != 0) bits.Append('0');
            return [.. Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.ToString(i * 8, 8), 2))];
        }

        private static void Alone(StringBuilder bits, bool[] row)
        {
            bool isBlack = false;
            for (int x = 0; x < row.Length; isBlack = !isBlack)
            {
                int end = x;
                while (end < row.Length && row[end] == isBlack) end++;
                Run(bits, isBlack, end - x);
                x = end;
            }
        }

        private static void ByAbove(StringBuilder bits, bool[] row, bool[] above)
        {
            int width = row.Length, a0 = -1;
            bool isBlack = false;
            while (a0 < width)
            {
                int a1 = Next(row, Math.Max(a0, 0), isBlack);
                int b1 = Above(above, a0, isBlack), b2 = b1;
                while (b2 < width && above[b2] != isBlack) b2++;
                if (b2 < a1)
                {
                    bits.Append("0001");
                    a0 = b2;
                }
                else if (Math.Abs(a1 - b1) <= 3)
                {
                    bits.Append((string[])["0000010", "000010", "010", "1", "011", "000011", "0000011"] is { } modes ? modes[a1 - b1 + 3] : "");
                    a0 = a1;
                    isBlack = !isBlack;
                }
                else
                {
                    int a2 = Next(row, a1, !isBlack);
                    bits.Append("001");
                    Run(bits, isBlack, a1 - Math.Max(a0, 0));
                    Run(bits, !isBlack, a2 - a1);
                    a0 = a2;
                }
            }
        }

        private static int Next(bool[] row, int from, bool colour)
        {
            while (from < row.Length && row[from] == colour) from++;
            return from;
        }

        // The first dot above, right of a0, of the other colour with a dot of this colour before it.
        private static int Above(bool[] above, int a0, bool colour)
        {
            for (int x = a0 + 1; x < above.Length; x++)
            {
                bool before = x > 0 && above[x - 1];
                if (above[x] != colour && before == colour) return x;
            }

            return above.Length;
        }

        private static void Run(StringBuilder bits, bool isBlack, int run)
        {
            FaxCode[] codes = isBlack ? FaxCodes.Black : FaxCodes.White;
            for (; run >= 2560 + 64; run -= 2560) Append(codes[FaxCodes.PlaceOf(2560)]);
            if (run >= 64) Append(codes[FaxCodes.PlaceOf(run / 64 * 64)]);
            Append(codes[run % 64]);

            void Append(FaxCode code) => bits.Append(Convert.ToString(code.Bits, 2).PadLeft(code.Length, '0'));
        }
    }
}
