using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace CdrEngine.PacketLog.Sealing;

/// <summary>The keys that files are sealed with: the first is the one for new files, the others open what was sealed before. Any thread.</summary>
/// <remarks>A key never meets what is sealed: each file has a key of its own, which lies in the file, wrapped by one of these. So a key is changed by
/// wrapping anew (<see cref="FileKeys.Rewrap"/>), without touching the sealed bytes.</remarks>
public sealed class KeyRing
{
    /// <summary>Bytes of a key: AES-256.</summary>
    public const int KeyBytes = 32;

    /// <summary>Keys that a ring holds at most.</summary>
    public const int MaxKeys = 64;

    private readonly List<(ulong Id, byte[] Key)> _keys;

    private KeyRing(List<(ulong Id, byte[] Key)> keys) => _keys = keys;

    /// <summary>Id of the key for new files.</summary>
    public ulong Current => _keys[0].Id;

    /// <summary>Ids of all keys, the current one first.</summary>
    public IReadOnlyList<ulong> Ids => [.. _keys.Select(static key => key.Id)];

    /// <summary>An id as people are shown it: 16 hexadecimal digits.</summary>
    public static string Show(ulong id) => id.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>A new key as <see cref="TryParse"/> reads it.</summary>
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Reads keys: 32 bytes each in base64 or as 64 hexadecimal digits, a line each (or a comma between); what follows <c>#</c> is a remark.</summary>
    /// <param name="text">The text.</param>
    /// <param name="fault">What is wrong, without the text itself, which is secret; null where nothing is.</param>
    /// <returns>The ring; null where there is a fault.</returns>
    public static KeyRing? TryParse(string text, out string? fault)
    {
        var keys = new List<(ulong Id, byte[] Key)>();
        int line = 0;
        foreach (string raw in text.Split('\n', ','))
        {
            line++;
            int remark = raw.IndexOf('#', StringComparison.Ordinal);
            string item = (remark < 0 ? raw : raw[..remark]).Trim();
            if (item.Length == 0) continue;
            if (Decode(item) is not { } key)
            {
                fault = $"line {line}: a key is {KeyBytes} bytes in base64 or {KeyBytes * 2} hexadecimal digits";
                return null;
            }

            ulong id = IdOf(key);
            if (keys.Exists(other => other.Id == id))
            {
                fault = $"line {line}: the same key again";
                return null;
            }

            keys.Add((id, key));
        }

        fault = keys.Count == 0 ? "there is no key in it" : keys.Count > MaxKeys ? $"{keys.Count} keys are more than {MaxKeys}" : null;
        return fault is null ? new KeyRing(keys) : null;
    }

    /// <summary>Whether a key is among these.</summary>
    public bool Has(ulong id) => _keys.Exists(key => key.Id == id);

    internal AesGcm? Cipher(ulong id)
    {
        int at = _keys.FindIndex(key => key.Id == id);
        return at < 0 ? null : new AesGcm(_keys[at].Key, FileKeys.TagBytes);
    }

    /// <summary>A key for blocks that are sealed one by one, derived from one of these.</summary>
    internal byte[]? Derive(ulong id, ReadOnlySpan<byte> salt, string purpose)
    {
        int at = _keys.FindIndex(key => key.Id == id);
        if (at < 0) return null;
        byte[] derived = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _keys[at].Key, derived, salt, System.Text.Encoding.ASCII.GetBytes(purpose));
        return derived;
    }

    // One way: an id says nothing of its key.
    private static ulong IdOf(byte[] key) => BinaryPrimitives.ReadUInt64BigEndian(HMACSHA256.HashData(key, "cdrengine key id"u8));

    private static byte[]? Decode(string item)
    {
        if (item.Length == KeyBytes * 2 && item.All(char.IsAsciiHexDigit)) return Convert.FromHexString(item);
        byte[] bytes = new byte[KeyBytes + 1];
        return Convert.TryFromBase64String(item, bytes, out int length) && length == KeyBytes ? bytes[..KeyBytes] : null;
    }
}
