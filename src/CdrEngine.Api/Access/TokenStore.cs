using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CdrEngine.Api.Access;

/// <summary>The tokens of the API, kept in <c>tokens.json</c> with access for the owner only. Any thread may use it; what another process writes is
/// seen within a second.</summary>
/// <remarks>A token is <c>cdr_ID_SECRET</c>: twelve hexadecimal digits and 256 random bits as 64 hexadecimal digits. Only a hash of the secret is
/// kept; a plain SHA-256 is enough because nobody can guess through 256 random bits, whatever the speed of the hash.</remarks>
public sealed class TokenStore
{
    private const string Prefix = "cdr_";
    private const int IdDigits = 12;
    private const int SecretDigits = 64;
    private const int FileVersion = 1;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private AccessToken[] _tokens = [];
    private FileMark _mark;
    private long _lookedAt;

    private TokenStore(string folder, TimeProvider time)
    {
        _path = Path.Combine(folder, "tokens.json");
        _time = time;
    }

    /// <summary>What a look at the file found wrong last; null where it is in order. The tokens known before stay in force meanwhile.</summary>
    public string? Fault { get; private set; }

    /// <summary>True as long as the file could not be read since the start: then nothing is known of any token.</summary>
    public bool IsUnread { get; private set; }

    /// <summary>Looks at the file, where another look is due; true where nothing is known of any token still.</summary>
    public bool LookIsUnread()
    {
        lock (_lock)
        {
            if (IsUnread) LookAgain();
            return IsUnread;
        }
    }

    /// <summary>The time by which tokens expire.</summary>
    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>Opens the tokens below <paramref name="folder"/>, which is made where there is none.</summary>
    /// <exception cref="IOException">The file is damaged or cannot be read; it is left as it is.</exception>
    public static TokenStore Open(string folder, TimeProvider time)
    {
        MakeFolder(folder);
        var store = new TokenStore(folder, time);
        store.Reload();
        return store;
    }

    /// <summary>As <see cref="Open"/>, for a server: where the file is damaged or cannot be read nobody is let in (<see cref="IsUnread"/>) until it is put right or taken away, and the start goes
    /// on: what the program does beside its API does not depend on tokens.</summary>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public static TokenStore OpenServing(string folder, TimeProvider time)
    {
        MakeFolder(folder);
        var store = new TokenStore(folder, time);
        try
        {
            store.Reload();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            store.Fault = e.Message;
            store.IsUnread = true;
        }

        return store;
    }

    /// <summary>Makes the folder of tokens and audit, for the owner only.</summary>
    internal static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>On the very first start, when there is no token file: makes an administrator's token and returns it. Else null.</summary>
    public string? EnsureAdmin()
    {
        lock (_lock)
        {
            return File.Exists(_path) ? null : Add("administrator, made at the first start", [ApiScopes.Admin], expires: null, tenant: null);
        }
    }

    /// <summary>Makes a token and returns it; it cannot be had again.</summary>
    /// <param name="name">What it is for.</param>
    /// <param name="scopes">What it allows, of <see cref="ApiScopes.All"/>; at least one.</param>
    /// <param name="expires">From when on it is not taken; null for never.</param>
    /// <param name="tenant">Tenant whose calls it shows; null for everybody's.</param>
    /// <exception cref="ArgumentException">A scope that there is not, or none; an empty tenant.</exception>
    public string Create(string name, IReadOnlyList<string> scopes, DateTimeOffset? expires = null, string? tenant = null)
    {
        if (tenant is { Length: 0 }) throw new ArgumentException("a tenant has a name", nameof(tenant));
        if (scopes.Count == 0) throw new ArgumentException("a token needs a scope", nameof(scopes));
        if (scopes.FirstOrDefault(static scope => !ApiScopes.All.Contains(scope, StringComparer.Ordinal)) is { } stranger)
            throw new ArgumentException($"there is no scope '{stranger}'", nameof(scopes));
        lock (_lock)
        {
            Reload();
            return Add(name, scopes, expires, tenant);
        }
    }

    /// <summary>Withdraws a token; false where there is none with this id. A second time changes nothing.</summary>
    public bool Revoke(string id)
    {
        lock (_lock)
        {
            Reload();
            int at = Array.FindIndex(_tokens, token => token.Id == id);
            if (at < 0) return false;
            if (_tokens[at].Revoked is null)
            {
                AccessToken[] tokens = [.. _tokens];
                tokens[at] = tokens[at] with { Revoked = _time.GetUtcNow() };
                Save(tokens);
            }

            return true;
        }
    }

    /// <summary>All tokens, withdrawn and expired ones included.</summary>
    public IReadOnlyList<AccessToken> List()
    {
        lock (_lock)
        {
            LookAgain();
            return _tokens;
        }
    }

    /// <summary>The token with this id, where it is in force; null for anything else.</summary>
    public AccessToken? InForce(string id)
    {
        lock (_lock) LookAgain();
        return Array.Find(_tokens, token => token.Id == id) is { } token && token.IsInForce(_time.GetUtcNow()) ? token : null;
    }

    /// <summary>The token with this id, in force or not; null where there is none.</summary>
    internal AccessToken? Known(string id)
    {
        lock (_lock) LookAgain();
        return Array.Find(_tokens, token => token.Id == id);
    }

