using System.Globalization;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.PacketLog.Sealing;

namespace CdrEngine.Engine.Recording;

/// <summary>Recordings as files: <c>2026-11-20/ID.mp3</c> for those that are kept, <c>cache/</c> for other forms of them, <c>partial/</c> for what is
/// being written. A file is whole or not there under its name.</summary>
/// <remarks>What is kept is on the disk itself before it has its name. A WAV is not forced there: it is large, and made again from the packets like every other form. Its name says in which run of the
/// system it was written, and in another it is not found, so that a power cut leaves nothing that is taken for whole (docs/decisions/0039). With keys, all of it is sealed (<see cref="SealedStream"/>); names stay as they are. Files in the clear and sealed ones may lie side by side.</remarks>
public sealed class RecordingFiles : IRecordingReader
{
    private const string CacheFolder = "cache";
    private const string PartFolder = "partial";

    /// <summary>Other forms added before the folder is looked through again.</summary>
    private const int LookEvery = 64;

    private const string BootFile = "/proc/sys/kernel/random/boot_id";

    /// <summary>What tells this run of the system from all others; empty where it does not say.</summary>
    private static readonly string Boot = ReadBoot();

    private readonly string _folder;
    private readonly long _cacheBytes;
    private readonly KeyRing? _keys;
    private readonly Lock _trimming = new();

    // Under it: bytes of the other forms as far as they are known, and how many were added since they were looked through. Both of a folder never looked at.
    private long _cachedBytes;
    private int _addedUnseen = LookEvery;

    private RecordingFiles(string folder, long cacheBytes, KeyRing? keys)
    {
        _keys = keys;
        _folder = folder;
        _cacheBytes = cacheBytes;
    }

    /// <summary>Opens a folder, made where there is none, and removes what an earlier program that was killed left half written.</summary>
    /// <param name="folder">The folder of recordings.</param>
    /// <param name="cacheBytes">Bytes that the cache may take.</param>
    /// <param name="keys">What files are sealed with, and sealed ones are read with; null for none.</param>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public static RecordingFiles Open(string folder, long cacheBytes, KeyRing? keys = null)
    {
        MakeFolder(folder);
        MakeFolder(Path.Combine(folder, PartFolder));
        var files = new RecordingFiles(folder, cacheBytes, keys);
        files.RemoveParts();
        return files;
    }

    /// <summary>Where the recording of a call is, or would be.</summary>
    /// <param name="callId">A well-formed id; anything else throws <see cref="ArgumentException"/>, so that no path is made of what came from outside.</param>
    public string PathOf(string callId) => Path.Combine(_folder, DayOf(callId), callId + ".mp3");

    /// <summary>Folder of what is being made; what nobody has open there is removed at the next start.</summary>
    public string Parts => Path.Combine(_folder, PartFolder);

    /// <inheritdoc />
    public OpenedRecording Open(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous);
            var changed = new DateTimeOffset(File.GetLastWriteTimeUtc(file.SafeFileHandle), TimeSpan.Zero);
            return new OpenedRecording(SealedStream.Open(file, _keys), changed, null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new OpenedRecording(null, default, null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new OpenedRecording(null, default, e.Message);
        }
    }

