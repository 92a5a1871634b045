using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using CdrEngine.Api.Answers;
using CsvHelper;

namespace CdrEngine.Api.Dialects.PortSip;

/// <summary>What a report found: head and rows.</summary>
/// <param name="Columns">Names of the columns.</param>
internal sealed record PortSipTable(IReadOnlyList<string> Columns)
{
    /// <summary>Rows of a table at most; what comes after is counted only.</summary>
    public const int MostRows = 100_000;

    /// <summary>Bytes of a file at most; rows after that are left out, and the file says so.</summary>
    public const int MostBytes = 32 * 1024 * 1024;

    private readonly List<IReadOnlyList<string>> _rows = [];

    /// <summary>The rows, a text for each column.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    /// <summary>True where calls or rows were left out, since there are too many.</summary>
    public bool IsCut { get; set; }

    /// <summary>Adds a row; false where there is no more room.</summary>
    public bool Add(params IReadOnlyList<object?> cells)
    {
        if (_rows.Count == MostRows)
        {
            IsCut = true;
            return false;
        }

        _rows.Add([.. cells.Select(static cell => WithoutControls(Convert.ToString(cell, CultureInfo.InvariantCulture) ?? ""))]);
        return true;
    }

    // Line ends of the wire would break rows in programs that do not know quotes; the others mean nothing in any.
    private static string WithoutControls(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(static c => char.IsControl(c) ? ' ' : c)) : text;
}

/// <summary>Writes tables as files.</summary>
internal static class PortSipFiles
{
    private const string Cut = "There is more; narrow the report.";

    /// <summary>The media type of a format.</summary>
    public static string MediaType(string format) => format == "HTML" ? "text/html" : "text/csv";

    /// <summary>Name of a file: what of the report's name is letters and digits, and when it was made.</summary>
    public static string Name(string report, string format, DateTime at)
    {
        var name = new StringBuilder();
        foreach (char c in report)
        {
            if (name.Length == 60) break;
            if (char.IsAsciiLetterOrDigit(c)) name.Append(c);
            else if (name.Length > 0 && name[^1] != '-') name.Append('-');
        }

        string stem = name.ToString().Trim('-');
        return string.Create(CultureInfo.InvariantCulture, $"{(stem.Length == 0 ? "report" : stem)}-{at:yyyyMMdd-HHmmss}.{(format == "HTML" ? "html" : "csv")}");
    }

    /// <summary>The file.</summary>
    /// <param name="table">What was found.</param>
    /// <param name="format"><c>CSV</c> (RFC 4180, UTF-8) or <c>HTML</c>.</param>
    /// <param name="title">Title of a page.</param>
    /// <param name="stop">Ends it.</param>
    public static Task<byte[]> WriteAsync(PortSipTable table, string format, string title, CancellationToken stop) => format == "HTML" ? Task.FromResult(Html(table, title)) : CsvAsync(table, stop);

    private static async Task<byte[]> CsvAsync(PortSipTable table, CancellationToken stop)
    {
        using var to = new MemoryStream();
        await using (CsvWriter csv = CsvWriter.Create(to, CsvCells.Options, leaveOpen: true))
        {
            foreach (string column in table.Columns) csv.WriteField(column);
            await csv.EndRecordAsync(stop);
            bool cut = table.IsCut;
            foreach (IReadOnlyList<string> row in table.Rows)
            {
                if (to.Length > PortSipTable.MostBytes)
                {
                    cut = true;
                    break;
                }

                foreach (string cell in row) csv.WriteField(CsvCells.Guarded(cell));
                await csv.EndRecordAsync(stop);
            }

            if (cut)
            {
                csv.WriteField(Cut);
                await csv.EndRecordAsync(stop);
            }
        }

        return to.ToArray();
    }

    private static byte[] Html(PortSipTable table, string title)
    {
        HtmlEncoder encoder = HtmlEncoder.Default;
        using var to = new MemoryStream();
        using (var text = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" })
        {
            text.WriteLine("<!DOCTYPE html>");
            text.WriteLine($"<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{encoder.Encode(title)}</title>");
            text.WriteLine("<style>body{font-family:sans-serif}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2em .5em;text-align:left}</style></head><body>");
            text.WriteLine($"<h1>{encoder.Encode(title)}</h1><table><thead><tr>{string.Concat(table.Columns.Select(column => $"<th>{encoder.Encode(column)}</th>"))}</tr></thead><tbody>");
            bool cut = table.IsCut;
            foreach (IReadOnlyList<string> row in table.Rows)
            {
                text.Write("<tr>");
                foreach (string cell in row)
                {
                    text.Write("<td>");
                    encoder.Encode(text, cell);
                    text.Write("</td>");
                }

                text.WriteLine("</tr>");
                if (to.Length <= PortSipTable.MostBytes) continue;
                cut = true;
                break;
            }

            text.WriteLine("</tbody></table>");
            if (cut) text.WriteLine($"<p>{Cut}</p>");
            text.WriteLine("</body></html>");
        }

        return to.ToArray();
    }
}
