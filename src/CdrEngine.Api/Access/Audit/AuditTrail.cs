using System.Buffers;
using System.Globalization;
using System.Text;

namespace CdrEngine.Api.Access.Audit;

/// <summary>Who did what, when and from where: one line each in <c>audit.jsonl</c>, chained by hashes, only ever appended to. Any thread, and any number of
/// processes over one folder: servers, commands and the engine itself write the same chain.</summary>
/// <remarks>A full file is put aside under the time it was closed at, and kept; the chain goes on in the next. <c>audit.head</c> holds the number and hash of
/// the last entry, so that a shortened file is found out. What a crash left half written is cut off, and the next entry says so.</remarks>
public sealed class AuditTrail
{
    /// <summary>Size at which a file is put aside unless told otherwise: some 200,000 entries.</summary>
    public const long DefaultFileBytes = 64L * 1024 * 1024;

    private readonly string _folder;
    private readonly string _path;
    private readonly long _maxBytes;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();

    /// <summary>Puts it together; nothing is opened yet.</summary>
    /// <param name="folder">Folder of tokens and audit; made at the first entry where there is none, for the owner only.</param>
    /// <param name="time">The clock of the entries.</param>
    /// <param name="maxBytes">Size at which a file is put aside.</param>
    public AuditTrail(string folder, TimeProvider time, long maxBytes = DefaultFileBytes)
    {
        _folder = folder;
        _path = Path.Combine(folder, AuditFiles.Current);
        _time = time;
        _maxBytes = maxBytes;
    }

    /// <summary>Writes an entry through to the disk before it returns.</summary>
    /// <exception cref="IOException">It cannot be written; what it would have told of must not happen then.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Write(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        lock (_lock)
        {
            TokenStore.MakeFolder(_folder);
            using FileStream held = FolderLock.Hold(_folder, "audit.lock");
            Append(entry);
        }
    }

    private void Append(AuditEntry entry)
    {
        DateTimeOffset now = _time.GetUtcNow();
        string time = Core.Timestamp.From(now).ToString();

        // Opened each time, so that the file may be moved away from outside.
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.WriteThrough };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream file = new(_path, options);
        try
        {
            (long sequence, string hash, AuditEntry? torn) = Last(file);
            if (file.Length >= _maxBytes)
            {
                file.Dispose();
                AuditFiles.PutAside(_folder, now);
                file = new FileStream(_path, options);
            }

            file.Position = file.Length;
            foreach (AuditEntry next in torn is null ? [entry] : (ReadOnlySpan<AuditEntry>)[torn, entry])
            {
                byte[] line = AuditLine.Write(next, ++sequence, time, hash);
                file.Write(line);
                hash = Encoding.ASCII.GetString(line.AsSpan(line.Length - 67, 64));
            }

            WriteHead(sequence, hash);
        }
        finally
        {
            file.Dispose();
        }
    }

    // Where the chain stands. What a crash left of a line is cut off.
    private (long Sequence, string Hash, AuditEntry? Torn) Last(FileStream file)
    {
        if (file.Length == 0) return AuditFiles.Before(_folder);
        int length = (int)Math.Min(file.Length, 2 * AuditLine.MaxBytes);
        byte[] tail = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            file.Position = file.Length - length;
            file.ReadExactly(tail, 0, length);
            Span<byte> bytes = tail.AsSpan(0, length);
            AuditEntry? torn = null;
            if (bytes[^1] != (byte)'\n')
            {
                int end = bytes.LastIndexOf((byte)'\n') + 1;
                string rest = AuditLine.Hash(bytes[end..]);
                torn = new AuditEntry("audit_cut")
                {
                    Who = "engine",
                    Via = AuditVia.Engine,
                    Detail = string.Create(CultureInfo.InvariantCulture, $"an unfinished line of {length - end} bytes was cut off, SHA-256 {rest}"),
                };
                file.SetLength(file.Length - (length - end));
                if (file.Length == 0) return AuditFiles.Before(_folder) with { Torn = torn };
                bytes = bytes[..end];
            }

            int start = bytes[..^1].LastIndexOf((byte)'\n') + 1;
            ReadOnlySpan<byte> line = bytes[start..^1];
            return AuditLine.TryRead(line, out AuditRow? row, out _, out _) ? (row!.Sequence, row.Hash, torn) : (0, AuditLine.Hash(line), torn);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(tail);
        }
    }

    private void WriteHead(long sequence, string hash)
    {
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var head = new FileStream(Path.Combine(_folder, AuditFiles.Head), options);
        head.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{sequence:D19} {hash}\n")));
    }
}
