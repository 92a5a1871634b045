namespace CdrEngine.Host.Output;

/// <summary>Cells of a CSV file (RFC 4180) that a spreadsheet cannot be tricked with.</summary>
public static class CsvText
{
    /// <summary>A cell: quoted where a comma, quote or line break is in it; a text from the wire that a spreadsheet would take for a formula
    /// (leading <c>= + - @</c>, TAB, CR, LF) gets an apostrophe in front, which spreadsheets hide.</summary>
    public static string Cell(string text, bool isFromWire)
    {
        if (isFromWire && text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n') text = "'" + text;
        return text.AsSpan().ContainsAny("\",\r\n\t") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }
}
