using System.Globalization;
using System.Net;

namespace CdrEngine.Api.Access;

/// <summary>Remembers which tokens are being guessed at, from however many addresses, and makes the guessing slow. Any thread.</summary>
/// <remarks>Who has shown the token rightly not long ago is not held up: nobody can lock a token's owner out by guessing at it from elsewhere. Ids that are
/// guessed at are counted whether there is such a token or not, so that an answer does not tell. Both maps are bounded.</remarks>
internal sealed class TokenBackOff(ApiLimits limits, TimeProvider time)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(7);

    private readonly FailureBackOff _failures = new(limits with { FailuresBeforeBackOff = limits.TokenFailuresBeforeBackOff }, time);
    private readonly Dictionary<(ulong Token, ulong Network), long> _known = [];
    private readonly Lock _lock = new();

    /// <summary>How long a token must still not be shown from an address; zero where it may be.</summary>
    /// <param name="id">Id of the token, twelve hexadecimal digits; null for none.</param>
    /// <param name="address">Address.</param>
    public TimeSpan Remaining(string? id, IPAddress? address)
    {
        if (id is null) return TimeSpan.Zero;
        ulong token = Key(id);
        TimeSpan wait = _failures.Remaining(token);
        if (wait == TimeSpan.Zero) return wait;
        lock (_lock) return _known.TryGetValue((token, ClientNetwork.Of(address)), out long last) && time.GetElapsedTime(last) < Remembered ? TimeSpan.Zero : wait;
    }

    /// <summary>Counts a wrong secret.</summary>
    public void Failed(string? id)
    {
        if (id is not null) _failures.Failed(Key(id));
    }

    /// <summary>Remembers that a token was shown rightly from an address. What others guessed stays counted.</summary>
    public void Succeeded(string id, IPAddress? address)
    {
        if (TokenStore.IdIn($"cdr_{id}") is null) return;
        lock (_lock)
        {
            (ulong, ulong) client = (Key(id), ClientNetwork.Of(address));
            if (!_known.ContainsKey(client) && _known.Count >= limits.BackOffAddresses) _known.Remove(_known.MinBy(static entry => entry.Value).Key);
            _known[client] = time.GetTimestamp();
        }
    }

    private static ulong Key(string id) => ulong.Parse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
