using CdrEngine.Calls.Records;
using CsvHelper;

namespace CdrEngine.Api.Answers;

/// <summary>Records as CSV (RFC 4180) in UTF-8, for spreadsheets: a head line, then a line for each. A cell that a spreadsheet would take for a
/// formula gets an apostrophe in front.</summary>
internal static class CallCsv
{
    private static readonly CsvWriterOptions Options = new()
    {
        Injection = CsvInjection.Escape,
        InjectionCharacters = "=+-@\t\r\n",
        BufferSize = 32 * 1024,
    };

    /// <summary>Writes the records to a stream, asynchronously and in bounded memory; the stream stays open.</summary>
    public static async Task WriteAsync(Stream to, IReadOnlyList<CallRecord> calls, BillsecRounding rounding, CancellationToken stop)
    {
        await using CsvWriter csv = CsvWriter.Create(to, Options, leaveOpen: true);
        foreach (CallColumns.Column column in CallColumns.All) csv.WriteField(column.Name);
        await csv.EndRecordAsync(stop);
        foreach (CallRecord call in calls)
        {
            foreach (CallColumns.Column column in CallColumns.All)
            {
                string value = column.Value(call, rounding);
                csv.WriteField(column.IsFromWire ? WithoutControls(value) : value);
            }

            await csv.EndRecordAsync(stop);
        }
    }

    // Line ends and tabs are quoted; the other control characters cut or hide a cell in some programs and mean nothing in any.
    private static string WithoutControls(string text) => text.Any(IsStray)
        ? string.Create(text.Length, text, static (span, from) =>
        {
            for (int i = 0; i < span.Length; i++) span[i] = IsStray(from[i]) ? '\uFFFD' : from[i];
        })
        : text;

    private static bool IsStray(char c) => char.IsControl(c) && c is not ('\t' or '\r' or '\n');
}
