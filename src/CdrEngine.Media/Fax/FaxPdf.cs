using System.Globalization;
using System.Text;

namespace CdrEngine.Media.Fax;

/// <summary>Writes pages as PDF 1.4 (ISO 32000-1 7.4.6: CCITTFaxDecode), each as large as it was sent.</summary>
public static class FaxPdf
{
    private const double PointsPerInch = 72;

    /// <summary>Writes a file.</summary>
    /// <param name="pages">Its pages, one or more.</param>
    /// <param name="output">Where it goes; written in order.</param>
    public static void Write(IReadOnlyList<FaxPage> pages, Stream output)
    {
        var offsets = new List<long>();
        long written = 0;
        Put("%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n");

        // Objects: 1 the catalogue, 2 the list of pages, then page, image and drawing of each.
        Begin();
        Put("<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
        Begin();
        Put($"<< /Type /Pages /Count {pages.Count} /Kids [{string.Join(' ', Enumerable.Range(0, pages.Count).Select(static page => $"{3 + (page * 3)} 0 R"))}] >>\nendobj\n");
        foreach (FaxPage page in pages)
        {
            int own = offsets.Count + 1;
            string width = Points(page.Format.Width, page.Format.DotsPerInchAcross), height = Points(page.Rows, page.Format.DotsPerInchDown);
            Begin();
            Put($"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Resources << /XObject << /P {own + 1} 0 R >> >> /Contents {own + 2} 0 R >>\nendobj\n");
            Begin();
            Put($"<< /Type /XObject /Subtype /Image /Width {page.Format.Width} /Height {page.Rows} /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode "
                + $"/DecodeParms << /K -1 /Columns {page.Format.Width} /Rows {page.Rows} >> /Length {page.Image.Length} >>\nstream\n");
            output.Write(page.Image.Span);
            written += page.Image.Length;
            Put("\nendstream\nendobj\n");
            string drawing = $"q {width} 0 0 {height} 0 0 cm /P Do Q";
            Begin();
            Put($"<< /Length {drawing.Length} >>\nstream\n{drawing}\nendstream\nendobj\n");
        }

        long table = written;
        Put($"xref\n0 {offsets.Count + 1}\n0000000000 65535 f \n");
        foreach (long offset in offsets) Put(string.Create(CultureInfo.InvariantCulture, $"{offset:d10} 00000 n \n"));
        Put($"trailer\n<< /Size {offsets.Count + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");

        void Begin()
        {
            offsets.Add(written);
            Put($"{offsets.Count} 0 obj\n");
        }

        void Put(string text)
        {
            byte[] bytes = Encoding.Latin1.GetBytes(text);
            output.Write(bytes);
            written += bytes.Length;
        }
    }

    private static string Points(int dots, double perInch) => (dots / perInch * PointsPerInch).ToString("0.##", CultureInfo.InvariantCulture);
}
