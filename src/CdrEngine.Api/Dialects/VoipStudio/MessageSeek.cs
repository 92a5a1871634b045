using CdrEngine.Calls.Messages;
using CdrEngine.Calls.Ports;
using CdrEngine.Core;

namespace CdrEngine.Api.Dialects.VoipStudio;

/// <summary>Finds places in lists of messages by counting: what the store has before an instant is known to it, and so is how much of that is not shown.</summary>
internal static class MessageSeek
{
    /// <summary>Rows that are as well read and dropped.</summary>
    private const int Near = 50;

    private const int MostSteps = 16;

    /// <summary>A place before a row, as near as a few counts lead.</summary>
    /// <param name="row">The row, of those that are shown.</param>
    /// <param name="messages">The messages.</param>
    /// <param name="query">The list.</param>
    /// <param name="shown">How many of a part of the list are shown.</param>
    /// <returns>Rows shown before the place, and the cursor that leads there; null for the start of the list.</returns>
    public static (long Row, string? Cursor) Find(long row, IMessageReader messages, MessageQuery query, Func<MessageQuery, long> shown)
    {
        (long Row, string? Cursor) place = (0, null);

        // As many rows as are shown are to be passed at least; how many more, the part before the row that this leads to tells.
        long passed = 0;
        for (int step = 0; step < MostSteps && row - place.Row > Near; step++)
        {
            passed += row - place.Row;
            if (Single(messages, query, passed - 1).Items is not [{ } there]) break;
            MessageQuery before = Before(query, there.StartedAt);
            long first = messages.CountMessages(before), seen = shown(before);
            if (first == 0 || seen > row || seen <= place.Row) break;
            string? cursor = Single(messages, query, first - 1).NextCursor;
            if (cursor is null) break;
            place = (seen, cursor);
            passed = first;
        }

        return place;
    }

    private static ListPage<MessageRecord> Single(IMessageReader messages, MessageQuery query, long row) => messages.ListMessages(query with { Skip = row, Limit = 1, Cursor = null });

    // What stands before the first message of an instant.
    private static MessageQuery Before(MessageQuery query, Timestamp at)
    {
        if (query.Ascending) return query with { To = query.To is { } to && to < at ? to : at };
        var behind = new Timestamp(at.Microseconds + 1);
        return query with { From = query.From is { } from && from > behind ? from : behind };
    }
}
