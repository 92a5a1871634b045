using System.Globalization;
using System.Text.Json;
using CdrEngine.Calls.Ports;

namespace CdrEngine.Host.Alerts;

/// <summary>Mails about alerts that wait, each a file of a folder, so that a stop or a crash does not lose them. One writer at a time; a file is whole or not there under its name.</summary>
/// <param name="folder">The folder; made with the first mail.</param>
/// <param name="most">Mails that may wait.</param>
internal sealed class MailOutbox(string folder, int most = MailOutbox.DefaultMost)
{
    /// <summary>Mails that may wait where nothing else is said.</summary>
    public const int DefaultMost = 500;

    private const string Ending = ".json";
    private const string Unfinished = ".part";

    private readonly Lock _lock = new();
    private long _last;
    private int _count;

    /// <summary>The mails that wait from before, the oldest first, as many as may. What cannot be read is told of and left where it is.</summary>
    /// <param name="tell">Is told one line of each that cannot be read.</param>
    public IReadOnlyList<(string Name, ReportMail Mail)> Load(Action<string> tell)
    {
        lock (_lock)
        {
            if (!Directory.Exists(folder)) return [];
            var found = new List<(string, ReportMail)>();
            foreach (string path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            {
                if (path.EndsWith(Unfinished, StringComparison.Ordinal)) File.Delete(path);
                else if (found.Count < most && path.EndsWith(Ending, StringComparison.Ordinal) && Read(path, tell) is { } mail) found.Add((Path.GetFileName(path), mail));
            }

            _count = found.Count;
            return found;
        }
    }

    /// <summary>Keeps a mail; its name, or null where as many wait as may.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public string? Keep(ReportMail mail, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_count >= most) return null;
            if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
            else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            // Names go up, also where the clock does not.
            _last = Math.Max(_last + 1, now.UtcTicks);
            string name = _last.ToString("d19", CultureInfo.InvariantCulture) + Ending, path = Path.Combine(folder, name);
            using (FileStream file = File.Create(path + Unfinished))
            {
                Write(mail, file);
                file.Flush(flushToDisk: true);
            }

            File.Move(path + Unfinished, path);
            _count++;
            return name;
        }
    }

    /// <summary>Forgets a mail that was sent or given up.</summary>
    public void Remove(string name)
    {
        lock (_lock)
        {
            _count = Math.Max(0, _count - 1);
            try
            {
                File.Delete(Path.Combine(folder, name));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It is sent once more after the next start: better twice than never.
            }
        }
    }

    private static void Write(ReportMail mail, Stream to)
    {
        using var json = new Utf8JsonWriter(to);
        json.WriteStartObject();
        json.WriteString("to"u8, mail.To);
        json.WriteString("subject"u8, mail.Subject);
        json.WriteString("text"u8, mail.Text);
        json.WriteString("file_name"u8, mail.FileName);
        json.WriteString("media_type"u8, mail.MediaType);
        json.WriteBase64String("content"u8, mail.Content);
        json.WriteEndObject();
    }

    private static ReportMail? Read(string path, Action<string> tell)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement mail = document.RootElement;
            string Text(string name) => mail.GetProperty(name).GetString() ?? throw new JsonException($"no {name}");
            return new ReportMail(Text("to"), Text("subject"), Text("text"), Text("file_name"), Text("media_type"), mail.GetProperty("content").GetBytesFromBase64());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            tell($"{path}: a waiting mail cannot be read: {e.Message.ReplaceLineEndings(" ")}");
            return null;
        }
    }
}
