using System.Globalization;
using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Host.Commands;

namespace CdrEngine.Host.Output;

/// <summary>One native record a line.</summary>
internal sealed class CallJsonLines(TextWriter to, BillsecRounding rounding) : ICallWriter
{
    public void Write(IReadOnlyList<CallRecord> calls)
    {
        foreach (CallRecord call in calls)
        {
            to.Write(Encoding.UTF8.GetString(CallRecordJson.ToUtf8(call, rounding)));
            to.Write('\n');
        }
    }

    public void End() => to.Flush();
}

/// <summary>CSV with a head line; lines end with CR LF (RFC 4180).</summary>
internal sealed class CallCsv(TextWriter to, BillsecRounding rounding) : ICallWriter
{
    private bool _headed;

    public void Write(IReadOnlyList<CallRecord> calls)
    {
        Head();
        foreach (CallRecord call in calls)
            Line(CallColumns.All.Select(column => CsvText.Cell(column.Value(call, rounding), column.IsFromWire)));
    }

    public void End()
    {
        Head();
        to.Flush();
    }

    private void Head()
    {
        if (_headed) return;
        _headed = true;
        Line(CallColumns.All.Select(static column => column.Name));
    }

    private void Line(IEnumerable<string> cells)
    {
        to.Write(string.Join(',', cells));
        to.Write("\r\n");
    }
}

/// <summary>A table for people. Columns are as wide as the first page needs, so that a long list streams.</summary>
internal sealed class CallTable(TextWriter to, BillsecRounding rounding, bool colour) : ICallWriter
{
    private const int MaxText = 28;

    private static readonly string[] Titles = ["STARTED (UTC)", "CALLER", "CALLEE", "OUTCOME", "SIP", "TALK", "MOS", "FLAGS", "ID"];

    private int[]? _widths;
    private long _count;

    public void Write(IReadOnlyList<CallRecord> calls)
    {
        string[][] rows = calls.Select(Row).ToArray();
        if (_widths is null && rows.Length > 0)
        {
            _widths = Titles.Select((title, column) => Math.Max(title.Length, rows.Max(row => row[column].Length))).ToArray();
            Line(Titles, "\e[1m");
        }

        for (int i = 0; i < rows.Length; i++) Line(rows[i], Colour(calls[i].Disposition));
        _count += rows.Length;
    }

    public void End()
    {
        to.WriteLine(_count == 1 ? "1 call" : $"{Units.Count(_count)} calls");
        to.Flush();
    }

    private string[] Row(CallRecord call) =>
    [
        call.StartedAt.ToDateTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture),
        Text(call.Caller.Number ?? call.Caller.Uri),
        Text(call.Callee.Number ?? call.Dialled ?? call.Callee.Uri),
        EnumNames<Disposition>.Of(call.Disposition),
        call.SipStatus == 0 ? "" : call.SipStatus.ToString(CultureInfo.InvariantCulture),
        call.AnsweredAt is null ? "" : $"{Billsec.Seconds(call.BillableDuration, rounding)} s",
        call.Streams.Min(static stream => stream.MosMin) is { } mos ? mos.ToString("0.0", CultureInfo.InvariantCulture) : "",
        CallColumns.Flags(call.Flags),
        call.Id,
    ];

    private static string Text(string? text) => WireText.Fit(WireText.Escape(text ?? "-"), MaxText);

    private void Line(string[] cells, string colourCode)
    {
        var line = new StringBuilder();
        if (colour) line.Append(colourCode);
        for (int i = 0; i < cells.Length; i++)
        {
            if (i > 0) line.Append("  ");
            line.Append(i == cells.Length - 1 ? cells[i] : cells[i].PadRight(_widths![i]));
        }

        if (colour) line.Append("\e[0m");
        to.WriteLine(line.ToString());
    }

    private static string Colour(Disposition disposition) => disposition switch
    {
        Disposition.Answered => "\e[32m",
        Disposition.InProgress => "\e[36m",
        Disposition.Busy or Disposition.NoAnswer or Disposition.Cancelled or Disposition.Redirected => "\e[33m",
        _ => "\e[31m",
    };
}
