using System.Security.Cryptography;
using System.Text.Json;

namespace CdrEngine.Host.Upkeep;

/// <summary>One file of a backup.</summary>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Sha256">SHA-256 of them, hexadecimal.</param>
/// <param name="Stamp">Size and time of what it was copied of, by which a change is seen.</param>
internal sealed record BackupFile(long Bytes, string Sha256, string Stamp);

/// <summary>What a backup holds: <c>backup.json</c> in its folder, there only while the backup is whole.</summary>
internal sealed class BackupManifest
{
    public const string FileName = "backup.json";
    public const string LastName = "backup.json.last";
    private const int Format = 1;

    /// <summary>Files by their path below the folder.</summary>
    public SortedDictionary<string, BackupFile> Files { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Program that made it.</summary>
    public string Version { get; private set; } = "";

    /// <summary>When it was made.</summary>
    public string MadeAt { get; private set; } = "";

    /// <summary>Takes the backup that is there apart, as long as it is brought up to date; gives what it held.</summary>
    public static BackupManifest Begin(string folder)
    {
        string path = Path.Combine(folder, FileName), last = Path.Combine(folder, LastName);
        if (File.Exists(path)) File.Move(path, last, overwrite: true);
        if (File.Exists(last)) return Read(last);
        if (Directory.EnumerateFileSystemEntries(folder).Any()) throw new IOException($"{folder}: it is not empty, and no backup");

        // So that one that is interrupted can be made again in the same folder.
        var nothing = new BackupManifest();
        nothing.Write(last, "", DateTimeOffset.UnixEpoch);
        return nothing;
    }

    /// <summary>Reads that of a whole backup.</summary>
    /// <exception cref="IOException">There is none.</exception>
    public static BackupManifest Open(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (File.Exists(path)) return Read(path);
        throw new IOException(File.Exists(Path.Combine(folder, LastName)) ? $"{folder}: the backup was interrupted; make it again" : $"{folder}: there is no backup ({FileName})");
    }

    /// <summary>Size and time of a file; a dash where there is none.</summary>
    public static string StampOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{file.Length}/{file.LastWriteTimeUtc.Ticks}") : "-";
    }

    /// <summary>SHA-256 of a file.</summary>
    public static string HashOf(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>Adds a file that is in place, to be hashed when all is; gives its bytes.</summary>
    public long Add(string name, string path, string stamp)
    {
        long bytes = new FileInfo(path).Length;
        Files[name] = new BackupFile(bytes, "", stamp);
        return bytes;
    }

    /// <summary>Writes it: from then on the backup is whole.</summary>
    public void Complete(string folder, string version, DateTimeOffset now)
    {
        foreach (string name in Files.Where(static file => file.Value.Sha256.Length == 0).Select(static file => file.Key).ToArray())
        {
            string path = Path.Combine(folder, name);
            Files[name] = Files[name] with { Bytes = new FileInfo(path).Length, Sha256 = HashOf(path) };
        }

        string part = Path.Combine(folder, FileName + ".part");
        Write(part, version, now);
        File.Move(part, Path.Combine(folder, FileName), overwrite: true);
        File.Delete(Path.Combine(folder, LastName));
    }

    private void Write(string path, string version, DateTimeOffset now)
    {
        using (var file = new FileStream(path, FileMode.Create, FileAccess.Write))
        {
            using (var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true }))
            {
                writer.WriteStartObject();
                writer.WriteNumber("format", Format);
                writer.WriteString("version", version);
                writer.WriteString("made_at", Core.Timestamp.From(now).ToString());
                writer.WriteStartObject("files");
                foreach ((string name, BackupFile its) in Files)
                {
                    writer.WriteStartObject(name);
                    writer.WriteNumber("bytes", its.Bytes);
                    writer.WriteString("sha256", its.Sha256);
                    writer.WriteString("stamp", its.Stamp);
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            file.Flush(flushToDisk: true);
        }
    }

    private static BackupManifest Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            if (root.GetProperty("format").GetInt32() != Format) throw new IOException($"{path}: a backup of a newer cdrengine");
            var manifest = new BackupManifest { Version = root.GetProperty("version").GetString() ?? "", MadeAt = root.GetProperty("made_at").GetString() ?? "" };
            foreach (JsonProperty file in root.GetProperty("files").EnumerateObject())
            {
                // A name leads nowhere but below the folder.
                if (Path.IsPathRooted(file.Name) || file.Name.Split('/').Contains("..", StringComparer.Ordinal)) throw new IOException($"{path}: '{file.Name}' is no name of a file in a backup");
                manifest.Files[file.Name] = new BackupFile(file.Value.GetProperty("bytes").GetInt64(), file.Value.GetProperty("sha256").GetString() ?? "", file.Value.GetProperty("stamp").GetString() ?? "");
            }

            return manifest;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new IOException($"{path}: damaged: {e.Message}", e);
        }
    }
}
