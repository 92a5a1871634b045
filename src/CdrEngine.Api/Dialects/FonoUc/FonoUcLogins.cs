using System.Security.Cryptography;
using System.Text;
using CdrEngine.Api.Access;

namespace CdrEngine.Api.Dialects.FonoUc;

/// <summary>Who is logged in: pairs of an access token and a refresh token, 256 random bits each, of which only hashes are kept, in memory. A pair ends with
/// the token behind it, by logout, by a refresh, by age, and with the process. Any thread.</summary>
internal sealed class FonoUcLogins
{
    /// <summary>How long an access token is good.</summary>
    public static readonly TimeSpan AccessAge = TimeSpan.FromHours(1);

    /// <summary>How long a refresh token is good.</summary>
    public static readonly TimeSpan RefreshAge = TimeSpan.FromDays(14);

    /// <summary>Pairs kept at once; the one made longest ago makes room.</summary>
    public const int MostLogins = 10_000;

    private readonly Dictionary<string, Login> _byAccess = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Login> _byRefresh = new(StringComparer.Ordinal);
    private readonly Queue<Login> _inOrder = new();
    private readonly Lock _lock = new();

    /// <summary>Makes a pair.</summary>
    /// <param name="tokenId">Id of the token behind it; empty where none are asked for.</param>
    /// <param name="tenant">The one tenant it shows; null for all.</param>
    /// <param name="domain">Domain of the login.</param>
    /// <param name="now">Time.</param>
    public (string Access, string Refresh) Make(string tokenId, string? tenant, string? domain, DateTimeOffset now)
    {
        string access = RandomNumberGenerator.GetHexString(64, lowercase: true);
        string refresh = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var login = new Login(tokenId, tenant, domain, Hash(access), Hash(refresh), now);
        lock (_lock)
        {
            while (_inOrder.TryPeek(out Login? oldest) && (_inOrder.Count >= MostLogins || now - oldest.Made >= RefreshAge))
            {
                _inOrder.Dequeue();
                Remove(oldest);
            }

            _inOrder.Enqueue(login);
            _byAccess.Add(login.AccessHash, login);
            _byRefresh.Add(login.RefreshHash, login);
        }

        return (access, refresh);
    }

    /// <summary>The login of an access token that is still good; null for anything else.</summary>
    public Login? Find(string access, DateTimeOffset now)
    {
        lock (_lock) return _byAccess.TryGetValue(Hash(access), out Login? login) && now - login.Made < AccessAge ? login : null;
    }

    /// <summary>Takes a refresh token: it and its access token are good no more. Null where it was not.</summary>
    public Login? Take(string refresh, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (!_byRefresh.TryGetValue(Hash(refresh), out Login? login)) return null;
            Remove(login);
            return now - login.Made < RefreshAge ? login : null;
        }
    }

    /// <summary>Ends the login of an access token.</summary>
    public void End(string access)
    {
        lock (_lock)
        {
            if (_byAccess.TryGetValue(Hash(access), out Login? login)) Remove(login);
        }
    }

    private void Remove(Login login)
    {
        _byAccess.Remove(login.AccessHash);
        _byRefresh.Remove(login.RefreshHash);
    }

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    /// <summary>One login.</summary>
    internal sealed record Login(string TokenId, string? Tenant, string? Domain, string AccessHash, string RefreshHash, DateTimeOffset Made)
    {
        /// <summary>The token behind it as it is now, showing what the login shows; null where it is not in force.</summary>
        public AccessToken? Token(TokenStore tokens) => tokens.InForce(TokenId) is { } token ? token with { Tenant = token.Tenant ?? Tenant } : null;
    }
}
