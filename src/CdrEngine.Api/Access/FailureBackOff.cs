using System.Net;

namespace CdrEngine.Api.Access;

/// <summary>Remembers who gave wrong tokens and how long they must wait. Any thread may use it.</summary>
/// <remarks>IPv6 addresses count by their /64, the smallest network a client is given, so that nobody has more lives than one.</remarks>
internal sealed class FailureBackOff(ApiLimits limits, TimeProvider time)
{
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(15);

    private readonly Dictionary<ulong, Failures> _clients = [];
    private readonly Lock _lock = new();

    public int Count
    {
        get
        {
            lock (_lock) return _clients.Count;
        }
    }

    /// <summary>How long this address must still wait; zero where it need not.</summary>
    public TimeSpan Remaining(IPAddress? address) => Remaining(ClientNetwork.Of(address));

    /// <summary>The same of a key of any other kind.</summary>
    public TimeSpan Remaining(ulong key)
    {
        lock (_lock)
        {
            if (!_clients.TryGetValue(key, out Failures failures)) return TimeSpan.Zero;
            TimeSpan left = Wait(failures.Count) - time.GetElapsedTime(failures.Last);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    public void Failed(IPAddress? address) => Failed(ClientNetwork.Of(address));

    public void Failed(ulong client)
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            bool known = _clients.TryGetValue(client, out Failures failures);
            int count = known && time.GetElapsedTime(failures.Last, now) < Forgotten ? failures.Count : 0;
            if (!known && _clients.Count >= limits.BackOffAddresses) _clients.Remove(_clients.MinBy(static entry => entry.Value.Last).Key);
            _clients[client] = new Failures(count + 1, now);
        }
    }

    public void Succeeded(IPAddress? address) => Succeeded(ClientNetwork.Of(address));

    public void Succeeded(ulong key)
    {
        lock (_lock) _clients.Remove(key);
    }

    private TimeSpan Wait(int failures)
    {
        int over = failures - limits.FailuresBeforeBackOff;
        if (over < 0) return TimeSpan.Zero;
        double seconds = Math.Min(Math.Pow(2, Math.Min(over, 30)), limits.LongestBackOff.TotalSeconds);
        return TimeSpan.FromSeconds(seconds);
    }

    private readonly record struct Failures(int Count, long Last);
}