    /// <summary>A file for what is needed on the way to a recording: sealed as recordings are, and gone when it is closed.</summary>
    public Stream CreateScratch()
    {
        MakeFolder(Parts);
        var file = new FileStream(Path.Combine(Parts, $"scratch-{Guid.NewGuid():n}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 64 * 1024, FileOptions.DeleteOnClose);
        return _keys is null ? file : SealedStream.Create(file, _keys);
    }

    /// <summary>Where another form of it is, or would be.</summary>
    /// <param name="callId">As in <see cref="PathOf"/>.</param>
    /// <param name="variant">Form.</param>
    /// <param name="version">What tells one making from another: letters and digits.</param>
    public string CachePathOf(string callId, RecordingVariant variant, string version)
    {
        _ = DayOf(callId);
        string ending = variant.Kind switch { RecordingKind.Mp3 => ".mp3", RecordingKind.Wav => Boot.Length == 0 ? ".wav" : $".{Boot}.wav", _ => ".waveform.json" };
        string side = variant.Sides switch { RecordingSides.Caller => ".caller", RecordingSides.Callee => ".callee", _ => "" };
        return Path.Combine(_folder, CacheFolder, $"{callId}-{version}{side}{(variant.Channels == RecordingChannels.Mono ? ".mono" : "")}{ending}");
    }

    /// <summary>Writes a file under a name of its own and gives it its name once it is whole, and on the disk unless its name is good for this run of the system only. Where the writer says no, or throws,
    /// nothing is left and an earlier file of the name stays.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="write">Writes it; true where it is to be kept.</param>
    /// <returns>Bytes written; null where the writer said no.</returns>
    public long? Write(string path, Func<Stream, bool> write)
    {
        MakeFolder(Path.GetDirectoryName(path)!);
        string part = PartOf(path);
        try
        {
            long bytes;
            using (FileStream file = CreatePart(part))
            {
                if (_keys is null)
                {
                    if (!write(file)) return null;
                    bytes = file.Length;
                }
                else
                {
                    using SealedStream sealing = SealedStream.Create(file, _keys, leaveOpen: true);
                    if (!write(sealing)) return null;
                    sealing.Flush();
                    bytes = sealing.Length;
                }

                file.Flush(flushToDisk: !IsOfThisBoot(path));

                // While it is open, and so locked: nobody can take it for a part that was left behind.
                File.Move(part, path, overwrite: true);
            }

            if (Path.GetFileName(Path.GetDirectoryName(path)) == CacheFolder) TrimCache(path);
            return bytes;
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>Removes the recording of a call in all its forms; false where there was none.</summary>
    public bool Delete(string callId)
    {
        string path = PathOf(callId);
        bool any = File.Exists(path);
        if (any) File.Delete(path);
        return DropForms(callId) || any;
    }

    /// <summary>Removes the other forms of a recording, or the recording of a session; false where there were none.</summary>
    /// <param name="id">As in <see cref="PathOf"/>.</param>
    public bool DropForms(string id)
    {
        _ = DayOf(id);
        if (!Directory.Exists(CacheOf())) return false;
        string[] forms = Directory.GetFiles(CacheOf(), id + "-*");
        foreach (string form in forms) File.Delete(form);
        return forms.Length > 0;
    }

    /// <summary>Days that have recordings, ascending.</summary>
    public IReadOnlyList<DateOnly> Days()
    {
        var days = new List<DateOnly>();
        foreach (string folder in Directory.Exists(_folder) ? Directory.GetDirectories(_folder) : [])
        {
            if (DateOnly.TryParseExact(Path.GetFileName(folder), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day)) days.Add(day);
        }

        days.Sort();
        return days;
    }

    /// <summary>Recordings of a day that are kept: id and bytes, in order of their ids.</summary>
    public IReadOnlyList<(string CallId, long Bytes)> List(DateOnly day)
    {
        var folder = new DirectoryInfo(Path.Combine(_folder, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        if (!folder.Exists) return [];
        return [.. folder.GetFiles("*.mp3").Select(static file => (Path.GetFileNameWithoutExtension(file.Name), file.Length)).Where(static file => CallId.IsWellFormed(file.Item1)).OrderBy(static file => file.Item1, StringComparer.Ordinal)];
    }

    /// <summary>Bytes of other forms of recordings, which are made anew when they are asked for.</summary>
    public long CachedBytes => Directory.Exists(CacheOf()) ? new DirectoryInfo(CacheOf()).GetFiles().Sum(static file => file.Length) : 0;

    /// <summary>Removes them all; gives their bytes.</summary>
    public long DropCache()
    {
        if (!Directory.Exists(CacheOf())) return 0;
        long bytes = 0;
        foreach (FileInfo file in new DirectoryInfo(CacheOf()).GetFiles())
        {
            bytes += file.Length;
            file.Delete();
        }

        return bytes;
    }

    /// <summary>Removes the folder of a day where nothing is left in it.</summary>
    public void DropIfEmpty(DateOnly day)
    {
        string folder = Path.Combine(_folder, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
    }

    private string CacheOf() => Path.Combine(_folder, CacheFolder);

    /// <summary>Removes all recordings of a day; false where there are none.</summary>
    public bool DropDay(DateOnly day)
    {
        string folder = Path.Combine(_folder, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        bool any = Directory.Exists(folder);
        if (any) Directory.Delete(folder, recursive: true);
        string cache = Path.Combine(_folder, CacheFolder);
        if (!Directory.Exists(cache)) return any;
        foreach (string form in Directory.GetFiles(cache, day.ToString("yyyyMMdd", CultureInfo.InvariantCulture) + "-*")) File.Delete(form);
        return any;
    }

    // Recordings are what people said: for the owner only.
    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string DayOf(string callId) => CallId.IsWellFormed(callId)
        ? $"{callId.AsSpan(0, 4)}-{callId.AsSpan(4, 2)}-{callId.AsSpan(6, 2)}"
        : throw new ArgumentException("not the id of a call", nameof(callId));

    private static bool IsOfThisBoot(string path) => Boot.Length > 0 && path.EndsWith($".{Boot}.wav", StringComparison.Ordinal);

    private static string ReadBoot()
    {
        try
        {
            return File.Exists(BootFile) && Guid.TryParse(File.ReadAllText(BootFile), out Guid boot) ? boot.ToString("n")[..12] : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    // Unbuffered: who writes here writes in large pieces.
    private static FileStream CreatePart(string part)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return new FileStream(part, options);
    }

    private string PartOf(string path) => Path.Combine(
        _folder, PartFolder, $"{Path.GetFileName(path)}.{Guid.NewGuid():n}");

    private void RemoveParts()
    {
        foreach (string part in Directory.GetFiles(Path.Combine(_folder, PartFolder)))
        {
            try
            {
                // Another program that is at it holds the lock, and then this throws.
                using (new FileStream(part, FileMode.Open, FileAccess.ReadWrite, FileShare.None)) File.Delete(part);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In use, or gone meanwhile.
            }
        }
    }

    // Looking through the folder takes as long as it has files, so it is not done for each that is added. Now and then all the same: other programs may add to it.
    private void TrimCache(string keep)
    {
        lock (_trimming)
        {
            _cachedBytes += new FileInfo(keep) is { Exists: true } added ? added.Length : 0;
            if (_cachedBytes <= _cacheBytes && ++_addedUnseen < LookEvery) return;
            _addedUnseen = 0;
            FileInfo[] all = [.. new DirectoryInfo(Path.Combine(_folder, CacheFolder)).GetFiles()
                .OrderBy(static file => file.LastAccessTimeUtc).ThenBy(static file => file.Name, StringComparer.Ordinal)];
            _cachedBytes = all.Sum(static file => file.Length);
            foreach (FileInfo file in all)
            {
                if (_cachedBytes <= _cacheBytes) return;

                // What was asked for just now is given out, however large.
                if (file.FullName == Path.GetFullPath(keep)) continue;
                _cachedBytes -= file.Length;
                file.Delete();
            }
        }
    }
}
