using System.Globalization;
using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;
using CdrEngine.Page.Kit;
using CdrEngine.Page.Markup;

namespace CdrEngine.Page.Ladder;

/// <summary>Draws a ladder as SVG. Colours stand at the elements for who keeps the file; the page's style sheet goes before them.</summary>
internal sealed class LadderDrawing
{
    private const int Gutter = 178;
    private const int ColumnWidth = 210;
    private const int RowHeight = 30;
    private const int Head = 58;
    private const int MostColumns = 12;
    private const int MostText = 44;

    private readonly List<Endpoint> _columns = [];
    private readonly Dictionary<Endpoint, string> _names;
    private readonly TimeZoneInfo _zone;

    /// <summary>Prepares a drawing.</summary>
    /// <param name="messages">All messages, also those that are not drawn now: columns stay where they are.</param>
    /// <param name="media">All bars.</param>
    /// <param name="names">Who sits at an address.</param>
    /// <param name="zone">Zone of the times.</param>
    public LadderDrawing(IReadOnlyList<MessageRow> messages, IReadOnlyList<LadderMedia> media, IReadOnlyDictionary<Endpoint, string> names, TimeZoneInfo zone)
    {
        _names = new Dictionary<Endpoint, string>(names);
        _zone = zone;
        var known = new HashSet<Endpoint>();
        foreach (MessageRow row in messages)
        {
            if (known.Add(row.Message.Source)) _columns.Add(row.Message.Source);
            if (known.Add(row.Message.Destination)) _columns.Add(row.Message.Destination);
        }

        foreach (IpAddress address in media.SelectMany(static bar => (IpAddress[])[bar.A, bar.B]).Distinct().Where(address => !_columns.Exists(column => column.Address == address)).ToArray())
            _columns.Add(new Endpoint(address, 0));
    }

    private int Columns => Math.Min(_columns.Count, MostColumns);

    private int Width => Math.Max(Gutter + (Columns * ColumnWidth), 560);

    /// <summary>The drawing.</summary>
    /// <param name="id">Unique on the page.</param>
    /// <param name="title">What it shows.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="link">Where a message leads; null for nowhere.</param>
    /// <param name="deciding">Numbers of messages that decided how the call came out.</param>
    /// <param name="isFile">Whether it is to stand alone as a file.</param>
    public Html Draw(string id, string title, IReadOnlyList<LadderRow> rows, Func<int, string>? link, IReadOnlySet<int> deciding, bool isFile = false)
    {
        int[] tops = Tops(rows, out int height);
        Html body = Html.Of($"""
            {Enumerable.Range(0, Columns).Select(i => Column(i, height))}
            {rows.Select((row, i) => row is MediaRow media ? Band(media.Media, tops[i], EndOf(media.Media, rows, tops, height)) : Html.None)}
            {rows.Select((row, i) => Row(row, tops[i], link, deciding))}
            """);
        Html space = isFile ? Html.Of($""" xmlns="http://www.w3.org/2000/svg" """) : Html.None;
        Html ground = isFile ? Html.Of($"""<rect width="{Width}" height="{height}" fill="#ffffff"/>""") : Html.None;
        return Html.Of($"""<svg{space} class="ladder" width="{Width}" height="{height}" viewBox="0 0 {Width} {height}" role="group" aria-labelledby="{id}-title" font-family="ui-monospace, monospace" font-size="12"><title id="{id}-title">{title}</title>{ground}{body}</svg>""");
    }

    private static int[] Tops(IReadOnlyList<LadderRow> rows, out int height)
    {
        int[] tops = new int[rows.Count];
        int y = Head + 22;
        for (int i = 0; i < rows.Count; i++)
        {
            tops[i] = y;
            y += rows[i] is PauseRow ? 22 : RowHeight;
        }

        height = y + 4;
        return tops;
    }

