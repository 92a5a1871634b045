using System.Runtime.InteropServices;
using CdrEngine.Calls.Ports;
using CdrEngine.Calls.Records;
using CdrEngine.Engine.Resume;
using CdrEngine.Host.Configuration;
using CdrEngine.Host.Joined;
using CdrEngine.PacketLog;
using CdrEngine.Storage;
using Microsoft.Win32.SafeHandles;

namespace CdrEngine.Host.Upkeep;

/// <summary>What a backup did.</summary>
/// <param name="Files">Files the backup has now.</param>
/// <param name="Copied">Of them copied this time.</param>
/// <param name="CopiedBytes">Their bytes.</param>
/// <param name="Removed">Files removed from it, since they are no more.</param>
/// <param name="OpenCalls">Calls that were in progress, with which a run on the restored folder goes on.</param>
internal sealed record BackupReport(int Files, int Copied, long CopiedBytes, int Removed, int OpenCalls);

/// <summary>Copies a data folder, of an engine at work too, so that the copy is one a crash could have left: what any part of it names is in it.</summary>
/// <remarks>1. How far packets go is noted, and the engine given the time to name them. 2. The journals of open calls. 3. The outbox. 4. The databases, each as it stands at one moment. 5. All
/// else, packets among it. 6. From the journals go the calls whose record got into the databases meanwhile. 7. From the packets goes what came meanwhile and nothing in the copy names
/// (<see cref="BackupCut"/>). Packets are on disk before a journal or a record names them, so in this order nothing is missing and nothing is too much. Files that did not change since the
/// last backup into the same folder are not copied again; what is no more is removed from it.</remarks>
internal sealed partial class Backup(Settings settings, string to)
{
    private const int ReadOnlyCloseOnExec = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int NoSuchFile = 2;

    private const int TriesOfJournals = 5;

    /// <summary>Within twice the flush of the packet log and this, what is on disk is named in a journal.</summary>
    private static readonly TimeSpan JournalsSettle = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestLinger = TimeSpan.FromSeconds(30);
    private static readonly string[] LeftOut = ["-wal", "-shm", ".scrub", ".part", ".new"];

    private readonly string _data = Path.GetFullPath(settings.DataDirectory);
    private readonly string _to = Path.GetFullPath(to);
    private readonly BackupManifest _manifest = new();
    private BackupManifest _before = new();
    private Settings Copy => settings with { DataDirectory = _to };

    private int _copied;
    private long _copiedBytes;

    /// <summary>Makes it, or brings it up to date.</summary>
    public BackupReport Run(string version, DateTimeOffset now, CancellationToken stop)
    {
        if (_to == _data || _to.StartsWith(_data + "/", StringComparison.Ordinal) || _data.StartsWith(_to + "/", StringComparison.Ordinal))
            throw new IOException($"{_to}: a backup lies outside of the data folder");
        MakeFolder(_to);
        _before = BackupManifest.Begin(_to);
        string raw = Path.Combine(_to, "open-calls.raw");
        BackupCut cut = BackupCut.Begin(DataFolder.Packets(_data), DateTimeOffset.UtcNow);
        if (cut.IsAtWork) stop.WaitHandle.WaitOne((settings.PacketLog.Flush * 2) + JournalsSettle);
        CopyJournals(raw);
        foreach (string name in FilesBelow("outbox")) CopyPlain(name, stop);
        foreach (string name in DatabaseFiles.List(_data)) CopyDatabase(name, stop);
        foreach (string name in FilesBelow("")) CopyPlain(name, stop);
        OpenCallsCopied open = SettleJournals(raw);
        Cut(cut, open);
        int removed = RemoveOthers();
        _manifest.Complete(_to, version, now);
        return new BackupReport(_manifest.Files.Count, _copied, _copiedBytes, removed, open.Calls);
    }

    private void CopyJournals(string raw)
    {
        string from = DataFolder.OpenCalls(_data);
        for (int attempt = 1; ; attempt++)
        {
            if (Directory.Exists(raw)) Directory.Delete(raw, recursive: true);
            MakeFolder(raw);
            if (!Directory.Exists(from)) return;
            try
            {
                foreach (string path in Directory.GetFiles(from, "r*")) File.Copy(path, Path.Combine(raw, Path.GetFileName(path)));
                return;
            }
            catch (FileNotFoundException) when (attempt < TriesOfJournals)
            {
                // Pieces were put together just then.
            }
        }
    }

    // A call that ended while the databases were copied is in them; it must not be gone on with.
    private OpenCallsCopied SettleJournals(string raw)
    {
        var open = new OpenCallsCopied(0, [], new HashSet<CallKey>(), []);
        string folder = DataFolder.OpenCalls(_to);
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        if (Directory.EnumerateFiles(raw).Any())
        {
            using ICallStore store = Stores.Calls(Copy, StoreUse.Command);
            open = OpenCallsCopy.Copy(raw, folder, SealingKeys.Of(settings), (callId, last) => store.List(new CallQuery { SipCallId = callId, Limit = 20 }).Calls
                .Any(call => call.State == CallState.Ended && call.EndedAt is { } ended && ended + LongestLinger >= last));
            foreach (string path in Directory.GetFiles(folder)) _ = _manifest.Add(Path.GetRelativePath(_to, path), path, "");
        }

        Directory.Delete(raw, recursive: true);
        return open;
    }

