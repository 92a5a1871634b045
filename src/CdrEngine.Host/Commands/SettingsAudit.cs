using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CdrEngine.Api.Access.Audit;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;

namespace CdrEngine.Host.Commands;

/// <summary>Notes in the audit which settings are others than at the start before: their names, never their values.</summary>
/// <remarks><c>access/settings.json</c> keeps 32 bits of a keyed hash of each value: enough to see a change, too little to tell a secret by.</remarks>
internal static class SettingsAudit
{
    /// <summary>File below the folder of access.</summary>
    public const string FileName = "settings.json";

    private const int KeyBytes = 16;
    private const int MostNames = 60;

    /// <summary>Compares, notes and remembers. What cannot be written is told, and the start goes on.</summary>
    public static void Note(Settings settings, CommandContext context)
    {
        string path = Path.Combine(DataFolder.Access(settings.DataDirectory), FileName);
        if (!Directory.Exists(Path.GetDirectoryName(path))) return;
        try
        {
            Known? before = Read(path);
            byte[] key = before?.Key ?? RandomNumberGenerator.GetBytes(KeyBytes);
            SortedDictionary<string, string> now = Marks(settings, key);
            if (before is not null)
            {
                string[] changed = [.. now.Keys.Union(before.Marks.Keys, StringComparer.Ordinal).Where(name => now.GetValueOrDefault(name) != before.Marks.GetValueOrDefault(name)).Order(StringComparer.Ordinal)];
                if (changed.Length == 0) return;
                string more = changed.Length > MostNames ? $" and {changed.Length - MostNames} more" : "";
                new AuditTrail(DataFolder.Access(settings.DataDirectory), context.Time)
                    .Write(new AuditEntry("change_settings") { Who = CommandAudit.Who(context), Via = AuditVia.Command, Detail = string.Join(", ", changed.Take(MostNames)) + more });
            }

            Write(path, new Known(key, now));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            context.Error.WriteLine($"cdrengine: which settings changed cannot be noted: {Output.WireText.Escape(e.Message.ReplaceLineEndings(" "))}");
        }
    }

    private static SortedDictionary<string, string> Marks(Settings settings, byte[] key)
    {
        var marks = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string text) in settings.Texts) marks[name] = Mark(key, name, text);

        // Flags of the command that stand instead of settings.
        marks["capture.interfaces"] = Mark(key, "capture.interfaces", string.Join('\n', settings.Capture.Interfaces));
        marks["hep.listen"] = Mark(key, "hep.listen", settings.Hep.Listen?.ToString() ?? "");
        return marks;
    }

    private static string Mark(byte[] key, string name, string text)
    {
        byte[] hash = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{name}\0{text}"));
        return BinaryPrimitives.ReadUInt32BigEndian(hash).ToString("x8", System.Globalization.CultureInfo.InvariantCulture);
    }

    // Null where there is none, or none that can be read: what was before is not known then.
    private static Known? Read(string path)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<Known>(File.ReadAllBytes(path)) is { Key.Length: KeyBytes, Marks: not null } known ? known : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Write(string path, Known known)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(temporary, options)) JsonSerializer.Serialize(file, known);
        File.Move(temporary, path, overwrite: true);
    }

    private sealed record Known(byte[] Key, SortedDictionary<string, string> Marks);
}