    /// <summary>The id of a token that stands in what a client presented, whatever its form; null where none does.</summary>
    internal static string? IdIn(string presented)
    {
        int at = presented.IndexOf(Prefix, StringComparison.Ordinal);
        if (at < 0 || presented.Length < at + Prefix.Length + IdDigits) return null;
        ReadOnlySpan<char> id = presented.AsSpan(at + Prefix.Length, IdDigits);
        return id.ContainsAnyExcept("0123456789abcdef") ? null : id.ToString();
    }

    /// <summary>The token in force that a client presented; null for anything else. Takes the same time whether or not the id exists and wherever the
    /// secret differs.</summary>
    public AccessToken? Find(string presented)
    {
        if (!TrySplit(presented, out string id, out ReadOnlySpan<char> secret)) return null;
        AccessToken[] tokens;
        lock (_lock)
        {
            LookAgain();
            tokens = _tokens;
        }

        AccessToken? token = Array.Find(tokens, token => token.Id == id);
        Span<byte> kept = stackalloc byte[SHA256.HashSizeInBytes];
        kept.Clear();
        if (token is not null) Convert.FromHexString(token.Hash, kept, out _, out _);
        Span<byte> given = stackalloc byte[SHA256.HashSizeInBytes];
        HashSecret(secret, given);
        bool equal = CryptographicOperations.FixedTimeEquals(kept, given);
        return equal && token is not null && token.IsInForce(_time.GetUtcNow()) ? token : null;
    }

    private static bool TrySplit(string presented, out string id, out ReadOnlySpan<char> secret)
    {
        id = "";
        secret = default;
        if (presented.Length != Prefix.Length + IdDigits + 1 + SecretDigits || !presented.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        if (presented[Prefix.Length + IdDigits] != '_') return false;
        id = presented.Substring(Prefix.Length, IdDigits);
        secret = presented.AsSpan(Prefix.Length + IdDigits + 1);
        return true;
    }

    private static void HashSecret(ReadOnlySpan<char> secret, Span<byte> hash)
    {
        Span<byte> text = stackalloc byte[SecretDigits * 3];
        int length = Encoding.UTF8.GetBytes(secret, text);
        SHA256.HashData(text[..length], hash);
    }

    private string Add(string name, IReadOnlyList<string> scopes, DateTimeOffset? expires, string? tenant)
    {
        string secret = RandomNumberGenerator.GetHexString(SecretDigits, lowercase: true);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        HashSecret(secret, hash);
        var token = new AccessToken
        {
            Id = RandomNumberGenerator.GetHexString(IdDigits, lowercase: true),
            Name = name,
            Hash = Convert.ToHexStringLower(hash),
            Scopes = [.. scopes],
            Created = _time.GetUtcNow(),
            Expires = expires,
            Tenant = tenant,
        };
        Save([.. _tokens, token]);
        return $"{Prefix}{token.Id}_{secret}";
    }

    // A file of its own, flushed to disk and moved over the old one: a crash leaves the old or the new tokens, never half of them.
    private void Save(AccessToken[] tokens)
    {
        string temporary = $"{_path}.{Environment.ProcessId}.tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, new TokenFile { Version = FileVersion, Tokens = tokens }, Json);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
        _tokens = tokens;
        _mark = FileMark.Of(_path);
        Fault = null;
    }

    private void LookAgain()
    {
        long now = _time.GetTimestamp();
        if (_lookedAt != 0 && _time.GetElapsedTime(_lookedAt, now) < BetweenLooks) return;
        _lookedAt = now;
        try
        {
            if (IsUnread || FileMark.Of(_path) != _mark) Reload();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fault = e.Message;
        }
    }

    private void Reload()
    {
        FileMark mark = FileMark.Of(_path);
        if (!mark.Exists)
        {
            // Somebody who takes the file away takes the tokens away.
            _tokens = [];
        }
        else
        {
            _tokens = Read();
        }

        _mark = mark;
        Fault = null;
        IsUnread = false;
    }

    private AccessToken[] Read()
    {
        try
        {
            TokenFile? file = JsonSerializer.Deserialize<TokenFile>(File.ReadAllBytes(_path), Json);
            if (file is not { Version: FileVersion } || Array.Exists(file.Tokens, static token => !IsSound(token)))
                throw new IOException($"{_path}: not a token file of this version; put back a good copy, or take it away: the next start without it makes a new administrator's token");
            return file.Tokens;
        }
        catch (JsonException e)
        {
            throw new IOException($"{_path}: damaged ({e.Message.ReplaceLineEndings(" ")}); put back a good copy, or take it away: the next start without it makes a new administrator's token", e);
        }
    }

    private static bool IsSound(AccessToken? token) =>
        token is { Id.Length: IdDigits, Hash.Length: SHA256.HashSizeInBytes * 2, Name: not null, Scopes: not null, Tenant: null or { Length: > 0 } } && token.Hash.All(char.IsAsciiHexDigit);

    private readonly record struct FileMark(bool Exists, DateTime Written, long Length)
    {
        public static FileMark Of(string path)
        {
            var file = new FileInfo(path);
            return file.Exists ? new FileMark(true, file.LastWriteTimeUtc, file.Length) : default;
        }
    }

    private sealed record TokenFile
    {
        public required int Version { get; init; }

        public required AccessToken[] Tokens { get; init; }
    }
}
