using System.Security.Cryptography;
using System.Text;

namespace CdrEngine.Page.Access;

/// <summary>Who is signed in, in memory: a restart signs everybody out. Any thread.</summary>
/// <remarks>The cookie holds 256 random bits; kept is their hash only, so that nothing read out of this process opens a sign-in. A sign-in ends after a
/// time without requests, at the end of its life, at sign-out, and when its token is withdrawn or expires, which whoever asks finds out.</remarks>
internal sealed class PageSessions(PageOptions options, TimeProvider time)
{
    private readonly Dictionary<string, PageSession> _sessions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>Sign-ins now, those included whose time has run out and that nobody has asked for since.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _sessions.Count;
        }
    }

    /// <summary>Signs somebody in; gives what goes into the cookie.</summary>
    public string Begin(string tokenId)
    {
        string secret = RandomNumberGenerator.GetHexString(64, lowercase: true);
        DateTimeOffset now = time.GetUtcNow();
        var session = new PageSession(Key(secret), tokenId, RandomNumberGenerator.GetHexString(64, lowercase: true), now, now);
        lock (_lock)
        {
            if (_sessions.Count >= options.Sessions) MakeRoom(now);
            _sessions[session.Key] = session;
        }

        return secret;
    }

    /// <summary>The sign-in of a cookie, which counts as a use of it; null where there is none or its time has run out.</summary>
    public PageSession? Find(string secret)
    {
        if (secret.Length != 64) return null;
        string key = Key(secret);
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            if (!_sessions.TryGetValue(key, out PageSession? session)) return null;
            if (IsOver(session, now))
            {
                _sessions.Remove(key);
                return null;
            }

            _sessions[key] = session with { UsedAt = now };
            return session;
        }
    }

    /// <summary>Ends a sign-in; harmless where there is none.</summary>
    public void End(PageSession session)
    {
        lock (_lock) _sessions.Remove(session.Key);
    }

    private bool IsOver(PageSession session, DateTimeOffset now) => now - session.UsedAt >= options.SessionIdle || now - session.BegunAt >= options.SessionLife;

    private void MakeRoom(DateTimeOffset now)
    {
        foreach (PageSession over in _sessions.Values.Where(session => IsOver(session, now)).ToArray()) _sessions.Remove(over.Key);
        if (_sessions.Count >= options.Sessions) _sessions.Remove(_sessions.Values.MinBy(static session => session.UsedAt)!.Key);
    }

    private static string Key(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}

/// <summary>One sign-in.</summary>
/// <param name="Key">Hash of what the cookie holds.</param>
/// <param name="TokenId">Token it was begun with.</param>
/// <param name="FormKey">What every form of it must send along, so that no other site's form counts.</param>
/// <param name="BegunAt">When it began.</param>
/// <param name="UsedAt">Last request.</param>
internal sealed record PageSession(string Key, string TokenId, string FormKey, DateTimeOffset BegunAt, DateTimeOffset UsedAt);
