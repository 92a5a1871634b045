using System.Globalization;
using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;

namespace CdrEngine.Api.Ladder;

/// <summary>Draws a call's SIP messages as a ladder in SVG 1.1: a column for each address, an arrow for each message, retransmissions dashed, pauses
/// told. A pure function.</summary>
/// <remarks>Colours and fonts are attributes of the elements: a style sheet would need an exception from the content security policy that
/// the API sends. There is no script, no link and no reference to anything outside.</remarks>
internal static class LadderSvg
{
    private const int Gutter = 200;
    private const int ColumnWidth = 220;
    private const int RowHeight = 28;
    private const int PauseHeight = 22;
    private const int HeadHeight = 92;
    private const int MaxText = 60;

    /// <summary>Pauses from this length on are told in a row of their own.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>The picture.</summary>
    /// <param name="call">The call, for the head.</param>
    /// <param name="messages">Its messages in order of capture.</param>
    /// <param name="isCut">True where there were more messages than are given.</param>
    /// <param name="maxColumns">Columns at most, 2 or more; further addresses share the last.</param>
    public static string Draw(CallRecord call, IReadOnlyList<LadderMessage> messages, bool isCut, int maxColumns) => Draw(HeadOf(call), messages, isCut, maxColumns);

    /// <summary>Draws the picture of several calls' messages.</summary>
    /// <param name="head">What stands above it.</param>
    /// <param name="messages">The messages in order of capture.</param>
    /// <param name="isCut">True where there were more messages than are given.</param>
    /// <param name="maxColumns">Columns at most, 2 or more; further addresses share the last.</param>
    public static string Draw(LadderHead head, IReadOnlyList<LadderMessage> messages, bool isCut, int maxColumns)
    {
        List<Endpoint> endpoints = Endpoints(messages);
        int columns = Math.Min(endpoints.Count, maxColumns);
        bool isShared = endpoints.Count > maxColumns;
        var rows = new StringBuilder();
        var known = new Dictionary<(ulong Hash, Endpoint Source, Endpoint Destination), Timestamp>();
        int y = HeadHeight + RowHeight;
        Timestamp? before = null;
        foreach (LadderMessage message in messages)
        {
            if (before is { } earlier && message.At - earlier >= Pause)
            {
                rows.Append(CultureInfo.InvariantCulture, $"<text x=\"{Gutter - 12}\" y=\"{y - 8}\" text-anchor=\"end\" fill=\"#777777\">… {Seconds(message.At - earlier)} …</text>\n");
                y += PauseHeight;
            }

            TimeSpan? again = null;
            if (known.TryGetValue((message.Hash, message.Source, message.Destination), out Timestamp first)) again = message.At - first;
            else known.Add((message.Hash, message.Source, message.Destination), message.At);
            int from = Math.Min(endpoints.IndexOf(message.Source), columns - 1);
            int to = Math.Min(endpoints.IndexOf(message.Destination), columns - 1);
            Arrow(rows, message, from, to, y, again, before);
            before = message.At;
            y += RowHeight;
        }

        if (isCut)
        {
            rows.Append(CultureInfo.InvariantCulture, $"<text x=\"16\" y=\"{y}\" fill=\"#b00020\">cut after {messages.Count} messages; the pcap has them all</text>\n");
            y += RowHeight;
        }

        int width = Math.Max(Gutter + (columns * ColumnWidth), 640);
        var svg = new StringBuilder(rows.Length + 4096);
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{width}\" height=\"{y}\" viewBox=\"0 0 {width} {y}\" font-family=\"ui-monospace, monospace\" font-size=\"12\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title>{Text(head.Title)}</title>\n<rect width=\"{width}\" height=\"{y}\" fill=\"#ffffff\"/>\n");
        Head(svg, head);
        for (int i = 0; i < columns; i++)
        {
            int x = X(i);
            string name = isShared && i == columns - 1 ? $"{endpoints.Count - columns + 1} further addresses" : endpoints[i].ToString();
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x}\" y=\"{HeadHeight - 14}\" text-anchor=\"middle\" font-weight=\"bold\">{Text(name)}</text>\n");
            svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"{x}\" y1=\"{HeadHeight - 6}\" x2=\"{x}\" y2=\"{y - 10}\" stroke=\"#bbbbbb\"/>\n");
        }

        return svg.Append(rows).Append("</svg>\n").ToString();
    }

    // In order of appearance, the sender before the receiver: the caller comes out leftmost.
    private static List<Endpoint> Endpoints(IReadOnlyList<LadderMessage> messages)
    {
        var endpoints = new List<Endpoint>();
        var known = new HashSet<Endpoint>();
        foreach (LadderMessage message in messages)
        {
            if (known.Add(message.Source)) endpoints.Add(message.Source);
            if (known.Add(message.Destination)) endpoints.Add(message.Destination);
        }

        return endpoints;
    }

    private static LadderHead HeadOf(CallRecord call)
    {
        string caller = call.Caller.Number ?? call.Caller.Uri ?? "unknown";
        string callee = call.Callee.Number ?? call.Dialled ?? call.Callee.Uri ?? "unknown";
        string status = call.SipStatus == 0 ? "" : $" ({call.SipStatus})";
        string talk = call.AnsweredAt is null ? "" : $", talk {Seconds(call.BillableDuration)}";
        string flags = call.Flags == CallFlags.None ? "" : $", {CallColumns.Flags(call.Flags)}";
        return new LadderHead(
            $"Call {call.Id}",
            $"{Short(caller)} → {Short(callee)}",
            $"{call.StartedAt}  {EnumNames<Disposition>.Of(call.Disposition)}{status}, {Seconds(call.Duration)}{talk}{flags}",
            $"Call-ID {Short(call.SipCallId)}");
    }

    private static void Head(StringBuilder svg, LadderHead head)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"16\" y=\"24\" font-size=\"14\" font-weight=\"bold\">{Text(head.Parties, 300)}</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"16\" y=\"44\" fill=\"#444444\">{Text(head.Outcome, 300)}</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"16\" y=\"62\" fill=\"#444444\">{Text(head.Names, 300)}</text>\n");
    }

    // As long as a text alone would be shown, so that two of them keep their ends.
    private static string Short(string text) => text.Length <= MaxText ? text : text[..(MaxText - 1)] + "…";

    private static void Arrow(StringBuilder rows, LadderMessage message, int from, int to, int y, TimeSpan? again, Timestamp? before)
    {
        string colour = Colour(message.StatusCode);
        string dashes = again is null ? "" : " stroke-dasharray=\"5 4\"";
        string delta = before is { } earlier ? $"  {(message.At < earlier ? "-" : "+")}{(message.At - earlier).Duration().TotalSeconds:0.000}" : "";
        rows.Append(CultureInfo.InvariantCulture, $"<g><title>{Text(Remark(message), 200)}</title>\n");
        rows.Append(CultureInfo.InvariantCulture, $"<text x=\"16\" y=\"{y + 4}\" fill=\"#777777\">{message.At.ToString()[11..26]}{delta}</text>\n");
        string title = Text(Title(message)) + (again is { } since ? $" (again, +{Seconds(since)})" : "");
        int left = X(Math.Min(from, to));
        int right = X(Math.Max(from, to));
        if (from == to)
        {
            // A machine that talks to itself, or two of the shared column.
            rows.Append(CultureInfo.InvariantCulture, $"<path d=\"M {left} {y - 6} h 24 v 10 h -18\" fill=\"none\" stroke=\"{colour}\"{dashes}/>\n");
            rows.Append(CultureInfo.InvariantCulture, $"<polygon points=\"{left},{y + 4} {left + 8},{y} {left + 8},{y + 8}\" fill=\"{colour}\"/>\n");
            rows.Append(CultureInfo.InvariantCulture, $"<text x=\"{left + 30}\" y=\"{y + 2}\" fill=\"{colour}\">{title}</text>\n</g>\n");
            return;
        }

        int tip = X(to);
        int back = to > from ? -8 : 8;
        rows.Append(CultureInfo.InvariantCulture, $"<line x1=\"{X(from)}\" y1=\"{y}\" x2=\"{tip + back}\" y2=\"{y}\" stroke=\"{colour}\"{dashes}/>\n");
        rows.Append(CultureInfo.InvariantCulture, $"<polygon points=\"{tip},{y} {tip + back},{y - 4} {tip + back},{y + 4}\" fill=\"{colour}\"/>\n");
        rows.Append(CultureInfo.InvariantCulture, $"<text x=\"{(left + right) / 2}\" y=\"{y - 5}\" text-anchor=\"middle\" fill=\"{colour}\">{title}</text>\n</g>\n");
    }

    // A response says what it answers only through CSeq; for an INVITE that goes without saying.
    private static string Title(LadderMessage message)
    {
        string method = message.CSeq[(message.CSeq.LastIndexOf(' ') + 1)..];
        string answered = message.StatusCode != 0 && method is not ("" or "INVITE") ? $" ({method})" : "";
        return message.Title + answered + (message.Sdp is null ? "" : " SDP");
    }

    private static string Remark(LadderMessage message) =>
        $"{message.At} {message.Source} → {message.Destination}, CSeq {message.CSeq}{(message.Sdp is null ? "" : $", SDP {message.Sdp}")}";

    private static int X(int column) => Gutter + (column * ColumnWidth) + (ColumnWidth / 2);

    private static string Text(string text, int max = MaxText) => XmlText.Escape(text, max);

    private static string Seconds(TimeSpan span) => span.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture) + " s";

    private static string Colour(int status) => status switch
    {
        0 => "#1a56a0",
        < 200 => "#8a6d00",
        < 300 => "#1b7a36",
        < 400 => "#7a3a9a",
        _ => "#b00020",
    };
}

/// <summary>What stands above a ladder. Texts may be as hostile as the wire.</summary>
/// <param name="Title">Title of the picture.</param>
/// <param name="Parties">Who.</param>
/// <param name="Outcome">When and how it went.</param>
/// <param name="Names">Call-IDs.</param>
internal sealed record LadderHead(string Title, string Parties, string Outcome, string Names);
