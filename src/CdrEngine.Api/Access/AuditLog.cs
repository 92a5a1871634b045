using System.Globalization;
using System.Text.Json;

namespace CdrEngine.Api.Access;

/// <summary>Who fetched which packets, one JSON object a line, only ever appended to. A full file is put aside under the time it was closed at.</summary>
internal sealed class AuditLog(string folder, long maxBytes, TimeProvider time)
{
    private readonly string _path = Path.Combine(folder, "audit.jsonl");
    private readonly Lock _lock = new();

    /// <summary>Writes an entry through to the file before it returns.</summary>
    /// <param name="tokenId">Token used; null where none is asked for.</param>
    /// <param name="action">What was done, for example <c>download_pcap</c>.</param>
    /// <param name="callId">Id of the record.</param>
    /// <param name="remote">Where the request came from; null where unknown.</param>
    /// <exception cref="IOException">It cannot be written; what it would have told of must not happen then.</exception>
    public void Write(string? tokenId, string action, string callId, string? remote)
    {
        DateTimeOffset now = time.GetUtcNow();
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            writer.WriteString("time"u8, Core.Timestamp.From(now).ToString());
            writer.WriteString("token_id"u8, tokenId);
            writer.WriteString("action"u8, action);
            writer.WriteString("call_id"u8, callId);
            writer.WriteString("remote"u8, remote);
            writer.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        lock (_lock)
        {
            // Opened each time: downloads are rare, and so the file may be moved away from outside.
            Rotate(now);
            var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0 };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var file = new FileStream(_path, options);
            file.Write(line.GetBuffer(), 0, (int)line.Length);
        }
    }

    private void Rotate(DateTimeOffset now)
    {
        var file = new FileInfo(_path);
        if (!file.Exists || file.Length < maxBytes) return;
        string stem = now.UtcDateTime.ToString("'audit-'yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture);
        string aside = Path.Combine(folder, $"{stem}.jsonl");
        for (int i = 2; File.Exists(aside); i++) aside = Path.Combine(folder, $"{stem}-{i}.jsonl");
        File.Move(_path, aside);
    }
}
