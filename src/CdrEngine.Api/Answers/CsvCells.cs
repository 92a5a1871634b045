using CsvHelper;

namespace CdrEngine.Api.Answers;

/// <summary>Texts as cells of a CSV that programs read and people open in spreadsheets.</summary>
internal static class CsvCells
{
    /// <summary>How a writer of cells that went through <see cref="Guarded"/> writes them.</summary>
    public static readonly CsvWriterOptions Options = new() { Injection = CsvInjection.None, BufferSize = 32 * 1024 };

    /// <summary>A text as it is, with an apostrophe in front where a spreadsheet would take it for a formula. A number in international form is none: a program that reads the
    /// file finds it as it was.</summary>
    public static string Guarded(string text) =>
        text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' or '\n' && !IsNumber(text) ? "'" + text : text;

    private static bool IsNumber(string text) => text[0] == '+' && text.Length is > 1 and <= 32 && !text.AsSpan(1).ContainsAnyExceptInRange('0', '9');
}
