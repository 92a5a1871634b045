using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CdrEngine.Api.Access.Shares;

/// <summary>The links to recordings, kept in <c>shares.json</c> with access for the owner only. Any thread and several processes may use it; what another
/// process writes is seen at once.</summary>
/// <remarks>What is handed out is <c>ID-SECRET</c>, with 192 random bits, of which a hash is kept. Links that ended a month ago are forgotten.</remarks>
public sealed class ShareStore
{
    /// <summary>Most links at once unless told otherwise.</summary>
    public const int DefaultMost = 2_000;

    private const int IdDigits = 12;
    private const int SecretDigits = 48;
    private const int FileVersion = 1;
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(30);
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    private readonly string _folder;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly int _most;
    private readonly Lock _lock = new();
    private ShareLink[] _links = [];
    private (DateTime Written, long Length) _mark;

    /// <summary>Puts it together; nothing is read yet.</summary>
    /// <param name="folder">Folder of tokens and audit.</param>
    /// <param name="time">The time by which links end.</param>
    /// <param name="most">Most links in force at once.</param>
    public ShareStore(string folder, TimeProvider time, int most = DefaultMost)
    {
        _folder = folder;
        _path = Path.Combine(folder, "shares.json");
        _time = time;
        _most = most;
    }

    /// <summary>Makes a link and gives what opens it, which cannot be had again; null where there are as many as may be.</summary>
    /// <exception cref="IOException">It cannot be kept.</exception>
    public (ShareLink Link, string Text)? Create(ShareWish wish)
    {
        ArgumentNullException.ThrowIfNull(wish);
        string secret = RandomNumberGenerator.GetHexString(SecretDigits, lowercase: true);
        var link = new ShareLink
        {
            Id = RandomNumberGenerator.GetHexString(IdDigits, lowercase: true),
            Hash = Convert.ToHexStringLower(Hash(secret)),
            CallId = wish.CallId,
            Tenant = wish.Tenant,
            Name = wish.Name,
            Ladder = wish.Ladder,
            CreatedBy = wish.CreatedBy,
            Created = _time.GetUtcNow(),
            Expires = wish.Expires,
            MostUses = wish.MostUses,
            Passphrase = wish.Passphrase is { } phrase ? Passphrase.Keep(phrase) : null,
        };
        bool kept = Change(links => links.Count(one => one.IsInForce(_time.GetUtcNow())) >= _most ? null : [.. links, link]);
        return kept ? (link, $"{link.Id}-{secret}") : null;
    }

    /// <summary>All links, withdrawn and expired ones of the last month included; the latest first.</summary>
    public IReadOnlyList<ShareLink> List()
    {
        lock (_lock)
        {
            Look();
            return [.. _links.OrderByDescending(static link => link.Created).ThenByDescending(static link => link.Id, StringComparer.Ordinal)];
        }
    }

    /// <summary>The link with this id; null where there is none.</summary>
    public ShareLink? Get(string id)
    {
        lock (_lock)
        {
            Look();
            return Array.Find(_links, link => link.Id == id);
        }
    }

    /// <summary>Withdraws a link; false where there is none with this id. A second time changes nothing.</summary>
    public bool Revoke(string id) =>
        Change(links => Array.Exists(links, link => link.Id == id)
            ? Array.ConvertAll(links, link => link.Id == id && link.Revoked is null ? link with { Revoked = _time.GetUtcNow() } : link)
            : null);

    /// <summary>The link in force that a text opens; null for anything else. Takes the same time whether or not there is such a link and wherever the secret
    /// differs.</summary>
    public ShareLink? Find(string text)
    {
        if (IdIn(text) is not { } id) return null;
        ShareLink? link = Get(id);
        Span<byte> kept = stackalloc byte[SHA256.HashSizeInBytes];
        kept.Clear();
        if (link is not null) Convert.FromHexString(link.Hash, kept, out _, out _);
        bool equal = CryptographicOperations.FixedTimeEquals(kept, Hash(text[(IdDigits + 1)..]));
        return equal && link is not null && link.IsInForce(_time.GetUtcNow()) ? link : null;
    }

    /// <summary>Counts that a link was opened; false where it may not be once more.</summary>
    public bool Use(string id)
    {
        bool used = false;
        return Change(links => Array.ConvertAll(links, link =>
        {
            if (link.Id != id || !link.IsInForce(_time.GetUtcNow()) || link.IsUsedUp) return link;
            used = true;
            return link with { Uses = link.Uses + 1, LastUsed = _time.GetUtcNow() };
        })) && used;
    }

    /// <summary>The id in a text that may open a link; null where it has not the form of one.</summary>
    internal static string? IdIn(string text) =>
        text.Length == IdDigits + 1 + SecretDigits && text[IdDigits] == '-' && !text.AsSpan(0, IdDigits).ContainsAnyExcept("0123456789abcdef") ? text[..IdDigits] : null;

    private static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private bool Change(Func<ShareLink[], ShareLink[]?> change)
    {
        lock (_lock)
        {
            TokenStore.MakeFolder(_folder);
            using FileStream held = FolderLock.Hold(_folder, "shares.lock");
            Read();
            DateTimeOffset now = _time.GetUtcNow();
            if (change(_links) is not { } links) return false;
            Save([.. links.Where(link => now - (link.Revoked < link.Expires ? link.Revoked.Value : link.Expires) < Remembered)]);
            return true;
        }
    }

    private void Look()
    {
        if (Mark() != _mark) Read();
    }

    private (DateTime Written, long Length) Mark() => new FileInfo(_path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;

    private void Read()
    {
        (DateTime Written, long Length) mark = Mark();
        if (mark == default)
        {
            _links = [];
        }
        else
        {
            try
            {
                ShareFile? file = JsonSerializer.Deserialize<ShareFile>(File.ReadAllBytes(_path), Json);
                if (file is not { Version: FileVersion } || Array.Exists(file.Links, static link => !IsSound(link))) throw new IOException($"{_path}: not a file of links of this version; put it right or take it away");
                _links = file.Links;
            }
            catch (JsonException e)
            {
                throw new IOException($"{_path}: damaged ({e.Message.ReplaceLineEndings(" ")}); put it right or take it away", e);
            }
        }

        _mark = mark;
    }

    private static bool IsSound(ShareLink? link) =>
        link is { Id.Length: IdDigits, Hash.Length: 2 * SHA256.HashSizeInBytes, CallId: not null, Name: not null, CreatedBy: not null }
        && link.Hash.All(char.IsAsciiHexDigit) && (link.Passphrase is null || Passphrase.IsSound(link.Passphrase));

    // A file of its own, flushed to disk and moved over the old one, as with tokens.
    private void Save(ShareLink[] links)
    {
        string temporary = $"{_path}.tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, new ShareFile { Version = FileVersion, Links = links }, Json);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, _path, overwrite: true);
        _links = links;
        _mark = Mark();
    }

    private sealed record ShareFile
    {
        public required int Version { get; init; }

        public required ShareLink[] Links { get; init; }
    }
}
