namespace CdrEngine.Api.Access;

/// <summary>How many requests a minute each client may make. Bounded: where more clients come than are remembered, the one seen longest ago is forgotten. Any
/// thread.</summary>
/// <param name="perMinute">Requests of one client in a minute.</param>
/// <param name="most">Clients remembered.</param>
/// <param name="time">The clock.</param>
internal sealed class RequestRate(int perMinute, int most, TimeProvider time)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<ulong, (long Began, int Count)> _clients = [];
    private readonly Lock _lock = new();

    /// <summary>Counts a request; false where it is one too many.</summary>
    public bool Takes(ulong client)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            bool known = _clients.TryGetValue(client, out (long Began, int Count) minute);
            if (!known && _clients.Count >= most) _clients.Remove(_clients.MinBy(static entry => entry.Value.Began).Key);
            if (!known || time.GetElapsedTime(minute.Began, now) >= Minute) minute = (now, 0);
            _clients[client] = (minute.Began, minute.Count + 1);
            return minute.Count < perMinute;
        }
    }
}
