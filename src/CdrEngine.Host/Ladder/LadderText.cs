using System.Text;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Host.Output;

namespace CdrEngine.Host.Ladder;

/// <summary>Draws a call's SIP messages as a ladder: a column for each address, an arrow for each message, retransmissions folded into
/// the first of their kind. A pure function; the width follows from the addresses, not from the terminal.</summary>
public static class LadderText
{
    // "04:27:00.000123  +12.345  "
    private const int Gutter = 26;
    private const int MinColumn = 24;
    private const int MaxColumn = 44;
    private const int MaxRepeatsShown = 4;

    /// <summary>The lines for a call: who, when, how it came out; then the ladder.</summary>
    public static IEnumerable<string> Lines(CallRecord call, IReadOnlyList<LadderMessage> messages, bool colour)
    {
        string caller = call.Caller.Number ?? call.Caller.Uri ?? "unknown";
        string callee = call.Callee.Number ?? call.Dialled ?? call.Callee.Uri ?? "unknown";
        yield return WireText.Escape($"{call.Id}  {caller} -> {callee}  Call-ID {call.SipCallId}");
        string status = call.SipStatus == 0 ? "" : $" ({call.SipStatus})";
        string talk = call.AnsweredAt is null ? "" : $", talk {call.BillableDuration.TotalSeconds:0.000} s";
        string flags = call.Flags == CallFlags.None ? "" : $", flags {CallColumns.Flags(call.Flags)}";
        string outcome = EnumNames<Disposition>.Of(call.Disposition);
        yield return $"{call.StartedAt}  {outcome}{status}, {call.Duration.TotalSeconds:0.000} s{talk}{flags}";
        if (messages.Count == 0) yield break;
        yield return "";
        foreach (string line in Lines(messages, colour)) yield return line;
    }

    /// <summary>The ladder alone.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<LadderMessage> messages, bool colour)
    {
        if (messages.Count == 0) yield break;
        List<Row> rows = Fold(messages);
        List<Endpoint> endpoints = Endpoints(messages);
        string[] names = endpoints.Select(static endpoint => endpoint.ToString()).ToArray();
        int column = Math.Clamp(names.Max(static name => name.Length) + 3, MinColumn, MaxColumn);
        yield return Head(names, column);
        yield return Lifelines(names.Length, column, new string(' ', Gutter));

        Timestamp? before = null;
        foreach (Row row in rows)
        {
            yield return Arrow(row, before, endpoints, column, colour);
            before = row.Message.At;
        }

        yield return Lifelines(names.Length, column, new string(' ', Gutter));
    }

    private static List<Row> Fold(IReadOnlyList<LadderMessage> messages)
    {
        var rows = new List<Row>(messages.Count);
        var known = new Dictionary<(ulong, Endpoint, Endpoint), Row>();
        foreach (LadderMessage message in messages)
        {
            if (known.TryGetValue((message.Hash, message.Source, message.Destination), out Row? first))
            {
                first.Repeats.Add(message.At - first.Message.At);
                continue;
            }

            var row = new Row(message);
            known.Add((message.Hash, message.Source, message.Destination), row);
            rows.Add(row);
        }

        return rows;
    }

    // In order of appearance, the sender before the receiver: the caller comes out leftmost.
    private static List<Endpoint> Endpoints(IReadOnlyList<LadderMessage> messages)
    {
        var endpoints = new List<Endpoint>();
        foreach (LadderMessage message in messages)
        {
            if (!endpoints.Contains(message.Source)) endpoints.Add(message.Source);
            if (!endpoints.Contains(message.Destination)) endpoints.Add(message.Destination);
        }

        return endpoints;
    }

    private static string Head(string[] names, int column)
    {
        var line = new StringBuilder(new string(' ', Gutter));
        foreach (string name in names)
        {
            string shown = WireText.Fit(name, column - 2);
            int left = (column / 2) - (shown.Length / 2);
            line.Append(' ', left).Append(shown).Append(' ', column - left - shown.Length);
        }

        return line.ToString().TrimEnd();
    }