    // Records in a server are not in the copy, so that nothing in it could name their packets.
    private void Cut(BackupCut cut, OpenCallsCopied open)
    {
        if (settings.Storage.Backend != StorageBackend.Sqlite) return;
        foreach (SegmentId segment in cut.Run(Copy, open))
        {
            foreach (string path in new[] { segment.PathBelow(DataFolder.Packets(_to)), segment.OpenPathBelow(DataFolder.Packets(_to)) })
            {
                // It is not what it was copied of any more: the next backup copies it again.
                string name = Path.GetRelativePath(_to, path);
                if (_manifest.Files.TryGetValue(name, out BackupFile? file)) _manifest.Files[name] = file with { Stamp = "cut", Sha256 = "" };
            }
        }
    }

    private void CopyDatabase(string name, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        string path = Path.Combine(_data, name), target = Path.Combine(_to, name);
        string stamp = $"{BackupManifest.StampOf(path)} {BackupManifest.StampOf(path + "-wal")}";
        if (IsThere(name, stamp)) return;
        MakeFolder(Path.GetDirectoryName(target)!);
        if (!File.Exists(path)) return;
        DatabaseFiles.Snapshot(path, target);
        Note(name, target, stamp);
    }

    private void CopyPlain(string name, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        string path = Path.Combine(_data, name), target = Path.Combine(_to, name);
        try
        {
            string stamp = BackupManifest.StampOf(path);
            if (IsThere(name, stamp)) return;
            MakeFolder(Path.GetDirectoryName(target)!);
            using (FileStream from = ReadBeside(path))
            using (var copy = new FileStream(target + ".part", FileMode.Create, FileAccess.Write))
            {
                // No further than it went at first: a segment being written grows.
                CopyBytes(from, copy, from.Length);
                copy.Flush(flushToDisk: true);
                if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(copy.SafeFileHandle, File.GetUnixFileMode(from.SafeFileHandle));
            }

            File.Move(target + ".part", target, overwrite: true);
            Note(name, target, stamp);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            // A segment got its final name: it is copied under that. Anything else was removed.
            if (name.EndsWith(SegmentId.OpenExtension, StringComparison.Ordinal) && File.Exists(Path.ChangeExtension(path, SegmentId.Extension)))
                CopyPlain(Path.ChangeExtension(name, SegmentId.Extension), stop);
        }
    }

    // The outbox is locked by the engine that writes it, which is to keep other writers out and not a backup. What is torn at its end is cut when it is read.
    private static FileStream ReadBeside(string path)
    {
        if (!OperatingSystem.IsLinux()) return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20);
        var handle = new SafeFileHandle(OpenFile(path, ReadOnlyCloseOnExec), ownsHandle: true);
        if (!handle.IsInvalid) return new FileStream(handle, FileAccess.Read, 1 << 20);
        int error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        throw error == NoSuchFile ? new FileNotFoundException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}") : new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint OpenFile(string path, int flags);

    private static void CopyBytes(FileStream from, FileStream to, long length)
    {
        byte[] buffer = new byte[1 << 20];
        while (length > 0)
        {
            int read = from.Read(buffer, 0, (int)Math.Min(buffer.Length, length));
            if (read == 0) return;
            to.Write(buffer, 0, read);
            length -= read;
        }
    }

    private bool IsThere(string name, string stamp)
    {
        if (_manifest.Files.ContainsKey(name)) return true;
        if (!_before.Files.TryGetValue(name, out BackupFile? known) || known.Stamp != stamp || !File.Exists(Path.Combine(_to, name)) || new FileInfo(Path.Combine(_to, name)).Length != known.Bytes) return false;
        _manifest.Files[name] = known;
        return true;
    }

    private void Note(string name, string target, string stamp)
    {
        _copied++;
        _copiedBytes += _manifest.Add(name, target, stamp);
    }

    private int RemoveOthers()
    {
        int removed = 0;
        foreach (string path in Directory.GetFiles(_to, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(_to, path);
            if (_manifest.Files.ContainsKey(name) || name is BackupManifest.FileName or BackupManifest.LastName) continue;
            File.Delete(path);
            removed++;
        }

        return removed;
    }

    // Everything but what has a way of its own, can be made anew, or belongs to programs at work.
    private IEnumerable<string> FilesBelow(string folder)
    {
        string root = Path.Combine(_data, folder);
        if (!Directory.Exists(root)) yield break;
        foreach (string path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string name = Path.GetRelativePath(_data, path);
            bool isOther = name.EndsWith(".db", StringComparison.Ordinal) || Array.Exists(LeftOut, ending => name.EndsWith(ending, StringComparison.Ordinal))
                || name.StartsWith("open-calls/", StringComparison.Ordinal) || name.StartsWith("call-logs/", StringComparison.Ordinal) || name.StartsWith("recordings/cache/", StringComparison.Ordinal)
                || name.StartsWith("recordings/partial/", StringComparison.Ordinal) || (name.EndsWith(".lock", StringComparison.Ordinal) && !name.StartsWith("packets/runs/", StringComparison.Ordinal));
            if (!isOther) yield return name;
        }
    }

    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(folder);
        else Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