    private static int EndOf(LadderMedia media, IReadOnlyList<LadderRow> rows, int[] tops, int height)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            if (rows[i] is MessageRow message && message.Message.At > media.To) return tops[i] - 14;
        }

        return height - 10;
    }

    private Html Column(int index, int height)
    {
        int x = X(index);
        bool isShared = _columns.Count > MostColumns && index == Columns - 1;
        Endpoint endpoint = _columns[index];
        string address = isShared ? $"{_columns.Count - MostColumns + 1} further addresses" : endpoint.Port == 0 ? endpoint.Address.ToString() : endpoint.ToString();
        string? name = isShared ? null : _names.GetValueOrDefault(endpoint) ?? (endpoint.Port == 0 ? "media" : null);
        return Html.Of($"""
            <g class="column"><line class="post" x1="{x}" y1="{Head - 6}" x2="{x}" y2="{height - 6}" stroke="#c4cad4"/>
            <text class="place-name" x="{x}" y="20" text-anchor="middle" font-weight="bold" fill="#171b22">{Short(name ?? "", 26)}</text><text class="place" x="{x}" y="40" text-anchor="middle" fill="#596273">{Short(address, 28)}</text></g>
            """);
    }

    private Html Band(LadderMedia media, int top, int end)
    {
        (int left, int right) = Between(media.A, media.B);
        return Html.Of($"""<rect class="band{(media.IsEarly ? " early" : "")}" x="{left}" y="{top - 11}" width="{Math.Max(right - left, 24)}" height="{Math.Max(end - top + 11, 24)}" rx="4" fill="#0f766e" fill-opacity="0.07"/>""");
    }

    private Html Row(LadderRow row, int y, Func<int, string>? link, IReadOnlySet<int> deciding) => row switch
    {
        MessageRow message => Message(message, y, link, deciding.Contains(message.Number)),
        PauseRow pause => Html.Of($"""<text class="pause" x="{Gutter - 14}" y="{y - 1}" text-anchor="end" fill="#596273">{Words.Span(pause.Length)} later</text><line class="pause-line" x1="{Gutter}" x2="{Width - 12}" y1="{y - 5}" y2="{y - 5}" stroke="#c4cad4" stroke-dasharray="2 5"/>"""),
        FoldedRow folded => Html.Of($"""<g class="folded"><rect x="{Gutter}" y="{y - 15}" width="{Width - Gutter - 12}" height="22" rx="4" fill="#eef0f4"/><text x="{(Gutter + Width) / 2}" y="{y}" text-anchor="middle" fill="#596273">{folded.Messages} further messages of {folded.Method} exchanges that went well, {Words.Span(folded.To - folded.From)}</text></g>"""),
        MediaRow media => Media(media.Media, y),
        _ => Html.None,
    };

    private Html Message(MessageRow row, int y, Func<int, string>? link, bool isDeciding)
    {
        LadderMessage message = row.Message;
        string time = Words.ClockText(message.At, _zone);
        string since = row.Since is { } span ? (span < TimeSpan.Zero ? "−" : "+") + span.Duration().TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture) : "";
        string words = $"{row.Number}: {row.Title} from {message.Source} to {message.Destination} at {time}{(row.Repeats.Count > 0 ? $", sent {row.Repeats.Count + 1} times" : "")}";
        Html drawn = Html.Of($"""
            <rect class="reach" x="0" y="{y - 17}" width="{Width}" height="{RowHeight - 2}" fill="none"/>
            <text class="clock" x="12" y="{y + 4}" fill="#596273">{time}</text><text class="since" x="{Gutter - 14}" y="{y + 4}" text-anchor="end" fill="#596273" font-size="10">{since}</text>
            {Arrow(row, y)}
            """);
        Html classes = Html.Of($"message {Kind(message.StatusCode)}{(isDeciding ? " deciding" : "")}");
        return link is null
            ? Html.Of($"""<g class="{classes}" id="m{row.Number}"><title>{words}</title>{drawn}</g>""")
            : Html.Of($"""<a class="{classes}" id="m{row.Number}" href="{link(row.Number)}" data-number="{row.Number}" aria-label="{words}">{drawn}</a>""");
    }

    private Html Arrow(MessageRow row, int y)
    {
        LadderMessage message = row.Message;
        string colour = Colour(message.StatusCode);
        int from = Of(message.Source), to = Of(message.Destination);
        string sdp = message.Sdp is null ? "" : " · SDP";
        string again = row.Repeats.Count == 0 ? "" : $" ×{row.Repeats.Count + 1}";
        Html text = Html.Of($"{Short(row.Title, MostText)}{sdp}{(again.Length == 0 ? Html.None : Html.Of($"""<tspan class="again" font-weight="bold">{again}</tspan>"""))}");
        int left = Math.Min(X(from), X(to)), right = Math.Max(X(from), X(to));
        if (from == to)
        {
            return Html.Of($"""<path class="arrow" d="M{left} {y - 5}h26v9h-20" fill="none" stroke="{colour}" stroke-width="1.500"/><path class="tip" d="M{left} {y + 4}l8 -4v8z" fill="{colour}"/><text class="label" x="{left + 34}" y="{y + 2}" fill="{colour}">{text}</text>""");
        }

        int tip = X(to), back = to > from ? -9 : 9;
        return Html.Of($"""<line class="arrow" x1="{X(from)}" y1="{y + 3}" x2="{tip + back}" y2="{y + 3}" stroke="{colour}" stroke-width="1.500"/><path class="tip" d="M{tip} {y + 3}l{back} -4.500v9z" fill="{colour}"/><text class="label" x="{(left + right) / 2}" y="{y - 3}" text-anchor="middle" fill="{colour}">{text}</text>""");
    }

    private Html Media(LadderMedia media, int y)
    {
        (int left, int right) = Between(media.A, media.B);
        string codecs = string.Join(", ", media.Streams.Where(static stream => !IsDigits(stream)).Select(static stream => stream.Codec?.Split('/')[0] ?? $"type {stream.PayloadType}").Distinct(StringComparer.Ordinal).Take(2));
        long there = media.Streams.Where(stream => stream.Source.Address == media.A).Sum(static stream => stream.Packets);
        long back = media.Streams.Where(stream => stream.Source.Address != media.A).Sum(static stream => stream.Packets);
        bool goesRight = OfAddress(media.A) <= OfAddress(media.B);
        (long rightwards, long leftwards) = goesRight ? (there, back) : (back, there);
        string heads = rightwards > 0 && leftwards > 0 ? "⇄" : rightwards > 0 ? "→" : "←";
        double? mos = media.Streams.Min(static stream => stream.Mos);
        string words = media.IsEarly ? $"Early media {codecs} {heads}" : $"RTP {codecs} {heads} {Words.Span(media.To - media.From)}{(mos is { } score ? $" MOS {Words.Number(score, 1)}" : "")}";
        string more = string.Join("; ", media.Streams.Select(static stream => $"{stream.Source} to {stream.Destination}: {stream.Packets} packets, {stream.Lost} lost"));
        return Html.Of($"""
            <g class="media{(media.IsEarly ? " early" : "")}"><title>{words}. {more}</title><text class="clock" x="12" y="{y + 4}" fill="#596273">{Words.ClockText(media.From, _zone)}</text>
            <rect class="bar-media" x="{left}" y="{y - 11}" width="{Math.Max(right - left, 24)}" height="20" rx="4" fill="#0f766e" fill-opacity="0.18"/><text class="label" x="{(left + right) / 2}" y="{y + 3}" text-anchor="middle" fill="#0b5d57">{Short(words, 36)}</text></g>
            """);
    }

    private static bool IsDigits(StreamRecord stream) => stream.Codec?.StartsWith("telephone-event", StringComparison.OrdinalIgnoreCase) ?? false;

    private (int Left, int Right) Between(IpAddress a, IpAddress b)
    {
        int first = X(OfAddress(a)), second = X(OfAddress(b));
        return (Math.Min(first, second), Math.Max(first, second));
    }

    private int Of(Endpoint endpoint) => Math.Clamp(_columns.IndexOf(endpoint), 0, Columns - 1);

    private int OfAddress(IpAddress address) => Math.Clamp(_columns.FindIndex(column => column.Address == address), 0, Columns - 1);

    private static int X(int column) => Gutter + (column * ColumnWidth) + (ColumnWidth / 2);

    private static string Short(string text, int most) => text.Length <= most ? text : text[..(most - 1)] + "…";

    private static string Kind(int status) => status switch { 0 => "request", < 200 => "provisional", < 300 => "success", < 400 => "redirect", _ => "failure" };

    private static string Colour(int status) => status switch { 0 => "#1d5fb8", < 200 => "#8a5300", < 300 => "#156f3d", < 400 => "#6b3fa0", _ => "#b3261e" };
}