    private static string Lifelines(int count, int column, string gutter)
    {
        var line = new StringBuilder(gutter);
        for (int i = 0; i < count; i++) line.Append(' ', column / 2).Append('│').Append(' ', column - (column / 2) - 1);
        return line.ToString().TrimEnd();
    }

    private static string Arrow(Row row, Timestamp? before, List<Endpoint> endpoints, int column, bool colour)
    {
        LadderMessage message = row.Message;
        string time = message.At.ToString()[11..26];
        string delta = before is { } earlier ? Delta(message.At - earlier) : "";
        char[] line = Lifelines(endpoints.Count, column, $"{time}  {delta,-7}  ".PadRight(Gutter))
            .PadRight(Gutter + (endpoints.Count * column))
            .ToCharArray();

        int from = Lifeline(endpoints.IndexOf(message.Source), column);
        int to = Lifeline(endpoints.IndexOf(message.Destination), column);
        string title = Title(row);
        int start = Math.Min(from, to) + 1;
        int length = Math.Abs(to - from) - 1;
        if (from == to)
        {
            // A machine that talks to itself: the label stands beside its lifeline.
            length = column - (column / 2) - 1;
            Put(line, start, $" {WireText.Fit("↺ " + title, length - 2)}".PadRight(length));
        }
        else
        {
            string label = $" {WireText.Fit(title, length - 6)} ";
            int left = (length - 1 - label.Length) / 2;
            string shaft = new string('─', left) + label + new string('─', length - 1 - left - label.Length);
            Put(line, start, to > from ? shaft + ">" : "<" + shaft);
        }

        string text = new(line);
        if (colour) text = text[..start] + Colour(message) + text[start..(start + length)] + "\e[0m" + text[(start + length)..];
        string remarks = Remarks(row);
        return remarks.Length == 0 ? text.TrimEnd() : $"{text.TrimEnd()}  {remarks}";
    }

    private static int Lifeline(int index, int column) => Gutter + (index * column) + (column / 2);

    private static void Put(char[] line, int at, string text) => text.CopyTo(0, line, at, Math.Min(text.Length, line.Length - at));

    private static string Title(Row row)
    {
        string title = WireText.Escape(row.Message.Title);

        // A response says what it answers only through CSeq; for an INVITE that goes without saying.
        bool isResponse = row.Message.StatusCode != 0;
        string method = row.Message.CSeq[(row.Message.CSeq.LastIndexOf(' ') + 1)..];
        if (isResponse && method is not ("" or "INVITE")) title += $" ({WireText.Escape(method)})";
        if (row.Message.Sdp is not null) title += " SDP";
        return row.Repeats.Count == 0 ? title : $"{title} ×{row.Repeats.Count + 1}";
    }

    private static string Remarks(Row row)
    {
        var remarks = new List<string>(2);
        if (row.Message.Sdp is { Length: > 0 } sdp) remarks.Add(WireText.Escape(sdp));
        if (row.Repeats.Count > 0)
        {
            string more = row.Repeats.Count > MaxRepeatsShown ? " …" : "";
            remarks.Add($"again after {string.Join(' ', row.Repeats.Take(MaxRepeatsShown).Select(Delta))}{more}");
        }

        return string.Join("; ", remarks);
    }

    private static string Delta(TimeSpan span) => $"{(span < TimeSpan.Zero ? "-" : "+")}{Math.Abs(span.TotalSeconds):0.000}";

    private static string Colour(LadderMessage message) => message.StatusCode switch
    {
        0 => "\e[36m",
        < 200 => "\e[33m",
        < 300 => "\e[32m",
        < 400 => "\e[35m",
        _ => "\e[31m",
    };

    private sealed class Row(LadderMessage message)
    {
        public LadderMessage Message { get; } = message;

        public List<TimeSpan> Repeats { get; } = [];
    }
}
