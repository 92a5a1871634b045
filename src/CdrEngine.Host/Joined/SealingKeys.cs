using CdrEngine.Host.Commands;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Output;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Host.Joined;

/// <summary>The keys of settings and environment, and the one line where one is missing.</summary>
internal static class SealingKeys
{
    private const int ToldAtMost = 64;
    private static readonly HashSet<ulong> Told = [];

    /// <summary>The keys that packets and recordings are sealed with; null where they are kept in the clear.</summary>
    /// <exception cref="CommandException">They cannot be read.</exception>
    public static KeyRing? Of(Settings settings)
    {
        EncryptionSettings at = settings.Encryption;
        if (at.KeyFile.Length == 0 && at.Keys.Length == 0) return null;
        if (at.KeyFile.Length > 0 && at.Keys.Length > 0) throw new CommandException("encryption: key-file and keys are both set; one of them is enough");
        string origin = at.KeyFile.Length > 0 ? at.KeyFile : "encryption.keys";
        string text;
        try
        {
            text = at.KeyFile.Length > 0 ? File.ReadAllText(at.KeyFile) : at.Keys;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"encryption.key-file: {e.Message.ReplaceLineEndings(" ")}");
        }

        return KeyRing.TryParse(text, out string? fault) ?? throw new CommandException($"{origin}: {fault}");
    }

    /// <summary>Says on standard error that a key is missing; each key once.</summary>
    public static void TellMissing(string what, ulong key)
    {
        lock (Told)
        {
            if (Told.Count >= ToldAtMost || !Told.Add(key)) return;
        }

        Console.Error.WriteLine(WireText.Escape($"cdrengine: {what}: sealed by key {KeyRing.Show(key)}, which is not among those of encryption.key-file and encryption.keys"));
    }
}
