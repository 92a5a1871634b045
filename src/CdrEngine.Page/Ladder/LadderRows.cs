using CdrEngine.Calls.Records;
using CdrEngine.Calls.Transcripts;
using CdrEngine.Core;

namespace CdrEngine.Page.Ladder;

/// <summary>One row of a ladder.</summary>
internal abstract record LadderRow;

/// <summary>A message; those that are the same again are folded into it.</summary>
/// <param name="Number">Its place among all messages, from 1: its name in the page.</param>
/// <param name="Message">The message.</param>
/// <param name="Repeats">When it was seen again between the same two places.</param>
internal sealed record MessageRow(int Number, LadderMessage Message, IReadOnlyList<Timestamp> Repeats) : LadderRow
{
    /// <summary>Since the row of a message before; null for the first.</summary>
    public TimeSpan? Since { get; init; }

    /// <summary>Method that the message is part of, by its CSeq.</summary>
    public string Method => Message.CSeq[(Message.CSeq.LastIndexOf(' ') + 1)..];

    /// <summary>What stands on its arrow.</summary>
    public string Title => Message.StatusCode != 0 && Method is not ("" or "INVITE") ? $"{Message.Title} ({Method})" : Message.Title;
}

/// <summary>Time in which nothing was signalled.</summary>
/// <param name="Length">How long.</param>
internal sealed record PauseRow(TimeSpan Length) : LadderRow;

/// <summary>Many exchanges alike, one after the other, not drawn one by one.</summary>
/// <param name="Method">Their method.</param>
/// <param name="Messages">Messages left out.</param>
/// <param name="From">First of them.</param>
/// <param name="To">Last of them.</param>
internal sealed record FoldedRow(string Method, int Messages, Timestamp From, Timestamp To) : LadderRow;

/// <summary>Sound begins to flow.</summary>
/// <param name="Media">Which.</param>
internal sealed record MediaRow(LadderMedia Media) : LadderRow;

/// <summary>Streams between two machines at the same time: a bar beside the messages.</summary>
/// <param name="A">One end.</param>
/// <param name="B">The other.</param>
/// <param name="Streams">The streams, in both directions.</param>
/// <param name="From">First packet.</param>
/// <param name="To">Last packet.</param>
/// <param name="IsEarly">Whether it began before the answer.</param>
internal sealed record LadderMedia(IpAddress A, IpAddress B, IReadOnlyList<StreamRecord> Streams, Timestamp From, Timestamp To, bool IsEarly);

/// <summary>Makes the rows of a ladder of messages and streams. Pure.</summary>
internal static class LadderRows
{
    /// <summary>Pauses from this length on are told.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Messages of routine in succession from which on they are folded, and how many of them stay at each end.</summary>
    private const int FoldFrom = 16;
    private const int KeptBefore = 4;
    private const int KeptBehind = 2;

    private static readonly string[] Routine = ["INFO", "OPTIONS", "UPDATE", "NOTIFY", "MESSAGE", "PUBLISH", "PRACK"];

    /// <summary>The messages, the same ones folded.</summary>
    public static IReadOnlyList<MessageRow> Messages(IReadOnlyList<LadderMessage> messages)
    {
        var rows = new List<MessageRow>(messages.Count);
        var known = new Dictionary<(ulong Hash, Endpoint Source, Endpoint Destination), int>();
        Timestamp? before = null;
        for (int i = 0; i < messages.Count; i++)
        {
            LadderMessage message = messages[i];
            var key = (message.Hash, message.Source, message.Destination);
            if (known.TryGetValue(key, out int at))
            {
                rows[at] = rows[at] with { Repeats = [.. rows[at].Repeats, message.At] };
                continue;
            }

            known.Add(key, rows.Count);
            rows.Add(new MessageRow(i + 1, message, []) { Since = before is { } earlier ? message.At - earlier : null });
            before = message.At;
        }

        return rows;
    }

    /// <summary>All rows.</summary>
    /// <param name="messages">Messages, from <see cref="Messages"/>.</param>
    /// <param name="media">Bars.</param>
    /// <param name="folds">Whether long routine is folded.</param>
    public static IReadOnlyList<LadderRow> Of(IReadOnlyList<MessageRow> messages, IReadOnlyList<LadderMedia> media, bool folds)
    {
        var rows = new List<LadderRow>(messages.Count + media.Count);
        var waiting = new Queue<LadderMedia>(media.OrderBy(static bar => bar.From));
        for (int i = 0; i < messages.Count; i++)
        {
            MessageRow row = messages[i];
            if (row.Since >= Pause)
            {
                // What begins near the message before stands before the pause, what begins near this one behind it.
                Take(row.Message.At - (row.Since.Value / 2));
                rows.Add(new PauseRow(row.Since.Value));
            }

            Take(row.Message.At);
            int run = folds ? RunFrom(messages, i) : 0;
            if (run < FoldFrom)
            {
                rows.Add(row);
                continue;
            }

            rows.AddRange(messages.Skip(i).Take(KeptBefore));
            int last = i + run - KeptBehind;
            Take(messages[last - 1].Message.At);
            rows.Add(new FoldedRow(row.Method, last - i - KeptBefore, messages[i + KeptBefore].Message.At, messages[last - 1].Message.At));
            rows.AddRange(messages.Skip(last).Take(KeptBehind));
            i += run - 1;
        }

        Take(Timestamp.MaxValue);
        return rows;

        void Take(Timestamp until)
        {
            while (waiting.TryPeek(out LadderMedia? bar) && bar.From < until) rows.Add(new MediaRow(waiting.Dequeue()));
        }
    }

    /// <summary>Streams between the same two machines, both ways and one after the other, as bars. What flowed before the answer is a bar of its own.</summary>
    public static IReadOnlyList<LadderMedia> Media(IEnumerable<StreamRecord> streams, Timestamp? answeredAt)
    {
        var bars = new List<LadderMedia>();
        foreach (StreamRecord stream in streams.OrderBy(static stream => stream.StartedAt))
        {
            (IpAddress a, IpAddress b) = (stream.Source.Address, stream.Destination.Address);
            int at = bars.FindIndex(bar => ((bar.A == a && bar.B == b) || (bar.A == b && bar.B == a)) && stream.StartedAt <= bar.To + TimeSpan.FromSeconds(2));
            if (at < 0) bars.Add(new LadderMedia(a, b, [stream], stream.StartedAt, stream.EndedAt, answeredAt is { } answered && stream.StartedAt < answered));
            else bars[at] = bars[at] with { Streams = [.. bars[at].Streams, stream], To = Timestamp.Max(bars[at].To, stream.EndedAt) };
        }

        return [.. bars.SelectMany(bar => Parted(bar, answeredAt))];
    }

    private static IEnumerable<LadderMedia> Parted(LadderMedia bar, Timestamp? answeredAt)
    {
        if (!bar.IsEarly || answeredAt is not { } answered || bar.To <= answered) return [bar];
        return
        [
            bar with { Streams = [.. bar.Streams.Where(stream => stream.StartedAt < answered)], To = answered },
            bar with { Streams = [.. bar.Streams.Where(stream => stream.EndedAt > answered)], From = answered, IsEarly = false },
        ];
    }

    // How many messages from here on are of the same routine and went well.
    private static int RunFrom(IReadOnlyList<MessageRow> messages, int from)
    {
        string method = messages[from].Method;
        if (!Routine.Contains(method, StringComparer.Ordinal)) return 0;
        int end = from;
        while (end < messages.Count && messages[end].Method == method && messages[end].Message.StatusCode is 0 or (>= 100 and < 300)) end++;
        return end - from;
    }
}
