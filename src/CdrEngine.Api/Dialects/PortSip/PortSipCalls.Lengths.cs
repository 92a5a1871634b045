using CdrEngine.Api.Dialects.Common;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Api.Dialects.PortSip;

// Calls in order of their lengths, as many as there may be: the store has them in this order, and each page goes on where one before it ended.
internal sealed partial class PortSipCalls
{
    private const int PlacesKept = 1_000;

    private readonly Lock _lengthsLock = new();
    private readonly Dictionary<string, (DateTimeOffset At, SortedList<long, string> Places)> _byLength = new(StringComparer.Ordinal);

    // Null where the page is too far behind any that was asked for.
    private List<ListedCall>? ByLength(DialectRequest request, PortSipAsked asked, CallQuery query, string key)
    {
        DialectDesk desk = request.Desk;
        CallQuery ordered = query with { Sort = CallSort.Duration, Ascending = !asked.Descending };
        (long at, string? cursor) = asked.Skip == 0 ? (0, null) : Nearest(key, asked.Skip);
        if (asked.Skip - at > desk.Options.MostJudged) return null;
        while (at < asked.Skip)
        {
            CallPage passed = desk.Reader.List(ordered with { Limit = (int)Math.Min(CallQuery.MaxLimit, asked.Skip - at), Cursor = cursor });
            request.Http.RequestAborted.ThrowIfCancellationRequested();
            at += passed.Calls.Count;
            if ((cursor = passed.NextCursor) is null) return [];
        }

        CallPage page = desk.Reader.List(ordered with { Limit = asked.Top, Cursor = cursor });
        if (page.NextCursor is { } next) Remember(key, asked.Skip + page.Calls.Count, next, desk.Options.Time.GetUtcNow(), isFirst: asked.Skip == 0);
        return [.. page.Calls.Select(call => desk.Calls.Find(call.Id)).OfType<ListedCall>()];
    }

    private (long At, string? Cursor) Nearest(string key, long skip)
    {
        lock (_lengthsLock)
        {
            if (!_byLength.TryGetValue(key, out (DateTimeOffset At, SortedList<long, string> Places) known)) return (0, null);
            int low = PortSipKept.UpTo(known.Places, skip);
            return low == 0 ? (0, null) : (known.Places.Keys[low - 1], known.Places.Values[low - 1]);
        }
    }

    private void Remember(string key, long at, string cursor, DateTimeOffset now, bool isFirst)
    {
        lock (_lengthsLock)
        {
            SortedList<long, string> places = !isFirst && _byLength.TryGetValue(key, out (DateTimeOffset At, SortedList<long, string> Places) known) ? known.Places : [];
            if (places.Count >= PlacesKept) places.RemoveAt(0);
            places[at] = cursor;
            _byLength[key] = (now, places);
            if (_byLength.Count > PortSipKept.Most) _byLength.Remove(_byLength.MinBy(static list => list.Value.At).Key);
        }
    }
}
