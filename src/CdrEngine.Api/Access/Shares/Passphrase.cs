using System.Security.Cryptography;
using System.Text;

namespace CdrEngine.Api.Access.Shares;

/// <summary>Passphrases of links: chosen by people, so kept by a slow derivation with a salt of their own.</summary>
internal static class Passphrase
{
    /// <summary>Fewest characters.</summary>
    public const int Shortest = 6;

    /// <summary>Most characters.</summary>
    public const int Longest = 128;

    // OWASP's cheat sheet on password storage asks for 210,000 rounds of PBKDF2 with SHA-512: some tenth of a second.
    private const int Rounds = 210_000;
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;

    /// <summary>What is kept of one.</summary>
    public static string Keep(string passphrase)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return $"{Convert.ToHexStringLower(salt)}:{Convert.ToHexStringLower(Derive(passphrase, salt))}";
    }

    /// <summary>Whether it is the one that was kept; in the same time wherever they differ.</summary>
    public static bool Is(string kept, string passphrase)
    {
        string[] parts = kept.Split(':');
        return CryptographicOperations.FixedTimeEquals(Convert.FromHexString(parts[1]), Derive(passphrase, Convert.FromHexString(parts[0])));
    }

    /// <summary>Whether a kept text can be one of ours.</summary>
    public static bool IsSound(string kept) =>
        kept.Length == (2 * SaltBytes) + 1 + (2 * KeyBytes) && kept[2 * SaltBytes] == ':' && kept.Where(static (_, i) => i != 2 * SaltBytes).All(char.IsAsciiHexDigit);

    private static byte[] Derive(string passphrase, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(passphrase), salt, Rounds, HashAlgorithmName.SHA512, KeyBytes);
}
